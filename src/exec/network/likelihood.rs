//! The likelihood: the network's values, and numbers, as its arguments.

use super::super::{Batch, Kernels, Number};
use super::Network;
use super::slots::rows;
use crate::ir::{Argument, Handle, Observe, Scalar, Target};
use crate::likelihood::{Rows, Targets};
use crate::plan::{Graph, Storage};
use crate::signature::Parameter;
use crate::tensor::Share;
use rayon::prelude::*;

/// Entries of targets whose likelihood one thread works out, and of no more examples than that.
const SHARE: usize = 32;

/// A target with its likelihood.
pub(super) struct Observed<'a> {
    target: &'a Target,
    observe: &'a Observe,
    /// How many arguments those before it have, and how many numbers these are.
    before: [usize; 2],
}

impl Observed<'_> {
    /// Examples whose likelihood one thread works out.
    fn share(&self) -> usize {
        (SHARE / self.target.kind.entries()).max(1)
    }

    /// Places of an example that have a class each, which the likelihood takes one by one to predict.
    fn places(&self) -> usize {
        let kind = self.target.kind;
        kind.classes().map_or(1, |_| kind.entries())
    }
}

impl Graph {
    /// The target of this number.
    pub(super) fn observed(&self, number: usize) -> Observed<'_> {
        let mut before = [0; 2];
        let mut all = self.model.observed().enumerate();
        loop {
            let (at, (target, observe)) = all.next().expect("one of the model's targets");
            if at == number {
                return Observed {
                    target,
                    observe,
                    before,
                };
            }
            before[0] += observe.arguments.len();
            before[1] += observe.arguments.iter().map(Argument::width).sum::<usize>();
        }
    }

    /// How long the gradient by each of the likelihood's arguments is for `batch` examples, which have its numbers in
    /// common.
    pub fn argument_lengths(&self, batch: usize) -> Vec<usize> {
        let length = |argument: &Argument| match argument {
            Argument::Node(node) => batch * self.model.nodes[*node].shape.len(),
            Argument::Numbers(numbers) => numbers.width,
        };
        self.model.arguments().map(length).collect()
    }
}

impl<T: Number> Network<T> {
    /// The arguments of a target's likelihood after the last forward pass.
    pub(super) fn arguments<'a>(
        &'a self,
        observed: &Observed,
        kernels: &Kernels<'a, T>,
        inputs: &'a [T],
    ) -> Vec<Rows<'a, T>> {
        let mut next = observed.before[1];
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
        observed.observe.arguments.iter().map(value).collect()
    }

    /// The sum of the nll of a target over the minibatch of the last forward pass. `weight` times its gradient is
    /// where the backward pass starts ([`Network::start_backward`], once that of every target is known), and
    /// [`Network::by_numbers`].
    pub fn nll(
        &mut self,
        kernels: &Kernels<T>,
        batch: &Batch<T>,
        target: usize,
        weight: f64,
    ) -> f64 {
        let mut nll = std::mem::take(&mut self.buffers.nll);
        let mut all_gradients = std::mem::take(&mut self.buffers.d_arguments);
        let graph = self.graph.clone();
        let observed = graph.observed(target);
        let arguments = self.arguments(&observed, kernels, batch.inputs);
        let gradients = &mut all_gradients[observed.before[0]..][..arguments.len()];
        gradients
            .iter_mut()
            .for_each(|gradient| gradient.fill(T::zero()));
        let likelihood = T::nll(observed.observe.likelihood);
        // One share where examples have a number in common, whose gradient is a sum over them.
        let share = match arguments.iter().all(|argument| argument.stride > 0) {
            true => observed.share(),
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
        let width = observed.target.kind.entries();
        let targets = batch.targets_of(target);
        parts.share(|(at, (nll, gradients))| {
            let examples = at * share..at * share + nll.len();
            let arguments: Vec<_> = arguments.iter().map(|a| a.of(examples.clone())).collect();
            let targets = targets.of(examples, width);
            likelihood.nll(&arguments, targets, T::of(weight), nll, gradients);
        });
        let total = nll[..batch.len].iter().map(|x| x.wide()).sum();
        self.buffers.nll = nll;
        self.buffers.d_arguments = all_gradients;
        total
    }

    /// Carries the gradients by the arguments to the values that they are.
    pub fn start_backward(&mut self, examples: usize) {
        let (graph, buffers) = (&*self.graph, &mut self.buffers);
        let storage_of = |argument: &Argument| graph.nodes[argument.node()?].storage;
        let arguments = || graph.model.arguments();
        let place_of = |storage: Handle<Storage>| graph.storages[storage].place;
        for place in arguments().filter_map(storage_of).filter_map(place_of) {
            buffers.gradients[place].fill(T::zero());
        }
        for (argument, gradient) in arguments().zip(&buffers.d_arguments) {
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
        let arguments = self.graph.model.arguments();
        let gradients = arguments.zip(&self.buffers.d_arguments);
        let numbers = gradients.filter_map(|(a, gradient)| Some((a.numbers()?, gradient)));
        numbers.flat_map(|(numbers, gradient)| {
            let gradient = gradient[..numbers.width].iter().enumerate();
            gradient.map(|(entry, d)| (numbers.at(entry), entry, d.wide()))
        })
    }

    /// The outputs of the last forward pass as predictive distributions of a target
    /// ([`crate::likelihood::Nll::predictive`]'s layout), one row an example.
    pub fn predictive(&self, kernels: &Kernels<T>, target: usize, out: &mut [T]) {
        let observed = self.graph.observed(target);
        let arguments = self.arguments(&observed, kernels, &[]);
        let likelihood = T::nll(observed.observe.likelihood);
        let width = out.len() / self.examples.max(1);
        assert_eq!(out.len(), width * self.examples, "a row an example");
        let (share, places) = (observed.share(), observed.places());
        let entries = observed.target.kind.entries();
        let shares = out.par_chunks_mut(share * width.max(1)).enumerate();
        shares.share(|(at, out)| {
            let (start, count) = (at * share, out.len() / width);
            let arguments: Vec<_> = arguments
                .iter()
                .map(|a| a.of(start..start + count).by_place(places))
                .collect();
            likelihood.predictive(&arguments, [count * places, entries / places], out);
        });
    }

    /// −log p(target) of each example under the outputs of the last forward pass; of a target with a class at each of
    /// several places, that of each place.
    pub fn nll_only(
        &self,
        kernels: &Kernels<T>,
        target: usize,
        targets: Targets<T>,
        nll: &mut [T],
    ) {
        let observed = self.graph.observed(target);
        let places = observed.places();
        assert_eq!(nll.len(), places * self.examples, "a number a place");
        let arguments = self.arguments(&observed, kernels, &[]).into_iter();
        let arguments: Vec<_> = arguments.map(|a| a.by_place(places)).collect();
        T::nll(observed.observe.likelihood).nll_only(&arguments, targets, nll);
    }

    /// The likelihood's arguments after the last forward pass: name (of several targets behind the target's), shape
    /// (`[B, k]`; of numbers that all examples share `[k]`, or `[]` for one number for all entries) and values.
    pub fn outputs(&self, kernels: &Kernels<T>) -> Vec<(String, Vec<usize>, Vec<T>)> {
        let model = &self.graph.model;
        let of_target = |number: usize| {
            let observed = self.graph.observed(number);
            let parameters = observed.observe.likelihood.signature().parameters.iter();
            let named = parameters.zip(self.arguments(&observed, kernels, &[]));
            let output = |(parameter, rows): (&Parameter, Rows<T>)| {
                let shape = match rows.stride {
                    0 if rows.step == 0 => vec![],
                    0 => vec![rows.values.len()],
                    stride => vec![self.examples, stride],
                };
                let name = match model.others.is_empty() {
                    true => parameter.name.to_string(),
                    false => format!("{}.{}", observed.target.name, parameter.name),
                };
                (name, shape, rows.values.to_vec())
            };
            named.map(output).collect::<Vec<_>>()
        };
        (0..=model.others.len()).flat_map(of_target).collect()
    }
}
