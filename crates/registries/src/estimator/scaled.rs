//! One kernel whose rows and columns each example multiplies with factors of its own:
//! W_b = W ⊙ (r_b s_bᵀ), r_b over input channels, s_b over output channels. Not in the registry: it is
//! how the posteriors `Rank1` (r and s random) and `Dropout` (r of zeros and ones, s = 1) run, whatever
//! their estimator says of how often the factors are drawn.
//!
//! ```text
//! y_b = ((x_b ⊙ r_b) ∘ W) ⊙ s_b                                (Dusenberry et al. 2020, eq. 2)
//! v_b = dy_b ⊙ s_b,   u_b = v_b ∘ Wᵀ
//! dW  += (x_b ⊙ r_b)ᵀ ∘ v_b,   dx_b = u_b ⊙ r_b,
//! dr_b = Σ_positions x_b ⊙ u_b,   ds_b = Σ_positions dy_b ⊙ ((x_b ⊙ r_b) ∘ W)
//! ```

use super::passes::{Per, multiply};
use super::{
    Draws, Estimate, Estimator, ExampleDraws, Kernel, KernelGradient, Saved, Scratch, Site,
};
use crate::posterior::Entries;
use crate::signature::Signature;
use crate::tensor::Real;
use crate::tensor::simd::each;

/// The estimator.
pub struct Scaled;

/// The one value of it.
pub static SCALED: Scaled = Scaled;

static SIGNATURE: Signature = Signature {
    name: "scaled",
    summary: "the weight is its loc, its rows and columns multiplied with factors",
    parameters: &[],
};

impl Estimator for Scaled {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn formula(&self) -> &'static str {
        "w_b = loc ⊙ (r_b s_bᵀ)"
    }
    fn methods(&self) -> &'static str {
        "each example multiplies the input and the output channels with factors, $$W_b = W odot (r_b s_b^T)$$"
    }
    fn refuse(&self, _: Entries) -> Option<&'static str> {
        None
    }
    fn draws(&self) -> Draws {
        Draws::NONE
    }
    fn products(&self, _: bool) -> u64 {
        1
    }
    fn first_is_loc(&self) -> bool {
        true
    }
    /// The output before s.
    fn saved(&self) -> usize {
        1
    }
    fn row_scratch(&self, _: bool) -> bool {
        true
    }
}

/// [`multiply`] by what there is: no factors are all 1.
fn scale<T: Real>(x: &[T], factors: &[T], per: Per, out: &mut [T]) {
    match factors {
        [] => out.copy_from_slice(x),
        factors => multiply(x, factors, per, out),
    }
}

/// The same of the inputs. Where these are tokens, their factors are signs or zeros.
fn scale_inputs<T: Real>(site: &Site<T>, x: &[T], factors: &[T], out: &mut [T]) {
    match factors {
        [] => out.copy_from_slice(x),
        factors => site.flip(x, factors, out),
    }
}

/// Rows times their factors; no factors are all 1.
fn turn<T: Real>(rows: &mut [T], factors: &[T]) {
    if !factors.is_empty() {
        each(
            rows,
            [factors],
            #[inline(always)]
            |row, [factor]| *row *= factor,
        );
    }
}

/// out_b = Σ_positions a ⊙ b, one row of channels an example.
fn sum<T: Real>(a: &[T], b: &[T], channels: usize, example: usize, out: &mut [T]) {
    out.fill(T::zero());
    let positions = example / channels;
    let rows = a.chunks_exact(channels).zip(b.chunks_exact(channels));
    for (row, (a, b)) in rows.enumerate() {
        let out = &mut out[row / positions * channels..][..channels];
        for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
            *out += a * b;
        }
    }
}

impl<T: Real> Estimate<T> for Scaled {
    fn prepare(&self, _: &[T], _: &[T], _: &[T], _: &mut [T], _: &mut [T]) {}
    fn forward(
        &self,
        site: &Site<T>,
        kernel: Kernel<T>,
        draws: ExampleDraws<T>,
        x: &[T],
        y: &mut [T],
        saved: Saved<&mut [T]>,
        scratch: Scratch<T>,
    ) {
        let scaled = &mut scratch.inputs[..x.len()];
        scale_inputs(site, x, draws.sign_in, scaled);
        let before = saved.output;
        site.linear
            .apply(scaled, kernel.first, before, scratch.layer);
        scale(before, draws.sign_out, site.outputs(), y);
    }
    fn backward(
        &self,
        site: &Site<T>,
        kernel: Kernel<T>,
        draws: ExampleDraws<T>,
        x: &[T],
        dy: &[T],
        saved: Saved<&[T]>,
        dx: Option<&mut [T]>,
        gradient: KernelGradient<T>,
        scratch: Scratch<T>,
    ) {
        let rows = &mut scratch.inputs[..x.len()];
        let v = &mut scratch.outputs[..dy.len()];
        scale(dy, draws.sign_out, site.outputs(), v);
        scale_inputs(site, x, draws.sign_in, rows);
        site.linear
            .weight_gradient(rows, v, gradient.add, gradient.first, scratch.layer);
        let wanted = !scratch.factors.is_empty();
        if dx.is_some() || wanted {
            site.linear.transpose(v, kernel.first, rows, scratch.layer);
        }
        if wanted {
            let examples = x.len() / site.input;
            let (by_in, by_out) = scratch.factors.split_at_mut(examples * site.channels_in);
            sum(x, rows, site.channels_in, site.input, by_in);
            let by_out = &mut by_out[..examples * site.channels_out];
            sum(dy, saved.output, site.channels_out, site.output, by_out);
        }
        if let Some(dx) = dx {
            scale(rows, draws.sign_in, site.inputs(), dx);
        }
    }
    fn apply_rows(
        &self,
        site: &Site<T>,
        kernel: Kernel<T>,
        draws: ExampleDraws<T>,
        x: &[T],
        y: &mut [T],
        scratch: Scratch<T>,
    ) {
        let scaled = &mut scratch.inputs[..x.len()];
        scale(x, draws.sign_in, site.inputs(), scaled);
        site.linear.apply(scaled, kernel.first, y, scratch.layer);
        turn(y, draws.sign_out);
    }
    fn transpose_rows(
        &self,
        site: &Site<T>,
        kernel: Kernel<T>,
        draws: ExampleDraws<T>,
        dy: &[T],
        dx: &mut [T],
        scratch: Scratch<T>,
    ) {
        let v = &mut scratch.outputs[..dy.len()];
        scale(dy, draws.sign_out, site.outputs(), v);
        site.linear.transpose(v, kernel.first, dx, scratch.layer);
        turn(dx, draws.sign_in);
    }
}
