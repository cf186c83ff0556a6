//! Variational families: each a file with its variables, transforms and what its entries are.

mod delta;
mod deterministic;
mod mean_field;

pub use mean_field::{rho_from_scale, scale_from_rho, scale_slope};

use crate::signature::Signature;
use crate::tensor::Shape;

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
    /// What a paper says of it, a phrase with the marks of [`crate::document`]: the family of the
    /// weights w_i that have it, in the symbols of [`Posterior::symbol`].
    fn methods(&self) -> &'static str;
    /// The symbol of one of its variables.
    fn symbol(&self, variable: &str) -> &'static str {
        match variable {
            "loc" => "mu_i",
            "rho" => "rho_i",
            _ => "phi_i",
        }
    }
    /// Why it is none of a parameter of this shape, if it is none.
    fn refuse(&self, shape: &Shape) -> Option<String> {
        let _ = shape;
        None
    }
}

/// What the entries of a posterior are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entries {
    /// Independent normals with variables loc and rho.
    Normal,
    /// Independent Laplace variables with loc and rho.
    Laplace,
    /// Independent Cauchy variables with loc and rho.
    Cauchy,
    /// Independent, each the exponential of a normal with loc and rho: above 0.
    LogNormal,
    /// Independent, each between two ends: the logistic function of a normal with loc and rho.
    LogitNormal,
    /// Jointly normal.
    Correlated,
    /// A direction and a distance from loc, drawn apart (Farquhar et al. 2020).
    Radial,
    /// loc, rows of it left out at random: dropout.
    Masked,
    /// loc, its rows and columns multiplied with random factors, which are parameters of their own.
    Scaled,
    /// A single point, penalised by the prior.
    Point,
    /// A single point that no prior knows.
    Free,
}

impl Entries {
    /// Whether the parameter itself is drawn. (Of [`Entries::Scaled`] the factors are.)
    pub fn is_random(self) -> bool {
        !matches!(self, Entries::Scaled | Entries::Point | Entries::Free)
    }
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
