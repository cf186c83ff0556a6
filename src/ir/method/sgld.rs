//! `sgld(step_size = 0.01, draws = 50)`: stochastic gradient Langevin dynamics (Welling and Teh 2011), with step sizes
//! that are constant or run in cycles (Zhang et al. 2020).

use super::super::inference::Inference;
use super::{Method, MovedBy, sampling};
use crate::diagnostic::Diagnostic;
use crate::signature::{Constants, Domain, Kind, Parameter, Signature};
use crate::words::plural;

/// The method.
pub struct Sgld;

static SIGNATURE: Signature = Signature {
    name: "sgld",
    summary: "stochastic gradient Langevin dynamics: draws of the posterior by noisy steps on minibatches",
    parameters: &[
        STEP_SIZE,
        sampling::draws("50"),
        sampling::chains("1"),
        BURN_IN,
        CYCLES,
        EXPLORATION,
        PRECONDITIONER,
        sampling::TEMPERATURE,
    ],
};

/// `step_size`
pub(super) const STEP_SIZE: Parameter = Parameter {
    name: "step_size",
    kind: Kind::Number {
        domain: Domain::Positive,
        learnable: false,
    },
    default: Some("0.01"),
    summary: "the step size on the loss per example: N times that on U",
};
/// `burn_in`
pub(super) const BURN_IN: Parameter = Parameter {
    name: "burn_in",
    kind: Kind::Number {
        domain: Domain::OpenUnit,
        learnable: false,
    },
    default: Some("0.5"),
    summary: "the part of the steps before the first draw that is kept, without cycles",
};
/// `cycles`
pub(super) const CYCLES: Parameter = Parameter {
    name: "cycles",
    kind: Kind::NumberOr {
        domain: Domain::Positive,
        word: "none",
    },
    default: Some("none"),
    summary: "how many cycles the step size runs in, from `step_size` to 0 along a cosine; `none` keeps it constant",
};
/// `exploration`
pub(super) const EXPLORATION: Parameter = Parameter {
    name: "exploration",
    kind: Kind::Number {
        domain: Domain::OpenUnit,
        learnable: false,
    },
    default: Some("0.8"),
    summary: "the part of each cycle without noise and draws",
};
/// `preconditioner`
pub(super) const PRECONDITIONER: Parameter = Parameter {
    name: "preconditioner",
    kind: Kind::Choice(&["none", "rmsprop"]),
    default: Some("none"),
    summary: "`rmsprop` gives weights with large gradients a large mass",
};

/// What is to be known beside the loss.
pub(super) fn remarks(arguments: &Constants) -> Vec<String> {
    let how = match arguments.number_if_any("cycles") {
        None => format!(
            "{} of constant steps, spread over the last {} % of them",
            sampling::kept(arguments),
            (100.0 * (1.0 - arguments.number("burn_in"))).round()
        ),
        Some(cycles) => format!(
            "{}, spread over the last {} % of each of {}",
            sampling::kept(arguments),
            (100.0 * (1.0 - arguments.number("exploration"))).round(),
            plural(cycles as usize, "cycle")
        ),
    };
    let how = format!(
        "{how}; U is estimated on minibatches and no step is rejected, so that draws are exact only as `step_size` goes to 0"
    );
    [Some(how), sampling::remark(arguments)]
        .into_iter()
        .flatten()
        .collect()
}

/// What a paper says of the steps, whose formula is `step`.
pub(super) fn steps(arguments: &Constants, step: &str) -> String {
    let epsilon = format!("{}/N", arguments.number("step_size"));
    let cycles = match arguments.number_if_any("cycles") {
        None => format!(
            "the step size constant; the first {} % of the steps were discarded.",
            (100.0 * arguments.number("burn_in")).round()
        ),
        Some(cycles) => format!(
            "the step size running in {} from there to 0 along a cosine [@zhang2020]; the first {} % of each had no \
             noise and gave no draws.",
            plural(cycles as usize, "cycle"),
            (100.0 * arguments.number("exploration")).round()
        ),
    };
    let (z, preconditioner) = match arguments.word("preconditioner") {
        "none" => ("Normal(0, I)", ""),
        _ => (
            "Normal(0, M)",
            " $M$ is diagonal, the root of a running mean of the squared gradient: RMSprop as a preconditioner [@li2016].",
        ),
    };
    let tempered = sampling::tempered(arguments);
    format!(
        "With $g$ the gradient of $-ln p(y, w | x)$ as a minibatch estimates it, a step is $${step}, z ~ {z}, \
         epsilon = {epsilon},$$ {cycles}{preconditioner} {} kept.{tempered}",
        sampling::kept_of_each(arguments),
    )
}

/// What stands before a variable that the preconditioner's masses divide: nothing without one.
pub(super) fn by_mass(arguments: &Constants) -> &'static str {
    match arguments.word("preconditioner") {
        "none" => "",
        _ => "M^(-1) ",
    }
}

/// ` T` where the temperature is another than 1.
pub(super) fn temperature(arguments: &Constants) -> String {
    match arguments.number("temperature") {
        1.0 => String::new(),
        t => format!(" * {t}"),
    }
}

/// What is wrong with the arguments, or of a model.
pub(super) fn refuse(name: &str, arguments: &Constants, inference: &Inference) -> Vec<Diagnostic> {
    let mut refused = sampling::refuse(name, inference);
    if let Some(cycles) = arguments.number_if_any("cycles")
        && (cycles.fract() != 0.0 || cycles > arguments.count("draws") as f64)
    {
        let title =
            format!("`cycles` is {cycles}, no whole number from 1 to the number of `draws`");
        refused.push(
            Diagnostic::error("E0421", title)
                .at(inference.objective.span, "")
                .help("each cycle gives draws / cycles of them, and at least one"),
        );
    }
    refused
}

impl Method for Sgld {
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
        let (by_mass, t) = (by_mass(arguments), temperature(arguments));
        let step = match by_mass {
            "" => format!("w := w - epsilon g + sqrt(2 epsilon{t}) z"),
            _ => format!("w := w + {by_mass}(sqrt(2 epsilon{t}) z - epsilon g)"),
        };
        Some(format!(
            "The posterior was sampled by stochastic gradient Langevin dynamics [@welling2011] on minibatches. {}",
            steps(arguments, &step)
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
        refuse(SIGNATURE.name, arguments, inference)
    }
}
