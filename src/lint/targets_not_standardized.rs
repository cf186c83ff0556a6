//! A fixed noise scale and targets many of it away from 0, where the network starts: the first steps
//! have a loss of ½ E[y²]/σ² nats an example and gradients to match, and weights under a prior about 0
//! have to carry the targets' offset and unit.

use super::{Lint, fixed};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};
use crate::show;
use crate::words::short;

/// From how many noise scales on.
const MANY: f64 = 10.0;

/// `targets-not-standardized`
pub struct TargetsNotStandardized;

impl Lint for TargetsNotStandardized {
    fn name(&self) -> &'static str {
        "targets-not-standardized"
    }
    fn summary(&self) -> &'static str {
        "targets as they are, many fixed noise scales from 0"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/targets-not-standardized.md")
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
        let raw = facts.targets.iter().filter(|t| !t.is_standardized());
        let sizes = raw.map(|target| {
            let [place, width] = target.place_and_width(heavy_tailed);
            (target, place.hypot(width))
        });
        let (target, size) = sizes.max_by(|a, b| a.1.total_cmp(&b.1))?;
        if size <= MANY * scale {
            return None;
        }
        let title = format!(
            "the targets are not standardized: about {} from 0, {:.0} times the noise scale {}",
            short(size),
            size / scale,
            show(scale)
        );
        let like = if heavy_tailed {
            format!(
                "median {}, interquartile range {}",
                short(target.median),
                short(target.interquartile_range)
            )
        } else {
            format!(
                "mean {}, standard deviation {}; a network that predicts 0 has an NLL of about {} nats an example",
                short(target.mean),
                short(target.deviation),
                short(0.5 * (size / scale).powi(2))
            )
        };
        Some(
            Diagnostic::warning(self.name(), title)
                .at(inference.observe.span, "")
                .note(like)
                .help("`targets = \"standardize\"` in the run file's `[data]`, and a noise scale below 1; scores stay in the targets' own units"),
        )
    }
}
