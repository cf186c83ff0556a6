//! A single number less its own mean is 0: batch_norm of a minibatch of one example with one position gives its shift.

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};
use crate::layer::Operation;

/// `batch-statistics-of-one`
pub struct BatchOfOne;

impl Lint for BatchOfOne {
    fn name(&self) -> &'static str {
        "batch-statistics-of-one"
    }
    fn summary(&self) -> &'static str {
        "the statistics of a minibatch are of one number, whose variance is 0"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/batch-statistics-of-one.md")
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        let mut nodes = inference
            .nodes
            .values()
            .filter_map(|node| Some((node, node.call.as_ref()?)));
        let (node, _) = nodes.find(|(node, call)| match &call.operation {
            Operation::Statistics(statistics) => node.shape.len() == statistics.channels(),
            _ => false,
        })?;
        (facts.batch? == 1).then(|| {
            let title = format!(
                "`{}` takes the variance of one number, which is 0",
                node.name
            );
            Diagnostic::warning(self.name(), title)
                .at(
                    node.span,
                    "a number less its mean is 0: the layer gives its shift",
                )
                .note("minibatches have 1 example, and its value one position")
                .help("a larger batch size, or `layer_norm`, which looks at one example")
        })
    }
}
