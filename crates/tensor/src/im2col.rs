//! An image's patches as a matrix.
//!
//! With X of shape `[H, W, C]`, output position (i, j) sees the input rows
//! i·stride + a·dilation − before for a = 0 … kh−1, and so for columns. The patch matrix P has a row
//! for each output position and a column for each (a, b, c); places outside the image are 0. Then a
//! convolution is P·W with W flat `[kh·kw·C_in, C_out]`.

use super::Real;
pub use super::window::{Padding, Window};
use std::ops::Range;

/// A patch is copied this many numbers at a time.
const CHUNK: usize = 16;

/// Copies `length` numbers. May write up to `CHUNK` − 1 more, of any value, after them: the caller
/// writes front to back, so what follows is overwritten later. Short copies of fixed length are
/// several times as fast as calls of memcpy.
#[inline(always)]
pub(crate) fn copy_run<T: Copy>(from: &[T], at: usize, to: &mut [T], place: usize, length: usize) {
    let rounded = length.next_multiple_of(CHUNK);
    if length <= CHUNK && at + CHUNK <= from.len() && place + CHUNK <= to.len() {
        to[place..place + CHUNK].copy_from_slice(&from[at..at + CHUNK]);
    } else if length <= 8 * CHUNK && at + rounded <= from.len() && place + rounded <= to.len() {
        let pairs = to[place..place + rounded]
            .chunks_exact_mut(CHUNK)
            .zip(from[at..at + rounded].chunks_exact(CHUNK));
        for (to, from) in pairs {
            to.copy_from_slice(from);
        }
    } else {
        to[place..place + length].copy_from_slice(&from[at..at + length]);
    }
}

/// Writes `length` zeros; as [`copy_run`], it may write more after them.
#[inline(always)]
pub(crate) fn zero_run<T: Real>(to: &mut [T], place: usize, length: usize) {
    if length == 0 {
        return;
    }
    let end = (place + length.next_multiple_of(CHUNK)).min(to.len());
    let (chunks, rest) = to[place..end].as_chunks_mut::<CHUNK>();
    for chunk in chunks {
        *chunk = [T::zero(); CHUNK];
    }
    for zero in rest {
        *zero = T::zero();
    }
}

/// Rows `rows.start * output width .. rows.end * output width` of the patch matrix of image `x`:
/// the patches of these rows of windows. Every entry of `patches` is written.
pub fn im2col<T: Real>(window: &Window, x: &[T], rows: Range<usize>, patches: &mut [T]) {
    assert_eq!(x.len(), window.image[0] * window.image[1] * window.channels);
    assert_eq!(
        patches.len(),
        rows.len() * window.output[1] * window.patch()
    );
    T::dispatch(
        #[inline(always)]
        || gather(window, x, rows, patches),
    );
}

#[inline(always)]
fn gather<T: Real>(window: &Window, x: &[T], rows: Range<usize>, patches: &mut [T]) {
    let (channels, [kh, kw]) = (window.channels, window.size);
    let (line, width) = (window.image[1] * channels, kw * channels);
    let mut place = 0;
    for i in rows {
        let tall = window.inside(0, i).len() == kh;
        for j in 0..window.output[1] {
            let inside = window.inside(1, j);
            if tall && inside.len() == kw && window.dilation[1] == 1 {
                let (row, col) = (i * window.stride[0], j * window.stride[1]);
                let mut at = (row - window.before[0]) * line + (col - window.before[1]) * channels;
                for _ in 0..kh {
                    copy_run(x, at, patches, place, width);
                    place += width;
                    at += window.dilation[0] * line;
                }
                continue;
            }
            let (left, right) = (inside.start * channels, (kw - inside.end) * channels);
            for a in 0..kh {
                let Some(row) = window.cell(0, i, a).filter(|_| !inside.is_empty()) else {
                    zero_run(patches, place, width);
                    place += width;
                    continue;
                };
                zero_run(patches, place, left);
                place += left;
                let first = j * window.stride[1] + inside.start * window.dilation[1];
                let mut at = row * line + (first - window.before[1]) * channels;
                if window.dilation[1] == 1 {
                    copy_run(x, at, patches, place, inside.len() * channels);
                    place += inside.len() * channels;
                } else {
                    for _ in inside.clone() {
                        copy_run(x, at, patches, place, channels);
                        place += channels;
                        at += window.dilation[1] * channels;
                    }
                }
                zero_run(patches, place, right);
                place += right;
            }
        }
    }
}

/// The adjoint of [`im2col()`]: adds each patch to the places of `dx` it was copied from.
pub fn col2im<T: Real>(window: &Window, patches: &[T], rows: Range<usize>, dx: &mut [T]) {
    assert_eq!(
        dx.len(),
        window.image[0] * window.image[1] * window.channels
    );
    assert_eq!(
        patches.len(),
        rows.len() * window.output[1] * window.patch()
    );
    T::dispatch(
        #[inline(always)]
        || scatter(window, patches, rows, dx),
    );
}

#[inline(always)]
fn scatter<T: Real>(window: &Window, patches: &[T], rows: Range<usize>, dx: &mut [T]) {
    let (channels, [kh, kw]) = (window.channels, window.size);
    let line = window.image[1] * channels;
    let mut patches = patches.chunks_exact(kw * channels);
    for i in rows {
        for j in 0..window.output[1] {
            let inside = window.inside(1, j);
            for a in 0..kh {
                let patch = patches.next().expect("a patch of every window");
                let Some(row) = window.cell(0, i, a).filter(|_| !inside.is_empty()) else {
                    continue;
                };
                let first = j * window.stride[1] + inside.start * window.dilation[1];
                let mut at = row * line + (first - window.before[1]) * channels;
                let patch = &patch[inside.start * channels..inside.end * channels];
                if window.dilation[1] == 1 {
                    add(&mut dx[at..at + patch.len()], patch);
                } else {
                    for cell in patch.chunks_exact(channels) {
                        add(&mut dx[at..at + channels], cell);
                        at += window.dilation[1] * channels;
                    }
                }
            }
        }
    }
}

#[inline(always)]
pub(crate) fn add<T: Real>(to: &mut [T], from: &[T]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every window the tests slide, over images of several sizes.
    fn windows() -> Vec<Window> {
        let mut all = Vec::new();
        for image in [[1, 1, 1], [5, 6, 3], [8, 7, 1], [9, 9, 20]] {
            for size in [[1, 1], [2, 2], [3, 3], [5, 5], [1, 4], [3, 2]] {
                for (stride, dilation) in [
                    ([1, 1], [1, 1]),
                    ([2, 2], [1, 1]),
                    ([1, 3], [1, 1]),
                    ([1, 1], [2, 2]),
                    ([1, 1], [1, 3]),
                ] {
                    for padding in [Padding::Valid, Padding::Same] {
                        all.extend(Window::new(image, size, stride, dilation, padding));
                    }
                }
            }
        }
        assert!(all.len() > 100);
        all
    }

    /// Calls `visit(row of the patch matrix, its column, place in the image)` for cells inside.
    fn each(window: &Window, mut visit: impl FnMut(usize, usize, usize)) {
        let ([h, w], c) = (window.image, window.channels);
        for i in 0..window.output[0] {
            for j in 0..window.output[1] {
                for a in 0..window.size[0] {
                    for b in 0..window.size[1] {
                        let row = (i * window.stride[0] + a * window.dilation[0]) as isize
                            - window.before[0] as isize;
                        let col = (j * window.stride[1] + b * window.dilation[1]) as isize
                            - window.before[1] as isize;
                        if row >= 0 && col >= 0 && row < h as isize && col < w as isize {
                            for k in 0..c {
                                let position = i * window.output[1] + j;
                                let column = (a * window.size[1] + b) * c + k;
                                visit(position, column, (row as usize * w + col as usize) * c + k);
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn patches_are_the_cells_under_each_window() {
        for window in windows() {
            let x: Vec<f32> = (1..=window.image[0] * window.image[1] * window.channels)
                .map(|i| i as f32)
                .collect();
            let patch = window.patch();
            let mut expected = vec![0.0; window.positions() * patch];
            each(&window, |row, column, place| {
                expected[row * patch + column] = x[place]
            });
            let mut got = vec![f32::NAN; expected.len()];
            let middle = window.output[0] / 2;
            let (top, bottom) = got.split_at_mut(middle * window.output[1] * patch);
            im2col(&window, &x, 0..middle, top);
            im2col(&window, &x, middle..window.output[0], bottom);
            assert_eq!(got, expected, "{window:?}");
        }
    }

    #[test]
    fn col2im_is_the_adjoint() {
        for window in windows() {
            let patch = window.patch();
            let patches: Vec<f64> = (0..window.positions() * patch)
                .map(|i| ((i * 31) % 17) as f64)
                .collect();
            let len = window.image[0] * window.image[1] * window.channels;
            let mut expected = vec![1.0; len];
            each(&window, |row, column, place| {
                expected[place] += patches[row * patch + column]
            });
            let mut got = vec![1.0; len];
            let middle = window.output[0] / 2;
            let (top, bottom) = patches.split_at(middle * window.output[1] * patch);
            col2im(&window, top, 0..middle, &mut got);
            col2im(&window, bottom, middle..window.output[0], &mut got);
            assert_eq!(got, expected, "{window:?}");
        }
    }
}
