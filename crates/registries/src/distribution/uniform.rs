//! The uniform distribution.

use super::{Distribution, Family, Fixed, Support, select};
use crate::signature::{Domain, Kind, Parameter, Signature};
use crate::tensor::Math;

/// Uniform(low, high)
///
/// ```text
/// ln p(w) = -ln(high - low),   low ≤ w ≤ high
/// ```
///
/// Its ends are constants: a learned end would follow the posterior and take its mass away beyond it.
pub struct Uniform;

static SIGNATURE: Signature = Signature {
    name: "Uniform",
    summary: "every number of an interval alike",
    parameters: &[end("low", "the lower end"), end("high", "the upper end")],
};

/// A number that cannot be learned.
const fn end(name: &'static str, summary: &'static str) -> Parameter {
    Parameter {
        name,
        kind: Kind::Number {
            domain: Domain::Real,
            learnable: false,
        },
        default: None,
        summary,
    }
}

impl Distribution for Uniform {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn support(&self, parameters: &[f64]) -> Support {
        Support::Interval {
            low: parameters[0],
            high: parameters[1],
        }
    }

    fn formula(&self) -> &'static str {
        "1 / (high - low), low <= w <= high"
    }

    fn moments(&self, parameters: &[f64]) -> (Option<f64>, Option<f64>) {
        let (low, high) = (parameters[0], parameters[1]);
        (Some(0.5 * (low + high)), Some((high - low) / 12f64.sqrt()))
    }

    fn sample(&self, parameters: &[f64], uniform: &mut dyn FnMut() -> f64) -> f64 {
        let (low, high) = (parameters[0], parameters[1]);
        low + (high - low) * uniform()
    }

    fn refuse(&self, arguments: &[Vec<f64>]) -> Option<String> {
        let (low, high) = (arguments[0][0], arguments[1][0]);
        let length = high as f32 - low as f32;
        match () {
            () if low >= high => Some(format!("`Uniform` from {low} to {high} is empty")),
            () if length <= 0.0 => Some(format!(
                "`Uniform` from {low} to {high} is empty in float32, in which models are trained"
            )),
            () if length.is_infinite() => Some(format!(
                "`Uniform` from {low:e} to {high:e} is longer than float32 holds, in which models are trained"
            )),
            () => None,
        }
    }
}

impl Family for Uniform {
    type Fixed<T: Math> = FixedUniform<T>;

    fn fix<T: Math>(&self, parameters: &[T]) -> FixedUniform<T> {
        let (low, high) = (parameters[0], parameters[1]);
        FixedUniform {
            low,
            high,
            per_length: (high - low).recip(),
            constant: -(high - low).ln(),
        }
    }
}

/// [`Uniform`] with its ends.
pub struct FixedUniform<T> {
    low: T,
    high: T,
    per_length: T,
    constant: T,
}

impl<T: Math> FixedUniform<T> {
    #[inline(always)]
    fn holds(&self, w: T) -> bool {
        (w >= self.low) & (w <= self.high)
    }
}

impl<T: Math> Fixed<T> for FixedUniform<T> {
    #[inline(always)]
    fn log_prob(&self, w: T) -> T {
        select(self.holds(w), self.constant, T::neg_infinity())
    }

    #[inline(always)]
    fn score(&self, _: T) -> T {
        T::zero()
    }

    #[inline(always)]
    fn parameter_score(&self, w: T, out: &mut [T]) {
        out[0] = select(self.holds(w), self.per_length, T::zero());
        out[1] = select(self.holds(w), -self.per_length, T::zero());
    }
}
