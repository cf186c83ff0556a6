//! How far the values of many networks spread: their standard deviation, or, where a few networks make
//! up most of it, half the width of the middle 68 % (which is the standard deviation of a normal).

use serde::Serialize;

/// The values of one network that are kept to sort.
const KEPT: usize = 2048;

/// The share of all squares from which on one network makes the standard deviation.
const ONE_NETWORK: f64 = 0.25;

/// What is kept of the values of one network.
#[derive(Debug, Clone, Default)]
pub struct Values {
    count: f64,
    sum: f64,
    squares: f64,
    kept: Vec<f64>,
}

impl Values {
    /// Of these.
    pub fn of(values: &[f64]) -> Self {
        // An odd step comes to each channel, whose numbers are mostly even.
        let step = values.len().div_ceil(KEPT) | 1;
        Values {
            count: values.len() as f64,
            sum: values.iter().sum(),
            squares: values.iter().map(|x| x * x).sum(),
            kept: values.iter().step_by(step).copied().collect(),
        }
    }
}

/// How far values spread.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, over networks, examples and units.
    pub sd: f64,
    /// Half the width of the middle 68.27 %.
    pub central: f64,
    /// Their 5th, 50th and 95th percentile.
    pub quantiles: [f64; 3],
    /// Whether the standard deviation says nothing: it is infinite under the prior, or one network makes
    /// up more than a quarter of it.
    pub heavy: bool,
}

impl Spread {
    /// Of the values of all networks; `infinite` where the prior is known to have no standard deviation.
    pub fn new<'a>(networks: impl Iterator<Item = &'a Values> + Clone, infinite: bool) -> Self {
        let of = |part: fn(&Values) -> f64| networks.clone().map(part);
        let count: f64 = of(|v| v.count).sum();
        let mean = of(|v| v.sum).sum::<f64>() / count;
        let squares: Vec<f64> = of(|v| v.squares).collect();
        let mut sorted: Vec<f64> = networks.flat_map(|v| &v.kept).copied().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let quantile = |p: f64| quantile(&sorted, p);
        let sd = (squares.iter().sum::<f64>() / count - mean * mean)
            .max(0.0)
            .sqrt();
        Spread {
            mean,
            sd,
            central: 0.5 * (quantile(0.841_344_75) - quantile(0.158_655_25)),
            quantiles: [0.05, 0.5, 0.95].map(quantile),
            heavy: infinite || !sd.is_finite() || one_dominates(&squares),
        }
    }

    /// The number that says how far: the standard deviation if it means anything.
    pub fn typical(&self) -> f64 {
        if self.heavy { self.central } else { self.sd }
    }
}

/// Whether one network makes up more than a quarter of the sum of all networks' squares. With few networks,
/// one of them always is a good part.
pub fn one_dominates(squares: &[f64]) -> bool {
    let limit = ONE_NETWORK.max(4.0 / squares.len() as f64);
    squares.iter().copied().fold(0.0, f64::max) > limit * squares.iter().sum::<f64>()
}

/// By linear interpolation; of sorted numbers.
pub fn quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let at = p * last as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Stream;

    fn spread(networks: u64, scale: impl Fn(u64) -> f64, infinite: bool) -> Spread {
        let network = |draw: u64| {
            let mut values = vec![0.0; 3000];
            Stream::new(1, draw, 0, 0).fill_normal(0, &mut values);
            values.iter_mut().for_each(|x| *x = 1.0 + scale(draw) * *x);
            Values::of(&values)
        };
        let networks: Vec<Values> = (0..networks).map(network).collect();
        Spread::new(networks.iter(), infinite)
    }

    #[test]
    fn of_a_normal_both_say_its_standard_deviation() {
        // 300,000 values: the error of an sd of 2 is 2/√600,000 = 0.0026, that of the middle's width
        // of 100,000 kept ones 0.006.
        let spread = spread(100, |_| 2.0, false);
        let upper = 1.0 + 2.0 * 1.644_854;
        for (found, exact, error) in [
            (spread.mean, 1.0, 0.015),
            (spread.sd, 2.0, 0.012),
            (spread.central, 2.0, 0.03),
            (spread.quantiles[2], upper, 0.05),
        ] {
            assert!((found - exact).abs() < error, "{spread:?}");
        }
        assert!(!spread.heavy && spread.typical() == spread.sd);
    }

    #[test]
    fn one_network_does_not_speak_for_all() {
        let one = spread(100, |draw| if draw == 7 { 100.0 } else { 2.0 }, false);
        assert!(one.heavy && one.sd > 9.0, "{one:?}");
        assert!((one.typical() - 2.0).abs() < 0.06, "{one:?}");
        assert!(spread(100, |_| 2.0, true).heavy);
        // Of three networks each is a third.
        assert!(!spread(3, |_| 2.0, false).heavy);
    }

    #[test]
    fn quantiles_are_between_the_numbers() {
        let sorted = [0.0, 1.0, 2.0, 4.0];
        assert_eq!(
            [0.0, 0.5, 1.0].map(|p| quantile(&sorted, p)),
            [0.0, 1.5, 4.0]
        );
        assert!(quantile(&[], 0.5).is_nan());
    }
}
