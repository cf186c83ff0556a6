//! The network, layer by layer.

use super::data::{product, space};
use super::{Kind, Methods, counted, inline, thousands, when};
use crate::document::{Align, code};
use crate::ir::{Call, Handle, Node};
use crate::layer;
use crate::report::check::call;
use crate::signature::Constant;
use crate::words::join;

/// The longest composition that is written out.
const LONGEST: usize = 14;

/// A row of the table. Equal neighbours, or equal runs of them, are written once.
struct Row {
    name: String,
    layer: String,
    inputs: String,
    shape: String,
    weights: usize,
}

impl Row {
    fn is_like(&self, other: &Row) -> bool {
        (&self.layer, &self.shape, self.weights) == (&other.layer, &other.shape, other.weights)
    }

    /// Its cells, or those of all rows from it to `last` that are `times` apart.
    fn cells(&self, last: &Row, times: usize) -> Vec<String> {
        let mut name = code(&self.name);
        if times > 1 {
            name += &format!(" … {} ($times {times}$)", code(&last.name));
        }
        let weights = match (self.weights, times) {
            (0, _) => String::new(),
            (n, 1) => thousands(n),
            (n, _) => format!("${times} times {}$", thousands(n)),
        };
        vec![
            name,
            code(&self.layer),
            self.inputs.clone(),
            inline(&self.shape),
            weights,
        ]
    }
}

impl Methods<'_> {
    pub(super) fn network(&mut self) {
        self.document.heading("Generative model");
        self.document.subheading("Network");
        let nodes: Vec<Handle<Node>> = self.model.nodes.iter().map(|(handle, _)| handle).collect();
        // What `observe` makes of the last value belongs to the likelihood.
        let mut layers = nodes[1..].to_vec();
        layers.retain(|node| self.root(*node) == *node);
        let mut pairs = layers.iter().zip(&nodes);
        let chain = pairs.all(|(node, before)| self.model.nodes[*node].inputs == [*before]);
        self.opening(&layers, chain);
        self.layer_table(&layers, chain);
        self.definitions(&layers);
    }

    fn opening(&mut self, layers: &[Handle<Node>], chain: bool) {
        let kinds = [
            (Kind::Weight, "the weights that are random"),
            (Kind::Point, "the weights of which a point is estimated"),
            (Kind::Free, "the parameters without a prior"),
        ];
        let (mut total, mut parts) = (0, Vec::new());
        for (kind, what) in kinds {
            let count = self.count(&self.of_kind(kind));
            total += count;
            if count > 0 {
                parts.push(format!(
                    "${}$ {what} ({})",
                    self.symbols(&[kind]),
                    thousands(count)
                ));
            }
        }
        let with = when(!parts.is_empty(), format!(", with {}", parts.join(" and ")));
        let last = layers
            .last()
            .map_or("", |node| &self.model.nodes[*node].name);
        let written_out = chain && !layers.is_empty() && layers.len() <= LONGEST;
        let functions: Vec<String> = layers
            .iter()
            .rev()
            .map(|node| self.function(*node))
            .collect();
        let composition = match written_out {
            true => format!(", $$f = {},$$ and", functions.join(" compose ")),
            false => ";".into(),
        };
        self.say(&format!(
            "A network of {} maps an input $x$ to its value {} through the layers of [#layers]{with}\
             {composition} $f({})$ is that value.",
            counted(total, "number", "numbers"),
            code(last),
            self.weights_after("x")
        ));
    }

    /// `"dense"_10`: a layer with its sizes.
    fn function(&self, node: Handle<Node>) -> String {
        let Some(found) = &self.model.nodes[node].call else {
            return String::new();
        };
        let word = found.layer.map_or("entry", |layer| layer.signature().name);
        let word = word.trim_end_matches("2d").replace('_', " ");
        let sizes = found
            .arguments
            .0
            .iter()
            .filter_map(|(name, value)| match value {
                Constant::Count(n) => Some(n.to_string()),
                Constant::Pair(pair) if matches!(*name, "kernel" | "size") => Some(product(pair)),
                _ => None,
            });
        let sizes: Vec<String> = sizes.collect();
        format!(
            "\"{word}\"{}",
            when(!sizes.is_empty(), format!("_({})", sizes.join(", ")))
        )
    }

    fn layer_table(&mut self, layers: &[Handle<Node>], chain: bool) {
        let rows: Vec<Row> = layers.iter().map(|node| self.row(*node)).collect();
        let input = &self.model.input;
        let space = inline(space(&input.shape));
        let mut cells = vec![vec![
            code(&input.name),
            "input".into(),
            String::new(),
            space,
            String::new(),
        ]];
        let mut repeated = false;
        let mut at = 0;
        while at < rows.len() {
            let (period, times) = repeats(&rows[at..]);
            repeated |= times > 1;
            let last = at + (times - 1) * period;
            cells.extend((0..period).map(|i| rows[at + i].cells(&rows[last + i], times)));
            at += period * times;
        }
        let mut columns = vec![
            ("value", Align::Wrap),
            ("layer", Align::Wrap),
            ("of", Align::Wrap),
            ("of one example", Align::Left),
            ("weights", Align::Right),
        ];
        if chain {
            columns.remove(2);
            cells.iter_mut().for_each(|row| drop(row.remove(2)));
        }
        let images = self
            .model
            .nodes
            .iter()
            .any(|(_, node)| node.shape.rank() == 3);
        let caption = [
            "The network. Each layer takes the value above it",
            if chain { "" } else { " or those it names" },
            ". Kernels are [in, out]",
            match images {
                true => {
                    ", of convolutions [height, width, in, out]; images have their channels last."
                }
                false => ".",
            },
            match repeated {
                true => " Neighbouring rows with $times$ come again together, as often as it says.",
                false => "",
            },
        ];
        self.document
            .table("layers", &caption.concat(), &columns, &cells);
    }

    fn row(&self, node: Handle<Node>) -> Row {
        let found = &self.model.nodes[node];
        let parameters = found.call.iter().flat_map(|call| call.tensors());
        let inputs = found
            .inputs
            .iter()
            .map(|above| code(&self.model.nodes[*above].name));
        Row {
            name: found.name.clone(),
            layer: call(self.model, found),
            inputs: inputs.collect::<Vec<_>>().join(", "),
            shape: space(&found.shape),
            weights: self.count(&parameters.collect::<Vec<_>>()),
        }
    }

    /// What each kind of layer does, once.
    fn definitions(&mut self, layers: &[Handle<Node>]) {
        let mut items: Vec<String> = Vec::new();
        let calls = layers.iter();
        let calls = calls.filter_map(|node| self.model.nodes[*node].call.as_ref());
        let calls: Vec<&Call> = calls.collect();
        for call in &calls {
            let Some(layer) = call.layer else { continue };
            let name = code(layer.signature().name);
            let item = format!("{name}: {}.", layer.methods(&call.arguments));
            if !items.contains(&item) {
                items.push(item);
            }
        }
        let mut letters = vec!["$x$ a layer's input".to_owned(), "$y$ its output".into()];
        for slot in calls.iter().flat_map(|call| call.slots()) {
            let letter = match slot.role {
                layer::Role::Kernel => "W",
                layer::Role::Bias => "b",
            };
            let text = format!("${letter}$ its {}", slot.name);
            if !letters.contains(&text) {
                letters.push(text);
            }
        }
        self.say(&format!("With {}:", join(letters, "and")));
        self.document.list(&items);
    }
}

/// The shortest run of rows that comes again at once, and how often it comes.
fn repeats(rows: &[Row]) -> (usize, usize) {
    // A run begins with a layer that has weights, so that its activation goes with it.
    let longest = if rows[0].weights > 0 {
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
