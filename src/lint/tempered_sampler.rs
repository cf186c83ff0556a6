//! A sampler's temperature: what is sampled is then not the posterior.

use super::Lint;
use super::temperature_not_one::count;
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};
use crate::show;
use crate::signature::Constant;

/// `tempered-sampler`
pub struct TemperedSampler;

impl Lint for TemperedSampler {
    fn name(&self) -> &'static str {
        "tempered-sampler"
    }
    fn summary(&self) -> &'static str {
        "a sampler's temperature is not 1, so that it does not sample the posterior"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/tempered-sampler.md")
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        let method = &inference.method;
        let mut arguments = method.arguments.0.iter();
        let t = arguments.find_map(|(name, value)| match value {
            Constant::Number(t) if *name == "temperature" => Some(*t),
            _ => None,
        });
        let t = t.filter(|t| *t != 1.0)?;
        let name = method.signature().name;
        let is = if t < 1.0 {
            "a cold posterior"
        } else {
            "a warm posterior"
        };
        let title = format!(
            "`{name}` samples the posterior to the power {}",
            show(1.0 / t)
        );
        let message = Diagnostic::warning(self.name(), title).at(inference.objective.span, is);
        Some(match count(t, facts) {
            Some((name, _)) => message
                .note(format!("{} is {name}: the noise is of U, the sum over all examples", show(t)))
                .help("`temperature = 1` samples the posterior: bnnc has that factor already"),
            None => message
                .help("`temperature = 1` samples the posterior; `--allow tempered-sampler` where another is meant"),
        })
    }
}
