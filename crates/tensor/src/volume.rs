//! Patches of some channels of a volume, for convolutions of three axes or in groups.
//!
//! An image is a volume of one plane, a sequence one of one row. With X of shape `[D, H, W, C]`, the patch matrix of
//! channels c₀ … c₁ has a row for each window and a column for each (a, b, e, c): the window's cells in reading
//! order, and these channels of each. Places outside the volume are 0.

use super::Real;
use super::im2col::{add, copy_run, zero_run};
use super::window::Window;
use std::ops::Range;

/// Rows `positions` of the patch matrix of some channels of the volume `x`. Every entry of `patches` is written.
pub fn gather<T: Real>(
    window: &Window<3>,
    channels: Range<usize>,
    x: &[T],
    positions: Range<usize>,
    patches: &mut [T],
) {
    assert_eq!(x.len(), window.input());
    assert_eq!(
        patches.len(),
        positions.len() * window.cells() * channels.len()
    );
    T::dispatch(
        #[inline(always)]
        || {
            let mut place = 0;
            runs(window, channels, positions, |zeros, run, length| {
                zero_run(patches, place, zeros);
                place += zeros;
                copy_run(x, run, patches, place, length);
                place += length;
            });
        },
    );
}

/// The adjoint of [`gather`]: adds each patch to the places of `dx` it was copied from.
pub fn scatter<T: Real>(
    window: &Window<3>,
    channels: Range<usize>,
    patches: &[T],
    positions: Range<usize>,
    dx: &mut [T],
) {
    assert_eq!(dx.len(), window.input());
    assert_eq!(
        patches.len(),
        positions.len() * window.cells() * channels.len()
    );
    T::dispatch(
        #[inline(always)]
        || {
            let mut place = 0;
            runs(window, channels, positions, |zeros, run, length| {
                place += zeros;
                add(&mut dx[run..run + length], &patches[place..place + length]);
                place += length;
            });
        },
    );
}

/// Calls `visit(zeros, run, length)` along the rows of the patch matrix: so many entries are outside the volume, then
/// `length` are those of the volume from number `run` on.
#[inline(always)]
fn runs(
    window: &Window<3>,
    channels: Range<usize>,
    positions: Range<usize>,
    mut visit: impl FnMut(usize, usize, usize),
) {
    let [kd, kh, kw] = window.size;
    let width = kw * channels.len();
    let whole = channels.len() == window.channels && window.dilation[2] == 1;
    for position in positions {
        let [i, j, k] = window.place(position);
        let inside = window.inside(2, k);
        let first = k * window.stride[2] + inside.start * window.dilation[2];
        for (a, b) in (0..kd).flat_map(|a| (0..kh).map(move |b| (a, b))) {
            let row = window.cell(0, i, a).zip(window.cell(1, j, b));
            let Some((plane, row)) = row.filter(|_| !inside.is_empty()) else {
                visit(width, 0, 0);
                continue;
            };
            let cell = (plane * window.image[1] + row) * window.image[2] + first - window.before[2];
            let mut run = cell * window.channels + channels.start;
            let mut zeros = inside.start * channels.len();
            if whole {
                visit(zeros, run, inside.len() * channels.len());
            } else {
                for _ in inside.clone() {
                    visit(zeros, run, channels.len());
                    zeros = 0;
                    run += window.dilation[2] * window.channels;
                }
            }
            visit((kw - inside.end) * channels.len(), 0, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::Padding;

    fn windows() -> Vec<Window<3>> {
        let mut all = Vec::new();
        for (image, channels) in [([3, 4, 5], 4), ([1, 5, 6], 2), ([1, 1, 9], 6)] {
            for (size, stride, dilation) in [
                ([1, 1, 1], [1; 3], [1; 3]),
                ([1, 1, 3], [1, 1, 2], [1; 3]),
                ([2, 3, 2], [1; 3], [1; 3]),
                ([2, 2, 3], [2, 1, 3], [1; 3]),
                ([2, 2, 2], [1; 3], [1, 2, 3]),
            ] {
                for padding in [Padding::Valid, Padding::Same, Padding::Cells(2)] {
                    let padding = [padding; 3];
                    all.extend(Window::over(
                        image, channels, size, stride, dilation, padding,
                    ));
                }
            }
        }
        assert!(all.len() > 30);
        all
    }

    /// By the definition: each entry of the patch matrix with its place in the volume, `None` outside.
    fn places(window: &Window<3>, channels: Range<usize>) -> Vec<Option<usize>> {
        let mut all = Vec::new();
        for position in 0..window.positions() {
            for cell in 0..window.cells() {
                let (mut of, mut cells) = ([0; 3], [position, cell]);
                let mut outside = false;
                for axis in (0..3).rev() {
                    let index = cells[0] % window.output[axis];
                    let offset = cells[1] % window.size[axis];
                    cells = [cells[0] / window.output[axis], cells[1] / window.size[axis]];
                    let at = (index * window.stride[axis] + offset * window.dilation[axis])
                        as isize
                        - window.before[axis] as isize;
                    outside |= at < 0 || at >= window.image[axis] as isize;
                    of[axis] = at.max(0) as usize;
                }
                let [_, height, width] = window.image;
                let at = ((of[0] * height + of[1]) * width + of[2]) * window.channels;
                let place = |c: usize| (!outside).then_some(at + c);
                all.extend(channels.clone().map(place));
            }
        }
        all
    }

    #[test]
    fn patches_are_the_cells_under_each_window_and_scatter_is_the_adjoint() {
        for window in windows() {
            for channels in [
                0..window.channels,
                0..1,
                1..2,
                window.channels / 2..window.channels,
            ] {
                let places = places(&window, channels.clone());
                let x: Vec<f32> = (1..=window.input()).map(|i| i as f32).collect();
                let mut got = vec![f32::NAN; places.len()];
                let middle = window.positions() / 2;
                let cut = middle * window.cells() * channels.len();
                let parts = [0..middle, middle..window.positions()];
                let (top, bottom) = got.split_at_mut(cut);
                gather(&window, channels.clone(), &x, parts[0].clone(), top);
                gather(&window, channels.clone(), &x, parts[1].clone(), bottom);
                let expected: Vec<f32> =
                    places.iter().map(|at| at.map_or(0.0, |at| x[at])).collect();
                assert_eq!(got, expected, "{window:?}");

                let patches: Vec<f64> = (0..places.len()).map(|i| (i * 31 % 17) as f64).collect();
                let (mut dx, mut expected) = (vec![1.0; x.len()], vec![1.0; x.len()]);
                for (patch, at) in patches.iter().zip(&places) {
                    at.iter().for_each(|&at| expected[at] += patch);
                }
                let [top, bottom] = [&patches[..cut], &patches[cut..]];
                scatter(&window, channels.clone(), top, parts[0].clone(), &mut dx);
                scatter(&window, channels.clone(), bottom, parts[1].clone(), &mut dx);
                assert_eq!(dx, expected, "{window:?}");
            }
        }
    }

    #[test]
    fn a_windows_cells_are_visited_in_reading_order() {
        for window in windows() {
            let places = places(&window, 0..1);
            let cells = window.cells();
            for (position, expected) in places.chunks_exact(cells).enumerate() {
                let mut seen = Vec::new();
                window.each_cell(window.place(position), |cell, at| seen.push((cell, at)));
                let expected = expected.iter().enumerate();
                let expected: Vec<(usize, usize)> = expected
                    .filter_map(|(cell, at)| Some((cell, (*at)?)))
                    .collect();
                assert_eq!(seen, expected, "{window:?}");
            }
        }
    }
}
