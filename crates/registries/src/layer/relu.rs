//! ```text
//! y = max(x, 0)        ∂y/∂x = 1 where x > 0, else 0
//! ```
//!
//! Not a number stays not a number, so that a diverged run is seen.

use super::pointwise::{Activation, pointwise};
use super::{Layer, Operation, ShapeError};
use crate::signature::{Constants, Signature};
use crate::tensor::{Math, Shape};

/// The rectified linear unit.
pub struct Relu;

impl Layer for Relu {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "relu",
            summary: "the larger of the input and 0, entry by entry",
            parameters: &[],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "$y = max(x, 0)$"
    }

    fn build(&self, _: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        Ok(pointwise(Function, shape))
    }
}

#[derive(Clone, Copy)]
struct Function;

impl Activation for Function {
    const NEEDS_INPUT: bool = false;
    const AFTER_MAXIMA: bool = true;

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
        assert_eq!(
            [-2.0f32, 0.0, 3.0].map(|x| Function.value(x)),
            [0.0, 0.0, 3.0]
        );
        assert_eq!([0.0f32, 3.0].map(|y| Function.slope(0.0, y)), [0.0, 1.0]);
        assert!(Function.value(f32::NAN).is_nan());
    }
}
