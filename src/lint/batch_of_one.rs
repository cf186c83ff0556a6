//! A single number less its own mean is 0: batch_norm of a minibatch of one example with one position gives its shift.

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};

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
        let mut layers = inference.batch_statistics();
        let (node, _) = layers.find(|(_, positions)| *positions == 1)?;
        let batch = facts.batch?;
        let which = match facts.training_examples {
            _ if batch == 1 => "minibatches have",
            Some(examples) if examples % batch == 1 => "the last minibatch of an epoch has",
            _ => return None,
        };
        let title = format!(
            "`{}` takes the variance of one number, which is 0",
            node.name
        );
        let message = Diagnostic::warning(self.name(), title)
            .at(
                node.span,
                "a number less its mean is 0: the layer gives its shift",
            )
            .note(format!("{which} 1 example, and its value one position"));
        Some(match batch {
            1 => message.help("a larger batch size, or `layer_norm`, which looks at one example"),
            _ => message.help("another batch size, or `layer_norm`, which looks at one example"),
        })
    }
}
