//! Distributions that weights and observations can have: each a file with its parameters, support,
//! density, derivatives, sampler and test.
//!
//! A distribution's parameters reach it as one flat slice in the order of its signature, a list
//! argument's entries in place: `ScaleMixture(weight, scales = [a, b])` is `[weight, a, b]`.

mod laplace;
mod normal;
mod scale_mixture;
mod student_t;

pub use laplace::Laplace;
pub use normal::Normal;
pub use scale_mixture::ScaleMixture;
pub use student_t::StudentT;

use crate::signature::{Domain, Kind, Parameter, Signature};
use crate::tensor::{Math, Real};

/// Every distribution there is.
pub static DISTRIBUTIONS: &[&dyn Distribution] = &[&Normal, &Laplace, &StudentT, &ScaleMixture];

/// The distribution called `name`.
pub fn find(name: &str) -> Option<&'static dyn Distribution> {
    DISTRIBUTIONS
        .iter()
        .copied()
        .find(|d| d.signature().name == name)
}

/// The most parameters a distribution has.
pub const MAX_PARAMETERS: usize = 4;

/// An entry of the registry.
pub trait Distribution: Density<f32> + Density<f64> + Sync {
    /// Its name and arguments.
    fn signature(&self) -> &'static Signature;
    /// Where its density is above 0.
    fn support(&self) -> Support;
    /// The density at w, in the notation of [`crate::maths`].
    fn formula(&self) -> &'static str;
    /// The distribution as a paper writes it, in the same notation, a list's entries as `scales_1`;
    /// `None` where that is its name with its arguments.
    fn notation(&self) -> Option<&'static str> {
        None
    }
    /// Its mean and standard deviation where they are finite.
    fn moments(&self, parameters: &[f64]) -> (Option<f64>, Option<f64>);
    /// A draw; `uniform` gives independent numbers in (0, 1).
    fn sample(&self, parameters: &[f64], uniform: &mut dyn FnMut() -> f64) -> f64;
    /// Arguments that are each in their domain and yet not valid together: what is wrong, or `None`.
    fn refuse(&self, parameters: &[f64]) -> Option<String> {
        let _ = parameters;
        None
    }
    /// Where ln p is not smooth, or is so only on a narrow scale: quadrature puts its nodes there. A
    /// feature left out costs accuracy without a sign of it.
    fn features(&self, parameters: &[f64]) -> Features {
        let _ = parameters;
        [None; 2]
    }
}

/// Those of one distribution; `None` where it has fewer.
pub type Features = [Option<Feature>; 2];

/// A point near which the logarithm of a density is far from any polynomial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feature {
    /// Where it is.
    pub at: f64,
    /// How far from the real line ln p has its singularity, which lies at `at ± i·width`: 0 for a kink.
    pub width: f64,
}

/// Where a density is above 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// Every number.
    Real,
    /// Numbers above 0.
    Positive,
}

/// The density and its derivatives.
pub trait Density<T: Real> {
    /// ln p(w), every constant kept.
    fn log_prob(&self, parameters: &[T], w: T) -> T;
    /// ∂ ln p(w) / ∂w
    fn score(&self, parameters: &[T], w: T) -> T;
    /// Writes ∂ ln p(w) / ∂parameters.
    fn parameter_score(&self, parameters: &[T], w: T, out: &mut [T]);
    /// Both [`Density::log_prob`] and [`Density::score`] for a block.
    fn evaluate(&self, parameters: &[T], w: &[T], log_prob: &mut [T], score: &mut [T]);
}

/// What a distribution's file holds: the density with its parameters fixed. [`Density`] follows.
pub trait Family: Sync {
    /// The density of one set of parameters.
    type Fixed<T: Math>: Fixed<T>;
    /// The density with these parameters, whatever depends on them alone worked out.
    fn fix<T: Math>(&self, parameters: &[T]) -> Self::Fixed<T>;
}

/// A density whose parameters are fixed. Without branches, it is evaluated in vector registers.
pub trait Fixed<T> {
    /// ln p(w)
    fn log_prob(&self, w: T) -> T;
    /// ∂ ln p(w) / ∂w
    fn score(&self, w: T) -> T;
    /// Writes ∂ ln p(w) / ∂parameters.
    fn parameter_score(&self, w: T, out: &mut [T]);
}

impl<T: Math, D: Family> Density<T> for D {
    fn log_prob(&self, parameters: &[T], w: T) -> T {
        self.fix(parameters).log_prob(w)
    }

    fn score(&self, parameters: &[T], w: T) -> T {
        self.fix(parameters).score(w)
    }

    fn parameter_score(&self, parameters: &[T], w: T, out: &mut [T]) {
        self.fix(parameters).parameter_score(w, out);
    }

    fn evaluate(&self, parameters: &[T], w: &[T], log_prob: &mut [T], score: &mut [T]) {
        let fixed = self.fix(parameters);
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || evaluate(&fixed, w, log_prob, score),
        );
    }
}

#[inline(always)]
fn evaluate<T: Copy>(fixed: &impl Fixed<T>, w: &[T], log_prob: &mut [T], score: &mut [T]) {
    for ((&w, log_prob), score) in w.iter().zip(log_prob).zip(score) {
        *log_prob = fixed.log_prob(w);
        *score = fixed.score(w);
    }
}

/// A draw from N(0, 1), by Box and Muller.
fn standard_normal(uniform: &mut dyn FnMut() -> f64) -> f64 {
    (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos()
}

/// A learnable number, as a row of a signature.
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
            learnable: true,
        },
        default,
        summary,
    }
}

#[cfg(test)]
pub(crate) mod tests;
