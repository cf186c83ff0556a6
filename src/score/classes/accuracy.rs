//! How often the likeliest class is right.

use crate::score::{About, Better, Outcomes, Score, Unit, Weighted, mean};

/// The share of the examples whose likeliest class is the right one.
pub struct Accuracy;

impl Score for Accuracy {
    fn about(&self) -> &'static About {
        &About {
            name: "accuracy",
            what: "of the examples have the right class as the likeliest",
            scheme: None,
            source: "",
            unit: Unit::Share,
            better: Better::Higher,
        }
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        let right = |example| f64::from(u8::from(outcomes.is_right(example)));
        outcomes
            .of_classes()
            .then(|| mean((0..outcomes.examples()).map(right).collect()))
    }
}
