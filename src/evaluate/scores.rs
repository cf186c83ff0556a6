//! How good predictive distributions are.

use super::mixture::INTERVALS;
use super::{Predictive, numbers};
use crate::examples::Part;
use crate::likelihood::TargetKind;
use serde::Serialize;

/// Bins of the calibration error.
const BINS: usize = 15;

/// Scores of some examples; every number is a mean over them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Scores {
    /// Of classes.
    Classification {
        /// Number of examples.
        examples: usize,
        /// Draws of the weights that were averaged.
        draws: usize,
        /// The part whose likeliest class is right.
        accuracy: f64,
        /// −ln of the averaged probability of the label.
        nll: f64,
        /// Σ over the classes of (probability − 1 or 0)², from 0 to 2; of a binary target
        /// (probability of 1 − target)², from 0 to 1. Brier 1950.
        brier: f64,
        /// The expected calibration error: 15 bins of equal width of the likeliest class's probability,
        /// the mean of |accuracy − probability| weighted with their examples. Guo et al. 2017.
        ece: f64,
        /// −ln p(label) averaged over the draws: the ELBO's data term.
        expected_nll: f64,
    },
    /// Of real targets, in their own units.
    Regression {
        /// Number of examples.
        examples: usize,
        /// Draws of the weights that were averaged.
        draws: usize,
        /// The root of the mean squared error of the mixture's mean.
        rmse: f64,
        /// That of each entry of the targets, where there are several.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        rmse_by_entry: Vec<f64>,
        /// How many targets lie in their central predictive intervals; empty where these are not known.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        coverage: Vec<Coverage>,
        /// −ln of the mixture's density at the target.
        nll: f64,
        /// −ln p(target) averaged over the draws: the ELBO's data term.
        expected_nll: f64,
    },
}

/// The part of the targets that lies in a predictive interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Coverage {
    /// The probability of the interval: 0.9 from the 5 % to the 95 % quantile.
    pub interval: f64,
    /// The part of the targets, entry by entry, that lies in it.
    pub covered: f64,
}

/// A target lies in the central interval of probability c if the mixture has between (1 − c)/2 and
/// (1 + c)/2 below it.
fn coverage(levels: &[f64]) -> Vec<Coverage> {
    let of = |interval: f64| {
        let inside = levels
            .iter()
            .filter(|level| (*level - 0.5).abs() <= interval / 2.0);
        Coverage {
            interval,
            covered: inside.count() as f64 / levels.len() as f64,
        }
    };
    match levels {
        [] => vec![],
        _ => INTERVALS.iter().copied().map(of).collect(),
    }
}

impl Scores {
    /// −ln of the averaged density or probability of the target.
    pub fn nll(&self) -> f64 {
        match self {
            Scores::Classification { nll, .. } | Scores::Regression { nll, .. } => *nll,
        }
    }

    /// Number of examples.
    pub fn examples(&self) -> usize {
        match self {
            Scores::Classification { examples, .. } | Scores::Regression { examples, .. } => {
                *examples
            }
        }
    }

    /// The ELBO's data term, per example.
    pub fn expected_nll(&self) -> f64 {
        match self {
            Scores::Classification { expected_nll, .. }
            | Scores::Regression { expected_nll, .. } => *expected_nll,
        }
    }
}

/// Holds predictions against the targets of the part they are of.
pub fn score(predicted: &Predictive, part: &Part) -> Scores {
    let (n, draws) = (predicted.examples, predicted.draws);
    let mean = |sum: f64| sum / n as f64;
    let nll = mean(predicted.nll.iter().sum());
    let expected_nll = predicted.expected_nll.unwrap_or(f64::NAN);
    if let TargetKind::Real(width) = part.kind {
        let square = |i: usize, k: usize| (predicted.row(i)[k] - part.target(i, k)).powi(2);
        let all = (0..n).flat_map(|i| (0..width).map(move |k| square(i, k)));
        let rmse = (all.sum::<f64>() / numbers(part) as f64).sqrt();
        let of_entry = |k: usize| mean((0..n).map(|i| square(i, k)).sum()).sqrt();
        let rmse_by_entry = match width {
            1 => vec![],
            _ => (0..width).map(of_entry).collect(),
        };
        return Scores::Regression {
            examples: n,
            draws,
            rmse,
            rmse_by_entry,
            coverage: coverage(&predicted.levels),
            nll,
            expected_nll,
        };
    }
    let (mut hits, mut brier) = (0, 0.0);
    // Examples, right ones, and probabilities of each bin.
    let mut bins = [(0usize, 0usize, 0.0f64); BINS];
    for i in 0..n {
        let label = part.target(i, 0) as usize;
        let (top, p) = predicted.top(i);
        hits += usize::from(top == label);
        brier += match predicted.row(i) {
            [p] => (p - label as f64).powi(2),
            row => row
                .iter()
                .enumerate()
                .map(|(k, p)| (p - f64::from(u8::from(k == label))).powi(2))
                .sum(),
        };
        let bin = &mut bins[((p * BINS as f64).ceil() as usize).clamp(1, BINS) - 1];
        *bin = (bin.0 + 1, bin.1 + usize::from(top == label), bin.2 + p);
    }
    let ece = mean(
        bins.iter()
            .map(|(_, right, p)| (*right as f64 - p).abs())
            .sum(),
    );
    let (accuracy, brier) = (mean(hits as f64), mean(brier));
    Scores::Classification {
        examples: n,
        draws,
        accuracy,
        nll,
        brier,
        ece,
        expected_nll,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::scaling::Transform;
    use crate::data::{Split, Values};
    use crate::examples::Scales;
    use crate::tensor::Shape;

    #[test]
    fn an_interval_covers_what_lies_between_its_ends() {
        let found = coverage(&[0.01, 0.04, 0.2, 0.26, 0.5, 0.74, 0.96, 0.98]);
        let covered: Vec<f64> = found.iter().map(|c| c.covered).collect();
        assert_eq!(covered, [3.0 / 8.0, 4.0 / 8.0, 6.0 / 8.0]);
        assert!(coverage(&[]).is_empty());
    }

    #[test]
    fn scores_are_those_worked_out_by_hand() {
        let split = Split {
            inputs: Values::U8(vec![0; 4]),
            input_shape: Shape::new(&[1]),
            targets: Values::U8(vec![0, 1, 1, 0]),
            target_shape: Shape::default(),
            len: 4,
        };
        let scales = Scales {
            inputs: Transform::identity(1),
            targets: Transform::identity(1),
        };
        let part = Part {
            split: &split,
            rows: &[0, 1, 2, 3],
            scales: &scales,
            kind: TargetKind::Category(2),
            with_targets: true,
        };
        let ps = [0.9, 0.4, 0.6, 0.9];
        let predicted = Predictive {
            examples: 4,
            draws: 1,
            width: 2,
            mean: ps.iter().flat_map(|p| [*p, 1.0 - p]).collect(),
            nll: vec![
                -(0.9f64.ln()),
                -(0.6f64.ln()),
                -(0.4f64.ln()),
                -(0.9f64.ln()),
            ],
            expected_nll: Some(1.0),
            ..Predictive::default()
        };
        let Scores::Classification {
            accuracy,
            brier,
            ece,
            nll,
            ..
        } = score(&predicted, &part)
        else {
            panic!()
        };
        assert_eq!(accuracy, 0.75);
        assert!((brier - (0.02 + 0.32 + 0.72 + 0.02) / 4.0).abs() < 1e-15);
        // Bins: two examples at 0.9, both right; two at 0.6, one right.
        assert!(
            (ece - ((2.0f64 - 1.8) + (1.0f64 - 1.2).abs()) / 4.0).abs() < 1e-15,
            "{ece}"
        );
        assert!((nll + (0.9f64.ln() * 2.0 + 0.6f64.ln() + 0.4f64.ln()) / 4.0).abs() < 1e-15);
    }
}
