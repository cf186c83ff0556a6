//! A network on given kernels: values forward, gradients backward. It knows nothing of posteriors, priors
//! or optimizers.

mod alike;
mod backward;
mod buffers;
mod forward;
mod function;
mod likelihood;
mod linearized;
mod pass;
mod scan;
mod slots;
mod statistics;
mod work;

use super::Number;
use super::memory::Length;
use crate::ir::{Handle, Node};
use crate::plan::Graph;
use crate::tensor::Aligned;
use buffers::Buffers;
use std::sync::Arc;

/// What a forward pass is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// All values are kept for the backward pass.
    Train,
    /// Values that only one example's later layers read are not kept.
    Predict,
}

/// A network, with room for minibatches of up to `batch` examples.
pub struct Network<T> {
    graph: Arc<Graph>,
    batch: usize,
    buffers: Buffers<Aligned<T>>,
    /// Examples of the last forward pass.
    examples: usize,
}

impl<T: Number> Network<T> {
    /// Allocates all it needs.
    pub fn new(graph: Arc<Graph>, batch: usize) -> Self {
        Network {
            buffers: Buffers::new(&graph, batch),
            batch,
            examples: 0,
            graph,
        }
    }

    /// The means and variances of the last minibatch that layers normalised by.
    pub fn moments(&self) -> impl Iterator<Item = (Handle<Node>, [&[T]; 2])> {
        let all = self.buffers.moments.iter();
        all.map(|(node, [mean, variance])| (*node, [&mean[..], &variance[..]]))
    }

    /// A node's values after a forward pass, one example after the other, where they are kept for the whole
    /// minibatch; `None` for the inputs and views of them.
    pub fn values(&self, node: Handle<Node>) -> Option<&[T]> {
        let storage = self.graph.nodes[node].storage?;
        let len = self.graph.storages[storage].len;
        Some(&self.buffers.values[storage][..self.examples * len])
    }
}

/// Numbers in all buffers of a network for minibatches of up to `batch` examples.
pub fn numbers(graph: &Graph, batch: usize) -> u128 {
    Buffers::<Length>::new(graph, batch).numbers()
}
