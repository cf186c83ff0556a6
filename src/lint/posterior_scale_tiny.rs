//! A posterior that starts below a scale of 1e-3: its draws hardly differ, and the gradient of rho is
//! sigmoid(rho) times the scale's, so that it stays there for long.

use super::{Lint, at_origin, names, random};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Model, Tensor};
use crate::report::spread::start_scale;
use crate::report::table::short;

/// Below this a draw is the loc.
const LEAST: f64 = 1e-3;

/// `posterior-scale-tiny`
pub struct PosteriorScaleTiny;

impl Lint for PosteriorScaleTiny {
    fn name(&self) -> &'static str {
        "posterior-scale-tiny"
    }
    fn summary(&self) -> &'static str {
        "a posterior that starts with a scale below 1e-3 is as good as a point"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/posterior-scale-tiny.md")
    }
    fn check(&self, model: &Model, _: &Facts) -> Option<Diagnostic> {
        let tiny = |tensor: &&Tensor| start_scale(tensor).is_some_and(|scale| scale < LEAST);
        let found: Vec<&Tensor> = random(model).map(|(_, t)| t).filter(tiny).collect();
        let first = found.first()?;
        let scale = start_scale(first)?;
        let title = format!(
            "the posterior of {} starts with a scale of {}: as good as a point",
            names(&found),
            short(scale)
        );
        let message = Diagnostic::warning(self.name(), title);
        Some(
            at_origin(message, &first.posterior_from, "")
                .note(format!(
                    "a step changes it little, too: by rho, its slope is about {}",
                    short(tensor_slope(first))
                ))
                .help("`scale = Softplus(Normal(-3, 0.1))`, the default, starts near 0.049"),
        )
    }
}

/// ∂scale/∂rho at the start.
fn tensor_slope(tensor: &Tensor) -> f64 {
    let transform = tensor.posterior.transform;
    let scale = start_scale(tensor).expect("it has been looked at");
    transform.slope(transform.raw(scale, f64::EPSILON))
}
