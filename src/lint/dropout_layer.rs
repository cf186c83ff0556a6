//! A dropout layer's mask is drawn in training and left out in predictions. Beside random weights it is a second noise,
//! which no term of the loss and no prediction knows of.

use super::{Lint, random};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};
use crate::layer::Operation;

/// `dropout-layer-beside-draws`
pub struct DropoutLayer;

impl Lint for DropoutLayer {
    fn name(&self) -> &'static str {
        "dropout-layer-beside-draws"
    }
    fn summary(&self) -> &'static str {
        "a dropout layer beside random weights: noise that is no part of the posterior"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/dropout-layer-beside-draws.md")
    }
    fn check(&self, inference: &Inference, _: &Facts) -> Option<Diagnostic> {
        let mut nodes = inference
            .nodes
            .values()
            .filter_map(|node| Some((node, node.call.as_ref()?)));
        let (node, _) = nodes.find(|(_, call)| match &call.operation {
            Operation::Function(function) => function.mask().is_some(),
            _ => false,
        })?;
        let mut random = random(inference);
        let (_, drawn) = random.next()?;
        let title = format!(
            "`{}` leaves values out in training, and the weights are random already",
            node.name
        );
        let message = Diagnostic::warning(self.name(), title)
            .at(node.span, "off in predictions, and in no term of the loss")
            .help("leave it out: the posterior's draws regularise")
            .help("`posterior = Dropout(rate = 0.2)` is Monte Carlo dropout, whose mask is drawn in predictions, too");
        Some(match drawn.posterior_from.span() {
            Some(span) => message.context(span, "the weights' own noise"),
            None => message,
        })
    }
}
