//! ```text
//! y = x·Φ(x)        ∂y/∂x = Φ(x) + x·φ(x)
//!
//! approximate = tanh:
//! y = x·(1 + tanh u)/2, u = √(2/π)·(x + 0.044715·x³)
//! ∂y/∂x = (1 + tanh u)/2 + x·(1 − tanh² u)/2·√(2/π)·(1 + 3·0.044715·x²)
//! ```
//!
//! Φ and φ are the distribution function and density of the standard normal. Hendrycks and Gimpel, 2016. As in
//! Keras and PyTorch the exact form is the default.

use super::pointwise::{Activation, Entry};
use super::scalar::{exp, normal_cdf, tanh};
use super::{Layer, Operation, Sequences, ShapeError};
use crate::signature::{Constants, Kind, Parameter, Signature};
use crate::tensor::{Math, Shape};

/// The Gaussian error linear unit.
pub struct Gelu;

const SIGNATURE: &Signature = &Signature {
    name: "gelu",
    summary: "the input times the probability that a standard normal lies below it, entry by entry",
    parameters: &[Parameter {
        name: "approximate",
        kind: Kind::Choice(&["none", "tanh"]),
        default: Some("none"),
        summary: "`tanh` for the form older checkpoints were trained with",
    }],
};

impl Layer for Gelu {
    fn signature(&self) -> &'static Signature {
        SIGNATURE
    }

    fn formula(&self, arguments: &Constants) -> Option<&'static str> {
        form(arguments).formula(arguments)
    }

    fn sequences(&self) -> Sequences {
        Sequences::EachStep
    }

    fn methods(&self, arguments: &Constants) -> &'static str {
        form(arguments).methods(arguments)
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        form(arguments).build(arguments, shape)
    }
}

fn form(arguments: &Constants) -> &'static dyn Layer {
    match arguments.word("approximate") {
        "tanh" => &Entry::<Approximate>::NEW,
        _ => &Entry::<Exact>::NEW,
    }
}

/// √(2/π)
const ROOT_2_OVER_PI: f64 = std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2;
const CUBIC: f64 = 0.044715;

#[derive(Clone, Copy)]
struct Approximate;

impl Activation for Approximate {
    const SIGNATURE: &'static Signature = SIGNATURE;
    const FORMULA: &str = "x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))";
    const METHODS: &str = "close to $x Phi(x)$ [@hendrycks2016]";
    const NEEDS_INPUT: bool = true;

    fn new(_: &Constants) -> Self {
        Approximate
    }

    #[inline(always)]
    fn value<T: Math>(self, x: T) -> T {
        T::of(0.5) * x * (T::one() + inner_tanh(x))
    }

    #[inline(always)]
    fn slope<T: Math>(self, x: T, _: T) -> T {
        let t = inner_tanh(x);
        let inner_slope = T::of(ROOT_2_OVER_PI) * (T::one() + T::of(3.0 * CUBIC) * x * x);
        T::of(0.5) * (T::one() + t + x * (T::one() - t * t) * inner_slope)
    }
}

#[inline(always)]
fn inner_tanh<T: Math>(x: T) -> T {
    tanh(T::of(ROOT_2_OVER_PI) * (x + T::of(CUBIC) * x * x * x))
}

#[derive(Clone, Copy)]
struct Exact;

impl Activation for Exact {
    const SIGNATURE: &'static Signature = SIGNATURE;
    const FORMULA: &str = "x Phi(x)";
    const METHODS: &str = "with $Phi$ the standard normal's distribution function [@hendrycks2016]";
    const NEEDS_INPUT: bool = true;

    fn new(_: &Constants) -> Self {
        Exact
    }

    #[inline(always)]
    fn value<T: Math>(self, x: T) -> T {
        x * normal_cdf(x)
    }

    #[inline(always)]
    fn slope<T: Math>(self, x: T, _: T) -> T {
        let density = exp(-x * x * T::of(0.5)) * T::of(ROOT_2_OVER_PI * 0.5);
        normal_cdf(x) + x * density
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(Exact.value(0.0f64), 0.0);
        assert!((Exact.value(1.0f64) - 0.841_344_746_068_542_9).abs() < 1e-15);
        assert!((Approximate.value(1.0f64) - 0.841_191_990_608_276_3).abs() < 1e-12);
        assert!(Exact.value(-40.0f64).abs() < 1e-300);
    }
}
