//! `nuts(warmup = 500, draws = 500, chains = 4)`: the No-U-Turn Sampler (Hoffman and Gelman 2014).

use super::super::inference::Inference;
use super::{Method, MovedBy, sampling};
use crate::diagnostic::Diagnostic;
use crate::signature::{Constants, Domain, Kind, Parameter, Signature};
use crate::words::plural;

/// The method.
pub struct Nuts;

static SIGNATURE: Signature = Signature {
    name: "nuts",
    summary: "the No-U-Turn Sampler: draws of the posterior by trajectories on all examples, their length and step size \
              adapted",
    parameters: &[
        WARMUP,
        sampling::draws("500"),
        sampling::chains("4"),
        TARGET,
        Parameter {
            name: "depth",
            kind: Kind::Count,
            default: Some("10"),
            summary: "how often a trajectory may double: at most 2^depth - 1 leapfrogs",
        },
        sampling::TEMPERATURE,
    ],
};

/// `warmup`
pub(super) const WARMUP: Parameter = Parameter {
    name: "warmup",
    kind: Kind::Count,
    default: Some("500"),
    summary: "transitions of each chain that adapt, before the draws that are kept",
};

/// `acceptance`
pub(super) const TARGET: Parameter = Parameter {
    name: "acceptance",
    kind: Kind::Number {
        domain: Domain::OpenUnit,
        learnable: false,
    },
    default: Some("0.8"),
    summary: "the acceptance probability that the step size is adapted to; nearer to 1 where trajectories diverge",
};

/// The transitions of each chain.
pub(super) fn transitions(arguments: &Constants) -> usize {
    arguments
        .count("warmup")
        .saturating_add(arguments.count("draws"))
}

/// What is to be known of chains beside the loss.
pub(super) fn remarks(arguments: &Constants) -> Vec<String> {
    let warmup = plural(arguments.count("warmup"), "transition");
    let how = format!(
        "{}, each after {warmup} of warm-up; a transition takes all examples at each leapfrog, and counts as an epoch of \
         one step: `epochs`, `batch_size` and the optimizer are not used",
        sampling::kept(arguments)
    );
    [Some(how), sampling::remark(arguments)]
        .into_iter()
        .flatten()
        .collect()
}

/// What a paper says of the draws, and of the step size that gave them, if it was not adapted.
pub(super) fn kept(arguments: &Constants, step_size: Option<f64>) -> String {
    let step_size = match step_size {
        None => format!(
            ", in which the step size was adapted to an acceptance probability of {} by dual averaging.",
            arguments.number("acceptance")
        ),
        Some(step_size) => format!(". The step size was {step_size}."),
    };
    format!(
        "{} kept, after {} of warm-up{step_size}{} Convergence was assessed by the rank-normalised split R-hat and \
         effective sample sizes [@vehtari2021] of predictions.",
        sampling::kept_of_each(arguments),
        plural(arguments.count("warmup"), "transition"),
        sampling::tempered(arguments),
    )
}

impl Method for Nuts {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn head(&self, arguments: &Constants) -> Option<String> {
        Some(sampling::head(arguments))
    }
    fn remarks(&self, arguments: &Constants) -> Vec<String> {
        remarks(arguments)
    }
    fn methods(&self, arguments: &Constants, _: &Inference) -> Option<String> {
        Some(format!(
            "The posterior was sampled by the No-U-Turn Sampler [@hoffman2014] with multinomial sampling from trajectories \
             [@betancourt2017] and a diagonal mass matrix adapted in windows. {}",
            kept(arguments, None)
        ))
    }
    fn draws(&self, arguments: &Constants, _: &Inference, asked: usize) -> usize {
        sampling::used(arguments, asked)
    }
    fn transitions(&self, arguments: &Constants) -> Option<usize> {
        Some(transitions(arguments))
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
