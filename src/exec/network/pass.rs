//! What both passes read besides values.

use super::super::Number;
use super::super::kernels::Kernels;
use super::Mode;
use super::slots::Slots;
use crate::estimator::Site;
use crate::ir::{Call, Handle, Node, Tensor};
use crate::layer::{AnyLinear, AnyMap, Operation};
use crate::plan::Storage;

/// One pass of a minibatch through the network.
#[derive(Clone, Copy)]
pub struct Pass<'a, T> {
    /// The kernels.
    pub kernels: Kernels<'a, T>,
    /// The minibatch's inputs.
    pub inputs: &'a [T],
    /// Whether a backward pass follows.
    pub mode: Mode,
    /// Whether the time that layers take is measured.
    pub timed: bool,
}

impl<'a, T: Number> Pass<'a, T> {
    /// A computed node.
    pub fn node(&self, node: Handle<Node>) -> (&'a Node, &'a Call) {
        let node = &self.kernels.graph.model.nodes[node];
        let call = node.call.as_ref();
        (node, call.expect("only the input has no call"))
    }

    /// The maps among some nodes, in order.
    pub fn maps(
        &self,
        nodes: &'a [Handle<Node>],
    ) -> impl DoubleEndedIterator<Item = &'a dyn AnyMap> {
        let pass = *self;
        let operations = nodes.iter().map(move |&node| &pass.node(node).1.operation);
        operations.filter_map(|operation| match operation {
            Operation::Map(map) => Some(&**map),
            _ => None,
        })
    }

    /// The first `len` numbers of the room for the second of two products; none where there is one product.
    pub fn second_outputs<'o>(
        &self,
        kernel: Handle<Tensor>,
        site: &Site<T>,
        outputs: &'o mut [T],
        len: usize,
    ) -> &'o mut [T] {
        let estimator = self.kernels.graph.kernels[kernel].estimator;
        match estimator.products(site.whole_batch) {
            2 => &mut outputs[..len],
            _ => &mut [],
        }
    }

    /// The row of an example of a chunk in a storage. Without a way back each example is written over the
    /// one before, so that its values stay in cache.
    pub fn row_of(&self, storage: Option<Handle<Storage>>, example: usize) -> usize {
        match (storage, self.mode) {
            (Some(storage), Mode::Predict) if !self.kernels.graph.storages[storage].shared => 0,
            _ => example,
        }
    }

    /// The rows of a node's input: the minibatch's inputs, or a slot's.
    pub fn input<'s>(
        &self,
        slots: &'s Slots<T>,
        node: Handle<Node>,
        start: usize,
    ) -> (&'s [T], usize)
    where
        'a: 's,
    {
        self.values(slots, self.kernels.graph.nodes[node].input().node, start)
    }

    /// The rows of a value: the minibatch's inputs, or a slot's.
    pub fn values<'s>(
        &self,
        slots: &'s Slots<T>,
        value: Handle<Node>,
        start: usize,
    ) -> (&'s [T], usize)
    where
        'a: 's,
    {
        let graph = self.kernels.graph;
        match graph.nodes[value].storage {
            Some(storage) => (slots[storage].read(), graph.storages[storage].len),
            None => {
                let len = graph.model.input.shape.len();
                (&self.inputs[start * len..], len)
            }
        }
    }

    /// A linear layer with the facts of its geometry. They are read from the model, where they are stored:
    /// this runs for every example, and the layer would allocate its shapes each time.
    pub fn site<'l>(&self, node: &Node, linear: &'l dyn AnyLinear, input: usize) -> Site<'l, T> {
        let kernel = node.call.as_ref().and_then(|call| call.kernel());
        let kernel = kernel.expect("a linear layer has a kernel");
        let model = &self.kernels.graph.model;
        let above = &model.nodes[node.inputs[0]].shape.0;
        Site {
            linear: T::linear(linear),
            input,
            output: node.shape.len(),
            channels_in: linear
                .vocabulary()
                .unwrap_or(above.last().copied().unwrap_or(1)),
            channels_out: *model.tensors[kernel]
                .shape
                .0
                .last()
                .expect("a kernel has axes"),
            whole_batch: linear.whole_batch(),
        }
    }
}
