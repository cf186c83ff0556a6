//! Dropout on some parameters and a posterior with a density on others. Dropout has no KL: what joins
//! in its place is the published surrogate, up to a constant (Gal and Ghahramani 2016; Hron et al.
//! 2018 on why there is no such posterior). Beside a true KL the sum bounds nothing, and a step has the
//! noise of both.

use super::{Lint, at_origin, names};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Fitted, Inference, TermKind};

/// `dropout-beside-kl`
pub struct DropoutBesideKl;

impl Lint for DropoutBesideKl {
    fn name(&self) -> &'static str {
        "dropout-beside-kl"
    }
    fn summary(&self) -> &'static str {
        "dropout's surrogate and a KL in one loss"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/dropout-beside-kl.md")
    }
    fn check(&self, inference: &Inference, _: &Facts) -> Option<Diagnostic> {
        let of = |is: fn(&TermKind) -> bool| -> Vec<Fitted> {
            let terms = inference.loss.terms.iter().filter(|term| is(&term.kind));
            let tensors = terms.filter_map(|term| term.kind.tensor());
            tensors.map(|tensor| inference.fitted(tensor)).collect()
        };
        let dropped = of(|kind| matches!(kind, TermKind::Surrogate(_)));
        let with_kl = of(|kind| matches!(kind, TermKind::Kl(..)));
        let (first, other) = (dropped.first()?, with_kl.first()?);
        let title = format!(
            "{} {} dropout's surrogate and {} a KL: their sum is no bound of the evidence",
            names(&dropped),
            if dropped.len() == 1 { "has" } else { "have" },
            names(&with_kl)
        );
        let message = Diagnostic::warning(self.name(), title);
        let message = at_origin(message, first.posterior_from, "no density, no KL");
        let message = match other.posterior_from.span() {
            Some(span) => message.context(span, "a KL"),
            None => message,
        };
        Some(message.help("dropout for every kernel, or for none"))
    }
}
