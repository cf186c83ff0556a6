//! ```text
//! y = ln(1 + eˣ)        ∂y/∂x = 1/(1 + e⁻ˣ) = 1 − e⁻ʸ
//! ```
//!
//! Above 0, and close to max(x, 0) away from 0.

use super::pointwise::Activation;
use super::scalar::{exp_m1, softplus};
use crate::signature::{Constants, Signature};
use crate::tensor::Math;

/// The smooth rectifier.
#[derive(Clone, Copy)]
pub struct Softplus;

impl Activation for Softplus {
    const SIGNATURE: &'static Signature = &Signature {
        name: "softplus",
        summary: "ln(1 + exp(x)), above 0, entry by entry",
        parameters: &[],
    };
    const FORMULA: &str = "ln(1 + e^x)";
    const NEEDS_INPUT: bool = false;

    fn new(_: &Constants) -> Self {
        Softplus
    }

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
        assert!((Softplus.value(0.0f64) - std::f64::consts::LN_2).abs() < 1e-16);
        assert_eq!(Softplus.value(1e3f64), 1e3);
        assert!((Softplus.value(-40.0f64) / (-40.0f64).exp() - 1.0).abs() < 1e-15);
    }
}
