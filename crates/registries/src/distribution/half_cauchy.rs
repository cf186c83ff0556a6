//! The Cauchy distribution's positive half.

use super::{Distribution, Family, Feature, Fixed, Support, number, select};
use crate::signature::{Domain, Signature};
use crate::tensor::Math;
use std::f64::consts::{FRAC_PI_2, PI};

/// HalfCauchy(scale = 1)
///
/// ```text
/// ln p(w) = ln(2/π) - ln scale - ln(1 + z²),   z = w / scale,  w ≥ 0
/// ```
///
/// Gelman (2006), "Prior distributions for variance parameters in hierarchical models": a prior of
/// scales, weak far out and not 0 at 0. Draws are scale·tan(πu/2).
pub struct HalfCauchy;

static SIGNATURE: Signature = Signature {
    name: "HalfCauchy",
    summary: "the absolute value of a Cauchy variable: a prior of scales",
    parameters: &[number("scale", Domain::Positive, Some("1"), "its median")],
};

impl Distribution for HalfCauchy {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn support(&self, _: &[f64]) -> Support {
        Support::Positive
    }

    fn formula(&self) -> &'static str {
        "2 / (pi scale (1 + w^2/scale^2)), w >= 0"
    }

    fn moments(&self, _: &[f64]) -> (Option<f64>, Option<f64>) {
        (None, None)
    }

    fn sample(&self, parameters: &[f64], uniform: &mut dyn FnMut() -> f64) -> f64 {
        parameters[0] * (FRAC_PI_2 * uniform()).tan()
    }

    fn features(&self, parameters: &[f64]) -> Vec<Feature> {
        vec![Feature::singular(0.0, parameters[0])]
    }
}

impl Family for HalfCauchy {
    type Fixed<T: Math> = FixedHalfCauchy<T>;

    fn fix<T: Math>(&self, parameters: &[T]) -> FixedHalfCauchy<T> {
        let scale = parameters[0];
        FixedHalfCauchy {
            per_scale: T::one() / scale,
            constant: -(T::of(0.5 * PI) * scale).ln(),
        }
    }
}

/// [`HalfCauchy`] with its parameters.
pub struct FixedHalfCauchy<T> {
    per_scale: T,
    constant: T,
}

impl<T: Math> Fixed<T> for FixedHalfCauchy<T> {
    #[inline(always)]
    fn log_prob(&self, w: T) -> T {
        let z = w * self.per_scale;
        let inside = self.constant - (z * z).fast_ln_1p();
        select(w >= T::zero(), inside, T::neg_infinity())
    }

    #[inline(always)]
    fn score(&self, w: T) -> T {
        let z = w * self.per_scale;
        let inside = -T::of(2.0) * z * self.per_scale / (T::one() + z * z);
        select(w >= T::zero(), inside, T::zero())
    }

    #[inline(always)]
    fn parameter_score(&self, w: T, out: &mut [T]) {
        let z = w * self.per_scale;
        let square = z * z;
        let inside = (square - T::one()) / (square + T::one()) * self.per_scale;
        out[0] = select(w >= T::zero(), inside, T::zero());
    }
}
