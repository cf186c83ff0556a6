//! `Dropout(rate)`: weights of one input left out together, at random.

use super::{Entries, Posterior, Start, VariableSpec};
use crate::signature::{Constants, Domain, Kind, Parameter, Signature};
use crate::tensor::Shape;

/// Dropout(rate, loc)
///
/// ```text
/// W = diag(z) M,   z_i = 0 with probability rate, else 1
/// ```
///
/// z has an entry for each input unit of a dense kernel and each input channel of a convolution's: a
/// kernel is one thing at all its positions, so a draw leaves a channel out everywhere. Nothing is
/// divided by 1 - rate: W is a weight under a posterior, and prediction averages over draws of it, as
/// training does.
///
/// q puts mass on the two points 0 and M, so KL(q ‖ p) is infinite. In its place joins the published
/// surrogate, up to a constant (Gal and Ghahramani 2016, "Dropout as a Bayesian approximation",
/// appendix, proposition 1):
///
/// ```text
/// (1 - rate)/(2 s²) Σ (M - m)²     under the prior N(m, s²)
/// ```
///
/// A bias is left out never: it is a point under its prior.
pub struct Dropout;

static SIGNATURE: Signature = Signature {
    name: "Dropout",
    summary: "the weights of one input unit or channel are 0 together, with probability `rate`",
    parameters: &[
        Parameter {
            name: "rate",
            kind: Kind::Number {
                domain: Domain::OpenUnit,
                learnable: false,
            },
            default: Some("0.5"),
            summary: "how probable it is that an input is left out",
        },
        Parameter {
            name: "loc",
            kind: Kind::Initializer,
            default: Some("Normal(0, 0.1)"),
            summary: "how the weights start",
        },
    ],
};

impl Posterior for Dropout {
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
        Entries::Masked
    }
    fn drop_rate(&self, arguments: &Constants) -> Option<f64> {
        Some(arguments.number("rate"))
    }
    fn refuse(&self, shape: &Shape) -> Option<String> {
        let no_kernel = shape.rank() < 2;
        no_kernel.then(|| "it leaves out the weights of an input, and there are no inputs".into())
    }
    fn formula(&self) -> &'static str {
        "diag(z) loc, z_i = 0 with probability rate, else 1"
    }
    fn methods(&self) -> &'static str {
        "dropout with rate {rate} [@gal2016]: the weights $M$ of one input unit or channel are left out \
         together, a distribution on two points for each, which has no density"
    }
    fn draw(&self) -> Option<&'static str> {
        Some("W = diag(z) M, z_i ~ Bernoulli(1 - {rate})")
    }
    fn symbols(&self, _: &str) -> (&'static str, Option<&'static str>) {
        ("M_(i j)", None)
    }
}
