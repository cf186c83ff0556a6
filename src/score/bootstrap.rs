//! The bootstrap: how far a score would be another on other examples of the same kind.
//!
//! Efron 1979: each resample draws n of the n examples with replacement; the interval goes by the percentiles (Efron and
//! Tibshirani 1993, section 13.3), moved by the resamples' bias (`interval`). Resample r is a function of n and r, so that runs that are scored on
//! the same examples have the same resamples.

use crate::data::random::Stream;
use rayon::prelude::*;

/// Resamples of an interval.
pub const RESAMPLES: usize = 1000;
/// What an interval covers.
const LEVEL: f64 = 0.95;
/// The key of the draws.
const SEED: u64 = 0xB007;

/// How often each of some examples is drawn, for each of some resamples.
#[derive(Debug, Clone, Copy)]
pub struct Resamples {
    examples: usize,
    count: usize,
    seed: u64,
}

impl Resamples {
    /// Of so many examples.
    pub fn new(examples: usize, count: usize) -> Self {
        Resamples {
            examples,
            count,
            seed: SEED,
        }
    }

    /// Of so many examples that are drawn independently of those of [`Resamples::new`].
    pub(super) fn beside(examples: usize, count: usize) -> Self {
        Resamples {
            seed: SEED + 1,
            ..Resamples::new(examples, count)
        }
    }

    /// The weights of one resample.
    pub fn weights(&self, resample: usize) -> Vec<f64> {
        let mut weights = vec![0.0; self.examples];
        let mut stream = Stream::new(self.seed, resample as u64);
        for _ in 0..self.examples {
            weights[stream.below(self.examples as u64) as usize] += 1.0;
        }
        weights
    }

    /// Something of every resample.
    pub(super) fn rows<R: Send>(&self, of: impl Fn(usize) -> R + Sync) -> Vec<R> {
        (0..self.count).into_par_iter().map(&of).collect()
    }

    /// The value of each of some scores on every resample.
    pub fn values<T: Sync>(
        &self,
        scores: &[T],
        value: impl Fn(&T, &[f64]) -> f64 + Sync,
    ) -> Vec<Vec<f64>> {
        let rows: Vec<Vec<f64>> = self.rows(|resample| {
            let weights = self.weights(resample);
            scores.iter().map(|score| value(score, &weights)).collect()
        });
        (0..scores.len())
            .map(|score| rows.iter().map(|row| row[score]).collect())
            .collect()
    }
}

/// The central interval of the values that are numbers, about the score itself; a resample of few examples may lack what
/// a score is of.
///
/// A resample holds examples twice, which raises distances such as calibration errors: their mean over the resamples is
/// above the score, by about as much as the score is above that of infinitely many examples. The interval is moved by
/// this bias, as it is to say how far other examples would move the score, and stays within what was seen.
pub(super) fn interval(value: f64, replicates: &[f64]) -> Option<[f64; 2]> {
    let mut sorted: Vec<f64> = (replicates.iter().copied())
        .filter(|x| !x.is_nan())
        .collect();
    if sorted.is_empty() {
        return None;
    }
    sorted.sort_by(f64::total_cmp);
    let at = |p: f64| {
        let place = p * (sorted.len() - 1) as f64;
        let (low, high) = (
            sorted[place.floor() as usize],
            sorted[place.ceil() as usize],
        );
        match low == high {
            // Infinite ones too.
            true => low,
            false => low + (high - low) * place.fract(),
        }
    };
    let bias = sorted.iter().sum::<f64>() / sorted.len() as f64 - value;
    let bias = if bias.is_finite() { bias } else { 0.0 };
    let (least, most) = (sorted[0].min(value), sorted[sorted.len() - 1].max(value));
    let moved = |p| (at(p) - bias).max(least).min(most);
    Some([moved((1.0 - LEVEL) / 2.0), moved((1.0 + LEVEL) / 2.0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 400 made samples of 60 numbers, the interval of the mean holds the true mean in about 95 %.
    #[test]
    fn an_interval_covers_at_its_level() {
        let (samples, n) = (400, 60);
        let covered = (0..samples).filter(|sample| {
            let mut stream = Stream::new(7, *sample);
            let x: Vec<f64> = (0..n).map(|_| stream.unit()).collect();
            let mean = crate::score::mean(x);
            let value = mean(&vec![1.0; n]);
            let resamples = Resamples::new(n, 400);
            let replicates = resamples.values(&[mean], |f, w| f(w));
            let [low, high] = interval(value, &replicates[0]).unwrap();
            (low..=high).contains(&0.5)
        });
        let share = covered.count() as f64 / samples as f64;
        // Percentile intervals of 60 examples cover a little less than they say.
        assert!((0.91..=0.98).contains(&share), "{share}");
    }

    /// Distances are larger on resamples: the interval is about the score, and never below what a distance may be.
    #[test]
    fn an_interval_is_about_its_score() {
        let replicates: Vec<f64> = (0..=100).map(|i| 0.2 + 0.001 * f64::from(i)).collect();
        let [low, high] = interval(0.2, &replicates).unwrap();
        assert_eq!(low, 0.2);
        assert!((high - 0.2475).abs() < 1e-12, "{high}");
        let [low, high] = interval(0.25, &replicates).unwrap();
        assert!((low - 0.2025).abs() < 1e-12 && (high - 0.2975).abs() < 1e-12);
        assert_eq!(
            interval(f64::INFINITY, &[f64::INFINITY; 9]),
            Some([f64::INFINITY; 2])
        );
        assert_eq!(interval(0.1, &[]), None);
    }
}
