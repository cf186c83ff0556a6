//! −ln of the averaged probability of the label.

use crate::score::{About, Better, Outcomes, Score, Unit, Weighted, mean};

/// The mean of −ln p(label), p averaged over the draws of the weights.
pub struct Nll;

impl Score for Nll {
    fn about(&self) -> &'static About {
        &About {
            name: "nll",
            what: "-ln of the label's averaged probability, nats",
            scheme: None,
            source: "Good 1952",
            unit: Unit::Nats,
            better: Better::Lower,
        }
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        outcomes
            .of_classes()
            .then(|| mean(outcomes.predicted.nll.clone()))
    }
}
