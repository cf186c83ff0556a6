//! A posterior that starts below a scale of 1e-3: its draws hardly differ, and the gradient of rho is
//! sigmoid(rho) times the scale's, so that it stays there for long.

use super::{Lint, at_origin, names, random};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Fitted, Inference};
use crate::posterior::Entries;
use crate::spread::{start_deviation, start_scale};
use crate::words::short;

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
    fn check(&self, inference: &Inference, _: &Facts) -> Option<Diagnostic> {
        let tiny = |tensor: &Fitted| start_deviation(*tensor).is_some_and(|sd| sd < LEAST);
        let found: Vec<Fitted> = random(inference).map(|(_, t)| t).filter(tiny).collect();
        let first = *found.first()?;
        let deviation = start_deviation(first)?;
        let radial = first.posterior.family.entries() == Entries::Radial;
        let what = match radial {
            true => "standard deviation of an entry",
            false => "scale",
        };
        let title = format!(
            "the posterior of {} starts with a {what} of {}: as good as a point",
            names(&found),
            short(deviation)
        );
        let message = Diagnostic::warning(self.name(), title);
        let message = at_origin(message, first.posterior_from, "");
        Some(match radial {
            true => message
                .note(format!(
                    "its {} entries share the length of one normal number: each has the scale over the root of \
                     their number",
                    first.shape.len()
                ))
                .help(format!(
                    "`scale = {}` starts it at 0.05",
                    short(0.05 * (first.shape.len() as f64).sqrt())
                )),
            false => message
                .note(format!(
                    "a step changes it little, too: by rho, its slope is about {}",
                    short(tensor_slope(first))
                ))
                .help("`scale = Softplus(Normal(-3, 0.1))`, the default, starts near 0.049"),
        })
    }
}

/// ∂scale/∂rho at the start.
fn tensor_slope(tensor: Fitted) -> f64 {
    let transform = tensor.posterior.transform;
    let scale = start_scale(tensor).expect("it has been looked at");
    transform.slope(transform.raw(scale, f64::EPSILON))
}
