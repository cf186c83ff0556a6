//! The expected calibration error with bins of equally many examples.

use super::BINS;
use crate::score::{About, Better, Outcomes, Score, Unit, Weighted};

/// As the expected calibration error, with bins that hold equally many examples each: where most examples are as sure,
/// bins of equal width hold nearly all of them in one.
pub struct EceEqualMass;

impl Score for EceEqualMass {
    fn about(&self) -> &'static About {
        &About {
            name: "ece_equal_mass",
            what: "gap of confidence and accuracy, 15 bins of as many examples",
            scheme: Some(
                "15 bins of equal mass of the likeliest class's probability; equal ones share the bin of their middle",
            ),
            source: "Nguyen and O'Connor 2015",
            unit: Unit::Plain,
            better: Better::Lower,
        }
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        if !outcomes.of_classes() {
            return None;
        }
        let groups = outcomes.by_confidence();
        let gaps: Vec<f64> = (0..outcomes.examples()).map(|i| outcomes.gap(i)).collect();
        Some(Box::new(move |weights| {
            let all: f64 = weights.iter().sum();
            let mut bins = [0.0; BINS];
            let mut before = 0.0;
            for group in groups.all() {
                let (mut mass, mut gap) = (0.0, 0.0);
                for &example in group {
                    mass += weights[example];
                    gap += weights[example] * gaps[example];
                }
                let middle = (before + mass / 2.0) / all;
                bins[((middle * BINS as f64) as usize).min(BINS - 1)] += gap;
                before += mass;
            }
            bins.iter().map(|gap| gap.abs()).sum::<f64>() / all
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::tests::{of_classes, value};

    /// Whatever their order, examples of one confidence are in one bin.
    #[test]
    fn equal_confidences_share_a_bin() {
        let rows: Vec<&[f64]> = vec![&[0.75, 0.25]; 30];
        let labels: Vec<usize> = (0..30).map(|i| usize::from(i < 9)).collect();
        // 21 of 30 right, where three quarters are said to be.
        let found = value(&EceEqualMass, &of_classes(&rows, &labels));
        assert!((found - 0.05).abs() < 1e-15, "{found}");
    }
}
