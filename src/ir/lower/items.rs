//! The file's items: which are there, which are missing, which names they declare.

use crate::check::expression::RESERVED;
use crate::check::{Constants, Messages, Scope};
use crate::diagnostic::Diagnostic;
use crate::ir::method::InferenceMethod;
use crate::layer;
use crate::source::Span;
use crate::syntax::ast::*;
use std::collections::HashMap;

/// The items of a model, the first of each.
#[derive(Default)]
pub(super) struct Items<'a> {
    pub model: Option<&'a Ident>,
    pub inputs: Vec<(&'a Ident, &'a DataType)>,
    pub targets: Vec<(&'a Ident, &'a DataType)>,
    pub default: Option<&'a ParameterSettings>,
    pub network: Option<(&'a [Step], Span)>,
    pub observed: Vec<(&'a Ident, &'a Call)>,
    /// `objective …`, or `inference …`.
    pub objective: Option<(&'a Ident, &'a [Setting], Span)>,
    /// The name and arguments of an `inference …`.
    pub inference: Option<(&'a Ident, &'a [Argument])>,
}

/// What a model may have several of.
const SEVERAL: [&str; 3] = ["input", "target", "observe"];

impl<'a> Items<'a> {
    /// Sorts the items, and reports what there is too many or too few of. An objective may be missing where the method
    /// is said elsewhere.
    pub fn of(
        file: &'a File,
        has_method: bool,
        constants: &mut Constants,
        messages: &mut Messages,
    ) -> Self {
        let mut items = Items::default();
        let mut seen: Vec<(&'static str, Span)> = Vec::new();
        for item in &file.items {
            let word = word(&item.kind);
            let keyword = Span::new(item.span.start, item.span.start + word.len());
            match &item.kind {
                ItemKind::Const { .. } | ItemKind::Latent { .. } | ItemKind::Block { .. } => {
                    continue;
                }
                _ => {}
            }
            let goal = |word: &str| ["objective", "inference"].contains(&word);
            let same = |other: &str| {
                other == word && !SEVERAL.contains(&word) || goal(other) && goal(word)
            };
            if let Some((other, first)) = seen.iter().find(|(other, _)| same(other)) {
                let title = match *other == word {
                    true => format!("a model has one `{word}`, and this file has two"),
                    false => format!("a model has `{other}` or `{word}`, and this file has both"),
                };
                let message = Diagnostic::error("E0211", title)
                    .at(keyword, "again here")
                    .context(*first, "first here");
                messages.push(message);
                continue;
            }
            seen.push((word, keyword));
            match &item.kind {
                ItemKind::Model(name) => items.model = Some(name),
                ItemKind::Input { name, data_type } => items.inputs.push((name, data_type)),
                ItemKind::Target { name, data_type } => items.targets.push((name, data_type)),
                ItemKind::Default(settings) => items.default = Some(settings),
                ItemKind::Network(steps) => items.network = Some((steps, keyword)),
                ItemKind::Observe { target, likelihood } => {
                    items.observed.push((target, likelihood));
                }
                ItemKind::Objective { name, settings } => {
                    items.objective = Some((name, settings, keyword.to(name.span)));
                }
                ItemKind::Inference {
                    name,
                    arguments,
                    settings,
                } => {
                    items.inference = Some((name, arguments));
                    items.objective = Some((name, settings, keyword.to(name.span)));
                }
                ItemKind::Const { .. } | ItemKind::Latent { .. } | ItemKind::Block { .. } => {}
            }
        }
        names(file, constants, messages);
        items.missing(file, has_method, messages);
        items
    }

    /// The method that the file says.
    pub fn method(&self, constants: &Constants, messages: &mut Messages) -> InferenceMethod {
        let scope = Scope {
            constants,
            fans: None,
        };
        let said = self.inference;
        let said = said.and_then(|(name, list)| InferenceMethod::bind(name, list, scope, messages));
        said.unwrap_or_else(InferenceMethod::mean_field)
    }

    fn missing(&self, file: &File, has_method: bool, messages: &mut Messages) {
        if file.items.is_empty() {
            messages.push(Diagnostic::error("E0210", "the file holds no model").help(
                "a model has `model`, `input`, `target`, `network`, `observe` and `objective`",
            ));
            return;
        }
        let first = self.targets.first();
        let target = first.map_or("label", |(name, _)| &name.text);
        let value = self
            .network
            .and_then(|(steps, _)| steps.iter().rev().find_map(|step| step.name.as_ref()))
            .map_or("logits", |name| &name.text);
        let likelihood = match first.map(|(_, data_type)| data_type.name.text.as_str()) {
            Some("real") => format!("Normal(loc = {value}, scale = learned(1))"),
            Some("binary") => format!("Bernoulli(logits = {value})"),
            _ => format!("Categorical(logits = {value})"),
        };
        let observe = format!("observe {target} ~ {likelihood}");
        for (there, word, what, example) in [
            (
                self.model.is_some(),
                "model",
                "what the model is called",
                "model my_model",
            ),
            (
                !self.inputs.is_empty(),
                "input",
                "what the network reads, one example of it",
                "input image: real[32, 32, 3]",
            ),
            (
                !self.targets.is_empty(),
                "target",
                "what is predicted of one example",
                "target label: category[10]",
            ),
            (
                self.network.is_some(),
                "network",
                "the layers, from the input down",
                "network { logits = dense(10) }",
            ),
            (
                !self.observed.is_empty(),
                "observe",
                "the distribution of the target, given the network's values",
                &observe,
            ),
            (
                self.objective.is_some() || has_method,
                "objective",
                "what is minimised",
                "objective elbo",
            ),
        ] {
            if !there {
                let message = Diagnostic::error("E0210", format!("the file has no `{word}`"))
                    .note(format!("`{word}`: {what}"))
                    .help(format!("add a line such as `{example}`"));
                messages.push(match word {
                    "objective" => message.help(
                        "or `inference nuts`, which names how the posterior is found; the run file's `inference` and `--inference` do so, too",
                    ),
                    _ => message,
                });
            }
        }
    }
}

fn word(kind: &ItemKind) -> &'static str {
    match kind {
        ItemKind::Model(_) => "model",
        ItemKind::Const { .. } => "const",
        ItemKind::Input { .. } => "input",
        ItemKind::Target { .. } => "target",
        ItemKind::Latent { .. } => "latent",
        ItemKind::Default(_) => "default",
        ItemKind::Block { .. } => "block",
        ItemKind::Network(_) => "network",
        ItemKind::Observe { .. } => "observe",
        ItemKind::Objective { .. } => "objective",
        ItemKind::Inference { .. } => "inference",
    }
}

/// Every name a file declares, once.
fn names(file: &File, constants: &mut Constants, messages: &mut Messages) {
    let mut names = Names::default();
    let mut blocks: Vec<(&[BlockParameter], &[Step])> = Vec::new();
    for item in &file.items {
        match &item.kind {
            ItemKind::Const { name, .. } => names.declare(name, CONSTANT, messages),
            ItemKind::Input { name, .. } => names.declare(name, INPUT, messages),
            ItemKind::Target { name, .. } => names.declare(name, TARGET, messages),
            ItemKind::Latent { name, .. } => names.declare(name, "a latent variable", messages),
            ItemKind::Block {
                name,
                parameters,
                body,
            } => {
                let composition = ["repeat", "residual", "concat", "reuse"];
                let word = name.text.as_str();
                if layer::find(word).is_some() || composition.contains(&word) {
                    let title = format!("`{word}` is a layer of the language");
                    let message = Diagnostic::error("E0208", title).at(name.span, "");
                    messages.push(message.help("call the block something else"));
                }
                names.declare(name, "a block", messages);
                blocks.push((parameters, body));
            }
            ItemKind::Network(steps) => names.steps(steps, messages),
            _ => {}
        }
    }
    for (name, what) in names.all {
        if what != CONSTANT {
            constants.note_other(name, what);
        }
    }
    for (parameters, body) in blocks {
        // A block knows nothing of the network; a parameter may have a constant's name.
        let mut names = Names::default();
        for parameter in parameters {
            names.declare(&parameter.name, "a parameter of the block", messages);
        }
        names.steps(body, messages);
    }
}

const CONSTANT: &str = "a constant";
const INPUT: &str = "an input";
const TARGET: &str = "a target";

/// Names that are known in one place.
#[derive(Default)]
struct Names<'a> {
    /// Each once.
    all: Vec<(&'a Ident, &'static str)>,
    known: HashMap<&'a str, (Span, &'static str)>,
}

impl<'a> Names<'a> {
    fn declare(&mut self, name: &'a Ident, what: &'static str, messages: &mut Messages) {
        if let Some((first, first_what)) = self.known.get(name.text.as_str()).copied() {
            messages.push(
                Diagnostic::error("E0208", format!("the name `{}` is used twice", name.text))
                    .at(name.span, format!("here for {what}"))
                    .context(first, format!("first for {first_what}")),
            );
            return;
        }
        self.known.insert(&name.text, (name.span, what));
        // That of a constant is reported where its value is worked out.
        if what != CONSTANT && RESERVED.contains(&name.text.as_str()) {
            messages.push(reserved(name));
        }
        self.all.push((name, what));
    }

    /// The names of a network's values. Those of one branch are not known in the next.
    fn steps(&mut self, steps: &'a [Step], messages: &mut Messages) {
        for step in steps {
            if let Some(name) = &step.name {
                self.declare(name, "a value of the network", messages);
            }
            match &step.operation {
                Operation::Layer(_) | Operation::Reuse { .. } => {}
                Operation::Residual { body, .. } if step.name.is_none() => {
                    self.steps(body, messages);
                }
                Operation::Residual { body, .. } | Operation::Repeat { body, .. } => {
                    self.inner(body, messages);
                }
                Operation::Concat { branches } => {
                    branches
                        .iter()
                        .for_each(|branch| self.inner(&branch.body, messages));
                }
            }
        }
    }

    fn inner(&mut self, steps: &'a [Step], messages: &mut Messages) {
        let before = self.all.len();
        self.steps(steps, messages);
        for (name, _) in &self.all[before..] {
            self.known.remove(name.text.as_str());
        }
    }
}

/// An error about a name that the language has taken.
pub(super) fn reserved(name: &Ident) -> Diagnostic {
    Diagnostic::error(
        "E0208",
        format!("`{}` is a word of the language", name.text),
    )
    .at(name.span, "")
    .help("call it something else")
}
