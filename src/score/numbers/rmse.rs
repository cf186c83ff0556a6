//! The typical error of the predicted mean.

use crate::score::{About, Better, Outcomes, Score, Unit, Weighted, mean};

/// The root of the mean squared error of the mixture's mean, over all entries.
pub struct Rmse;

impl Score for Rmse {
    fn about(&self) -> &'static About {
        &About {
            name: "rmse",
            what: "typical error of the mean, in the target's units",
            scheme: None,
            source: "",
            unit: Unit::Target,
            better: Better::Lower,
        }
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        if !outcomes.of_numbers() {
            return None;
        }
        let entries = outcomes.entries();
        let pairs: Vec<f64> = (outcomes.predicted.mean.iter())
            .zip(&outcomes.targets)
            .map(|(mean, target)| (mean - target).powi(2))
            .collect();
        let of_example = |squares: &[f64]| squares.iter().sum::<f64>() / entries as f64;
        let squares = mean(pairs.chunks_exact(entries).map(of_example).collect());
        Some(Box::new(move |weights| squares(weights).sqrt()))
    }
}
