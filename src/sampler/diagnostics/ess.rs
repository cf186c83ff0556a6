//! Effective sample sizes: how many independent draws would be as good.
//!
//! S draws of m chains of n are worth S/τ, τ = −1 + 2 Σ_t ρ_t. The autocorrelation ρ_t at lag t is
//! 1 − (W − mean of the chains' autocovariances at t)/V, with W the mean of the chains' variances and
//! V = (n − 1)/n·W + the variance of the chains' means. The sum ends before the first pair ρ_2k + ρ_2k+1 below 0, and pairs
//! are made to fall (Geyer 1992, "Practical Markov chain Monte Carlo").

use super::ranks::normal_scores;
use super::{is_valid, map, mean, quantile, split, variance};

/// The draws' effective size for means and medians: of the normal scores of their ranks. Needs four draws a chain.
pub fn ess_bulk(chains: &[Vec<f64>]) -> f64 {
    if !is_valid(chains, 1) {
        return f64::NAN;
    }
    of_chains(&normal_scores(&split(chains)))
}

/// The smaller one of the draws' effective sizes for the 5 % and the 95 % quantile. Needs four draws a chain.
pub fn ess_tail(chains: &[Vec<f64>]) -> f64 {
    if !is_valid(chains, 1) {
        return f64::NAN;
    }
    let of_quantile = |p: f64| {
        let limit = quantile(chains, p);
        of_chains(&split(&map(chains, |x| f64::from(x <= limit))))
    };
    of_quantile(0.05).min(of_quantile(0.95))
}

/// The draws' effective size for their mean, without ranks. Needs four draws a chain.
pub fn effective_sample_size(chains: &[Vec<f64>]) -> f64 {
    if !is_valid(chains, 1) {
        return f64::NAN;
    }
    of_chains(&split(chains))
}

fn of_chains(chains: &[Vec<f64>]) -> f64 {
    let n = chains[0].len();
    let size = (chains.len() * n) as f64;
    let all = || chains.iter().flatten();
    let range = all().fold(f64::MIN, |a, b| a.max(*b)) - all().fold(f64::MAX, |a, b| a.min(*b));
    if range < 1e-15 {
        return size;
    }
    let means: Vec<f64> = chains.iter().map(|chain| mean(chain)).collect();
    let autocovariance = |lag: usize| {
        let one = |(chain, mean): (&Vec<f64>, &f64)| {
            let pairs = chain.iter().zip(&chain[lag..]);
            pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / n as f64
        };
        chains.iter().zip(&means).map(one).sum::<f64>() / chains.len() as f64
    };
    let n_minus_1 = n as f64 - 1.0;
    let within = autocovariance(0) * n as f64 / n_minus_1;
    let mut total = within * n_minus_1 / n as f64;
    if chains.len() > 1 {
        total += variance(&means);
    }
    let correlation = |lag: usize| 1.0 - (within - autocovariance(lag)) / total;

    // The initial positive sequence. `pair` is the last one that was computed.
    let mut rho = vec![1.0, correlation(1)];
    let mut pair = [rho[0], rho[1]];
    let mut lag = 1;
    while lag + 3 < n && pair[0] + pair[1] > 0.0 {
        pair = [correlation(lag + 1), correlation(lag + 2)];
        lag += 2;
        rho.extend(if pair[0] + pair[1] >= 0.0 {
            pair
        } else {
            [0.0; 2]
        });
    }
    // The last pair counts with its even entry alone, and that only above 0.
    let kept = lag - 1;
    let last = if pair[0] > 0.0 { pair[0] } else { rho[kept] };

    // The initial monotone sequence.
    for t in (1..kept.saturating_sub(2)).step_by(2) {
        let before = rho[t - 1] + rho[t];
        if rho[t + 1] + rho[t + 2] > before {
            (rho[t + 1], rho[t + 2]) = (before / 2.0, before / 2.0);
        }
    }
    let tau = -1.0 + 2.0 * rho[..kept].iter().sum::<f64>() + last;
    if tau.is_nan() {
        return tau;
    }
    size / tau.max(1.0 / size.log10())
}
