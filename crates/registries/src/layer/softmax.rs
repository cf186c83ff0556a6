//! ```text
//! y[c] = e^x[c]/Σ e^x[k], over the last axis
//!
//! dx = y·(dy − Σ dy[k]·y[k])
//! ```

use super::log_softmax::in_rows;
use super::{AnyMap, Layer, Map, Operation, Sequences, ShapeError, norms};
use crate::signature::{Constants, Signature};
use crate::tensor::{Math, Shape};
use std::sync::Arc;

/// The last axis as probabilities.
pub struct Softmax;

impl Layer for Softmax {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "softmax",
            summary: "the exponentials of the last axis over their sum: probabilities",
            parameters: &[],
        };
        &SIGNATURE
    }

    fn sequences(&self) -> Sequences {
        Sequences::EachStep
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "$y_c = e^(x_c)/(sum_k e^(x_k))$"
    }

    fn build(&self, _: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        Ok(Operation::Map(Arc::new(Probabilities {
            shape: shape.clone(),
            channels: norms::channels(shape),
        })))
    }
}

struct Probabilities {
    shape: Shape,
    channels: usize,
}

impl AnyMap for Probabilities {
    fn output(&self) -> Shape {
        self.shape.clone()
    }

    fn needs_input(&self) -> bool {
        false
    }

    fn elementwise(&self) -> bool {
        false
    }

    fn range(&self) -> Option<[f64; 2]> {
        Some([0.0, 1.0])
    }
}

impl<T: Math> Map<T> for Probabilities {
    fn forward(&self, x: &[T], y: &mut [T]) {
        T::dispatch(
            #[inline(always)]
            || {
                for (x, y) in in_rows(x, y, self.channels) {
                    let most = super::lanes::largest(x);
                    for (y, &x) in y.iter_mut().zip(x) {
                        *y = (x - most).fast_exp();
                    }
                    let sum = super::lanes::total(
                        [y],
                        #[inline(always)]
                        |[y]| y,
                    );
                    for y in y {
                        *y /= sum;
                    }
                }
            },
        );
    }

    fn backward(&self, _: &[T], y: &[T], dy: &[T], dx: &mut [T]) {
        T::dispatch(
            #[inline(always)]
            || {
                let rows = in_rows(y, dx, self.channels).zip(dy.chunks_exact(self.channels));
                for ((y, dx), dy) in rows {
                    let mean = super::lanes::total(
                        [y, dy],
                        #[inline(always)]
                        |[y, dy]| y * dy,
                    );
                    for ((dx, &y), &dy) in dx.iter_mut().zip(y).zip(dy) {
                        *dx = y * (dy - mean);
                    }
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::map;
    use super::*;

    #[test]
    fn rows_are_probabilities_however_large_their_numbers() {
        let map = map(&Softmax, &Constants::default(), &Shape::new(&[2, 2]));
        let mut y = [0.0f64; 4];
        Map::<f64>::forward(&*map, &[1e4, 1e4, 0.0, 3.0f64.ln()], &mut y);
        [0.5, 0.5, 0.25, 0.75]
            .iter()
            .zip(y)
            .for_each(|(expected, y)| assert!((y - expected).abs() < 1e-15));
    }
}
