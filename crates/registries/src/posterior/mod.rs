//! Variational families: each a file with its variables, transforms and what its entries are.

mod cauchy;
mod delta;
mod deterministic;
mod dropout;
mod entrywise;
mod full_rank;
mod laplace;
mod log_normal;
mod logit_normal;
mod low_rank;
mod matrix_normal;
mod mean_field;
mod radial;
mod rank1;
#[cfg(test)]
mod testing;
mod transform;
mod triangular;
mod variational;

pub use entrywise::{chain, scales};
pub use full_rank::FullRank;
pub use log_normal::LogNormal;
pub use logit_normal::LogitNormal;
pub use low_rank::LowRank;
pub use matrix_normal::MatrixNormal;
pub use mean_field::{LEAST_SCALE, rho_from_scale, scale_from_rho, scale_slope};
pub use radial::Radial;
pub use transform::{TRANSFORMS, Transform};
pub use variational::{AnyVariational, Dimensions, Start, VariableSpec, Variational};

use crate::distribution::Law;
use crate::signature::Signature;
use crate::tensor::Shape;

/// An entry of the registry.
pub trait Posterior: Sync {
    /// Its name and arguments: initialisers, and what else it takes.
    fn signature(&self) -> &'static Signature;
    /// What is trained for a parameter of this shape, loc first. `rank` is `LowRank`'s.
    fn variables(&self, shape: &Shape, rank: usize) -> Vec<VariableSpec>;
    /// Its arithmetic, where a draw is of the whole tensor at once.
    fn variational(&self) -> Option<&'static dyn AnyVariational> {
        None
    }
    /// The distribution of ε where its draws are loc + scale·ε, entry by entry.
    fn law(&self) -> Law {
        Law::Normal
    }
    /// The variance of an entry with this scale before the first step, of a tensor of so many entries, beside
    /// that of a `factor`; `None` where it is infinite. Of a family that transforms a normal, that of the normal.
    fn variance(&self, scale: f64, entries: usize) -> Option<f64> {
        let _ = entries;
        Some(scale * scale)
    }
    /// What its entries are.
    fn entries(&self) -> Entries;
    /// What it is, as the IR says it.
    fn formula(&self) -> &'static str;
    /// What a paper says of it, a phrase with the marks of `bnnc::document`: the family of the
    /// weights w_i that have it. `{rank}`, `{rate}`, `{low}` and `{high}` stand for its arguments.
    fn methods(&self) -> &'static str;
    /// A draw as a function of standard noise ε, in the notation of `bnnc::maths`; `None` for a point.
    fn draw(&self) -> Option<&'static str>;
    /// What its KL has beyond the sum of its entries' own, a phrase with the marks of
    /// `bnnc::document`.
    fn beyond_entries(&self) -> Option<&'static str> {
        None
    }
    /// The symbol of one of its variables, and that of the scale it is the variable of, if it is.
    fn symbols(&self, variable: &str) -> (&'static str, Option<&'static str>) {
        match variable {
            "loc" => ("mu_i", None),
            _ => ("rho_i", Some("sigma_i")),
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
    /// The distribution of each entry by itself, in whose name closed forms are found; `None` where none
    /// is, or it is none of those.
    pub fn marginal(self) -> Option<&'static str> {
        match self {
            Entries::Normal | Entries::Correlated => Some("Normal"),
            Entries::Laplace => Some("Laplace"),
            Entries::Cauchy => Some("Cauchy"),
            Entries::LogNormal => Some("LogNormal"),
            _ => None,
        }
    }

    /// Whether E_q[ln p(w)] is a sum of integrals over single normal numbers, which quadrature takes.
    pub fn has_quadrature(self) -> bool {
        matches!(
            self,
            Entries::Normal | Entries::Correlated | Entries::LogNormal | Entries::LogitNormal
        )
    }

    /// Whether E_q[-ln p(w)] is finite under a prior where -ln p grows as
    /// [`Distribution::growth`](crate::distribution::Distribution::growth) says. All have every moment but
    /// the Cauchy, of which E|w|ᵏ is infinite from k = 1 on and E ln|w| is not. The exponential of a normal
    /// has those of its inverse, too.
    pub fn integrates(self, [_, far_out]: [f64; 2]) -> bool {
        self != Entries::Cauchy || far_out < 1.0
    }

    /// Whether the parameter itself is drawn. (Of [`Entries::Scaled`] the factors are.)
    pub fn is_random(self) -> bool {
        !matches!(self, Entries::Scaled | Entries::Point | Entries::Free)
    }
}

/// Every posterior.
pub static POSTERIORS: &[&dyn Posterior] = &[
    &mean_field::MeanField,
    &FullRank,
    &LowRank,
    &MatrixNormal,
    &Radial,
    &laplace::Laplace,
    &cauchy::Cauchy,
    &rank1::Rank1,
    &dropout::Dropout,
    &LogNormal,
    &LogitNormal,
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
