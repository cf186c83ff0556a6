//! A temperature multiplies the KL: what is minimised is then not the negative ELBO.

use super::{Lint, option};
use crate::check::expression::show;
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Model};

/// `temperature-not-one`
pub struct TemperatureNotOne;

impl Lint for TemperatureNotOne {
    fn name(&self) -> &'static str {
        "temperature-not-one"
    }
    fn summary(&self) -> &'static str {
        "the KL has another weight than in the ELBO"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/temperature-not-one.md")
    }
    fn check(&self, model: &Model, _: &Facts) -> Option<Diagnostic> {
        let t = model.objective.temperature;
        let title = format!("the KL has weight {} of the ELBO's 1", show(t));
        (t != 1.0 && model.loss.terms.len() > 1).then(|| {
            Diagnostic::warning(self.name(), title)
                .at(
                    option(model, "temperature"),
                    if t < 1.0 {
                        "a cold posterior"
                    } else {
                        "a warm posterior"
                    },
                )
                .note("the value reported as ELBO stays the true one, with weight 1")
                .help("`temperature = 1`, or `--allow temperature-not-one` where it is meant")
        })
    }
}
