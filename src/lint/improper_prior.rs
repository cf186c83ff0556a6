//! Under a prior whose integral is infinite the ELBO is known up to a constant: it ranks no models.

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Model};

/// `improper-prior`
pub struct ImproperPrior;

impl Lint for ImproperPrior {
    fn name(&self) -> &'static str {
        "improper-prior"
    }
    fn summary(&self) -> &'static str {
        "a prior whose integral is infinite: the ELBO is known up to a constant"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/improper-prior.md")
    }
    fn check(&self, model: &Model, _: &Facts) -> Option<Diagnostic> {
        let improper: Vec<_> = model.improper_priors().collect();
        let (first, distribution) = *improper.first()?;
        let others = match improper.len() - 1 {
            0 => String::new(),
            more => format!(" and of {more} more"),
        };
        let title = format!(
            "the ELBO ranks no models: the prior of `{}`{others} is improper",
            first.name
        );
        let mut message = Diagnostic::warning(self.name(), title);
        if let Some(span) = first.prior_from.span() {
            message = message.at(span, format!("{distribution} has an infinite integral"));
        }
        Some(
            message
                .note("a fit is as good as under any prior; its ELBO holds a constant that was chosen")
                .help("for a sparse fit under a proper prior: `Horseshoe(0.1)`")
                .help("`--allow improper-prior` where ELBOs are not compared"),
        )
    }
}
