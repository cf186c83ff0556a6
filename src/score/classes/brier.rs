//! The squared error of the probabilities.

use crate::score::{About, Better, Outcomes, Score, Unit, Weighted, mean};

/// The mean of Σ over the classes of (p − 1 or 0)²; of a binary target (probability of a 1 − target)².
pub struct Brier;

impl Score for Brier {
    fn about(&self) -> &'static About {
        &About {
            name: "brier",
            what: "squared error of the probabilities, summed over classes",
            scheme: Some(
                "summed over all classes, from 0 to 2; of a binary target that of class 1 alone, from 0 to 1",
            ),
            source: "Brier 1950",
            unit: Unit::Plain,
            better: Better::Lower,
        }
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        let of_example = |example: usize| {
            let label = outcomes.label(example);
            let is = |class: usize| f64::from(u8::from(class == label));
            match outcomes.predicted.row(example) {
                [p] => (p - is(1)).powi(2),
                row => row.iter().zip(0..).map(|(p, k)| (p - is(k)).powi(2)).sum(),
            }
        };
        outcomes
            .of_classes()
            .then(|| mean((0..outcomes.examples()).map(of_example).collect()))
    }
}
