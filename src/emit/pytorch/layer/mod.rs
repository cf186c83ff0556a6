//! Layers: the Python of each, a file a family.

mod attention;
mod convolution;
mod norm;
mod pointwise;
mod pool;
mod recurrent;
mod shape;
mod window;

use super::{Context, estimator, refused};
use crate::diagnostic::Result;
use crate::ir::{Call, Handle, Node};
use crate::layer::Operation;
use crate::signature::{Constant, Constants};

/// A node whose Python is written.
pub(super) struct Site<'a> {
    context: &'a Context<'a>,
    handle: Handle<Node>,
    node: &'a Node,
    call: &'a Call,
    /// The variable that holds its value.
    value: String,
    /// Those of its inputs, in order.
    inputs: Vec<String>,
}

impl<'a> Site<'a> {
    /// The node, if it is no input.
    pub(super) fn of(context: &'a Context<'a>, handle: Handle<Node>) -> Option<Self> {
        let node = &context.plan.model.nodes[handle];
        let inputs = node.inputs.iter().map(|input| context.value(*input));
        Some(Site {
            context,
            handle,
            node,
            call: node.call.as_ref()?,
            value: context.value(handle),
            inputs: inputs.collect(),
        })
    }

    /// The variable of its only input.
    fn x(&self) -> &str {
        &self.inputs[0]
    }

    /// The axes of one example of that.
    fn axes(&self) -> &'a [usize] {
        &self.context.plan.model.nodes[self.node.inputs[0]].shape.0
    }

    fn arguments(&self) -> &'a Constants {
        &self.call.arguments
    }

    /// A row of parameters of this slot, shaped to be joined with the node's value; `None` where it is left out.
    fn row(&self, slot: usize) -> Result<Option<String>> {
        let Some(tensor) = self.call.parameters[slot] else {
            return Ok(None);
        };
        let row = estimator::row(self.context, tensor)?;
        let own = self.context.plan.model.tensors[tensor].shape.rank();
        let axes = own.min(self.node.shape.rank());
        Ok(Some(
            // A row [C] for all examples is joined with any value; one of each example's own after the axes that it lacks.
            match (row.strip_suffix("[None]"), self.node.shape.rank() - axes) {
                (Some(shared), _) => shared.into(),
                (None, 0) => row,
                (None, more) => format!("{row}[:, {}]", vec!["None"; more].join(", ")),
            },
        ))
    }

    /// The expressions that the node's variable is set to, one after the other; all but the first read it.
    pub(super) fn expressions(&self) -> Result<Vec<String>> {
        match &self.call.operation {
            Operation::View(shape) => return Ok(vec![shape::view(self, &shape.0)]),
            Operation::Linear(_) => return self.linear(),
            Operation::Scan(scan) => return recurrent::expressions(self, scan.geometry()),
            _ => {}
        }
        let Some(layer) = self.call.layer else {
            return Ok(vec![shape::selection(self)]);
        };
        let name = layer.signature().name;
        let families = [
            pointwise::expressions,
            pool::expressions,
            shape::expressions,
            norm::expressions,
            attention::expressions,
        ];
        for family in families {
            if let Some(found) = family(self, name)? {
                return Ok(found);
            }
        }
        let refusal = refused(format!("`{name}` has no PyTorch yet"));
        Err(refusal.at(self.node.span, "here").into())
    }

    /// A layer that is linear in its kernel, and its bias.
    fn linear(&self) -> Result<Vec<String>> {
        let map = convolution::map(self);
        let mut all = vec![estimator::apply(self.context, self.handle, &map, self.x())?];
        if self.call.bias().is_some() {
            let row = self.row(1)?.unwrap_or_default();
            all.push(format!("{} + {row}", self.value));
        }
        Ok(all)
    }
}

/// A layer's name without its number of axes: `conv` of `conv2d`.
fn of_any_rank(name: &str) -> &str {
    let ranks = ["1d", "2d", "3d"].iter();
    ranks.fold(name, |name, rank| name.strip_suffix(rank).unwrap_or(name))
}

/// The counts of each axis that an argument gives.
fn counts(arguments: &Constants, name: &str) -> Vec<usize> {
    match arguments.find(name) {
        Some(Constant::Count(n)) => vec![*n],
        Some(Constant::Pair(pair)) => pair.to_vec(),
        Some(Constant::Triple(axes)) => axes.to_vec(),
        _ => vec![],
    }
}

/// A number for each axis as PyTorch takes them: one where all are the same.
fn of_axes(numbers: &[usize]) -> String {
    match numbers {
        [first, rest @ ..] if rest.iter().all(|other| other == first) => first.to_string(),
        _ => tuple(numbers.iter().map(usize::to_string)),
    }
}

/// `(1, 2)`
fn tuple(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    match &items[..] {
        [only] => format!("({only},)"),
        all => format!("({})", all.join(", ")),
    }
}

/// Cells before and after for each axis: `((0, 1), (0, 1))`.
fn sides<T: ToString>(of: impl Iterator<Item = [T; 2]>) -> String {
    tuple(of.map(|[before, after]| format!("({}, {})", before.to_string(), after.to_string())))
}
