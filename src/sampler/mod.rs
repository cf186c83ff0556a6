//! Samplers of a posterior that is known by its potential: HMC, NUTS, SGLD and SGHMC, and diagnostics of chains.
//!
//! Nothing here knows of networks. A [`Potential`] gives U(q) = −log density(q) up to a constant, and its gradient.
//! A [`Chain`] moves a position by transitions of HMC ([`hmc`]) or NUTS ([`nuts`]) and adapts the step size
//! ([`step_size`]) and a diagonal mass ([`mass`]) during its warm-up. Its whole state can be saved as numbers, and a
//! chain that was restored goes on with the same bits. [`sgld`] and [`sghmc`] are single steps down a noisy gradient, in
//! float32. [`diagnostics`] say how far chains can be trusted.
//!
//! HMC and NUTS need float64: the acceptance depends on small differences between large energies.

mod chain;
pub mod cyclical;
pub mod diagnostics;
pub mod hmc;
pub mod leapfrog;
pub mod mass;
pub mod nuts;
pub mod preconditioner;
mod random;
pub mod sghmc;
pub mod sgld;
pub mod step_size;
#[cfg(test)]
mod testing;

pub use chain::{Chain, Kernel, NoStart, Settings, Warmup};

/// U(q) = −log density(q), up to a constant.
pub trait Potential {
    /// The number of entries of a position.
    fn dimension(&self) -> usize;
    /// U(q); dU/dq goes to `gradient`. Infinite or NaN where the density is 0 or cannot be computed.
    fn value_and_gradient(&mut self, q: &[f64], gradient: &mut [f64]) -> f64;
}

/// An energy error above this is a divergence: the leapfrogs have left the trajectory. As Stan, NumPyro and BlackJAX.
pub const DIVERGENCE: f64 = 1000.0;

/// What one transition of a chain did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transition {
    /// HMC: the probability that the proposal is accepted. NUTS: the mean of min(1, exp(−energy error)) over all
    /// leapfrogs. What the step size is adapted to.
    pub accept_probability: f64,
    /// Whether the chain moved.
    pub is_accepted: bool,
    /// Whether an energy error was above [`DIVERGENCE`] or not a number.
    pub is_divergent: bool,
    /// U + kinetic energy at the new position of the chain.
    pub energy: f64,
    /// The energy that the trajectory gained by the errors of the leapfrogs. HMC: at the proposal, accepted or not.
    /// NUTS: at the new position.
    pub energy_error: f64,
    /// The number of leapfrogs, each with one gradient.
    pub leapfrogs: usize,
    /// How often NUTS doubled the trajectory; 0 for HMC.
    pub tree_depth: usize,
    /// The step size of the leapfrogs.
    pub step_size: f64,
    /// Whether the transition belongs to the warm-up.
    pub is_warmup: bool,
}
