//! `Cauchy(loc, scale)`: independent Cauchy variables: heavy tails.

use super::mean_field::loc_and_rho;
use super::{AtStart, Entries, Posterior, VariableSpec};
use crate::distribution::Law;
use crate::signature::{Constants, Kind, Parameter, Signature};
use crate::tensor::Shape;

/// Cauchy(loc, scale), entry by entry
///
/// ```text
/// w = loc + scale ε,   ε ~ Cauchy(0, 1)
/// ```
///
/// It has no mean, so it is for factors (`Rank1`) and single numbers, not for sums over many weights. Its KL
/// is a closed form under `Cauchy`, Monte Carlo else.
pub struct Cauchy;

static SIGNATURE: Signature = Signature {
    name: "Cauchy",
    summary: "independent Cauchy variables, one loc and one scale a weight",
    parameters: &[
        Parameter {
            name: "loc",
            kind: Kind::Initializer,
            default: Some("Normal(0, 0.1)"),
            summary: "how the medians start",
        },
        Parameter {
            name: "scale",
            kind: Kind::ScaleInitializer,
            default: Some("Softplus(Normal(-3, 0.1))"),
            summary: "how the scales start",
        },
    ],
};

impl Posterior for Cauchy {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn variables(&self, shape: &Shape, _: &Constants) -> Vec<VariableSpec> {
        loc_and_rho(shape)
    }
    fn law(&self) -> Law {
        Law::Cauchy
    }
    fn variance(&self, _: &AtStart) -> Option<f64> {
        None
    }
    fn entries(&self) -> Entries {
        Entries::Cauchy
    }
    fn formula(&self) -> &'static str {
        "Cauchy(loc, softplus(rho))"
    }
    fn methods(&self) -> &'static str {
        "a Cauchy distribution for each entry, all of them independent, \
         $$q(w_i) = Cauchy(mu_i, sigma_i), sigma_i = softplus(rho_i)$$"
    }
    fn draw(&self) -> Option<&'static str> {
        Some("w_i = mu_i + sigma_i epsilon_i, epsilon_i ~ Cauchy(0, 1)")
    }
}
