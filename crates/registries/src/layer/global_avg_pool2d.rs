//! ```text
//! y[c] = 1/(H·W) Σ_{i, j} x[i, j, c]        ∂y[c]/∂x[i, j, c] = 1/(H·W)
//! ```

use super::conv2d::image;
use super::{AnyMap, Layer, Map, Operation, ShapeError};
use crate::signature::{Constants, Signature};
use crate::tensor::{Real, Shape};
use std::sync::Arc;

/// The mean of each channel.
pub struct GlobalAvgPool2d;

impl Layer for GlobalAvgPool2d {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "global_avg_pool2d",
            summary: "the mean of each channel over the whole image",
            parameters: &[],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "$y_c = 1/(H W) sum_(i, j) x_(i j c)$ over an image of $H$ rows and $W$ columns"
    }

    fn build(&self, _: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let [height, width, channels] = image(shape)?;
        Ok(Operation::Map(Arc::new(ChannelMeans {
            cells: height * width,
            channels,
        })))
    }
}

struct ChannelMeans {
    cells: usize,
    channels: usize,
}

impl AnyMap for ChannelMeans {
    fn output(&self) -> Shape {
        Shape(vec![self.channels])
    }

    fn needs_input(&self) -> bool {
        false
    }

    fn elementwise(&self) -> bool {
        false
    }
}

impl<T: Real> Map<T> for ChannelMeans {
    fn forward(&self, x: &[T], y: &mut [T]) {
        T::dispatch(
            #[inline(always)]
            || {
                y.fill(T::zero());
                for cell in x.chunks_exact(self.channels) {
                    for (y, &x) in y.iter_mut().zip(cell) {
                        *y += x;
                    }
                }
                let share = T::of(1.0 / self.cells as f64);
                for y in y {
                    *y *= share;
                }
            },
        );
    }

    fn backward(&self, _: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        T::dispatch(
            #[inline(always)]
            || {
                let share = T::of(1.0 / self.cells as f64);
                for cell in dx.chunks_exact_mut(self.channels) {
                    for (dx, &dy) in cell.iter_mut().zip(dy) {
                        *dx = dy * share;
                    }
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
    use super::super::testing::map;
    use super::*;

    #[test]
    fn one_mean_a_channel() {
        let pool = map(
            &GlobalAvgPool2d,
            &Constants::default(),
            &Shape::new(&[1, 2, 2]),
        );
        let mut y = [0.0f64; 2];
        Map::<f64>::forward(&*pool, &[1.0, 2.0, 3.0, 6.0], &mut y);
        assert_eq!(y, [2.0, 4.0]);
    }
}
