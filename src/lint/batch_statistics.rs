//! The statistics of a minibatch depend on all its examples and on the draw. Where each example has a draw of its own,
//! they mix draws; in predictions each draw is normalised by an average over those of training.

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::ir::{Call, Facts, Inference};
use crate::layer::Operation;

/// `batch-statistics-of-draws`
pub struct BatchStatistics;

impl Lint for BatchStatistics {
    fn name(&self) -> &'static str {
        "batch-statistics-of-draws"
    }
    fn summary(&self) -> &'static str {
        "a minibatch is normalised by statistics of values that random weights give"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/batch-statistics-of-draws.md")
    }
    fn check(&self, inference: &Inference, _: &Facts) -> Option<Diagnostic> {
        let mut random = inference.nodes.map(|_, _| false);
        for (handle, node) in inference.nodes.iter() {
            let above = node.inputs.iter().any(|input| random[*input]);
            let is_statistics = |call: &&Call| matches!(call.operation, Operation::Statistics(_));
            if let (true, Some(call)) = (above, node.call.as_ref().filter(is_statistics)) {
                let word = call.layer.map_or("", |layer| layer.signature().name);
                let title = format!(
                    "`{}` normalises by a minibatch's statistics, and random weights lie below it",
                    node.name
                );
                return Some(
                    Diagnostic::warning(self.name(), title)
                        .at(node.span, format!("`{word}` mixes what the draws of all examples give"))
                        .note("predictions normalise every draw by one average over those of training")
                        .help("`filter_response_norm` or `group_norm`, which look at one example"),
                );
            }
            let mut own = node.call.iter().flat_map(|call| call.tensors());
            let drawn = |tensor| {
                inference.fits[tensor]
                    .posterior
                    .family
                    .entries()
                    .is_random()
            };
            random[handle] = above || own.any(drawn);
        }
        None
    }
}
