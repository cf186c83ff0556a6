//! The Cauchy distribution.

use super::{Distribution, Family, Feature, Fixed, Support, number};
use crate::signature::{Domain, Signature};
use crate::tensor::Math;
use std::f64::consts::PI;

/// Cauchy(loc = 0, scale = 1)
///
/// ```text
/// ln p(w) = -ln(π scale) - ln(1 + z²),   z = (w - loc) / scale
/// ```
///
/// Student's t with df = 1. Draws are loc + scale·tan(π(u - ½)).
pub struct Cauchy;

static SIGNATURE: Signature = Signature {
    name: "Cauchy",
    summary: "the Cauchy distribution: tails so heavy that it has no mean",
    parameters: &[
        number("loc", Domain::Real, Some("0"), "its median"),
        number(
            "scale",
            Domain::Positive,
            Some("1"),
            "half its interquartile range",
        ),
    ],
};

impl Distribution for Cauchy {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn support(&self, _: &[f64]) -> Support {
        Support::Real
    }

    fn formula(&self) -> &'static str {
        "1 / (pi scale (1 + (w - loc)^2/scale^2))"
    }

    fn moments(&self, _: &[f64]) -> (Option<f64>, Option<f64>) {
        (None, None)
    }

    fn sample(&self, parameters: &[f64], uniform: &mut dyn FnMut() -> f64) -> f64 {
        parameters[0] + parameters[1] * (PI * (uniform() - 0.5)).tan()
    }

    fn features(&self, parameters: &[f64]) -> Vec<Feature> {
        vec![Feature::singular(parameters[0], parameters[1])]
    }
}

impl Family for Cauchy {
    type Fixed<T: Math> = FixedCauchy<T>;

    fn fix<T: Math>(&self, parameters: &[T]) -> FixedCauchy<T> {
        let (loc, scale) = (parameters[0], parameters[1]);
        FixedCauchy {
            loc,
            per_scale: T::one() / scale,
            constant: -(T::of(PI) * scale).ln(),
        }
    }
}

/// [`Cauchy`] with its parameters.
pub struct FixedCauchy<T> {
    loc: T,
    per_scale: T,
    constant: T,
}

impl<T: Math> Fixed<T> for FixedCauchy<T> {
    #[inline(always)]
    fn log_prob(&self, w: T) -> T {
        let z = (w - self.loc) * self.per_scale;
        self.constant - (z * z).fast_ln_1p()
    }

    #[inline(always)]
    fn score(&self, w: T) -> T {
        let z = (w - self.loc) * self.per_scale;
        -T::of(2.0) * z * self.per_scale / (T::one() + z * z)
    }

    #[inline(always)]
    fn parameter_score(&self, w: T, out: &mut [T]) {
        let (one, two) = (T::one(), T::of(2.0));
        let z = (w - self.loc) * self.per_scale;
        let pull = two * z / (one + z * z);
        out[0] = pull * self.per_scale;
        out[1] = (pull * z - one) * self.per_scale;
    }
}
