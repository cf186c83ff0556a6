//! `Laplace(loc, scale)`: independent Laplace variables, one loc and one scale a weight.

use super::mean_field::loc_and_rho;
use super::{AtStart, Entries, Posterior, VariableSpec};
use crate::distribution::Law;
use crate::signature::{Constants, Kind, Parameter, Signature};
use crate::tensor::Shape;

/// Laplace(loc, scale), entry by entry
///
/// ```text
/// w = loc + scale ε,   ε ~ Laplace(0, 1)
/// ```
///
/// Sharper at its centre and heavier in its tails than a normal: many weights near loc, some far. Its KL is
/// a closed form under `Laplace` and `Normal`, Monte Carlo else.
pub struct Laplace;

static SIGNATURE: Signature = Signature {
    name: "Laplace",
    summary: "independent Laplace variables, one loc and one scale a weight",
    parameters: &[
        Parameter {
            name: "loc",
            kind: Kind::Initializer,
            default: Some("Normal(0, 0.1)"),
            summary: "how the means start",
        },
        Parameter {
            name: "scale",
            kind: Kind::ScaleInitializer,
            default: Some("Softplus(Normal(-3, 0.1))"),
            summary: "how the scales start",
        },
    ],
};

impl Posterior for Laplace {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn variables(&self, shape: &Shape, _: &Constants) -> Vec<VariableSpec> {
        loc_and_rho(shape)
    }
    fn law(&self) -> Law {
        Law::Laplace
    }
    fn variance(&self, start: &AtStart) -> Option<f64> {
        Some(2.0 * start.scale * start.scale)
    }
    fn entries(&self) -> Entries {
        Entries::Laplace
    }
    fn formula(&self) -> &'static str {
        "Laplace(loc, softplus(rho))"
    }
    fn methods(&self) -> &'static str {
        "a Laplace distribution for each entry, all of them independent, \
         $$q(w_i) = Laplace(mu_i, sigma_i), sigma_i = softplus(rho_i)$$"
    }
    fn draw(&self) -> Option<&'static str> {
        Some("w_i = mu_i + sigma_i epsilon_i, epsilon_i ~ Laplace(0, 1)")
    }
}
