//! −ln of the averaged probability or density of the target.

use crate::score::{About, Better, Outcomes, Score, Unit, Weighted, mean};

/// The mean of −ln p(target), p averaged over the draws of the weights.
pub struct Nll;

impl Score for Nll {
    fn about(&self) -> &'static About {
        &About {
            name: "nll",
            what: "-ln of the target's averaged probability or density, nats",
            scheme: None,
            source: "Good 1952",
            unit: Unit::Nats,
            better: Better::Lower,
        }
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        let nll = &outcomes.predicted.nll;
        (nll.len() == outcomes.examples()).then(|| mean(nll.clone()))
    }
}
