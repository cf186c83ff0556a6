//! The calibration of central intervals of every probability: how far their coverage is from it.
//!
//! As uncertainty-toolbox (Chung et al. 2021) defines them, by 100 intervals of the probabilities 0, 1/99, …, 1.

use crate::score::{About, Better, Outcomes, Score, Unit, Weighted};

/// How many intervals are looked at.
const INTERVALS: usize = 100;

fn probability(interval: usize) -> f64 {
    interval as f64 / (INTERVALS - 1) as f64
}

/// By how much of an entry an interval covers more than the one before.
struct More {
    example: usize,
    interval: usize,
    share: f64,
}

/// What every interval covers, for any weights.
fn observed(outcomes: &Outcomes) -> Option<impl Fn(&[f64]) -> [f64; INTERVALS] + Sync> {
    let levels = &outcomes.predicted.levels;
    if !outcomes.of_numbers() || levels.is_empty() {
        return None;
    }
    let entries = outcomes.entries();
    let mut all: Vec<More> = vec![];
    for (at, level) in levels.iter().enumerate() {
        let mut before = 0.0;
        // Nothing is covered by intervals that end before the level nearest to the middle.
        let nearest = 0.5f64.clamp(level[0], level[1]);
        let first = (2.0 * (nearest - 0.5).abs() * (INTERVALS - 1) as f64 - 1e-9).ceil();
        for interval in first.max(0.0) as usize..INTERVALS {
            let share = covered(*level, probability(interval));
            if share > before {
                all.push(More {
                    example: at / entries,
                    interval,
                    share: (share - before) / entries as f64,
                });
                before = share;
            }
            if before >= 1.0 {
                break;
            }
        }
    }
    Some(move |weights: &[f64]| {
        let mut shares = [0.0; INTERVALS];
        for more in &all {
            shares[more.interval] += weights[more.example] * more.share;
        }
        let whole: f64 = weights.iter().sum();
        let mut sum = 0.0;
        for share in &mut shares {
            sum += *share / whole;
            *share = sum;
        }
        shares
    })
}

/// The part of a target's mass between its levels that lies in the central interval.
fn covered([below, upto]: [f64; 2], probability: f64) -> f64 {
    let (low, high) = (0.5 - probability / 2.0, 0.5 + probability / 2.0);
    match upto - below {
        // Rounding leaves 1 − 1e-16 outside of nothing.
        jump if jump < 1e-9 => f64::from(u8::from(low - 1e-12 <= upto && upto <= high + 1e-12)),
        jump => ((upto.min(high) - below.max(low)) / jump).clamp(0.0, 1.0),
    }
}

/// The root of the mean over the intervals of (coverage − probability)².
pub struct RmsCalibrationError;

impl Score for RmsCalibrationError {
    fn about(&self) -> &'static About {
        &About {
            name: "rms_calibration_error",
            what: "typical gap of an interval's coverage and probability",
            scheme: Some("100 central intervals of probabilities 0, 1/99, ..., 1"),
            source: "Kuleshov, Fenner and Ermon 2018",
            unit: Unit::Plain,
            better: Better::Lower,
        }
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        let observed = observed(outcomes)?;
        Some(Box::new(move |weights| {
            let shares = observed(weights);
            let pairs = shares.iter().enumerate();
            let squares = pairs.map(|(at, share)| (share - probability(at)).powi(2));
            (squares.sum::<f64>() / INTERVALS as f64).sqrt()
        }))
    }
}

/// The area between the curve of coverage by probability and the diagonal.
pub struct MiscalibrationArea;

impl Score for MiscalibrationArea {
    fn about(&self) -> &'static About {
        &About {
            name: "miscalibration_area",
            what: "area between coverage and probability of all intervals, 0 to 0.5",
            scheme: Some(
                "100 central intervals of probabilities 0, 1/99, ..., 1, straight lines between",
            ),
            source: "Chung et al. 2021",
            unit: Unit::Plain,
            better: Better::Lower,
        }
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        let observed = observed(outcomes)?;
        Some(Box::new(move |weights| {
            let shares = observed(weights);
            let off = |at: usize| shares[at] - probability(at);
            let areas = (1..INTERVALS).map(|at| between(off(at - 1), off(at)));
            areas.sum::<f64>() / (INTERVALS - 1) as f64
        }))
    }
}

/// The area of |a line from a to b| over a length of 1.
fn between(a: f64, b: f64) -> f64 {
    match a * b < 0.0 {
        // It crosses 0.
        true => (a * a + b * b) / (2.0 * (a.abs() + b.abs())),
        false => (a.abs() + b.abs()) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::tests::{of_levels, value};

    #[test]
    fn a_line_through_0_has_two_triangles() {
        assert_eq!(between(1.0, -1.0), 0.5);
        assert_eq!(between(0.25, 0.5), 0.375);
        assert_eq!(between(0.0, 0.0), 0.0);
    }

    /// A count whose jump is everything is covered by as much of it as an interval is: calibrated. Levels that are all 0 are in no
    /// interval but the whole.
    #[test]
    fn jumps_are_covered_in_part_and_extreme_levels_at_the_end() {
        let whole = of_levels(&[[0.0, 1.0]]);
        assert!(value(&RmsCalibrationError, &whole) < 1e-12);
        assert!(value(&MiscalibrationArea, &whole) < 1e-12);
        for end in [0.0, 1.0] {
            let far = of_levels(&[[end; 2]]);
            let area = value(&MiscalibrationArea, &far);
            assert!((area - 0.49).abs() < 0.006, "{area}");
            assert!(observed(&far).unwrap()(&[1.0])[INTERVALS - 1] == 1.0);
        }
    }
}
