//! `Delta(loc)`: a point estimate under a prior. What joins the loss is −log p(loc): maximum a
//! posteriori, not a KL divergence (a point has no density, KL = ∞).

use super::{Entries, Posterior, Start, VariableSpec};
use crate::signature::{Constants, Kind, Parameter, Signature};
use crate::tensor::Shape;

/// The family.
pub struct Delta;

static SIGNATURE: Signature = Signature {
    name: "Delta",
    summary: "a point estimate; its prior joins as the MAP penalty -log p(w)",
    parameters: &[Parameter {
        name: "loc",
        kind: Kind::Initializer,
        default: Some("Normal(0, 0.1)"),
        summary: "how the point starts",
    }],
};

impl Posterior for Delta {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn variables(&self, shape: &Shape, _: &Constants) -> Vec<VariableSpec> {
        vec![VariableSpec::new(
            "loc",
            shape.clone(),
            Start::Argument("loc"),
        )]
    }
    fn entries(&self) -> Entries {
        Entries::Point
    }
    fn formula(&self) -> &'static str {
        "Delta(loc)"
    }
    fn methods(&self) -> &'static str {
        "a point estimate $mu_i$, which has no density and no KL divergence from the prior: it adds the penalty \
         $-ln p(mu_i)$ of a maximum a posteriori estimate"
    }
    fn draw(&self) -> Option<&'static str> {
        None
    }
}
