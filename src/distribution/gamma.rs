//! The gamma distribution.

use super::{Distribution, Family, Fixed, Support, number, select, standard_normal};
use crate::signature::{Domain, Signature};
use crate::tensor::Math;

/// Gamma(concentration, rate)
///
/// ```text
/// ln p(w) = a ln b - ln Γ(a) + (a - 1) ln w - b w,   a = concentration,  b = rate,  w > 0
/// ```
pub struct Gamma;

static SIGNATURE: Signature = Signature {
    name: "Gamma",
    summary: "the gamma distribution, by its rate",
    parameters: &[
        number(
            "concentration",
            Domain::Positive,
            None,
            "its shape: below 1 the density is infinite at 0",
        ),
        number("rate", Domain::Positive, None, "1 over its scale"),
    ],
};

impl Distribution for Gamma {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn support(&self, _: &[f64]) -> Support {
        Support::Positive
    }

    fn formula(&self) -> &'static str {
        "rate^concentration / gamma(concentration) w^(concentration - 1) exp(-rate w), w > 0"
    }

    fn moments(&self, parameters: &[f64]) -> (Option<f64>, Option<f64>) {
        let (a, b) = (parameters[0], parameters[1]);
        (Some(a / b), Some(a.sqrt() / b))
    }

    fn sample(&self, parameters: &[f64], uniform: &mut dyn FnMut() -> f64) -> f64 {
        standard_gamma(parameters[0], uniform) / parameters[1]
    }

    fn growth(&self) -> [f64; 2] {
        [0.0, 1.0]
    }
}

/// A draw from Gamma(concentration, 1): Marsaglia and Tsang (2000), "A simple method for generating
/// gamma variables"; below 1, that of concentration + 1 times u^(1/concentration).
pub(super) fn standard_gamma(concentration: f64, uniform: &mut dyn FnMut() -> f64) -> f64 {
    if concentration < 1.0 {
        let power = uniform().powf(1.0 / concentration);
        return power * standard_gamma(concentration + 1.0, uniform);
    }
    let d = concentration - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = standard_normal(uniform);
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && uniform().ln() < 0.5 * x * x + d * (1.0 - v + v.ln()) {
            return d * v;
        }
    }
}

impl Family for Gamma {
    type Fixed<T: Math> = FixedGamma<T>;

    fn fix<T: Math>(&self, parameters: &[T]) -> FixedGamma<T> {
        let (a, b) = (parameters[0], parameters[1]);
        FixedGamma {
            less: a - T::one(),
            rate: b,
            mean: a / b,
            constant_by_concentration: b.ln() - a.digamma(),
            constant: a * b.ln() - a.log_gamma(),
        }
    }
}

/// [`Gamma`] with its parameters.
pub struct FixedGamma<T> {
    /// concentration - 1
    less: T,
    rate: T,
    mean: T,
    /// The constant's derivative by the concentration.
    constant_by_concentration: T,
    constant: T,
}

impl<T: Math> Fixed<T> for FixedGamma<T> {
    #[inline(always)]
    fn log_prob(&self, w: T) -> T {
        let inside = self.constant + self.less * w.fast_ln() - self.rate * w;
        select(w > T::zero(), inside, T::neg_infinity())
    }

    #[inline(always)]
    fn score(&self, w: T) -> T {
        select(w > T::zero(), self.less / w - self.rate, T::zero())
    }

    #[inline(always)]
    fn parameter_score(&self, w: T, out: &mut [T]) {
        out[0] = select(
            w > T::zero(),
            self.constant_by_concentration + w.fast_ln(),
            T::zero(),
        );
        out[1] = select(w > T::zero(), self.mean - w, T::zero());
    }
}
