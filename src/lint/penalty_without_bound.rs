//! A point estimate under a prior whose scale is learned too: −log p(w) = w²/(2s²) + ln s + … falls
//! without bound as w and s go to 0 together, whatever the data say.

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Model, Scalar, TermKind};
use crate::signature::Domain;

/// `penalty-without-bound`
pub struct PenaltyWithoutBound;

impl Lint for PenaltyWithoutBound {
    fn name(&self) -> &'static str {
        "penalty-without-bound"
    }
    fn summary(&self) -> &'static str {
        "a point estimate under a prior whose scale is learned has no minimum"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/penalty-without-bound.md")
    }
    fn check(&self, model: &Model, _: &Facts) -> Option<Diagnostic> {
        model.loss.terms.iter().find_map(|term| {
            let TermKind::NegLogPrior(tensor) = term.kind else {
                return None;
            };
            let tensor = &model.tensors[tensor];
            let mut scalars = tensor.prior.as_ref()?.parameters.iter();
            let scale = scalars.find_map(|scalar| match scalar {
                Scalar::Learned(learned) => Some(&model.learned[*learned])
                    .filter(|l| l.domain == Domain::Positive && l.name.contains("scale")),
                _ => None,
            })?;
            let title = format!(
                "the penalty of `{}` falls without bound as the weights and `{}` go to 0 together",
                tensor.name, scale.name
            );
            Some(
                Diagnostic::warning(self.name(), title)
                    .at(scale.span, "nothing keeps it away from 0")
                    .help("give the prior's scale a number")
                    .help("`posterior = MeanField` keeps it away from 0: its KL has a minimum"),
            )
        })
    }
}
