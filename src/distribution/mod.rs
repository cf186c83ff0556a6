//! Distributions that weights and observations can have: each a file with its parameters, support,
//! density, derivatives, sampler and test.
//!
//! A distribution's parameters reach it as one flat slice in the order of its signature, a list
//! argument's entries in place: `ScaleMixture(weight, scales = [a, b])` is `[weight, a, b]`.

use crate::signature::Signature;
use crate::tensor::Real;

/// An entry of the registry.
pub trait Distribution: Density<f32> + Density<f64> + Sync {
    /// Its name and arguments.
    fn signature(&self) -> &'static Signature;
    /// Where its density is above 0.
    fn support(&self) -> Support;
    /// The density as it is written in the IR and the docs.
    fn formula(&self) -> &'static str;
    /// Its mean and standard deviation where they are finite.
    fn moments(&self, parameters: &[f64]) -> (Option<f64>, Option<f64>);
    /// A draw; `uniform` gives independent numbers in (0, 1).
    fn sample(&self, parameters: &[f64], uniform: &mut dyn FnMut() -> f64) -> f64;
    /// Arguments that are each in their domain and yet not valid together: what is wrong, or `None`.
    fn refuse(&self, parameters: &[f64]) -> Option<String> {
        let _ = parameters;
        None
    }
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
}
