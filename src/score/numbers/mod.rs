//! Scores of distributions of numbers.

pub(super) mod rmse;
