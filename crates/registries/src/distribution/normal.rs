//! The normal distribution.

use super::{Distribution, Family, Fixed, Support, number, standard_normal};
use crate::signature::{Domain, Signature};
use crate::tensor::Math;
use crate::tensor::math::HALF_LN_TWO_PI;

/// Normal(loc, scale)
///
/// ```text
/// ln p(w) = -½ z² - ln scale - ½ ln 2π,   z = (w - loc) / scale
/// ```
pub struct Normal;

static SIGNATURE: Signature = Signature {
    name: "Normal",
    summary: "the normal distribution",
    parameters: &[
        number("loc", Domain::Real, None, "its mean"),
        number("scale", Domain::Positive, None, "its standard deviation"),
    ],
};

impl Distribution for Normal {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn support(&self, _: &[f64]) -> Support {
        Support::Real
    }

    fn formula(&self) -> &'static str {
        "exp(-(w - loc)^2/(2 scale^2)) / (scale sqrt(2 pi))"
    }

    fn notation(&self, _: usize, _: bool) -> Option<String> {
        Some("Normal(loc, scale^2)".into())
    }

    fn moments(&self, parameters: &[f64]) -> (Option<f64>, Option<f64>) {
        (Some(parameters[0]), Some(parameters[1]))
    }

    fn sample(&self, parameters: &[f64], uniform: &mut dyn FnMut() -> f64) -> f64 {
        parameters[0] + parameters[1] * standard_normal(uniform)
    }

    fn growth(&self) -> [f64; 2] {
        [0.0, 2.0]
    }
}

impl Family for Normal {
    type Fixed<T: Math> = FixedNormal<T>;

    fn fix<T: Math>(&self, parameters: &[T]) -> FixedNormal<T> {
        let (loc, scale) = (parameters[0], parameters[1]);
        FixedNormal {
            loc,
            per_scale: T::one() / scale,
            constant: -scale.ln() - T::of(HALF_LN_TWO_PI),
        }
    }
}

/// [`Normal`] with its parameters.
pub struct FixedNormal<T> {
    loc: T,
    per_scale: T,
    constant: T,
}

impl<T: Math> Fixed<T> for FixedNormal<T> {
    #[inline(always)]
    fn log_prob(&self, w: T) -> T {
        let z = (w - self.loc) * self.per_scale;
        self.constant - T::of(0.5) * z * z
    }

    #[inline(always)]
    fn score(&self, w: T) -> T {
        (self.loc - w) * self.per_scale * self.per_scale
    }

    #[inline(always)]
    fn parameter_score(&self, w: T, out: &mut [T]) {
        let z = (w - self.loc) * self.per_scale;
        out[0] = z * self.per_scale;
        out[1] = (z * z - T::one()) * self.per_scale;
    }
}
