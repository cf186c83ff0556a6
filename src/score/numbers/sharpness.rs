//! How narrow predictive distributions are.

use super::by_example;
use crate::score::{About, Better, Outcomes, Score, Unit, Weighted, mean};

/// The root of the mean of the mixtures' variances. None where a variance is infinite.
pub struct Sharpness;

impl Score for Sharpness {
    fn about(&self) -> &'static About {
        &About {
            name: "sharpness",
            what: "typical standard deviation predicted, in the target's units",
            scheme: Some("the root of the mean variance, as uncertainty-toolbox has it"),
            source: "Kuleshov, Fenner and Ermon 2018",
            unit: Unit::Target,
            better: Better::Neither,
        }
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        if !outcomes.of_numbers() {
            return None;
        }
        let parts = outcomes.predicted.within.iter();
        let variances = parts.zip(&outcomes.predicted.between).map(|(a, e)| a + e);
        let variances = by_example(outcomes, variances);
        let finite = variances.iter().all(|x| x.is_finite());
        let variances = mean(variances);
        finite.then(|| Box::new(move |weights: &[f64]| variances(weights).sqrt()) as Weighted)
    }
}
