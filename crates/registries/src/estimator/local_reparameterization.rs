//! `local_reparameterization` (Kingma et al. 2015): draws pre-activations instead of weights,
//! y ~ N(x∘loc, x²∘scale²), independently for every example: y = x∘loc + √v · ζ, v = x²∘scale².
//!
//! Backward: dm = dy reaches loc and x; dv = dy·ζ/(2√v) reaches scale² and x². Where v = 0 (an input of
//! zeros) y is certain: the root's infinite slope meets a gradient of exactly 0, and dv is 0 there.
//! tfp.layers has nothing under its root and trains to NaN. The slope ζ/(2√v) is kept from the forward pass,
//! which has its root, and so is x² of a dense layer.
//!
//! Exact for dense layers. For a convolution the positions of one example are drawn independently,
//! though one kernel serves them all: the marginals are right, their correlation is lost.

use super::{
    Draws, Estimate, Estimator, ExampleDraws, Kernel, KernelGradient, Saved, Scratch, Site, Slope,
};
use crate::posterior::Entries;
use crate::signature::Signature;
use crate::tensor::Real;
use crate::tensor::simd::{each, par_add_rows, par_each};

/// The estimator.
pub struct LocalReparameterization;

static SIGNATURE: Signature = Signature {
    name: "local_reparameterization",
    summary: "draws each example's pre-activations instead of the weights",
    parameters: &[],
};

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
    fn refuse_recurrence(&self) -> Option<&'static str> {
        Some(
            "local reparameterization draws what the weights give and not the weights: anew at every step, which would be \
             new weights at every step of a sequence",
        )
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
    fn slope(&self) -> Option<Slope> {
        Some(Slope::TwiceScale)
    }
    fn products(&self, _: bool) -> u64 {
        2
    }
    fn saved(&self) -> usize {
        1
    }
    fn saved_input(&self, whole_batch: bool) -> usize {
        usize::from(whole_batch)
    }
    fn first_is_loc(&self) -> bool {
        true
    }
    fn has_second(&self) -> bool {
        true
    }
    fn row_scratch(&self, _: bool) -> bool {
        true
    }
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
    fn forward(
        &self,
        site: &Site<T>,
        kernel: Kernel<T>,
        _: ExampleDraws<T>,
        x: &[T],
        y: &mut [T],
        saved: Saved<&mut [T]>,
        scratch: Scratch<T>,
    ) {
        let squared = match saved.input {
            [] => &mut scratch.inputs[..x.len()],
            kept => kept,
        };
        site.square(x, squared);
        let variance = &mut scratch.outputs[..y.len()];
        site.apply(kernel, [x, squared], [y, variance], scratch.layer);
    }
    fn merge(
        &self,
        _: &Site<T>,
        draws: ExampleDraws<T>,
        variance: &[T],
        y: &mut [T],
        saved: &mut [T],
    ) {
        draws.noise.fill(0, saved);
        let noise_then_slope = saved;
        T::dispatch(
            #[inline(always)]
            || add_noise(variance, y, noise_then_slope),
        );
    }
    fn branch(&self, _: &Site<T>, _: ExampleDraws<T>, dy: &[T], slope: &[T], d_variance: &mut [T]) {
        each(
            d_variance,
            [slope, dy],
            #[inline(always)]
            |d, [slope, dy]| *d = slope * dy,
        );
    }
    fn backward(
        &self,
        site: &Site<T>,
        kernel: Kernel<T>,
        _: ExampleDraws<T>,
        x: &[T],
        dy: &[T],
        saved: Saved<&[T]>,
        dx: Option<&mut [T]>,
        gradient: KernelGradient<T>,
        scratch: Scratch<T>,
    ) {
        let room = scratch.inputs;
        let dy = [dy, &scratch.outputs[..dy.len()]];
        let squared = match saved.input {
            [] => {
                let own = &mut room[..x.len()];
                site.square(x, own);
                &*own
            }
            kept => kept,
        };
        site.weight_gradient([x, squared], dy, gradient, scratch.layer);
        if let Some(dx) = dx {
            let through_squares = &mut room[..x.len()];
            site.transpose(kernel, dy, [dx, through_squares], scratch.layer);
            par_each(
                dx,
                [x, through_squares],
                #[inline(always)]
                |dx, [x, d]| *dx += (x + x) * d,
            );
        }
    }
    fn bias_rows(&self, bias: Kernel<T>, draws: ExampleDraws<T>, rows: &mut [T]) {
        let width = bias.first.len();
        let rows = rows
            .chunks_exact_mut(width)
            .zip(draws.activation.chunks_exact(width));
        for (row, noise) in rows {
            each(
                row,
                [bias.first, bias.second, noise],
                #[inline(always)]
                |row, [loc, variance, noise]| *row = loc + variance.sqrt() * noise,
            );
        }
    }
    fn bias_backward(
        &self,
        bias: Kernel<T>,
        draws: ExampleDraws<T>,
        d_rows: &[T],
        gradient: KernelGradient<T>,
    ) {
        par_add_rows(gradient.first, d_rows);
        let width = bias.first.len();
        let rows = d_rows.chunks_exact(width);
        for (d_row, noise) in rows.zip(draws.activation.chunks_exact(width)) {
            each(
                gradient.second,
                [bias.second, d_row, noise],
                #[inline(always)]
                |second, [variance, d, noise]| *second += d * half_slope(variance, noise),
            );
        }
    }
}

/// y += √v ζ; and, in the place of ζ, the slope of that by v.
#[inline(always)]
fn add_noise<T: Real>(variance: &[T], y: &mut [T], noise_then_slope: &mut [T]) {
    // the lengths are told so that the loop needs no check
    let n = y.len();
    let (variance, of) = (&variance[..n], &mut noise_then_slope[..n]);
    for i in 0..n {
        let noise = of[i];
        y[i] += variance[i].sqrt() * noise;
        of[i] = half_slope(variance[i], noise);
    }
}

/// ∂(√v ζ)/∂v = ζ/(2√v), and 0 where v = 0.
#[inline(always)]
fn half_slope<T: Real>(variance: T, noise: T) -> T {
    let deviation = variance.sqrt();
    // Divided first, so that vectors do both: 0/0 is not kept.
    let slope = noise / (deviation + deviation);
    if deviation > T::zero() {
        slope
    } else {
        T::zero()
    }
}
