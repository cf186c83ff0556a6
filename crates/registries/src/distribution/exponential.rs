//! The exponential distribution.

use super::{Distribution, Family, Fixed, Support, number, select};
use crate::signature::{Domain, Signature};
use crate::tensor::Math;

/// Exponential(rate)
///
/// ```text
/// ln p(w) = ln rate - rate·w,   w ≥ 0
/// ```
///
/// The gamma distribution with concentration 1.
pub struct Exponential;

static SIGNATURE: Signature = Signature {
    name: "Exponential",
    summary: "the exponential distribution, by its rate",
    parameters: &[number("rate", Domain::Positive, None, "1 over its mean")],
};

impl Distribution for Exponential {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn support(&self, _: &[f64]) -> Support {
        Support::Positive
    }

    fn formula(&self) -> &'static str {
        "rate exp(-rate w), w >= 0"
    }

    fn moments(&self, parameters: &[f64]) -> (Option<f64>, Option<f64>) {
        let mean = 1.0 / parameters[0];
        (Some(mean), Some(mean))
    }

    fn sample(&self, parameters: &[f64], uniform: &mut dyn FnMut() -> f64) -> f64 {
        -uniform().ln() / parameters[0]
    }

    fn growth(&self) -> [f64; 2] {
        [0.0, 1.0]
    }
}

impl Family for Exponential {
    type Fixed<T: Math> = FixedExponential<T>;

    fn fix<T: Math>(&self, parameters: &[T]) -> FixedExponential<T> {
        let rate = parameters[0];
        FixedExponential {
            rate,
            mean: rate.recip(),
            ln_rate: rate.ln(),
        }
    }
}

/// [`Exponential`] with its parameter.
pub struct FixedExponential<T> {
    rate: T,
    mean: T,
    ln_rate: T,
}

impl<T: Math> Fixed<T> for FixedExponential<T> {
    #[inline(always)]
    fn log_prob(&self, w: T) -> T {
        let inside = self.ln_rate - self.rate * w;
        select(w >= T::zero(), inside, T::neg_infinity())
    }

    #[inline(always)]
    fn score(&self, w: T) -> T {
        select(w >= T::zero(), -self.rate, T::zero())
    }

    #[inline(always)]
    fn parameter_score(&self, w: T, out: &mut [T]) {
        out[0] = select(w >= T::zero(), self.mean - w, T::zero());
    }
}
