//! The likelihood: the network's values, and numbers, as its arguments.

use super::super::{Batch, Kernels, Number};
use super::Network;
use super::slots::rows;
use crate::ir::{Argument, Handle, Scalar};
use crate::likelihood::{Rows, Targets};
use crate::plan::{Graph, Storage};
use crate::tensor::Share;
use rayon::prelude::*;

/// Entries of targets whose likelihood one thread works out, and of no more examples than that.
const SHARE: usize = 32;

impl Graph {
    /// Examples whose likelihood one thread works out.
    fn share(&self) -> usize {
        (SHARE / self.model.target.kind.entries()).max(1)
    }

    /// Places of an example that have a class each, which the likelihood takes one by one to predict.
    fn places(&self) -> usize {
        let kind = self.model.target.kind;
        kind.classes().map_or(1, |_| kind.entries())
    }

    /// How long the gradient by each of the likelihood's arguments is for `batch` examples, which have its numbers in
    /// common.
    pub fn argument_lengths(&self, batch: usize) -> Vec<usize> {
        let length = |argument: &Argument| match argument {
            Argument::Node(node) => batch * self.model.nodes[*node].shape.len(),
            Argument::Numbers(numbers) => numbers.width,
        };
        self.model.observe.arguments.iter().map(length).collect()
    }
}

impl<T: Number> Network<T> {
    /// The likelihood's arguments after the last forward pass.
    fn arguments<'a>(&'a self, kernels: &Kernels<'a, T>, inputs: &'a [T]) -> Vec<Rows<'a, T>> {
        let mut next = 0;
        let value = |argument: &Argument| match argument {
            Argument::Node(node) => {
                let len = self.graph.model.nodes[*node].shape.len();
                let all = match self.graph.nodes[*node].storage {
                    Some(storage) => &self.buffers.values[storage],
                    None => inputs,
                };
                Rows {
                    values: rows(all, 0, self.examples, len),
                    stride: len,
                    step: usize::from(len > 1),
                }
            }
            Argument::Numbers(numbers) => {
                let start = next;
                next += numbers.width;
                Rows {
                    values: &kernels.numbers[start..next],
                    stride: 0,
                    step: usize::from(numbers.width > 1),
                }
            }
        };
        let arguments = self.graph.model.observe.arguments.iter();
        arguments.map(value).collect()
    }

    /// The sum of the nll over the minibatch of the last forward pass. `weight` times its gradient is where the
    /// backward pass starts, and [`Network::by_numbers`].
    pub fn nll(&mut self, kernels: &Kernels<T>, batch: &Batch<T>, weight: f64) -> f64 {
        let mut nll = std::mem::take(&mut self.buffers.nll);
        let mut gradients = std::mem::take(&mut self.buffers.d_arguments);
        gradients
            .iter_mut()
            .for_each(|gradient| gradient.fill(T::zero()));
        let arguments = self.arguments(kernels, batch.inputs);
        let likelihood = T::nll(self.graph.model.observe.likelihood);
        // One share where examples have a number in common, whose gradient is a sum over them.
        let share = match arguments.iter().all(|argument| argument.stride > 0) {
            true => self.graph.share(),
            false => batch.len.max(1),
        };
        let mut shares: Vec<Vec<&mut [T]>> = Vec::new();
        shares.resize_with(batch.len.div_ceil(share), Vec::new);
        for (gradient, argument) in gradients.iter_mut().zip(&arguments) {
            let parts = gradient[..argument.values.len()].chunks_mut(match argument.stride {
                0 => argument.values.len(),
                stride => share * stride,
            });
            shares
                .iter_mut()
                .zip(parts)
                .for_each(|(to, part)| to.push(part));
        }
        let nlls = nll[..batch.len].par_chunks_mut(share);
        let parts = nlls.zip(&mut shares).enumerate();
        let width = self.graph.model.target.kind.entries();
        parts.share(|(at, (nll, gradients))| {
            let examples = at * share..at * share + nll.len();
            let arguments: Vec<_> = arguments.iter().map(|a| a.of(examples.clone())).collect();
            let targets = batch.targets.of(examples, width);
            likelihood.nll(&arguments, targets, T::of(weight), nll, gradients);
        });
        let total = nll[..batch.len].iter().map(|x| x.wide()).sum();
        self.buffers.nll = nll;
        self.buffers.d_arguments = gradients;
        self.start_backward(batch.len);
        total
    }

    /// Carries the gradients by the arguments to the values that they are.
    fn start_backward(&mut self, examples: usize) {
        let (graph, buffers) = (&*self.graph, &mut self.buffers);
        let storage_of = |argument: &Argument| graph.nodes[argument.node()?].storage;
        let arguments = &graph.model.observe.arguments;
        let place_of = |storage: Handle<Storage>| graph.storages[storage].place;
        for place in arguments.iter().filter_map(storage_of).filter_map(place_of) {
            buffers.gradients[place].fill(T::zero());
        }
        for (argument, gradient) in arguments.iter().zip(&buffers.d_arguments) {
            let Some(storage) = storage_of(argument) else {
                continue;
            };
            let Some(place) = place_of(storage) else {
                continue;
            };
            let into = &mut buffers.gradients[place];
            let count = (examples * graph.storages[storage].len).min(into.len());
            into[..count]
                .iter_mut()
                .zip(gradient)
                .for_each(|(into, &d)| *into += d);
        }
    }

    /// The numbers among the likelihood's arguments, each with the entry of the target that it is for, and the
    /// gradient by it.
    pub fn by_numbers(&self) -> impl Iterator<Item = (&Scalar, usize, f64)> {
        let arguments = self.graph.model.observe.arguments.iter();
        let gradients = arguments.zip(&self.buffers.d_arguments);
        let numbers = gradients.filter_map(|(a, gradient)| Some((a.numbers()?, gradient)));
        numbers.flat_map(|(numbers, gradient)| {
            let gradient = gradient[..numbers.width].iter().enumerate();
            gradient.map(|(entry, d)| (numbers.at(entry), entry, d.wide()))
        })
    }

    /// The outputs of the last forward pass as predictive distributions
    /// ([`crate::likelihood::Nll::predictive`]'s layout), one row an example.
    pub fn predictive(&self, kernels: &Kernels<T>, out: &mut [T]) {
        let arguments = self.arguments(kernels, &[]);
        let likelihood = T::nll(self.graph.model.observe.likelihood);
        let width = out.len() / self.examples.max(1);
        assert_eq!(out.len(), width * self.examples, "a row an example");
        let (share, places) = (self.graph.share(), self.graph.places());
        let shares = out.par_chunks_mut(share * width.max(1)).enumerate();
        shares.share(|(at, out)| {
            let (start, count) = (at * share, out.len() / width);
            let arguments: Vec<_> = arguments
                .iter()
                .map(|a| a.of(start..start + count).by_place(places))
                .collect();
            likelihood.predictive(&arguments, count * places, out);
        });
    }

    /// −log p(target) of each example under the outputs of the last forward pass; of a target with a class at each of
    /// several places, that of each place.
    pub fn nll_only(&self, kernels: &Kernels<T>, targets: Targets<T>, nll: &mut [T]) {
        let places = self.graph.places();
        assert_eq!(nll.len(), places * self.examples, "a number a place");
        let arguments = self.arguments(kernels, &[]).into_iter();
        let arguments: Vec<_> = arguments.map(|a| a.by_place(places)).collect();
        T::nll(self.graph.model.observe.likelihood).nll_only(&arguments, targets, nll);
    }

    /// The likelihood's arguments after the last forward pass: name, shape (`[B, k]`; of numbers that all examples
    /// share `[k]`, or `[]` for one number for all entries) and values.
    pub fn outputs(&self, kernels: &Kernels<T>) -> Vec<(String, Vec<usize>, Vec<T>)> {
        let parameters = self.graph.model.observe.likelihood.signature().parameters;
        let named = parameters.iter().zip(self.arguments(kernels, &[]));
        named
            .map(|(parameter, rows)| {
                let shape = match rows.stride {
                    0 if rows.step == 0 => vec![],
                    0 => vec![rows.values.len()],
                    stride => vec![self.examples, stride],
                };
                (parameter.name.to_string(), shape, rows.values.to_vec())
            })
            .collect()
    }
}
