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
mod moved;
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

use crate::distribution::{self, Distribution, Law, Support};
use crate::signature::{Constant, Constants, Signature};
use crate::tensor::Shape;
use std::sync::Arc;

/// An entry of the registry.
pub trait Posterior: Sync {
    /// Its name and arguments: initialisers, and what else it takes.
    fn signature(&self) -> &'static Signature;
    /// What is trained for a parameter of this shape, loc first. `arguments` are those of the signature
    /// that are no initialisers, and those of [`Posterior::settled_by`].
    fn variables(&self, shape: &Shape, arguments: &Constants) -> Vec<VariableSpec>;
    /// Its arithmetic with these arguments, where a draw is of the whole tensor at once.
    fn variational(&self, arguments: &Constants) -> Option<Arc<dyn AnyVariational>> {
        let _ = arguments;
        None
    }
    /// Arguments that its prior settles and the file does not write, from where that prior has mass.
    fn settled_by(&self, support: Support) -> Vec<(&'static str, Constant)> {
        let _ = support;
        vec![]
    }
    /// Where its draws have mass.
    fn support(&self, arguments: &Constants) -> Support {
        let _ = arguments;
        Support::Real
    }
    /// The probability that a draw leaves the weights of an input out, if it does so.
    fn drop_rate(&self, arguments: &Constants) -> Option<f64> {
        let _ = arguments;
        None
    }
    /// The largest scale that training leaves an entry, if there is one.
    fn largest_scale(&self, arguments: &Constants) -> Option<f64> {
        arguments.number_if_any(LARGEST_SCALE)
    }
    /// The random factors that a kernel's input and output channels are multiplied with, if they are.
    fn factors(&self, arguments: &Constants) -> Option<Factors> {
        let _ = arguments;
        None
    }
    /// The distribution of ε where its draws are loc + scale·ε, entry by entry.
    fn law(&self) -> Law {
        Law::Normal
    }
    /// The variance of an entry before the first step; `None` where it is infinite. For a family that
    /// transforms a normal, the variance of that normal.
    fn variance(&self, start: &AtStart) -> Option<f64> {
        Some(start.scale * start.scale)
    }
    /// Whether its KL before the first step is a sum over entries of a function of loc and scale.
    fn starts_factorized(&self) -> bool {
        true
    }
    /// What its entries are.
    fn entries(&self) -> Entries;
    /// What it is, as the IR says it.
    fn formula(&self) -> &'static str;
    /// What a paper says of it, a phrase with the marks of `bnnc::document`: the family of the
    /// weights w_i that have it. The name of an argument in braces, `{rank}`, stands for its value.
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

/// The argument of families whose scales have a limit.
pub const LARGEST_SCALE: &str = "largest_scale";

/// A tensor before the first step, for [`Posterior::variance`].
pub struct AtStart<'a> {
    /// Its scale.
    pub scale: f64,
    /// How many entries it has.
    pub entries: usize,
    /// The family's arguments.
    pub arguments: &'a Constants,
    /// The mean square of what the initialiser of this argument gives.
    pub mean_square: &'a dyn Fn(&str) -> f64,
}

/// The random factors of a kernel's channels, parameters of their own.
pub struct Factors {
    /// Their prior.
    pub prior: &'static dyn Distribution,
    /// That prior's parameters.
    pub prior_parameters: Vec<f64>,
    /// Their posterior.
    pub family: &'static dyn Posterior,
    /// Each initialiser of that posterior, and the kernel's argument that gives it.
    pub starts: &'static [(&'static str, &'static str)],
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
    /// The distribution of each entry by itself, for which closed forms are looked up; `None` where it is
    /// not in the registry.
    pub fn marginal(self) -> Option<&'static dyn Distribution> {
        match self {
            Entries::Normal | Entries::Correlated => Some(&distribution::Normal),
            Entries::Laplace => Some(&distribution::Laplace),
            Entries::Cauchy => Some(&distribution::Cauchy),
            Entries::LogNormal => Some(&distribution::LogNormal),
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
    /// [`Distribution::growth`] says. All have every moment but
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
