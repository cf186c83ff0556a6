//! ```text
//! y = 1/(1 + e⁻ˣ)        ∂y/∂x = y·(1 − y)
//! ```
//!
//! Between 0 and 1.

use super::pointwise::{Activation, pointwise};
use super::scalar::sigmoid;
use super::{Layer, Operation, ShapeError};
use crate::signature::{Constants, Signature};
use crate::tensor::{Math, Shape};

/// The logistic function.
pub struct Sigmoid;

impl Layer for Sigmoid {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "sigmoid",
            summary: "the logistic function, between 0 and 1, entry by entry",
            parameters: &[],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "$y = 1/(1 + e^-x)$"
    }

    fn build(&self, _: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        Ok(pointwise(Function, shape))
    }
}

#[derive(Clone, Copy)]
struct Function;

impl Activation for Function {
    const NEEDS_INPUT: bool = false;

    #[inline(always)]
    fn value<T: Math>(self, x: T) -> T {
        sigmoid(x)
    }

    #[inline(always)]
    fn slope<T: Math>(self, _: T, y: T) -> T {
        y * (T::one() - y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(
            [-1e3f64, 0.0, 1e3].map(|x| Function.value(x)),
            [0.0, 0.5, 1.0]
        );
        assert!((Function.value(1.0f64) - 0.731_058_578_630_004_9).abs() < 1e-15);
    }
}
