//! Initialisers: how the variables of a posterior start. Each scheme is a file with its arguments, its
//! formula and its test; what it comes to for a tensor is an [`Initializer`].
//!
//! Those named after Glorot, He and LeCun are Keras's `VarianceScaling` with their arguments filled in:
//! draws whose variance is a number over the tensor's fan_in, or over the mean of fan_in and fan_out.

mod constant;
mod glorot_normal;
mod glorot_uniform;
mod he_normal;
mod he_uniform;
mod lecun_normal;
mod normal;
mod orthogonal;
mod start;
mod truncated_normal;
mod uniform;

pub use start::Initializer;

use crate::signature::{Constants, Domain, Kind, Parameter, Signature};

/// An entry of the registry.
pub trait Scheme: Sync {
    /// Its name and arguments.
    fn signature(&self) -> &'static Signature;
    /// What it comes to for a tensor with these fans.
    ///
    /// # Errors
    ///
    /// Arguments that are each in their domain and yet not valid together.
    fn resolve(&self, arguments: &Constants, fans: [usize; 2]) -> Result<Initializer, Refusal>;
}

/// Why a scheme does not take its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The fact.
    pub title: String,
    /// What is wrong with what is written.
    pub label: &'static str,
}

/// Every scheme.
pub static INITIALIZERS: &[&dyn Scheme] = &[
    &constant::Constant,
    &normal::Normal,
    &uniform::Uniform,
    &truncated_normal::TruncatedNormal,
    &glorot_uniform::GlorotUniform,
    &glorot_normal::GlorotNormal,
    &he_uniform::HeUniform,
    &he_normal::HeNormal,
    &lecun_normal::LecunNormal,
    &orthogonal::Orthogonal,
];

/// The scheme called `name`.
pub fn find(name: &str) -> Option<&'static dyn Scheme> {
    INITIALIZERS
        .iter()
        .copied()
        .find(|s| s.signature().name == name)
}

/// A number, as a row of a signature.
const fn number(
    name: &'static str,
    domain: Domain,
    default: Option<&'static str>,
    summary: &'static str,
) -> Parameter {
    Parameter {
        name,
        kind: Kind::Number {
            domain,
            learnable: false,
        },
        default,
        summary,
    }
}

#[cfg(test)]
mod testing;
