//! The syntax tree to the [`Model`] and its [`Inference`]: names resolved, defaults filled in, shapes inferred, once.
//!
//! Every part reports what is wrong with it and goes on: a value whose layer is wrong has no shape,
//! and what depends on it is checked as far as it can be without.

mod blocks;
mod composed;
mod conflicts;
mod factors;
mod items;
mod latent;
mod method;
mod network;
mod observe;
mod options;
mod ordered;
mod parameter;
mod paths;
mod posterior;
mod pretrained;
mod prior;
mod residual;
mod reuse;
mod scalar;
mod sequences;
mod settings;
mod share;
mod structure;
mod substitute;
mod theirs;
mod types;
mod unlike;
mod value;
mod weights;

use super::arena::{Arena, Handle, Table};
use super::composition::Compositions;
use super::inference::*;
use super::method::{InferenceMethod, Unused};
use super::model::*;
use super::objective;
use crate::check::{Constants, Messages};
use crate::diagnostic::Diagnostic;
use crate::layer::Sequence;
use crate::source::{Source, Span};
use crate::syntax::ast::{File, Ident};
use items::Items;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use weights::Files;

/// The model of a file, and how it is fitted. `sets` are `--set name=value` pairs; files that it names are looked for in
/// `folder`. `method` goes before the file's own.
///
/// # Errors
///
/// Every mistake of the file, in the order of their places.
pub fn lower(
    file: &File,
    source: &Source,
    sets: &[(String, String)],
    folder: &Path,
    method: Option<InferenceMethod>,
) -> Result<Inference, Vec<Diagnostic>> {
    let mut messages = Messages::default();
    let mut constants = Constants::new(file, sets, &mut messages);
    let items = Items::of(file, method.is_some(), &mut constants, &mut messages);
    // What is wrong with the file's own is told, whichever is taken.
    let own = items.method(&constants, &mut messages);
    let is_said_elsewhere = method.is_some();
    let no_place = items.model.filter(|_| items.objective.is_none());
    let no_place = no_place.map(|name| name.span);
    let mut lower = Lower {
        source,
        messages,
        constants,
        nodes: Arena::default(),
        names: HashMap::new(),
        lengths: HashMap::new(),
        spaces: Vec::new(),
        blocks: blocks::blocks(file),
        uses: Table::default(),
        compositions: Compositions::default(),
        written_out: 0,
        is_full: false,
        parts_left: Some(blocks::MOST_PARTS_IN_ALL),
        depth: 0,
        shared: Vec::new(),
        uses_by_path: HashMap::new(),
        composed_by_path: HashMap::new(),
        tensors: Arena::default(),
        fits: Table::default(),
        method: method.unwrap_or(own),
        unused: Vec::new(),
        learned: Arena::default(),
        latents: Vec::new(),
        layers: false,
        broken: HashSet::new(),
        used: HashSet::new(),
        current: None,
        pretrained: Files::of(folder),
    };
    lower.layers = items.network.is_some_and(|(steps, _)| !steps.is_empty());
    let inputs = lower.declared_inputs(&items);
    let targets = lower.targets(&items);
    lower.latents(file);
    let input = lower.network(&items, inputs.as_deref());
    lower.paths_are_unique();
    lower.report_refused();
    let observed = lower.observed(&items, &targets);
    let objective = lower.objective(&items);
    let objective = objective.map(|objective| lower.objective_by_method(objective));
    lower.unused_layers(observed.as_deref());
    lower.unused_blocks();
    let Lower {
        messages,
        nodes,
        tensors,
        fits,
        method,
        unused,
        learned,
        pretrained,
        compositions,
        ..
    } = lower;
    if messages.failed() {
        return Err(messages.sorted());
    }
    let observed = observed.map(Vec::into_iter);
    let parts = (|| {
        let mut observed = observed?;
        let first = observed.next()?;
        let others: Vec<(Target, Observe)> = observed.collect();
        Some((items.model?, input?, inputs?, first, others, objective?))
    })();
    let Some((model, input, inputs, (target, observe), others, objective)) = parts else {
        return Err(vec![Diagnostic::error(
            "E0210",
            "the file is not a whole model",
        )]);
    };
    let model = Model {
        name: model.text.clone(),
        input,
        inputs,
        target,
        nodes,
        tensors,
        learned,
        observe,
        others,
        pretrained: pretrained.into_files(),
        compositions,
    };
    let mut inference = Inference {
        model: Arc::new(model),
        method,
        fits,
        objective,
        loss: Default::default(),
        unused,
    };
    inference.loss = objective::loss(&inference)?;
    let method = &inference.method;
    let refused = method.entry.refuse(&method.arguments, &inference);
    if !refused.is_empty() {
        let place = inference.objective.span;
        let written = format!("the method is `{method}`, of `--inference` or a run file");
        let elsewhere = |mut message: Diagnostic| {
            if message.labels.iter().all(|label| label.span != place) {
                return message;
            }
            // A file without an objective has no place for it.
            message.labels.retain(|label| Some(label.span) != no_place);
            message.note(&written)
        };
        return Err(match is_said_elsewhere {
            true => refused.into_iter().map(elsewhere).collect(),
            false => refused,
        });
    }
    debug_assert_eq!(super::validate(&inference), Ok(()));
    Ok(inference)
}

/// What is built while a file is read.
struct Lower<'a> {
    source: &'a Source,
    messages: Messages,
    constants: Constants,
    nodes: Arena<Node>,
    /// The values by their paths, the first of each, and those that blocks and repeats give.
    names: HashMap<String, Handle<Node>>,
    /// The values that are lengths, with the places of their inputs and what is known of these.
    lengths: HashMap<Handle<Node>, (usize, Sequence)>,
    /// The namespaces that the line being read stands in, the innermost last. What is observed stands in the network's.
    spaces: Vec<paths::Namespace>,
    blocks: HashMap<String, blocks::Block<'a>>,
    /// The uses of blocks that each value stands in, the outermost first.
    uses: Table<Node, Vec<(String, Span)>>,
    compositions: Compositions,
    /// How many lines of the network have been read, those of blocks and repeats each time.
    written_out: usize,
    /// How many parts of arguments blocks may still be given; `None` once they were too many.
    parts_left: Option<usize>,
    /// Whether it has been said that one of these is too long.
    is_full: bool,
    /// How many lines the one that is being read stands in.
    depth: usize,
    /// The paths of blocks that are written out with the parameters of another use, and that use's path.
    shared: Vec<(String, String)>,
    /// The uses of blocks by their paths.
    uses_by_path: HashMap<String, blocks::BlockUse<'a>>,
    /// The uses of layers that are written in the language, by their paths.
    composed_by_path: HashMap<String, composed::ComposedUse>,
    tensors: Arena<Tensor>,
    /// How each of them is fitted.
    fits: Table<Tensor, Fit>,
    /// By which method.
    method: InferenceMethod,
    /// What the file says and the method does not use.
    unused: Vec<Unused>,
    learned: Arena<Learned>,
    /// The latent variables by name; `None` where something is wrong with it, which has been said.
    latents: Vec<(Ident, Option<Handle<Tensor>>)>,
    /// Whether the file has a network with layers; that it has none has been said.
    layers: bool,
    /// Paths of values with which something is wrong, which has been said.
    broken: HashSet<String>,
    /// Settings that a parameter took.
    used: HashSet<Span>,
    /// The value above; `None` where its shape is not known.
    current: Option<Handle<Node>>,
    /// The files that parameters start from.
    pretrained: Files,
}

impl Lower<'_> {
    /// Adds a tensor with how it is fitted.
    fn tensor(&mut self, tensor: Tensor, fit: Fit) -> Handle<Tensor> {
        self.fits.push(fit);
        self.tensors.push(tensor)
    }

    fn report(&mut self, message: Diagnostic) {
        self.messages.push(message);
    }

    /// The text at `span`, on one line.
    fn written(&self, span: Span) -> String {
        one_line(self.source.slice(span))
    }

    fn node(&self, name: &str) -> Option<Handle<Node>> {
        self.names.get(name).copied()
    }

    fn names_of(&self, values: &[Handle<Node>]) -> Vec<String> {
        let names = values.iter().map(|value| self.nodes[*value].name.clone());
        names.collect()
    }

    /// What the file calls a value.
    fn called(&self, value: Handle<Node>) -> String {
        self.compositions.called(&self.nodes[value].name)
    }

    /// Adds a value.
    fn add(&mut self, node: Node) -> Handle<Node> {
        let name = node.name.clone();
        let handle = self.nodes.push(node);
        self.uses.push(self.messages.uses());
        self.names.entry(name).or_insert(handle);
        handle
    }

    /// Layers below everything that is observed take part in nothing.
    fn unused_layers(&mut self, observed: Option<&[(Target, Observe)]>) {
        let Some([(_, first_observed), ..]) = observed else {
            return;
        };
        let observed = observed.into_iter().flatten();
        // Of two values of one name, the first is observed.
        if !self.layers || self.one_path_twice().is_some() {
            return;
        }
        let mut used = self.nodes.map(|_, _| false);
        for argument in observed.flat_map(|(_, observe)| &observe.arguments) {
            if let Argument::Node(node) = argument {
                used[*node] = true;
            }
        }
        for (handle, node) in self.nodes.iter().rev() {
            if used[handle] {
                node.inputs.iter().for_each(|input| used[*input] = true);
            }
        }
        if !used.values().any(|used| *used) {
            return self.report(
                Diagnostic::error("E0410", "the likelihood uses no value of the network")
                    .at(first_observed.span, "every argument is a number"),
            );
        }
        let unused = self.nodes.iter();
        // A length is there whether a layer asks for it or not.
        let unused = unused.filter(|(handle, node)| {
            !used[*handle] && node.call.is_some() && !self.lengths.contains_key(handle)
        });
        let unused: Vec<(Handle<Node>, &Node)> = unused.collect();
        let Some((handle, first)) = unused.first() else {
            return;
        };
        let title = match unused.len() {
            1 => format!("`{}` takes no part in the model", first.name),
            2 => format!(
                "`{}` and `{}` take no part in the model",
                first.name, unused[1].1.name
            ),
            n => {
                let below = crate::words::count(n - 1, "layer", "layers");
                format!(
                    "`{}` and the {below} below it take no part in the model",
                    first.name
                )
            }
        };
        let mut message = Diagnostic::error("E0306", title)
            .at(first.span, "nothing that is observed depends on it")
            .context(first_observed.span, "what is observed");
        for (block, used) in &self.uses[*handle] {
            message = message.context(*used, format!("`{block}` is used here"));
        }
        self.report(message);
    }
}

/// Where numbers of the file are evaluated: with the messages beside it, as both are borrowed.
macro_rules! scoped {
    ($lower:expr, $fans:expr) => {
        (
            Scope {
                constants: &$lower.constants,
                fans: $fans,
            },
            &mut $lower.messages,
        )
    };
}
use scoped;

/// Text on one line, blanks single, comments left out; and what a list over several lines has besides, blanks inside
/// its brackets and a comma before the last.
fn one_line(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or(""));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    let line = words.join(" ");
    if !text.contains('\n') || text.contains('"') {
        return line;
    }
    let line = line.replace("( ", "(").replace("[ ", "[");
    let line = line
        .replace(" )", ")")
        .replace(" ]", "]")
        .replace(" ,", ",");
    line.replace(",)", ")").replace(",]", "]")
}
