//! Convolutions of one group over images, and over sequences as images of one row. With P the patch matrix of
//! [`im2col`] and W the kernel flat in its last axis
//!
//! ```text
//! Y = P·W        dX = col2im(dY·Wᵀ)        dW = Pᵀ·dY
//! ```
//!
//! P is made and used a band of output rows at a time, which stays in cache. In float32 a convolution of
//! stride 1 needs no P at all: see [`correlate`](crate::tensor::correlate).

use super::{AnyLinear, Linear, Perturbed};
use crate::tensor::correlate::{Correlation, Gradient, Weights};
use crate::tensor::gemm::{MatrixMut, MatrixRef, gemm};
use crate::tensor::im2col::{Window, col2im, im2col};
use crate::tensor::{Real, Shape};
use std::ops::Range;

/// The most numbers of the patch matrix that are made at a time (roughly): a megabyte in float32.
/// Smaller bands stay in smaller caches, but each pays for rearranging the kernel.
pub(super) const BAND: usize = 1 << 18;

pub(super) struct Convolution {
    window: Window,
    filters: usize,
    /// 2, or 1 over a sequence, an image of one row.
    axes: usize,
    /// Rows of windows whose patches are made at a time.
    band: usize,
    /// The way without patches, if there is one.
    direct: Option<Correlation>,
}

impl Convolution {
    pub(super) fn new(window: Window, filters: usize, axes: usize) -> Self {
        let row = window.output[1].saturating_mul(window.patch());
        let bands = row
            .saturating_mul(window.output[0])
            .div_ceil(BAND)
            .clamp(1, window.output[0]);
        let band = window.output[0].div_ceil(bands);
        // A window of one cell has no patches either: it is a product of matrices.
        let direct = Correlation::new(&window, filters).filter(|_| window.size != [1, 1]);
        Convolution {
            direct,
            window,
            filters,
            axes,
            band,
        }
    }

    fn input(&self) -> usize {
        self.window.input()
    }

    /// Whether the patch matrix is the image itself.
    fn pointwise(&self) -> bool {
        let window = &self.window;
        window.size == [1, 1] && window.stride == [1, 1] && window.output == window.image
    }

    /// The bands of output rows, and their ranges of output positions.
    fn bands(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let [height, width] = self.window.output;
        (0..height).step_by(self.band).map(move |start| {
            let rows = start..(start + self.band).min(height);
            (rows.clone(), rows.start * width..rows.end * width)
        })
    }

    /// Calls `work` with each band's range of output positions and its patches.
    fn patches<T: Real>(
        &self,
        x: &[T],
        scratch: &mut [T],
        mut work: impl FnMut(Range<usize>, MatrixRef<T>),
    ) {
        let patch = self.window.patch();
        if self.pointwise() {
            let positions = self.window.positions();
            return work(0..positions, MatrixRef::row_major(x, positions, patch));
        }
        for (rows, positions) in self.bands() {
            let patches = &mut scratch[..positions.len() * patch];
            im2col(&self.window, x, rows, patches);
            let length = positions.len();
            work(positions, MatrixRef::row_major(patches, length, patch));
        }
    }
}

impl AnyLinear for Convolution {
    fn output(&self) -> Shape {
        let positions = &self.window.output[2 - self.axes..];
        Shape([positions, &[self.filters]].concat())
    }

    fn kernel(&self) -> Shape {
        let cells = &self.window.size[2 - self.axes..];
        Shape([cells, &[self.window.channels, self.filters]].concat())
    }

    fn fan_in(&self) -> usize {
        self.window.patch()
    }

    fn fan_out(&self) -> usize {
        self.window.size[0] * self.window.size[1] * self.filters
    }

    fn positions(&self) -> usize {
        self.window.positions()
    }

    fn unfolds(&self) -> Result<(), &'static str> {
        Ok(())
    }

    fn multiplications(&self) -> u64 {
        self.positions() as u64 * self.fan_in() as u64 * self.filters as u64
    }

    fn scratch(&self, _: usize) -> usize {
        if self.pointwise() {
            return 0;
        }
        let patches = self.band * self.window.output[1] * self.window.patch();
        match &self.direct {
            // float64 makes patches.
            Some(direct) => patches.max(direct.scratch()),
            None => patches,
        }
    }
}

impl<T: Real> Linear<T> for Convolution {
    fn apply(&self, x: &[T], w: &[T], y: &mut [T], scratch: &mut [T]) {
        let (patch, filters) = (self.window.patch(), self.filters);
        if let (Some(direct), Some(x), Some(w)) = (&self.direct, T::as_f32(x), T::as_f32(w))
            && let (Some(y), Some(scratch)) = (T::as_f32_mut(y), T::as_f32_mut(scratch))
        {
            let outputs = y.chunks_exact_mut(self.positions() * filters);
            return x
                .chunks_exact(self.input())
                .zip(outputs)
                .for_each(|(x, y)| direct.apply(x, Weights::Plain(w), y, scratch));
        }
        let w = MatrixRef::row_major(w, patch, filters);
        let outputs = y.chunks_exact_mut(self.positions() * filters);
        for (x, y) in x.chunks_exact(self.input()).zip(outputs) {
            self.patches(x, scratch, |part, patches| {
                let length = part.len();
                let y = &mut y[part.start * filters..part.end * filters];
                gemm(
                    T::one(),
                    patches,
                    w,
                    T::zero(),
                    MatrixMut::row_major(y, length, filters),
                );
            });
        }
    }

    fn transpose(&self, dy: &[T], w: &[T], dx: &mut [T], scratch: &mut [T]) {
        let (patch, filters) = (self.window.patch(), self.filters);
        if let (Some(direct), Some(dy), Some(w)) = (&self.direct, T::as_f32(dy), T::as_f32(w))
            && let (Some(dx), Some(scratch)) = (T::as_f32_mut(dx), T::as_f32_mut(scratch))
        {
            let inputs = dx.chunks_exact_mut(self.input());
            return dy
                .chunks_exact(self.positions() * filters)
                .zip(inputs)
                .for_each(|(dy, dx)| direct.transpose(dy, Weights::Plain(w), dx, scratch));
        }
        let w = MatrixRef::row_major(w, patch, filters).transposed();
        let inputs = dx.chunks_exact_mut(self.input());
        for (dy, dx) in dy.chunks_exact(self.positions() * filters).zip(inputs) {
            if self.pointwise() {
                let dy = MatrixRef::row_major(dy, self.positions(), filters);
                let dx = MatrixMut::row_major(dx, self.positions(), patch);
                gemm(T::one(), dy, w, T::zero(), dx);
                continue;
            }
            dx.fill(T::zero());
            for (rows, part) in self.bands() {
                let length = part.len();
                let dy = &dy[part.start * filters..part.end * filters];
                let dy = MatrixRef::row_major(dy, length, filters);
                let patches = &mut scratch[..length * patch];
                let target = MatrixMut::row_major(patches, length, patch);
                gemm(T::one(), dy, w, T::zero(), target);
                col2im(&self.window, patches, rows, dx);
            }
        }
    }

    fn weight_gradient(&self, x: &[T], dy: &[T], add: bool, dw: &mut [T], scratch: &mut [T]) {
        let (patch, filters) = (self.window.patch(), self.filters);
        if let (Some(direct), Some(x), Some(dy)) = (&self.direct, T::as_f32(x), T::as_f32(dy))
            && let (Some(dw), Some(scratch)) = (T::as_f32_mut(dw), T::as_f32_mut(scratch))
            && !x.is_empty()
        {
            let outputs = dy.chunks_exact(self.positions() * filters);
            for (at, (x, dy)) in x.chunks_exact(self.input()).zip(outputs).enumerate() {
                let into = Gradient {
                    first: &mut *dw,
                    second: None,
                    add: add || at > 0,
                };
                direct.weight_gradient(x, dy, into, scratch);
            }
            return;
        }
        let mut beta = if add { T::one() } else { T::zero() };
        if x.is_empty() && !add {
            dw.fill(T::zero());
        }
        let outputs = dy.chunks_exact(self.positions() * filters);
        for (x, dy) in x.chunks_exact(self.input()).zip(outputs) {
            self.patches(x, scratch, |part, patches| {
                let length = part.len();
                let dy = &dy[part.start * filters..part.end * filters];
                let dy = MatrixRef::row_major(dy, length, filters);
                let dw = MatrixMut::row_major(dw, patch, filters);
                gemm(T::one(), patches.transposed(), dy, beta, dw);
                beta = T::one();
            });
        }
    }

    fn unfold(&self, x: &[T], patches: &mut [T]) {
        match self.pointwise() {
            true => patches.copy_from_slice(x),
            false => im2col(&self.window, x, 0..self.window.output[0], patches),
        }
    }

    fn perturbed(&self) -> Option<&dyn Perturbed> {
        self.direct.as_ref().map(|direct| direct as &dyn Perturbed)
    }
}

impl Perturbed for Correlation {
    fn apply(&self, x: &[f32], w: Weights, y: &mut [f32], scratch: &mut [f32]) {
        Correlation::apply(self, x, w, y, scratch);
    }
    fn transpose(&self, dy: &[f32], w: Weights, dx: &mut [f32], scratch: &mut [f32]) {
        Correlation::transpose(self, dy, w, dx, scratch);
    }
    fn weight_gradient(&self, x: &[f32], dy: &[f32], into: Gradient, scratch: &mut [f32]) {
        Correlation::weight_gradient(self, x, dy, into, scratch);
    }
}
