//! ```text
//! y = tanh x        ∂y/∂x = 1 − y²
//! ```
//!
//! Between −1 and 1.

use super::pointwise::{Activation, pointwise};
use super::scalar::tanh;
use super::{Layer, Operation, ShapeError};
use crate::signature::{Constants, Signature};
use crate::tensor::{Math, Shape};

/// The hyperbolic tangent.
pub struct Tanh;

impl Layer for Tanh {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "tanh",
            summary: "the hyperbolic tangent, between -1 and 1, entry by entry",
            parameters: &[],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "$y = tanh(x)$"
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
        tanh(x)
    }

    #[inline(always)]
    fn slope<T: Math>(self, _: T, y: T) -> T {
        T::one() - y * y
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(
            [-1e3f64, 0.0, 1e3].map(|x| Function.value(x)),
            [-1.0, 0.0, 1.0]
        );
        assert!((Function.value(1.0f64) - 0.761_594_155_955_764_9).abs() < 1e-15);
    }
}
