//! What a prior and a posterior add to the loss: closed forms (one file a pair), quadrature, Monte
//! Carlo, and the penalty of a point estimate. Values are summed over the entries in float64.

use crate::tensor::Real;

/// Entries of one tensor under a factorised posterior N(loc, scale²).
pub struct Entries<'a, T> {
    /// Means.
    pub loc: &'a [T],
    /// Standard deviations; empty for a point estimate.
    pub scale: &'a [T],
    /// The standard normal deviates ε of the draw w = loc + scale·ε; empty unless the form needs a draw.
    pub noise: &'a [T],
}

/// Where a term adds its gradient. All three are added to, never overwritten.
pub struct Gradients<'a, T> {
    /// By each loc.
    pub loc: &'a mut [T],
    /// By each scale; empty for a point estimate.
    pub scale: &'a mut [T],
    /// By each parameter of the prior (flat, as [`crate::distribution`] has them).
    pub prior: &'a mut [f64],
}

/// One form of one pair, evaluated entry by entry.
pub trait Term<T: Real> {
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
}

/// A term in both number types.
pub trait AnyTerm: Term<f32> + Term<f64> + Send + Sync {}
impl<A: Term<f32> + Term<f64> + Send + Sync> AnyTerm for A {}

/// A closed form, an entry of the registry.
pub trait ClosedForm: AnyTerm {
    /// The name of the posterior's entries' distribution: `Normal`.
    fn posterior(&self) -> &'static str;
    /// The prior's name.
    fn prior(&self) -> &'static str;
    /// One entry's value as the IR prints it, with m, s the posterior's loc and scale.
    fn formula(&self) -> &'static str;
    /// Where it is from.
    fn source(&self) -> &'static str;
}
