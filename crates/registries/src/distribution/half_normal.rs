//! The normal distribution's positive half.

use super::{Distribution, Family, Fixed, Support, number, select, standard_normal};
use crate::signature::{Domain, Signature};
use crate::tensor::Math;
use std::f64::consts::FRAC_2_PI;

/// HalfNormal(scale = 1)
///
/// ```text
/// ln p(w) = ½ ln(2/π) - ln scale - ½ z²,   z = w / scale,  w ≥ 0
/// ```
pub struct HalfNormal;

static SIGNATURE: Signature = Signature {
    name: "HalfNormal",
    summary: "the absolute value of a normal variable about 0",
    parameters: &[number(
        "scale",
        Domain::Positive,
        Some("1"),
        "the standard deviation of that normal variable",
    )],
};

impl Distribution for HalfNormal {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn support(&self, _: &[f64]) -> Support {
        Support::Positive
    }

    fn formula(&self) -> &'static str {
        "sqrt(2/pi)/scale exp(-w^2/(2 scale^2)), w >= 0"
    }

    fn moments(&self, parameters: &[f64]) -> (Option<f64>, Option<f64>) {
        let scale = parameters[0];
        (
            Some(scale * FRAC_2_PI.sqrt()),
            Some(scale * (1.0 - FRAC_2_PI).sqrt()),
        )
    }

    fn sample(&self, parameters: &[f64], uniform: &mut dyn FnMut() -> f64) -> f64 {
        parameters[0] * standard_normal(uniform).abs()
    }

    fn growth(&self) -> [f64; 2] {
        [0.0, 2.0]
    }
}

impl Family for HalfNormal {
    type Fixed<T: Math> = FixedHalfNormal<T>;

    fn fix<T: Math>(&self, parameters: &[T]) -> FixedHalfNormal<T> {
        let scale = parameters[0];
        FixedHalfNormal {
            per_scale: T::one() / scale,
            constant: T::of(0.5 * FRAC_2_PI.ln()) - scale.ln(),
        }
    }
}

/// [`HalfNormal`] with its parameter.
pub struct FixedHalfNormal<T> {
    per_scale: T,
    constant: T,
}

impl<T: Math> Fixed<T> for FixedHalfNormal<T> {
    #[inline(always)]
    fn log_prob(&self, w: T) -> T {
        let z = w * self.per_scale;
        let inside = self.constant - T::of(0.5) * z * z;
        select(w >= T::zero(), inside, T::neg_infinity())
    }

    #[inline(always)]
    fn score(&self, w: T) -> T {
        let inside = -w * self.per_scale * self.per_scale;
        select(w >= T::zero(), inside, T::zero())
    }

    #[inline(always)]
    fn parameter_score(&self, w: T, out: &mut [T]) {
        let z = w * self.per_scale;
        let inside = (z * z - T::one()) * self.per_scale;
        out[0] = select(w >= T::zero(), inside, T::zero());
    }
}
