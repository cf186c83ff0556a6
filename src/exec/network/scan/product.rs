//! The product of a step, as an estimator takes it.

use super::super::super::Number;
use super::super::work::Work;
use super::examples::Examples;
use crate::estimator::{Estimate, ExampleDraws, Kernel, POINT, Saved, Scratch, Site};
use crate::layer::{AnyLinear, Linear};
use crate::tensor::{Aligned, Real};

/// The product of a step of some examples.
pub struct Product<'a, T: Number> {
    linear: &'a dyn AnyLinear,
    site: Site<'a, T>,
    estimate: &'static dyn Estimate<T>,
    kernel: Kernel<'a, T>,
    draws: ExampleDraws<'a, T>,
}

impl<T: Number> Product<'_, T> {
    /// From a row of states for each example.
    pub fn apply(&self, x: &[T], y: &mut [T], work: &mut Work<Aligned<T>>) {
        let scratch = self.scratch(x.len() / self.site.input, work);
        let estimate = self.estimate;
        estimate.apply_rows(&self.site, self.kernel, self.draws, x, y, scratch);
    }

    /// The gradient by the states from that by the products.
    pub fn transpose(&self, dy: &[T], dx: &mut [T], work: &mut Work<Aligned<T>>) {
        let scratch = self.scratch(dx.len() / self.site.input, work);
        let estimate = self.estimate;
        estimate.transpose_rows(&self.site, self.kernel, self.draws, dy, dx, scratch);
    }

    fn scratch<'w>(&self, rows: usize, work: &'w mut Work<Aligned<T>>) -> Scratch<'w, T> {
        let layer = self.linear.scratch(rows).min(work.layer.len());
        work.of_examples(layer, rows, [self.site.input, self.site.output, 0])
    }
}

impl<'a, T: Number> Examples<'a, T> {
    /// The product of a step; under these weights, if there are any.
    pub fn product<'w>(&self, weights: &'w [T]) -> Product<'w, T>
    where
        'a: 'w,
    {
        let (of, kernels) = (&self.of, self.of.kernels());
        let drawn = Product {
            linear: of.scan.product(),
            site: of.site(1),
            estimate: kernels.estimate(of.kernel),
            kernel: kernels.kernel(of.kernel),
            draws: self.draws(),
        };
        match weights {
            [] => drawn,
            weights => Product {
                estimate: T::estimate(&POINT),
                kernel: Kernel {
                    first: weights,
                    second: &[],
                },
                draws: ExampleDraws::default(),
                ..drawn
            },
        }
    }

    /// Writes out the weights of the one example.
    pub fn write_weights(&self, weights: &mut [T], work: &mut Work<Aligned<T>>) {
        let kernels = self.of.kernels();
        let site = Site {
            linear: &Itself,
            input: weights.len(),
            output: weights.len(),
            ..self.of.site(1)
        };
        let kernel = kernels.kernel(self.of.kernel);
        let nothing = Saved {
            input: &mut [][..],
            output: &mut [][..],
        };
        // It reads no inputs: any row as long is one.
        let x = kernel.first;
        let (draws, scratch) = (self.draws(), work.scratch(0));
        let estimate = kernels.estimate(self.of.kernel);
        estimate.forward(&site, kernel, draws, x, weights, nothing, scratch);
    }
}

/// A layer whose output is its weights: what an estimator runs it under is seen.
struct Itself;

impl<T: Real> Linear<T> for Itself {
    fn apply(&self, _: &[T], w: &[T], y: &mut [T], _: &mut [T]) {
        y.copy_from_slice(w);
    }
    fn transpose(&self, _: &[T], _: &[T], dx: &mut [T], _: &mut [T]) {
        dx.fill(T::zero());
    }
    fn weight_gradient(&self, _: &[T], dy: &[T], _: bool, dw: &mut [T], _: &mut [T]) {
        dw.copy_from_slice(dy);
    }
}
