//! ```text
//! y[c] = x[c] − ln Σ e^x[k], over the last axis
//!
//! dx[c] = dy[c] − e^y[c]·Σ dy[k]
//! ```

use super::{AnyMap, Layer, Map, Operation, Sequences, ShapeError, norms};
use crate::signature::{Constants, Signature};
use crate::tensor::{Math, Shape};
use std::sync::Arc;

/// The last axis as logarithms of probabilities.
pub struct LogSoftmax;

impl Layer for LogSoftmax {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "log_softmax",
            summary: "the logarithms of the last axis's softmax",
            parameters: &[],
        };
        &SIGNATURE
    }

    fn sequences(&self) -> Sequences {
        Sequences::EachStep
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "$y_c = x_c - ln(sum_k e^(x_k))$"
    }

    fn build(&self, _: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        Ok(Operation::Map(Arc::new(Logarithms {
            shape: shape.clone(),
            channels: norms::channels(shape),
        })))
    }
}

/// Rows of two arrays, one after the other.
#[inline(always)]
pub(super) fn in_rows<'a, T>(
    x: &'a [T],
    y: &'a mut [T],
    channels: usize,
) -> impl Iterator<Item = (&'a [T], &'a mut [T])> {
    x.chunks_exact(channels).zip(y.chunks_exact_mut(channels))
}

struct Logarithms {
    shape: Shape,
    channels: usize,
}

impl AnyMap for Logarithms {
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
        Some([f64::NEG_INFINITY, 0.0])
    }
}

impl<T: Math> Map<T> for Logarithms {
    fn forward(&self, x: &[T], y: &mut [T]) {
        T::dispatch(
            #[inline(always)]
            || {
                for (x, y) in in_rows(x, y, self.channels) {
                    let most = super::lanes::largest(x);
                    let sum = super::lanes::total(
                        [x],
                        #[inline(always)]
                        |[x]| (x - most).fast_exp(),
                    );
                    let log = most + sum.fast_ln();
                    for (y, &x) in y.iter_mut().zip(x) {
                        *y = x - log;
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
                    let sum = super::lanes::total(
                        [dy],
                        #[inline(always)]
                        |[dy]| dy,
                    );
                    for ((dx, &y), &dy) in dx.iter_mut().zip(y).zip(dy) {
                        *dx = dy - y.fast_exp() * sum;
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
    fn is_finite_where_a_probability_is_0() {
        let map = map(&LogSoftmax, &Constants::default(), &Shape::new(&[2]));
        let mut y = [0.0f64; 2];
        Map::<f64>::forward(&*map, &[1e4, 0.0], &mut y);
        assert_eq!(y, [0.0, -1e4]);
    }
}
