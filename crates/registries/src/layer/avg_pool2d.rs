//! ```text
//! y[i, j, c] = mean over the cells of the window that are inside the image of x
//! ```
//!
//! As in TensorFlow and Keras, padding cells are not counted. Each cell's gradient is dy over the
//! number of cells counted.

use super::max_pool2d::{PARAMETERS, cells, window};
use super::{AnyMap, Layer, Map, Operation, ShapeError};
use crate::signature::{Constants, Signature};
use crate::tensor::im2col::Window;
use crate::tensor::{Real, Shape};
use std::sync::Arc;

/// The mean of each window.
pub struct AvgPool2d;

impl Layer for AvgPool2d {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "avg_pool2d",
            summary: "the mean of each window, channel by channel",
            parameters: PARAMETERS,
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "the mean of $x_(s i + u, s j + v, c)$ over the cells $(u, v)$ of a window inside the image, $s$ its stride"
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        Ok(Operation::Map(Arc::new(Means(window(arguments, shape)?))))
    }
}

struct Means(Window);

impl Means {
    /// One over the number of cells of the window at `position` that are inside the image.
    #[inline(always)]
    fn share<T: Real>(&self, i: usize, j: usize) -> T {
        T::of(1.0 / (self.0.inside(0, i).len() * self.0.inside(1, j).len()) as f64)
    }
}

impl AnyMap for Means {
    fn output(&self) -> Shape {
        let [height, width] = self.0.output;
        Shape(vec![height, width, self.0.channels])
    }

    fn needs_input(&self) -> bool {
        false
    }

    fn elementwise(&self) -> bool {
        false
    }
}

impl<T: Real> Map<T> for Means {
    fn forward(&self, x: &[T], y: &mut [T]) {
        let (window, channels) = (&self.0, self.0.channels);
        T::dispatch(
            #[inline(always)]
            || {
                for (position, y) in y.chunks_exact_mut(channels).enumerate() {
                    let (i, j) = (position / window.output[1], position % window.output[1]);
                    y.fill(T::zero());
                    let add = |at: usize| {
                        for (y, &x) in y.iter_mut().zip(&x[at..at + channels]) {
                            *y += x;
                        }
                    };
                    cells(window, i, j, add);
                    let share = self.share(i, j);
                    for y in y {
                        *y *= share;
                    }
                }
            },
        );
    }

    fn backward(&self, _: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        let (window, channels) = (&self.0, self.0.channels);
        T::dispatch(
            #[inline(always)]
            || {
                dx.fill(T::zero());
                for (position, dy) in dy.chunks_exact(channels).enumerate() {
                    let (i, j) = (position / window.output[1], position % window.output[1]);
                    let share: T = self.share(i, j);
                    let hand_out = |at: usize| {
                        for (dx, &dy) in dx[at..at + channels].iter_mut().zip(dy) {
                            *dx += dy * share;
                        }
                    };
                    cells(window, i, j, hand_out);
                }
            },
        );
    }

    fn forward_in_place(&self, _: &mut [T]) {
        unreachable!("pooling is not elementwise")
    }

    fn backward_in_place(&self, _: &[T], _: &[T], _: &mut [T]) {
        unreachable!("pooling is not elementwise")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{map, pool, pools};
    use super::*;

    #[test]
    fn padding_is_not_counted() {
        let pool = map(
            &AvgPool2d,
            &pool([2, 2], [2, 2], "same"),
            &Shape::new(&[1, 3, 1]),
        );
        let mut y = [0.0f32; 2];
        Map::<f32>::forward(&*pool, &[1.0, 2.0, 7.0], &mut y);
        assert_eq!(y, [1.5, 7.0]);
    }

    #[test]
    fn agrees_with_the_definition() {
        pools(&AvgPool2d, |cells| {
            cells.iter().sum::<f64>() / cells.len() as f64
        });
    }
}
