//! `Delta(loc)`: a point estimate under a prior. What joins the loss is −log p(loc): maximum a
//! posteriori, not a KL divergence (a point has no density, KL = ∞). Under a prior of positive numbers, or of numbers
//! between two ends, loc is that of the [`Moved`] point's z.

use super::moved::Moved;
use super::{AnyVariational, Entries, Posterior, Start, VariableSpec};
use crate::distribution::Support;
use crate::signature::{Constant, Constants, Kind, Parameter, Signature};
use crate::tensor::Shape;
use std::sync::Arc;

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
    fn variational(&self, arguments: &Constants) -> Option<Arc<dyn AnyVariational>> {
        Some(Arc::new(moved(arguments)?))
    }
    fn settled_by(&self, support: Support) -> Vec<(&'static str, Constant)> {
        let numbers = match support {
            Support::Real => return vec![],
            Support::Positive => vec![("low", 0.0)],
            Support::Interval { low, high } => vec![("low", low), ("high", high)],
        };
        let settled = numbers.into_iter();
        settled.map(|(end, x)| (end, Constant::Number(x))).collect()
    }
    fn support(&self, arguments: &Constants) -> Support {
        match moved(arguments) {
            None => Support::Real,
            Some(Moved::Exp) => Support::Positive,
            Some(Moved::Between([low, high])) => Support::Interval { low, high },
        }
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

/// How the point comes of its loc, where its prior leaves numbers out: what [`Posterior::settled_by`] says.
fn moved(arguments: &Constants) -> Option<Moved> {
    let end = |name| match arguments.find(name)? {
        Constant::Number(x) => Some(*x),
        _ => None,
    };
    Some(match (end("low")?, end("high")) {
        (_, None) => Moved::Exp,
        (low, Some(high)) => Moved::Between([low, high]),
    })
}
