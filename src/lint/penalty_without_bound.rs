//! A point estimate whose penalty falls without bound: −log p(w) = w²/(2s²) + ln s + … as w and a scale s
//! that is learned, or a point as a latent variable, go to 0 together, or −log p(w) itself as w goes to where the density is infinite.

use super::{Lint, at_origin};
use crate::diagnostic::Diagnostic;
use crate::distribution::Support;
use crate::ir::{Facts, Inference, Leaf, Learned, Prior, Range, Scalar, Tensor, TermKind};
use crate::signature::Domain;

/// `penalty-without-bound`
pub struct PenaltyWithoutBound;

impl Lint for PenaltyWithoutBound {
    fn name(&self) -> &'static str {
        "penalty-without-bound"
    }
    fn summary(&self) -> &'static str {
        "a point estimate under a prior whose scale is fitted, or whose density is infinite, has no minimum"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/penalty-without-bound.md")
    }
    fn check(&self, inference: &Inference, _: &Facts) -> Option<Diagnostic> {
        let method = &inference.method;
        if method.is_sampler() {
            // A sampler draws of the density: it does not look for a maximum.
            return None;
        }
        inference.loss.terms.iter().find_map(|term| {
            let TermKind::NegLogPrior(tensor) = term.kind else {
                return None;
            };
            let tensor = &inference.tensors[tensor];
            let prior = tensor.prior.as_ref()?;
            let message = infinite(self.name(), tensor, prior)
                .or_else(|| local(self.name(), inference, tensor, prior))
                .or_else(|| learned(self.name(), inference, tensor, prior))
                .or_else(|| latent(self.name(), inference, tensor, prior))?;
            let random = match method.fits_posteriors() {
                true => "`posterior = MeanField` keeps it away from 0: its KL has a minimum",
                false => {
                    "`inference mean_field`, whose KL has a minimum, or `nuts`, which averages over it"
                }
            };
            Some(message.help(random))
        })
    }
}

/// A prior whose density is infinite somewhere.
fn infinite(name: &'static str, tensor: &Tensor, prior: &Prior) -> Option<Diagnostic> {
    let pole = prior.distribution.pole()?;
    let word = prior.distribution.signature().name;
    let title = format!(
        "the penalty of `{}` falls without bound as a weight goes to {pole}, where the density of {word} is \
         infinite",
        tensor.name
    );
    let message = at_origin(
        Diagnostic::warning(name, title),
        &tensor.prior_from,
        format!("p(w) is infinite at w = {pole}"),
    );
    Some(message.help("a prior of a finite density, such as `Laplace(0, 0.1)`"))
}

/// Local scales: each is random, with a KL that falls as the scale's logarithm once, while the penalties of
/// the weights that share it do so once each.
fn local(
    name: &'static str,
    inference: &Inference,
    tensor: &Tensor,
    prior: &Prior,
) -> Option<Diagnostic> {
    let scales = &inference.tensors[prior.local?];
    let title = format!(
        "the penalty of `{}` falls without bound as the weights and `{}` go to 0 together",
        tensor.name, scales.name
    );
    let message = at_origin(
        Diagnostic::warning(name, title),
        &tensor.prior_from,
        "nothing keeps a local scale away from 0",
    );
    Some(message.help("a prior of a finite density, such as `Laplace(0, 0.1)`"))
}

/// A scale that a learned number takes to 0.
fn learned(
    name: &'static str,
    inference: &Inference,
    tensor: &Tensor,
    prior: &Prior,
) -> Option<Diagnostic> {
    let learned = scales(prior).find_map(|scale| vanishing(inference, scale))?;
    let alone = scales(prior).any(|scale| match scale {
        Scalar::Learned(handle) => inference.learned[*handle].name == learned.name,
        _ => false,
    });
    let scale = match alone {
        true => format!("`{}`", learned.name),
        false => format!("the scale that `{}` is part of", learned.name),
    };
    let title = format!(
        "the penalty of `{}` falls without bound as the weights and {scale} go to 0 together",
        tensor.name
    );
    Some(
        Diagnostic::warning(name, title)
            .at(learned.span, "nothing keeps it away from 0")
            .help("give the prior's scale a number"),
    )
}

/// A scale that a latent variable, a point here, takes to 0.
fn latent(
    name: &'static str,
    inference: &Inference,
    tensor: &Tensor,
    prior: &Prior,
) -> Option<Diagnostic> {
    if inference.method.fits_posteriors() {
        // A latent variable is random then, or a point that a file asks for.
        return None;
    }
    let vanishes = |scale: &&Scalar| {
        let range = scale.range(&|leaf| match leaf {
            Leaf::Learned(learned) => Range::of(inference.learned[learned].domain),
            Leaf::Latent(latent) => match inference.fitted(latent).posterior.support() {
                Support::Real => Range::of(Domain::Real),
                Support::Positive => Range::of(Domain::Positive),
                Support::Interval { low, high } => Range::open(low, high),
            },
        });
        range.low <= 0.0
    };
    let mut leaves = scales(prior).filter(vanishes).flat_map(Scalar::leaves);
    let latent = leaves.find_map(|leaf| match leaf {
        Leaf::Latent(latent) => Some(&inference.tensors[latent]),
        Leaf::Learned(_) => None,
    })?;
    let title = format!(
        "the penalty of `{}` falls without bound as the weights and `{}` go to 0 together: `{}` finds no maximum",
        tensor.name,
        latent.name,
        inference.method.signature().name
    );
    let message = at_origin(
        Diagnostic::warning(name, title),
        &tensor.prior_from,
        "nothing keeps its scale away from 0",
    );
    Some(message.help("give the prior's scale a number"))
}

/// The numbers of a prior that are scales.
fn scales(prior: &Prior) -> impl Iterator<Item = &Scalar> {
    let lengths = prior.distribution.lengths(prior.parameters.len());
    let arguments = prior
        .distribution
        .signature()
        .parameters
        .iter()
        .zip(lengths);
    let names = arguments.flat_map(|(argument, length)| vec![argument.name; length]);
    let numbers = names.zip(&prior.parameters);
    numbers.filter_map(|(name, scalar)| name.starts_with("scale").then_some(scalar))
}

/// The learned number that can take a scale as near to 0 as it likes, whatever the latent variables in it.
fn vanishing<'a>(inference: &'a Inference, scale: &Scalar) -> Option<&'a Learned> {
    let range = scale.range(&|leaf| match leaf {
        Leaf::Learned(learned) => Range::of(inference.learned[learned].domain),
        Leaf::Latent(latent) => Range::point(inference.fitted(latent).posterior.middle()),
    });
    let mut leaves = scale.leaves().into_iter();
    let learned = leaves.find_map(|leaf| match leaf {
        Leaf::Learned(learned) => Some(&inference.learned[learned]),
        Leaf::Latent(_) => None,
    })?;
    (range.low <= 0.0).then_some(learned)
}
