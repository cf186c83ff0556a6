//! ```text
//! y[i, j, c] = mean over the cells of the window that are inside the image of x
//! ```
//!
//! and the same over one axis or three. As in TensorFlow and Keras, padding cells are not counted. Each cell's gradient is dy over the
//! number of cells counted.

use super::max_pool::{OF_IMAGES, OF_STEPS, OF_VOLUMES, pooled};
use super::windows::shape;
use super::{AnyMap, Layer, Map, Operation, ShapeError};
use crate::signature::{Constants, Signature};
use crate::tensor::im2col::Window;
use crate::tensor::{Real, Shape};
use std::sync::Arc;

/// The mean of each window over `N` axes.
pub struct AvgPool<const N: usize>;

static SIGNATURES: [Signature; 3] = [
    Signature {
        name: "avg_pool1d",
        summary: "the mean of each window of steps, channel by channel",
        parameters: OF_STEPS,
    },
    Signature {
        name: "avg_pool2d",
        summary: "the mean of each window, channel by channel",
        parameters: OF_IMAGES,
    },
    Signature {
        name: "avg_pool3d",
        summary: "the mean of each window of a volume, channel by channel",
        parameters: OF_VOLUMES,
    },
];

impl<const N: usize> Layer for AvgPool<N> {
    fn signature(&self) -> &'static Signature {
        &SIGNATURES[N - 1]
    }

    fn methods(&self, _: &Constants) -> &'static str {
        match N {
            1 => {
                "the mean of $x_(s t + u, c)$ over the steps $u$ of a window inside the sequence, $s$ its stride"
            }
            2 => {
                "the mean of $x_(s i + u, s j + v, c)$ over the cells $(u, v)$ of a window inside the image, $s$ its stride"
            }
            _ => {
                "the mean of $x_(s i + u, s j + v, s k + w, c)$ over the cells $(u, v, w)$ of a window inside the volume, $s$ its stride"
            }
        }
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        Ok(Operation::Map(Arc::new(Means {
            window: pooled::<N>(arguments, shape)?,
            axes: N,
        })))
    }
}

struct Means {
    window: Window<3>,
    axes: usize,
}

impl Means {
    /// One over the number of cells of the window at `place` that are inside the image.
    #[inline(always)]
    fn share<T: Real>(&self, place: [usize; 3]) -> T {
        let cells = [0, 1, 2].map(|axis| self.window.inside(axis, place[axis]).len());
        T::of(1.0 / (cells[0] * cells[1] * cells[2]) as f64)
    }
}

impl AnyMap for Means {
    fn output(&self) -> Shape {
        shape(self.window.output, self.window.channels, self.axes)
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
        let (window, channels) = (&self.window, self.window.channels);
        T::dispatch(
            #[inline(always)]
            || {
                for (position, y) in y.chunks_exact_mut(channels).enumerate() {
                    let place = window.place(position);
                    y.fill(T::zero());
                    let add = |_: usize, at: usize| {
                        for (y, &x) in y.iter_mut().zip(&x[at..at + channels]) {
                            *y += x;
                        }
                    };
                    window.each_cell(place, add);
                    let share = self.share(place);
                    for y in y {
                        *y *= share;
                    }
                }
            },
        );
    }

    fn backward(&self, _: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        let (window, channels) = (&self.window, self.window.channels);
        T::dispatch(
            #[inline(always)]
            || {
                dx.fill(T::zero());
                for (position, dy) in dy.chunks_exact(channels).enumerate() {
                    let place = window.place(position);
                    let share: T = self.share(place);
                    let hand_out = |_: usize, at: usize| {
                        for (dx, &dy) in dx[at..at + channels].iter_mut().zip(dy) {
                            *dx += dy * share;
                        }
                    };
                    window.each_cell(place, hand_out);
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{map, pool, pools};
    use super::*;

    #[test]
    fn padding_is_not_counted() {
        let pool = map(
            &AvgPool::<2>,
            &pool([2, 2], [2, 2], "same"),
            &Shape::new(&[1, 3, 1]),
        );
        let mut y = [0.0f32; 2];
        Map::<f32>::forward(&*pool, &[1.0, 2.0, 7.0], &mut y);
        assert_eq!(y, [1.5, 7.0]);
    }

    #[test]
    fn agrees_with_the_definition() {
        let layers = [&AvgPool::<1> as &dyn Layer, &AvgPool::<2>, &AvgPool::<3>];
        pools(layers, |cells| {
            cells.iter().sum::<f64>() / cells.len() as f64
        });
    }
}
