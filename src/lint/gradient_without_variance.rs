//! Monte-Carlo gradients of a KL that are unbiased and have an infinite variance, so that more draws do not make them
//! settle as 1/√S.
//!
//! - A prior whose density is infinite at 0 has there a score near 1/w. The gradient by loc is that score at a draw,
//!   and ∫ q(w)/w² dw diverges at 0 for every posterior with q(0) > 0.
//! - Sticking the landing for a radial posterior: what is left of the gradient grows as 1/r at a radius r near 0, whose
//!   density does not vanish there.

use super::{Level, Lint, at_origin, names, option};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Fitted, Form, Inference, TermKind};
use crate::posterior::Entries;

/// `gradient-without-variance`
pub struct GradientWithoutVariance;

impl Lint for GradientWithoutVariance {
    fn name(&self) -> &'static str {
        "gradient-without-variance"
    }
    fn summary(&self) -> &'static str {
        "a Monte-Carlo gradient of the KL has an infinite variance"
    }
    fn level(&self) -> Level {
        Level::Warn
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/gradient-without-variance.md")
    }
    fn check(&self, inference: &Inference, _: &Facts) -> Option<Diagnostic> {
        let of = |wanted: &dyn Fn(Fitted, bool) -> bool| -> Vec<Fitted> {
            let terms = inference.loss.terms.iter();
            let found = terms.filter_map(|term| match term.kind {
                TermKind::Kl(handle, Form::MonteCarlo { path }) => {
                    Some((inference.fitted(handle), path))
                }
                _ => None,
            });
            let found = found.filter(|(tensor, path)| wanted(*tensor, *path));
            found.map(|(tensor, _)| tensor).collect()
        };
        let poles = of(&|tensor, _| {
            let prior = tensor.prior.as_ref();
            prior.is_some_and(|prior| prior.distribution.pole().is_some())
        });
        let title = |tensors: &[Fitted]| {
            format!(
                "the Monte-Carlo gradient of the KL of {} has an infinite variance",
                names(tensors)
            )
        };
        if let Some(first) = poles.first() {
            let prior = first.prior.as_ref()?.distribution.signature().name;
            let message = Diagnostic::warning(self.name(), title(&poles));
            let message = at_origin(message, &first.prior_from, "its density is infinite at 0")
                .note(format!(
                    "the score of {prior} is near 1/w at 0, and draws come as near to 0 as they like: the noise of \
                     the gradient does not fall as 1/sqrt(samples)"
                ));
            let normal = poles
                .iter()
                .all(|t| t.posterior.family.entries() == Entries::Normal);
            return Some(match normal {
                true => message.help("`kl = auto` computes it by quadrature, without draws"),
                false => message
                    .help("`posterior = MeanField` has its KL by quadrature, without draws")
                    .help("a prior of a finite density, such as `StudentT(1, scale = 0.1)`"),
            });
        }
        let radial =
            of(&|tensor, path| path && tensor.posterior.family.entries() == Entries::Radial);
        (!radial.is_empty()).then(|| {
            Diagnostic::warning(self.name(), title(&radial))
                .at(option(inference, "kl"), "the gradient of the path alone")
                .note("a radial posterior has draws as near to its loc as they come, where that gradient grows as 1/r")
                .help("`kl = auto` has the whole gradient, whose variance is finite")
        })
    }
}
