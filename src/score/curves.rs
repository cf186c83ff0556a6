//! Curves that pictures of scores are made of, as plain numbers.

use super::Outcomes;
use crate::data::random::Stream;
use rayon::prelude::*;

/// The key of the draws of labels.
const SEED: u64 = 0xCA11;

/// Examples whose likeliest class has a probability within some range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReliabilityBin {
    /// The range: from above its lower end up to its upper one, the first with its lower end.
    pub edges: [f64; 2],
    /// How many examples there are.
    pub count: usize,
    /// The mean probability of the likeliest class; not a number without examples.
    pub confidence: f64,
    /// The share of the examples of which it is the right one; not a number without examples.
    pub accuracy: f64,
}

/// The likeliest class's probability beside how often it is right, in so many bins of equal width. `None` of other
/// outcomes than classes with their labels.
pub fn reliability(outcomes: &Outcomes, bins: usize) -> Option<Vec<ReliabilityBin>> {
    if !outcomes.of_classes() {
        return None;
    }
    let mut sums = vec![(0usize, 0.0, 0.0); bins];
    for example in 0..outcomes.examples() {
        let p = outcomes.predicted.top(example).1;
        let bin = &mut sums[((p * bins as f64).ceil() as usize).clamp(1, bins) - 1];
        bin.0 += 1;
        bin.1 += p;
        bin.2 += f64::from(u8::from(outcomes.is_right(example)));
    }
    let bin = |(at, (count, says, right)): (usize, (usize, f64, f64))| ReliabilityBin {
        edges: [at as f64 / bins as f64, (at + 1) as f64 / bins as f64],
        count,
        confidence: says / count as f64,
        accuracy: right / count as f64,
    };
    Some(sums.into_iter().enumerate().map(bin).collect())
}

/// A point of the calibration curve without bins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibratedPoint {
    /// The likeliest class's probability.
    pub confidence: f64,
    /// How often it is right by isotonic regression.
    pub accuracy: f64,
    /// Between what that lies in 90 % of all cases if the probabilities are true.
    pub band: [f64; 2],
    /// How many examples are as sure.
    pub count: usize,
}

/// The calibration curve without bins of Dimitriadis, Gneiting and Jordan 2021 (CORP): how often the likeliest class is
/// right as the best function of its probability that never falls (isotonic regression by pooling adjacent violators), and a
/// consistency band: the 5 % and 95 % quantiles at each probability of the curves of so many `resamples` of labels that
/// are right with just these probabilities. One point for each probability there is, at most `most` of them, the first
/// and the last among them.
pub fn calibration(
    outcomes: &Outcomes,
    resamples: usize,
    most: usize,
) -> Option<Vec<CalibratedPoint>> {
    if !outcomes.of_classes() {
        return None;
    }
    let groups = outcomes.by_confidence();
    let counts: Vec<f64> = groups.all().map(|group| group.len() as f64).collect();
    let confidences: Vec<f64> = (groups.all())
        .map(|group| outcomes.predicted.top(group[0]).1)
        .collect();
    let right: Vec<f64> = (groups.all())
        .map(|group| group.iter().filter(|i| outcomes.is_right(**i)).count() as f64)
        .collect();
    let curve = isotonic(&right, &counts);
    let kept: Vec<usize> = thinned(confidences.len(), most);
    let curves: Vec<Vec<f64>> = (0..resamples)
        .into_par_iter()
        .map(|resample| {
            let mut stream = Stream::new(SEED, resample as u64);
            let mut made = |(p, count): (&f64, &f64)| -> f64 {
                let hits = (0..*count as usize).filter(|_| stream.unit() < *p);
                hits.count() as f64
            };
            let right: Vec<f64> = confidences.iter().zip(&counts).map(&mut made).collect();
            let curve = isotonic(&right, &counts);
            kept.iter().map(|at| curve[*at]).collect()
        })
        .collect();
    let band = |place: usize| {
        let mut all: Vec<f64> = curves.iter().map(|curve| curve[place]).collect();
        all.sort_by(f64::total_cmp);
        match all.len() {
            0 => [f64::NAN; 2],
            n => [0.05, 0.95].map(|p| all[(p * (n - 1) as f64).round() as usize]),
        }
    };
    let points = kept.iter().enumerate().map(|(place, &at)| CalibratedPoint {
        confidence: confidences[at],
        accuracy: curve[at],
        band: band(place),
        count: counts[at] as usize,
    });
    Some(points.collect())
}

/// At most `most` places of n, evenly spread, the first and the last among them.
fn thinned(n: usize, most: usize) -> Vec<usize> {
    match n <= most.max(2) {
        true => (0..n).collect(),
        false => {
            let last = (most.max(2) - 1) as f64;
            let at = |i: usize| (i as f64 / last * (n - 1) as f64).round() as usize;
            (0..most.max(2)).map(at).collect()
        }
    }
}

/// The means that never fall and are closest to `sums[i] / counts[i]`, weighted with the counts: adjacent ones that fall
/// are pooled.
fn isotonic(sums: &[f64], counts: &[f64]) -> Vec<f64> {
    // Sum, count and how many of what is given they pool.
    let mut pools: Vec<(f64, f64, usize)> = vec![];
    for (&sum, &count) in sums.iter().zip(counts) {
        let mut pool = (sum, count, 1);
        while let Some(&(s, c, n)) = pools.last() {
            if s * pool.1 < pool.0 * c {
                break;
            }
            pools.pop();
            pool = (pool.0 + s, pool.1 + c, pool.2 + n);
        }
        pools.push(pool);
    }
    let of_pool = |(sum, count, n): (f64, f64, usize)| std::iter::repeat_n(sum / count, n);
    pools.into_iter().flat_map(of_pool).collect()
}

/// The risk–coverage curve: the share of the examples that is accepted, the most confident first, and the share of these
/// that is wrong. A point after each group of equal confidence.
pub fn risk_coverage(outcomes: &Outcomes) -> Option<Vec<[f64; 2]>> {
    if !outcomes.of_classes() {
        return None;
    }
    let n = outcomes.examples() as f64;
    let groups = outcomes.by_confidence();
    let (mut accepted, mut wrong) = (0, 0);
    let point = |group: &[usize]| {
        accepted += group.len();
        wrong += group.iter().filter(|i| !outcomes.is_right(**i)).count();
        [
            f64::from(accepted as u32) / n,
            f64::from(wrong as u32) / f64::from(accepted as u32),
        ]
    };
    Some(groups.all().rev().map(point).collect())
}

/// The probability integral transforms P(Y < target) and P(Y <= target), one after the other by example and entry; the
/// same but of counts.
pub fn pit(outcomes: &Outcomes) -> Option<&[[f64; 2]]> {
    let levels = &outcomes.predicted.levels[..];
    (outcomes.of_numbers() && !levels.is_empty()).then_some(levels)
}

/// How many of the transforms are in each of so many bins from 0 to 1; a count is spread over its jump.
pub fn pit_histogram(outcomes: &Outcomes, bins: usize) -> Option<Vec<f64>> {
    let levels = pit(outcomes)?;
    let upto = |u: f64| {
        levels
            .iter()
            .map(|level| share_below(*level, u))
            .sum::<f64>()
    };
    let edges: Vec<f64> = (0..=bins).map(|at| upto(at as f64 / bins as f64)).collect();
    let mut counts: Vec<f64> = edges.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Of level 0.
    counts[0] += edges[0];
    Some(counts)
}

/// The quantile calibration curve: for each of `steps` + 1 levels from 0 to 1 the level and the share of the targets that lie
/// up to the predicted quantile of that level.
pub fn quantile_calibration(outcomes: &Outcomes, steps: usize) -> Option<Vec<[f64; 2]>> {
    let levels = pit(outcomes)?;
    let n = levels.len() as f64;
    let point = |at: usize| {
        let expected = at as f64 / steps as f64;
        let below = levels.iter().map(|level| share_below(*level, expected));
        [expected, below.sum::<f64>() / n]
    };
    Some((0..=steps).map(point).collect())
}

/// How much of a transform is at most u.
fn share_below([below, upto]: [f64; 2], u: f64) -> f64 {
    match upto - below {
        jump if jump < 1e-9 => f64::from(u8::from(upto <= u)),
        jump => ((u - below) / jump).clamp(0.0, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::tests::{of_classes, of_levels};

    #[test]
    fn falling_neighbours_are_pooled() {
        let curve = isotonic(&[1.0, 0.0, 2.0, 1.0, 3.0], &[1.0, 1.0, 2.0, 2.0, 3.0]);
        assert_eq!(curve, [0.5, 0.5, 0.75, 0.75, 1.0]);
        // The means of both sides are the same.
        let mean: f64 = curve
            .iter()
            .zip([1.0, 1.0, 2.0, 2.0, 3.0])
            .map(|(x, n)| x * n)
            .sum();
        assert_eq!(mean, 7.0);
        assert_eq!(isotonic(&[2.0, 1.0, 0.0], &[2.0; 3]), [0.5; 3]);
    }

    fn made(true_p: impl Fn(f64) -> f64) -> Outcomes {
        let mut stream = Stream::new(3, 0);
        let ps: Vec<f64> = (0..2000).map(|_| 0.5 + 0.5 * stream.unit()).collect();
        let labels: Vec<usize> = (ps.iter())
            .map(|p| usize::from(stream.unit() >= true_p(*p)))
            .collect();
        let rows: Vec<[f64; 2]> = ps.iter().map(|p| [*p, 1.0 - p]).collect();
        let rows: Vec<&[f64]> = rows.iter().map(|row| &row[..]).collect();
        of_classes(&rows, &labels)
    }

    /// The band holds the curve of true probabilities nearly everywhere, and not that of others.
    #[test]
    fn the_band_tells_calibrated_probabilities_from_others() {
        let inside = |outcomes: &Outcomes| {
            let points = calibration(outcomes, 100, 50).unwrap();
            assert_eq!(points.len(), 50);
            let within = |p: &&CalibratedPoint| p.band[0] <= p.accuracy && p.accuracy <= p.band[1];
            points.iter().filter(within).count()
        };
        assert!(inside(&made(|p| p)) >= 40);
        assert!(inside(&made(|p| 0.5 + 0.4 * (p - 0.5))) < 20);
    }

    #[test]
    fn bins_and_coverage_count_examples() {
        let outcomes = of_classes(&[&[0.9, 0.1], &[0.95, 0.05], &[0.4, 0.6]], &[0, 1, 1]);
        let bins = reliability(&outcomes, 10).unwrap();
        let counts: Vec<usize> = bins.iter().map(|bin| bin.count).collect();
        assert_eq!(counts, [0, 0, 0, 0, 0, 1, 0, 0, 1, 1]);
        assert_eq!((bins[8].accuracy, bins[8].confidence), (1.0, 0.9));
        assert!(bins[0].accuracy.is_nan());
        let curve = risk_coverage(&outcomes).unwrap();
        let third = 1.0 / 3.0;
        assert_eq!(curve, [[third, 1.0], [2.0 * third, 0.5], [1.0, third]]);
    }

    #[test]
    fn transforms_are_counted_whole_or_in_parts() {
        let outcomes = of_levels(&[[0.0; 2], [0.4; 2], [0.4, 0.9], [1.0; 2]]);
        let counts = pit_histogram(&outcomes, 2).unwrap();
        assert!((counts[0] - 2.2).abs() < 1e-12 && (counts[1] - 1.8).abs() < 1e-12);
        let curve = quantile_calibration(&outcomes, 2).unwrap();
        assert_eq!((curve[0], curve[2]), ([0.0, 0.25], [1.0, 1.0]));
        assert!((curve[1][1] - 0.55).abs() < 1e-12);
    }
}
