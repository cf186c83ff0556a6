//! Under a prior whose integral is infinite the ELBO is known up to a constant: it ranks no models.

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};

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
    fn check(&self, inference: &Inference, _: &Facts) -> Option<Diagnostic> {
        let improper: Vec<_> = inference.improper_priors().collect();
        let (first, distribution) = *improper.first()?;
        let first = &inference.tensors[first];
        let others = match improper.len() - 1 {
            0 => String::new(),
            more => format!(" and of {more} more"),
        };
        // Where all are points what is minimised is no ELBO, and holds no KL.
        let loss = if inference.is_map() { "loss" } else { "ELBO" };
        let title = format!(
            "the {loss} ranks no models: the prior of `{}`{others} is improper",
            first.name
        );
        let mut message = Diagnostic::warning(self.name(), title);
        if let Some(span) = first.prior_from.span() {
            message = message.at(span, format!("{distribution} has an infinite integral"));
        }
        // A horseshoe has no minimum for a point either.
        let points = improper.iter().any(|(tensor, _)| {
            !inference
                .fitted(*tensor)
                .posterior
                .family
                .entries()
                .is_random()
        });
        let proper = match points {
            true => "for a sparse fit under a proper prior: `Laplace(0, 0.1)`",
            false => "for a sparse fit under a proper prior: `Horseshoe(0.1)`",
        };
        let allow = format!(
            "`--allow improper-prior` where {} are not compared",
            match inference.is_map() {
                true => "losses",
                false => "ELBOs",
            }
        );
        let message = match points {
            // Its loss has no minimum, which `penalty-without-bound` says.
            true => message.note("the loss holds a constant that was chosen"),
            false => message.note(
                "a fit is as good as under any prior; its ELBO holds a constant that was chosen",
            ),
        };
        Some(message.help(proper).help(allow))
    }
}
