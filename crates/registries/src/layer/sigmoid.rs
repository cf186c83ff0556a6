//! ```text
//! y = 1/(1 + e⁻ˣ)        ∂y/∂x = y·(1 − y)
//! ```
//!
//! Between 0 and 1.

use super::pointwise::Activation;
use super::scalar::sigmoid;
use crate::signature::{Constants, Signature};
use crate::tensor::Math;

/// The logistic function.
#[derive(Clone, Copy)]
pub struct Sigmoid;

impl Activation for Sigmoid {
    const SIGNATURE: &'static Signature = &Signature {
        name: "sigmoid",
        summary: "the logistic function, between 0 and 1, entry by entry",
        parameters: &[],
    };
    const FORMULA: &str = "1/(1 + e^-x)";
    const NEEDS_INPUT: bool = false;

    fn new(_: &Constants) -> Self {
        Sigmoid
    }

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
            [-1e3f64, 0.0, 1e3].map(|x| Sigmoid.value(x)),
            [0.0, 0.5, 1.0]
        );
        assert!((Sigmoid.value(1.0f64) - 0.731_058_578_630_004_9).abs() < 1e-15);
    }
}
