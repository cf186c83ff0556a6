//! R-hat: how much chains differ, beside how much each varies.

use super::ranks::normal_scores;
use super::{is_valid, map, mean, quantile, split, variance};

/// Rank-normalised split R-hat: the larger one of the draws' and of their distances from the median. 1 if all halves of
/// all chains have the same distribution; Vehtari et al. 2021 trust draws below 1.01. Needs two chains of four draws.
pub fn r_hat(chains: &[Vec<f64>]) -> f64 {
    if !is_valid(chains, 2) {
        return f64::NAN;
    }
    let halves = split(chains);
    let median = quantile(&halves, 0.5);
    let folded = map(&halves, |x| (x - median).abs());
    of_chains(&normal_scores(&halves)).max(of_chains(&normal_scores(&folded)))
}

/// √((B/W + n − 1)/n), with n draws a chain, B the variance between the chains' means times n, W the mean of their
/// variances.
fn of_chains(chains: &[Vec<f64>]) -> f64 {
    let n = chains[0].len() as f64;
    let means: Vec<f64> = chains.iter().map(|chain| mean(chain)).collect();
    let variances: Vec<f64> = chains.iter().map(|chain| variance(chain)).collect();
    let between = n * variance(&means);
    ((between / mean(&variances) + n - 1.0) / n).sqrt()
}
