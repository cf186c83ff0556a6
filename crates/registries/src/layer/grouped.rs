//! Convolutions in groups, and over volumes. Of each group g, with P_g the patches of its channels and W_g the
//! columns of its filters in the kernel flat in its last axis
//!
//! ```text
//! Y_g = P_g·W_g        dX_g = scatter(dY_g·W_gᵀ)        dW_g = P_gᵀ·dY_g
//! ```
//!
//! P_g is made for a band of positions at a time, which stays in cache. A product of one column a group would be slow:
//! a depthwise convolution goes over the cells of each window instead.

use super::image_convolution::BAND;
use super::windows::shape;
use super::{AnyLinear, Linear, depthwise};
use crate::tensor::gemm::{MatrixMut, MatrixRef, gemm};
use crate::tensor::im2col::Window;
use crate::tensor::volume::{gather, scatter};
use crate::tensor::{Real, Shape};
use std::ops::Range;

pub(super) struct Grouped {
    window: Window<3>,
    filters: usize,
    groups: usize,
    /// How many axes of positions its input has.
    axes: usize,
    /// Positions whose patches are made at a time.
    band: usize,
}

impl Grouped {
    pub(super) fn new(window: Window<3>, filters: usize, groups: usize, axes: usize) -> Self {
        let patch = window.cells().saturating_mul(window.channels / groups);
        Grouped {
            band: (BAND / patch).clamp(1, window.positions()),
            window,
            filters,
            groups,
            axes,
        }
    }

    fn depthwise(&self) -> bool {
        self.groups > 1 && self.groups == self.window.channels
    }

    /// Whether the patches of a group are its channels of the input as they lie.
    fn pointwise(&self) -> bool {
        let window = &self.window;
        window.size == [1; 3] && window.stride == [1; 3] && window.output == window.image
    }

    /// Input channels of one group.
    fn channels(&self) -> usize {
        self.window.channels / self.groups
    }

    /// Filters of one group.
    fn own(&self) -> usize {
        self.filters / self.groups
    }

    /// Numbers of a patch of one group.
    fn patch(&self) -> usize {
        self.window.cells() * self.channels()
    }

    /// Each group with each band of positions.
    fn parts(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        let positions = self.window.positions();
        let bands = (0..positions).step_by(self.band);
        let bands = bands.map(move |start| start..(start + self.band).min(positions));
        bands.flat_map(|band| (0..self.groups).map(move |group| (group, band.clone())))
    }

    /// Calls `work` with the channels of a group, its place among the filters, and the patches of a band.
    fn patches<T: Real>(
        &self,
        x: &[T],
        scratch: &mut [T],
        mut work: impl FnMut(usize, Range<usize>, MatrixRef<T>),
    ) {
        let (channels, all) = (self.channels(), self.window.channels);
        for (group, band) in self.parts() {
            let first = group * channels;
            if self.pointwise() {
                let x = &x[band.start * all + first..];
                let lies = MatrixRef::new(x, [band.len(), channels], [all, 1]);
                work(group, band, lies);
                continue;
            }
            let patches = &mut scratch[..band.len() * self.patch()];
            gather(
                &self.window,
                first..first + channels,
                x,
                band.clone(),
                patches,
            );
            let rows = band.len();
            work(
                group,
                band,
                MatrixRef::row_major(patches, rows, self.patch()),
            );
        }
    }

    /// The columns of a group's filters in the kernel.
    fn weights<'a, T>(&self, w: &'a [T], group: usize) -> MatrixRef<'a, T> {
        let own = self.own();
        MatrixRef::new(&w[group * own..], [self.patch(), own], [self.filters, 1])
    }

    /// A band of a group's filters in an output.
    fn outputs<'a, T>(&self, y: &'a [T], group: usize, band: &Range<usize>) -> MatrixRef<'a, T> {
        let at = band.start * self.filters + group * self.own();
        MatrixRef::new(&y[at..], [band.len(), self.own()], [self.filters, 1])
    }

    /// One example's input with its output.
    fn examples<'a, A, B>(
        &self,
        x: &'a [A],
        y: &'a [B],
    ) -> impl Iterator<Item = (&'a [A], &'a [B])> {
        let output = self.window.positions() * self.filters;
        x.chunks_exact(self.window.input())
            .zip(y.chunks_exact(output))
    }
}

impl AnyLinear for Grouped {
    fn output(&self) -> Shape {
        shape(self.window.output, self.filters, self.axes)
    }

    fn kernel(&self) -> Shape {
        let mut kernel = shape(self.window.size, self.channels(), self.axes);
        kernel.0.push(self.filters);
        kernel
    }

    fn fan_in(&self) -> usize {
        self.patch()
    }

    fn fan_out(&self) -> usize {
        self.window.cells() * self.own()
    }

    fn positions(&self) -> usize {
        self.window.positions()
    }

    fn unfolds(&self) -> Result<(), &'static str> {
        Err("the channels of its layer are in groups, each with a kernel of its own")
    }

    fn multiplications(&self) -> u64 {
        self.positions() as u64 * self.fan_in() as u64 * self.filters as u64
    }

    fn scratch(&self, _: usize) -> usize {
        match self.depthwise() || self.pointwise() {
            true => 0,
            false => self.band * self.patch(),
        }
    }
}

impl<T: Real> Linear<T> for Grouped {
    fn apply(&self, x: &[T], w: &[T], y: &mut [T], scratch: &mut [T]) {
        let output = self.window.positions() * self.filters;
        let inputs = x.chunks_exact(self.window.input());
        for (x, y) in inputs.zip(y.chunks_exact_mut(output)) {
            if self.depthwise() {
                depthwise::apply(&self.window, x, w, y);
                continue;
            }
            self.patches(x, scratch, |group, band, patches| {
                let at = band.start * self.filters + group * self.own();
                let target = [band.len(), self.own()];
                let y = MatrixMut::new(&mut y[at..], target, [self.filters, 1]);
                gemm(T::one(), patches, self.weights(w, group), T::zero(), y);
            });
        }
    }

    fn transpose(&self, dy: &[T], w: &[T], dx: &mut [T], scratch: &mut [T]) {
        let (channels, all) = (self.channels(), self.window.channels);
        let output = self.window.positions() * self.filters;
        let inputs = dx.chunks_exact_mut(self.window.input());
        for (dy, dx) in dy.chunks_exact(output).zip(inputs) {
            if self.depthwise() {
                depthwise::transpose(&self.window, dy, w, dx);
                continue;
            }
            if !self.pointwise() {
                dx.fill(T::zero());
            }
            for (group, band) in self.parts() {
                let dy = self.outputs(dy, group, &band);
                let (w, first) = (self.weights(w, group).transposed(), group * channels);
                if self.pointwise() {
                    let dx = &mut dx[band.start * all + first..];
                    let dx = MatrixMut::new(dx, [band.len(), channels], [all, 1]);
                    gemm(T::one(), dy, w, T::zero(), dx);
                    continue;
                }
                let patches = &mut scratch[..band.len() * self.patch()];
                let target = MatrixMut::row_major(patches, band.len(), self.patch());
                gemm(T::one(), dy, w, T::zero(), target);
                scatter(&self.window, first..first + channels, patches, band, dx);
            }
        }
    }

    fn weight_gradient(&self, x: &[T], dy: &[T], add: bool, dw: &mut [T], scratch: &mut [T]) {
        if !add {
            dw.fill(T::zero());
        }
        for (x, dy) in self.examples(x, dy) {
            if self.depthwise() {
                depthwise::weight_gradient(&self.window, x, dy, dw);
                continue;
            }
            self.patches(x, scratch, |group, band, patches| {
                let dy = self.outputs(dy, group, &band);
                let target = [self.patch(), self.own()];
                let dw = MatrixMut::new(&mut dw[group * self.own()..], target, [self.filters, 1]);
                gemm(T::one(), patches.transposed(), dy, T::one(), dw);
            });
        }
    }
}
