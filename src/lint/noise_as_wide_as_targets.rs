//! A noise scale that is fixed at the targets' own standard deviation or above: the model says that all
//! their spread is noise, and a network that knows nothing explains them as well. Mean squared error is
//! the likelihood Normal(f, 1) (for ½ Σ) or Normal(f, √½) (for Σ), so that is what a loss copied from
//! elsewhere means.

use super::{Lint, fixed};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};
use crate::show;
use crate::words::short;

/// `noise-as-wide-as-targets`
pub struct NoiseAsWideAsTargets;

impl Lint for NoiseAsWideAsTargets {
    fn name(&self) -> &'static str {
        "noise-as-wide-as-targets"
    }
    fn summary(&self) -> &'static str {
        "the fixed noise scale is no less than the targets' standard deviation"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/noise-as-wide-as-targets.md")
    }
    fn looks_at_target(&self) -> bool {
        true
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        if !inference.summary().standardizes() {
            return None;
        }
        let scale = fixed(inference, "scale")?;
        let heavy_tailed = inference.summary().heavy_tailed();
        let targets = facts.targets.iter();
        let widths = targets.map(|target| (target, target.place_and_width(heavy_tailed)[1]));
        let (target, width) = widths
            .filter(|(_, width)| *width > 0.0)
            .max_by(|a, b| a.1.total_cmp(&b.1))?;
        // Standardized numbers have the width 1 but for rounding.
        if scale < width * (1.0 - 1e-9) {
            return None;
        }
        let title = format!(
            "the noise scale is fixed at {}, and the targets' {} is {}",
            show(scale),
            if heavy_tailed {
                "interquartile range/1.349"
            } else {
                "standard deviation"
            },
            short(width)
        );
        let message = Diagnostic::warning(self.name(), title).at(
            inference.observe.span,
            "takes all of their spread for noise",
        );
        let message = match target.is_standardized() {
            true => message.note(
                "targets are standardized: `targets = \"standardize\"` in the run file's `[data]`",
            ),
            false => message,
        };
        Some(message.help("`scale = learned(0.5)` fits it"))
    }
}
