//! Whether predictive distributions are as wide, and probabilities as sure, as they should be: in words, and only
//! where the number of examples allows to say so.

use crate::likelihood::{Bin, ClassTally, Coverage, Score, ScoreValue, Tally};
use serde::Serialize;

/// Standard errors that a score may be off by chance.
const ERRORS: f64 = 3.0;
/// What nobody cares about, however many examples show it.
const SLIGHT: f64 = 0.01;
/// Where chance alone makes more, nothing is said of scores that are within it: few examples fit nearly anything.
const VAGUE: f64 = 0.2;

/// What is to be said of some scores.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Verdicts {
    /// Of each interval of the coverage; none where nothing can be said.
    pub coverage: Vec<Option<&'static str>>,
    /// Of classes.
    pub calibration: Option<Calibration>,
}

/// How sure predictions of classes are, beside how often they are right.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// The mean probability of the likeliest class.
    pub says: f64,
    /// The share of the examples of which it is the right one.
    pub right: f64,
    /// In words.
    pub verdict: &'static str,
}

/// Judges predictions with these sums and the scores that they make.
pub(super) fn judge(tally: &Tally, scores: &[Score]) -> Verdicts {
    let covered = scores.iter().find_map(|score| match &score.value {
        ScoreValue::Coverage(all) => Some(all),
        _ => None,
    });
    match tally {
        Tally::Classes(tally) => Verdicts {
            calibration: Some(calibration(tally)),
            ..Verdicts::default()
        },
        Tally::Numbers(tally) => Verdicts {
            coverage: covered.map_or(vec![], |all| {
                let width = |one| width(one, tally.examples(), tally.has_steps());
                all.iter().map(width).collect()
            }),
            calibration: None,
        },
    }
}

/// Whether intervals are wider or narrower than they say.
fn width(coverage: &Coverage, examples: usize, counts: bool) -> Option<&'static str> {
    let p = coverage.interval;
    let by_chance = (ERRORS * (p * (1.0 - p) / examples as f64).sqrt()).max(SLIGHT);
    match coverage.covered - p {
        off if off < -by_chance => Some("too narrow"),
        _ if counts => None,
        off if off > by_chance => Some("too wide"),
        _ if by_chance > VAGUE => None,
        _ => Some("fits"),
    }
}

/// Chance is that of so many examples, however many places each has: the places of an image are right and wrong
/// together.
fn calibration(tally: &ClassTally) -> Calibration {
    let (n, bins) = (tally.count() as f64, tally.bins());
    let places = n / tally.examples() as f64;
    let variance = |bin: &Bin| places * bin.variance;
    let sum = |of: &dyn Fn(&Bin) -> f64| bins.iter().map(of).sum::<f64>();
    let (right, says) = (sum(&|b| b.right) / n, sum(&|b| b.says) / n);
    let by_chance = (ERRORS * sum(&variance).sqrt() / n).max(SLIGHT);
    // Calibrated probabilities have an ece above 0: the mean of |noise| in each bin, and three deviations of it.
    let half = std::f64::consts::FRAC_2_PI;
    let ece = sum(&|b| (b.right - b.says).abs()) / n;
    let ece_by_chance = sum(&|b| (half * variance(b)).sqrt()) / n
        + (ERRORS * sum(&|b| (1.0 - half) * variance(b)).sqrt() / n).max(SLIGHT);
    let verdict = match says - right {
        gap if gap > by_chance => "overconfident",
        gap if gap < -by_chance => "underconfident",
        _ if by_chance > VAGUE => "too few examples to say",
        _ if ece > ece_by_chance => "right on average, but not at every probability",
        _ => "fits",
    };
    Calibration {
        says,
        right,
        verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::likelihood::{Axes, Bernoulli, Likelihood, Predictive, TargetKind};

    #[test]
    fn an_interval_is_judged_by_how_many_examples_there_are() {
        let of = |covered, examples| {
            width(
                &Coverage {
                    interval: 0.5,
                    covered,
                },
                examples,
                false,
            )
        };
        // Three standard errors: 0.15 of 100 examples, 0.015 of 10,000; and at least 1 %.
        assert_eq!(of(0.649, 100), Some("fits"));
        assert_eq!(of(0.65, 10_000), Some("too wide"));
        assert_eq!(of(0.351, 100), Some("fits"));
        assert_eq!(of(0.34, 100), Some("too narrow"));
        assert_eq!(of(0.509, 1_000_000), Some("fits"));
        // Of 20 examples chance makes 0.34: a quarter in place of a half says nothing, one of 20 does.
        assert_eq!((of(0.25, 20), of(0.05, 20)), (None, Some("too narrow")));
        let counts = |covered| {
            width(
                &Coverage {
                    interval: 0.5,
                    covered,
                },
                10_000,
                true,
            )
        };
        assert_eq!((counts(0.9), counts(0.1)), (None, Some("too narrow")));
    }

    /// `n` examples of a binary target whose class 1 is said to have probability p, and has it in a share of them.
    fn of(all: &[(f64, f64)], n: usize) -> Calibration {
        let mean: Vec<f64> = all.iter().flat_map(|(p, _)| vec![*p; n]).collect();
        let predicted = Predictive {
            examples: mean.len(),
            draws: 1,
            width: 1,
            mean,
            ..Predictive::default()
        };
        let right = |i: usize| ((i % n) as f64) < all[i / n].1 * n as f64;
        let mut tally = Bernoulli.summary(&TargetKind::Binary).tally();
        tally.add(&predicted, &|i, _| f64::from(u8::from(right(i))));
        judge(&tally, &[]).calibration.unwrap()
    }

    /// 100 images that are right or wrong as a whole: as many places as one likes say no more.
    #[test]
    fn places_of_an_image_are_not_examples() {
        let kind = |places: usize| match Axes::new(&[places, 1]) {
            Some(axes) if places > 1 => TargetKind::Binaries(axes),
            _ => TargetKind::Binary,
        };
        let of = |p: f64, right: usize, places: usize| {
            let predicted = Predictive {
                examples: 100,
                draws: 1,
                width: 1,
                mean: vec![p; 100 * places],
                ..Predictive::default()
            };
            let mut tally = Bernoulli.summary(&kind(places)).tally();
            tally.add(&predicted, &|i, _| f64::from(u8::from(i < right)));
            judge(&tally, &[]).calibration.unwrap()
        };
        for (p, right, verdict) in [(0.83, 74, "fits"), (0.83, 60, "overconfident")] {
            for places in [1, 4096] {
                let found = of(p, right, places);
                assert_eq!(found.verdict, verdict, "{places}");
                assert!((found.right - right as f64 / 100.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn confidence_is_held_against_how_often_it_is_right() {
        let over = of(&[(0.83, 0.71)], 1000);
        assert_eq!(over.verdict, "overconfident");
        assert!((over.says - 0.83).abs() < 1e-9 && (over.right - 0.71).abs() < 1e-9);
        assert_eq!(of(&[(0.83, 0.74)], 100).verdict, "fits");
        assert_eq!(of(&[(0.83, 0.71)], 20).verdict, "too few examples to say");
        assert_eq!(of(&[(0.83, 0.95)], 1000).verdict, "underconfident");
        assert_eq!(of(&[(0.83, 0.83)], 1000).verdict, "fits");
        let uneven = of(&[(0.95, 0.8), (0.6, 0.75)], 1000);
        assert_eq!(
            uneven.verdict,
            "right on average, but not at every probability"
        );
    }
}
