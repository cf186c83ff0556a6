//! The ELBO of a run, or what stands in its place, and what decides whether two are comparable.

use crate::evaluate::Elbo;
use crate::ir::{Inference, Position, TermKind};
use crate::likelihood::TargetKind;
use crate::train::Config;
use crate::train::data_record::DataRecord;

/// The terms of a run's loss at weight 1, and what they are of.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// `-ELBO / N`
    pub quantity: &'static str,
    /// Its value, in nats an example.
    pub value: f64,
    /// ln p(D) of the training examples, in the targets' own units, where the method works it out.
    pub log_evidence: Option<f64>,
    /// The layers whose weights are averaged out in it.
    pub averaged_out: Option<String>,
    /// Whether the priors' scales are other than those of the file, under which `value` is.
    pub rescaled: bool,
    /// N.
    pub training_examples: usize,
    /// Fingerprints of the training data.
    pub data: String,
    /// T.
    pub temperature: f64,
    /// The weight of the KL at the run's end, where annealing had not brought it to its last value.
    pub annealed: Option<f64>,
    /// Whether some prior has no density that integrates to 1.
    pub improper: bool,
    /// Whether dropout's surrogate stands for a KL.
    pub surrogate: bool,
    /// Whether some weight is a point, with its log prior in the place of a KL.
    pub penalty: bool,
    /// How many targets have a density; the likelihoods of the others are probabilities.
    pub densities: usize,
    /// The likelihoods.
    pub likelihoods: String,
    /// How real targets are scaled: `standardize` or `none`; none where no target is real.
    pub targets: Option<&'static str>,
}

impl Bound {
    /// Of a run with these settings, `epochs` of which are done.
    pub fn new(
        elbo: &Elbo,
        log_evidence: Option<f64>,
        rescaled: bool,
        inference: &Inference,
        config: &Config,
        record: &DataRecord,
        epochs: f64,
    ) -> Bound {
        let n = record.training_examples;
        let lambda = |epoch: f64| {
            let (.., term) = inference.loss.of_weights().next()?;
            let at = Position {
                epoch,
                ..Position::full_batch(n)
            };
            Some(term.scale.lambda_at(&at))
        };
        let annealed = lambda(epochs).filter(|now| Some(*now) != lambda(f64::MAX));
        let has = |wanted: fn(&TermKind) -> bool| {
            let mut terms = inference.loss.terms.iter();
            terms.any(|term| wanted(&term.kind))
        };
        let fingerprints = record.others.iter().map(|other| &other.fingerprint);
        let fingerprints: Vec<&str> = [&record.fingerprint]
            .into_iter()
            .chain(fingerprints)
            .map(String::as_str)
            .collect();
        let is_real =
            |kind: &TargetKind| matches!(kind, TargetKind::Real(_) | TargetKind::Reals(_));
        let observed = || inference.observed();
        let likelihoods: Vec<&str> = observed()
            .map(|(_, observe)| observe.likelihood.signature().name)
            .collect();
        let reals = observed()
            .filter(|(target, _)| is_real(&target.kind))
            .count();
        Bound {
            quantity: elbo.quantity,
            value: elbo.loss,
            log_evidence,
            averaged_out: log_evidence.and_then(|_| {
                let of = inference.method.arguments.find("of");
                of.map(ToString::to_string)
            }),
            rescaled,
            training_examples: n,
            data: fingerprints.join(" "),
            temperature: inference.objective.temperature,
            annealed,
            improper: inference.improper_priors().next().is_some(),
            surrogate: has(|kind| matches!(kind, TermKind::Surrogate(_))),
            penalty: has(|kind| matches!(kind, TermKind::NegLogPrior(_))),
            densities: reals,
            likelihoods: likelihoods.join(", "),
            targets: (reals > 0).then_some(config.data.targets),
        }
    }
}
