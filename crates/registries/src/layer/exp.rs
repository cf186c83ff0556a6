//! ```text
//! y = eˣ        ∂y/∂x = y
//! ```
//!
//! Above 0. It grows without bound: an x above 88 is infinite in float32.

use super::pointwise::Activation;
use super::scalar::exp;
use crate::signature::{Constants, Signature};
use crate::tensor::Math;

/// The exponential function: a scale of which the network gives the logarithm.
#[derive(Clone, Copy)]
pub struct Exp;

impl Activation for Exp {
    const SIGNATURE: &'static Signature = &Signature {
        name: "exp",
        summary: "exp(x), above 0, entry by entry",
        parameters: &[],
    };
    const FORMULA: &str = "e^x";
    const NEEDS_INPUT: bool = false;

    fn new(_: &Constants) -> Self {
        Exp
    }

    #[inline(always)]
    fn value<T: Math>(self, x: T) -> T {
        exp(x)
    }

    #[inline(always)]
    fn slope<T: Math>(self, _: T, y: T) -> T {
        y
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(Exp.value(0.0f64), 1.0);
        assert!((Exp.value(1.0f64) - std::f64::consts::E).abs() < 1e-15);
        assert!((Exp.value(-1.0f32) - (-1.0f32).exp()).abs() < 1e-7);
        assert_eq!(Exp.slope(0.0, 3.0f64), 3.0);
    }
}
