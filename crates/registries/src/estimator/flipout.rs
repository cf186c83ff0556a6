//! `flipout` (Wen et al. 2018): one perturbation P = scale·ε a minibatch, decorrelated between examples
//! by random signs: W_b = loc + P ⊙ (s_in s_outᵀ), s_in over input channels, s_out over output channels.
//!
//! Two ways to run it, for the same numbers:
//!
//! - a layer that takes one example at a time (a convolution): run it once, under W_b. That takes
//!   kh·kw·C_in·C_out more products, the layer that times the number of positions. Backward from dW_b:
//!   d_loc += dW_b, dP += dW_b ⊙ (s_in s_outᵀ). A layer that can ([`Perturbed`]) works W_b out where it
//!   reads it and adds dW_b where it is collected; for others W_b and dW_b are written out.
//! - a layer that takes the whole minibatch (dense): x∘loc + ((x ⊙ s_in)∘P) ⊙ s_out over the whole minibatch
//!   (equation 4), two products instead of B small ones.
//!
//! d_scale = dP·ε. The signs need a posterior that is symmetric about its mean, entry by entry.

use super::passes::{by_channels, rows};
use super::{
    Draws, Estimate, Estimator, ExampleDraws, Kernel, KernelGradient, Saved, Scratch, Site, Slope,
};
use crate::layer::Perturbed;
use crate::posterior::Entries;
use crate::signature::Signature;
use crate::tensor::Real;
use crate::tensor::correlate::{Gradient, Signs, Weights};
use crate::tensor::simd::{each, par_add_rows};

/// The estimator.
pub struct Flipout;

static SIGNATURE: Signature = Signature {
    name: "flipout",
    summary: "one draw a minibatch, decorrelated between examples by random signs per channel",
    parameters: &[],
};

impl Estimator for Flipout {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn formula(&self) -> &'static str {
        "w_b = loc + (scale·ε) ⊙ (s_in,b s_out,bᵀ), one ε a minibatch, signs per example and channel"
    }
    fn methods(&self) -> &'static str {
        "Flipout [@wen2018] draws one perturbation a minibatch and turns it with random signs, so that the \
         examples' weights are all but independent: example $b$ sees \
         $$W_b = mu + (sigma odot epsilon) odot (r_b s_b^T),$$ with $r_b$ and $s_b$ independent signs over the input and \
         the output channels, $+1$ or $-1$ with probability $1/2$ each"
    }
    fn refuse(&self, entries: Entries) -> Option<&'static str> {
        (!matches!(
            entries,
            Entries::Normal | Entries::Laplace | Entries::Cauchy
        ))
        .then_some(
            "flipout flips signs, so it needs independent entries, each symmetric about its mean",
        )
    }
    fn draws(&self) -> Draws {
        Draws {
            noise: true,
            signs: true,
            ..Draws::NONE
        }
    }
    fn slope(&self) -> Option<Slope> {
        Some(Slope::Noise)
    }
    fn products(&self, whole_batch: bool) -> u64 {
        if whole_batch { 2 } else { 1 }
    }
    fn first_is_loc(&self) -> bool {
        true
    }
    fn has_second(&self) -> bool {
        true
    }
    fn saved_input(&self, whole_batch: bool) -> usize {
        usize::from(whole_batch)
    }
    fn row_scratch(&self, whole_batch: bool) -> bool {
        whole_batch
    }
    fn kernel_scratch(&self, whole_batch: bool) -> usize {
        if whole_batch { 0 } else { 2 }
    }
}

/// out = first + second ⊙ (s_in s_outᵀ), the last two axes those of the signs.
fn perturb<T: Real>(kernel: Kernel<T>, draws: ExampleDraws<T>, out: &mut [T]) {
    let channels_out = draws.sign_out.len();
    T::dispatch(
        #[inline(always)]
        || {
            let rows = out.chunks_exact_mut(channels_out);
            let rows = rows
                .zip(kernel.first.chunks_exact(channels_out))
                .zip(kernel.second.chunks_exact(channels_out));
            for (((out, first), second), &sign_in) in rows.zip(draws.sign_in.iter().cycle()) {
                for (((out, &first), &second), &sign_out) in
                    out.iter_mut().zip(first).zip(second).zip(draws.sign_out)
                {
                    *out = first + second * (sign_in * sign_out);
                }
            }
        },
    );
}

/// gradient.first += d, gradient.second += d ⊙ (s_in s_outᵀ)
fn collect<T: Real>(d: &[T], draws: ExampleDraws<T>, gradient: KernelGradient<T>) {
    let channels_out = draws.sign_out.len();
    T::dispatch(
        #[inline(always)]
        || {
            let rows = gradient
                .first
                .chunks_exact_mut(channels_out)
                .zip(gradient.second.chunks_exact_mut(channels_out));
            let rows = rows
                .zip(d.chunks_exact(channels_out))
                .zip(draws.sign_in.iter().cycle());
            for (((first, second), d), &sign_in) in rows {
                for (((first, second), &d), &sign_out) in
                    first.iter_mut().zip(second).zip(d).zip(draws.sign_out)
                {
                    *first += d;
                    *second += d * (sign_in * sign_out);
                }
            }
        },
    );
}

/// The layer and its weights for one example, where these need not be written out.
fn direct<'a, T: Real>(
    site: &Site<'a, T>,
    kernel: Kernel<'a, T>,
    draws: ExampleDraws<'a, T>,
) -> Option<(&'a dyn Perturbed, Weights<'a>)> {
    let layer = site.linear.perturbed()?;
    let w = Weights::Perturbed {
        loc: T::as_f32(kernel.first)?,
        by: T::as_f32(kernel.second)?,
        signs: Signs {
            input: T::as_f32(draws.sign_in)?,
            output: T::as_f32(draws.sign_out)?,
        },
    };
    (!site.whole_batch).then_some((layer, w))
}

impl<T: Real> Estimate<T> for Flipout {
    fn prepare(&self, _: &[T], scale: &[T], noise: &[T], _: &mut [T], second: &mut [T]) {
        each(
            second,
            [scale, noise],
            #[inline(always)]
            |second, [scale, noise]| *second = scale * noise,
        );
    }
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
        if let Some((layer, w)) = direct(site, kernel, draws)
            && let (Some(x), Some(y)) = (T::as_f32(x), T::as_f32_mut(&mut *y))
            && let Some(scratch) = T::as_f32_mut(&mut *scratch.layer)
        {
            layer.apply(x, w, y, scratch);
        } else if !site.whole_batch {
            let w = &mut scratch.kernels[..kernel.first.len()];
            perturb(kernel, draws, w);
            site.linear.apply(x, w, y, scratch.layer);
        } else {
            let flipped = saved.input;
            site.flip(x, draws.sign_in, flipped);
            let perturbed = &mut scratch.outputs[..y.len()];
            site.apply(kernel, [x, flipped], [y, perturbed], scratch.layer);
        }
    }
    fn merge(
        &self,
        site: &Site<T>,
        draws: ExampleDraws<T>,
        perturbed: &[T],
        y: &mut [T],
        _: &mut [T],
    ) {
        if perturbed.is_empty() {
            return;
        }
        rows(
            y,
            perturbed,
            draws.sign_out,
            site.outputs(),
            #[inline(always)]
            |y, [perturbed, sign]| *y += perturbed * sign,
        );
    }
    fn branch(
        &self,
        site: &Site<T>,
        draws: ExampleDraws<T>,
        dy: &[T],
        _: &[T],
        dy_flipped: &mut [T],
    ) {
        if dy_flipped.is_empty() {
            return;
        }
        rows(
            dy_flipped,
            dy,
            draws.sign_out,
            site.outputs(),
            #[inline(always)]
            |flipped, [dy, sign]| *flipped = dy * sign,
        );
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
        let len = kernel.first.len();
        if let Some((layer, w)) = direct(site, kernel, draws)
            && let (Some(x), Some(dy)) = (T::as_f32(x), T::as_f32(dy))
            && let Weights::Perturbed { signs, .. } = w
            && let Some(first) = T::as_f32_mut(&mut *gradient.first)
            && let Some(second) = T::as_f32_mut(&mut *gradient.second)
            && let Some(scratch) = T::as_f32_mut(&mut *scratch.layer)
        {
            let into = Gradient {
                first,
                second: Some((second, signs)),
                add: gradient.add,
            };
            layer.weight_gradient(x, dy, into, scratch);
            if let Some(dx) = dx.and_then(T::as_f32_mut) {
                layer.transpose(dy, w, dx, scratch);
            }
        } else if !site.whole_batch {
            let (dw, w) = scratch.kernels.split_at_mut(len);
            site.linear.weight_gradient(x, dy, false, dw, scratch.layer);
            collect(dw, draws, gradient);
            if let Some(dx) = dx {
                let w = &mut w[..len];
                perturb(kernel, draws, w);
                site.linear.transpose(dy, w, dx, scratch.layer);
            }
        } else {
            let dy = [dy, &scratch.outputs[..dy.len()]];
            site.weight_gradient([x, saved.input], dy, gradient, scratch.layer);
            if let Some(dx) = dx {
                let through_flipped = &mut scratch.inputs[..x.len()];
                site.transpose(kernel, dy, [dx, through_flipped], scratch.layer);
                by_channels(
                    dx,
                    through_flipped,
                    draws.sign_in,
                    site.inputs(),
                    #[inline(always)]
                    |dx, [flipped, sign]| *dx += flipped * sign,
                );
            }
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
        let flipped = &mut scratch.inputs[..x.len()];
        site.flip(x, draws.sign_in, flipped);
        let perturbed = &mut scratch.outputs[..y.len()];
        site.linear.apply(x, kernel.first, y, scratch.layer);
        site.linear
            .apply(flipped, kernel.second, perturbed, scratch.layer);
        self.merge(site, draws, perturbed, y, &mut []);
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
        let flipped = &mut scratch.outputs[..dy.len()];
        self.branch(site, draws, dy, &[], flipped);
        site.linear.transpose(dy, kernel.first, dx, scratch.layer);
        let through = &mut scratch.inputs[..dx.len()];
        site.linear
            .transpose(flipped, kernel.second, through, scratch.layer);
        each(
            dx,
            [through, draws.sign_in],
            #[inline(always)]
            |dx, [through, sign]| *dx += through * sign,
        );
    }
    fn bias_rows(&self, bias: Kernel<T>, draws: ExampleDraws<T>, rows: &mut [T]) {
        let width = bias.first.len();
        for (row, signs) in rows
            .chunks_exact_mut(width)
            .zip(draws.sign_out.chunks_exact(width))
        {
            for (((row, &first), &second), &sign) in
                row.iter_mut().zip(bias.first).zip(bias.second).zip(signs)
            {
                *row = first + second * sign;
            }
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
        for (d_row, signs) in rows.zip(draws.sign_out.chunks_exact(width)) {
            each(
                gradient.second,
                [d_row, signs],
                #[inline(always)]
                |second, [d, sign]| *second += d * sign,
            );
        }
    }
}
