//! Scores of one draw of the weights: there is no average over the posterior, so a probability is one
//! network's, and what the weights are unsure of comes out as 0.

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};

/// `one-draw-evaluation`
pub struct OneDrawEvaluation;

impl Lint for OneDrawEvaluation {
    fn name(&self) -> &'static str {
        "one-draw-evaluation"
    }
    fn summary(&self) -> &'static str {
        "scores are of one draw of the weights, and average over no posterior"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/one-draw-evaluation.md")
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        let asked = facts.evaluation_samples?;
        // An ensemble has all of its members, however many are asked for.
        (inference.is_random() && inference.draws(asked) == 1).then(|| {
            let title = "predictions are of 1 draw of the weights: of one network, not of the posterior";
            Diagnostic::warning(self.name(), title)
                .note("of one draw, epistemic uncertainty and mutual information are 0")
                .help("10 draws or more: `evaluation_samples` of the run file, `--samples` of `evaluate` and `predict`")
        })
    }
}
