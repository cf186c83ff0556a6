//! What several estimators do with the examples of a layer: the layer itself under both of their arrays, and
//! factors of channels.

use super::{Kernel, KernelGradient, Site};
use crate::tensor::share::join;
use crate::tensor::simd::{each, par_each};
use crate::tensor::{Real, Share};
use rayon::prelude::*;

/// The passes of the layer under both of an estimator's arrays, each with operands of its own.
impl<T: Real> Site<'_, T> {
    pub(super) fn inputs(&self) -> Per {
        Per {
            example: self.input,
            channels: self.channels_in,
        }
    }

    pub(super) fn outputs(&self) -> Per {
        Per {
            example: self.output,
            channels: self.channels_out,
        }
    }

    /// out = x ⊙ signs, a row of signs an example, one for each input channel; signs may be 0, too. Of tokens each takes
    /// the sign of its own channel.
    pub(super) fn flip(&self, x: &[T], signs: &[T], out: &mut [T]) {
        if !self.linear.tokens() {
            return multiply(x, signs, self.inputs(), out);
        }
        let examples = x.par_chunks(self.input).zip(out.par_chunks_mut(self.input));
        let examples = examples.zip(signs.par_chunks(self.channels_in));
        examples.share(|((x, out), signs)| {
            for (out, &x) in out.iter_mut().zip(x) {
                let channel = (x.wide().abs() as usize).checked_sub(1);
                let sign = channel.and_then(|channel| signs.get(channel));
                *out = sign.map_or(T::zero(), |&sign| x * sign);
            }
        });
    }

    /// out = x², entry by entry: of the rows that tokens stand for themselves without signs.
    pub(super) fn square(&self, x: &[T], out: &mut [T]) {
        let tokens = self.linear.tokens();
        par_each(
            out,
            [x],
            #[inline(always)]
            |out, [x]| *out = if tokens { x.abs() } else { x * x },
        );
    }

    pub(super) fn apply(
        &self,
        kernel: Kernel<T>,
        x: [&[T]; 2],
        y: [&mut [T]; 2],
        scratch: &mut [T],
    ) {
        let [first, second] = y;
        self.both(
            scratch,
            |layer| self.linear.apply(x[0], kernel.first, first, layer),
            |layer| self.linear.apply(x[1], kernel.second, second, layer),
        );
    }

    pub(super) fn transpose(
        &self,
        kernel: Kernel<T>,
        dy: [&[T]; 2],
        dx: [&mut [T]; 2],
        scratch: &mut [T],
    ) {
        let [first, second] = dx;
        self.both(
            scratch,
            |layer| self.linear.transpose(dy[0], kernel.first, first, layer),
            |layer| self.linear.transpose(dy[1], kernel.second, second, layer),
        );
    }

    pub(super) fn weight_gradient(
        &self,
        x: [&[T]; 2],
        dy: [&[T]; 2],
        gradient: KernelGradient<T>,
        scratch: &mut [T],
    ) {
        let KernelGradient { first, second, add } = gradient;
        let linear = self.linear;
        self.both(
            scratch,
            |layer| linear.weight_gradient(x[0], dy[0], add, first, layer),
            |layer| linear.weight_gradient(x[1], dy[1], add, second, layer),
        );
    }

    /// The gradients by the kernel and by the input, at a time where the layer lets them.
    pub(super) fn gradients(
        &self,
        scratch: &mut [T],
        by_kernel: impl FnOnce(&mut [T]) + Send,
        by_input: impl FnOnce(&mut [T]) + Send,
    ) {
        if let Some(of_kernel) = self.linear.gradients_beside() {
            let (of_kernel, of_input) = scratch.split_at_mut(of_kernel.min(scratch.len()));
            return join(|| by_kernel(of_kernel), || by_input(of_input));
        }
        by_kernel(scratch);
        by_input(scratch);
    }

    /// Both products. Those of a layer that takes the whole minibatch run concurrently, each with half of the
    /// scratch: while one waits for its last piece the other goes on.
    fn both(
        &self,
        scratch: &mut [T],
        a: impl FnOnce(&mut [T]) + Send,
        b: impl FnOnce(&mut [T]) + Send,
    ) {
        if !self.whole_batch {
            a(scratch);
            return b(scratch);
        }
        let (first, second) = scratch.split_at_mut(scratch.len() / 2);
        join(|| a(first), || b(second));
    }
}

/// out = x ⊙ factors: a row of factors an example, one for each of its channels at all of its positions.
pub(super) fn multiply<T: Real>(x: &[T], factors: &[T], per: Per, out: &mut [T]) {
    by_channels(
        out,
        x,
        factors,
        per,
        #[inline(always)]
        |out, [x, factor]| *out = x * factor,
    );
}

/// `f(out, x, factor)` for every entry of some examples on the calling thread, the factors as [`multiply`] has them.
#[inline(always)]
pub(super) fn rows<T: Real>(
    out: &mut [T],
    x: &[T],
    factors: &[T],
    Per { example, channels }: Per,
    f: impl Fn(&mut T, [T; 2]),
) {
    if example == channels {
        return each(out, [x, factors], f);
    }
    let examples = out.chunks_mut(example).zip(x.chunks(example));
    for ((out, x), factors) in examples.zip(factors.chunks(channels)) {
        for (out, x) in out.chunks_mut(channels).zip(x.chunks(channels)) {
            each(out, [x, factors], &f);
        }
    }
}

/// `f(out, x, factor)` for every entry, the factors as [`multiply`] has them.
#[inline(always)]
pub(super) fn by_channels<T: Real>(
    out: &mut [T],
    x: &[T],
    factors: &[T],
    Per { example, channels }: Per,
    f: impl Fn(&mut T, [T; 2]) + Sync,
) {
    if example == channels {
        return par_each(out, [x, factors], f);
    }
    let examples = out
        .par_chunks_mut(example)
        .zip(x.par_chunks(example))
        .zip(factors.par_chunks(channels));
    examples.share(|((out, x), factors)| {
        for (out, x) in out.chunks_mut(channels).zip(x.chunks(channels)) {
            each(
                out,
                [x, factors],
                #[inline(always)]
                |out, of| f(out, of),
            );
        }
    });
}

/// Lengths of an array of examples.
#[derive(Clone, Copy)]
pub(super) struct Per {
    /// Entries of an example: of all its positions.
    example: usize,
    /// Entries of a position.
    channels: usize,
}
