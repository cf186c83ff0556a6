//! Predictions of classes: probabilities, averaged over draws.

use super::summary::{Column, Entries};
use super::tally::ClassTally;
use super::{MISSING, Predictive};

/// The summary of classes. A row holds a probability for each of them, of 0 and 1 that of 1 alone; of a target with a
/// class at each of several places, the same for one place after the other. Scores are then means over all places of
/// all examples that have a label, but for `nll`: that of each place by itself, summed over an example's places.
///
/// Columns: `probability_K` (of each class), `predicted`, `entropy` (of the averaged probabilities) and
/// `mutual_information` (that entropy less the mean of the draws'), in nats.
///
/// | score | |
/// | --- | --- |
/// | `accuracy` | the share of the examples whose likeliest class is right |
/// | `nll` | −ln of the averaged probability of the label, summed over an example's places |
/// | `brier` | Σ over the classes of (probability − 1 or 0)², from 0 to 2; of a binary target (probability of 1 − target)², from 0 to 1. Brier 1950. |
/// | `mean_iou` | of targets with a class at each place: places of a class that are predicted as it, over those that are of it or predicted as it; the mean over the classes that there are any of |
/// | `ece` | the expected calibration error: 15 bins of equal width of the likeliest class's probability, the mean of \|accuracy − probability\| weighted with their examples. Guo et al. 2017. |
#[derive(Debug, Clone, Copy)]
pub struct Classes {
    /// Probabilities of an example, or of each of its places.
    pub probabilities: usize,
    /// Places that have a class each; 1 of an example that has one.
    pub places: usize,
}

impl Classes {
    pub(super) fn row(&self) -> usize {
        self.probabilities * self.places
    }

    /// The probability of every class, from a row.
    pub fn all(row: &[f64]) -> Vec<f64> {
        match row {
            [p] => vec![1.0 - p, *p],
            row => row.to_vec(),
        }
    }

    pub(super) fn add(&self, into: &mut Predictive, example: usize, draw: usize, row: &[f64]) {
        let count = (draw + 1) as f64;
        let means = &mut into.mean[example * row.len()..][..row.len()];
        for (mean, &p) in means.iter_mut().zip(row) {
            *mean += (p - *mean) / count;
        }
        let within = &mut into.within[example * self.places..][..self.places];
        for (within, row) in within.iter_mut().zip(row.chunks_exact(self.probabilities)) {
            *within += (entropy_of(row) - *within) / count;
        }
    }

    pub(super) fn columns(predicted: &Predictive) -> Vec<Column> {
        let one = |name: &str, of: &dyn Fn(usize) -> f64| Column {
            name: name.into(),
            entries: Entries::One,
            values: (0..predicted.rows()).map(of).collect(),
        };
        let mut columns = vec![
            Column {
                name: "probability".into(),
                entries: Entries::Classes,
                values: predicted.mean.clone(),
            },
            one("predicted", &|i| predicted.top(i).0 as f64),
            one("entropy", &|i| predicted.entropy(i)),
        ];
        if predicted.is_split() {
            columns.push(one("mutual_information", &|i| {
                predicted.mutual_information(i)
            }));
        }
        columns
    }

    pub(super) fn tally(&self) -> ClassTally {
        ClassTally::new(self.probabilities.max(2), self.places > 1)
    }

    /// Places whose likeliest class is right, and places that have a label.
    pub(super) fn hits(&self, rows: &[f32], labels: &[u32]) -> (u64, u64) {
        let rows = rows.chunks_exact(self.probabilities).zip(labels);
        let hits = rows.filter(|(row, label)| top_of(row) == **label).count();
        let there = labels.iter().filter(|label| **label != MISSING).count();
        (hits as u64, there as u64)
    }
}

/// The likeliest class; the first of several.
fn top_of(row: &[f32]) -> u32 {
    match row {
        [p] => u32::from(*p > 0.5),
        _ => {
            let start = (0, f32::NEG_INFINITY);
            let better = |best: (u32, f32), (k, &p): (usize, &f32)| match p > best.1 {
                true => (k as u32, p),
                false => best,
            };
            row.iter().enumerate().fold(start, better).0
        }
    }
}

/// −Σ p ln p in nats; of a single probability that of it and its complement.
fn entropy_of(probabilities: &[f64]) -> f64 {
    let part = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    match probabilities {
        [p] => part(*p) + part(1.0 - p),
        all => all.iter().fold(0.0, |sum, p| sum + part(*p)),
    }
}

impl Predictive {
    /// The likeliest class and its probability, of a row; the first of several.
    pub fn top(&self, example: usize) -> (usize, f64) {
        match self.row(example) {
            [p] if *p > 0.5 => (1, *p),
            [p] => (0, 1.0 - p),
            row => row
                .iter()
                .copied()
                .enumerate()
                .fold((0, f64::NEG_INFINITY), |a, b| if b.1 > a.1 { b } else { a }),
        }
    }

    /// The entropy of the averaged probabilities, in nats.
    pub fn entropy(&self, example: usize) -> f64 {
        entropy_of(self.row(example))
    }

    /// Of classes: whether it is known which part of the uncertainty is in the data and which in the weights.
    pub fn is_split(&self) -> bool {
        !self.within.is_empty() || !self.disagreement.is_empty()
    }

    /// What the draws disagree about, of predictions that are split: that entropy less the mean of the draws' own, in nats. Of probabilities at a
    /// temperature that of the draws without it.
    pub fn mutual_information(&self, example: usize) -> f64 {
        match self.disagreement.get(example) {
            Some(found) => *found,
            None => (self.entropy(example) - self.within[example]).max(0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::likelihood::{ScoreValue, Summary};

    #[test]
    fn entropies_are_in_nats() {
        let probabilities = |mean: Vec<f64>, width| Predictive {
            examples: 1,
            draws: 1,
            width,
            mean,
            within: vec![0.2],
            ..Predictive::default()
        };
        let two = probabilities(vec![0.5], 1);
        assert!((two.entropy(0) - 2.0f64.ln()).abs() < 1e-15);
        assert!((two.mutual_information(0) - (2.0f64.ln() - 0.2)).abs() < 1e-15);
        let three = probabilities(vec![0.2, 0.7, 0.1], 3);
        assert_eq!(three.top(0), (1, 0.7));
        assert_eq!(probabilities(vec![0.3], 1).top(0), (0, 0.7));
        assert_eq!(probabilities(vec![1.0, 0.0], 2).entropy(0), 0.0);
    }

    #[test]
    fn scores_are_those_worked_out_by_hand() {
        let ps = [0.9, 0.4, 0.6, 0.9];
        let nll = [0.9f64, 0.6, 0.4, 0.9].map(|p| -p.ln());
        let predicted = Predictive {
            examples: 4,
            draws: 1,
            width: 2,
            mean: ps.iter().flat_map(|p| [*p, 1.0 - p]).collect(),
            nll: nll.to_vec(),
            ..Predictive::default()
        };
        let labels = [0.0, 1.0, 1.0, 0.0];
        let classes = Classes {
            probabilities: 2,
            places: 1,
        };
        let scores = Summary::Classes(classes).scores(&predicted, &|i, _| labels[i]);
        let names: Vec<_> = scores.iter().map(|score| score.name).collect();
        assert_eq!(names, ["accuracy", "nll", "brier", "ece"]);
        let of = |at: usize| match scores[at].value {
            ScoreValue::Number(x) | ScoreValue::Share(x) => x,
            _ => panic!("one number"),
        };
        assert_eq!(of(0), 0.75);
        assert!((of(1) - nll.iter().sum::<f64>() / 4.0).abs() < 1e-15);
        assert!((of(2) - (0.02 + 0.32 + 0.72 + 0.02) / 4.0).abs() < 1e-15);
        // Bins: two examples at 0.9, both right; two at 0.6, one right.
        let ece = ((2.0f64 - 1.8) + (1.0f64 - 1.2).abs()) / 4.0;
        assert!((of(3) - ece).abs() < 1e-15, "{}", of(3));
    }
}
