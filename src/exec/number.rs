//! The share that one number type has of the objects that serve both.

use crate::estimator::{Estimate, Estimator};
use crate::kl::{AnyTerm, Term};
use crate::layer::{AnyLinear, AnyMap, Linear, Map};
use crate::likelihood::{Likelihood, Nll};
use crate::optimizer;
use crate::posterior::{AnyVariational, Variational};
use crate::tensor::Math;

/// `f32` or `f64`: what the interpreter runs in.
pub trait Number: Math + optimizer::Number {
    /// A map's arithmetic.
    fn map(map: &dyn AnyMap) -> &dyn Map<Self>;
    /// A linear layer's arithmetic.
    fn linear(linear: &dyn AnyLinear) -> &dyn Linear<Self>;
    /// An estimator's arithmetic.
    fn estimate(estimator: &'static dyn Estimator) -> &'static dyn Estimate<Self>;
    /// A term's arithmetic.
    fn term(term: &dyn AnyTerm) -> &dyn Term<Self>;
    /// A posterior family's arithmetic.
    fn variational(family: &'static dyn AnyVariational) -> &'static dyn Variational<Self>;
    /// A likelihood's arithmetic.
    fn nll(likelihood: &'static dyn Likelihood) -> &'static dyn Nll<Self>;
}

macro_rules! number {
    ($type:ty) => {
        impl Number for $type {
            fn map(map: &dyn AnyMap) -> &dyn Map<Self> {
                map
            }
            fn linear(linear: &dyn AnyLinear) -> &dyn Linear<Self> {
                linear
            }
            fn estimate(estimator: &'static dyn Estimator) -> &'static dyn Estimate<Self> {
                estimator
            }
            fn term(term: &dyn AnyTerm) -> &dyn Term<Self> {
                term
            }
            fn variational(family: &'static dyn AnyVariational) -> &'static dyn Variational<Self> {
                family
            }
            fn nll(likelihood: &'static dyn Likelihood) -> &'static dyn Nll<Self> {
                likelihood
            }
        }
    };
}

number!(f32);
number!(f64);
