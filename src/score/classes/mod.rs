//! Scores of probabilities of classes.

pub(super) mod accuracy;
pub(super) mod nll;
