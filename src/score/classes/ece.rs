//! The expected calibration error with bins of equal width.

use super::{BINS, bin_of};
use crate::score::{About, Better, Outcomes, Score, Unit, Weighted};

/// The mean of |accuracy − probability| over the bins of the likeliest class's probability, weighted with their
/// examples.
pub struct Ece;

impl Score for Ece {
    fn about(&self) -> &'static About {
        &About {
            name: "ece",
            what: "gap of confidence and accuracy, 15 bins of equal width",
            scheme: Some("15 bins of equal width of the likeliest class's probability"),
            source: "Guo et al. 2017",
            unit: Unit::Plain,
            better: Better::Lower,
        }
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        if !outcomes.of_classes() {
            return None;
        }
        let gaps: Vec<(usize, f64)> = (0..outcomes.examples())
            .map(|example| {
                let p = outcomes.predicted.top(example).1;
                (bin_of(p), outcomes.gap(example))
            })
            .collect();
        Some(Box::new(move |weights| {
            let mut bins = [0.0; BINS];
            for ((bin, gap), weight) in gaps.iter().zip(weights) {
                bins[*bin] += weight * gap;
            }
            bins.iter().map(|gap| gap.abs()).sum::<f64>() / weights.iter().sum::<f64>()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::tests::{of_classes, value};

    /// Most bins are empty; probabilities of exactly 0 and 1 have the first and the last.
    #[test]
    fn bins_may_be_empty_and_probabilities_exact() {
        let one = of_classes(&[&[1.0, 0.0], &[0.0, 1.0], &[0.4, 0.6]], &[0, 0, 1]);
        // The last bin: 1 of 2 right where both are said to be; the ninth: one right, said 0.6.
        assert!((value(&Ece, &one) - (1.0 + 0.4) / 3.0).abs() < 1e-15);
        let certain = of_classes(&[&[1.0, 0.0]], &[0]);
        assert_eq!(value(&Ece, &certain), 0.0);
    }
}
