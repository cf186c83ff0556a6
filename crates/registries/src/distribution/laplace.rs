//! The Laplace distribution.

use super::{Distribution, Family, Feature, Fixed, Support, number};
use crate::signature::{Domain, Signature};
use crate::tensor::Math;

/// Laplace(loc, scale)
///
/// ```text
/// ln p(w) = -|w - loc| / scale - ln(2 scale)
/// ```
///
/// The score at the kink itself is taken as 0.
pub struct Laplace;

static SIGNATURE: Signature = Signature {
    name: "Laplace",
    summary: "the double exponential distribution",
    parameters: &[
        number("loc", Domain::Real, None, "its mean"),
        number(
            "scale",
            Domain::Positive,
            None,
            "its mean absolute deviation",
        ),
    ],
};

impl Distribution for Laplace {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn support(&self, _: &[f64]) -> Support {
        Support::Real
    }

    fn formula(&self) -> &'static str {
        "exp(-|w - loc|/scale) / (2 scale)"
    }

    fn moments(&self, parameters: &[f64]) -> (Option<f64>, Option<f64>) {
        (
            Some(parameters[0]),
            Some(std::f64::consts::SQRT_2 * parameters[1]),
        )
    }

    fn sample(&self, parameters: &[f64], uniform: &mut dyn FnMut() -> f64) -> f64 {
        let u = uniform();
        let deviate = if u < 0.5 {
            (2.0 * u).ln()
        } else {
            -(2.0 * (1.0 - u)).ln()
        };
        parameters[0] + parameters[1] * deviate
    }

    fn features(&self, parameters: &[f64]) -> Vec<Feature> {
        vec![Feature::kink(parameters[0])]
    }

    fn growth(&self) -> [f64; 2] {
        [0.0, 1.0]
    }
}

impl Family for Laplace {
    type Fixed<T: Math> = FixedLaplace<T>;

    fn fix<T: Math>(&self, parameters: &[T]) -> FixedLaplace<T> {
        let (loc, scale) = (parameters[0], parameters[1]);
        FixedLaplace {
            loc,
            per_scale: T::one() / scale,
            constant: -(T::of(2.0) * scale).ln(),
        }
    }
}

/// [`Laplace`] with its parameters.
pub struct FixedLaplace<T> {
    loc: T,
    per_scale: T,
    constant: T,
}

impl<T: Math> FixedLaplace<T> {
    /// 1 above loc, -1 below it.
    #[inline(always)]
    fn side(&self, w: T) -> T {
        let side = if w > self.loc { T::one() } else { T::zero() };
        if w < self.loc { -T::one() } else { side }
    }
}

impl<T: Math> Fixed<T> for FixedLaplace<T> {
    #[inline(always)]
    fn log_prob(&self, w: T) -> T {
        self.constant - (w - self.loc).abs() * self.per_scale
    }

    #[inline(always)]
    fn score(&self, w: T) -> T {
        -self.side(w) * self.per_scale
    }

    #[inline(always)]
    fn parameter_score(&self, w: T, out: &mut [T]) {
        out[0] = self.side(w) * self.per_scale;
        out[1] = ((w - self.loc).abs() * self.per_scale - T::one()) * self.per_scale;
    }
}
