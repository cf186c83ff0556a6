//! ```text
//! y = x·σ(x)        ∂y/∂x = σ(x)·(1 + x·(1 − σ(x)))
//! ```
//!
//! σ is the logistic function. Also called swish.

use super::pointwise::{Activation, pointwise};
use super::scalar::sigmoid;
use super::{Layer, Operation, ShapeError};
use crate::signature::{Constants, Signature};
use crate::tensor::{Math, Shape};

/// The sigmoid linear unit.
pub struct Silu;

impl Layer for Silu {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "silu",
            summary: "the input times its logistic function, entry by entry",
            parameters: &[],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "$y = x sigmoid(x) = x/(1 + e^-x)$"
    }

    fn build(&self, _: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        Ok(pointwise(Function, shape))
    }
}

#[derive(Clone, Copy)]
struct Function;

impl Activation for Function {
    const NEEDS_INPUT: bool = true;

    #[inline(always)]
    fn value<T: Math>(self, x: T) -> T {
        x * sigmoid(x)
    }

    #[inline(always)]
    fn slope<T: Math>(self, x: T, _: T) -> T {
        let s = sigmoid(x);
        s * (T::one() + x * (T::one() - s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(Function.value(0.0f64), 0.0);
        assert!((Function.value(1.0f64) - 0.731_058_578_630_004_9).abs() < 1e-15);
        assert!(Function.value(-1e3f32).abs() < 1e-30);
    }
}
