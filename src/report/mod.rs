//! What `bnnc` says about a model and a run, as text and as JSON, from the same numbers.

pub mod check;
pub mod columns;
pub mod diff;
mod fold;
pub mod initial;
mod not_set;
mod prior_predictive;
pub mod reused;
pub mod table;
mod text;

pub use check::{Check, check};
pub use diff::{Diff, diff};
