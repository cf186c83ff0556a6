//! Counts with more zeros than a Poisson distribution has: some are 0 whatever the rate (Lambert 1992).

use super::independent::{Independent, Observable, Values};
use super::value;
use crate::distribution::gamma_shares;
use crate::signature::{Domain, Signature};
use crate::tensor::Math;
use crate::tensor::math::log_sum_exp;

/// ZeroInflatedPoisson(gate_logits, log_rate): 0 with the probability π = sigmoid(gate_logits), else a Poisson variable
/// of the rate λ = exp(log_rate)
///
/// ```text
/// ln p(0) = ln(exp(g) + exp(-λ)) - softplus(g)                     g = gate_logits, η = log_rate
/// ln p(y) = y η - λ - ln y! - softplus(g)                          y > 0
/// ∂ ln p(0)/∂g = s - π,  s = sigmoid(g + λ)                        ∂ ln p(0)/∂η = -(1 - s) λ
/// ∂ ln p(y)/∂g = -π                                                ∂ ln p(y)/∂η = y - λ
/// ```
///
/// s is the probability that a 0 is one of those that the gate makes. All of it is worked out in float64, as for the
/// other counts.
pub struct ZeroInflatedPoisson;

/// π and λ.
fn gate_and_rate(parameters: &[f64]) -> (f64, f64) {
    (parameters[0].sigmoid(), parameters[1].exp())
}

impl Observable for ZeroInflatedPoisson {
    fn values(&self) -> Values {
        Values::Counts
    }

    fn log_prob<T: Math>(&self, parameters: &[T], y: T, slopes: &mut [T]) -> T {
        let (gate, log_rate, y) = (parameters[0].wide(), parameters[1].wide(), y.wide());
        let (share, rate) = (gate.sigmoid(), log_rate.exp());
        let (log_prob, by_gate, by_rate) = match y > 0.0 {
            true => (
                y * log_rate - rate - (y + 1.0).log_gamma() - gate.softplus(),
                -share,
                y - rate,
            ),
            false => (
                log_sum_exp(&[gate, -rate]) - gate.softplus(),
                (gate + rate).sigmoid() - share,
                -(-gate - rate).sigmoid() * rate,
            ),
        };
        for (slope, value) in slopes.iter_mut().zip([by_gate, by_rate]) {
            *slope = T::of(value);
        }
        T::of(log_prob)
    }

    fn moments(&self, parameters: &[f64]) -> (f64, f64) {
        let (share, rate) = gate_and_rate(parameters);
        let mean = (1.0 - share) * rate;
        (mean, mean * (1.0 + share * rate))
    }

    fn level(&self, parameters: &[f64], y: f64) -> f64 {
        let (share, rate) = gate_and_rate(parameters);
        match y < 0.0 {
            true => 0.0,
            false => share + (1.0 - share) * gamma_shares(y.floor() + 1.0, rate).1,
        }
    }

    fn middle(&self, parameters: &[f64]) -> (f64, f64) {
        let (mean, variance) = self.moments(parameters);
        (mean, variance.sqrt())
    }
}

/// The likelihood of [`ZeroInflatedPoisson`].
pub static ZERO_INFLATED_POISSON: Independent<ZeroInflatedPoisson> = Independent {
    distribution: ZeroInflatedPoisson,
    signature: &Signature {
        name: "ZeroInflatedPoisson",
        summary: "counts of which some are 0 whatever the rate, the others Poisson",
        parameters: &[
            value(
                "gate_logits",
                Domain::Real,
                "the log-odds of a 0 whatever the rate",
            ),
            value(
                "log_rate",
                Domain::Real,
                "the logarithm of the mean of the other counts",
            ),
        ],
    },
    // z is 1 of the count 0 and 0 of others.
    formula: "ln(1 + exp(\"gate_logits\")) \
              - z (\"gate_logits\" + ln(1 + exp(-\"gate_logits\" - exp(\"log_rate\")))) \
              + (1 - z) (exp(\"log_rate\") - y \"log_rate\" + ln gamma(y + 1)), z = max(1 - y, 0)",
    mean: "exp(\"log_rate\")/(1 + exp(\"gate_logits\"))",
    notation: "ZeroInflatedPoisson(sigmoid(\"gate_logits\"), exp(\"log_rate\"))",
};
