//! The mean absolute error of the predicted median.

use super::by_example;
use crate::score::{About, Better, Outcomes, Score, Unit, Weighted, mean};

/// The mean of |median − target|: the median of a distribution is what makes it least (Gneiting 2011).
pub struct Mae;

impl Score for Mae {
    fn about(&self) -> &'static About {
        &About {
            name: "mae",
            what: "mean absolute error of the median, in the target's units",
            scheme: Some("of the median of the mixture over the draws"),
            source: "Gneiting 2011",
            unit: Unit::Target,
            better: Better::Lower,
        }
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        let medians = &outcomes.predicted.medians;
        if !outcomes.of_numbers() || medians.is_empty() {
            return None;
        }
        let pairs = medians.iter().zip(&outcomes.targets);
        let errors = pairs.map(|(median, target)| (median - target).abs());
        Some(mean(by_example(outcomes, errors)))
    }
}
