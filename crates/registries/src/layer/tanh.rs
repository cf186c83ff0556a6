//! ```text
//! y = tanh x        ∂y/∂x = 1 − y²
//! ```
//!
//! Between −1 and 1.

use super::pointwise::Activation;
use super::scalar::tanh;
use crate::signature::{Constants, Signature};
use crate::tensor::Math;

/// The hyperbolic tangent.
#[derive(Clone, Copy)]
pub struct Tanh;

impl Activation for Tanh {
    const SIGNATURE: &'static Signature = &Signature {
        name: "tanh",
        summary: "the hyperbolic tangent, between -1 and 1, entry by entry",
        parameters: &[],
    };
    const FORMULA: &str = "tanh(x)";
    const NEEDS_INPUT: bool = false;

    fn new(_: &Constants) -> Self {
        Tanh
    }

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
        assert_eq!([-1e3f64, 0.0, 1e3].map(|x| Tanh.value(x)), [-1.0, 0.0, 1.0]);
        assert!((Tanh.value(1.0f64) - 0.761_594_155_955_764_9).abs() < 1e-15);
    }
}
