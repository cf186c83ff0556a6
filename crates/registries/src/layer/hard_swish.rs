//! ```text
//! y = x·min(max(x + 3, 0), 6)/6
//! ∂y/∂x = 0 below −3, 1 from 3 on, (2·x + 3)/6 between
//! ```
//!
//! An approximation of [`silu`](super::silu) without exponentials. Howard et al., 2019. Also called hard silu.

use super::pointwise::Activation;
use crate::signature::{Constants, Signature};
use crate::tensor::Math;

/// silu in straight pieces.
#[derive(Clone, Copy)]
pub struct HardSwish;

impl Activation for HardSwish {
    const SIGNATURE: &'static Signature = &Signature {
        name: "hard_swish",
        summary: "the input times a piecewise linear step from 0 at -3 to 1 at 3, entry by entry",
        parameters: &[],
    };
    const FORMULA: &str = "x min(max(x + 3, 0), 6)/6";
    const METHODS: &str = "[@howard2019]";
    const NEEDS_INPUT: bool = true;

    fn new(_: &Constants) -> Self {
        HardSwish
    }

    #[inline(always)]
    fn value<T: Math>(self, x: T) -> T {
        let step = (x + T::of(3.0)) * T::of(1.0 / 6.0);
        let step = if step < T::zero() { T::zero() } else { step };
        x * if step > T::one() { T::one() } else { step }
    }

    #[inline(always)]
    fn slope<T: Math>(self, x: T, _: T) -> T {
        let inside = x * T::of(1.0 / 3.0) + T::of(0.5);
        let from = if x <= T::of(-3.0) { T::zero() } else { inside };
        if x >= T::of(3.0) { T::one() } else { from }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let values = [-4.0, -3.0, -1.0, 0.0, 1.0, 3.0, 5.0].map(|x: f64| HardSwish.value(x));
        let expected = [0.0, 0.0, -1.0 / 3.0, 0.0, 2.0 / 3.0, 3.0, 5.0];
        for (value, expected) in values.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-15);
        }
        assert!(HardSwish.value(f32::NAN).is_nan());
    }
}
