//! Nothing shifts the network's output, and the targets are far from 0: weights whose prior is about 0
//! have to make the offset.

use super::{Level, Lint, source, value};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};
use crate::words::short;

/// `output-without-bias`
pub struct OutputWithoutBias;

impl Lint for OutputWithoutBias {
    fn name(&self) -> &'static str {
        "output-without-bias"
    }
    fn summary(&self) -> &'static str {
        "the last layer has no bias, and the targets' mean is far from 0"
    }
    fn level(&self) -> Level {
        Level::Pedantic
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/output-without-bias.md")
    }
    fn looks_at_target(&self) -> bool {
        true
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        if !inference.summary().standardizes() {
            return None;
        }
        let (node, call) = source(inference, value(inference, "loc")?)?;
        if call.kernel().is_none() || call.bias().is_some() {
            return None;
        }
        let heavy_tailed = inference.summary().heavy_tailed();
        let (what, unit) = if heavy_tailed {
            ("median", "interquartile ranges/1.349")
        } else {
            ("mean", "standard deviations")
        };
        let mut targets = facts
            .targets
            .iter()
            .map(|target| target.place_and_width(heavy_tailed));
        let [place, width] = targets.find(|[place, width]| place.abs() > *width)?;
        let title = format!(
            "`{}` has no bias, and the targets' {what} is {}, {:.1} of their {unit} from 0",
            node.name,
            short(place),
            place.abs() / width
        );
        Some(
            Diagnostic::warning(self.name(), title)
                .at(node.span, "")
                .help("a bias, or `targets = \"standardize\"` in the run file's `[data]`"),
        )
    }
}
