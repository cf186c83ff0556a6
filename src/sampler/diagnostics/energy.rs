//! E-BFMI: how well drawing the momentum explores the energies.

use super::variance;

/// The energy's Bayesian fraction of missing information: the mean square of the energies' changes from one transition to
/// the next, beside their variance. Betancourt 2016, "Diagnosing suboptimal cotangent disintegrations in Hamiltonian
/// Monte Carlo"; below 0.3 the tails are explored too slowly. `energies` are those of one chain.
pub fn energy_bfmi(energies: &[f64]) -> f64 {
    let changes = energies.windows(2).map(|pair| (pair[1] - pair[0]).powi(2));
    let mean = changes.sum::<f64>() / (energies.len() as f64 - 1.0);
    mean / variance(energies)
}
