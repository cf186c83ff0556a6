//! Scores of targets with a value at each of several places: of sums by example, as predictions are not all kept.

use super::{ALL, About, Better, Measured, Outcomes, Resamples, Score, Unit, Weighted};
use crate::likelihood::{INTERVALS, ScoreValue, Tally};

/// The mean over the classes of intersection over union; of places alone.
pub struct MeanIou;

impl Score for MeanIou {
    fn about(&self) -> &'static About {
        &About {
            name: "mean_iou",
            what: "overlap of a class's places with those predicted as it, mean over the classes",
            scheme: Some(
                "of the classes that are there or predicted, over all places of all examples",
            ),
            source: "Everingham et al. 2010",
            unit: Unit::Share,
            better: Better::Higher,
        }
    }

    fn of<'a>(&self, _: &'a Outcomes) -> Option<Weighted<'a>> {
        None
    }
}

/// Every score of some examples, each with its own sums, and of so many resamples of them: examples are drawn, with all
/// their places.
pub fn measure_tallies(tallies: &[Tally], resamples: usize) -> Vec<Measured> {
    let Some(first) = tallies.first() else {
        return vec![];
    };
    let of = |weights: &[f64]| -> Vec<(&'static About, f64)> {
        let mut sums = first.clone();
        // Dense again, and empty.
        sums.clear();
        for (tally, weight) in tallies.iter().zip(weights) {
            if *weight > 0.0 {
                sums.add_tally(tally, *weight as usize);
            }
        }
        numbers(&sums)
    };
    let whole = of(&vec![1.0; tallies.len()]);
    let drawn = Resamples::new(tallies.len(), resamples);
    let rows = Resamples::rows(resamples, |resample| of(&drawn.weights(resample)));
    let measured = whole.iter().map(|(about, value)| Measured {
        about,
        value: *value,
        replicates: (rows.iter())
            .map(|row| {
                let same = row.iter().find(|(other, _)| other.name == about.name);
                same.map_or(f64::NAN, |(_, value)| *value)
            })
            .collect(),
    });
    measured.collect()
}

/// The single numbers that sums make.
fn numbers(sums: &Tally) -> Vec<(&'static About, f64)> {
    let about = |name: &str| {
        let mut all = ALL.iter().map(|score| score.about());
        all.find(|about| about.name == name)
    };
    let mut found = vec![];
    for score in sums.scores() {
        match score.value {
            ScoreValue::Share(x) | ScoreValue::Number(x) => {
                found.extend(about(score.name).map(|about| (about, x)));
            }
            ScoreValue::Coverage(all) => {
                for (coverage, interval) in all.iter().zip(INTERVALS) {
                    let name = format!("coverage_{}", interval * 100.0);
                    found.extend(about(&name).map(|about| (about, coverage.covered)));
                }
            }
            ScoreValue::Entries(_) | ScoreValue::Shares(_) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::likelihood::{Classes, Predictive, Summary};

    /// Images of two places that are right or wrong as a whole: the interval is that of as many examples, not of places.
    #[test]
    fn images_are_drawn_whole() {
        let of = |places: usize| {
            let summary = Summary::Classes(Classes {
                probabilities: 2,
                places,
            });
            let image = |example: usize| {
                let predicted = Predictive {
                    examples: 1,
                    draws: 1,
                    width: 2,
                    mean: [0.8, 0.2].repeat(places),
                    within: vec![0.1; places],
                    nll: vec![0.3; places],
                    ..Predictive::default()
                };
                let mut tally = summary.tally();
                tally.add(&predicted, &|_, _| {
                    f64::from(u8::from(example.is_multiple_of(4)))
                });
                tally.compact()
            };
            let images: Vec<Tally> = (0..40).map(image).collect();
            measure_tallies(&images, 200)
        };
        let (two, many) = (of(2), of(64));
        let accuracy = |all: &[Measured]| {
            all.iter()
                .find(|m| m.about.name == "accuracy")
                .cloned()
                .unwrap()
        };
        assert_eq!(accuracy(&two).value, 0.75);
        let [low, high] = accuracy(&two).interval().unwrap();
        assert!(low < 0.7 && high > 0.8);
        assert_eq!(accuracy(&two).interval(), accuracy(&many).interval());
        assert!(two.iter().any(|m| m.about.name == "mean_iou"));
    }
}
