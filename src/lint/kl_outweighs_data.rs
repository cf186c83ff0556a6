//! The KL at the start against the NLL of a network that knows nothing: where it is many times that,
//! the first epochs mostly shrink the KL, and what the data say is lost in it.

use super::{Level, Lint};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference, TermKind};
use crate::words::short;

/// From how many times the NLL on.
const MANY: f64 = 5.0;

/// `kl-outweighs-data`
pub struct KlOutweighsData;

impl Lint for KlOutweighsData {
    fn name(&self) -> &'static str {
        "kl-outweighs-data"
    }
    fn summary(&self) -> &'static str {
        "the KL starts at many times the NLL of a network that knows nothing"
    }
    fn level(&self) -> Level {
        Level::Pedantic
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/kl-outweighs-data.md")
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        let n = facts.training_examples? as f64;
        let nlls = inference.observed();
        let nlls = nlls.map(|(target, observe)| observe.likelihood.uninformed(&target.kind));
        let nll = nlls.sum::<Option<f64>>()?;
        if inference.objective.annealing.is_some() {
            return None;
        }
        let of_kl = inference.loss.terms.iter().zip(&facts.initial_terms);
        let of_kl = of_kl.filter(|(term, _)| matches!(term.kind, TermKind::Kl(..)));
        let parts: Vec<(String, f64)> = of_kl
            .filter_map(|(term, value)| Some((term.kind.name(inference), (*value)?)))
            .collect();
        let kl = inference.objective.temperature * parts.iter().map(|(_, x)| x).sum::<f64>() / n;
        let (largest, part) = parts.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        if kl <= MANY * nll {
            return None;
        }
        let title = format!(
            "the KL starts at {} nats an example, {:.1} times the {} of a network that knows nothing",
            short(kl),
            kl / nll,
            short(nll)
        );
        Some(
            Diagnostic::warning(self.name(), title)
                .at(inference.objective.span, "")
                .note(format!("the largest part is {largest}, {} nats over N = {n}", short(*part)))
                .help("`annealing = linear(epochs = 10)` lets the data speak first")
                .help("a narrower prior, such as `Normal(0, 1 / sqrt(fan_in))`, or a posterior that starts wider, starts nearer to it"),
        )
    }
}
