//! Scores of probabilities of classes.

pub(super) mod accuracy;
pub(super) mod brier;
pub(super) mod classwise_ece;
pub(super) mod ece;
pub(super) mod ece_equal_mass;
pub(super) mod entropy;
pub(super) mod selective;

/// Bins of the calibration errors.
pub(super) const BINS: usize = 15;

/// Which of [`BINS`] bins of equal width a probability is in: from above its lower end up to its upper one.
pub(super) fn bin_of(p: f64) -> usize {
    ((p * BINS as f64).ceil() as usize).clamp(1, BINS) - 1
}
