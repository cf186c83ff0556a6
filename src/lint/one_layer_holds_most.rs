//! Behind convolutions, a dense layer on a flattened image holds nearly all weights, and with them
//! nearly all of the KL: 90.6 % in the LeNet of TensorFlow Probability's example.

use super::{Level, Lint};
use crate::diagnostic::Diagnostic;
use crate::ir::{Call, Facts, Inference};
use crate::layer::Operation;
use crate::words::thousands;

/// From which share on.
const MOST: f64 = 0.8;

/// `one-layer-holds-most`
pub struct OneLayerHoldsMost;

impl Lint for OneLayerHoldsMost {
    fn name(&self) -> &'static str {
        "one-layer-holds-most"
    }
    fn summary(&self) -> &'static str {
        "the first dense layer behind convolutions holds most of the weights"
    }
    fn level(&self) -> Level {
        Level::Pedantic
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/one-layer-holds-most.md")
    }
    fn check(&self, inference: &Inference, _: &Facts) -> Option<Diagnostic> {
        let largest = inference.largest()?;
        let share = largest.weights as f64 / largest.of as f64;
        let (_, node) = inference.nodes.iter().find(|(_, node)| {
            let kernel = node.call.as_ref().and_then(|call| call.kernel());
            kernel.is_some_and(|kernel| inference.tensors[kernel].name == largest.name)
        })?;
        let below = &inference.nodes[*node.inputs.first()?];
        let is_view = |call: &Call| matches!(call.operation, Operation::View(_));
        let below = Some(below).filter(|below| below.call.as_ref().is_some_and(is_view))?;
        let image = below.inputs.first().map(|input| &inference.nodes[*input]);
        // A dense layer that takes a flattened image which a layer has made.
        let image = image.filter(|image| image.shape.rank() == 3 && image.call.is_some())?;
        if share <= MOST || node.shape.rank() != 1 {
            return None;
        }
        let title = format!(
            "`{}` holds {:.1} % of the weights: {} of {}",
            largest.name,
            100.0 * share,
            thousands(largest.weights),
            thousands(largest.of)
        );
        Some(
            Diagnostic::warning(self.name(), title)
                .at(node.span, "")
                .context(image.span, format!("the image is {}", image.shape))
                .note("and about that share of the KL")
                .help("`global_avg_pool2d` before it, or one more pool, leaves it fewer inputs"),
        )
    }
}
