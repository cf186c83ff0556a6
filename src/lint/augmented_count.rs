//! Augmentation beside a likelihood that counts each image once: how much data the images are worth is left open.

use super::{Level, Lint};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};
use crate::words::thousands;

/// `augmented-count`
pub struct AugmentedCount;

impl Lint for AugmentedCount {
    fn name(&self) -> &'static str {
        "augmented-count"
    }
    fn summary(&self) -> &'static str {
        "images are augmented, and N counts each of them once"
    }
    fn level(&self) -> Level {
        Level::Pedantic
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/augmented-count.md")
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        if !facts.augmented || !inference.is_random() {
            return None;
        }
        let n = facts.training_examples.map(thousands);
        let title = format!(
            "the images are augmented, and N{} counts each of them once",
            n.map_or(String::new(), |n| format!(" = {n}"))
        );
        Some(
            Diagnostic::warning(self.name(), title)
                .note(
                    "the likelihood is then no model of the data: a posterior that is colder or warmer may predict better",
                )
                .help(
                    "compare a `temperature` below 1 in the objective by the validation nll, and say in a report that \
                     the images were augmented",
                ),
        )
    }
}
