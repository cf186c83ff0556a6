//! The gradients by the kernel, its factors and the bias, of all steps.

use super::super::super::Number;
use super::super::backward::add_rows;
use super::super::slots::rows;
use super::super::work::{Work, cut};
use super::buffers::Part;
use super::examples::Examples;
use crate::estimator::{KernelGradient, Saved, Scratch};
use crate::ir::{Handle, Tensor};
use crate::layer::Geometry;
use crate::tensor::Aligned;
use std::collections::BTreeMap;
use std::mem;

/// The gradients by the arrays that estimators prepare.
type Gradients<T> = BTreeMap<Handle<Tensor>, [Aligned<T>; 2]>;

fn of<T: Number>(gradients: &mut Gradients<T>, tensor: Handle<Tensor>) -> KernelGradient<'_, T> {
    let [first, second] = gradients.get_mut(&tensor).expect("its parameter's");
    KernelGradient {
        first,
        second,
        add: true,
    }
}

impl<T: Number> Examples<'_, T> {
    /// Adds them, from the states before each step and the gradients in `part` that a way back left there.
    pub fn gradients(&self, states: &[T], part: &mut Part<Aligned<T>>) {
        let Geometry {
            steps,
            units,
            products,
            ..
        } = self.of.geometry;
        let Part {
            d_products,
            d_bias,
            work,
            gradients,
            ..
        } = part;
        // One product of all examples, where they share the kernel.
        let at_once = if self.share_kernel() { self.count } else { 1 };
        for at in cut(self.count, at_once.max(1)) {
            let states = rows(states, at.start, at.len(), steps * units);
            let dy = rows(d_products, at.start, at.len(), steps * products);
            self.some(&at).by_kernel(states, dy, work, gradients);
        }
        if let Some(bias) = self.of.step().bias {
            let d_bias = rows(d_bias, 0, self.count, units);
            let into = of(gradients, bias);
            add_rows(self.of.kernels(), bias, &self.at(), d_bias, into);
        }
    }

    /// Whether no example has anything of its own in the kernel.
    fn share_kernel(&self) -> bool {
        let plan = self.of.plan();
        let own = plan.masked || plan.factors.is_some() || plan.estimator.draws().of_examples();
        !own
    }

    /// The gradients by the kernel and its factors, of examples that see the same or of one.
    fn by_kernel(
        &self,
        states: &[T],
        dy: &[T],
        work: &mut Work<Aligned<T>>,
        gradients: &mut Gradients<T>,
    ) {
        let (kernels, tensor) = (self.of.kernels(), self.of.kernel);
        let estimate = kernels.estimate(tensor);
        let (site, kernel) = (self.of.site(self.of.geometry.steps), kernels.kernel(tensor));
        let output = match work.extra.is_empty() {
            true => 0,
            false => dy.len(),
        };
        if output > 0 {
            // What it reads of the outputs before their factors is made once more.
            let mut y = mem::take(&mut work.outputs);
            let kept = Saved {
                input: &mut [][..],
                output: &mut work.extra[..output],
            };
            let scratch = Scratch {
                layer: &mut work.layer,
                kernels: &mut work.kernels,
                inputs: &mut work.inputs,
                outputs: &mut [],
                factors: &mut [],
            };
            let (draws, y_of) = (self.draws(), &mut y[..output]);
            estimate.forward(&site, kernel, draws, states, y_of, kept, scratch);
            work.outputs = y;
        }
        let extra = mem::take(&mut work.extra);
        let kept = Saved {
            input: &[][..],
            output: &extra[..output],
        };
        let scratch = work.scratch(kernels.factor_channels(tensor));
        let into = of(gradients, tensor);
        let draws = self.draws();
        estimate.backward(&site, kernel, draws, states, dy, kept, None, into, scratch);
        work.extra = extra;
        let mut by_factors = &work.factors[..];
        for factor in self.of.plan().factors.into_iter().flatten() {
            let len = kernels.graph.kernels[factor].entries.len();
            let (row, rest) = by_factors.split_at(len);
            by_factors = rest;
            add_rows(kernels, factor, &self.at(), row, of(gradients, factor));
        }
    }
}
