//! `local_reparameterization` (Kingma et al. 2015): draws pre-activations instead of weights,
//! y ~ N(x∘loc, x²∘scale²), independently for every example: y = x∘loc + √v · ζ, v = x²∘scale².
//!
//! Backward: dm = dy reaches loc and x; dv = dy·ζ/(2√v) reaches scale² and x². Where v = 0 (an input of
//! zeros) y is certain: the root's infinite slope meets a gradient of exactly 0, and dv is 0 there.
//! tfp.layers has nothing under its root and trains to NaN.
//!
//! Exact for dense layers. For a convolution the positions of one example are drawn independently,
//! though one kernel serves them all: the marginals are right, their correlation is lost.

use super::{Draws, Estimate, Estimator, ExampleDraws, Kernel, KernelGradient, Scratch, Site, add};
use crate::posterior::Entries;
use crate::signature::Signature;
use crate::tensor::Real;
use crate::tensor::simd::each;
use rayon::prelude::*;

/// The estimator.
pub struct LocalReparameterization;

static SIGNATURE: Signature = Signature {
    name: "local_reparameterization",
    summary: "draws each example's pre-activations instead of the weights",
    parameters: &[],
};

const BLOCK: usize = 1 << 14;

impl Estimator for LocalReparameterization {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn formula(&self) -> &'static str {
        "y ~ Normal(x∘loc, sqrt(x²∘scale²)), independent for each example"
    }
    fn methods(&self) -> &'static str {
        "local reparameterization [@kingma2015] draws what the weights give in place of the weights: the \
         pre-activation of unit $o$ for example $b$ is \
         $$a_(b o) ~ Normal(sum_i x_(b i) mu_(i o), sum_i x_(b i)^2 sigma_(i o)^2),$$ independently for each example and unit"
    }
    fn refuse(&self, entries: Entries) -> Option<&'static str> {
        (entries != Entries::Normal)
            .then_some("local reparameterization draws sums of independent normals, so it needs a MeanField posterior")
    }
    fn remark(&self, positions: usize) -> Option<&'static str> {
        (positions > 1).then_some(
            "an approximation: the positions of an example are drawn independently, though they share one kernel",
        )
    }
    fn draws(&self) -> Draws {
        Draws {
            activation: true,
            ..Draws::NONE
        }
    }
    fn products(&self, _: usize) -> u64 {
        2
    }
    fn saved(&self) -> usize {
        1
    }
    fn first_is_loc(&self) -> bool {
        true
    }
    fn has_second(&self) -> bool {
        true
    }
    fn row_scratch(&self, _: usize) -> bool {
        true
    }
}

/// out_i = f(a_i, b_i), in parallel blocks.
fn zip_blocks<T: Real>(out: &mut [T], a: &[T], b: &[T], f: impl Fn(&mut T, T, T) + Sync) {
    out.par_chunks_mut(BLOCK)
        .zip(a.par_chunks(BLOCK))
        .zip(b.par_chunks(BLOCK))
        .for_each(|((out, a), b)| {
            each(
                out,
                [a, b],
                #[inline(always)]
                |out, [a, b]| f(out, a, b),
            );
        });
}

impl<T: Real> Estimate<T> for LocalReparameterization {
    fn prepare(&self, _: &[T], scale: &[T], _: &[T], _: &mut [T], second: &mut [T]) {
        each(
            second,
            [scale],
            #[inline(always)]
            |variance, [scale]| *variance = scale * scale,
        );
    }
    fn scale_gradient(&self, scale: &[T], _: &[T], _: &[T], d_second: &[T], d_scale: &mut [T]) {
        each(
            d_scale,
            [d_second, scale],
            #[inline(always)]
            |d_scale, [d, scale]| *d_scale += d * (scale + scale),
        );
    }
    fn forward(
        &self,
        site: &Site<T>,
        kernel: Kernel<T>,
        draws: ExampleDraws<T>,
        x: &[T],
        y: &mut [T],
        saved: &mut [T],
        scratch: Scratch<T>,
    ) {
        let squared = &mut scratch.rows[..x.len()];
        zip_blocks(
            squared,
            x,
            x,
            #[inline(always)]
            |out, a, b| *out = a * b,
        );
        site.linear
            .apply(squared, kernel.second, saved, scratch.layer);
        saved.par_chunks_mut(BLOCK).for_each(|saved| {
            each(
                saved,
                [],
                #[inline(always)]
                |v, []| *v = v.sqrt(),
            )
        });
        site.linear.apply(x, kernel.first, y, scratch.layer);
        zip_blocks(
            y,
            saved,
            draws.activation,
            #[inline(always)]
            |y, deviation, noise| *y += deviation * noise,
        );
    }
    fn backward(
        &self,
        site: &Site<T>,
        kernel: Kernel<T>,
        draws: ExampleDraws<T>,
        x: &[T],
        dy: &[T],
        saved: &[T],
        dx: Option<&mut [T]>,
        gradient: KernelGradient<T>,
        scratch: Scratch<T>,
    ) {
        let (squared, d_variance) = scratch.rows.split_at_mut(x.len());
        let d_variance = &mut d_variance[..dy.len()];
        zip_blocks(
            squared,
            x,
            x,
            #[inline(always)]
            |out, a, b| *out = a * b,
        );
        zip_blocks(
            d_variance,
            saved,
            draws.activation,
            #[inline(always)]
            |d, deviation, noise| *d = half_slope(deviation, noise),
        );
        zip_blocks(
            d_variance,
            dy,
            dy,
            #[inline(always)]
            |d, dy, _| *d *= dy,
        );
        let (add, layer) = (gradient.add, &mut *scratch.layer);
        site.linear
            .weight_gradient(x, dy, add, gradient.first, layer);
        site.linear
            .weight_gradient(squared, d_variance, add, gradient.second, layer);
        if let Some(dx) = dx {
            site.linear.transpose(dy, kernel.first, dx, scratch.layer);
            let through_squares = squared;
            site.linear
                .transpose(d_variance, kernel.second, through_squares, scratch.layer);
            zip_blocks(
                dx,
                x,
                through_squares,
                #[inline(always)]
                |dx, x, d| *dx += (x + x) * d,
            );
        }
    }
    fn bias_rows(&self, bias: Kernel<T>, draws: ExampleDraws<T>, rows: &mut [T]) {
        let width = bias.first.len();
        for (row, noise) in rows
            .chunks_exact_mut(width)
            .zip(draws.activation.chunks_exact(width))
        {
            for (((row, &loc), &variance), &noise) in
                row.iter_mut().zip(bias.first).zip(bias.second).zip(noise)
            {
                *row = loc + variance.sqrt() * noise;
            }
        }
    }
    fn bias_backward(
        &self,
        bias: Kernel<T>,
        draws: ExampleDraws<T>,
        d_row: &[T],
        gradient: KernelGradient<T>,
    ) {
        add(gradient.first, d_row);
        let entries = gradient
            .second
            .iter_mut()
            .zip(bias.second)
            .zip(d_row.iter().zip(draws.activation));
        for ((second, &variance), (&d, &noise)) in entries {
            *second += d * half_slope(variance.sqrt(), noise);
        }
    }
}

/// ∂(√v ζ)/∂v = ζ/(2√v), and 0 where v = 0.
#[inline(always)]
fn half_slope<T: Real>(deviation: T, noise: T) -> T {
    // Divided first, so that vectors do both: 0/0 is not kept.
    let slope = noise / (deviation + deviation);
    if deviation > T::zero() {
        slope
    } else {
        T::zero()
    }
}
