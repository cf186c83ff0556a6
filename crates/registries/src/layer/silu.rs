//! ```text
//! y = x·σ(x)        ∂y/∂x = σ(x)·(1 + x·(1 − σ(x)))
//! ```
//!
//! σ is the logistic function. Also called swish.

use super::pointwise::Activation;
use super::scalar::sigmoid;
use crate::signature::{Constants, Signature};
use crate::tensor::Math;

/// The sigmoid linear unit.
#[derive(Clone, Copy)]
pub struct Silu;

impl Activation for Silu {
    const SIGNATURE: &'static Signature = &Signature {
        name: "silu",
        summary: "the input times its logistic function, entry by entry",
        parameters: &[],
    };
    const FORMULA: &str = "x sigmoid(x) = x/(1 + e^-x)";
    const NEEDS_INPUT: bool = true;

    fn new(_: &Constants) -> Self {
        Silu
    }

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
        assert_eq!(Silu.value(0.0f64), 0.0);
        assert!((Silu.value(1.0f64) - 0.731_058_578_630_004_9).abs() < 1e-15);
        assert!(Silu.value(-1e3f32).abs() < 1e-30);
    }
}
