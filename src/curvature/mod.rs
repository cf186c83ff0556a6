//! The Gauss–Newton curvature of the data term around one point, and the normal distribution that it makes of the
//! weights: what a Laplace approximation is made of.
//!
//! With J_n the Jacobian of the likelihood's arguments f at example n by the parameters θ, and Λ_n the expected Fisher
//! information by f ([`crate::likelihood::Likelihood::information`]),
//!
//! ```text
//! H = Σ_n J_nᵀ Λ_n J_n        P = H + P₀
//! ```
//!
//! P₀ is the precision of the prior ([`prior`]). The posterior is N(θ*, P⁻¹). H is kept as its diagonal
//! (`diagonal`), as a Kronecker product for each parameter (`kronecker`) or whole (`full`). [`evidence`] is what the
//! approximation says of log p(D).
//!
//! Λ_n = S_n S_nᵀ, and column c of S_n sent back through the network is one row r = (S_n eᶜ)ᵀ J_n of each example, so
//! that H = Σ r rᵀ: as many backward passes over the data as f has entries.

mod diagonal;
pub mod evidence;
mod full;
mod kronecker;
mod linearized;
mod matrix;
pub mod prior;
#[cfg(test)]
mod tests;

pub use linearized::{Direction, Linearized, Parameter};

use crate::exec::{Batch, Kernels, Number};

/// Why there is no curvature, or no posterior made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub title: String,
    /// What to do.
    pub help: String,
}

impl Refusal {
    fn new(title: impl Into<String>, help: impl Into<String>) -> Self {
        Refusal {
            title: title.into(),
            help: help.into(),
        }
    }
}

/// The result of what may be refused.
pub type Result<T> = std::result::Result<T, Refusal>;

/// Which part of H is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Structure {
    /// Its diagonal.
    Diagonal,
    /// A Kronecker product for each parameter.
    Kronecker,
    /// All of it.
    Full,
}

impl Structure {
    /// Every structure.
    pub const ALL: [Structure; 3] = [Structure::Diagonal, Structure::Kronecker, Structure::Full];

    /// As the language writes it.
    pub fn word(self) -> &'static str {
        match self {
            Structure::Diagonal => "diagonal",
            Structure::Kronecker => "kronecker",
            Structure::Full => "full",
        }
    }

    /// How many numbers H takes.
    pub fn numbers(self, parameters: &[Parameter]) -> u64 {
        let lens = parameters.iter().map(|p| p.range.len() as u64);
        match self {
            Structure::Diagonal => lens.sum(),
            Structure::Full => lens.sum::<u64>().saturating_mul(lens_total(parameters)),
            Structure::Kronecker => parameters.iter().map(Parameter::kronecker_numbers).sum(),
        }
    }
}

fn lens_total(parameters: &[Parameter]) -> u64 {
    parameters.last().map_or(0, |p| p.range.end as u64)
}

/// Numbers of gradients that are gathered before their products are added to the whole of H.
const GATHERED: usize = 1 << 24;

/// H, as far as it is kept. Sums over examples; nothing before the first [`Curvature::add`].
pub enum Curvature {
    /// [`Structure::Diagonal`]
    Diagonal(diagonal::Diagonal),
    /// [`Structure::Kronecker`]
    Kronecker(kronecker::Kronecker),
    /// [`Structure::Full`]
    Full(full::Full),
}

/// An array that curvature is kept as.
pub struct Array<'a> {
    /// `conv1.kernel.inputs`, behind the name of its parameter
    pub name: String,
    /// Its axes.
    pub shape: Vec<usize>,
    /// Its entries in C order.
    pub values: &'a mut [f64],
}

impl Curvature {
    /// Zeros.
    ///
    /// # Errors
    /// A layer that the structure does not serve.
    pub fn new<T: Number>(structure: Structure, of: &Linearized<T>) -> Result<Self> {
        let parameters = of.parameters();
        Ok(match structure {
            Structure::Diagonal => Curvature::Diagonal(diagonal::Diagonal::new(parameters)),
            Structure::Kronecker => Curvature::Kronecker(kronecker::Kronecker::new(of)?),
            Structure::Full => Curvature::Full(full::Full::new(parameters)),
        })
    }

    /// Zeros in the same structure.
    ///
    /// # Errors
    /// As [`Curvature::new`].
    pub fn begun_anew<T: Number>(&self, of: &Linearized<T>) -> Result<Self> {
        let structure = match self {
            Curvature::Diagonal(_) => Structure::Diagonal,
            Curvature::Kronecker(_) => Structure::Kronecker,
            Curvature::Full(_) => Structure::Full,
        };
        Curvature::new(structure, of)
    }

    /// Adds some examples, at most the capacity of `of`. `kernels` are the weights at the point.
    ///
    /// # Errors
    /// A likelihood whose information is not known.
    pub fn add<T: Number>(
        &mut self,
        of: &mut Linearized<T>,
        kernels: &Kernels<T>,
        batch: &Batch<T>,
    ) -> Result<()> {
        let inputs = batch.inputs;
        of.forward(kernels, inputs, batch.len);
        let directions = of.information(kernels, batch)?;
        if let Curvature::Kronecker(kronecker) = self {
            kronecker.add_inputs(of, inputs);
        }
        let mut rows = vec![];
        for direction in directions {
            of.backward(kernels, inputs, direction);
            match self {
                Curvature::Diagonal(diagonal) => diagonal.add(of, kernels, inputs),
                Curvature::Kronecker(kronecker) => kronecker.add(of, kernels, inputs),
                Curvature::Full(full) => {
                    full.gather(of, kernels, inputs, &mut rows);
                    if rows.len() > GATHERED {
                        full.add(&mut rows);
                    }
                }
            }
        }
        if let Curvature::Full(full) = self {
            full.add(&mut rows);
        }
        Ok(())
    }

    /// The arrays that it is kept as, to store and to restore.
    pub fn arrays(&mut self) -> Vec<Array<'_>> {
        match self {
            Curvature::Diagonal(diagonal) => diagonal.arrays(),
            Curvature::Kronecker(kronecker) => kronecker.arrays(),
            Curvature::Full(full) => full.arrays(),
        }
    }

    /// P = H + diag(`prior`), which has a precision for each entry of each parameter.
    ///
    /// # Errors
    /// P is singular; under a Kronecker structure, a parameter whose entries have several precisions.
    pub fn precision(&self, prior: &[f64]) -> Result<Box<dyn Precision>> {
        Ok(match self {
            Curvature::Diagonal(diagonal) => Box::new(diagonal.precision(prior)?),
            Curvature::Kronecker(kronecker) => Box::new(kronecker.precision(prior)?),
            Curvature::Full(full) => Box::new(full.precision(prior)?),
        })
    }

    /// The eigenvalues of diag(`prior`)^-½ H diag(`prior`)^-½: how much more the data say of a direction than the
    /// prior does.
    ///
    /// # Errors
    /// As [`Curvature::precision`], and a precision of the prior that is 0.
    pub fn relative(&self, prior: &[f64]) -> Result<Vec<f64>> {
        if prior.iter().any(|precision| *precision <= 0.0) {
            return Err(Refusal::new(
                "a parameter has no prior, so that the evidence is not defined",
                "give every parameter that is curved about a prior",
            ));
        }
        match self {
            Curvature::Diagonal(diagonal) => Ok(diagonal.relative(prior)),
            Curvature::Kronecker(kronecker) => kronecker.relative(prior),
            Curvature::Full(full) => full.relative(prior),
        }
    }
}

/// The precision P of a normal distribution of all parameters' entries.
pub trait Precision: Send + Sync {
    /// ln det P
    fn log_det(&self) -> f64;
    /// Writes a draw from N(0, P⁻¹), made of independent standard normal numbers `z`.
    fn draw(&self, z: &[f64], out: &mut [f64]);
    /// Writes u with |u|² = jᵀ P⁻¹ j, linear in j: the inner product of two such u is jᵀ P⁻¹ k.
    fn whiten(&self, j: &[f64], out: &mut [f64]);
}

/// What is refused where P has no Cholesky factor or an eigenvalue that is not above 0.
fn singular(what: &str) -> Refusal {
    Refusal::new(
        format!("the precision of the posterior is singular{what}"),
        "a direction of the weights is settled neither by the data nor by a prior: give each parameter a prior, or curve \
         about fewer parameters",
    )
}

/// What is refused where eigenvalues are not found.
fn not_finite() -> Refusal {
    Refusal::new(
        "the curvature is not finite",
        "the network's values or gradients at this point are not finite: train again with a smaller learning rate",
    )
}

fn refuse_not_finite(numbers: &[f64]) -> Result<()> {
    match numbers.iter().all(|x| x.is_finite()) {
        true => Ok(()),
        false => Err(not_finite()),
    }
}
