//! ```text
//! y = x where x > 0, else alpha·(eˣ − 1)        ∂y/∂x = 1 where x > 0, else y + alpha
//! ```
//!
//! Clevert, Unterthiner and Hochreiter, 2016. The derivative is continuous at 0 with alpha = 1 only.

use super::pointwise::Activation;
use super::scalar::exp_m1;
use crate::signature::{Constants, Domain, Kind, Parameter, Signature};
use crate::tensor::Math;

/// The exponential linear unit.
#[derive(Clone, Copy)]
pub struct Elu {
    alpha: f64,
}

impl Activation for Elu {
    const SIGNATURE: &'static Signature = &Signature {
        name: "elu",
        summary: "the input above 0, an exponential that levels off at -alpha below, entry by entry",
        parameters: &[Parameter {
            name: "alpha",
            kind: Kind::Number {
                domain: Domain::Positive,
                learnable: false,
            },
            default: Some("1"),
            summary: "how far below 0 the output goes",
        }],
    };
    const FORMULA: &str = "max(x, 0) + alpha (e^(min(x, 0)) - 1)";
    const METHODS: &str = "[@clevert2016]";
    const NEEDS_INPUT: bool = false;

    fn new(arguments: &Constants) -> Self {
        Elu {
            alpha: arguments.number("alpha"),
        }
    }

    #[inline(always)]
    fn value<T: Math>(self, x: T) -> T {
        if x > T::zero() {
            x
        } else {
            T::of(self.alpha) * exp_m1(x)
        }
    }

    #[inline(always)]
    fn slope<T: Math>(self, _: T, y: T) -> T {
        if y > T::zero() {
            T::one()
        } else {
            y + T::of(self.alpha)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_off_at_minus_alpha() {
        let function = Elu { alpha: 2.0 };
        assert_eq!(
            [-1e3f64, 0.0, 3.0].map(|x| function.value(x)),
            [-2.0, 0.0, 3.0]
        );
        assert!((function.value(-1.0f64) - 2.0 * ((-1.0f64).exp() - 1.0)).abs() < 1e-15);
    }
}
