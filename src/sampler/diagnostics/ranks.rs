//! Ranks of draws, and the normal scores of ranks.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

/// Replaces every draw by the normal score of its rank r among all S draws: Φ⁻¹((r − 3/8)/(S + 1/4)) (Blom 1958). Equal
/// draws have the mean of their ranks.
pub(super) fn normal_scores(chains: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let all = chains.concat();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|a, b| all[*a].total_cmp(&all[*b]));
    let mut scores = vec![0.0; all.len()];
    let mut start = 0;
    for equal in order.chunk_by(|a, b| all[*a] == all[*b]) {
        let end = start + equal.len();
        let rank = (start + 1 + end) as f64 / 2.0;
        let score = normal_quantile((rank - 0.375) / (all.len() as f64 + 0.25));
        equal.iter().for_each(|place| scores[*place] = score);
        start = end;
    }
    let mut scores = scores.into_iter();
    let chain = |chain: &Vec<f64>| scores.by_ref().take(chain.len()).collect();
    chains.iter().map(chain).collect()
}

/// Φ⁻¹(p): Hastings' approximation (Abramowitz and Stegun 26.2.23), made exact by three steps of Newton's method.
fn normal_quantile(p: f64) -> f64 {
    let tail = p.min(1.0 - p);
    let t = (-2.0 * tail.ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut z = above / below - t;
    for _ in 0..3 {
        let density = (-0.5 * z * z).exp() / TAU.sqrt();
        z -= (0.5 * libm::erfc(-z * FRAC_1_SQRT_2) - tail) / density;
    }
    if p < 0.5 { z } else { -z }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_inverse_of_the_distribution_function() {
        for z in (-50..=50).map(|i| f64::from(i) / 10.0) {
            let tail = 0.5 * libm::erfc(z.abs() * FRAC_1_SQRT_2);
            let p = if z < 0.0 { tail } else { 1.0 - tail };
            let found = normal_quantile(p);
            // 1 − p has 16 digits after the point alone.
            let allowed = if z <= 0.0 { 1e-13 } else { 1e-9 };
            assert!((found - z).abs() < allowed, "{found} for {z}");
        }
    }

    #[test]
    fn equal_draws_share_the_mean_of_their_ranks() {
        let scores = normal_scores(&[vec![3.0, 1.0], vec![3.0, 2.0]]).concat();
        assert_eq!(scores[0], scores[2]);
        let middle = normal_quantile((3.5 - 0.375) / 4.25);
        assert_eq!(scores[0], middle);
        assert_eq!(scores[1], normal_quantile(0.625 / 4.25));
    }
}
