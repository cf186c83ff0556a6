//! The gradient by W: R numbers of a row of the window × V vectors of filters in registers, summed over the
//! positions that see the image through them; then they go where the gradient is collected. The gradient by Y
//! is copied in parts that stay in the first cache.

use super::super::lanes::{Block, aligned, load, most_rows, store, wide, with_rows};
use super::Correlation;
use super::weights::Gradient;
use pulp::{Simd, WithSimd};

/// [`Correlation::weight_gradient`] on the padded image.
pub(super) struct ByWeight<'a> {
    pub of: Correlation,
    pub x: &'a [f32],
    pub dy: &'a [f32],
    pub into: Gradient<'a>,
    pub scratch: &'a mut [f32],
}

impl WithSimd for ByWeight<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let of = self.of;
        for block in Block::of::<S>(of.filters, of.run()) {
            match block.vectors {
                4 if wide::<S>() => self.block::<S, 4>(simd, block),
                3 if wide::<S>() => self.block::<S, 3>(simd, block),
                2 => self.block::<S, 2>(simd, block),
                _ => self.block::<S, 1>(simd, block),
            }
        }
    }
}

impl ByWeight<'_> {
    /// A block of filters.
    #[inline(always)]
    fn block<S: Simd, const V: usize>(&mut self, simd: S, block: Block) {
        let of = self.of;
        let (width, run, line, channels) = (V * S::F32_LANES, of.run(), of.line(), of.channels);
        let ([height, across], [top, left], [kh, _]) = (of.output, of.before, of.size);
        let tiles = run.div_ceil(most_rows::<S, V>());
        let rows = of.rows(V * S::F32_LANES);
        let filled = aligned(self.scratch);
        for start in (0..height).step_by(rows) {
            let add = self.into.add || start > 0;
            let part = start * across..(start + rows).min(height) * across;
            let dy =
                self.dy[part.start * of.filters..part.end * of.filters].chunks_exact(of.filters);
            for (filled, dy) in filled.chunks_exact_mut(width).zip(dy) {
                let dy = &dy[block.before..block.first + block.columns];
                if dy.len() == width {
                    store::<S, V>(load::<S, V>(dy), filled);
                } else {
                    let (others, filled) = filled.split_at_mut(block.before - block.first);
                    let (filled, rest) = filled.split_at_mut(dy.len());
                    others.fill(0.0);
                    filled.copy_from_slice(dy);
                    rest.fill(0.0);
                }
            }
            let filled = &*filled;
            for a in 0..kh {
                // The rows that see the image through row a of the window.
                let from = start.max(top.saturating_sub(a));
                let to = (start + rows).min(height);
                let to = to.min((of.image[0] + top).saturating_sub(a));
                if from >= to && add {
                    continue;
                }
                let mut t = 0;
                for tile in 0..tiles {
                    let r = (run - t).div_ceil(tiles - tile);
                    // The columns that see the image through the tile's part of the row.
                    let after = (of.image[1] + left).saturating_sub(t / channels);
                    let begin = left.saturating_sub((t + r - 1) / channels).min(across);
                    let end = after.clamp(begin, across);
                    let (x, dy) = match from < to {
                        true => (
                            &self.x[(from + a - top) * line + begin * channels + t..],
                            &filled[(from - start) * across * width..(to - start) * across * width],
                        ),
                        false => (self.x, &filled[..0]),
                    };
                    let sum = Sum {
                        x,
                        line,
                        channels,
                        dy,
                        row: across * width,
                        columns: begin * width..end * width,
                    };
                    let (row, shape) = (a * run + t, [channels, of.filters]);
                    let into = &mut self.into;
                    if V == 1 {
                        with_rows!(long r, 1, tile_of, (simd, sum, into, row, block, shape, add));
                    } else {
                        with_rows!(r, V, tile_of, (simd, sum, into, row, block, shape, add));
                    }
                    t += r;
                }
            }
        }
    }
}

/// What a tile sums over.
struct Sum<'a> {
    /// From the tile's first number of the window on.
    x: &'a [f32],
    line: usize,
    channels: usize,
    /// Whole rows, of so many numbers, and which of these are looked at.
    dy: &'a [f32],
    row: usize,
    columns: std::ops::Range<usize>,
}

/// R numbers of a row of the window.
#[inline(always)]
fn tile_of<S: Simd, const R: usize, const V: usize>(
    simd: S,
    of: Sum,
    into: &mut Gradient,
    row: usize,
    block: Block,
    shape: [usize; 2],
    add: bool,
) {
    let mut sums = [[simd.splat_f32s(0.0); V]; R];
    for (i, dy) in of.dy.chunks_exact(of.row).enumerate() {
        let x = &of.x[i * of.line..];
        for (j, dy) in dy[of.columns.clone()]
            .chunks_exact(V * S::F32_LANES)
            .enumerate()
        {
            let x: &[f32; R] = x[j * of.channels..].first_chunk().expect("inside the row");
            let dy = load::<S, V>(dy);
            for (sums, &x) in sums.iter_mut().zip(x) {
                let x = simd.splat_f32s(x);
                for (sum, dy) in sums.iter_mut().zip(dy) {
                    *sum = simd.mul_add_e_f32s(x, dy, *sum);
                }
            }
        }
    }
    into.take::<S, R, V>(simd, sums, row, block, shape, add);
}
