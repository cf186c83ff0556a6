//! A schedule that warms up for longer than the run lasts: the learning rate that is written is never
//! reached.

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};
use crate::show;

/// `warm-up-never-ends`
pub struct WarmUpNeverEnds;

impl Lint for WarmUpNeverEnds {
    fn name(&self) -> &'static str {
        "warm-up-never-ends"
    }
    fn summary(&self) -> &'static str {
        "the run ends before the learning rate has its whole size"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/warm-up-never-ends.md")
    }
    fn check(&self, _: &Inference, facts: &Facts) -> Option<Diagnostic> {
        let (warm_up, epochs) = (facts.warm_up?, facts.epochs?);
        let title = format!(
            "the learning rate warms up for {} epochs, the run has {epochs}",
            show(warm_up)
        );
        // Without an epoch there is no learning rate.
        (warm_up > epochs as f64 && epochs > 0).then(|| {
            Diagnostic::warning(self.name(), title)
                .note(format!(
                    "it ends at {:.3} of `learning_rate`",
                    epochs as f64 / warm_up
                ))
                .help("set a smaller `warmup_epochs` in `[schedule]`, or train for more epochs")
        })
    }
}
