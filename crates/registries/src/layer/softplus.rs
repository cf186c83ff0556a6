//! ```text
//! y = ln(1 + eˣ)        ∂y/∂x = 1/(1 + e⁻ˣ) = 1 − e⁻ʸ
//! ```
//!
//! Above 0, and close to max(x, 0) away from 0.

use super::pointwise::{Activation, pointwise};
use super::scalar::{exp_m1, softplus};
use super::{Layer, Operation, ShapeError};
use crate::signature::{Constants, Signature};
use crate::tensor::{Math, Shape};

/// The smooth rectifier.
pub struct Softplus;

impl Layer for Softplus {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "softplus",
            summary: "ln(1 + exp(x)), above 0, entry by entry",
            parameters: &[],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "$y = ln(1 + e^x)$"
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
        softplus(x)
    }

    #[inline(always)]
    fn slope<T: Math>(self, _: T, y: T) -> T {
        -exp_m1(-y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert!((Function.value(0.0f64) - std::f64::consts::LN_2).abs() < 1e-16);
        assert_eq!(Function.value(1e3f64), 1e3);
        assert!((Function.value(-40.0f64) / (-40.0f64).exp() - 1.0).abs() < 1e-15);
    }
}
