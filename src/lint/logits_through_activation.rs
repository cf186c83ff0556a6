//! A likelihood that takes logits applies its own softmax or sigmoid. Logits that have been through an
//! activation that bounds them bound the probabilities: a sigmoid before `Bernoulli(logits)` leaves
//! probabilities from 0.5 to 0.731, one before `Categorical(logits)` of k classes leaves the likeliest
//! at most e/(e + k - 1).

use super::{Lint, Reach, reach, value};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};
use crate::layer::Operation;
use crate::likelihood::Summary;
use crate::words::short;

/// `logits-through-activation`
pub struct LogitsThroughActivation;

impl Lint for LogitsThroughActivation {
    fn name(&self) -> &'static str {
        "logits-through-activation"
    }
    fn summary(&self) -> &'static str {
        "logits behind an activation that bounds them, and with them the probabilities"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/logits-through-activation.md")
    }
    fn looks_at_target(&self) -> bool {
        true
    }
    fn check(&self, inference: &Inference, _: &Facts) -> Option<Diagnostic> {
        let Reach { low, high, by } = reach(inference, value(inference, "logits")?);
        let (node, word) = by?;
        let Summary::Classes(classes) = inference.summary() else {
            return None;
        };
        let reach = match classes.probabilities {
            1 => {
                let [low, high] = [low, high].map(|x: f64| 1.0 / (1.0 + (-x).exp()));
                let all = low <= 0.0 && high >= 1.0;
                let text = format!(
                    "the probability of 1 lies between {} and {}",
                    short(low),
                    short(high)
                );
                (!all).then_some(text)?
            }
            // A softmax depends on differences alone: only two bounds are one.
            classes if (high - low).is_finite() => {
                let others = (classes as f64 - 1.0) * (low - high).exp();
                format!(
                    "the likeliest of {classes} classes has at most the probability {}",
                    short(1.0 / (1.0 + others))
                )
            }
            _ => return None,
        };
        let title = format!("the logits have been through `{word}`: {reach}");
        let likelihood = inference.observe.likelihood.signature().name;
        Some(
            Diagnostic::warning(self.name(), title)
                .at(node.span, bounds(low, high))
                .context(
                    inference.observe.span,
                    format!("`{likelihood}` makes probabilities of any numbers"),
                )
                .help(match node.call.as_ref().map(|call| &call.operation) {
                    Some(Operation::Map(map)) if !map.elementwise() => {
                        format!(
                            "leave it out: `{likelihood}(logits = …)` applies the softmax itself"
                        )
                    }
                    _ => "leave it out".into(),
                }),
        )
    }
}

/// `between 0 and 1`, `above 0`
pub(super) fn bounds(low: f64, high: f64) -> String {
    match (low.is_finite(), high.is_finite()) {
        (true, true) => format!("between {} and {}", short(low), short(high)),
        (true, false) => format!("never below {}", short(low)),
        _ => format!("never above {}", short(high)),
    }
}
