//! A log-normal posterior and the priors of positive numbers with which its divergence has a closed
//! form. Entries hold loc and scale of ln w, μ and σ below; their few numbers are worked out in float64.

use super::{ClosedForm, Entries, Gradients, NormalNormal, Term};
use crate::distribution::{self, Distribution};
use crate::tensor::Math;
use crate::tensor::special::stirling_gap;
use std::f64::consts::{LN_2, SQRT_2};

/// A value and its derivatives by μ, by σ and by up to two parameters of the prior.
struct Parts {
    value: f64,
    by_loc: f64,
    by_scale: f64,
    by_prior: [f64; 2],
}

/// Sums `parts` of each entry's (μ, σ).
fn sum_up<T: Math>(
    entries: Entries<T>,
    weight: T,
    gradients: Gradients<T>,
    parts: impl Fn(f64, f64) -> Parts,
) -> f64 {
    let mut total = 0.0;
    for (i, (loc, scale)) in entries.loc.iter().zip(entries.scale).enumerate() {
        let parts = parts(loc.wide(), scale.wide());
        total += parts.value;
        gradients.loc[i] += weight * T::of(parts.by_loc);
        gradients.scale[i] += weight * T::of(parts.by_scale);
        for (out, x) in gradients.prior.iter_mut().zip(parts.by_prior) {
            *out += weight.wide() * x;
        }
    }
    total
}

/// ½ t² + (t - ln r) of r = 1 + t, which is ½ r² - ln r - ½; and r² - 1.
fn spread(r: f64) -> (f64, f64) {
    let t = r - 1.0;
    (0.5 * t * t + f64::ln_gap(r, t), t * (t + 2.0))
}

/// KL(LogNormal(μ, σ) ‖ LogNormal(m, s)): that of the normals of the logarithms,
/// [`NormalNormal`].
pub struct LogNormalLogNormal;

impl ClosedForm for LogNormalLogNormal {
    fn posterior(&self) -> &'static dyn Distribution {
        &distribution::LogNormal
    }

    fn prior(&self) -> &'static dyn Distribution {
        &distribution::LogNormal
    }

    fn formula(&self) -> &'static str {
        "ln(scale/s) + (s^2 + (m - loc)^2)/(2 scale^2) - 1/2"
    }

    fn source(&self) -> &'static str {
        "the divergence of the logarithms, which are normal [@kingma2014]"
    }
}

impl<T: Math> Term<T> for LogNormalLogNormal {
    fn accumulate(
        &self,
        entries: Entries<T>,
        prior: &[T],
        weight: T,
        gradients: Gradients<T>,
    ) -> f64 {
        NormalNormal.accumulate(entries, prior, weight, gradients)
    }
}

/// KL(LogNormal(μ, σ) ‖ HalfNormal(s))
///
/// ```text
/// -μ - ½ ln(2πeσ²) - ½ ln(2/(πs²)) + exp(2μ + 2σ²)/(2s²)
///   =  ½(e²ʸ - 1 - 2y) + ½ t² + (t - ln r) + ½(1 - ln 2),   y = μ - ln s + σ²,  r = √2 σ,  t = r - 1
/// ```
///
/// No term of the second is negative.
pub struct LogNormalHalfNormal;

impl ClosedForm for LogNormalHalfNormal {
    fn posterior(&self) -> &'static dyn Distribution {
        &distribution::LogNormal
    }

    fn prior(&self) -> &'static dyn Distribution {
        &distribution::HalfNormal
    }

    fn formula(&self) -> &'static str {
        "-m - ln(2 pi e s^2)/2 - ln(2/(pi scale^2))/2 + exp(2 m + 2 s^2)/(2 scale^2)"
    }

    fn source(&self) -> &'static str {
        "the second moment of the log-normal distribution"
    }
}

impl<T: Math> Term<T> for LogNormalHalfNormal {
    fn accumulate(
        &self,
        entries: Entries<T>,
        prior: &[T],
        weight: T,
        gradients: Gradients<T>,
    ) -> f64 {
        let s = prior[0].wide();
        sum_up(entries, weight, gradients, |loc, scale| {
            let y = loc - s.ln() + scale * scale;
            let (spread, excess) = spread(SQRT_2 * scale);
            let slope = (2.0 * y).exp_m1();
            Parts {
                value: 0.5 * (-2.0 * y).exp_gap() + spread + 0.5 * (1.0 - LN_2),
                by_loc: slope,
                by_scale: 2.0 * scale * slope + excess / scale,
                by_prior: [-slope / s, 0.0],
            }
        })
    }
}

/// KL(LogNormal(μ, σ) ‖ Gamma(a, rate b))
///
/// ```text
/// -aμ - ½ ln(2πeσ²) - a ln b + ln Γ(a) + b exp(μ + σ²/2)
///   =  a(eʸ - 1 - y) + ½ t² + (t - ln r) + ρ(a),   y = μ + ln(b/a) + σ²/2,  r = √a σ,  t = r - 1
/// ```
///
/// where ρ(a) = ln Γ(a) - (a - ½) ln a + a - ½ ln 2π is what Stirling's formula leaves ([`stirling_gap`]).
/// No term of the second is negative.
fn gamma(loc: f64, scale: f64, a: f64, b: f64) -> Parts {
    let y = loc + (b / a).ln() + 0.5 * scale * scale;
    let (spread, excess) = spread(a.sqrt() * scale);
    let (rest, rest_slope) = stirling_gap(a);
    let slope = a * y.exp_m1();
    Parts {
        value: a * (-y).exp_gap() + spread + rest,
        by_loc: slope,
        by_scale: slope * scale + excess / scale,
        by_prior: [-y + 0.5 * excess / a + rest_slope, slope / b],
    }
}

/// KL(LogNormal(μ, σ) ‖ Gamma(a, rate b)): see `gamma`.
pub struct LogNormalGamma;

impl ClosedForm for LogNormalGamma {
    fn posterior(&self) -> &'static dyn Distribution {
        &distribution::LogNormal
    }

    fn prior(&self) -> &'static dyn Distribution {
        &distribution::Gamma
    }

    fn formula(&self) -> &'static str {
        "-concentration (m + ln rate) - ln(2 pi e s^2)/2 + ln gamma(concentration) + rate exp(m + s^2/2)"
    }

    fn source(&self) -> &'static str {
        "the mean of the log-normal distribution"
    }
}

impl<T: Math> Term<T> for LogNormalGamma {
    fn accumulate(
        &self,
        entries: Entries<T>,
        prior: &[T],
        weight: T,
        gradients: Gradients<T>,
    ) -> f64 {
        let (a, b) = (prior[0].wide(), prior[1].wide());
        sum_up(entries, weight, gradients, |loc, scale| {
            gamma(loc, scale, a, b)
        })
    }
}

/// KL(LogNormal(μ, σ) ‖ InverseGamma(a, scale b)): that of 1/w, LogNormal(-μ, σ), to Gamma(a, b).
pub struct LogNormalInverseGamma;

impl ClosedForm for LogNormalInverseGamma {
    fn posterior(&self) -> &'static dyn Distribution {
        &distribution::LogNormal
    }

    fn prior(&self) -> &'static dyn Distribution {
        &distribution::InverseGamma
    }

    fn formula(&self) -> &'static str {
        "concentration (m - ln scale) - ln(2 pi e s^2)/2 + ln gamma(concentration) + scale exp(-m + s^2/2)"
    }

    fn source(&self) -> &'static str {
        "the divergence of $1/w$ from a gamma distribution"
    }
}

impl<T: Math> Term<T> for LogNormalInverseGamma {
    fn accumulate(
        &self,
        entries: Entries<T>,
        prior: &[T],
        weight: T,
        gradients: Gradients<T>,
    ) -> f64 {
        let (a, b) = (prior[0].wide(), prior[1].wide());
        sum_up(entries, weight, gradients, |loc, scale| {
            let parts = gamma(-loc, scale, a, b);
            Parts {
                by_loc: -parts.by_loc,
                ..parts
            }
        })
    }
}

/// KL(LogNormal(μ, σ) ‖ Exponential(rate)): that to Gamma(1, rate).
pub struct LogNormalExponential;

impl ClosedForm for LogNormalExponential {
    fn posterior(&self) -> &'static dyn Distribution {
        &distribution::LogNormal
    }

    fn prior(&self) -> &'static dyn Distribution {
        &distribution::Exponential
    }

    fn formula(&self) -> &'static str {
        "-m - ln rate - ln(2 pi e s^2)/2 + rate exp(m + s^2/2)"
    }

    fn source(&self) -> &'static str {
        "the mean of the log-normal distribution"
    }
}

impl<T: Math> Term<T> for LogNormalExponential {
    fn accumulate(
        &self,
        entries: Entries<T>,
        prior: &[T],
        weight: T,
        gradients: Gradients<T>,
    ) -> f64 {
        let rate = prior[0].wide();
        sum_up(entries, weight, gradients, |loc, scale| {
            let parts = gamma(loc, scale, 1.0, rate);
            Parts {
                by_prior: [parts.by_prior[1], 0.0],
                ..parts
            }
        })
    }
}
