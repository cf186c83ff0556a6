//! The inverse gamma distribution.

use super::gamma::{AboutMean, standard_gamma};
use super::{Distribution, Family, Fixed, Support, number, select};
use crate::signature::{Domain, Signature};
use crate::tensor::Math;

/// InverseGamma(concentration, scale)
///
/// ```text
/// ln p(w) = a ln b - ln Γ(a) - (a + 1) ln w - b/w,   a = concentration,  b = scale,  w > 0
///         = c - ln w - a (u - 1 - ln u),             u = b/(a w),  c = a ln a - a - ln Γ(a)
/// ```
///
/// The second is what is computed, as for [`Gamma`](super::Gamma), about b/a. 1/w has the gamma distribution with that concentration and the rate b.
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
        "scale^concentration/(gamma(concentration)) w^-(concentration + 1) exp(-scale/w), w > 0"
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
        let (a, b) = (parameters[0].wide(), parameters[1].wide());
        FixedInverseGamma {
            about: AboutMean::new(parameters[0], b / a),
            constant: T::of(a * a.ln() - a - a.log_gamma()),
            constant_by_concentration: T::of(a.ln() - a.digamma()),
        }
    }
}

/// [`InverseGamma`] with its parameters.
pub struct FixedInverseGamma<T> {
    /// 1 over the mean of 1/w.
    about: AboutMean<T>,
    constant: T,
    /// ln a - ψ(a)
    constant_by_concentration: T,
}

impl<T: Math> FixedInverseGamma<T> {
    /// u - 1
    #[inline(always)]
    fn excess(&self, w: T) -> T {
        ((self.about.mean - w) + self.about.rest) / w
    }

    #[inline(always)]
    fn logarithm_and_gap(&self, w: T) -> [T; 2] {
        self.about
            .logarithm_and_gap(self.excess(w), |ln_mean| ln_mean - w.fast_ln())
    }
}

impl<T: Math> Fixed<T> for FixedInverseGamma<T> {
    #[inline(always)]
    fn log_prob(&self, w: T) -> T {
        let [_, gap] = self.logarithm_and_gap(w);
        let inside = self.constant - w.fast_ln() - self.about.concentration * gap;
        select(w > T::zero(), inside, T::neg_infinity())
    }

    #[inline(always)]
    fn score(&self, w: T) -> T {
        let inside = (self.about.concentration * self.excess(w) - T::one()) / w;
        select(w > T::zero(), inside, T::zero())
    }

    #[inline(always)]
    fn parameter_score(&self, w: T, out: &mut [T]) {
        let by_concentration = self.constant_by_concentration + self.logarithm_and_gap(w)[0];
        let by_scale = -self.excess(w) / self.about.mean;
        out[0] = select(w > T::zero(), by_concentration, T::zero());
        out[1] = select(w > T::zero(), by_scale, T::zero());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::{Density, Gamma};
    use crate::testing::assert_close;

    /// A narrow density in float32: a ln b, ln Γ(a) and (a + 1) ln w are 1e9 each, and their sum is 10.
    #[test]
    fn float32_keeps_a_narrow_density() {
        for concentration in [1e2, 1e4, 1e6, 1e8f32] {
            let a = f64::from(concentration);
            for (b, deviations) in [
                (1.0, -2.0),
                (1.0, 0.0),
                (1.0, 1.5),
                (3e4, 0.3),
                (1e-3, -0.7),
            ] {
                let scale = (a * b) as f32;
                let w = (b * (1.0 + deviations / a.sqrt())) as f32;
                let u = f64::from(scale) / (a * f64::from(w));
                // Stirling's series of ln Γ(a)
                let narrow = 0.5 * (a / std::f64::consts::TAU).ln() - 1.0 / (12.0 * a);
                let gap = u - 1.0 - u.ln();
                let single = [concentration, scale];
                let expected = narrow - f64::from(w).ln() - a * gap;
                let got: f32 = InverseGamma.log_prob(&single, w);
                assert_close(got.into(), expected, 2e-5 * (1.0 + expected.abs()), "ln p");
                let by_w = f64::from(w) * f64::from(InverseGamma.score(&single, w));
                let of = a * (u - 1.0) - 1.0;
                assert_close(by_w, of, 2e-4 * a.sqrt(), "score");
                let v = (f64::from(scale) / a / b / b * (1.0 + deviations / a.sqrt())) as f32;
                let t = f64::from(v) * f64::from(scale) / a;
                let expected = narrow - f64::from(v).ln() - a * (t - 1.0 - t.ln());
                if (t - 1.0).abs() < 0.4 {
                    let got: f32 = Gamma.log_prob(&single, v);
                    assert_close(got.into(), expected, 2e-5 * (1.0 + expected.abs()), "gamma");
                }
            }
        }
    }
}
