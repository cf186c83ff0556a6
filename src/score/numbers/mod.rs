//! Scores of distributions of numbers. Of targets of several entries each is the mean over the entries of an example.

pub(super) mod calibration;
pub(super) mod coverage;
pub(super) mod crps;
pub(super) mod interval_score;
pub(super) mod mae;
pub(super) mod pit;
pub(super) mod rmse;
pub(super) mod sharpness;
pub(super) mod width;

use super::Outcomes;
use crate::likelihood::INTERVALS;

/// The mean over the entries of each example.
pub(super) fn by_example(outcomes: &Outcomes, each: impl Iterator<Item = f64>) -> Vec<f64> {
    let entries = outcomes.entries();
    let all: Vec<f64> = each.collect();
    let of_example = |all: &[f64]| all.iter().sum::<f64>() / entries as f64;
    all.chunks_exact(entries).map(of_example).collect()
}

/// The place in [`INTERVALS`] of the interval that is told of where one is.
pub(super) const NINETY: usize = 1;
const _: () = assert!(INTERVALS[NINETY] == 0.9);
