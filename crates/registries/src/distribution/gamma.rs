//! The gamma distribution.

use super::{Distribution, Family, Fixed, Support, number, select, standard_normal};
use crate::signature::{Domain, Signature};
use crate::tensor::Math;

/// Gamma(concentration, rate)
///
/// ```text
/// ln p(w) = a ln b - ln Γ(a) + (a - 1) ln w - b w,   a = concentration,  b = rate,  w > 0
///         = c + ln b - ln u - a (u - 1 - ln u),      u = w b/a,  c = (a - 1) ln a - a - ln Γ(a)
/// ```
///
/// The second is what is computed: about the mean, where u is 1, nothing in it is large, while the terms
/// of the first are as large as a and cancel.
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
        "rate^concentration/(gamma(concentration)) w^(concentration - 1) exp(-rate w), w > 0"
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
        let (a, b) = (parameters[0].wide(), parameters[1].wide());
        FixedGamma {
            about: AboutMean::new(parameters[0], a / b),
            constant: T::of((a - 1.0) * a.ln() - a - a.log_gamma() + b.ln()),
            constant_by_concentration: T::of(a.ln() - a.digamma()),
        }
    }
}

/// Where a gamma variable, or 1 over one, lies about its mean.
pub(super) struct AboutMean<T> {
    pub(super) concentration: T,
    /// The mean, and what rounding has left out of it: a narrow density is of a small difference.
    pub(super) mean: T,
    pub(super) rest: T,
    ln_mean: T,
}

impl<T: Math> AboutMean<T> {
    pub(super) fn new(concentration: T, mean: f64) -> Self {
        let rounded = T::of(mean);
        AboutMean {
            concentration,
            mean: rounded,
            rest: T::of(mean - rounded.wide()),
            ln_mean: T::of(mean.ln()),
        }
    }

    /// ln u and u - 1 - ln u, of `excess`, u - 1, and `apart`, which gives ln u from the logarithm of
    /// the mean where u is not near 1.
    #[inline(always)]
    pub(super) fn logarithm_and_gap(&self, excess: T, apart: impl Fn(T) -> T) -> [T; 2] {
        let near = (excess > T::of(-0.25)) & (excess < T::of(0.4));
        let inside = select(near, excess, T::zero());
        let logarithm = select(near, inside.fast_ln_1p(), apart(self.ln_mean));
        let gap = T::ln_gap(T::one() + inside, inside);
        [logarithm, select(near, gap, excess - logarithm)]
    }
}

/// [`Gamma`] with its parameters.
pub struct FixedGamma<T> {
    about: AboutMean<T>,
    constant: T,
    /// ln a - ψ(a)
    constant_by_concentration: T,
}

impl<T: Math> FixedGamma<T> {
    /// u - 1
    #[inline(always)]
    fn excess(&self, w: T) -> T {
        ((w - self.about.mean) - self.about.rest) / self.about.mean
    }

    #[inline(always)]
    fn logarithm_and_gap(&self, w: T) -> [T; 2] {
        self.about
            .logarithm_and_gap(self.excess(w), |ln_mean| w.fast_ln() - ln_mean)
    }
}

impl<T: Math> Fixed<T> for FixedGamma<T> {
    #[inline(always)]
    fn log_prob(&self, w: T) -> T {
        let [ln, gap] = self.logarithm_and_gap(w);
        let inside = self.constant - ln - self.about.concentration * gap;
        select(w > T::zero(), inside, T::neg_infinity())
    }

    #[inline(always)]
    fn score(&self, w: T) -> T {
        let inside = -(T::one() + self.about.concentration * self.excess(w)) / w;
        select(w > T::zero(), inside, T::zero())
    }

    #[inline(always)]
    fn parameter_score(&self, w: T, out: &mut [T]) {
        let by_concentration = self.constant_by_concentration + self.logarithm_and_gap(w)[0];
        let by_rate = (self.about.mean - w) + self.about.rest;
        out[0] = select(w > T::zero(), by_concentration, T::zero());
        out[1] = select(w > T::zero(), by_rate, T::zero());
    }
}
