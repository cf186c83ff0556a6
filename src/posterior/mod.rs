//! Variational families: each a file with its variables, transforms and what its entries are.

mod delta;
mod deterministic;
mod entrywise;
mod full_rank;
mod log_normal;
mod logit_normal;
mod low_rank;
mod matrix_normal;
mod mean_field;
mod radial;
#[cfg(test)]
mod testing;
mod transform;
mod triangular;
mod variational;

pub use full_rank::FullRank;
pub use log_normal::LogNormal;
pub use logit_normal::LogitNormal;
pub use low_rank::LowRank;
pub use matrix_normal::MatrixNormal;
pub use mean_field::{rho_from_scale, scale_from_rho, scale_slope};
pub use radial::Radial;
pub use transform::Transform;
pub use variational::{AnyVariational, Dimensions, Start, VariableSpec, Variational};

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
