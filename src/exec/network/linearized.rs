//! A network linearised in its parameters: what each layer took and the gradients by what it gave, example by example.
//!
//! Of [`Plan::linearized_graph`](crate::plan::Plan::linearized_graph), which keeps both. A backward pass that starts
//! from a direction s of the likelihood's arguments f leaves in each layer what the product of s and the Jacobian of f
//! by its parameters is made of, for every example by itself.

use super::super::{Kernels, Number};
use super::Network;
use super::slots::rows;
use crate::ir::{Handle, Node, Tensor};
use crate::layer::{AnyFunction, MOST_INPUTS, Operation, Reads, Towards};
use crate::likelihood::Rows;
use std::ops::Range;

impl<T: Number> Network<T> {
    /// The arguments of a target's likelihood after the last forward pass.
    pub fn arguments_of<'a>(
        &'a self,
        kernels: &Kernels<'a, T>,
        inputs: &'a [T],
        target: usize,
    ) -> Vec<Rows<'a, T>> {
        self.arguments(&self.graph.observed(target), kernels, inputs)
    }

    /// Starts a backward pass. `write` gets the place of each argument among those of all targets, and room for the
    /// direction: of a value of the network an entry for each example's entry, all 0 before.
    pub fn start_from(&mut self, mut write: impl FnMut(usize, &mut [T])) {
        for (argument, direction) in self.buffers.d_arguments.iter_mut().enumerate() {
            direction.fill(T::zero());
            write(argument, direction);
        }
        self.start_backward(self.examples);
    }

    /// What a node took of some examples, its first input, after the last forward pass on `inputs`.
    pub fn taken<'a>(
        &'a self,
        node: Handle<Node>,
        inputs: &'a [T],
        examples: Range<usize>,
    ) -> &'a [T] {
        self.input(node, 0, inputs, examples)
    }

    fn input<'a>(
        &'a self,
        node: Handle<Node>,
        place: usize,
        inputs: &'a [T],
        examples: Range<usize>,
    ) -> &'a [T] {
        let from = self.graph.nodes[node].inputs[place].node;
        let len = self.graph.model.nodes[from].shape.len();
        let all = match self.graph.nodes[from].storage {
            Some(storage) => &self.buffers.values[storage],
            None => inputs,
        };
        rows(all, examples.start, examples.len(), len)
    }

    /// The gradients by what a node gave, of some examples, after a backward pass.
    pub fn by_output(&self, node: Handle<Node>, examples: Range<usize>) -> &[T] {
        let storage = self.graph.nodes[node].storage.expect("a computed value");
        let storage = &self.graph.storages[storage];
        let place = storage.place.expect("a gradient that is kept");
        let all = &self.buffers.gradients[place];
        rows(all, examples.start, examples.len(), storage.len)
    }

    /// One example's gradients by the rows that a function has as parameters, one row after the other, in the order
    /// of its layer's slots.
    pub fn by_rows(
        &self,
        kernels: &Kernels<T>,
        inputs: &[T],
        node: Handle<Node>,
        example: usize,
    ) -> Vec<T> {
        let call = self.graph.model.nodes[node].call.as_ref();
        let call = call.expect("a node with parameters is computed");
        let function: &dyn AnyFunction = match &call.operation {
            Operation::Function(function) => &**function,
            Operation::Statistics(statistics) => statistics.settled(),
            _ => unreachable!("a function has rows"),
        };
        let count = self.graph.nodes[node].inputs.len();
        let at = example..example + 1;
        let x: Vec<&[T]> = (0..count)
            .map(|place| self.input(node, place, inputs, at.clone()))
            .collect();
        let row = |tensor: Handle<Tensor>| kernels.row(tensor, example);
        let parameters: Vec<&[T]> = call
            .parameters
            .iter()
            .map(|tensor| tensor.map_or(&[][..], row))
            .collect();
        let reads = Reads {
            x: &x,
            parameters: &parameters,
            mask: &[],
        };
        let mut saved = vec![T::zero(); function.saved()];
        let mut y = vec![T::zero(); function.output().len()];
        T::function(function).forward(reads, &mut y, &mut saved);
        let mut gradients = vec![T::zero(); parameters.iter().map(|row| row.len()).sum()];
        let mut rest = &mut gradients[..];
        let mut by_rows: Vec<&mut [T]> = Vec::new();
        for parameter in &parameters {
            let (own, others) = std::mem::take(&mut rest).split_at_mut(parameter.len());
            by_rows.push(own);
            rest = others;
        }
        let mut towards: [Towards<T>; MOST_INPUTS] = std::array::from_fn(|_| Towards {
            dx: &mut [],
            add: false,
        });
        let dy = self.by_output(node, at);
        T::function(function).backward(reads, &saved, dy, &mut towards[..count], &mut by_rows);
        gradients
    }
}
