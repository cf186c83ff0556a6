//! A temperature multiplies the KL: what is minimised is then not the negative ELBO.

use super::{Lint, option};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};
use crate::show;
use crate::words::join;

/// `temperature-not-one`
pub struct TemperatureNotOne;

impl Lint for TemperatureNotOne {
    fn name(&self) -> &'static str {
        "temperature-not-one"
    }
    fn summary(&self) -> &'static str {
        "the KL, or what stands for it, has another weight than in the ELBO"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/temperature-not-one.md")
    }
    fn check(&self, inference: &Inference, _: &Facts) -> Option<Diagnostic> {
        let t = inference.objective.temperature;
        let weighted = inference.weighted();
        let has = if weighted.len() == 1 { "has" } else { "have" };
        let (whole, value) = match inference.is_map() {
            true => ("the posterior", "the log posterior"),
            false => ("the ELBO", "ELBO"),
        };
        let title = format!(
            "the {} {has} weight {} of {whole}'s 1",
            join(weighted.iter().map(ToString::to_string).collect(), "and"),
            show(t)
        );
        (t != 1.0 && inference.loss.terms.len() > 1).then(|| {
            Diagnostic::warning(self.name(), title)
                .at(
                    option(inference, "temperature"),
                    if t < 1.0 {
                        "a cold posterior"
                    } else {
                        "a warm posterior"
                    },
                )
                .note(format!(
                    "the value reported as {value} stays the true one, with weight 1"
                ))
                .help("`temperature = 1`, or `--allow temperature-not-one` where it is meant")
        })
    }
}
