//! The interval score: how wide an interval is, and how far targets lie outside of it.

use super::{NINETY, by_example};
use crate::likelihood::INTERVALS;
use crate::score::{About, Better, Outcomes, Score, Unit, Weighted, mean};

/// The mean of `(u − l) + 2/α (l − y)₊ + 2/α (y − u)₊`, l and u the ends of the central interval of probability 1 − α =
/// 0.9.
pub struct IntervalScore;

impl Score for IntervalScore {
    fn about(&self) -> &'static About {
        &About {
            name: "interval_score",
            what: "width of the 90 % interval and 20 × how far targets lie outside",
            scheme: Some("of the central 90 % interval: the penalty is 2/0.1 = 20"),
            source: "Gneiting and Raftery 2007",
            unit: Unit::Target,
            better: Better::Lower,
        }
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        let ends = &outcomes.predicted.ends;
        if !outcomes.of_numbers() || ends.is_empty() {
            return None;
        }
        let penalty = 2.0 / (1.0 - INTERVALS[NINETY]);
        let score = |(ends, y): (&[[f64; 2]; INTERVALS.len()], &f64)| {
            let [low, high] = ends[NINETY];
            high - low + penalty * ((low - y).max(0.0) + (y - high).max(0.0))
        };
        let pairs = ends.iter().zip(&outcomes.targets);
        Some(mean(by_example(outcomes, pairs.map(score))))
    }
}
