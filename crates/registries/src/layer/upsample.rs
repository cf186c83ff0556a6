//! ```text
//! nearest    y[i, j, c] = x[⌊i/s⌋, ⌊j/s⌋, c]
//! bilinear   y[i, j, c] = Σ_{u, v ∈ {0, 1}} a_u(i)·a_v(j)·x[n(i) + u, n(j) + v, c]
//!            with r = (i + ½)/s − ½, n(i) = ⌊r⌋, a₁ = r − n, a₀ = 1 − a₁, places beyond the edge moved onto it
//! ```
//!
//! Cells have their centres at half numbers, as in Keras, and in PyTorch with `align_corners=False`.

use super::windows::{of_volume, places, shape};
use super::{AnyMap, Layer, Map, Operation, ShapeError};
use crate::signature::{Constant, Constants, Kind, Parameter, Signature};
use crate::tensor::{Real, Shape};
use std::sync::Arc;

/// More cells along `N` axes.
pub struct Upsample<const N: usize>;

const fn size(kind: Kind) -> Parameter {
    Parameter {
        name: "size",
        kind,
        default: None,
        summary: "cells that each cell becomes along an axis",
    }
}

static SIGNATURES: [Signature; 3] = [
    Signature {
        name: "upsample1d",
        summary: "each step of a sequence several times",
        parameters: &[size(Kind::Count)],
    },
    Signature {
        name: "upsample2d",
        summary: "an image with more pixels",
        parameters: &[
            size(Kind::Pair),
            Parameter {
                name: "interpolation",
                kind: Kind::Choice(&["nearest", "bilinear"]),
                default: Some("nearest"),
                summary: "whether pixels are repeated or lie on lines between those that there are",
            },
        ],
    },
    Signature {
        name: "upsample3d",
        summary: "each cell of a volume several times",
        parameters: &[size(Kind::Triple)],
    },
];

fn bilinear(arguments: &Constants) -> bool {
    arguments.find("interpolation") == Some(&Constant::Word("bilinear"))
}

impl<const N: usize> Layer for Upsample<N> {
    fn signature(&self) -> &'static Signature {
        &SIGNATURES[N - 1]
    }

    fn methods(&self, arguments: &Constants) -> &'static str {
        match N {
            1 => "each step of its input several times",
            2 if bilinear(arguments) => {
                "its input with more pixels, by bilinear interpolation between the centres of pixels"
            }
            2 => "each pixel of its input several times in both directions",
            _ => "each cell of its input several times in all directions",
        }
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let (image, channels) = places::<N>(shape)?;
        Ok(Operation::Map(Arc::new(Larger {
            image: of_volume(image, 1),
            size: of_volume(arguments.axes::<N>("size"), 1),
            channels,
            axes: N,
            bilinear: bilinear(arguments),
        })))
    }
}

struct Larger {
    image: [usize; 3],
    size: [usize; 3],
    channels: usize,
    axes: usize,
    bilinear: bool,
}

impl Larger {
    fn output(&self) -> [usize; 3] {
        std::array::from_fn(|axis| self.image[axis].saturating_mul(self.size[axis]))
    }

    /// The two cells along `axis` that cell number `at` of the output is made of, and the share of the second.
    #[inline(always)]
    fn taps(&self, axis: usize, at: usize) -> ([usize; 2], f64) {
        let (size, last) = (self.size[axis], self.image[axis] - 1);
        if !self.bilinear {
            return ([at / size; 2], 0.0);
        }
        let place = (at as f64 + 0.5) / size as f64 - 0.5;
        if place <= 0.0 {
            return ([0; 2], 0.0);
        }
        let first = (place as usize).min(last);
        ([first, (first + 1).min(last)], place - first as f64)
    }

    /// Calls `visit(position, at, share)` for each position of the output with each place of the input that has a
    /// share in it.
    #[inline(always)]
    fn each<T: Real>(&self, mut visit: impl FnMut(usize, usize, T)) {
        let ([depth, height, width], [_, rows, cols]) = (self.output(), self.image);
        let mut position = 0;
        for i in 0..depth {
            let ([plane, _], _) = self.taps(0, i);
            for j in 0..height {
                let (row, down) = self.taps(1, j);
                for k in 0..width {
                    let (col, right) = self.taps(2, k);
                    for (row, down) in [(row[0], 1.0 - down), (row[1], down)] {
                        for (col, right) in [(col[0], 1.0 - right), (col[1], right)] {
                            let share = down * right;
                            if share > 0.0 {
                                let at = (plane * rows + row) * cols + col;
                                visit(position, at * self.channels, T::of(share));
                            }
                        }
                    }
                    position += self.channels;
                }
            }
        }
    }
}

impl AnyMap for Larger {
    fn output(&self) -> Shape {
        shape(Larger::output(self), self.channels, self.axes)
    }

    fn needs_input(&self) -> bool {
        false
    }

    fn elementwise(&self) -> bool {
        false
    }
}

impl<T: Real> Map<T> for Larger {
    fn forward(&self, x: &[T], y: &mut [T]) {
        let channels = self.channels;
        T::dispatch(
            #[inline(always)]
            || {
                y.fill(T::zero());
                self.each(
                    #[inline(always)]
                    |position, at, share: T| {
                        let y = y[position..position + channels].iter_mut();
                        for (y, &x) in y.zip(&x[at..at + channels]) {
                            *y += share * x;
                        }
                    },
                );
            },
        );
    }

    fn backward(&self, _: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        let channels = self.channels;
        T::dispatch(
            #[inline(always)]
            || {
                dx.fill(T::zero());
                self.each(
                    #[inline(always)]
                    |position, at, share: T| {
                        let dx = dx[at..at + channels].iter_mut();
                        for (dx, &dy) in dx.zip(&dy[position..position + channels]) {
                            *dx += share * dy;
                        }
                    },
                );
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{counts, map};
    use super::*;

    fn values(layer: &dyn Layer, arguments: Constants, shape: &[usize], x: &[f64]) -> Vec<f64> {
        let map = map(layer, &arguments, &Shape::new(shape));
        let mut y = vec![f64::NAN; map.output().len()];
        Map::<f64>::forward(&*map, x, &mut y);
        y
    }

    #[test]
    fn nearest_repeats_cells() {
        let size = Constants(vec![("size", counts([3]))]);
        let y = values(&Upsample::<1>, size, &[2, 2], &[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(
            y,
            [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 4.0, 3.0, 4.0]
        );
        let size = Constants(vec![
            ("size", counts([1, 2])),
            ("interpolation", Constant::Word("nearest")),
        ]);
        let y = values(&Upsample::<2>, size, &[2, 2, 1], &[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(y, [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]);
    }

    #[test]
    fn bilinear_lies_on_lines_between_centres() {
        let size = Constants(vec![
            ("size", counts([1, 2])),
            ("interpolation", Constant::Word("bilinear")),
        ]);
        let y = values(&Upsample::<2>, size, &[1, 3, 1], &[0.0, 4.0, 8.0]);
        assert_eq!(y, [0.0, 1.0, 3.0, 5.0, 7.0, 8.0]);
    }
}
