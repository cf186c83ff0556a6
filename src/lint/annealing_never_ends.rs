//! Annealing over more epochs than the run has: the KL never gets its whole weight, and what training
//! ends on is not the negative ELBO.

use super::{Lint, option};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};
use crate::show;

/// `annealing-never-ends`
pub struct AnnealingNeverEnds;

impl Lint for AnnealingNeverEnds {
    fn name(&self) -> &'static str {
        "annealing-never-ends"
    }
    fn summary(&self) -> &'static str {
        "the run ends before the KL has its whole weight"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/annealing-never-ends.md")
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        let (annealing, epochs) = (inference.objective.annealing?, facts.epochs?);
        let last = annealing.value(epochs as f64);
        let title = format!(
            "the KL ends with weight {} of 1, after {epochs} of annealing's {} epochs",
            show(last),
            show(annealing.epochs)
        );
        (last < 1.0 && inference.loss.of_weights().next().is_some()).then(|| {
            Diagnostic::warning(self.name(), title)
                .at(
                    option(inference, "annealing"),
                    "what is minimised never becomes the negative ELBO",
                )
                .help("anneal over fewer epochs, or train for more")
        })
    }
}
