//! Y from X and W: R positions × V vectors of filters in registers; for each number of a window, V loads of
//! W and R of X serve R·V multiplications. It goes through W in parts that stay in the first cache, each
//! brought into the order in which it is read. Where a window is partly beside the image the positions that
//! see nothing of it are left out, up to two at one end of a tile, where vectors are widest.

use super::super::lanes::{
    Block, aligned, load, load_rows, most_rows, store_rows, wide, with_rows,
};
use super::weights::Weights;
use super::{Correlation, DEPTH};
use pulp::{Simd, WithSimd};
use std::array::from_fn;

/// [`Correlation::apply`] on the padded image.
pub(super) struct Apply<'a> {
    pub of: Correlation,
    pub x: &'a [f32],
    pub w: Weights<'a>,
    pub y: &'a mut [f32],
    pub scratch: &'a mut [f32],
}

impl WithSimd for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        for block in Block::of::<S>(self.of.filters, self.of.output[1]) {
            match block.vectors {
                4 if wide::<S>() => self.block::<S, 4>(simd, block),
                3 if wide::<S>() => self.block::<S, 3>(simd, block),
                2 => self.block::<S, 2>(simd, block),
                _ => self.block::<S, 1>(simd, block),
            }
        }
    }
}

impl Apply<'_> {
    /// A block of filters.
    #[inline(always)]
    fn block<S: Simd, const V: usize>(&mut self, simd: S, block: Block) {
        let of = self.of;
        let width = V * S::F32_LANES;
        let (run, line, filters) = (of.run(), of.line(), of.filters);
        let ([height, across], [top, _], [kh, _]) = (of.output, of.before, of.size);
        // A part of W: whole rows of the window, or a piece of one.
        let rows = (DEPTH / run).clamp(1, kh);
        let depth = run.div_ceil(run.div_ceil(DEPTH));
        let tiles = across.div_ceil(most_rows::<S, V>());
        let packed = aligned(self.scratch);
        let mut fresh = true;
        for a in (0..kh).step_by(rows) {
            let rows = rows.min(kh - a);
            for t in (0..run).step_by(depth) {
                let depth = depth.min(run - t);
                let start = a * run + t;
                let part = start..start + (rows - 1) * run + depth;
                let shape = [of.channels, filters];
                self.w.read::<S, V>(
                    simd,
                    part,
                    block,
                    shape,
                    #[inline(always)]
                    |row, w| {
                        let (to, _) = S::as_mut_simd_f32s(&mut packed[row * width..][..width]);
                        to.copy_from_slice(&w);
                    },
                );
                for i in 0..height {
                    let inside = of.inside(i);
                    let (from, to) = (inside.start.max(a), inside.end.min(a + rows));
                    let (w, x) = match from < to {
                        true => {
                            let length = (to - from - 1) * run + depth;
                            let w = &packed[(from - a) * run * width..][..length * width];
                            (w, &self.x[(i + from - top) * line + t..])
                        }
                        // The first part writes zeros.
                        false if fresh => (&packed[..0], self.x),
                        false => continue,
                    };
                    let part = Part {
                        x,
                        line,
                        channels: of.channels,
                        left: of.before[1],
                        across: of.image[1],
                        edges: wide::<S>() && depth == run && of.channels >= 4,
                        w,
                        run,
                        depth,
                        fresh,
                    };
                    let mut j = 0;
                    for tile in 0..tiles {
                        let r = (across - j).div_ceil(tiles - tile);
                        let y = &mut self.y[(i * across + j) * filters + block.first..];
                        let columns = [block.columns, filters];
                        if V == 1 {
                            with_rows!(long r, 1, tile_of, (simd, part, j, y, columns));
                        } else {
                            with_rows!(r, V, tile_of, (simd, part, j, y, columns));
                        }
                        j += r;
                    }
                }
                fresh = false;
            }
        }
    }
}

/// What a tile sums over.
#[derive(Clone, Copy)]
struct Part<'a> {
    /// From the first row of the window on.
    x: &'a [f32],
    line: usize,
    channels: usize,
    /// Columns left of the image, and of the image.
    left: usize,
    across: usize,
    /// Whether it is worth it to leave out what lies beside the image.
    edges: bool,
    /// Rows of the window `run` apart, `depth` of each.
    w: &'a [f32],
    run: usize,
    depth: usize,
    /// Whether nothing was summed before.
    fresh: bool,
}

/// R positions from j on, `columns` columns, rows of y `filters` apart.
#[inline(always)]
fn tile_of<S: Simd, const R: usize, const V: usize>(
    simd: S,
    part: Part,
    j: usize,
    y: &mut [f32],
    [columns, filters]: [usize; 2],
) {
    let (width, depth) = (V * S::F32_LANES, part.depth);
    let mut sums = [[simd.splat_f32s(0.0); V]; R];
    if !part.fresh {
        sums = load_rows::<S, R, V>(simd, y, filters, columns);
    }
    for (a, w) in part.w.chunks(part.run * width).enumerate() {
        let first = a * part.line + j * part.channels;
        let x: [&[f32]; R] = from_fn(|r| &part.x[first + r * part.channels..][..depth]);
        let mut t = 0;
        while t < depth {
            // The positions whose window is outside the image at this column of it.
            let b = t / part.channels;
            let left = part.left.saturating_sub(j + b).min(2);
            let right = (j + b + R).saturating_sub(part.left + part.across).min(2);
            let end = match part.edges {
                true => t + part.channels,
                false => depth,
            };
            let [left, right] = [left, right].map(|n| if part.edges { n } else { 0 });
            let taps = t..end;
            t = end;
            match (left, right) {
                (1, 0) => taps_of::<S, R, V, 1, 0>(simd, &mut sums, x, w, taps),
                (2, 0) => taps_of::<S, R, V, 2, 0>(simd, &mut sums, x, w, taps),
                (0, 1) => taps_of::<S, R, V, 0, 1>(simd, &mut sums, x, w, taps),
                (0, 2) => taps_of::<S, R, V, 0, 2>(simd, &mut sums, x, w, taps),
                _ => taps_of::<S, R, V, 0, 0>(simd, &mut sums, x, w, taps),
            }
        }
    }
    store_rows::<S, R, V>(simd, sums, y, filters, columns);
}

/// The products of numbers `taps` of a row of the window, without `LEFT` positions at the start and `RIGHT`
/// at the end.
#[inline(always)]
fn taps_of<S: Simd, const R: usize, const V: usize, const LEFT: usize, const RIGHT: usize>(
    simd: S,
    sums: &mut [[S::f32s; V]; R],
    x: [&[f32]; R],
    w: &[f32],
    taps: std::ops::Range<usize>,
) {
    let width = V * S::F32_LANES;
    for t in taps {
        let w = load::<S, V>(&w[t * width..]);
        for r in LEFT..R.saturating_sub(RIGHT) {
            let x = simd.splat_f32s(x[r][t]);
            for v in 0..V {
                sums[r][v] = simd.mul_add_e_f32s(x, w[v], sums[r][v]);
            }
        }
    }
}
