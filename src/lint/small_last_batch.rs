//! The last minibatch of an epoch holds what is left. Its loss is a mean over its own examples, and a
//! step of it counts as much as any other: each of its few examples weighs B/rest times as much.

use super::{Level, Lint};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};
use crate::words::count;

/// From how many times the weight of others on.
const MANY: usize = 4;

/// `small-last-batch`
pub struct SmallLastBatch;

impl Lint for SmallLastBatch {
    fn name(&self) -> &'static str {
        "small-last-batch"
    }
    fn summary(&self) -> &'static str {
        "the few examples of an epoch's last minibatch weigh many times as much as others"
    }
    fn level(&self) -> Level {
        Level::Pedantic
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/small-last-batch.md")
    }
    fn check(&self, _: &Inference, facts: &Facts) -> Option<Diagnostic> {
        let (n, b) = (facts.training_examples?, facts.batch?);
        let rest = n % b;
        if rest == 0 || b < MANY * rest {
            return None;
        }
        let title = format!(
            "the last minibatch of an epoch has {}, which {} {:.1} times as much as another",
            count(rest, "example", "examples"),
            if rest == 1 { "weighs" } else { "weigh" },
            b as f64 / rest as f64
        );
        let message = Diagnostic::warning(self.name(), title)
            .note(format!("N = {n} = {} · {b} + {rest}", n / b));
        // Of the sizes near this one, the nearest whose last minibatch is at least half full.
        let full = |b: &usize| n.is_multiple_of(*b) || 2 * (n % b) >= *b;
        let near = (b / 2 + 1..=(2 * b).min(n)).filter(full);
        Some(match near.min_by_key(|near| near.abs_diff(b)) {
            Some(near) => {
                let last = if n.is_multiple_of(near) {
                    near
                } else {
                    n % near
                };
                message.help(format!("with `batch_size = {near}` the last has {last}"))
            }
            None => message,
        })
    }
}
