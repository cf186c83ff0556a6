//! The inverse gamma distribution.

use super::gamma::standard_gamma;
use super::{Distribution, Family, Fixed, Support, number, select};
use crate::signature::{Domain, Signature};
use crate::tensor::Math;

/// InverseGamma(concentration, scale)
///
/// ```text
/// ln p(w) = a ln b - ln Γ(a) - (a + 1) ln w - b/w,   a = concentration,  b = scale,  w > 0
/// ```
///
/// 1/w has the gamma distribution with that concentration and the rate b.
pub struct InverseGamma;

static SIGNATURE: Signature = Signature {
    name: "InverseGamma",
    summary: "1 over a gamma variable: conjugate to a normal variable's variance",
    parameters: &[
        number(
            "concentration",
            Domain::Positive,
            None,
            "its shape: the tail falls as w^-(concentration + 1)",
        ),
        number(
            "scale",
            Domain::Positive,
            None,
            "the rate of the gamma variable",
        ),
    ],
};

impl Distribution for InverseGamma {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn support(&self, _: &[f64]) -> Support {
        Support::Positive
    }

    fn formula(&self) -> &'static str {
        "scale^concentration / gamma(concentration) w^-(concentration + 1) exp(-scale/w), w > 0"
    }

    fn moments(&self, parameters: &[f64]) -> (Option<f64>, Option<f64>) {
        let (a, b) = (parameters[0], parameters[1]);
        let mean = b / (a - 1.0);
        (
            (a > 1.0).then_some(mean),
            (a > 2.0).then(|| mean / (a - 2.0).sqrt()),
        )
    }

    fn sample(&self, parameters: &[f64], uniform: &mut dyn FnMut() -> f64) -> f64 {
        parameters[1] / standard_gamma(parameters[0], uniform)
    }

    fn growth(&self) -> [f64; 2] {
        [1.0, 0.0]
    }
}

impl Family for InverseGamma {
    type Fixed<T: Math> = FixedInverseGamma<T>;

    fn fix<T: Math>(&self, parameters: &[T]) -> FixedInverseGamma<T> {
        let (a, b) = (parameters[0], parameters[1]);
        FixedInverseGamma {
            more: a + T::one(),
            scale: b,
            mean_of_inverse: a / b,
            constant_by_concentration: b.ln() - a.digamma(),
            constant: a * b.ln() - a.log_gamma(),
        }
    }
}

/// [`InverseGamma`] with its parameters.
pub struct FixedInverseGamma<T> {
    /// concentration + 1
    more: T,
    scale: T,
    mean_of_inverse: T,
    constant_by_concentration: T,
    constant: T,
}

impl<T: Math> Fixed<T> for FixedInverseGamma<T> {
    #[inline(always)]
    fn log_prob(&self, w: T) -> T {
        let inside = self.constant - self.more * w.fast_ln() - self.scale / w;
        select(w > T::zero(), inside, T::neg_infinity())
    }

    #[inline(always)]
    fn score(&self, w: T) -> T {
        let inside = (self.scale / w - self.more) / w;
        select(w > T::zero(), inside, T::zero())
    }

    #[inline(always)]
    fn parameter_score(&self, w: T, out: &mut [T]) {
        let by_concentration = self.constant_by_concentration - w.fast_ln();
        out[0] = select(w > T::zero(), by_concentration, T::zero());
        out[1] = select(w > T::zero(), self.mean_of_inverse - w.recip(), T::zero());
    }
}
