//! Mixtures of normal distributions in equal parts: what draws of the weights come to under a Normal
//! likelihood. Their distribution function is known in closed form, their quantiles to a float64's
//! last digits.

use std::f64::consts::FRAC_1_SQRT_2;

/// What is worked out of each real target's predictive distribution besides its moments. It is a mixture
/// of normal distributions under a Normal likelihood alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mixtures {
    /// Nothing.
    Unknown,
    /// Where the target lies in it.
    Levels,
    /// That, and quantiles.
    Quantiles,
}

/// The quantiles of a prediction file.
pub const QUANTILES: [(&str, f64); 3] = [("q05", 0.05), ("q50", 0.5), ("q95", 0.95)];

/// The central intervals whose coverage is told.
pub const INTERVALS: [f64; 3] = [0.5, 0.9, 0.95];

/// A normal distribution: its mean and standard deviation.
pub type Normal = (f64, f64);

/// P(Y <= y) under the mixture of `parts`.
pub fn level(parts: &[Normal], y: f64) -> f64 {
    let of = |&(mean, deviation): &Normal| match deviation > 0.0 {
        true => 0.5 * libm::erfc((mean - y) / deviation * FRAC_1_SQRT_2),
        // All of it at one place.
        false => f64::from(u8::from(y >= mean)),
    };
    parts.iter().map(of).sum::<f64>() / parts.len() as f64
}

/// The least y with P(Y <= y) >= `p` under the mixture of `parts`, by bisection.
pub fn quantile(parts: &[Normal], p: f64) -> f64 {
    // The normal distribution's p-quantile lies within 40 standard deviations for every p of a float64.
    let ends = |sign: f64| parts.iter().map(move |(mean, d)| mean + sign * 40.0 * d);
    let mut low = ends(-1.0).fold(f64::INFINITY, f64::min);
    let mut high = ends(1.0).fold(f64::NEG_INFINITY, f64::max);
    let mut numbers = parts.iter().flat_map(|(mean, d)| [*mean, *d]);
    // Bisection between ends that are none would not end.
    if !numbers.all(f64::is_finite) || !low.is_finite() || !high.is_finite() {
        return f64::NAN;
    }
    if low >= high {
        return low;
    }
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return high;
        }
        match level(parts, middle) >= p {
            true => high = middle,
            false => low = middle,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_and_levels_undo_each_other() {
        let parts = [(1.0, 0.5), (-3.0, 2.0), (40.0, 0.01)];
        for p in [0.001, 0.05, 0.2, 0.5, 0.9, 0.999] {
            let y = quantile(&parts, p);
            assert!((level(&parts, y) - p).abs() < 1e-12, "{p}: {y}");
        }
        // 1.6448536269514722 is the 95 % quantile of N(0, 1).
        let y = quantile(&[(2.0, 3.0)], 0.95);
        assert!(
            (y - (2.0 + 3.0 * 1.644_853_626_951_472_2)).abs() < 1e-12,
            "{y}"
        );
        assert_eq!(quantile(&[(2.0, 0.0); 3], 0.4), 2.0);
        for part in [(f64::NAN, 1.0), (0.0, f64::INFINITY), (f64::INFINITY, 1.0)] {
            assert!(quantile(&[part, (0.0, 1.0)], 0.4).is_nan(), "{part:?}");
        }
        assert_eq!(level(&[(2.0, 0.0), (3.0, 0.0)], 2.5), 0.5);
    }

    /// Against draws: a part, and then a number of it.
    #[test]
    fn levels_are_those_of_a_sample() {
        let parts = [(0.0, 1.0), (5.0, 0.3), (5.5, 2.0), (-2.0, 0.7)];
        let draws = 200_000;
        // Knuth's MMIX generator; its upper bits.
        let mut state = 7u64;
        let mut random = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let mut sample: Vec<f64> = (0..draws)
            .map(|i| {
                let (mean, deviation) = parts[i % parts.len()];
                // Box and Muller 1958.
                let (u, v) = (1.0 - random(), random());
                let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
                mean + deviation * normal
            })
            .collect();
        sample.sort_by(f64::total_cmp);
        for p in [0.05, 0.25, 0.5, 0.75, 0.95] {
            let below = sample.partition_point(|y| *y <= quantile(&parts, p));
            let found = below as f64 / draws as f64;
            // Four standard deviations of a count.
            let most = 4.0 * (p * (1.0 - p) / draws as f64).sqrt();
            assert!((found - p).abs() < most, "{p}: {found}");
        }
    }
}
