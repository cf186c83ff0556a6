//! What the interpreter runs: variables laid out, estimators chosen, buffers and order settled.
//!
//! A plan depends on the inference alone. It cuts the graph into [`Segment`]s: runs of layers that are
//! taken example by example (convolutions, pools, activations), so that an example's values stay in
//! cache from one to the next, and dense layers, which take the whole minibatch at once.

mod cut;
mod graph;
mod text;
mod variables;

pub use graph::{Graph, KernelPlan, NodePlan, Segment, SegmentKind, Storage};
pub use text::text;
pub use variables::{DrawKind, Family, Frame, LearnedPlan, Mask, TensorPlan, TermPlan, Variable};

use crate::ir::Inference;
use crate::layer::Operation;
use std::ops::Deref;
use std::sync::Arc;

/// A model ready to run.
pub struct Plan {
    /// The network.
    pub graph: Arc<Graph>,
    /// How its model is fitted.
    pub inference: Arc<Inference>,
    /// Every trainable tensor, in the order of the flat vector that holds them.
    pub variables: Vec<Variable>,
    /// One for each of the model's tensors.
    pub tensors: Vec<TensorPlan>,
    /// One for each of the model's learned numbers.
    pub learned: Vec<LearnedPlan>,
    /// The computation of each of the loss's terms; `None` for the data term.
    pub terms: Vec<Option<TermPlan>>,
}

impl Deref for Plan {
    type Target = Graph;
    fn deref(&self) -> &Graph {
        &self.graph
    }
}

impl Plan {
    /// Settles how an inference and its model are run.
    pub fn new(inference: Arc<Inference>) -> Plan {
        let (variables, tensors, learned) = variables::lay_out(&inference);
        let terms = inference
            .loss
            .terms
            .iter()
            .map(|term| variables::term(&inference, term))
            .collect();
        let kernels = tensors.iter().map(|tensor| tensor.kernel.clone()).collect();
        Plan {
            graph: Arc::new(Graph::new(inference.model.clone(), kernels)),
            inference,
            variables,
            tensors,
            learned,
            terms,
        }
    }

    /// Number of trainable numbers.
    pub fn trainable(&self) -> usize {
        self.variables.last().map_or(0, |v| v.range.end)
    }

    /// Multiplications and additions of one training step of the deterministic network, an example:
    /// forward, the gradient by each kernel, and by each input where it is wanted.
    pub fn operations(&self) -> u64 {
        self.operations_of(|index| 2 + u64::from(self.nodes[index].input_gradient))
    }

    /// Multiplications and additions of the deterministic network's forward pass, an example.
    pub fn forward_operations(&self) -> u64 {
        self.operations_of(|_| 1)
    }

    /// Of all linear layers; `passes` is how often a node's products are made.
    fn operations_of(&self, passes: impl Fn(usize) -> u64) -> u64 {
        let of = |(index, (_, node)): (usize, (_, &crate::ir::Node))| match node
            .call
            .as_ref()
            .map(|call| &call.operation)
        {
            Some(Operation::Linear(linear)) => 2 * linear.multiplications() * passes(index),
            _ => 0,
        };
        self.model.nodes.iter().enumerate().map(of).sum()
    }
}
