//! `Rank1(…)`: a point kernel whose rows and columns are multiplied with random factors.

use super::cauchy::Cauchy;
use super::mean_field::MeanField;
use super::{Entries, Factors, Posterior, Start, VariableSpec};
use crate::distribution::{self, Distribution};
use crate::signature::{Constants, Domain, Kind, Parameter, Signature};
use crate::tensor::Shape;

/// Rank1(loc, factor, factor_loc, factor_scale, prior_scale)
///
/// ```text
/// W = M ⊙ (r sᵀ),   r over inputs, s over outputs (a convolution's channels)
/// r_i ~ q = factor(loc, scale²) under the prior factor(1, prior_scale²), s likewise
/// ```
///
/// M is a point: the kernel's own prior joins as the penalty -ln p(M), and r and s are parameters of
/// their own, `kernel.r` and `kernel.s`, each with its KL. Under `per_example` each example has its own
/// r and s, at the cost of two passes over values. Factors are normal, or Cauchy for heavier tails.
/// Source: Dusenberry et al. 2020, "Efficient and scalable Bayesian neural nets with rank-1 factors",
/// section 3, with one component of their mixture.
pub struct Rank1;

static SIGNATURE: Signature = Signature {
    name: "Rank1",
    summary: "point weights, multiplied with random factors of each input and each output",
    parameters: &[
        Parameter {
            name: "loc",
            kind: Kind::Initializer,
            default: Some("Normal(0, 0.1)"),
            summary: "how the point weights start",
        },
        Parameter {
            name: "factor",
            kind: Kind::Choice(&["normal", "cauchy"]),
            default: Some("normal"),
            summary: "the distribution of the factors",
        },
        Parameter {
            name: "factor_loc",
            kind: Kind::Initializer,
            default: Some("1"),
            summary: "how the centres of the factors start",
        },
        Parameter {
            name: "factor_scale",
            kind: Kind::ScaleInitializer,
            default: Some("Softplus(Normal(-3, 0.1))"),
            summary: "how the scales of the factors start",
        },
        Parameter {
            name: "prior_scale",
            kind: Kind::Number {
                domain: Domain::Positive,
                learnable: false,
            },
            default: Some("0.1"),
            summary: "the scale of the factors' prior, whose centre is 1",
        },
    ],
};

impl Posterior for Rank1 {
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
        Entries::Scaled
    }
    fn factors(&self, arguments: &Constants) -> Option<Factors> {
        let (prior, family): (&'static dyn Distribution, &'static dyn Posterior) =
            match arguments.word("factor") {
                "cauchy" => (&distribution::Cauchy, &Cauchy),
                _ => (&distribution::Normal, &MeanField),
            };
        Some(Factors {
            prior,
            prior_parameters: vec![1.0, arguments.number("prior_scale")],
            family,
            starts: &[("loc", "factor_loc"), ("scale", "factor_scale")],
        })
    }
    fn refuse(&self, shape: &Shape) -> Option<String> {
        let no_kernel = shape.rank() < 2;
        no_kernel.then(|| "its factors are of a kernel's inputs and outputs".into())
    }
    fn formula(&self) -> &'static str {
        "loc ⊙ (r sᵀ), r and s parameters of their own"
    }
    fn methods(&self) -> &'static str {
        "a point estimate $M$ of the kernel, under its prior, whose input and output channels are multiplied \
         with random factors $r$ and $s$ [@dusenberry2020], parameters with a prior and a posterior of their own"
    }
    fn draw(&self) -> Option<&'static str> {
        Some("W = M odot (r s^T)")
    }
    fn symbols(&self, _: &str) -> (&'static str, Option<&'static str>) {
        ("M_(i j)", None)
    }
}
