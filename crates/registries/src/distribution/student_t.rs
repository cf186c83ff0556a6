//! Student's t distribution.

use super::{Distribution, Family, Feature, Fixed, Support, number};
use crate::signature::{Domain, Signature};
use crate::tensor::Math;
use crate::tensor::math::log_gamma_half_step;
use std::f64::consts::{PI, TAU};

/// StudentT(df, loc = 0, scale = 1)
///
/// ```text
/// ln p(w) = ln Γ((df + 1)/2) - ln Γ(df/2) - ½ ln(df π) - ln scale
///           - (df + 1)/2 ln(1 + z²/df),   z = (w - loc) / scale
/// ```
///
/// With df = 1 it is the Cauchy distribution.
pub struct StudentT;

static SIGNATURE: Signature = Signature {
    name: "StudentT",
    summary: "Student's t: heavier tails the lower df",
    parameters: &[
        number("df", Domain::Positive, None, "its degrees of freedom"),
        number("loc", Domain::Real, Some("0"), "its centre"),
        number(
            "scale",
            Domain::Positive,
            Some("1"),
            "its scale, not its standard deviation",
        ),
    ],
};

impl Distribution for StudentT {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn support(&self, _: &[f64]) -> Support {
        Support::Real
    }

    fn formula(&self) -> &'static str {
        "gamma((df + 1)/2) / (gamma(df/2) sqrt(df pi) scale) (1 + (w - loc)^2/(df scale^2))^(-(df + 1)/2)"
    }

    fn moments(&self, parameters: &[f64]) -> (Option<f64>, Option<f64>) {
        let (df, loc, scale) = (parameters[0], parameters[1], parameters[2]);
        (
            (df > 1.0).then_some(loc),
            (df > 2.0).then(|| scale * (df / (df - 2.0)).sqrt()),
        )
    }

    /// Bailey (1994), "Polar generation of random variates with the t-distribution".
    fn sample(&self, parameters: &[f64], uniform: &mut dyn FnMut() -> f64) -> f64 {
        let (df, loc, scale) = (parameters[0], parameters[1], parameters[2]);
        let radius = (df * (-2.0 / df * uniform().ln()).exp_m1()).sqrt();
        loc + scale * radius * (TAU * uniform()).cos()
    }

    fn features(&self, parameters: &[f64]) -> Vec<Feature> {
        let (df, loc, scale) = (parameters[0], parameters[1], parameters[2]);
        vec![Feature::singular(loc, scale * df.sqrt())]
    }
}

impl Family for StudentT {
    type Fixed<T: Math> = FixedStudentT<T>;

    fn fix<T: Math>(&self, parameters: &[T]) -> FixedStudentT<T> {
        let (df, loc, scale) = (parameters[0], parameters[1], parameters[2]);
        let (step, slope) = log_gamma_half_step(0.5 * df.wide());
        FixedStudentT {
            df,
            loc,
            per_scale: T::one() / scale,
            constant: T::of(step - 0.5 * (df.wide() * PI).ln() - scale.wide().ln()),
            constant_by_df: T::of(0.5 * slope),
        }
    }
}

/// [`StudentT`] with its parameters.
pub struct FixedStudentT<T> {
    df: T,
    loc: T,
    per_scale: T,
    constant: T,
    constant_by_df: T,
}

impl<T: Math> Fixed<T> for FixedStudentT<T> {
    #[inline(always)]
    fn log_prob(&self, w: T) -> T {
        let z = (w - self.loc) * self.per_scale;
        self.constant - T::of(0.5) * (self.df + T::one()) * (z * z / self.df).fast_ln_1p()
    }

    #[inline(always)]
    fn score(&self, w: T) -> T {
        let z = (w - self.loc) * self.per_scale;
        -(self.df + T::one()) * z * self.per_scale / (self.df + z * z)
    }

    #[inline(always)]
    fn parameter_score(&self, w: T, out: &mut [T]) {
        let one = T::one();
        let z = (w - self.loc) * self.per_scale;
        let square = z * z;
        let pull = (self.df + one) / (self.df + square);
        out[0] = self.constant_by_df
            + T::of(0.5) * (pull * square / self.df - (square / self.df).fast_ln_1p());
        out[1] = pull * z * self.per_scale;
        out[2] = (pull * square - one) * self.per_scale;
    }
}
