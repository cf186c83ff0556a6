//! The log-normal distribution.

use super::{Distribution, Family, Fixed, Support, number, select, standard_normal};
use crate::signature::{Domain, Signature};
use crate::tensor::Math;
use crate::tensor::math::HALF_LN_TWO_PI;

/// LogNormal(loc = 0, scale = 1)
///
/// ```text
/// ln p(w) = -½ z² - ln w - ln scale - ½ ln 2π,   z = (ln w - loc) / scale,  w > 0
/// ```
pub struct LogNormal;

static SIGNATURE: Signature = Signature {
    name: "LogNormal",
    summary: "a positive number whose logarithm is normal",
    parameters: &[
        number("loc", Domain::Real, Some("0"), "the logarithm's mean"),
        number(
            "scale",
            Domain::Positive,
            Some("1"),
            "the logarithm's standard deviation",
        ),
    ],
};

impl Distribution for LogNormal {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn support(&self, _: &[f64]) -> Support {
        Support::Positive
    }

    fn formula(&self) -> &'static str {
        "exp(-(ln w - loc)^2/(2 scale^2)) / (w scale sqrt(2 pi)), w > 0"
    }

    fn moments(&self, parameters: &[f64]) -> (Option<f64>, Option<f64>) {
        let (loc, variance) = (parameters[0], parameters[1] * parameters[1]);
        let mean = (loc + 0.5 * variance).exp();
        (Some(mean), Some(mean * variance.exp_m1().sqrt()))
    }

    fn sample(&self, parameters: &[f64], uniform: &mut dyn FnMut() -> f64) -> f64 {
        (parameters[0] + parameters[1] * standard_normal(uniform)).exp()
    }
}

impl Family for LogNormal {
    type Fixed<T: Math> = FixedLogNormal<T>;

    fn fix<T: Math>(&self, parameters: &[T]) -> FixedLogNormal<T> {
        let (loc, scale) = (parameters[0], parameters[1]);
        FixedLogNormal {
            loc,
            per_scale: T::one() / scale,
            constant: -scale.ln() - T::of(HALF_LN_TWO_PI),
        }
    }
}

/// [`LogNormal`] with its parameters.
pub struct FixedLogNormal<T> {
    loc: T,
    per_scale: T,
    constant: T,
}

impl<T: Math> Fixed<T> for FixedLogNormal<T> {
    #[inline(always)]
    fn log_prob(&self, w: T) -> T {
        let ln = w.fast_ln();
        let z = (ln - self.loc) * self.per_scale;
        let inside = self.constant - T::of(0.5) * z * z - ln;
        select(w > T::zero(), inside, T::neg_infinity())
    }

    #[inline(always)]
    fn score(&self, w: T) -> T {
        let z = (w.fast_ln() - self.loc) * self.per_scale;
        let inside = -(z * self.per_scale + T::one()) / w;
        select(w > T::zero(), inside, T::zero())
    }

    #[inline(always)]
    fn parameter_score(&self, w: T, out: &mut [T]) {
        let z = (w.fast_ln() - self.loc) * self.per_scale;
        let (by_loc, by_scale) = (z * self.per_scale, (z * z - T::one()) * self.per_scale);
        out[0] = select(w > T::zero(), by_loc, T::zero());
        out[1] = select(w > T::zero(), by_scale, T::zero());
    }
}
