//! ```text
//! y = x·t, t = tanh(ln(1 + eˣ))        ∂y/∂x = t + x·σ(x)·(1 − t²)
//! ```
//!
//! Misra, 2020.

use super::pointwise::Activation;
use super::scalar::{sigmoid, softplus, tanh};
use crate::signature::{Constants, Signature};
use crate::tensor::Math;

/// A smooth activation that is not monotone, as silu.
#[derive(Clone, Copy)]
pub struct Mish;

impl Activation for Mish {
    const SIGNATURE: &'static Signature = &Signature {
        name: "mish",
        summary: "the input times the hyperbolic tangent of its softplus, entry by entry",
        parameters: &[],
    };
    const FORMULA: &str = "x tanh(ln(1 + e^x))";
    const METHODS: &str = "[@misra2020]";
    const NEEDS_INPUT: bool = true;

    fn new(_: &Constants) -> Self {
        Mish
    }

    #[inline(always)]
    fn value<T: Math>(self, x: T) -> T {
        x * tanh(softplus(x))
    }

    #[inline(always)]
    fn slope<T: Math>(self, x: T, _: T) -> T {
        let t = tanh(softplus(x));
        t + x * sigmoid(x) * (T::one() - t * t)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(Mish.value(0.0f64), 0.0);
        assert!((Mish.value(1.0f64) - 0.865_098_388_267_310_3).abs() < 1e-15);
        assert!(Mish.value(-1e3f32).abs() < 1e-30);
    }
}
