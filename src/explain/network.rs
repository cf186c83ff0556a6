//! The network, layer by layer.

use super::data::{product, space};
use super::{Kind, Methods, counted, thousands};
use crate::document::{Align, code};
use crate::ir::{Handle, Node};
use crate::report::check::call;
use crate::signature::Constant;

/// The longest composition that is written out.
const LONGEST: usize = 14;

/// A row of the table; equal neighbours, or equal runs of them, are told once.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    name: String,
    layer: String,
    of: String,
    shape: String,
    weights: usize,
}

impl Row {
    fn is_like(&self, other: &Row) -> bool {
        (&self.layer, &self.shape, self.weights) == (&other.layer, &other.shape, other.weights)
    }
}

impl Methods<'_> {
    pub(super) fn network(&mut self) {
        self.document.heading("Generative model");
        self.document.subheading("Network");
        let nodes: Vec<Handle<Node>> = self.model.nodes.iter().map(|(handle, _)| handle).collect();
        // What `observe` makes of the last value belongs to the likelihood.
        let layers: Vec<Handle<Node>> = nodes[1..]
            .iter()
            .copied()
            .filter(|node| self.root(*node) == *node)
            .collect();
        let chain = layers
            .iter()
            .zip(&nodes)
            .all(|(node, before)| self.model.nodes[*node].inputs == [*before]);
        self.opening(&layers, chain);
        self.layer_table(&layers, chain);
        self.definitions(&layers);
    }

    fn opening(&mut self, layers: &[Handle<Node>], chain: bool) {
        let weights: usize = self
            .model
            .all_fitted()
            .filter(|(_, tensor)| Self::kind(*tensor) != Kind::Latent)
            .map(|(_, tensor)| tensor.shape.len())
            .sum();
        let arguments = self.weights_after("x");
        let mut said = Vec::new();
        let point = format!(
            "${}$ the weights of which a point is estimated",
            self.point_symbol()
        );
        for (kind, what) in [
            (Kind::Weight, "$w$ the weights that are random"),
            (Kind::Point, &point),
            (Kind::Free, "$theta$ the parameters without a prior"),
        ] {
            let tensors = self.of_kind(kind);
            if !tensors.is_empty() {
                said.push(format!("{what} ({})", thousands(self.count(&tensors))));
            }
        }
        let with = match said.is_empty() {
            true => String::new(),
            false => format!(", with {}", said.join(" and ")),
        };
        let last = layers
            .last()
            .map_or("", |node| &self.model.nodes[*node].name);
        let numbers = counted(weights, "number", "numbers");
        let mut text = format!(
            "A network of {numbers} maps an input $x$ to its value {} through the layers of [#layers]{with}",
            code(last)
        );
        if chain && layers.len() <= LONGEST && !layers.is_empty() {
            let functions: Vec<String> = layers
                .iter()
                .rev()
                .map(|node| self.function(*node))
                .collect();
            text += &format!(", $$f = {},$$ and", functions.join(" compose "));
        } else {
            text += ";";
        }
        text += &format!(" $f({arguments})$ is that value.");
        self.document.prose(&text);
    }

    /// `"dense"_10`: a layer with what makes it that wide.
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
        match sizes.collect::<Vec<_>>() {
            sizes if sizes.is_empty() => format!("\"{word}\""),
            sizes => format!("\"{word}\"_({})", sizes.join(", ")),
        }
    }

    fn layer_table(&mut self, layers: &[Handle<Node>], chain: bool) {
        let rows: Vec<Row> = layers.iter().map(|node| self.row(*node)).collect();
        let mut cells = vec![{
            let input = &self.model.input;
            let mut row = vec![
                code(&input.name),
                "input".into(),
                format!("${}$", space(&input.shape)),
                String::new(),
            ];
            if !chain {
                row.insert(2, String::new());
            }
            row
        }];
        let mut repeated = false;
        let mut at = 0;
        while at < rows.len() {
            let (period, times) = repeats(&rows[at..]);
            repeated |= times > 1;
            for (index, row) in rows[at..at + period].iter().enumerate() {
                let name = match times {
                    1 => code(&row.name),
                    _ => {
                        let last = &rows[at + (times - 1) * period + index].name;
                        format!("{} … {} ($times {times}$)", code(&row.name), code(last))
                    }
                };
                let weights = match row.weights {
                    0 => String::new(),
                    n if times > 1 => format!("${times} times {}$", thousands(n)),
                    n => thousands(n),
                };
                let mut cell = vec![name, code(&row.layer), format!("${}$", row.shape), weights];
                if !chain {
                    cell.insert(2, row.of.clone());
                }
                cells.push(cell);
            }
            at += period * times;
        }
        let mut columns = vec![
            ("value", Align::Wrap),
            ("layer", Align::Wrap),
            ("of one example", Align::Left),
            ("weights", Align::Right),
        ];
        if !chain {
            columns.insert(2, ("of", Align::Wrap));
        }
        let mut caption = String::from("The network. Each layer takes the value above it");
        if !chain {
            caption += " or those it names";
        }
        caption += ". Kernels are [in, out]";
        if self
            .model
            .nodes
            .iter()
            .any(|(_, node)| node.shape.rank() == 3)
        {
            caption +=
                ", of convolutions [height, width, in, out]; images have their channels last";
        }
        caption += ".";
        if repeated {
            caption += " Neighbouring rows with $times$ come again together, as often as it says.";
        }
        self.document.table("layers", &caption, &columns, &cells);
    }

    fn row(&self, node: Handle<Node>) -> Row {
        let found = &self.model.nodes[node];
        let parameters = found.call.iter().flat_map(|call| call.tensors());
        let parameters: Vec<_> = parameters.collect();
        let of: Vec<String> = found
            .inputs
            .iter()
            .map(|above| code(&self.model.nodes[*above].name))
            .collect();
        Row {
            name: found.name.clone(),
            layer: call(self.model, found),
            of: of.join(", "),
            shape: space(&found.shape),
            weights: self.count(&parameters),
        }
    }

    /// What each kind of layer does, once.
    fn definitions(&mut self, layers: &[Handle<Node>]) {
        let mut items: Vec<String> = Vec::new();
        for node in layers {
            let Some(found) = &self.model.nodes[*node].call else {
                continue;
            };
            let Some(layer) = found.layer else { continue };
            let item = format!(
                "{}: {}.",
                code(layer.signature().name),
                layer.methods(&found.arguments)
            );
            if !items.contains(&item) {
                items.push(item);
            }
        }
        self.document
            .prose("With $x$ a layer's input, $y$ its output, $W$ its kernel and $b$ its bias:");
        self.document.list(&items);
    }
}

/// The shortest run of rows that comes again at once, and how often it comes.
fn repeats(rows: &[Row]) -> (usize, usize) {
    // A run begins with a layer that has weights, so that its activation goes with it.
    let most = if rows[0].weights > 0 {
        rows.len() / 2
    } else {
        0
    };
    for period in 1..=most {
        let times = rows
            .chunks_exact(period)
            .take_while(|chunk| chunk.iter().zip(rows).all(|(a, b)| a.is_like(b)))
            .count();
        if times > 1 {
            return (period, times);
        }
    }
    (1, 1)
}
