//! How often targets lie in their central predictive intervals.

use super::by_example;
use crate::likelihood::{INTERVALS, is_covered};
use crate::score::{About, Better, Outcomes, Score, Unit, Weighted, mean};

/// The share of the targets in the central interval of this place in [`INTERVALS`].
pub struct Coverage(pub usize);

const fn about(name: &'static str, what: &'static str) -> About {
    About {
        name,
        what,
        scheme: Some("a count lies in an interval whose end it is"),
        source: "Gneiting, Balabdaoui and Raftery 2007",
        unit: Unit::Share,
        better: Better::Neither,
    }
}

static ABOUT: [About; INTERVALS.len()] = [
    about("coverage_50", "of targets in the 50 % interval"),
    about("coverage_90", "of targets in the 90 % interval"),
    about("coverage_95", "of targets in the 95 % interval"),
];

impl Score for Coverage {
    fn about(&self) -> &'static About {
        &ABOUT[self.0]
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        let levels = &outcomes.predicted.levels;
        if !outcomes.of_numbers() || levels.is_empty() {
            return None;
        }
        let interval = INTERVALS[self.0];
        let covered = move |level: &[f64; 2]| f64::from(u8::from(is_covered(level, interval)));
        Some(mean(by_example(outcomes, levels.iter().map(covered))))
    }
}
