//! The log evidence ln p(D) by the approximation (MacKay 1992, A Practical Bayesian Framework for Backpropagation
//! Networks), and the scale of the prior that makes it largest.
//!
//! ```text
//! ln p(D) ≈ ln p(D | θ*) + ln p(θ*) + d/2 ln 2π − ½ ln det P
//! ```
//!
//! For normal priors that is ln p(D | θ*) − ½[ln det P − ln det P₀ + (θ* − μ₀)ᵀ P₀ (θ* − μ₀)].

use std::f64::consts::TAU;

/// What the log evidence is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// ln p(D | θ*), of all training examples.
    pub log_likelihood: f64,
    /// ln p(θ*), of the parameters that are curved about.
    pub log_prior: f64,
    /// ln det P
    pub log_det: f64,
    /// d: how many entries these parameters have.
    pub entries: usize,
}

impl Evidence {
    /// ln p(D)
    pub fn log(&self) -> f64 {
        let volume = 0.5 * (self.entries as f64 * TAU.ln() - self.log_det);
        self.log_likelihood + self.log_prior + volume
    }
}

/// The factor τ that makes the evidence largest when the scale of every (normal) prior is multiplied with it, at the
/// same point. `relative` are the eigenvalues μ of P₀^-½ H P₀^-½, `distance` is (θ* − μ₀)ᵀ P₀ (θ* − μ₀):
///
/// ```text
/// Σ τ²μ/(1 + τ²μ) = distance/τ²
/// ```
///
/// The left side, the number of directions that the data settle, grows with τ, and the right side falls: there is one
/// solution. `None` where there is none: nothing is settled by the data, or the point is the prior's mean.
pub fn best_scale(relative: &[f64], distance: f64) -> Option<f64> {
    let excess = |log: f64| {
        let square = f64::exp(2.0 * log);
        let settled: f64 = relative
            .iter()
            .map(|mu| square * mu / (1.0 + square * mu))
            .sum();
        settled - distance / square
    };
    let (mut low, mut high) = (-50.0, 50.0);
    if !(distance > 0.0 && excess(low) < 0.0 && excess(high) > 0.0) {
        return None;
    }
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        match excess(middle) < 0.0 {
            true => low = middle,
            false => high = middle,
        }
    }
    Some((0.5 * (low + high)).exp())
}
