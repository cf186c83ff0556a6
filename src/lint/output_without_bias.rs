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
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        if !inference.summary().standardizes() {
            return None;
        }
        let (node, call) = source(inference, value(inference, "loc")?)?;
        if call.kernel().is_none() || call.bias().is_some() {
            return None;
        }
        let far = |target: &&_| -> bool {
            let target: &crate::likelihood::Observed = target;
            target.mean.abs() > target.deviation
        };
        let target = facts.targets.iter().find(far)?;
        let title = format!(
            "`{}` has no bias, and the targets' mean is {}, {:.1} of their standard deviations from 0",
            node.name,
            short(target.mean),
            target.mean.abs() / target.deviation
        );
        Some(
            Diagnostic::warning(self.name(), title)
                .at(node.span, "")
                .help("a bias, or `targets = \"standardize\"` in the run file's `[data]`"),
        )
    }
}
