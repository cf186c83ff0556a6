//! A temperature beside a noise scale that is fitted. What is minimised is T times
//!
//! ```text
//! Σ_n -(1/T) log p(y_n | f_n, σ) + KL
//! ```
//!
//! and p^(1/T) of a normal is N(f, T σ²) but for its normaliser, which is a function of σ: with σ
//! fixed the two are the same posterior, with σ fitted they are not.

use super::{Lint, argument, option};
use crate::diagnostic::Diagnostic;
use crate::ir::{Argument, Facts, Inference};
use crate::show;
use crate::signature::{Domain, Kind};

/// `tempered-noise`
pub struct TemperedNoise;

impl Lint for TemperedNoise {
    fn name(&self) -> &'static str {
        "tempered-noise"
    }
    fn summary(&self) -> &'static str {
        "a temperature beside a noise scale that is fitted"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/tempered-noise.md")
    }
    fn looks_at_target(&self) -> bool {
        true
    }
    fn check(&self, inference: &Inference, _: &Facts) -> Option<Diagnostic> {
        let t = inference.objective.temperature;
        if t == 1.0 || inference.loss.terms.len() < 2 {
            return None;
        }
        let parameters = inference.observe.likelihood.signature().parameters.iter();
        let positive = Kind::Value {
            domain: Domain::Positive,
        };
        let scale = parameters.filter(|p| p.kind == positive).find(|p| {
            argument(inference, p.name).is_some_and(|argument| match argument {
                Argument::Node(_) => true,
                Argument::Numbers(numbers) => numbers.each.iter().any(|s| s.fixed().is_none()),
            })
        })?;
        let title = format!(
            "`{}` is fitted as at temperature 1, T = {} does not move it",
            scale.name,
            show(t)
        );
        Some(
            Diagnostic::warning(self.name(), title)
                .at(option(inference, "temperature"), "tempers the weights alone")
                .context(inference.observe.span, "")
                .note(format!(
                    "of a fixed {name} it would be the ELBO under {} times that {name}, but for a constant; \
                     of a fitted one that is no constant",
                    show(t.sqrt()),
                    name = scale.name
                ))
                .help(format!(
                    "leave the temperature out, or give `{}` a number",
                    scale.name
                )),
        )
    }
}
