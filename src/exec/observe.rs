//! The likelihood: the network's values, and numbers, as its arguments.

use super::slots::rows;
use super::{Batch, Interpreter, Number};
use crate::ir::Argument;
use crate::likelihood::{Rows, TargetKind, Targets};
use crate::plan::Plan;
use crate::tensor::{Aligned, Share};
use rayon::prelude::*;

/// Examples whose likelihood one thread works out.
const SHARE: usize = 32;

impl Plan {
    /// Entries an example of each of the likelihood's arguments; `None` where it is one number for all.
    pub fn argument_widths(&self) -> Vec<Option<usize>> {
        let width = |argument: &Argument| match argument {
            Argument::Node(node) => Some(self.model.nodes[*node].shape.len()),
            Argument::Scalar(_) => None,
        };
        self.model.observe.arguments.iter().map(width).collect()
    }
}

/// One argument's values, and how they are laid out.
struct Values<'a, T: Clone> {
    values: std::borrow::Cow<'a, [T]>,
    stride: usize,
    step: usize,
}

impl<T: Number> Values<'_, T> {
    fn rows(&self) -> Rows<'_, T> {
        Rows {
            values: &self.values,
            stride: self.stride,
            step: self.step,
        }
    }
}

impl<T: Number> Interpreter<T> {
    fn arguments<'a>(&'a self, inputs: &'a [T]) -> Vec<Values<'a, T>> {
        let value = |argument: &Argument| match argument {
            Argument::Node(node) => {
                let len = self.plan.model.nodes[*node].shape.len();
                let all = match self.plan.nodes[node.index()].storage {
                    Some(storage) => &self.buffers.values[storage],
                    None => inputs,
                };
                let values = rows(all, 0, self.examples, len).into();
                Values {
                    values,
                    stride: len,
                    step: usize::from(len > 1),
                }
            }
            Argument::Scalar(scalar) => {
                let number = scalar.value(&|leaf| self.leaf(leaf));
                Values {
                    values: vec![T::of(number)].into(),
                    stride: 0,
                    step: 0,
                }
            }
        };
        self.plan
            .model
            .observe
            .arguments
            .iter()
            .map(value)
            .collect()
    }

    /// The sum of the nll over the minibatch; `weight` times its gradient goes to the observed values.
    pub(super) fn observe(&mut self, batch: &Batch<T>, weight: f64) -> f64 {
        let mut nll = std::mem::take(&mut self.buffers.nll);
        let mut gradients = std::mem::take(&mut self.buffers.d_arguments);
        gradients
            .iter_mut()
            .for_each(|gradient| gradient.fill(T::zero()));
        let values = self.arguments(batch.inputs);
        let arguments: Vec<_> = values.iter().map(Values::rows).collect();
        let likelihood = T::nll(self.plan.model.observe.likelihood);
        // One share where examples have a number in common, whose gradient is a sum over them.
        let share = match arguments.iter().all(|argument| argument.stride > 0) {
            true => SHARE,
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
        let width = match self.plan.model.target.kind {
            TargetKind::Real(width) => width,
            TargetKind::Category(_) | TargetKind::Binary => 1,
        };
        parts.share(|(at, (nll, gradients))| {
            let examples = at * share..at * share + nll.len();
            let arguments: Vec<_> = arguments.iter().map(|a| a.of(examples.clone())).collect();
            let targets = batch.targets.of(examples, width);
            likelihood.nll(&arguments, targets, T::of(weight), nll, gradients);
        });
        drop(shares);
        let total = nll[..batch.len].iter().map(|x| x.wide()).sum();
        drop(values);
        self.spread(&gradients, batch.len);
        self.buffers.nll = nll;
        self.buffers.d_arguments = gradients;
        total
    }

    /// Carries the gradients by the arguments to the values and numbers they are.
    fn spread(&mut self, gradients: &[Aligned<T>], examples: usize) {
        let plan = self.plan.clone();
        let arguments = &plan.model.observe.arguments;
        let storage_of = |argument: &Argument| match argument {
            Argument::Node(node) => plan.nodes[node.index()].storage,
            Argument::Scalar(_) => None,
        };
        for storage in arguments.iter().filter_map(storage_of) {
            self.buffers.gradients[storage].fill(T::zero());
        }
        for (argument, gradient) in arguments.iter().zip(gradients) {
            if let Argument::Scalar(scalar) = argument {
                self.add_to_leaves(scalar, gradient[0].wide());
            }
            if let Some(storage) = storage_of(argument) {
                let len = plan.storages[storage].len;
                let into = &mut self.buffers.gradients[storage];
                let count = (examples * len).min(into.len());
                into[..count]
                    .iter_mut()
                    .zip(gradient)
                    .for_each(|(into, &d)| *into += d);
            }
        }
    }

    /// The outputs of the last forward pass as predictive distributions
    /// ([`crate::likelihood::Nll::predictive`]'s layout), one row an example.
    pub fn last_predictive(&self, out: &mut [T]) {
        let values = self.arguments(&[]);
        let arguments: Vec<_> = values.iter().map(Values::rows).collect();
        let likelihood = T::nll(self.plan.model.observe.likelihood);
        let width = out.len() / self.examples.max(1);
        assert_eq!(out.len(), width * self.examples, "a row an example");
        let shares = out.par_chunks_mut(SHARE * width.max(1)).enumerate();
        shares.share(|(at, out)| {
            let (start, count) = (at * SHARE, out.len() / width);
            let arguments: Vec<_> = arguments
                .iter()
                .map(|a| a.of(start..start + count))
                .collect();
            likelihood.predictive(&arguments, count, out);
        });
    }

    /// −log p(target) of each example under the outputs of the last forward pass.
    pub(super) fn nll_only(&self, targets: Targets<T>, nll: &mut [T]) {
        let values = self.arguments(&[]);
        let arguments: Vec<_> = values.iter().map(Values::rows).collect();
        T::nll(self.plan.model.observe.likelihood).nll_only(&arguments, targets, nll);
    }

    /// The likelihood's arguments after the last forward pass: name, shape (`[B, k]`, or `[]` for one
    /// number for all) and values.
    pub fn outputs(&self) -> Vec<(String, Vec<usize>, Vec<T>)> {
        let parameters = self.plan.model.observe.likelihood.signature().parameters;
        let named = parameters.iter().zip(self.arguments(&[]));
        named
            .map(|(parameter, values)| {
                let shape = if values.stride == 0 {
                    vec![]
                } else {
                    vec![self.examples, values.stride]
                };
                (
                    parameter.name.to_string(),
                    shape,
                    values.values.into_owned(),
                )
            })
            .collect()
    }
}
