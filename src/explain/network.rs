//! The network, layer by layer.

use super::data::{input_space, product, space};
use super::{Kind, Methods, inline, when};
use crate::document::{Align, code};
use crate::ir::{Call, Composition, Handle, Node, Role, Tensor};
use crate::layer;
use crate::report::check::{LayerRow, layer as layer_row};
use crate::signature::Constant;
use crate::words::{counted, distinct, join, thousands};
use std::collections::HashSet;

/// The longest composition that is written out.
const LONGEST: usize = 14;

/// What a block's layers call the value that the block takes.
const ITS_INPUT: &str = "its input";
/// And the second value that a layer written in the language takes.
const ITS_MEMORY: &str = "its memory";

/// A row of the table. Equal neighbours, or equal runs of them, are written once.
struct Row {
    value: LayerRow,
    /// The values it takes, as the language writes them: ` on (a, b)`. Empty of one that takes the value above it.
    on: String,
    /// What it is of, in the notation of formulas.
    space: String,
}

impl Row {
    fn is_like(&self, other: &Row) -> bool {
        let (a, b) = (&self.value, &other.value);
        let same = a.layer == b.layer && a.shape == b.shape && a.weights == b.weights;
        same && self.on.is_empty() && other.on.is_empty()
    }

    /// Its cells, or those of all rows from it to `last` that are `times` apart.
    fn cells(&self, last: &Row, times: usize) -> Vec<String> {
        let run = format!(" … {} ($times {times}$)", code(&last.value.name));
        let weights = match (self.value.weights, times) {
            (0, _) => String::new(),
            (n, 1) => thousands(n),
            (n, _) => format!("${times} times {}$", thousands(n)),
        };
        let layer = match self.value.layer.as_str() {
            layer if layer.starts_with("input") => layer.into(),
            layer => code(layer),
        };
        vec![
            code(&self.value.name) + &when(times > 1, run),
            layer + &self.on,
            inline(&self.space),
            weights,
        ]
    }
}

impl Methods<'_> {
    pub(super) fn network(&mut self) {
        self.document.heading("Generative model");
        self.document.subheading("Network");
        let start = self.start();
        let nodes = self.model.nodes.iter();
        let below = nodes.skip_while(|(_, node)| node.name != start).skip(1);
        // What `observe` makes of the last value belongs to the likelihood.
        let layers = below.filter(|(handle, _)| self.root(*handle) == *handle);
        let layers = layers.filter(|(handle, _)| !self.model.is_length(*handle));
        let layers: Vec<&Node> = layers.map(|(_, node)| node).collect();
        let before = layers.iter().map(|node| node.name.as_str());
        let before = std::iter::once(start).chain(before);
        let chain = layers.iter().zip(before).all(|(node, before)| {
            let values = self.model.values_of(node);
            matches!(values[..], [value] if self.model.nodes[value].name == before)
        });
        self.opening(&layers, chain);
        self.layer_table(&layers, chain);
        self.definitions(&layers);
        self.padding(&layers);
    }

    /// The name of the value that the layers begin at: the only input, or the row of several, of which each is a part.
    fn start(&self) -> &str {
        match &self.model.inputs[..] {
            [only] => &only.name,
            _ => &self.model.input.name,
        }
    }

    fn opening(&mut self, layers: &[&Node], chain: bool) {
        let points = match self.model.method.is_sampler() {
            false => "the weights of which a point is estimated",
            true => "the weights",
        };
        let kinds = [
            (Kind::Weight, "the weights that are random"),
            (Kind::Point, points),
            (Kind::Free, "the parameters without a prior"),
        ];
        // A latent variable is none of the network's numbers, also where it is a point or sampled beside these.
        let of_network = |kind| -> Vec<Handle<Tensor>> {
            let mut own = self.of_kind(kind).to_vec();
            own.retain(|tensor| {
                let role = self.model.tensors[*tensor].role;
                !matches!(role, Role::Latent | Role::Local)
            });
            own
        };
        let kinds =
            kinds.map(|(kind, what)| (self.symbols(&[kind]), what, self.count(&of_network(kind))));
        let total = kinds.iter().map(|(_, _, count)| count).sum();
        let there = kinds.iter().filter(|(_, _, count)| *count > 0);
        let parts =
            there.map(|(symbol, what, count)| format!("${symbol}$ {what} ({})", thousands(*count)));
        let parts: Vec<String> = parts.collect();
        let with = when(!parts.is_empty(), format!(", with {}", parts.join(" and ")));
        let last = layers.last().map_or("", |node| &node.name);
        let last = self.model.compositions.called(last);
        if self.alone.len() > 1 {
            let values = self.roots().into_iter();
            let values = values.map(|root| code(&self.called(root)));
            return self.say(&format!(
                "A network of {} maps an input $x$ to its values {} through the layers of [#layers]{with}; below, each \
                 of these values stands for what the network makes of $x$.",
                counted(total, "number", "numbers"),
                join(values.collect(), "and")
            ));
        }
        let written_out = chain && !layers.is_empty() && layers.len() <= LONGEST;
        let functions: Vec<String> = layers.iter().rev().map(|node| function(node)).collect();
        let composition = match written_out {
            true => format!(", $$f = {},$$ and", functions.join(" compose ")),
            false => ";".into(),
        };
        self.say(&format!(
            "A network of {} maps an input $x$ to its value {} through the layers of [#layers]{with}\
             {composition} $f({})$ is that value.",
            counted(total, "number", "numbers"),
            code(&last),
            self.weights_after("x")
        ));
    }

    fn layer_table(&mut self, layers: &[&Node], chain: bool) {
        let rows = self.rows(layers, "", None);
        let mut cells = match &self.model.inputs[..] {
            [only] => {
                let first = [&code(&only.name), "input", &inline(input_space(only)), ""];
                vec![first.map(String::from).to_vec()]
            }
            _ => vec![],
        };
        let (mut repeated, mut at) = (false, 0);
        while at < rows.len() {
            let (period, times) = repeats(&rows[at..]);
            repeated |= times > 1;
            let last = at + (times - 1) * period;
            cells.extend((0..period).map(|i| rows[at + i].cells(&rows[last + i], times)));
            at += period * times;
        }
        cells.extend(self.block_rows(layers));
        let columns = [
            ("value", Align::Wrap),
            ("layer", Align::Wrap),
            ("of one example", Align::Left),
            ("weights", Align::Right),
        ];
        let mut nodes = self.model.nodes.iter();
        let images = nodes.any(|(_, node)| node.shape.rank() == 3);
        let of_convolutions =
            ", of convolutions [height, width, in, out]; images have their channels last";
        let again = " Neighbouring rows with $times$ come again together, as often as it says.";
        let blocks = " A row of a block, or of layers that are repeated, stands for the layers that the end of the table lists for \
                      one use of it.";
        let blocks = when(!self.model.compositions.is_empty(), blocks);
        let caption = format!(
            "The network. Each layer takes the value above it{}. Kernels are [in, out]{}.{}{blocks}",
            when(!chain, " or those after `on`"),
            when(images, of_convolutions),
            when(repeated, again),
        );
        self.document.table("layers", &caption, &columns, &cells);
    }

    /// The rows of layers below the path `within`, those of a block's use or a repeat as one. `inside` is what these
    /// are the layers of, if that is not the network.
    fn rows(&self, layers: &[&Node], within: &str, inside: Option<&Composition>) -> Vec<Row> {
        let compositions = &self.model.compositions;
        let name = |name: &str| match compositions.of(name, within) {
            Some(of) => below(&of.path, within).unwrap_or(&of.path).to_owned(),
            None => below(name, within).unwrap_or(name).to_owned(),
        };
        let mut rows: Vec<Row> = Vec::new();
        let mut before: Option<&str> = match within.is_empty() {
            true => Some(self.start()),
            false => None,
        };
        for node in layers {
            let value = layer_row(self.model, node);
            let of = compositions.of(&node.name, within);
            let inputs = of.map_or(&value.inputs, |of| &of.inputs);
            let takes_above = inputs.iter().map(String::as_str).eq(before);
            before = Some(&node.name);
            let name_here = name(&node.name);
            if let Some(row) = rows
                .last_mut()
                .filter(|row| of.is_some() && row.value.name == name_here)
            {
                row.value.weights += value.weights;
                row.space = space(&value.shape);
                row.value.shape = value.shape;
                continue;
            }
            let taken = inputs.iter().map(|above| {
                let inside = inside.filter(|_| below(above, within).is_none());
                let Some(inside) = inside else {
                    return code(&name(above));
                };
                let mut given = inside.given.iter();
                match given.find(|(_, given)| self.model.nodes[*given].name == *above) {
                    _ if inside.inputs.first() == Some(above) => ITS_INPUT.into(),
                    _ if inside.inputs.get(1) == Some(above) => ITS_MEMORY.into(),
                    Some((parameter, _)) => code(parameter),
                    None => code(compositions.of(above, "").map_or(above, |of| &of.path)),
                }
            });
            let taken: Vec<String> = taken.collect();
            let is_first = rows.is_empty() && !within.is_empty();
            let on = match &taken[..] {
                _ if takes_above || taken.is_empty() => String::new(),
                [one] if is_first && one == ITS_INPUT => String::new(),
                [one] => format!(" on {one}"),
                all => format!(" on ({})", all.join(", ")),
            };
            let layer = of.map_or(value.layer.clone(), |of| of.written.clone());
            let value = LayerRow {
                name: name_here,
                layer,
                ..value
            };
            let input = self
                .model
                .inputs
                .iter()
                .find(|input| input.name == node.name);
            let space = input.map_or_else(|| space(&value.shape), input_space);
            rows.push(Row { value, on, space });
        }
        rows
    }

    /// The layers of each block, of its first use, and of one round of a repeat that is no block's. A block whose use
    /// has other layers, or takes a memory, comes again.
    fn block_rows(&self, layers: &[&Node]) -> Vec<Vec<String>> {
        let compositions = &self.model.compositions;
        let mut cells = Vec::new();
        let (mut blocks, mut repeats) = (HashSet::new(), HashSet::new());
        for of in compositions.iter() {
            let (path, what) = match &of.block {
                Some(block) => (
                    of.path.clone(),
                    format!("the block {}, as in {}", code(block), code(&of.written)),
                ),
                // The repeat of a block comes with each of its uses.
                None if !repeats.insert(of.line) => continue,
                None => {
                    let round = format!("{}.1", of.path);
                    let inside = compositions.of(&format!("{round}.x"), &of.path);
                    if inside.is_some() {
                        continue;
                    }
                    (round, "one round".into())
                }
            };
            let inside: Vec<&Node> = layers
                .iter()
                .copied()
                .filter(|node| below(&node.name, &path).is_some())
                .collect();
            let rows = self.rows(&inside, &path, Some(of));
            let names: Vec<String> = rows.iter().map(|row| row.value.name.clone()).collect();
            let is_new = (of.block.as_ref())
                .is_none_or(|block| blocks.insert((block, of.inputs.len(), names)));
            if !is_new {
                continue;
            }
            cells.push(vec![code(&path), what, String::new(), String::new()]);
            cells.extend(rows.iter().map(|row| {
                let mut cells = row.cells(row, 1);
                cells[0] = code(&format!(".{}", row.value.name));
                cells
            }));
        }
        cells
    }

    /// What becomes of the steps behind the lengths of sequences.
    fn padding(&mut self, layers: &[&Node]) {
        if self
            .model
            .inputs
            .iter()
            .all(|input| input.sequence.is_none())
        {
            return;
        }
        let takes_length = |node: &&&Node| {
            let mut inputs = node.inputs.iter();
            inputs.any(|value| self.model.is_length(*value))
        };
        let told = layers.iter().filter(takes_length);
        let told = told.filter_map(|node| Some(node.call.as_ref()?.layer?.signature().name));
        let told: Vec<String> = distinct(told).into_iter().map(code).collect();
        let are = if told.len() == 1 { "is" } else { "are" };
        let told = when(
            !told.is_empty(),
            format!(": {} {are} told the length", join(told, "and")),
        );
        self.say(&format!(
            "The steps behind a sequence's length are padding, and take no part in what the network makes of it{told}."
        ));
    }

    /// What each kind of layer does, once.
    fn definitions(&mut self, layers: &[&Node]) {
        let calls = layers.iter().filter_map(|node| node.call.as_ref());
        let slots = calls.clone().flat_map(Call::slots).map(|slot| {
            let letter = match slot.role {
                layer::Role::Kernel => "W",
                layer::Role::Bias if slot.name == "table" => "P",
                layer::Role::Bias => "b",
                layer::Role::Row(name) | layer::Role::State(name) => letter(name),
            };
            format!("${letter}$ its {}", slot.name)
        });
        let values = ["$x$ a layer's input", "$y$ its output"].map(String::from);
        let letters = distinct(values.into_iter().chain(slots));
        let items = distinct(calls.filter_map(|call| {
            let layer = call.layer?;
            let (name, what) = (
                code(layer.signature().name),
                layer.described(&call.arguments),
            );
            Some(format!("{name}: {what}."))
        }));
        self.say(&format!("With {}:", join(letters, "and")));
        self.document.list(&items);
    }
}

/// `conv2d_1` of `stage2.conv2d_1` below `stage2`.
fn below<'a>(name: &'a str, path: &str) -> Option<&'a str> {
    match path.is_empty() {
        true => Some(name),
        false => name.strip_prefix(path)?.strip_prefix('.'),
    }
}

/// `"dense"_10`: a layer with its sizes.
fn function(node: &Node) -> String {
    let Some(call) = &node.call else {
        return String::new();
    };
    let word = call.layer.map_or("entry", |layer| layer.signature().name);
    let of_axes = ["1d", "2d", "3d"].iter();
    let word = of_axes.fold(word, |word, axes| word.strip_suffix(axes).unwrap_or(word));
    let word = word.replace('_', " ");
    let arguments = call.arguments.0.iter();
    let sizes = arguments.filter_map(|(name, value)| match value {
        Constant::Count(_) if matches!(*name, "stride" | "dilation") => None,
        Constant::Count(_) if *name == "groups" && word.starts_with("conv") => None,
        Constant::Count(n) => Some(n.to_string()),
        Constant::Pair(pair) if matches!(*name, "kernel" | "size") => Some(product(pair)),
        Constant::Triple(axes) if matches!(*name, "kernel" | "size") => Some(product(axes)),
        _ => None,
    });
    let sizes: Vec<String> = sizes.collect();
    let index = when(!sizes.is_empty(), format!("_({})", sizes.join(", ")));
    format!("\"{word}\"{index}")
}

/// The shortest run of rows that comes again at once, and how often it comes.
fn repeats(rows: &[Row]) -> (usize, usize) {
    // A run begins with a layer that has weights, so that its activation goes with it.
    let longest = if rows[0].value.weights > 0 {
        rows.len() / 2
    } else {
        0
    };
    for period in 1..=longest {
        let like_the_first = |run: &&[Row]| run.iter().zip(rows).all(|(a, b)| a.is_like(b));
        let times = rows.chunks_exact(period).take_while(like_the_first).count();
        if times > 1 {
            return (period, times);
        }
    }
    (1, 1)
}

/// What stands for a row or state in the formulas of its layers.
fn letter(name: &'static str) -> &'static str {
    match name {
        "gain" => "gamma",
        "shift" => "beta",
        "threshold" => "tau",
        "slope" => "a",
        "mean" => "mu",
        "variance" => "v",
        other => other,
    }
}
