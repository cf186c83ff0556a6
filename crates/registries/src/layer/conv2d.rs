//! ```text
//! y[i, j, o] = Σ_{a, b, c} x[i·s + a·d − before, j·s + b·d − before, c] · w[a, b, c, o]
//! ```
//!
//! A cross-correlation, as everywhere in deep learning; x is 0 outside the image, s the stride, d the
//! dilation. The kernel is `[kh, kw, C_in, C_out]`, as in Keras, so with P the patch matrix of
//! [`im2col`] and W the kernel flat in its last axis
//!
//! ```text
//! Y = P·W        dX = col2im(dY·Wᵀ)        dW = Pᵀ·dY
//! ```
//!
//! P is made and used a band of output rows at a time, which stays in cache. In float32 a convolution of
//! stride 1 needs no P at all: see [`correlate`](crate::tensor::correlate).

use super::{AnyLinear, Layer, Linear, Operation, Perturbed, ShapeError, Slot};
use crate::signature::{Constants, Kind, Parameter, Signature};
use crate::tensor::correlate::{Correlation, Gradient, Weights};
use crate::tensor::gemm::{MatrixMut, MatrixRef, gemm};
use crate::tensor::im2col::{Padding, Window, col2im, im2col};
use crate::tensor::{Real, Shape};
use std::ops::Range;
use std::sync::Arc;

/// A convolution over the two axes of an image.
pub struct Conv2d;

impl Layer for Conv2d {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "conv2d",
            summary: "a weighted sum of each window of an image, for each filter",
            parameters: &[
                Parameter {
                    name: "filters",
                    kind: Kind::Count,
                    default: None,
                    summary: "the number of output channels",
                },
                Parameter {
                    name: "kernel",
                    kind: Kind::Pair,
                    default: None,
                    summary: "height and width of the window",
                },
                Parameter {
                    name: "stride",
                    kind: Kind::Pair,
                    default: Some("1"),
                    summary: "steps from one window to the next",
                },
                Parameter {
                    name: "dilation",
                    kind: Kind::Pair,
                    default: Some("1"),
                    summary: "steps from one cell of the window to the next",
                },
                Parameter {
                    name: "padding",
                    kind: Kind::Choice(Padding::WORDS),
                    default: Some("valid"),
                    summary: "whether zeros around the image let the output keep its size",
                },
            ],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "$y_(i j o) = sum_(u, v, c) x_(s i + d u, s j + d v, c) W_(u v c o) + b_o$, a cross-correlation with stride $s$ and dilation $d$; where padded, the image is 0 outside"
    }

    fn slots(&self) -> &'static [Slot] {
        const {
            &[
                Slot::kernel("[kh, kw, C_in, filters]"),
                Slot::bias("[filters]"),
            ]
        }
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let image = image(shape)?;
        let (size, stride) = (arguments.pair("kernel"), arguments.pair("stride"));
        let dilation = arguments.pair("dilation");
        if stride != [1, 1] && dilation != [1, 1] {
            return Err(ShapeError {
                expected: "a stride of 1 or a dilation of 1".into(),
                help: Some(format!(
                    "a stride of {stride:?} with a dilation of {dilation:?} is not supported"
                )),
            });
        }
        let padding = Padding::of(arguments.word("padding"));
        let Some(window) = Window::new(image, size, stride, dilation, padding) else {
            let [kh, kw] = [0, 1].map(|axis| (size[axis] - 1) * dilation[axis] + 1);
            return Err(too_small(kh, kw));
        };
        Ok(Operation::Linear(Arc::new(Convolution::new(
            window,
            arguments.count("filters"),
        ))))
    }
}

/// The three axes of an image.
pub(super) fn image(shape: &Shape) -> Result<[usize; 3], ShapeError> {
    <[usize; 3]>::try_from(&shape.0[..]).map_err(|_| ShapeError {
        expected: "an input of 3 axes [height, width, channels]".into(),
        help: match shape.0[..] {
            [height, width] => Some(format!(
                "put `reshape([{height}, {width}, 1])` before it to give the image one channel"
            )),
            [_] => Some("put `reshape([height, width, channels])` before it".into()),
            _ => None,
        },
    })
}

/// The error of an image that a window does not fit in.
pub(super) fn too_small(height: usize, width: usize) -> ShapeError {
    ShapeError {
        expected: format!("an input of height {height} and width {width} or more"),
        help: Some("`padding = same` pads the image".into()),
    }
}

/// The most numbers of the patch matrix that are made at a time (roughly): a megabyte in float32.
/// Smaller bands stay in smaller caches, but each pays for rearranging the kernel.
const BAND: usize = 1 << 18;

struct Convolution {
    window: Window,
    filters: usize,
    /// Rows of windows whose patches are made at a time.
    band: usize,
    /// The way without patches, if there is one.
    direct: Option<Correlation>,
}

impl Convolution {
    fn new(window: Window, filters: usize) -> Self {
        let row = window.output[1] * window.patch();
        let bands = (row * window.output[0])
            .div_ceil(BAND)
            .clamp(1, window.output[0]);
        let band = window.output[0].div_ceil(bands);
        // A window of one cell has no patches either: it is a product of matrices.
        let direct = Correlation::new(&window, filters).filter(|_| window.size != [1, 1]);
        Convolution {
            direct,
            window,
            filters,
            band,
        }
    }

    fn input(&self) -> usize {
        self.window.image[0] * self.window.image[1] * self.window.channels
    }

    /// Whether the patch matrix is the image itself.
    fn pointwise(&self) -> bool {
        self.window.size == [1, 1] && self.window.stride == [1, 1]
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
        let [height, width] = self.window.output;
        Shape(vec![height, width, self.filters])
    }

    fn kernel(&self) -> Shape {
        let [kh, kw] = self.window.size;
        Shape(vec![kh, kw, self.window.channels, self.filters])
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

#[cfg(test)]
mod tests {
    use super::super::testing::{conv2d, linear, numbers};
    use super::*;

    /// The definition, read off the formula.
    fn naive(window: &Window, filters: usize, x: &[f64], w: &[f64]) -> Vec<f64> {
        let ([height, width], channels, [_, kw]) = (window.image, window.channels, window.size);
        let mut y = vec![0.0; window.positions() * filters];
        for (place, y) in y.iter_mut().enumerate() {
            let (position, o) = (place / filters, place % filters);
            let (i, j) = (position / window.output[1], position % window.output[1]);
            for (at, w) in w.iter().enumerate().filter(|(at, _)| at % filters == o) {
                let (c, cell) = (at / filters % channels, at / filters / channels);
                let row = i * window.stride[0] + (cell / kw) * window.dilation[0];
                let col = j * window.stride[1] + (cell % kw) * window.dilation[1];
                let (row, col) = (
                    row.wrapping_sub(window.before[0]),
                    col.wrapping_sub(window.before[1]),
                );
                if row < height && col < width {
                    *y += x[(row * width + col) * channels + c] * w;
                }
            }
        }
        y
    }

    #[test]
    fn each_output_is_a_weighted_sum_of_its_window() {
        for (image, size, stride, dilation) in [
            ([9, 8, 3], [3, 3], [1, 1], [1, 1]),
            ([9, 8, 3], [5, 2], [2, 1], [1, 1]),
            ([9, 8, 17], [3, 3], [1, 1], [2, 2]),
            ([6, 6, 2], [1, 1], [1, 1], [1, 1]),
            ([6, 7, 2], [1, 1], [2, 2], [1, 1]),
            ([40, 40, 16], [5, 5], [1, 1], [1, 1]), // several bands
        ] {
            for padding in Padding::WORDS {
                let arguments = conv2d(4, size, stride, dilation, padding);
                let convolution = linear(&Conv2d, &arguments, &Shape(image.to_vec()));
                let window =
                    Window::new(image, size, stride, dilation, Padding::of(padding)).unwrap();
                let x = numbers(2 * image.iter().product::<usize>(), 1);
                let w = numbers(convolution.kernel().len(), 2);
                let mut y = vec![f64::NAN; 2 * convolution.output().len()];
                let mut scratch = vec![f64::NAN; convolution.scratch(2)];
                Linear::<f64>::apply(&*convolution, &x, &w, &mut y, &mut scratch);
                let (first, second) = x.split_at(x.len() / 2);
                let expected =
                    [naive(&window, 4, first, &w), naive(&window, 4, second, &w)].concat();
                for (y, expected) in y.iter().zip(expected) {
                    assert!((y - expected).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn counts() {
        let arguments = conv2d(64, [5, 5], [1, 1], [1, 1], "same");
        let convolution = linear(&Conv2d, &arguments, &Shape::new(&[32, 32, 3]));
        assert_eq!(convolution.output(), Shape::new(&[32, 32, 64]));
        assert_eq!(convolution.kernel(), Shape::new(&[5, 5, 3, 64]));
        assert_eq!((convolution.fan_in(), convolution.fan_out()), (75, 1600));
        assert_eq!(convolution.multiplications(), 1024 * 75 * 64);
    }

    #[test]
    fn refusals() {
        let refuse = |arguments, shape: &[usize]| {
            Conv2d.build(&arguments, &Shape::new(shape)).err().unwrap()
        };
        let plain = || conv2d(8, [5, 5], [1, 1], [1, 1], "valid");
        let error = refuse(plain(), &[28, 28]);
        assert_eq!(
            error.expected,
            "an input of 3 axes [height, width, channels]"
        );
        assert!(error.help.unwrap().contains("`reshape([28, 28, 1])`"));
        assert_eq!(
            refuse(plain(), &[4, 9, 1]).expected,
            "an input of height 5 and width 5 or more"
        );
        let both = conv2d(8, [3, 3], [2, 2], [2, 2], "same");
        assert_eq!(
            refuse(both, &[28, 28, 1]).expected,
            "a stride of 1 or a dilation of 1"
        );
    }
}
