//! What was predicted of some examples, and what was true.

use crate::likelihood::{Numbers, Predictive, Summary};

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

    /// Whether the predictions are probabilities of classes.
    pub fn are_classes(&self) -> bool {
        matches!(self.summary, Summary::Classes(_))
    }

    /// Whether the predictions are probabilities of classes, and the targets are known.
    pub(super) fn of_classes(&self) -> bool {
        self.are_classes() && !self.targets.is_empty()
    }

    /// Whether the predictions are distributions of numbers, and the targets are known.
    pub(super) fn of_numbers(&self) -> bool {
        !self.are_classes() && !self.targets.is_empty()
    }

    /// The class that an example is of.
    pub fn label(&self, example: usize) -> usize {
        self.targets[example] as usize
    }

    /// Whether an example's likeliest class is the right one.
    pub fn is_right(&self, example: usize) -> bool {
        self.predicted.top(example).0 == self.label(example)
    }

    /// The likeliest class's probability, less 1 where it is the right one.
    pub(super) fn gap(&self, example: usize) -> f64 {
        self.predicted.top(example).1 - f64::from(u8::from(self.is_right(example)))
    }

    /// The examples by the likeliest class's probability.
    pub(super) fn by_confidence(&self) -> Groups {
        let confidences = (0..self.examples()).map(|i| self.predicted.top(i).1);
        Groups::of(&confidences.collect::<Vec<_>>())
    }

    /// One entry of every target by itself. Its density by itself is not known.
    pub fn entry(&self, entry: usize) -> Outcomes {
        let Summary::Numbers(numbers) = self.summary else {
            return self.clone();
        };
        let entries = numbers.entries;
        let all = &self.predicted;
        Outcomes {
            summary: Summary::Numbers(Numbers {
                entries: 1,
                ..numbers
            }),
            predicted: Predictive {
                examples: all.examples,
                draws: all.draws,
                width: 1,
                mean: of_entry(&all.mean, entry, entries),
                within: of_entry(&all.within, entry, entries),
                between: of_entry(&all.between, entry, entries),
                levels: of_entry(&all.levels, entry, entries),
                medians: of_entry(&all.medians, entry, entries),
                ends: of_entry(&all.ends, entry, entries),
                crps: of_entry(&all.crps, entry, entries),
                ..Predictive::default()
            },
            targets: of_entry(&self.targets, entry, entries),
        }
    }
}

fn of_entry<T: Copy>(all: &[T], entry: usize, entries: usize) -> Vec<T> {
    all.iter().skip(entry).step_by(entries).copied().collect()
}

/// Examples in the order of a number, those of which it is the same together.
#[derive(Debug, Clone)]
pub(super) struct Groups {
    order: Vec<usize>,
    /// Where each group ends in the order.
    ends: Vec<usize>,
}

impl Groups {
    /// From the least number on.
    pub(super) fn of(numbers: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..numbers.len()).collect();
        order.sort_by(|a, b| numbers[*a].total_cmp(&numbers[*b]).then(a.cmp(b)));
        let last_of_group = |place: &usize| {
            let next = order.get(*place);
            next.is_none_or(|next| numbers[*next] != numbers[order[*place - 1]])
        };
        Groups {
            ends: (1..=order.len()).filter(last_of_group).collect(),
            order,
        }
    }

    /// The examples of each group.
    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = &[usize]> {
        (0..self.ends.len()).map(|group| {
            let start = if group == 0 { 0 } else { self.ends[group - 1] };
            &self.order[start..self.ends[group]]
        })
    }
}
