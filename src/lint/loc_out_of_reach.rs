//! The mean of a real target behind an activation that cannot take the target's values: a relu is
//! never below 0, and half of all standardized targets are.

use super::{Lint, Reach, logits_through_activation::bounds, reach, value};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};
use crate::words::short;

/// `loc-out-of-reach`
pub struct LocOutOfReach;

impl Lint for LocOutOfReach {
    fn name(&self) -> &'static str {
        "loc-out-of-reach"
    }
    fn summary(&self) -> &'static str {
        "an activation keeps the predicted loc from where the targets are"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/loc-out-of-reach.md")
    }
    fn looks_at_target(&self) -> bool {
        true
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        if !inference.summary().standardizes() {
            return None;
        }
        let Reach { low, high, by } = reach(inference, value(inference, "loc")?);
        let (node, word) = by?;
        let targets = facts.targets.iter();
        let outside = targets
            .clone()
            .find(|target| target.low < low || target.high > high)?;
        let scaled = match outside.is_standardized() {
            true => ", standardized,",
            false => "",
        };
        let title = format!(
            "`loc` has been through `{word}`, and `{}`{scaled} goes from {} to {}",
            inference.target.name,
            short(outside.low),
            short(outside.high)
        );
        Some(
            Diagnostic::warning(self.name(), title)
                .at(node.span, bounds(low, high))
                .help("end the network with its last `dense`"),
        )
    }
}
