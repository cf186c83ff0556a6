//! The product of a step, as an estimator takes it.

use super::super::super::Number;
use super::super::work::Work;
use super::examples::Examples;
use crate::estimator::{Estimate, ExampleDraws, Kernel, POINT, Saved, Scratch, Site};
use crate::layer::{AnyScan, Linear};
use crate::tensor::{Aligned, Real};

/// The product of a step of some examples.
pub struct Product<'a, T: Number> {
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

    /// The gradient by the states from that by the products, with a kernel turned over.
    pub fn transpose(&self, dy: &[T], dx: &mut [T], work: &mut Work<Aligned<T>>) {
        let scratch = self.scratch(dx.len() / self.site.input, work);
        let estimate = self.estimate;
        estimate.transpose_rows(&self.site, self.kernel, self.draws, dy, dx, scratch);
    }

    fn scratch<'w>(&self, rows: usize, work: &'w mut Work<Aligned<T>>) -> Scratch<'w, T> {
        work.of_examples(0, rows, [self.site.input, self.site.output, 0])
    }
}

impl<'a, T: Number> Examples<'a, T> {
    /// The product of a step with a kernel; under these weights instead, if there are any.
    pub fn product<'p>(
        &self,
        linear: &'p dyn Linear<T>,
        kernel: Kernel<'p, T>,
        weights: &'p [T],
    ) -> Product<'p, T>
    where
        'a: 'p,
    {
        let site = Site {
            linear,
            ..self.of.site(1)
        };
        match weights {
            [] => Product {
                site,
                estimate: self.of.kernels().estimate(self.of.kernel),
                kernel,
                draws: self.draws(),
            },
            first => Product {
                site,
                estimate: T::estimate(&POINT),
                kernel: Kernel { first, second: &[] },
                draws: ExampleDraws::default(),
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

/// A recurrence's product, given a kernel that is turned over, of which an estimator asks the way back alone.
pub struct Turned<'a, T>(&'a dyn Linear<T>);

impl<'a, T: Number> Turned<'a, T> {
    pub fn new(scan: &'a dyn AnyScan) -> Self {
        Turned(T::linear(scan.product_back()))
    }
}

impl<T: Real> Linear<T> for Turned<'_, T> {
    fn apply(&self, _: &[T], _: &[T], _: &mut [T], _: &mut [T]) {
        unreachable!("a step back asks for gradients")
    }
    fn transpose(&self, dy: &[T], turned: &[T], dx: &mut [T], scratch: &mut [T]) {
        self.0.apply(dy, turned, dx, scratch);
    }
    fn weight_gradient(&self, _: &[T], _: &[T], _: bool, _: &mut [T], _: &mut [T]) {
        unreachable!("the gradient by the kernel is made of all steps")
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
