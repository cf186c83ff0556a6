//! Flipout makes the draws of a minibatch's examples less alike; one example has nothing to differ from.

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};

/// `flipout-batch-of-one`
pub struct FlipoutAlone;

impl Lint for FlipoutAlone {
    fn name(&self) -> &'static str {
        "flipout-batch-of-one"
    }
    fn summary(&self) -> &'static str {
        "Flipout with minibatches of 1 is reparameterization at a higher cost"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/flipout-batch-of-one.md")
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        let flips = |name: &str| name == "flipout";
        let tensor = inference
            .all_fitted()
            .map(|(_, tensor)| tensor)
            .find(|tensor| tensor.estimator.is_some_and(|e| flips(e.signature().name)))?;
        (facts.batch? == 1).then(|| {
            let title = "flipout has no use for minibatches of 1 example";
            let message = Diagnostic::warning(self.name(), title)
                .note("its signs differ between the examples of a minibatch")
                .help("`estimator = reparameterization`, or a larger batch size");
            match tensor.estimator_from.span() {
                Some(span) => message.at(span, ""),
                None => message,
            }
        })
    }
}
