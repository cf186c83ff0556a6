//! A point estimate: the weight is loc, for every example. Not in the registry: it is what a
//! parameter without a random posterior has.

use super::{Draws, Estimate, Estimator, ExampleDraws, Kernel, KernelGradient, Scratch, Site};
use crate::posterior::Entries;
use crate::signature::Signature;
use crate::tensor::Real;

/// No estimator.
pub struct Point;

/// The one value of it.
pub static POINT: Point = Point;

static SIGNATURE: Signature = Signature {
    name: "point",
    summary: "the weight is its loc",
    parameters: &[],
};

impl Estimator for Point {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn formula(&self) -> &'static str {
        "w = loc"
    }
    fn refuse(&self, _: Entries) -> Option<&'static str> {
        None
    }
    fn draws(&self) -> Draws {
        Draws {
            noise: false,
            signs: false,
            activation: false,
        }
    }
    fn products(&self, _: usize) -> u64 {
        1
    }
}

impl<T: Real> Estimate<T> for Point {
    fn prepare(&self, loc: &[T], _: &[T], _: &[T], first: &mut [T], _: &mut [T]) {
        first.copy_from_slice(loc);
    }
    fn scale_gradient(&self, _: &[T], _: &[T], _: &[T], _: &[T], _: &mut [T]) {}
    fn forward(
        &self,
        site: &Site<T>,
        kernel: Kernel<T>,
        _: ExampleDraws<T>,
        x: &[T],
        y: &mut [T],
        _: &mut [T],
        scratch: Scratch<T>,
    ) {
        site.linear.apply(x, kernel.first, y, scratch.layer);
    }
    fn backward(
        &self,
        site: &Site<T>,
        kernel: Kernel<T>,
        _: ExampleDraws<T>,
        x: &[T],
        dy: &[T],
        _: &[T],
        dx: Option<&mut [T]>,
        gradient: KernelGradient<T>,
        scratch: Scratch<T>,
    ) {
        shared_backward(site, kernel, x, dy, dx, gradient, scratch);
    }
    fn bias_rows(&self, bias: Kernel<T>, _: ExampleDraws<T>, rows: &mut [T]) {
        rows.chunks_exact_mut(bias.first.len())
            .for_each(|row| row.copy_from_slice(bias.first));
    }
    fn bias_backward(
        &self,
        _: Kernel<T>,
        _: ExampleDraws<T>,
        d_row: &[T],
        gradient: KernelGradient<T>,
    ) {
        add(gradient.first, d_row);
    }
}

/// The backward pass with one w for all examples.
pub(super) fn shared_backward<T: Real>(
    site: &Site<T>,
    kernel: Kernel<T>,
    x: &[T],
    dy: &[T],
    dx: Option<&mut [T]>,
    gradient: KernelGradient<T>,
    scratch: Scratch<T>,
) {
    let d_kernel = &mut scratch.kernels[..kernel.first.len()];
    site.linear.weight_gradient(x, dy, d_kernel, scratch.layer);
    add(gradient.first, d_kernel);
    if let Some(dx) = dx {
        site.linear.transpose(dy, kernel.first, dx, scratch.layer);
    }
}

/// to += from
#[inline(always)]
pub(super) fn add<T: Real>(to: &mut [T], from: &[T]) {
    to.iter_mut().zip(from).for_each(|(to, &from)| *to += from);
}
