//! `sghmc(step_size = 0.01, momentum = 0.9, draws = 50)`: stochastic gradient Hamiltonian Monte Carlo (Chen, Fox and
//! Guestrin 2014), with step sizes that are constant or run in cycles (Zhang et al. 2020).

use super::super::inference::Inference;
use super::{Method, MovedBy, sampling, sgld};
use crate::diagnostic::Diagnostic;
use crate::signature::{Constants, Domain, Kind, Parameter, Signature};

/// The method.
pub struct Sghmc;

static SIGNATURE: Signature = Signature {
    name: "sghmc",
    summary: "stochastic gradient Hamiltonian Monte Carlo: as `sgld`, with a momentum and friction",
    parameters: &[
        sgld::STEP_SIZE,
        Parameter {
            name: "momentum",
            kind: Kind::Number {
                domain: Domain::OpenUnit,
                learnable: false,
            },
            default: Some("0.9"),
            summary: "how much of the momentum a step keeps",
        },
        sampling::draws("50"),
        sampling::chains("1"),
        sgld::BURN_IN,
        sgld::CYCLES,
        sgld::EXPLORATION,
        sgld::PRECONDITIONER,
        sampling::TEMPERATURE,
    ],
};

impl Method for Sghmc {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn head(&self, arguments: &Constants) -> Option<String> {
        Some(sampling::head(arguments))
    }
    fn remarks(&self, arguments: &Constants) -> Vec<String> {
        sgld::remarks(arguments)
    }
    fn methods(&self, arguments: &Constants, _: &Inference) -> Option<String> {
        let decay = arguments.number("momentum");
        let (by_mass, t) = (sgld::by_mass(arguments), sgld::temperature(arguments));
        let step = format!(
            "m := {decay} m - sqrt(epsilon) g + sqrt(2 (1 - {decay}){t}) z, w := w + sqrt(epsilon) {by_mass}m"
        );
        Some(format!(
            "The posterior was sampled by stochastic gradient Hamiltonian Monte Carlo [@chen2014] on minibatches \
             [@izmailov2021], with a momentum $m$. {}",
            sgld::steps(arguments, &step)
        ))
    }
    fn draws(&self, arguments: &Constants, _: &Inference, asked: usize) -> usize {
        sampling::used(arguments, asked)
    }
    fn rounds(&self, arguments: &Constants) -> usize {
        arguments.count("chains")
    }
    fn moved_by(&self) -> MovedBy {
        MovedBy::Sampler
    }
    fn needs_epochs(&self) -> bool {
        true
    }
    fn refuse(&self, arguments: &Constants, inference: &Inference) -> Vec<Diagnostic> {
        sgld::refuse(SIGNATURE.name, arguments, inference)
    }
}
