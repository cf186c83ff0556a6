//! ```text
//! y[i·s + a·d − before, j·s + b·d − before, o] += Σ_c x[i, j, c] · w[a, b, c, o]
//! ```
//!
//! over one axis, two or three: the transpose of the convolution that has y for its input and x for its output. Each
//! cell of the input adds its weighted window to the output. The kernel is `[kh, kw, C_in, C_out]`, as everywhere
//! here; Keras has `[kh, kw, C_out, C_in]`. With P the patches of y under the windows of that convolution
//!
//! ```text
//! P = X·W,  Y = scatter(P)        dX = gather(dY)·Wᵀ        dW = Xᵀ·gather(dY)
//! ```
//!
//! cell by cell of the window, for a band of positions at a time.

use super::image_convolution::BAND;
use super::windows::{of_volume, places, shape as shape_of};
use super::{AnyLinear, Layer, Linear, Operation, ShapeError, Slot};
use crate::signature::{Constant, Constants, Kind, Parameter, Signature};
use crate::tensor::gemm::{MatrixMut, MatrixRef, gemm};
use crate::tensor::im2col::{Padding, Window};
use crate::tensor::volume::{gather, scatter};
use crate::tensor::{Real, Shape};
use std::ops::Range;
use std::sync::Arc;

/// A transposed convolution over `N` axes.
pub struct ConvTranspose<const N: usize>;

const fn parameters(kind: Kind, axes: usize, window: &'static str) -> [Parameter; 6] {
    [
        Parameter {
            name: "filters",
            kind: Kind::Count,
            default: None,
            summary: "the number of output channels",
        },
        Parameter {
            name: "kernel",
            kind,
            default: None,
            summary: window,
        },
        Parameter {
            name: "stride",
            kind,
            default: Some("1"),
            summary: "steps of the output from the window of one cell to that of the next",
        },
        Parameter {
            name: "dilation",
            kind,
            default: Some("1"),
            summary: "steps from one cell of the window to the next",
        },
        Parameter {
            name: "padding",
            kind: Kind::Cells {
                words: Padding::WORDS,
                axes,
            },
            default: Some("valid"),
            summary: "what is cut off around the output: nothing, what is beyond stride times the input, or so many cells",
        },
        Parameter {
            name: "output_padding",
            kind: Kind::Cells { words: &[], axes },
            default: Some("0"),
            summary: "beside a padding by number: cells of the output behind what windows reach, fewer than the stride",
        },
    ]
}

static SIGNATURES: [Signature; 3] = [
    Signature {
        name: "conv_transpose1d",
        summary: "the transpose of a convolution of a sequence: more steps, each a sum of weighted windows",
        parameters: &parameters(Kind::Count, 1, "steps of the window"),
    },
    Signature {
        name: "conv_transpose2d",
        summary: "the transpose of a convolution of an image: more pixels, each a sum of weighted windows",
        parameters: &parameters(Kind::Pair, 2, "height and width of the window"),
    },
    Signature {
        name: "conv_transpose3d",
        summary: "the transpose of a convolution of a volume: more cells, each a sum of weighted windows",
        parameters: &parameters(Kind::Triple, 3, "depth, height and width of the window"),
    },
];

static SLOTS: [[Slot; 2]; 3] = [
    [Slot::kernel("[k, C_in, filters]"), Slot::bias("[filters]")],
    [
        Slot::kernel("[kh, kw, C_in, filters]"),
        Slot::bias("[filters]"),
    ],
    [
        Slot::kernel("[kd, kh, kw, C_in, filters]"),
        Slot::bias("[filters]"),
    ],
];

impl<const N: usize> Layer for ConvTranspose<N> {
    fn signature(&self) -> &'static Signature {
        &SIGNATURES[N - 1]
    }

    fn methods(&self, _: &Constants) -> &'static str {
        match N {
            1 => {
                "$y_(p o) = sum_(t, u, c) x_(t c) W_(u c o) + b_o$ over the steps $t$ and cells $u$ with $s t + d u = p$, a transposed convolution with stride $s$ and dilation $d$"
            }
            2 => {
                "$y_(p q o) = sum x_(i j c) W_(u v c o) + b_o$ over channels $c$ and the pixels $(i, j)$ and cells $(u, v)$ with $s i + d u = p$ and $s j + d v = q$, a transposed convolution with stride $s$ and dilation $d$"
            }
            _ => {
                "$y_(p q r o) = sum x_(i j k c) W_(u v w c o) + b_o$ over channels $c$ and the cells $(i, j, k)$ and $(u, v, w)$ with $s i + d u = p$, $s j + d v = q$ and $s k + d w = r$, a transposed convolution with stride $s$ and dilation $d$"
            }
        }
    }

    fn slots(&self) -> &'static [Slot] {
        &SLOTS[N - 1]
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let (image, inputs) = places::<N>(shape)?;
        let [size, stride, dilation] =
            ["kernel", "stride", "dilation"].map(|name| arguments.axes::<N>(name));
        let behind = arguments.cells("output_padding", N);
        let behind = behind.expect("the argument's check counts them");
        let by_number = matches!(arguments.get("padding"), Constant::Cells(_));
        let within = |axis: usize| behind[axis] < stride[axis];
        if behind.iter().any(|cells| *cells > 0) && !(by_number && (0..N).all(within)) {
            return Err(ShapeError {
                expected: "an `output_padding` below its stride, beside a `padding` by number".into(),
                help: Some(
                    "cells at a stride or further behind the last window are those of a larger input".into(),
                ),
            });
        }
        let (mut output, mut padding) = ([0; N], [Padding::Valid; N]);
        for axis in 0..N {
            let extent = (size[axis] - 1) * dilation[axis] + 1;
            let (n, s) = (image[axis], stride[axis]);
            let length = match arguments.get("padding") {
                Constant::Word("same") => {
                    padding[axis] = Padding::Same;
                    n * s
                }
                Constant::Word(_) => n * s + extent.saturating_sub(s),
                _ => {
                    let cells = arguments.cells("padding", N);
                    let cells = cells.expect("the argument's check counts them")[axis];
                    padding[axis] = Padding::Cells(cells);
                    ((n - 1) * s + extent + behind[axis]).saturating_sub(2 * cells)
                }
            };
            if length == 0 {
                return Err(ShapeError {
                    expected: "a `padding` that leaves something of its output".into(),
                    help: Some(format!(
                        "{n} cells at a stride of {s} under windows of {extent} make {}, and the padding is cut off \
                         on both sides",
                        (n - 1) * s + extent
                    )),
                });
            }
            output[axis] = length;
        }
        let filters = arguments.count("filters");
        let window = Window::over(
            of_volume(output, 1),
            filters,
            of_volume(size, 1),
            of_volume(stride, 1),
            of_volume(dilation, 1),
            of_volume(padding, Padding::Valid),
        );
        let window = window.filter(|window| window.output == of_volume(image, 1));
        let window = window.expect("the output is as long as its windows need");
        Ok(Operation::Linear(Arc::new(Transposed::new(
            window, inputs, N,
        ))))
    }
}

struct Transposed {
    /// Over the output, whose windows are the positions of the input.
    window: Window<3>,
    inputs: usize,
    axes: usize,
    /// Positions of the input whose windows are made at a time.
    band: usize,
}

impl Transposed {
    fn new(window: Window<3>, inputs: usize, axes: usize) -> Self {
        Transposed {
            band: (BAND / window.patch()).clamp(1, window.positions()),
            window,
            inputs,
            axes,
        }
    }

    fn filters(&self) -> usize {
        self.window.channels
    }

    fn bands(&self) -> impl Iterator<Item = Range<usize>> {
        let positions = self.window.positions();
        let starts = (0..positions).step_by(self.band);
        starts.map(move |start| start..(start + self.band).min(positions))
    }

    /// The input's numbers in a band of its positions.
    fn numbers(&self, band: &Range<usize>) -> Range<usize> {
        band.start * self.inputs..band.end * self.inputs
    }

    /// The weights of each cell of the window, with the first of its columns in the patches.
    fn cells<'a, T>(&self, w: &'a [T]) -> impl Iterator<Item = (usize, MatrixRef<'a, T>)> {
        let (inputs, filters) = (self.inputs, self.filters());
        let cells = w.chunks_exact(inputs * filters).enumerate();
        cells.map(move |(cell, w)| (cell * filters, MatrixRef::row_major(w, inputs, filters)))
    }
}

impl AnyLinear for Transposed {
    fn output(&self) -> Shape {
        shape_of(self.window.image, self.filters(), self.axes)
    }

    fn kernel(&self) -> Shape {
        let mut kernel = shape_of(self.window.size, self.inputs, self.axes);
        kernel.0.push(self.filters());
        kernel
    }

    fn fan_in(&self) -> usize {
        self.window.cells() * self.inputs
    }

    fn fan_out(&self) -> usize {
        self.window.patch()
    }

    fn positions(&self) -> usize {
        self.window.image.iter().product()
    }

    fn unfolds(&self) -> Result<(), &'static str> {
        Err("its layer is a transposed convolution, which adds up windows of its output")
    }

    fn multiplications(&self) -> u64 {
        self.window.positions() as u64 * self.fan_in() as u64 * self.filters() as u64
    }

    fn scratch(&self, _: usize) -> usize {
        self.band * self.window.patch()
    }
}

impl<T: Real> Linear<T> for Transposed {
    fn apply(&self, x: &[T], w: &[T], y: &mut [T], scratch: &mut [T]) {
        let (patch, filters) = (self.window.patch(), self.filters());
        let inputs = x.chunks_exact(self.window.positions() * self.inputs);
        for (x, y) in inputs.zip(y.chunks_exact_mut(self.window.input())) {
            y.fill(T::zero());
            for band in self.bands() {
                let x = MatrixRef::row_major(&x[self.numbers(&band)], band.len(), self.inputs);
                let patches = &mut scratch[..band.len() * patch];
                for (at, w) in self.cells(w) {
                    let columns = &mut patches[at..];
                    let columns = MatrixMut::new(columns, [band.len(), filters], [patch, 1]);
                    gemm(T::one(), x, w, T::zero(), columns);
                }
                scatter(&self.window, 0..filters, patches, band, y);
            }
        }
    }

    fn transpose(&self, dy: &[T], w: &[T], dx: &mut [T], scratch: &mut [T]) {
        let (patch, filters) = (self.window.patch(), self.filters());
        let inputs = dx.chunks_exact_mut(self.window.positions() * self.inputs);
        for (dy, dx) in dy.chunks_exact(self.window.input()).zip(inputs) {
            for band in self.bands() {
                let patches = &mut scratch[..band.len() * patch];
                gather(&self.window, 0..filters, dy, band.clone(), patches);
                let dx = &mut dx[self.numbers(&band)];
                let mut beta = T::zero();
                for (at, w) in self.cells(w) {
                    let columns = &patches[at..];
                    let columns = MatrixRef::new(columns, [band.len(), filters], [patch, 1]);
                    let dx = MatrixMut::row_major(dx, band.len(), self.inputs);
                    gemm(T::one(), columns, w.transposed(), beta, dx);
                    beta = T::one();
                }
            }
        }
    }

    fn weight_gradient(&self, x: &[T], dy: &[T], add: bool, dw: &mut [T], scratch: &mut [T]) {
        let (patch, filters) = (self.window.patch(), self.filters());
        if !add {
            dw.fill(T::zero());
        }
        let inputs = x.chunks_exact(self.window.positions() * self.inputs);
        for (x, dy) in inputs.zip(dy.chunks_exact(self.window.input())) {
            for band in self.bands() {
                let patches = &mut scratch[..band.len() * patch];
                gather(&self.window, 0..filters, dy, band.clone(), patches);
                let x = MatrixRef::row_major(&x[self.numbers(&band)], band.len(), self.inputs);
                let cells = dw.chunks_exact_mut(self.inputs * filters).enumerate();
                for (cell, dw) in cells {
                    let columns = &patches[cell * filters..];
                    let columns = MatrixRef::new(columns, [band.len(), filters], [patch, 1]);
                    let dw = MatrixMut::row_major(dw, self.inputs, filters);
                    gemm(T::one(), x.transposed(), columns, T::one(), dw);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{linear, numbers, transposed_convolutions};
    use super::super::windows::places;
    use super::*;

    /// Of one example, read off the formula: each input cell adds its window.
    fn definition<const N: usize>(
        arguments: &Constants,
        shape: &Shape,
        output: &Shape,
        before: [usize; 3],
        x: &[f64],
        w: &[f64],
    ) -> Vec<f64> {
        let (image, inputs) = places::<N>(shape).unwrap();
        let (out, filters) = places::<N>(output).unwrap();
        let [image, out] = [image, out].map(|of| of_volume(of, 1));
        let of = |name: &str| of_volume(arguments.axes::<N>(name), 1);
        let [size, stride, dilation] = ["kernel", "stride", "dilation"].map(of);
        let index =
            |at: usize, of: [usize; 3]| [at / (of[1] * of[2]), at / of[2] % of[1], at % of[2]];
        let mut y = vec![0.0; output.len()];
        for at in 0..image.iter().product() {
            for cell in 0..size.iter().product() {
                let (i, a) = (index(at, image), index(cell, size));
                let to = [0, 1, 2]
                    .map(|n| (i[n] * stride[n] + a[n] * dilation[n]).wrapping_sub(before[n]));
                if (0..3).any(|n| to[n] >= out[n]) {
                    continue;
                }
                let to = (to[0] * out[1] + to[1]) * out[2] + to[2];
                for c in 0..inputs {
                    for o in 0..filters {
                        y[to * filters + o] +=
                            x[at * inputs + c] * w[(cell * inputs + c) * filters + o];
                    }
                }
            }
        }
        y
    }

    fn check_definition<const N: usize>(name: &str, sizes: &[(&[usize], [usize; 3])]) {
        for ((arguments, shape), (output, before)) in
            transposed_convolutions(name).iter().zip(sizes)
        {
            let what = format!("{arguments:?} of {shape}");
            let operation = linear(&ConvTranspose::<N>, arguments, shape);
            assert_eq!(operation.output(), Shape::new(output), "{what}");
            let x = numbers(shape.len(), 1);
            let w = numbers(operation.kernel().len(), 2);
            let expected = definition::<N>(arguments, shape, &operation.output(), *before, &x, &w);
            let mut y = vec![f64::NAN; expected.len()];
            let mut scratch = vec![f64::NAN; operation.scratch(1)];
            Linear::<f64>::apply(&*operation, &x, &w, &mut y, &mut scratch);
            for (y, expected) in y.iter().zip(expected) {
                assert!((y - expected).abs() < 1e-12, "{what}: {y} for {expected}");
            }
        }
    }

    /// The sizes are Keras's, and of a padding by number PyTorch's.
    #[test]
    fn each_input_cell_adds_its_window() {
        check_definition::<1>(
            "conv_transpose1d",
            &[
                (&[9, 3], [0; 3]),
                (&[8, 2], [0; 3]),
                (&[8, 2], [0; 3]),
                (&[11, 3], [0, 0, 1]),
                (&[9, 2], [0; 3]),
                (&[10, 1], [0; 3]),
            ],
        );
        check_definition::<2>(
            "conv_transpose2d",
            &[
                (&[6, 8, 3], [0; 3]),
                (&[8, 6, 2], [0; 3]),
                (&[3, 8, 4], [0, 1, 1]),
                (&[6, 8, 2], [0, 1, 1]),
            ],
        );
        check_definition::<3>(
            "conv_transpose3d",
            &[(&[4, 3, 8, 2], [0; 3]), (&[2, 6, 3, 3], [0, 0, 1])],
        );
    }

    #[test]
    fn refusals() {
        let refuse = |padding: Constant, behind: usize| {
            let arguments = super::super::testing::transposed(2, [3], [2], [1], padding, behind);
            let error = ConvTranspose::<1>.build(&arguments, &Shape::new(&[1, 2]));
            error.err().unwrap().expected
        };
        let number = |cells| Constant::Cells(vec![cells]);
        let expected = "an `output_padding` below its stride, beside a `padding` by number";
        assert_eq!(refuse(number(0), 2), expected);
        assert_eq!(refuse(Constant::Word("same"), 1), expected);
        assert_eq!(
            refuse(number(2), 0),
            "a `padding` that leaves something of its output"
        );
    }
}
