//! Depthwise convolutions: every channel is convolved by itself, with m = C_out/C_in filters of its own.
//!
//! ```text
//! y[i, j, c·m + q] = Σ_{a, b} x[i·s + a·d − before, j·s + b·d − before, c] · w[a, b, 0, c·m + q]
//! ```
//!
//! Each window's cells are visited in turn, all channels of a cell at once.

use crate::tensor::Real;
use crate::tensor::im2col::Window;

/// y = x ∘ w of one example; every entry of `y` is written.
pub(super) fn apply<T: Real>(window: &Window<3>, x: &[T], w: &[T], y: &mut [T]) {
    let (channels, filters) = (window.channels, w.len() / window.cells());
    T::dispatch(
        #[inline(always)]
        || {
            for (position, y) in y.chunks_exact_mut(filters).enumerate() {
                y.fill(T::zero());
                window.each_cell(window.place(position), |cell, at| {
                    let (x, w) = (&x[at..at + channels], &w[cell * filters..][..filters]);
                    each(
                        x,
                        y,
                        w,
                        #[inline(always)]
                        |x: &T, y: &mut T, w: T| *y += *x * w,
                    );
                });
            }
        },
    );
}

/// dx of one example; every entry is written.
pub(super) fn transpose<T: Real>(window: &Window<3>, dy: &[T], w: &[T], dx: &mut [T]) {
    let (channels, filters) = (window.channels, w.len() / window.cells());
    T::dispatch(
        #[inline(always)]
        || {
            dx.fill(T::zero());
            for (position, dy) in dy.chunks_exact(filters).enumerate() {
                window.each_cell(window.place(position), |cell, at| {
                    let (dx, w) = (&mut dx[at..at + channels], &w[cell * filters..][..filters]);
                    if filters == channels {
                        for ((dx, &dy), &w) in dx.iter_mut().zip(dy).zip(w) {
                            *dx += dy * w;
                        }
                        return;
                    }
                    let own = filters / channels;
                    let rows = dy.chunks_exact(own).zip(w.chunks_exact(own));
                    for (dx, (dy, w)) in dx.iter_mut().zip(rows) {
                        for (&dy, &w) in dy.iter().zip(w) {
                            *dx += dy * w;
                        }
                    }
                });
            }
        },
    );
}

/// Adds the gradient by w of one example to `dw`.
pub(super) fn weight_gradient<T: Real>(window: &Window<3>, x: &[T], dy: &[T], dw: &mut [T]) {
    let (channels, filters) = (window.channels, dw.len() / window.cells());
    T::dispatch(
        #[inline(always)]
        || {
            for (position, dy) in dy.chunks_exact(filters).enumerate() {
                window.each_cell(window.place(position), |cell, at| {
                    let (x, dw) = (&x[at..at + channels], &mut dw[cell * filters..][..filters]);
                    each(
                        x,
                        dw,
                        dy,
                        #[inline(always)]
                        |x: &T, dw: &mut T, dy: T| *dw += *x * dy,
                    );
                });
            }
        },
    );
}

/// `f(x, to, from)` for each channel of x with each of its filters.
#[inline(always)]
fn each<T: Real>(x: &[T], to: &mut [T], from: &[T], f: impl Fn(&T, &mut T, T)) {
    if to.len() == x.len() {
        for ((x, to), &from) in x.iter().zip(to).zip(from) {
            f(x, to, from);
        }
        return;
    }
    let own = to.len() / x.len();
    let rows = to.chunks_exact_mut(own).zip(from.chunks_exact(own));
    for (x, (to, from)) in x.iter().zip(rows) {
        for (to, &from) in to.iter_mut().zip(from) {
            f(x, to, from);
        }
    }
}
