//! ```text
//! y = max(x, 0)        ∂y/∂x = 1 where x > 0, else 0
//! ```
//!
//! Not a number stays not a number, so that a diverged run is seen.

use super::pointwise::Activation;
use crate::signature::{Constants, Signature};
use crate::tensor::Math;

/// The rectified linear unit.
#[derive(Clone, Copy)]
pub struct Relu;

impl Activation for Relu {
    const SIGNATURE: &'static Signature = &Signature {
        name: "relu",
        summary: "the larger of the input and 0, entry by entry",
        parameters: &[],
    };
    const FORMULA: &str = "max(x, 0)";
    const NEEDS_INPUT: bool = false;
    const AFTER_MAXIMA: bool = true;

    fn new(_: &Constants) -> Self {
        Relu
    }

    #[inline(always)]
    fn value<T: Math>(self, x: T) -> T {
        if x < T::zero() { T::zero() } else { x }
    }

    #[inline(always)]
    fn slope<T: Math>(self, _: T, y: T) -> T {
        if y > T::zero() { T::one() } else { T::zero() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_is_above_zero() {
        assert_eq!([-2.0f32, 0.0, 3.0].map(|x| Relu.value(x)), [0.0, 0.0, 3.0]);
        assert_eq!([0.0f32, 3.0].map(|y| Relu.slope(0.0, y)), [0.0, 1.0]);
        assert!(Relu.value(f32::NAN).is_nan());
    }
}
