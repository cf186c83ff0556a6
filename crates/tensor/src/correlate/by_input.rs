//! The gradient by X,
//!
//! ```text
//! dX[i, j, c] = Σ_{a, b, o} dY[i − a + top, j − b + left, o] · W[a, b, c, o]
//! ```
//!
//! as dot products over the filters, which is how W lies: R positions × C channels of vectors in
//! registers, R + C loads for R·C multiplications, each vector added up when its sum is done. W need not
//! be turned round, and channels need no filling up. dY is copied once, zeros around it, in vectors of
//! filters; W once, a few channels at a time.

use super::super::lanes::LANES;
use super::super::lanes::{aligned, load, load_some, most_vectors, wide, with_rows};
use super::Correlation;
use super::weights::{Weights, perturbed};
use pulp::{Simd, WithSimd};

/// [`Correlation::transpose`].
pub(super) struct ByInput<'a> {
    pub of: Correlation,
    pub dy: &'a [f32],
    pub w: Weights<'a>,
    pub dx: &'a mut [f32],
    pub scratch: &'a mut [f32],
}

/// The most channels at once.
pub(super) const CHANNELS: usize = 4;

impl WithSimd for ByInput<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let of = self.of;
        let planes = of.filters.div_ceil(S::F32_LANES);
        let columns = of.image[1] + of.size[1] - 1;
        let scratch = aligned(std::mem::take(&mut self.scratch));
        let (dy, packed) = scratch.split_at_mut(of.output[0] * columns * planes * S::F32_LANES);
        // [row][vector of filters][column]
        let before = of.size[1] - 1 - of.before[1];
        dy.fill(0.0);
        let rows = dy.chunks_exact_mut(planes * columns * S::F32_LANES);
        for (to, from) in rows.zip(self.dy.chunks_exact(of.output[1] * of.filters)) {
            for (plane, to) in to.chunks_exact_mut(columns * S::F32_LANES).enumerate() {
                let before = before * S::F32_LANES;
                let to = to[before..].chunks_exact_mut(S::F32_LANES);
                // Zeros where the last vector goes over what others have seen to.
                let seen = plane * S::F32_LANES;
                let first = start::<S>(plane, of.filters);
                let columns = first + S::F32_LANES.min(of.filters);
                for (to, from) in to.zip(from.chunks_exact(of.filters)) {
                    let from = &from[seen..columns];
                    if from.len() == S::F32_LANES {
                        to.copy_from_slice(from);
                    } else {
                        to[seen - first..][..from.len()].copy_from_slice(from);
                    }
                }
            }
        }
        let (dy, _) = S::as_simd_f32s(dy);
        let (packed, _) = S::as_mut_simd_f32s(packed);
        let mut c = 0;
        while c < of.channels {
            let channels = channels::<S>(of.channels - c, of.image[1]);
            match channels {
                4 if wide::<S>() => self.block::<S, 4>(simd, dy, packed, c),
                3 if wide::<S>() => self.block::<S, 3>(simd, dy, packed, c),
                2 => self.block::<S, 2>(simd, dy, packed, c),
                _ => self.block::<S, 1>(simd, dy, packed, c),
            }
            c += channels;
        }
    }
}

/// The channels of the next block, of so many that are left: those whose sums fit the registers beside
/// the positions of a row.
#[inline(always)]
fn channels<S: Simd>(left: usize, across: usize) -> usize {
    left.div_ceil(left.div_ceil(most_vectors::<S>(across)))
}

/// The most positions at once with C channels.
#[inline(always)]
const fn most_rows<S: Simd, const C: usize>() -> usize {
    match (C, S::F32_LANES) {
        (4.., LANES) => 6,
        (_, LANES) | (1, _) => 8,
        _ => 4,
    }
}

impl ByInput<'_> {
    /// The channels from `c` on.
    #[inline(always)]
    fn block<S: Simd, const C: usize>(
        &mut self,
        simd: S,
        dy: &[S::f32s],
        packed: &mut [S::f32s],
        c: usize,
    ) {
        let of = self.of;
        let [kh, kw] = of.size;
        let planes = of.filters.div_ceil(S::F32_LANES);
        let columns = of.image[1] + kw - 1;
        match self.w {
            Weights::Plain(w) => {
                let load = |row: usize, column: usize| {
                    one::<S>(simd, &w[row * of.filters + column..], of.filters)
                };
                order::<S, C>(&of, c, packed, load);
            }
            Weights::Perturbed { loc, by, signs } => {
                let load = |row: usize, column: usize| {
                    let at = row * of.filters + column;
                    let loc = one::<S>(simd, &loc[at..], of.filters);
                    let by = one::<S>(simd, &by[at..], of.filters);
                    let output = one::<S>(simd, &signs.output[column..], of.filters);
                    let input = signs.input[row % of.channels];
                    let [w] = perturbed::<S, 1>(simd, [loc], [by], input, [output]);
                    w
                };
                order::<S, C>(&of, c, packed, load);
            }
        }
        let (height, across) = (of.image[0], of.image[1]);
        let tiles = across.div_ceil(most_rows::<S, C>());
        for i in 0..height {
            // Rows of dY that this row was seen by: i + top − a.
            let from = (i + of.before[0] + 1).saturating_sub(of.output[0]).min(kh);
            let to = (i + of.before[0] + 1).min(kh).max(from);
            let mut j = 0;
            for tile in 0..tiles {
                let r = (across - j).div_ceil(tiles - tile);
                let part = Part {
                    dy: &dy[j..],
                    columns,
                    planes,
                    row: i + of.before[0],
                    w: packed,
                    kw,
                    window: from..to,
                };
                let dx = &mut self.dx[(i * across + j) * of.channels + c..];
                with_rows!(r, C, tile_of, (simd, part, dx, of.channels));
                j += r;
            }
        }
    }
}

/// The first filter of a vector of them: whole vectors, if there are filters enough for one.
#[inline(always)]
fn start<S: Simd>(plane: usize, filters: usize) -> usize {
    (plane * S::F32_LANES).min(filters.saturating_sub(S::F32_LANES))
}

/// A vector of the filters; where there are not enough for one, zeros fill it up.
#[inline(always)]
fn one<S: Simd>(simd: S, from: &[f32], filters: usize) -> S::f32s {
    if filters >= S::F32_LANES {
        let [vector] = load::<S, 1>(from);
        return vector;
    }
    let [vector] = load_some::<S, 1>(simd, &from[..filters]);
    vector
}

/// W for the channels from `c` on: [row of the window][vector of filters][column of the window, from the
/// last][channel].
#[inline(always)]
fn order<S: Simd, const C: usize>(
    of: &Correlation,
    c: usize,
    packed: &mut [S::f32s],
    load: impl Fn(usize, usize) -> S::f32s,
) {
    let [kh, kw] = of.size;
    let planes = of.filters.div_ceil(S::F32_LANES);
    for a in 0..kh {
        for b in 0..kw {
            let row = (a * kw + b) * of.channels + c;
            for plane in 0..planes {
                let to = &mut packed[((a * planes + plane) * kw + kw - 1 - b) * C..][..C];
                let column = start::<S>(plane, of.filters);
                for (c, to) in to.iter_mut().enumerate() {
                    *to = load(row + c, column);
                }
            }
        }
    }
}

/// What a tile sums over.
struct Part<'a, V> {
    /// From the tile's first column on.
    dy: &'a [V],
    columns: usize,
    planes: usize,
    /// The row of dY under row 0 of the window.
    row: usize,
    w: &'a [V],
    kw: usize,
    /// Rows of the window.
    window: std::ops::Range<usize>,
}

/// R positions, C channels.
#[inline(always)]
fn tile_of<S: Simd, const R: usize, const C: usize>(
    simd: S,
    of: Part<S::f32s>,
    dx: &mut [f32],
    channels: usize,
) {
    let mut sums = [[simd.splat_f32s(0.0); C]; R];
    for a in of.window.clone() {
        let rows = &of.dy[(of.row - a) * of.planes * of.columns..];
        let w = &of.w[a * of.planes * of.kw * C..][..of.planes * of.kw * C];
        for (plane, w) in w.chunks_exact(of.kw * C).enumerate() {
            let dy = &rows[plane * of.columns..][..of.kw + R - 1];
            for (w, dy) in w.chunks_exact(C).zip(dy.windows(R)) {
                let w: &[S::f32s; C] = w.first_chunk().expect("C channels");
                for (sums, &dy) in sums.iter_mut().zip(dy) {
                    for (sum, &w) in sums.iter_mut().zip(w) {
                        *sum = simd.mul_add_e_f32s(dy, w, *sum);
                    }
                }
            }
        }
    }
    for (r, sums) in sums.into_iter().enumerate() {
        let dx = &mut dx[r * channels..][..C];
        for (dx, sum) in dx.iter_mut().zip(sums) {
            *dx = simd.reduce_sum_f32s(sum);
        }
    }
}
