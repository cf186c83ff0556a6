//! The typical error of the predicted mean.

use super::by_example;
use crate::score::{About, Better, Outcomes, Score, Unit, Weighted, mean};

/// The root of the mean squared error of the mixture's mean, over all entries.
pub struct Rmse;

impl Score for Rmse {
    fn about(&self) -> &'static About {
        &About {
            name: "rmse",
            what: "typical error of the mean, in the target's units",
            scheme: Some("of the mean of the mixture over the draws"),
            source: "",
            unit: Unit::Target,
            better: Better::Lower,
        }
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        if !outcomes.of_numbers() {
            return None;
        }
        let pairs = outcomes.predicted.mean.iter().zip(&outcomes.targets);
        let squares = pairs.map(|(mean, target)| (mean - target).powi(2));
        let squares = mean(by_example(outcomes, squares));
        Some(Box::new(move |weights| squares(weights).sqrt()))
    }
}
