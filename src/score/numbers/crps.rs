//! The continuous ranked probability score.

use super::by_example;
use crate::score::{About, Better, Outcomes, Score, Unit, Weighted, mean};

/// The mean of ∫ (F(x) − [x >= target])² dx, F the distribution function of the mixture over the draws.
pub struct Crps;

impl Score for Crps {
    fn about(&self) -> &'static About {
        &About {
            name: "crps",
            what: "distance of the whole distribution to the target, in its units",
            scheme: Some("of the mixture over the draws, not of a sample"),
            source: "Gneiting and Raftery 2007",
            unit: Unit::Target,
            better: Better::Lower,
        }
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        let crps = &outcomes.predicted.crps;
        let known = outcomes.of_numbers() && !crps.is_empty();
        known.then(|| mean(by_example(outcomes, crps.iter().copied())))
    }
}
