//! The log-uniform prior of variational dropout.

use super::{Distribution, Family, Feature, Fixed, Support, select};
use crate::signature::Signature;
use crate::tensor::Math;
use crate::tensor::math::HALF_LN_TWO_PI;
use crate::tensor::special::EULER;
use std::f64::consts::LN_2;

/// LogUniform
///
/// ```text
/// ln p(w) = -ln |w| - ½(γ + ln 2) - ½ ln(2πe)
/// ```
///
/// Kingma, Salimans and Welling (2015), "Variational dropout and the local reparameterization trick",
/// equation 9: ln |w| is uniform, so that the prior knows no scale. It is improper, and the constant is
/// a choice: with this one KL(N(0, σ²) ‖ p) is 0 for every σ, and every other normal has a KL above 0.
///
/// At 0, where the density is infinite, it has the value of the smallest normal number.
pub struct LogUniform;

static SIGNATURE: Signature = Signature {
    name: "LogUniform",
    summary: "the improper prior 1/|w|, which knows no scale",
    parameters: &[],
};

/// -½(γ + ln 2) - ½ ln(2πe): E ln |z| of z ~ N(0, 1), less its entropy.
const CONSTANT: f64 = -0.5 * (EULER + LN_2) - HALF_LN_TWO_PI - 0.5;

impl Distribution for LogUniform {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn support(&self, _: &[f64]) -> Support {
        Support::Real
    }

    fn formula(&self) -> &'static str {
        "constant / |w|, constant = exp(-(1 + C)/2)/(2 sqrt(pi)), C = 0.5772156649015329"
    }

    fn moments(&self, _: &[f64]) -> (Option<f64>, Option<f64>) {
        (None, None)
    }

    fn sample(&self, _: &[f64], _: &mut dyn FnMut() -> f64) -> f64 {
        f64::NAN
    }

    fn improper(&self) -> Option<&'static str> {
        Some(
            "the prior 1/|w| has an infinite integral: its term holds a constant that is chosen, and what is minimised bounds no evidence",
        )
    }

    fn pole(&self) -> Option<f64> {
        Some(0.0)
    }

    fn features(&self, _: &[f64]) -> Vec<Feature> {
        vec![Feature::singular(0.0, 0.0)]
    }
}

impl Family for LogUniform {
    type Fixed<T: Math> = FixedLogUniform;

    fn fix<T: Math>(&self, _: &[T]) -> FixedLogUniform {
        FixedLogUniform
    }
}

/// [`LogUniform`], which has no parameters.
pub struct FixedLogUniform;

impl<T: Math> Fixed<T> for FixedLogUniform {
    #[inline(always)]
    fn log_prob(&self, w: T) -> T {
        let (size, least) = (w.abs(), T::min_positive_value());
        T::of(CONSTANT) - select(size > least, size, least).fast_ln()
    }

    #[inline(always)]
    fn score(&self, w: T) -> T {
        select(w == T::zero(), T::zero(), -w.recip())
    }

    #[inline(always)]
    fn parameter_score(&self, _: T, _: &mut [T]) {}
}
