//! How wide the central predictive intervals are.

use super::by_example;
use crate::likelihood::INTERVALS;
use crate::score::{About, Better, Outcomes, Score, Unit, Weighted, mean};

/// The mean width of the central interval of this place in [`INTERVALS`].
pub struct Width(pub usize);

const fn about(name: &'static str, what: &'static str) -> About {
    About {
        name,
        what,
        scheme: Some("between quantiles of the mixture over the draws"),
        source: "Gneiting, Balabdaoui and Raftery 2007",
        unit: Unit::Target,
        better: Better::Neither,
    }
}

static ABOUT: [About; INTERVALS.len()] = [
    about(
        "width_50",
        "mean width of the 50 % interval, in the target's units",
    ),
    about(
        "width_90",
        "mean width of the 90 % interval, in the target's units",
    ),
    about(
        "width_95",
        "mean width of the 95 % interval, in the target's units",
    ),
];

impl Score for Width {
    fn about(&self) -> &'static About {
        &ABOUT[self.0]
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        let ends = &outcomes.predicted.ends;
        if !outcomes.of_numbers() || ends.is_empty() {
            return None;
        }
        let width = |ends: &[[f64; 2]; INTERVALS.len()]| ends[self.0][1] - ends[self.0][0];
        Some(mean(by_example(outcomes, ends.iter().map(width))))
    }
}
