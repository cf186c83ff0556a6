//! `hmc(trajectory = 1.57, warmup = 500, draws = 500, chains = 4)`: Hamiltonian Monte Carlo with trajectories of a fixed
//! length (Neal 2011; Izmailov et al. 2021).

use super::super::inference::Inference;
use super::{Method, MovedBy, nuts, sampling};
use crate::diagnostic::Diagnostic;
use crate::signature::{Constants, Domain, Kind, Parameter, Signature};

/// The method.
pub struct Hmc;

static SIGNATURE: Signature = Signature {
    name: "hmc",
    summary: "Hamiltonian Monte Carlo: draws of the posterior by trajectories of a fixed length on all examples",
    parameters: &[
        Parameter {
            name: "trajectory",
            kind: Kind::Number {
                domain: Domain::Positive,
                learnable: false,
            },
            default: Some("1.5708"),
            summary: "how long a trajectory is: pi/2 times the standard deviation of the weights' prior, a quarter of its \
                      period",
        },
        nuts::WARMUP,
        sampling::draws("500"),
        sampling::chains("4"),
        Parameter {
            name: "step_size",
            kind: Kind::NumberOr {
                domain: Domain::Positive,
                word: "none",
            },
            default: Some("none"),
            summary: "the step size of the leapfrogs; `none` adapts it during the warm-up",
        },
        nuts::TARGET,
        Parameter {
            name: "mass",
            kind: Kind::Choice(&["unit", "diagonal"]),
            default: Some("unit"),
            summary: "`diagonal` adapts a mass for each number during the warm-up",
        },
        sampling::TEMPERATURE,
    ],
};

impl Method for Hmc {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn head(&self, arguments: &Constants) -> Option<String> {
        Some(sampling::head(arguments))
    }
    fn remarks(&self, arguments: &Constants) -> Vec<String> {
        nuts::remarks(arguments)
    }
    fn methods(&self, arguments: &Constants, _: &Inference) -> Option<String> {
        let mass = match arguments.word("mass") {
            "unit" => "a unit mass matrix",
            _ => "a diagonal mass matrix adapted in windows",
        };
        Some(format!(
            "The posterior was sampled by Hamiltonian Monte Carlo [@neal2011] on all examples, with trajectories of length \
             {:.4} and {mass} [@izmailov2021]. {}",
            arguments.number("trajectory"),
            nuts::kept(arguments, arguments.number_if_any("step_size")),
        ))
    }
    fn draws(&self, arguments: &Constants, _: &Inference, asked: usize) -> usize {
        sampling::used(arguments, asked)
    }
    fn transitions(&self, arguments: &Constants) -> Option<usize> {
        Some(nuts::transitions(arguments))
    }
    fn moved_by(&self) -> MovedBy {
        MovedBy::Sampler
    }
    fn needs_epochs(&self) -> bool {
        true
    }
    fn refuse(&self, _: &Constants, inference: &Inference) -> Vec<Diagnostic> {
        sampling::refuse(SIGNATURE.name, inference)
    }
}
