//! `per_example`: w_b = loc + scale·ε_b, an ε_b of its own for every example.
//!
//! The estimate of least variance: the minibatch averages over B independent draws, as local
//! reparameterization does, but exactly, for convolutions and for every posterior of independent
//! entries. It takes B times the random numbers of the others, which are made anew in the backward pass
//! instead of kept: ε_b is a function of the stream and b.
//!
//! Backward from dW_b: d_loc += dW_b, d_scale += dW_b ⊙ ε_b.

use super::{
    Draws, Estimate, Estimator, ExampleDraws, Kernel, KernelGradient, Saved, Scratch, Site, Slope,
};
use crate::posterior::Entries;
use crate::signature::Signature;
use crate::tensor::{Math, Real};

/// The estimator.
pub struct PerExample;

static SIGNATURE: Signature = Signature {
    name: "per_example",
    summary: "an independent draw of the weights for every example",
    parameters: &[],
};

impl Estimator for PerExample {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn formula(&self) -> &'static str {
        "w_b = loc + scale·ε_b, one ε_b an example"
    }
    fn methods(&self) -> &'static str {
        "each example of a minibatch has a draw of its own, $$W_b = W(epsilon_b), b = 1, ..., B,$$ so that \
         the variance of the minibatch's mean falls as $1/B$"
    }
    fn refuse(&self, entries: Entries) -> Option<&'static str> {
        let independent = matches!(
            entries,
            Entries::Normal
                | Entries::Laplace
                | Entries::Cauchy
                | Entries::Masked
                | Entries::Scaled
        );
        (!independent).then_some(
            "per_example draws ε entry by entry for every example, and a draw of this posterior is of the whole tensor at once",
        )
    }
    fn draws(&self) -> Draws {
        Draws {
            example_noise: true,
            ..Draws::NONE
        }
    }
    fn slope(&self) -> Option<Slope> {
        Some(Slope::One)
    }
    fn products(&self, _: bool) -> u64 {
        1
    }
    fn by_example(&self) -> bool {
        true
    }
    fn first_is_loc(&self) -> bool {
        true
    }
    fn has_second(&self) -> bool {
        true
    }
    /// ε_b, w_b and dW_b.
    fn kernel_scratch(&self, _: bool) -> usize {
        3
    }
}

/// out = loc + scale·ε
fn draw<T: Real>(kernel: Kernel<T>, noise: &[T], out: &mut [T]) {
    T::dispatch(
        #[inline(always)]
        || {
            let entries = kernel.first.iter().zip(kernel.second).zip(noise);
            for (out, ((&loc, &scale), &noise)) in out.iter_mut().zip(entries) {
                *out = loc + scale * noise;
            }
        },
    );
}

/// gradient.first += d, gradient.second += d·ε
fn collect<T: Real>(d: &[T], noise: &[T], gradient: KernelGradient<T>) {
    T::dispatch(
        #[inline(always)]
        || {
            let into = gradient.first.iter_mut().zip(gradient.second);
            for ((first, second), (&d, &noise)) in into.zip(d.iter().zip(noise)) {
                *first += d;
                *second += d * noise;
            }
        },
    );
}

impl<T: Math> Estimate<T> for PerExample {
    fn prepare(&self, _: &[T], scale: &[T], _: &[T], _: &mut [T], second: &mut [T]) {
        second.copy_from_slice(scale);
    }
    fn forward(
        &self,
        site: &Site<T>,
        kernel: Kernel<T>,
        draws: ExampleDraws<T>,
        x: &[T],
        y: &mut [T],
        _: Saved<&mut [T]>,
        scratch: Scratch<T>,
    ) {
        let len = kernel.first.len();
        let (noise, rest) = scratch.kernels.split_at_mut(len);
        let w = &mut rest[..len];
        let examples = x
            .chunks_exact(site.input)
            .zip(y.chunks_exact_mut(site.output));
        for (example, (x, y)) in examples.enumerate() {
            draws.noise.fill(example * len, noise);
            draw(kernel, noise, w);
            site.linear.apply(x, w, y, scratch.layer);
        }
    }
    fn backward(
        &self,
        site: &Site<T>,
        kernel: Kernel<T>,
        draws: ExampleDraws<T>,
        x: &[T],
        dy: &[T],
        _: Saved<&[T]>,
        mut dx: Option<&mut [T]>,
        gradient: KernelGradient<T>,
        scratch: Scratch<T>,
    ) {
        let len = kernel.first.len();
        let (noise, rest) = scratch.kernels.split_at_mut(len);
        let (w, rest) = rest.split_at_mut(len);
        let dw = &mut rest[..len];
        let examples = x.chunks_exact(site.input).zip(dy.chunks_exact(site.output));
        for (example, (x, dy)) in examples.enumerate() {
            draws.noise.fill(example * len, noise);
            site.linear.weight_gradient(x, dy, false, dw, scratch.layer);
            let gradient = KernelGradient {
                first: &mut *gradient.first,
                second: &mut *gradient.second,
                add: true,
            };
            collect(dw, noise, gradient);
            if let Some(dx) = &mut dx {
                draw(kernel, noise, w);
                let dx = &mut dx[example * site.input..][..site.input];
                site.linear.transpose(dy, w, dx, scratch.layer);
            }
        }
    }
    fn bias_rows(&self, bias: Kernel<T>, draws: ExampleDraws<T>, rows: &mut [T]) {
        let width = bias.first.len();
        let mut noise = vec![T::zero(); width];
        for (example, row) in rows.chunks_exact_mut(width).enumerate() {
            draws.noise.fill(example * width, &mut noise);
            draw(bias, &noise, row);
        }
    }
    fn bias_backward(
        &self,
        bias: Kernel<T>,
        draws: ExampleDraws<T>,
        d_rows: &[T],
        gradient: KernelGradient<T>,
    ) {
        let width = bias.first.len();
        let mut noise = vec![T::zero(); width];
        let KernelGradient { first, second, add } = gradient;
        for (example, d_row) in d_rows.chunks_exact(width).enumerate() {
            draws.noise.fill(example * width, &mut noise);
            let gradient = KernelGradient {
                first: &mut *first,
                second: &mut *second,
                add,
            };
            collect(d_row, &noise, gradient);
        }
    }
}
