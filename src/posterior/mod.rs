//! Variational families: each a file with its variables, transforms and what its entries are.

mod delta;
mod deterministic;
mod mean_field;

pub use mean_field::{rho_from_scale, scale_from_rho, scale_slope};

use crate::signature::Signature;

/// An entry of the registry.
pub trait Posterior: Sync {
    /// Its name and arguments: initialisers, one for each of its variables, in the same order.
    fn signature(&self) -> &'static Signature;
    /// What is trained, each of the parameter's own shape: `loc`, `rho`.
    fn variables(&self) -> &'static [&'static str];
    /// What its entries are.
    fn entries(&self) -> Entries;
    /// What it is, as the IR says it.
    fn formula(&self) -> &'static str;
}

/// What the entries of a posterior are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entries {
    /// Independent normals with variables loc and rho.
    Normal,
    /// A single point, penalised by the prior.
    Point,
    /// A single point that no prior knows.
    Free,
}

/// Every posterior.
pub static POSTERIORS: &[&dyn Posterior] = &[
    &mean_field::MeanField,
    &delta::Delta,
    &deterministic::Deterministic,
];

/// The posterior called `name`.
pub fn find(name: &str) -> Option<&'static dyn Posterior> {
    POSTERIORS
        .iter()
        .copied()
        .find(|p| p.signature().name == name)
}
