//! ```text
//! pad    y[i, j, c] = x[i − before, j − before, c], outside 0, or x mirrored at its edge
//! crop   y[i, j, c] = x[i + before, j + before, c]
//! ```
//!
//! A mirrored edge is not repeated: 3 2 | 1 2 3 | 2 1.

use super::windows::{of_volume, shape as shape_of};
use super::{AnyMap, Layer, Map, Operation, ShapeError};
use crate::signature::{Constant, Constants, Kind, Parameter, Signature};
use crate::tensor::{Real, Shape};
use std::sync::Arc;

/// Cells added around an image, a sequence or a volume.
pub struct Pad;

/// Cells left out around one.
pub struct Crop;

const CELLS: Kind = Kind::Cells {
    words: &[],
    axes: 0,
};

const fn before(summary: &'static str) -> Parameter {
    Parameter {
        name: "before",
        kind: CELLS,
        default: None,
        summary,
    }
}

const fn after(summary: &'static str) -> Parameter {
    Parameter {
        name: "after",
        kind: CELLS,
        default: Some("before"),
        summary,
    }
}

impl Layer for Pad {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "pad",
            summary: "cells added around an image, a sequence or a volume",
            parameters: &[
                before("cells added before the first of each axis but the channels"),
                after("cells added after the last"),
                Parameter {
                    name: "mode",
                    kind: Kind::Choice(&["zeros", "reflect"]),
                    default: Some("zeros"),
                    summary: "what they hold: 0, or the input mirrored at its edge",
                },
            ],
        };
        &SIGNATURE
    }

    fn methods(&self, arguments: &Constants) -> &'static str {
        match arguments.find("mode") {
            Some(Constant::Word("reflect")) => {
                "its input with cells around it, mirrored at the edge"
            }
            _ => "its input with zeros around it",
        }
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let sides = Sides::of(arguments, shape)?;
        let reflect = arguments.word("mode") == "reflect";
        let Sides {
            image,
            before,
            after,
            ..
        } = sides;
        let short = |axis: usize| before[axis].max(after[axis]) >= image[axis];
        if reflect && (0..3).any(short) {
            return Err(ShapeError {
                expected: "an input of more cells along each axis than are mirrored".into(),
                help: Some("the cell at the edge is not repeated, so there is one less".into()),
            });
        }
        let length = |axis: usize| before[axis] + image[axis] + after[axis];
        Ok(sides.moved(if reflect { Edge::Reflect } else { Edge::Zeros }, length))
    }
}

impl Layer for Crop {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "crop",
            summary: "the middle of an image, a sequence or a volume",
            parameters: &[
                before("cells left out before the first of each axis but the channels"),
                after("cells left out after the last"),
            ],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "its input without cells at its edges"
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let sides = Sides::of(arguments, shape)?;
        let Sides {
            image,
            before,
            after,
            ..
        } = sides;
        let left_out = |axis: usize| before[axis] + after[axis];
        if let Some(axis) = (0..3).find(|axis| left_out(*axis) >= image[*axis]) {
            return Err(ShapeError {
                expected: format!(
                    "an input of more than {} cells along each axis that it leaves {} of",
                    left_out(axis),
                    left_out(axis)
                ),
                help: None,
            });
        }
        Ok(sides.moved(Edge::Cut, |axis| image[axis] - left_out(axis)))
    }
}

/// A layer's input as a volume, with the cells before and after it.
struct Sides {
    image: [usize; 3],
    channels: usize,
    axes: usize,
    before: [usize; 3],
    after: [usize; 3],
}

impl Sides {
    fn of(arguments: &Constants, shape: &Shape) -> Result<Self, ShapeError> {
        let Some((&channels, positions)) = shape.0.split_last().filter(|_| shape.rank() < 5) else {
            return Err(ShapeError {
                expected: "an input of 2 to 4 axes, channels last".into(),
                help: None,
            });
        };
        let volume = |of: &[usize], first: usize| match *of {
            [steps] => Some(of_volume([steps], first)),
            [height, width] => Some(of_volume([height, width], first)),
            [depth, height, width] => Some([depth, height, width]),
            _ => None,
        };
        let axes = positions.len();
        let sides = |name: &str| volume(&arguments.cells(name, axes)?, 0);
        let read = || Some((volume(positions, 1)?, sides("before")?, sides("after")?));
        let (image, before, after) = read().ok_or_else(|| match axes {
            0 => ShapeError {
                expected: "an input of 2 to 4 axes, channels last".into(),
                help: Some("a vector has no cells around it: `reshape([n, 1])` makes it a sequence".into()),
            },
            _ => ShapeError {
                expected: format!(
                    "an input with as many axes as `before` and `after` have numbers, the channels beside them; \
                     of {axes} here"
                ),
                help: Some("one number is for all axes".into()),
            },
        })?;
        Ok(Sides {
            image,
            channels,
            axes,
            before,
            after,
        })
    }

    fn moved(self, edge: Edge, length: impl Fn(usize) -> usize) -> Operation {
        Operation::Map(Arc::new(Moved {
            output: std::array::from_fn(length),
            sides: self,
            edge,
        }))
    }
}

/// What is done at the edges.
#[derive(Clone, Copy)]
enum Edge {
    Zeros,
    Reflect,
    Cut,
}

struct Moved {
    sides: Sides,
    output: [usize; 3],
    edge: Edge,
}

impl Moved {
    /// The cell of the input along `axis` that is cell number `at` of the output, if one is.
    #[inline(always)]
    fn source(&self, axis: usize, at: usize) -> Option<usize> {
        let (n, before) = (self.sides.image[axis], self.sides.before[axis]);
        match self.edge {
            Edge::Cut => Some(at + before),
            Edge::Zeros => at.checked_sub(before).filter(|&cell| cell < n),
            Edge::Reflect => {
                let cell = at.abs_diff(before);
                Some(if at > before && cell >= n {
                    2 * (n - 1) - cell
                } else {
                    cell
                })
            }
        }
    }

    /// Calls `visit(position, at)` for each position of the output with the place of the input that it is.
    #[inline(always)]
    fn each(&self, mut visit: impl FnMut(usize, usize)) {
        let ([depth, height, width], [_, rows, cols]) = (self.output, self.sides.image);
        let channels = self.sides.channels;
        for i in 0..depth {
            let Some(plane) = self.source(0, i) else {
                continue;
            };
            for j in 0..height {
                let Some(row) = self.source(1, j) else {
                    continue;
                };
                for k in 0..width {
                    let Some(col) = self.source(2, k) else {
                        continue;
                    };
                    let position = (i * height + j) * width + k;
                    let at = (plane * rows + row) * cols + col;
                    visit(position * channels, at * channels);
                }
            }
        }
    }
}

impl AnyMap for Moved {
    fn output(&self) -> Shape {
        shape_of(self.output, self.sides.channels, self.sides.axes)
    }

    fn needs_input(&self) -> bool {
        false
    }

    fn elementwise(&self) -> bool {
        false
    }
}

impl<T: Real> Map<T> for Moved {
    fn forward(&self, x: &[T], y: &mut [T]) {
        let channels = self.sides.channels;
        T::dispatch(
            #[inline(always)]
            || {
                y.fill(T::zero());
                self.each(
                    #[inline(always)]
                    |position, at| {
                        let y = y[position..position + channels].iter_mut();
                        y.zip(&x[at..at + channels]).for_each(|(y, &x)| *y = x);
                    },
                );
            },
        );
    }

    fn backward(&self, _: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        let channels = self.sides.channels;
        T::dispatch(
            #[inline(always)]
            || {
                dx.fill(T::zero());
                self.each(
                    #[inline(always)]
                    |position, at| {
                        let dx = dx[at..at + channels].iter_mut();
                        let dy = &dy[position..position + channels];
                        dx.zip(dy).for_each(|(dx, &dy)| *dx += dy);
                    },
                );
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::map;
    use super::*;

    fn sides(before: &[usize], after: &[usize]) -> Vec<(&'static str, Constant)> {
        vec![
            ("before", Constant::Cells(before.to_vec())),
            ("after", Constant::Cells(after.to_vec())),
        ]
    }

    fn pad(before: &[usize], after: &[usize], mode: &'static str) -> Constants {
        let mut arguments = sides(before, after);
        arguments.push(("mode", Constant::Word(mode)));
        Constants(arguments)
    }

    fn values(layer: &dyn Layer, arguments: &Constants, shape: &[usize], x: &[f64]) -> Vec<f64> {
        let map = map(layer, arguments, &Shape::new(shape));
        let mut y = vec![f64::NAN; map.output().len()];
        Map::<f64>::forward(&*map, x, &mut y);
        y
    }

    #[test]
    fn zeros_or_a_mirror_image_are_added_and_cells_cut_off() {
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let y = values(&Pad, &pad(&[1, 0], &[0, 2], "zeros"), &[2, 3, 1], &x);
        let expected = [
            [0.0; 5],
            [1.0, 2.0, 3.0, 0.0, 0.0],
            [4.0, 5.0, 6.0, 0.0, 0.0],
        ];
        assert_eq!(y, expected.concat());
        let y = values(&Pad, &pad(&[2], &[1], "reflect"), &[3, 1], &x[..3]);
        assert_eq!(y, [3.0, 2.0, 1.0, 2.0, 3.0, 2.0]);
        let y = values(&Crop, &Constants(sides(&[0, 1], &[1, 0])), &[2, 3, 1], &x);
        assert_eq!(y, [2.0, 3.0]);
        // One number is for all axes, and channels stay together.
        let y = values(&Pad, &pad(&[1], &[0], "zeros"), &[1, 1, 2], &x[..2]);
        assert_eq!(y, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0]);
    }

    #[test]
    fn refusals() {
        let refuse = |layer: &dyn Layer, arguments: Constants, shape: &[usize]| {
            let error = layer.build(&arguments, &Shape::new(shape)).err().unwrap();
            error.expected
        };
        assert_eq!(
            refuse(&Pad, pad(&[3], &[0], "reflect"), &[3, 1]),
            "an input of more cells along each axis than are mirrored"
        );
        assert_eq!(
            refuse(&Crop, Constants(sides(&[1, 2], &[1, 1])), &[4, 3, 1]),
            "an input of more than 3 cells along each axis that it leaves 3 of"
        );
        assert!(refuse(&Crop, Constants(sides(&[1, 1], &[1])), &[4, 1]).contains("of 1 here"));
        assert!(refuse(&Pad, pad(&[1], &[1], "zeros"), &[4]).starts_with("an input of 2 to 4"));
    }
}
