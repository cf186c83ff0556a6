//! What a prior and a posterior add to the loss: closed forms (one file a pair), quadrature, Monte
//! Carlo, and the penalty of a point estimate. Values are summed over the entries in float64.

mod cauchy_cauchy;
mod dropout;
mod laplace_laplace;
mod laplace_normal;
mod log_normal;
mod monte_carlo;
mod negative_log_prior;
mod normal_laplace;
mod normal_log_uniform;
pub mod normal_normal;
mod pulled_back;
mod quadrature;
pub mod rules;

pub use cauchy_cauchy::CauchyCauchy;
pub use dropout::DropoutSurrogate;
pub use laplace_laplace::LaplaceLaplace;
pub use laplace_normal::LaplaceNormal;
pub use log_normal::{
    LogNormalExponential, LogNormalGamma, LogNormalHalfNormal, LogNormalInverseGamma,
    LogNormalLogNormal,
};
pub use monte_carlo::MonteCarlo;
pub use negative_log_prior::NegativeLogPrior;
pub use normal_laplace::NormalLaplace;
pub use normal_log_uniform::NormalLogUniform;
pub use normal_normal::NormalNormal;
pub use pulled_back::{PulledBack, Transform};
pub use quadrature::Quadrature;

use crate::distribution::{Density, Distribution, MAX_PARAMETERS, Normal};
use crate::tensor::Real;
use std::sync::Arc;

/// Every closed form there is.
pub static CLOSED_FORMS: &[&dyn ClosedForm] = &[
    &NormalNormal,
    &NormalLaplace,
    &NormalLogUniform,
    &LaplaceLaplace,
    &LaplaceNormal,
    &CauchyCauchy,
    &LogNormalLogNormal,
    &LogNormalHalfNormal,
    &LogNormalGamma,
    &LogNormalInverseGamma,
    &LogNormalExponential,
];

/// The closed form of this pair of distributions.
pub fn find(
    posterior: &'static dyn Distribution,
    prior: &'static dyn Distribution,
) -> Option<&'static dyn ClosedForm> {
    CLOSED_FORMS
        .iter()
        .copied()
        .find(|form| form.posterior() == posterior && form.prior() == prior)
}

/// KL(q‖p) of a factorised normal posterior by its closed form, where there is one.
pub fn closed_form(prior: &'static dyn Distribution) -> Option<Arc<dyn AnyTerm>> {
    find(&Normal, prior).map(registered)
}

/// A closed form of the registry as a term.
pub fn registered(form: &'static dyn ClosedForm) -> Arc<dyn AnyTerm> {
    Arc::new(Registered(form))
}

/// KL(q‖p) of a factorised normal posterior, or of one that is made of it, by [`Quadrature`].
pub fn quadrature(prior: impl Into<PulledBack>) -> Arc<dyn AnyTerm> {
    Arc::new(Quadrature::new(prior))
}

/// ln q(w) - ln p(w) at a draw from a factorised normal posterior, or from one that is made of it, by
/// [`MonteCarlo`].
pub fn monte_carlo(prior: impl Into<PulledBack>) -> Arc<dyn AnyTerm> {
    Arc::new(MonteCarlo::new(prior))
}

/// -ln p(w) at a point estimate, by [`NegativeLogPrior`].
pub fn negative_log_prior(prior: &'static dyn Distribution) -> Arc<dyn AnyTerm> {
    Arc::new(NegativeLogPrior(prior))
}

/// An entry of the registry as a term.
struct Registered(&'static dyn ClosedForm);

impl<T: Real> Term<T> for Registered
where
    dyn ClosedForm: Term<T>,
{
    fn accumulate(
        &self,
        entries: Entries<T>,
        prior: &[T],
        weight: T,
        gradients: Gradients<T>,
    ) -> f64 {
        self.0.accumulate(entries, prior, weight, gradients)
    }
    fn integrand(&self, prior: &[T], weight: T) -> Option<normal_normal::Integrand<T>> {
        self.0.integrand(prior, weight)
    }
}

/// Entries that are worked on at once: intermediate values stay in the first cache, and sums in
/// float32 stay short.
pub const BLOCK: usize = 256;

/// The sum in float64, in a fixed order that vector registers allow.
#[inline(always)]
pub fn sum<T: Real>(values: &[T]) -> f64 {
    let mut lanes = [0.0; 8];
    let chunks = values.chunks_exact(8);
    let rest: f64 = chunks.remainder().iter().map(|x| x.wide()).sum();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += x.wide();
        }
    }
    lanes.iter().sum::<f64>() + rest
}

/// Entries of one tensor under a factorised posterior of z = loc + scale·ε, and of the w made of it:
/// z itself, or with [`Transform::Exp`] (a log-normal posterior) its exponential.
pub struct Entries<'a, T> {
    /// Locations.
    pub loc: &'a [T],
    /// Scales; empty for a point estimate.
    pub scale: &'a [T],
    /// The deviates ε of the draw, of the posterior's [`crate::distribution::Law`]; empty unless the form
    /// needs a draw.
    pub noise: &'a [T],
}

/// Where a term adds its gradient. All three are added to, never overwritten.
pub struct Gradients<'a, T> {
    /// By each loc.
    pub loc: &'a mut [T],
    /// By each scale; empty for a point estimate.
    pub scale: &'a mut [T],
    /// By each parameter of the prior (flat, as [`crate::distribution`] has them); empty where it is
    /// not wanted, which saves the work.
    pub prior: &'a mut [f64],
}

/// One form of one pair, evaluated entry by entry.
pub trait Term<T: Real>: Sync {
    /// The sum over the entries; adds `weight` times its derivatives to `gradients`.
    /// `prior` are the prior's parameters. Callers split a tensor into blocks and add the sums up in
    /// a fixed order, so an implementation must be a plain sum over entries.
    fn accumulate(
        &self,
        entries: Entries<T>,
        prior: &[T],
        weight: T,
        gradients: Gradients<T>,
    ) -> f64;

    /// The term entry by entry, for a loop that does more with each ([`crate::fused_update`]); the same operations as
    /// [`Term::accumulate`]'s. Of the closed form of two normals alone.
    fn integrand(&self, prior: &[T], weight: T) -> Option<normal_normal::Integrand<T>> {
        let _ = (prior, weight);
        None
    }
}

/// A term in both number types.
pub trait AnyTerm: Term<f32> + Term<f64> + Send + Sync {}
impl<A: Term<f32> + Term<f64> + Send + Sync> AnyTerm for A {}

/// A closed form, an entry of the registry.
pub trait ClosedForm: AnyTerm {
    /// The distribution of the posterior's entries.
    fn posterior(&self) -> &'static dyn Distribution;
    /// The prior's distribution.
    fn prior(&self) -> &'static dyn Distribution;
    /// One entry's value, in the notation of `bnnc::maths`, with m, s the posterior's loc and scale.
    fn formula(&self) -> &'static str;
    /// Where it is from, with the marks of `bnnc::document`.
    fn source(&self) -> &'static str;
}

impl dyn ClosedForm + '_ {
    /// The names of the pair, the posterior's first.
    pub fn names(&self) -> [&'static str; 2] {
        [self.posterior(), self.prior()].map(|distribution| distribution.signature().name)
    }
}

/// Adds `weight(i)` times ∂ ln p(w_i) / ∂parameters for each i, where it is wanted.
fn add_prior_gradient<T: Real>(
    density: &impl Density<T>,
    parameters: &[T],
    w: &[T],
    weight: impl Fn(usize) -> T,
    out: &mut [f64],
) {
    if out.is_empty() {
        return;
    }
    let mut one = [T::zero(); MAX_PARAMETERS];
    let one = &mut one[..out.len()];
    for (i, &w) in w.iter().enumerate() {
        density.parameter_score(parameters, w, one);
        for (out, x) in out.iter_mut().zip(one.iter()) {
            *out += (weight(i) * *x).wide();
        }
    }
}

#[cfg(test)]
mod tests;
