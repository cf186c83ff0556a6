//! `deterministic(loc)`: an ordinary parameter. No prior, no posterior, no term in the loss.
//!
//! Biases of tfp.layers are this by default, and start from N(0, 0.1²), not from 0.

use super::{Entries, Posterior, Start, VariableSpec};
use crate::signature::{Constants, Kind, Parameter, Signature};
use crate::tensor::Shape;

/// The family.
pub struct Deterministic;

static SIGNATURE: Signature = Signature {
    name: "deterministic",
    summary: "an ordinary parameter: no prior, no posterior, no term in the loss",
    parameters: &[Parameter {
        name: "loc",
        kind: Kind::Initializer,
        default: Some("Normal(0, 0.1)"),
        summary: "how the point starts",
    }],
};

impl Posterior for Deterministic {
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
        Entries::Free
    }
    fn formula(&self) -> &'static str {
        "deterministic"
    }
    fn methods(&self) -> &'static str {
        "a point estimate $theta_i$ without a prior, which adds nothing to the loss beyond its part in the likelihood"
    }
    fn draw(&self) -> Option<&'static str> {
        None
    }
    fn symbols(&self, _: &str) -> (&'static str, Option<&'static str>) {
        ("theta_i", None)
    }
}
