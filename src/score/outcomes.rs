//! What was predicted of some examples, and what was true.

use crate::likelihood::{Predictive, Summary};

/// Predictions of examples with their targets: all that scores, curves and pictures are made of. Not of targets with a
/// value at each of several places, whose predictions are not all kept ([`crate::likelihood::Tally`]).
#[derive(Debug, Clone)]
pub struct Outcomes {
    /// What is predicted of the target: classes or numbers.
    pub summary: Summary,
    /// The predictions.
    pub predicted: Predictive,
    /// The target's entries, one example after the other, as the data has them; empty where there are none, as of
    /// examples out of distribution.
    pub targets: Vec<f64>,
}

impl Outcomes {
    /// How many examples there are.
    pub fn examples(&self) -> usize {
        self.predicted.examples
    }

    /// Entries of an example's target.
    pub fn entries(&self) -> usize {
        match self.summary {
            Summary::Classes(_) => 1,
            Summary::Numbers(numbers) => numbers.entries,
        }
    }

    /// Whether the predictions are probabilities of classes, and the targets are known.
    pub(super) fn of_classes(&self) -> bool {
        matches!(self.summary, Summary::Classes(_)) && !self.targets.is_empty()
    }

    /// Whether the predictions are distributions of numbers, and the targets are known.
    pub(super) fn of_numbers(&self) -> bool {
        matches!(self.summary, Summary::Numbers(_)) && !self.targets.is_empty()
    }

    /// The class that an example is of.
    pub fn label(&self, example: usize) -> usize {
        self.targets[example] as usize
    }

    /// Whether an example's likeliest class is the right one.
    pub fn is_right(&self, example: usize) -> bool {
        self.predicted.top(example).0 == self.label(example)
    }
}
