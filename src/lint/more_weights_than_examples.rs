//! Many more random weights than examples: each keeps nearly its prior, and the sum of their KLs is
//! what the loss is mostly made of.

use super::{Level, Lint, random};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};
use crate::words::thousands;

/// From how many times N on.
const MANY: usize = 10;

/// `more-weights-than-examples`
pub struct MoreWeightsThanExamples;

impl Lint for MoreWeightsThanExamples {
    fn name(&self) -> &'static str {
        "more-weights-than-examples"
    }
    fn summary(&self) -> &'static str {
        "many more random weights than training examples"
    }
    fn level(&self) -> Level {
        Level::Pedantic
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/more-weights-than-examples.md")
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        let n = facts.training_examples?;
        let weights: usize = random(inference)
            .map(|(_, tensor)| tensor.shape.len())
            .sum();
        let title = format!(
            "{} random weights for {} training examples",
            thousands(weights),
            thousands(n)
        );
        (weights > MANY * n).then(|| {
            Diagnostic::warning(self.name(), title)
                .note(format!(
                    "{} of them for each example",
                    thousands(weights / n)
                ))
                .help("a smaller network, or a posterior on its last layer alone: `posterior = deterministic` for the others")
        })
    }
}
