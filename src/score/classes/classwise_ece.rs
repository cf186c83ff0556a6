//! The calibration error of the probability of every class, not only of the likeliest.

use super::{BINS, bin_of};
use crate::likelihood::Classes;
use crate::score::{About, Better, Outcomes, Score, Unit, Weighted};

/// The calibration error of each class's probability, whether it is the likeliest or not; the mean over the classes.
pub struct ClasswiseEce;

impl Score for ClasswiseEce {
    fn about(&self) -> &'static About {
        &About {
            name: "classwise_ece",
            what: "gap of each class's probability and frequency, mean over classes",
            scheme: Some("15 bins of equal width of every class's probability, all classes alike"),
            source: "Kull et al. 2019",
            unit: Unit::Plain,
            better: Better::Lower,
        }
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        if !outcomes.of_classes() {
            return None;
        }
        let classes = outcomes.predicted.width.max(2);
        // Of every class of an example its bin, and how far its probability is above what came.
        let mut cells: Vec<(u32, f32)> = Vec::with_capacity(outcomes.examples() * classes);
        for example in 0..outcomes.examples() {
            let label = outcomes.label(example);
            let row = Classes::all(outcomes.predicted.row(example));
            cells.extend(row.iter().enumerate().map(|(class, p)| {
                let came = f64::from(u8::from(class == label));
                ((class * BINS + bin_of(*p)) as u32, (p - came) as f32)
            }));
        }
        Some(Box::new(move |weights| {
            let mut bins = vec![0.0; classes * BINS];
            for (cells, weight) in cells.chunks_exact(classes).zip(weights) {
                if *weight != 0.0 {
                    for (bin, gap) in cells {
                        bins[*bin as usize] += weight * f64::from(*gap);
                    }
                }
            }
            let all: f64 = weights.iter().sum();
            bins.iter().map(|gap| gap.abs()).sum::<f64>() / (all * classes as f64)
        }))
    }
}
