//! Convolutions of stride 1 without a patch matrix, in float32.
//!
//! ```text
//! Y[i, j, :] = Σ_{a, b, c} X[i + a − top, j + b − left, c] · W[a, b, c, :]
//! ```
//!
//! For one row a of the window, the numbers of X that output (i, j) sees lie next to each other, kw·C of
//! them, and those of (i, j + 1) start C further on: what a product of matrices would copy into patches is
//! read where it is. Only the columns beside the image are made (a copy of it with zeros left and right);
//! rows above and below it are left out, so no work is done on them.
//!
//! The inner loops hold R positions × V vectors of output channels in registers: for each number of a
//! window, V loads of W and R of X serve R·V multiplications. [`Correlation::apply`] goes through W in
//! parts that stay in the first cache, [`Correlation::weight_gradient`] through the gradient's rows. The
//! gradient by X is the same sum again, of the gradient by Y under W turned round:
//! [`Correlation::transposed`].
//!
//! Measured (`cargo bench --bench kernels`) on one core with AVX-512, as parts of the rate of a 768³ product
//! of the `gemm` crate, 5 × 5 windows, forward / by X / by W: 16 × 16 × 64 to 64 channels 1.02 / 0.99 / 1.07;
//! 32 × 32 × 3 to 64 0.93 / 0.13 / 1.05; 7 × 7 × 16 to 120 0.70 / 0.55 / 0.79; 14 × 14 × 6 to 16 0.69 / 0.23 /
//! 0.77. Few channels fill their vectors badly: where the gradient by X has 3 or 6, most of each is padding.

use super::im2col::Window;
use pulp::{Arch, Simd, WithSimd};
use std::array::from_fn;
use std::ops::Range;

/// Channels are filled up to a multiple of this: whole vectors of every instruction set.
const LANES: usize = 16;
/// Rows of W that are worked on at a time: with 64 columns, 32 KiB.
const DEPTH: usize = 128;
/// Numbers of the gradient by Y that are worked on at a time: 32 KiB.
const ROWS: usize = 8192;

/// A convolution of stride and dilation 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correlation {
    image: [usize; 2],
    channels: usize,
    size: [usize; 2],
    before: [usize; 2],
    output: [usize; 2],
    filters: usize,
}

impl Correlation {
    /// The convolution over `window` with so many filters, if its stride and dilation are 1.
    pub fn new(window: &Window, filters: usize) -> Option<Self> {
        let plain = window.stride == [1, 1] && window.dilation == [1, 1];
        plain.then_some(Correlation {
            image: window.image,
            channels: window.channels,
            size: window.size,
            before: window.before,
            output: window.output,
            filters,
        })
    }

    /// The one that takes a gradient by this one's output to that by its input, under
    /// [`Correlation::turn`]ed weights.
    pub fn transposed(&self) -> Self {
        Correlation {
            image: self.output,
            channels: self.filters,
            size: self.size,
            before: [0, 1].map(|axis| self.size[axis] - 1 - self.before[axis]),
            output: self.image,
            filters: self.channels,
        }
    }

    /// Numbers of scratch that each of its functions needs.
    pub fn scratch(&self) -> usize {
        let kernel = self.size[0] * self.run() * self.padded();
        let positions = self.output[0] * self.output[1];
        self.image[0] * self.line() + kernel + positions * self.padded()
    }

    /// Numbers of one row of the window.
    fn run(&self) -> usize {
        self.size[1] * self.channels
    }

    /// Numbers of one row of the image with its zeros.
    fn line(&self) -> usize {
        (self.output[1] + self.size[1] - 1) * self.channels
    }

    /// Filters with those that fill them up.
    fn padded(&self) -> usize {
        self.filters.next_multiple_of(LANES)
    }

    /// The rows of the window at output row i that are inside the image.
    fn inside(&self, i: usize) -> Range<usize> {
        let ([height, _], [top, _], [kh, _]) = (self.image, self.before, self.size);
        let end = (height + top).saturating_sub(i).min(kh);
        top.saturating_sub(i).min(end)..end
    }

    /// The image with zeros to its left and right.
    fn pad(&self, x: &[f32], out: &mut [f32]) {
        let row = self.image[1] * self.channels;
        let left = self.before[1] * self.channels;
        let rows = out.chunks_exact_mut(self.line()).zip(x.chunks_exact(row));
        for (out, x) in rows {
            out[..left].fill(0.0);
            out[left..left + row].copy_from_slice(x);
            out[left + row..].fill(0.0);
        }
    }

    /// `w` with the taps in opposite order and the channels exchanged: `[kh, kw, filters, channels]`.
    pub fn turn(&self, w: &[f32], out: &mut [f32]) {
        let (rows, cols) = (self.channels, self.filters);
        let taps = w.chunks_exact(rows * cols);
        let turned = out.chunks_exact_mut(rows * cols).rev();
        Arch::new().dispatch(
            #[inline(always)]
            || {
                taps.zip(turned)
                    .for_each(|(w, out)| transpose(w, rows, cols, out))
            },
        );
    }

    /// y = x ∘ w of one example; every entry of `y` is written.
    pub fn apply(&self, x: &[f32], w: &[f32], y: &mut [f32], scratch: &mut [f32]) {
        let (image, rest) = scratch.split_at_mut(self.image[0] * self.line());
        self.pad(x, image);
        let (wide, depth) = (self.padded(), self.size[0] * self.run());
        let (packed, rest) = rest.split_at_mut(depth * wide);
        let full = wide == self.filters;
        let filled = &mut rest[..self.output[0] * self.output[1] * wide];
        let x = &*image;
        let task = Apply {
            of: *self,
            x,
            w,
            packed,
            y: if full { &mut *y } else { &mut *filled },
        };
        Arch::new().dispatch(task);
        if !full {
            copy_columns(filled, wide, y, self.filters);
        }
    }

    /// dw = the gradient by w of ⟨dy, x ∘ w⟩ of one example, added to what `dw` holds, or written.
    pub fn weight_gradient(
        &self,
        x: &[f32],
        dy: &[f32],
        add: bool,
        dw: &mut [f32],
        scratch: &mut [f32],
    ) {
        let (image, rest) = scratch.split_at_mut(self.image[0] * self.line());
        self.pad(x, image);
        let (wide, depth) = (self.padded(), self.size[0] * self.run());
        let (packed, rest) = rest.split_at_mut(depth * wide);
        let filled = &mut rest[..self.output[0] * self.output[1] * wide];
        let x = &*image;
        if wide == self.filters {
            let of = *self;
            return Arch::new().dispatch(WeightGradient { of, x, dy, add, dw });
        }
        let rows = filled.chunks_exact_mut(wide);
        for (filled, dy) in rows.zip(dy.chunks_exact(self.filters)) {
            filled[..dy.len()].copy_from_slice(dy);
            filled[dy.len()..].fill(0.0);
        }
        Arch::new().dispatch(WeightGradient {
            of: *self,
            x,
            dy: filled,
            add: false,
            dw: packed,
        });
        if add {
            let rows = dw.chunks_exact_mut(self.filters);
            for (dw, packed) in rows.zip(packed.chunks_exact(wide)) {
                dw.iter_mut().zip(packed).for_each(|(dw, &d)| *dw += d);
            }
        } else {
            copy_columns(packed, wide, dw, self.filters);
        }
    }
}

/// The first `columns` of each row of `from`.
fn copy_columns(from: &[f32], stride: usize, to: &mut [f32], columns: usize) {
    let rows = to.chunks_exact_mut(columns).zip(from.chunks_exact(stride));
    rows.for_each(|(to, from)| to.copy_from_slice(&from[..columns]));
}

/// `to` = the transpose of `from`, in blocks that stay in registers.
#[inline(always)]
fn transpose(from: &[f32], rows: usize, cols: usize, to: &mut [f32]) {
    const B: usize = 4;
    let whole = [rows / B * B, cols / B * B];
    for row in (0..whole[0]).step_by(B) {
        for col in (0..whole[1]).step_by(B) {
            let mut block = [[0.0; B]; B];
            for r in 0..B {
                let row = &from[(row + r) * cols + col..][..B];
                block.iter_mut().zip(row).for_each(|(to, &x)| to[r] = x);
            }
            for (c, block) in block.iter().enumerate() {
                to[(col + c) * rows + row..][..B].copy_from_slice(block);
            }
        }
    }
    for row in 0..rows {
        let first = if row < whole[0] { whole[1] } else { 0 };
        for col in first..cols {
            to[col * rows + row] = from[row * cols + col];
        }
    }
}

/// Calls `$function::<S, R, V>` for the R of `$r`: up to 6 with four vectors, else up to 8.
macro_rules! with_rows {
    ($r:expr, $v:ident, $function:ident, $($argument:expr),*) => {
        with_rows!(@ $r, $v, $function, ($($argument),*), 1 2 3 4 5 6 7 8)
    };
    (@ $r:expr, $v:ident, $function:ident, $arguments:tt, $($n:literal)*) => {
        match $r {
            $($n => with_rows!(@call $function, $n, $v, $arguments),)*
            more => unreachable!("{more} rows at once"),
        }
    };
    (@call $function:ident, $n:literal, $v:ident, ($($argument:expr),*)) => {
        $function::<S, $n, $v>($($argument),*)
    };
}

/// The most rows at once: their accumulators, and what they are made of, fit the registers.
#[inline(always)]
const fn most_rows<S: Simd, const V: usize>() -> usize {
    match (V, S::F32_LANES) {
        (1, _) => 8,
        (2, LANES) => 8,
        _ => 6,
    }
}

/// The vectors of the next block of filters, of so many that are left: four only where there are
/// registers enough.
#[inline(always)]
fn vectors<S: Simd>(left: usize) -> usize {
    let fit = left / S::F32_LANES;
    match S::F32_LANES {
        LANES if fit >= 4 => 4,
        _ if fit >= 2 => 2,
        _ => 1,
    }
}

/// `V` vectors from the start of a slice.
#[inline(always)]
fn load<S: Simd, const V: usize>(from: &[f32]) -> [S::f32s; V] {
    let (vectors, _) = S::as_simd_f32s(&from[..V * S::F32_LANES]);
    from_fn(|v| vectors[v])
}

/// `V` vectors to the start of a slice.
#[inline(always)]
fn store<S: Simd, const V: usize>(values: [S::f32s; V], to: &mut [f32]) {
    let (vectors, _) = S::as_mut_simd_f32s(&mut to[..V * S::F32_LANES]);
    vectors.copy_from_slice(&values);
}

/// [`Correlation::apply`] on the padded image; `y` has whole vectors of filters.
struct Apply<'a> {
    of: Correlation,
    x: &'a [f32],
    w: &'a [f32],
    packed: &'a mut [f32],
    y: &'a mut [f32],
}

impl WithSimd for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let wide = self.of.padded();
        let Apply {
            of,
            x,
            w,
            packed,
            y,
        } = self;
        let mut first = 0;
        while first < wide {
            let vectors = vectors::<S>(wide - first);
            match vectors {
                4 => {
                    apply_block::<S, 4>(simd, &of, x, pack::<S, 4>(&of, w, first, packed), y, first)
                }
                2 => {
                    apply_block::<S, 2>(simd, &of, x, pack::<S, 2>(&of, w, first, packed), y, first)
                }
                _ => {
                    apply_block::<S, 1>(simd, &of, x, pack::<S, 1>(&of, w, first, packed), y, first)
                }
            }
            first += vectors * S::F32_LANES;
        }
    }
}

/// The block's columns of W, next to each other: W itself where there is one block.
#[inline(always)]
fn pack<'a, S: Simd, const V: usize>(
    of: &Correlation,
    w: &'a [f32],
    first: usize,
    packed: &'a mut [f32],
) -> &'a [f32] {
    let width = V * S::F32_LANES;
    if width == of.filters {
        return w;
    }
    let rows = packed.chunks_exact_mut(width);
    let rows = rows.zip(w.chunks_exact(of.filters));
    if first + width <= of.filters {
        rows.for_each(|(packed, w)| store::<S, V>(load::<S, V>(&w[first..]), packed));
    } else {
        for (packed, w) in rows {
            let (filled, rest) = packed.split_at_mut(of.filters - first);
            filled.copy_from_slice(&w[first..]);
            rest.fill(0.0);
        }
    }
    packed
}

/// The filters from `first` on.
#[inline(always)]
fn apply_block<S: Simd, const V: usize>(
    simd: S,
    of: &Correlation,
    x: &[f32],
    w: &[f32],
    y: &mut [f32],
    first: usize,
) {
    let (width, wide) = (V * S::F32_LANES, of.padded());
    let (run, line, c) = (of.run(), of.line(), of.channels);
    let ([height, across], [top, _], [kh, _]) = (of.output, of.before, of.size);
    // A part of W: whole rows of the window, or a piece of one.
    let rows = (DEPTH / run).max(1);
    let depth = run.div_ceil(run.div_ceil(DEPTH));
    let tiles = across.div_ceil(most_rows::<S, V>());
    let mut fresh = true;
    for a in (0..kh).step_by(rows) {
        for t in (0..run).step_by(depth) {
            let depth = depth.min(run - t);
            for i in 0..height {
                let inside = of.inside(i);
                let (from, to) = (inside.start.max(a), inside.end.min(a + rows));
                let (w, x) = match from < to {
                    true => {
                        let length = (to - from - 1) * run + depth;
                        let w = &w[(from * run + t) * width..][..length * width];
                        (w, &x[(i + from - top) * line + t..])
                    }
                    // The first part writes zeros.
                    false if fresh => (&w[..0], x),
                    false => continue,
                };
                let part = Part {
                    x,
                    line,
                    channels: c,
                    w,
                    run,
                    depth,
                    fresh,
                };
                let mut j = 0;
                for tile in 0..tiles {
                    let r = (across - j).div_ceil(tiles - tile);
                    let y = &mut y[(i * across + j) * wide + first..];
                    with_rows!(r, V, apply_tile, simd, part, j, y, wide);
                    j += r;
                }
            }
            fresh = false;
        }
    }
}

/// What a tile of [`Correlation::apply`] sums over.
#[derive(Clone, Copy)]
struct Part<'a> {
    /// From the first row of the window on.
    x: &'a [f32],
    line: usize,
    channels: usize,
    /// Rows of the window `run` apart, `depth` of each.
    w: &'a [f32],
    run: usize,
    depth: usize,
    /// Whether nothing was summed before.
    fresh: bool,
}

/// R positions from j on.
#[inline(always)]
fn apply_tile<S: Simd, const R: usize, const V: usize>(
    simd: S,
    part: Part,
    j: usize,
    y: &mut [f32],
    stride: usize,
) {
    let (width, depth) = (V * S::F32_LANES, part.depth);
    let mut sums = [[simd.splat_f32s(0.0); V]; R];
    if !part.fresh {
        sums = from_fn(|r| load::<S, V>(&y[r * stride..]));
    }
    for (a, w) in part.w.chunks(part.run * width).enumerate() {
        let first = a * part.line + j * part.channels;
        let x: [&[f32]; R] = from_fn(|r| &part.x[first + r * part.channels..][..depth]);
        for t in 0..depth {
            let w = load::<S, V>(&w[t * width..]);
            for (sums, x) in sums.iter_mut().zip(x) {
                let x = simd.splat_f32s(x[t]);
                for (sum, w) in sums.iter_mut().zip(w) {
                    *sum = simd.mul_add_e_f32s(x, w, *sum);
                }
            }
        }
    }
    for (r, sums) in sums.into_iter().enumerate() {
        store::<S, V>(sums, &mut y[r * stride..]);
    }
}

/// [`Correlation::weight_gradient`] on the padded image; `dy` and `dw` have whole vectors of filters.
struct WeightGradient<'a> {
    of: Correlation,
    x: &'a [f32],
    dy: &'a [f32],
    add: bool,
    dw: &'a mut [f32],
}

impl WithSimd for WeightGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let wide = self.of.padded();
        let mut first = 0;
        while first < wide {
            let vectors = vectors::<S>(wide - first);
            match vectors {
                4 => self.block::<S, 4>(simd, first),
                2 => self.block::<S, 2>(simd, first),
                _ => self.block::<S, 1>(simd, first),
            }
            first += vectors * S::F32_LANES;
        }
    }
}

impl WeightGradient<'_> {
    /// The filters from `first` on.
    #[inline(always)]
    fn block<S: Simd, const V: usize>(&mut self, simd: S, first: usize) {
        let of = self.of;
        let (wide, run, line) = (of.padded(), of.run(), of.line());
        let ([height, across], [top, _], [kh, _]) = (of.output, of.before, of.size);
        let tiles = run.div_ceil(most_rows::<S, V>());
        let rows = (ROWS / (across * wide)).max(1);
        for start in (0..height).step_by(rows) {
            let add = self.add || start > 0;
            for a in 0..kh {
                // The rows that see the image through row a of the window.
                let from = start.max(top.saturating_sub(a));
                let to = (start + rows).min(height);
                let to = to.min((of.image[0] + top).saturating_sub(a));
                let (x, dy) = match from < to {
                    true => (
                        &self.x[(from + a - top) * line..],
                        &self.dy[from * across * wide..to * across * wide],
                    ),
                    false if add => continue,
                    false => (self.x, &self.dy[..0]),
                };
                let mut t = 0;
                for tile in 0..tiles {
                    let r = (run - t).div_ceil(tiles - tile);
                    let sum = Sum {
                        x: &x[t..],
                        line,
                        channels: of.channels,
                        dy,
                        across,
                        wide,
                        first,
                        add,
                    };
                    let dw = &mut self.dw[(a * run + t) * wide + first..];
                    with_rows!(r, V, weight_tile, simd, sum, dw);
                    t += r;
                }
            }
        }
    }
}

/// What a tile of [`Correlation::weight_gradient`] sums over.
#[derive(Clone, Copy)]
struct Sum<'a> {
    /// From the tile's first number of the window on.
    x: &'a [f32],
    line: usize,
    channels: usize,
    /// Whole rows.
    dy: &'a [f32],
    across: usize,
    wide: usize,
    first: usize,
    /// Whether to add to what is there.
    add: bool,
}

/// R numbers of a row of the window.
#[inline(always)]
fn weight_tile<S: Simd, const R: usize, const V: usize>(simd: S, of: Sum, dw: &mut [f32]) {
    let mut sums = [[simd.splat_f32s(0.0); V]; R];
    if of.add {
        sums = from_fn(|r| load::<S, V>(&dw[r * of.wide..]));
    }
    for (i, dy) in of.dy.chunks_exact(of.across * of.wide).enumerate() {
        let x = &of.x[i * of.line..];
        for (j, dy) in dy.chunks_exact(of.wide).enumerate() {
            let x: &[f32; R] = x[j * of.channels..].first_chunk().expect("inside the row");
            let dy = load::<S, V>(&dy[of.first..]);
            for (sums, &x) in sums.iter_mut().zip(x) {
                let x = simd.splat_f32s(x);
                for (sum, dy) in sums.iter_mut().zip(dy) {
                    *sum = simd.mul_add_e_f32s(x, dy, *sum);
                }
            }
        }
    }
    for (r, sums) in sums.into_iter().enumerate() {
        store::<S, V>(sums, &mut dw[r * of.wide..]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::im2col::Padding;
    use super::*;

    fn numbers(len: usize, salt: usize) -> Vec<f32> {
        let number = |i: usize| (((i + salt) * 7919 + 13) % 1009) as f32 / 504.0 - 1.0;
        (0..len).map(number).collect()
    }

    /// Calls `visit` with the places in x, w and y of each product of the definition.
    fn products(of: &Correlation, mut visit: impl FnMut(usize, usize, usize)) {
        let ([height, width], [kh, kw]) = (of.image, of.size);
        for i in 0..of.output[0] {
            for j in 0..of.output[1] {
                for (a, b) in (0..kh).flat_map(|a| (0..kw).map(move |b| (a, b))) {
                    let row = (i + a).wrapping_sub(of.before[0]);
                    let col = (j + b).wrapping_sub(of.before[1]);
                    if row >= height || col >= width {
                        continue;
                    }
                    for c in 0..of.channels {
                        for o in 0..of.filters {
                            visit(
                                (row * width + col) * of.channels + c,
                                ((a * kw + b) * of.channels + c) * of.filters + o,
                                (i * of.output[1] + j) * of.filters + o,
                            );
                        }
                    }
                }
            }
        }
    }

    fn close(got: &[f32], exact: &[f64]) {
        for (got, exact) in got.iter().zip(exact) {
            assert!((f64::from(*got) - exact).abs() < 2e-4, "{got} {exact}");
        }
    }

    #[test]
    fn all_three_passes_are_the_definitions() {
        for (image, size, filters) in [
            ([9, 8, 3], [5, 5], 64),
            ([9, 8, 3], [5, 5], 6),
            ([13, 14, 6], [5, 3], 16),
            ([7, 7, 16], [5, 5], 120),
            ([6, 17, 33], [2, 4], 48),
            ([3, 2, 2], [3, 2], 10),
            ([1, 9, 1], [1, 5], 1),
            ([16, 16, 64], [3, 3], 64),
            ([2, 2, 1], [5, 5], 3),
        ] {
            for padding in [Padding::Same, Padding::Valid] {
                let Some(window) = Window::new(image, size, [1, 1], [1, 1], padding) else {
                    continue;
                };
                let of = Correlation::new(&window, filters).unwrap();
                let x = numbers(image.iter().product(), 1);
                let w = numbers(size[0] * size[1] * image[2] * filters, 2);
                let dy = numbers(of.output[0] * of.output[1] * filters, 3);
                let mut exact = (vec![0.0; dy.len()], vec![0.0; x.len()], vec![0.0; w.len()]);
                let wide = |x: f32| f64::from(x);
                products(&of, |at_x, at_w, at_y| {
                    exact.0[at_y] += wide(x[at_x]) * wide(w[at_w]);
                    exact.1[at_x] += wide(dy[at_y]) * wide(w[at_w]);
                    exact.2[at_w] += wide(dy[at_y]) * wide(x[at_x]);
                });
                let back = of.transposed();
                let mut scratch = vec![f32::NAN; of.scratch().max(back.scratch())];
                let mut y = vec![f32::NAN; dy.len()];
                of.apply(&x, &w, &mut y, &mut scratch);
                close(&y, &exact.0);

                let (mut turned, mut dx) = (vec![f32::NAN; w.len()], vec![f32::NAN; x.len()]);
                of.turn(&w, &mut turned);
                scratch.fill(f32::NAN);
                back.apply(&dy, &turned, &mut dx, &mut scratch);
                close(&dx, &exact.1);

                let mut dw = vec![f32::NAN; w.len()];
                scratch.fill(f32::NAN);
                of.weight_gradient(&x, &dy, false, &mut dw, &mut scratch);
                close(&dw, &exact.2);
                of.weight_gradient(&x, &dy, true, &mut dw, &mut scratch);
                let doubled: Vec<f64> = exact.2.iter().map(|d| 2.0 * d).collect();
                close(&dw, &doubled);
            }
        }
    }

    #[test]
    fn strides_and_dilations_are_left_to_others() {
        let window = |stride, dilation| {
            Window::new([9, 9, 2], [3, 3], stride, dilation, Padding::Same).unwrap()
        };
        assert!(Correlation::new(&window([2, 1], [1, 1]), 4).is_none());
        assert!(Correlation::new(&window([1, 1], [1, 2]), 4).is_none());
    }
}
