//! π_i = 2^(M−i)/(2^M−1) halves from one minibatch to the next: past the 30th it is below 1e-9.

use super::{Lint, option};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference, Minibatch};

/// `blundell-weights-vanish`
pub struct BlundellVanishes;

impl Lint for BlundellVanishes {
    fn name(&self) -> &'static str {
        "blundell-weights-vanish"
    }
    fn summary(&self) -> &'static str {
        "the KL acts on the first few minibatches of an epoch alone"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/blundell-weights-vanish.md")
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        let batches = facts.batches()?;
        let title = format!("99.9 % of the KL falls on 10 of an epoch's {batches} minibatches");
        (inference.objective.minibatch == Minibatch::Blundell && batches > 30).then(|| {
            Diagnostic::warning(self.name(), title)
                .at(
                    option(inference, "minibatch"),
                    "halves from each minibatch to the next",
                )
                .help("`minibatch = uniform` gives every minibatch the same share of it")
        })
    }
}
