//! Scores of targets with a value at each of several places: of sums by example, as predictions are not all kept.

use super::{ALL, About, Better, Measured, Outcomes, Resamples, Score, Unit, Weighted};
use crate::likelihood::{INTERVALS, ScoreValue, Summary, Tally};

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
    let rows = drawn.rows(|resample| of(&drawn.weights(resample)));
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

/// The scores of always predicting, at each place of so many examples, the frequencies of the classes, or the normal
/// distribution of the numbers' mean and standard deviation: those of `targets`, all places of all examples, NaN where one
/// has no value.
pub fn baseline_of_places(
    summary: &Summary,
    examples: usize,
    targets: impl Iterator<Item = f64>,
) -> Vec<Measured> {
    let targets = targets.filter(|y| !y.is_nan());
    let found = match summary {
        Summary::Classes(classes) => of_frequencies(classes.probabilities, examples, targets),
        Summary::Numbers(_) => of_moments(examples, targets),
    };
    let measured = |(name, value)| {
        Some(Measured {
            about: about(name)?,
            value,
            replicates: vec![],
        })
    };
    let finite = found.into_iter().filter(|(_, value)| value.is_finite());
    finite.filter_map(measured).collect()
}

fn of_frequencies(
    probabilities: usize,
    examples: usize,
    targets: impl Iterator<Item = f64>,
) -> Vec<(&'static str, f64)> {
    let mut counts = vec![0.0; probabilities.max(2)];
    targets.for_each(|label| counts[label as usize] += 1.0);
    let all: f64 = counts.iter().sum();
    let there: Vec<f64> = (counts.iter())
        .filter(|count| **count > 0.0)
        .map(|count| count / all)
        .collect();
    let most = there.iter().copied().fold(0.0, f64::max);
    let entropy: f64 = there.iter().map(|p| -p * p.ln()).sum();
    let brier = 1.0 - there.iter().map(|p| p * p).sum::<f64>();
    vec![
        ("accuracy", most),
        // One class has all its places and those of the others; these have none.
        ("mean_iou", most / there.len() as f64),
        ("nll", all / examples as f64 * entropy),
        (
            "brier",
            if probabilities == 1 {
                brier / 2.0
            } else {
                brier
            },
        ),
    ]
}

fn of_moments(examples: usize, targets: impl Iterator<Item = f64>) -> Vec<(&'static str, f64)> {
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for y in targets {
        count += 1.0;
        let off = y - mean;
        mean += off / count;
        squares += off * (y - mean);
    }
    let variance: f64 = squares / count;
    let nll = 0.5 * ((std::f64::consts::TAU * variance).ln() + 1.0);
    vec![
        ("rmse", variance.sqrt()),
        ("nll", count / examples as f64 * nll),
    ]
}

fn about(name: &str) -> Option<&'static About> {
    let mut all = ALL.iter().map(|score| score.about());
    all.find(|about| about.name == name)
}

/// The single numbers that sums make.
fn numbers(sums: &Tally) -> Vec<(&'static About, f64)> {
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
    use crate::likelihood::{Classes, Likelihood, Normal, Predictive, TargetKind};

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

    #[test]
    fn frequencies_of_places_are_a_baseline() {
        let summary = Summary::Classes(Classes {
            probabilities: 3,
            places: 4,
        });
        let labels = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
        let missing = [f64::NAN; 4];
        let found = baseline_of_places(&summary, 3, labels.into_iter().chain(missing));
        let of = |name: &str| found.iter().find(|m| m.about.name == name).unwrap().value;
        assert_eq!(
            (of("accuracy"), of("mean_iou"), of("brier")),
            (0.75, 0.375, 0.375)
        );
        let entropy = -(0.75f64 * 0.75f64.ln() + 0.25 * 0.25f64.ln());
        // Eight places of three examples.
        assert!((of("nll") - 8.0 / 3.0 * entropy).abs() < 1e-15);
        let normal = Normal.summary(&TargetKind::Real(2));
        let found = baseline_of_places(&normal, 2, [1.0, 3.0, 1.0, 3.0].into_iter());
        assert_eq!((found[0].about.name, found[0].value), ("rmse", 1.0));
        let nll = 2.0 * 0.5 * (std::f64::consts::TAU.ln() + 1.0);
        assert!((found[1].value - nll).abs() < 1e-15);
        // All the same: a density without bound is not told.
        let same = baseline_of_places(&normal, 2, [2.0; 4].into_iter());
        assert_eq!(same.len(), 1);
    }
}
