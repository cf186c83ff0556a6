//! What the kernels read weights from and add gradients to, so that neither a perturbed kernel nor an
//! example's own gradient is ever written out.

use super::super::lanes::{Block, load, load_rows, load_some, store_rows};
use pulp::Simd;
use std::array::from_fn;

/// A kernel `[.., C_in, C_out]`.
#[derive(Debug, Clone, Copy)]
pub enum Weights<'a> {
    /// Its numbers.
    Plain(&'a [f32]),
    /// loc + P ⊙ (s_in s_outᵀ), worked out where it is read.
    Perturbed {
        /// loc
        loc: &'a [f32],
        /// P
        by: &'a [f32],
        /// s_in and s_out of one example.
        signs: Signs<'a>,
    },
}

/// One of ±1 for each input channel, and for each output channel.
#[derive(Debug, Clone, Copy)]
pub struct Signs<'a> {
    /// s_in
    pub input: &'a [f32],
    /// s_out
    pub output: &'a [f32],
}

/// Where a gradient by the weights goes.
#[derive(Debug)]
pub struct Gradient<'a> {
    /// The gradient itself.
    pub first: &'a mut [f32],
    /// The gradient ⊙ (s_in s_outᵀ), that by P.
    pub second: Option<(&'a mut [f32], Signs<'a>)>,
    /// Whether to add to what is there; otherwise every entry is written.
    pub add: bool,
}

impl Weights<'_> {
    /// The columns of `block` of each of `rows`, V vectors, zeros after the end: calls
    /// `put` with the number of the row, counted from the first, and the vectors. `columns` are those of
    /// the kernel, `channels` its input channels.
    #[inline(always)]
    pub(super) fn read<S: Simd, const V: usize>(
        &self,
        simd: S,
        rows: std::ops::Range<usize>,
        block: Block,
        [channels, columns]: [usize; 2],
        mut put: impl FnMut(usize, [S::f32s; V]),
    ) {
        let first = block.first;
        let last = first + block.columns;
        let full = V > 1 || block.columns == S::F32_LANES;
        let part = rows.start * columns + first..(rows.end - 1) * columns + last;
        match *self {
            Weights::Plain(w) => {
                let w = w[part].chunks(columns).enumerate();
                if full {
                    w.for_each(
                        #[inline(always)]
                        |(row, w)| put(row, load::<S, V>(w)),
                    );
                } else {
                    w.for_each(
                        #[inline(always)]
                        |(row, w)| put(row, load_some::<S, V>(simd, &w[..last - first])),
                    );
                }
            }
            Weights::Perturbed { loc, by, signs } => {
                let output = &signs.output[first..];
                let [output] = load_rows::<S, 1, V>(simd, output, 0, block.columns);
                let inputs = signs.input.iter().cycle().skip(rows.start % channels);
                let kernel = loc[part.clone()]
                    .chunks(columns)
                    .zip(by[part].chunks(columns));
                let kernel = kernel.zip(inputs).enumerate();
                if full {
                    kernel.for_each(
                        #[inline(always)]
                        |(row, ((loc, by), &input))| {
                            let [loc, by] = [load::<S, V>(loc), load::<S, V>(by)];
                            put(row, perturbed::<S, V>(simd, loc, by, input, output));
                        },
                    );
                } else {
                    kernel.for_each(
                        #[inline(always)]
                        |(row, ((loc, by), &input))| {
                            let loc = load_some::<S, V>(simd, &loc[..last - first]);
                            let by = load_some::<S, V>(simd, &by[..last - first]);
                            put(row, perturbed::<S, V>(simd, loc, by, input, output));
                        },
                    );
                }
            }
        }
    }
}

/// loc + by·input·output
#[inline(always)]
pub(super) fn perturbed<S: Simd, const V: usize>(
    simd: S,
    loc: [S::f32s; V],
    by: [S::f32s; V],
    input: f32,
    output: [S::f32s; V],
) -> [S::f32s; V] {
    let input = simd.splat_f32s(input);
    from_fn(|v| simd.mul_add_e_f32s(by[v], simd.mul_f32s(input, output[v]), loc[v]))
}

impl Gradient<'_> {
    /// Takes the columns of `block` of R rows from `row` on.
    #[inline(always)]
    pub(super) fn take<S: Simd, const R: usize, const V: usize>(
        &mut self,
        simd: S,
        sums: [[S::f32s; V]; R],
        row: usize,
        block: Block,
        [channels, columns]: [usize; 2],
        add: bool,
    ) {
        let (first, width) = (block.first, block.columns);
        let place = row * columns + first;
        let seen = block.before - first;
        // What others have written stays: zeros are added to it.
        let clear = !add && seen > 0;
        let add = add || clear;
        if clear {
            for r in 0..R {
                let own = place + r * columns + seen..place + r * columns + width;
                self.first[own.clone()].fill(0.0);
                if let Some((second, _)) = &mut self.second {
                    second[own].fill(0.0);
                }
            }
        }
        let to = &mut self.first[place..];
        for (r, sums) in sums.iter().enumerate() {
            let to = &mut to[r * columns..];
            let mut total = *sums;
            if add {
                let [old] = load_rows::<S, 1, V>(simd, to, 0, width);
                for (total, old) in total.iter_mut().zip(old) {
                    *total = simd.add_f32s(*total, old);
                }
            }
            store_rows::<S, 1, V>(simd, [total], to, 0, width);
        }
        let Some((second, signs)) = &mut self.second else {
            return;
        };
        let to = &mut second[place..];
        let [output] = load_rows::<S, 1, V>(simd, &signs.output[first..], 0, width);
        let mut channel = row % channels;
        for (r, sums) in sums.iter().enumerate() {
            let to = &mut to[r * columns..];
            let input = simd.splat_f32s(signs.input[channel]);
            channel = if channel + 1 == channels {
                0
            } else {
                channel + 1
            };
            let mut total = [[simd.splat_f32s(0.0); V]];
            if add {
                total = load_rows::<S, 1, V>(simd, to, 0, width);
            }
            for ((total, &sum), &output) in total[0].iter_mut().zip(sums).zip(&output) {
                *total = simd.mul_add_e_f32s(sum, simd.mul_f32s(input, output), *total);
            }
            store_rows::<S, 1, V>(simd, total, to, 0, width);
        }
    }
}
