//! Distributions of counts, and the likelihoods that [`Independent`] makes of them.
//!
//! Everything here is worked out in float64 and rounded at the end: the terms of a probability are as large as
//! y ln y and cancel.

use super::independent::{Independent, Observable, Values};
use super::value;
use crate::distribution::{beta_share, gamma_shares};
use crate::signature::{Domain, Kind, Parameter, Signature};
use crate::tensor::Math;

/// ln y!
fn log_factorial(y: f64) -> f64 {
    (y + 1.0).log_gamma()
}

/// Writes derivatives, where they are wanted.
fn write<T: Math, const N: usize>(slopes: &mut [T], values: [f64; N]) {
    for (slope, value) in slopes.iter_mut().zip(values) {
        *slope = T::of(value);
    }
}

/// Poisson(log_rate)
///
/// ```text
/// ln p(y) = y η - exp(η) - ln y!,   η = log_rate        ∂/∂η = y - exp(η)
/// ```
pub struct Poisson;

impl Observable for Poisson {
    fn values(&self) -> Values {
        Values::Counts
    }

    fn log_prob<T: Math>(&self, parameters: &[T], y: T, slopes: &mut [T]) -> T {
        let (log_rate, y) = (parameters[0].wide(), y.wide());
        let rate = log_rate.exp();
        write(slopes, [y - rate]);
        T::of(y * log_rate - rate - log_factorial(y))
    }

    fn moments(&self, parameters: &[f64]) -> (f64, f64) {
        let rate = parameters[0].exp();
        (rate, rate)
    }

    fn level(&self, parameters: &[f64], y: f64) -> f64 {
        match y < 0.0 {
            true => 0.0,
            false => gamma_shares(y.floor() + 1.0, parameters[0].exp()).1,
        }
    }

    fn middle(&self, parameters: &[f64]) -> (f64, f64) {
        let (mean, variance) = self.moments(parameters);
        (mean, variance.sqrt())
    }

    /// The rate.
    fn information(&self, parameters: &[f64]) -> Vec<Option<f64>> {
        vec![Some(parameters[0].exp())]
    }
}

/// The likelihood of [`Poisson`].
pub static POISSON: Independent<Poisson> = Independent {
    distribution: Poisson,
    signature: &Signature {
        name: "Poisson",
        summary: "counts whose variance is their mean",
        parameters: &[value("log_rate", Domain::Real, "the logarithm of the mean")],
    },
    formula: "exp(\"log_rate\") - y \"log_rate\" + ln gamma(y + 1)",
    mean: "exp(\"log_rate\")",
    notation: "Poisson(exp(\"log_rate\"))",
};

/// NegativeBinomial(log_mean, concentration): a Poisson variable whose rate has the gamma distribution with this
/// concentration, r, and this mean, μ
///
/// ```text
/// ln p(y) = ln Γ(y + r) - ln Γ(r) - ln y! + r ln(r/(r + μ)) + y ln(μ/(r + μ)),   ln μ = log_mean
/// ∂/∂ln μ = r (y - μ)/(r + μ)        ∂/∂r = ψ(y + r) - ψ(r) + ln(r/(r + μ)) + (μ - y)/(r + μ)
/// ```
pub struct NegativeBinomial;

impl Observable for NegativeBinomial {
    fn values(&self) -> Values {
        Values::Counts
    }

    fn log_prob<T: Math>(&self, parameters: &[T], y: T, slopes: &mut [T]) -> T {
        let (log_mean, r, y) = (parameters[0].wide(), parameters[1].wide(), y.wide());
        // ln(r/(r + μ)) and ln(μ/(r + μ)) are -softplus(±(ln μ - ln r)): no overflow, no cancellation.
        let odds = log_mean - r.ln();
        let (log_rest, log_share) = (-odds.softplus(), -(-odds).softplus());
        // μ/(r + μ) and r/(r + μ)
        let (share, rest) = (log_share.exp(), log_rest.exp());
        if !slopes.is_empty() {
            let by_mean = y * rest - r * share;
            let by_r = (y + r).digamma() - r.digamma() + log_rest + share - y / r * rest;
            write(slopes, [by_mean, by_r]);
        }
        let ways = (y + r).log_gamma() - r.log_gamma() - log_factorial(y);
        T::of(ways + r * log_rest + y * log_share)
    }

    fn moments(&self, parameters: &[f64]) -> (f64, f64) {
        let mean = parameters[0].exp();
        (mean, mean + mean * mean / parameters[1])
    }

    fn level(&self, parameters: &[f64], y: f64) -> f64 {
        let (mean, r) = (parameters[0].exp(), parameters[1]);
        match y < 0.0 {
            true => 0.0,
            false => beta_share(r, y.floor() + 1.0, r / (r + mean)),
        }
    }

    fn middle(&self, parameters: &[f64]) -> (f64, f64) {
        let (mean, variance) = self.moments(parameters);
        (mean, variance.sqrt())
    }

    /// By log_mean μ r/(r + μ), whose score is not correlated with that by r.
    fn information(&self, parameters: &[f64]) -> Vec<Option<f64>> {
        let (mean, r) = (parameters[0].exp(), parameters[1]);
        vec![Some(mean * (r / (r + mean))), None]
    }
}

/// The likelihood of [`NegativeBinomial`].
pub static NEGATIVE_BINOMIAL: Independent<NegativeBinomial> = Independent {
    distribution: NegativeBinomial,
    signature: &Signature {
        name: "NegativeBinomial",
        summary: "counts whose variance exceeds their mean",
        parameters: &[
            value("log_mean", Domain::Real, "the logarithm of the mean"),
            value(
                "concentration",
                Domain::Positive,
                "r: the variance is mean + mean²/r",
            ),
        ],
    },
    formula: "ln gamma(concentration) + ln gamma(y + 1) - ln gamma(y + concentration) \
              + concentration ln(1 + exp(\"log_mean\")/concentration) \
              + y ln(1 + concentration exp(-\"log_mean\"))",
    mean: "exp(\"log_mean\")",
    notation: "NegativeBinomial(exp(\"log_mean\"), concentration)",
};

/// Binomial(trials, logits)
///
/// ```text
/// ln p(y) = ln n! - ln y! - ln (n - y)! + y l - n softplus(l),   n = trials, l = logits
/// ∂/∂l = y - n sigmoid(l)
/// ```
pub struct Binomial;

impl Observable for Binomial {
    fn values(&self) -> Values {
        Values::UpToFirst
    }

    fn log_prob<T: Math>(&self, parameters: &[T], y: T, slopes: &mut [T]) -> T {
        let (n, logits, y) = (parameters[0].wide(), parameters[1].wide(), y.wide());
        // Trials are a constant, by which there is no derivative.
        write(slopes, [0.0, y - n * logits.sigmoid()]);
        let ways = log_factorial(n) - log_factorial(y) - log_factorial(n - y);
        T::of(ways + y * logits - n * logits.softplus())
    }

    fn moments(&self, parameters: &[f64]) -> (f64, f64) {
        let (n, p) = (parameters[0], parameters[1].sigmoid());
        (n * p, n * p * (-parameters[1]).sigmoid())
    }

    fn level(&self, parameters: &[f64], y: f64) -> f64 {
        let n = parameters[0];
        match y.floor() {
            y if y < 0.0 => 0.0,
            y if y >= n => 1.0,
            y => beta_share(n - y, y + 1.0, (-parameters[1]).sigmoid()),
        }
    }

    fn middle(&self, parameters: &[f64]) -> (f64, f64) {
        let (mean, variance) = self.moments(parameters);
        (mean, variance.sqrt())
    }

    /// By the logits n p (1 − p); trials are a constant.
    fn information(&self, parameters: &[f64]) -> Vec<Option<f64>> {
        vec![None, Some(self.moments(parameters).1)]
    }
}

/// The likelihood of [`Binomial`].
pub static BINOMIAL: Independent<Binomial> = Independent {
    distribution: Binomial,
    signature: &Signature {
        name: "Binomial",
        summary: "how many of a fixed number of trials succeed, by the log-odds of each",
        parameters: &[
            Parameter {
                name: "trials",
                kind: Kind::Count,
                default: None,
                summary: "how many trials each example has",
            },
            value("logits", Domain::Real, "the log-odds of a success"),
        ],
    },
    formula: "trials ln(1 + exp(logits)) - y logits - ln gamma(trials + 1) + ln gamma(y + 1) \
              + ln gamma(trials - y + 1)",
    mean: "trials/(1 + exp(-logits))",
    notation: "Binomial(trials, sigmoid(logits))",
};
