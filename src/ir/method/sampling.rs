//! What the samplers share: draws of the posterior in place of points, and what cannot be sampled.

use super::super::inference::{Inference, Minibatch, Objective};
use super::super::model::Role;
use crate::diagnostic::Diagnostic;
use crate::layer::Operation;
use crate::posterior::Entries;
use crate::signature::{Constants, Domain, Kind, Parameter};
use crate::words::{counted, plural};

/// `chains`, so many by default.
pub(super) const fn chains(default: &'static str) -> Parameter {
    Parameter {
        name: "chains",
        kind: Kind::Count,
        default: Some(default),
        summary: "how many chains, each with its own start and random numbers",
    }
}

/// `draws`, so many by default.
pub(super) const fn draws(default: &'static str) -> Parameter {
    Parameter {
        name: "draws",
        kind: Kind::Count,
        default: Some(default),
        summary: "how many draws of each chain are kept",
    }
}

/// `temperature`
pub(super) const TEMPERATURE: Parameter = Parameter {
    name: "temperature",
    kind: Kind::Number {
        domain: Domain::Positive,
        learnable: false,
    },
    default: Some("1"),
    summary: "T of the density exp(-U/T) that is sampled: 1 is the posterior",
};

/// What is sampled.
pub(super) fn head(arguments: &Constants) -> String {
    match arguments.number("temperature") {
        1.0 => {
            "exp(-U) sampled, U = N times this loss = -(log likelihood + log prior): the posterior"
                .into()
        }
        t => format!("exp(-U/{t}) sampled, U = N times this loss = -(log likelihood + log prior)"),
    }
}

/// What a temperature other than 1 means.
pub(super) fn remark(arguments: &Constants) -> Option<String> {
    let t = arguments.number("temperature");
    let is = match t {
        1.0 => return None,
        t if t < 1.0 => {
            "colder than the posterior: narrower, as if there were more data and a stronger prior"
        }
        _ => "hotter than the posterior: wider, as if there were less data and a weaker prior",
    };
    Some(format!("temperature = {t}: what is sampled is {is}"))
}

/// What a paper says of a temperature other than 1, a sentence behind a blank.
pub(super) fn tempered(arguments: &Constants) -> String {
    match arguments.number("temperature") {
        1.0 => String::new(),
        t => format!(" The density that is sampled is the posterior's to the power 1/{t}."),
    }
}

/// How many draws of the weights an average over `asked` takes: so many of each chain, and no more than are kept.
pub(super) fn used(arguments: &Constants, asked: usize) -> usize {
    let chains = arguments.count("chains");
    let kept = chains.saturating_mul(arguments.count("draws"));
    asked.next_multiple_of(chains).min(kept)
}

/// What a sampler cannot sample of a model: numbers without a prior, statistics of minibatches, and losses that are no
/// posterior.
pub(super) fn refuse(name: &str, inference: &Inference) -> Vec<Diagnostic> {
    let mut refused = vec![];
    for (_, learned) in inference.learned.iter() {
        let title = format!("`{name}` cannot sample `{}`: it has no prior", learned.name);
        refused.push(
            Diagnostic::error("E0421", title)
                .at(learned.span, "a point estimate without a prior")
                .help("`latent NAME ~ PRIOR` declares a number with a prior, and its NAME stands in its place"),
        );
    }
    for (_, node) in inference.nodes.iter() {
        let (why, help) = match node.call.as_ref().map(|call| &call.operation) {
            Some(Operation::Function(function)) if function.mask().is_some() => (
                "leaves values out at random, apart from the weights",
                "leave the layer out: the draws of the weights are the uncertainty",
            ),
            Some(Operation::Statistics(_)) => (
                "normalises by the statistics of minibatches, which are no function of the weights",
                "`layer_norm`, `group_norm` or `filter_response_norm`, which look at one example",
            ),
            _ => continue,
        };
        let title = format!("`{name}` cannot sample a network with `{}`", node.name);
        refused.push(
            Diagnostic::error("E0421", title)
                .at(node.span, why)
                .help(help),
        );
    }
    for (handle, tensor) in inference.all_fitted() {
        let is_kept = matches!(tensor.role, Role::State(_));
        if is_kept || tensor.posterior.family.entries() != Entries::Free {
            continue;
        }
        let mut nodes = inference.nodes.values();
        let own = nodes.find(|node| {
            let call = node.call.as_ref();
            call.is_some_and(|call| call.tensors().any(|of_call| of_call == handle))
        });
        let call = own.and_then(|node| node.call.as_ref());
        if call.is_some_and(|call| matches!(call.operation, Operation::Statistics(_))) {
            // The whole layer is.
            continue;
        }
        let title = format!("`{name}` cannot sample `{}`: it has no prior", tensor.name);
        let help = match tensor.role {
            Role::Row("gain") => {
                "a prior in the layer's braces, such as `gain: prior = Normal(1, 0.2)`".into()
            }
            Role::Row(row) => {
                format!("a prior in the layer's braces, such as `{row}: prior = Normal(0, 0.2)`")
            }
            _ => "a prior such as `Normal(0, 1)`".into(),
        };
        let place = tensor.posterior_from.span().or(own.map(|node| node.span));
        let message = Diagnostic::error("E0421", title).help(help);
        refused.push(match place {
            Some(span) => message.at(span, ""),
            None => message,
        });
    }
    let Objective {
        temperature,
        annealing,
        minibatch,
        span,
        ..
    } = inference.objective;
    let weighted = [
        (
            temperature != 1.0,
            "temperature",
            "`temperature` of the method tempers likelihood and prior together",
        ),
        (
            annealing.is_some(),
            "annealing",
            "leave it out: the prior has its whole weight at every step",
        ),
        (
            minibatch == Minibatch::Blundell,
            "minibatch",
            "leave it out: each minibatch has the same part of the prior",
        ),
    ];
    for (_, option, help) in weighted.into_iter().filter(|(is_set, ..)| *is_set) {
        let title = format!(
            "`{name}` samples the posterior, and `{option}` changes the weight of the prior"
        );
        let mut spans = inference.objective.option_spans.iter();
        let own = spans.find(|(name, _)| *name == option);
        let at = own.map_or(span, |(_, span)| *span);
        refused.push(Diagnostic::error("E0421", title).at(at, "").help(help));
    }
    refused
}

/// `4 chains of 1,000 draws`
pub(super) fn kept(arguments: &Constants) -> String {
    format!(
        "{} of {}",
        plural(arguments.count("chains"), "chain"),
        plural(arguments.count("draws"), "draw")
    )
}

/// `From each of 4 chains 1,000 draws were`
pub(super) fn kept_of_each(arguments: &Constants) -> String {
    let from = match arguments.count("chains") {
        1 => "From one chain".into(),
        chains => format!("From each of {chains} chains"),
    };
    let draws = counted(arguments.count("draws"), "draw was", "draws were");
    format!("{from} {draws}")
}
