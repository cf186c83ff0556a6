//! What holds of all scores: that they are those of other programs, and what adds up.

use super::*;
use crate::likelihood::{Classes, Likelihood, Normal, Predictive, Summary, TargetKind};

/// Probabilities of classes with their labels, from one draw.
pub(super) fn of_classes(rows: &[&[f64]], labels: &[usize]) -> Outcomes {
    let width = rows[0].len();
    let row_and_label = rows.iter().zip(labels);
    let nll: Vec<f64> = row_and_label
        .map(|(row, label)| match row {
            [p] if *label == 0 => -(1.0 - p).ln(),
            [p] => -p.ln(),
            row => -row[*label].ln(),
        })
        .collect();
    let mut predicted = Predictive {
        examples: rows.len(),
        draws: 1,
        width,
        mean: rows.concat(),
        expected_nll: nll.clone(),
        nll,
        ..Predictive::default()
    };
    predicted.within = (0..rows.len()).map(|row| predicted.entropy(row)).collect();
    Outcomes {
        summary: Summary::Classes(Classes {
            probabilities: width,
            places: 1,
        }),
        predicted,
        targets: labels.iter().map(|label| *label as f64).collect(),
    }
}

/// Means of one draw's distributions, and targets, of one entry each.
pub(super) fn of_reals(means: &[f64], targets: &[f64]) -> Outcomes {
    Outcomes {
        summary: Normal.summary(&TargetKind::Real(1)),
        predicted: Predictive {
            examples: means.len(),
            draws: 1,
            width: 1,
            mean: means.to_vec(),
            within: vec![1.0; means.len()],
            between: vec![0.0; means.len()],
            ..Predictive::default()
        },
        targets: targets.to_vec(),
    }
}

/// Where targets of one entry lie in their distributions.
pub(super) fn of_levels(levels: &[[f64; 2]]) -> Outcomes {
    let zeros = vec![0.0; levels.len()];
    let mut outcomes = of_reals(&zeros, &zeros);
    outcomes.predicted.levels = levels.to_vec();
    outcomes
}

/// A score of these outcomes.
pub(super) fn value(score: &dyn Score, outcomes: &Outcomes) -> f64 {
    let whole = vec![1.0; outcomes.examples()];
    score.of(outcomes).expect("it is one of these")(&whole)
}

/// A score by its name.
pub(super) fn number(found: &[Measured], name: &str) -> f64 {
    let score = found.iter().find(|score| score.about.name == name);
    score.unwrap_or_else(|| panic!("no {name}")).value
}

#[test]
fn names_are_known_once() {
    let names: Vec<_> = ALL.iter().map(|score| score.about().name).collect();
    for (at, name) in names.iter().enumerate() {
        assert!(!names[..at].contains(name), "{name}");
    }
}

#[test]
fn one_example_has_every_score_and_an_interval_of_one_point() {
    let found = measure(&of_classes(&[&[0.7, 0.2, 0.1]], &[1]), 20);
    assert_eq!(found.len(), 13);
    for score in &found {
        assert!(score.value.is_finite(), "{}", score.about.name);
        assert_eq!(
            score.interval(),
            Some([score.value; 2]),
            "{}",
            score.about.name
        );
    }
    assert_eq!(number(&found, "accuracy"), 0.0);
    assert!((number(&found, "ece") - 0.7).abs() < 1e-15);
    assert_eq!(number(&found, "aurc"), 1.0);
    assert_eq!(number(&found, "augrc"), 0.5);
}

/// A label that has no probability has an infinite nll: nothing else is.
#[test]
fn probabilities_of_exactly_0_and_1_are_scored() {
    let found = measure(&of_classes(&[&[0.0, 1.0], &[1.0, 0.0]], &[1, 1]), 0);
    assert_eq!(number(&found, "nll"), f64::INFINITY);
    assert_eq!(
        (number(&found, "accuracy"), number(&found, "brier")),
        (0.5, 1.0)
    );
    assert_eq!(
        (number(&found, "entropy"), number(&found, "ece")),
        (0.0, 0.5)
    );
    assert_eq!(number(&found, "accuracy_at_80_coverage"), 0.5);
}

/// A binary target is one of two classes, but for its Brier score.
#[test]
fn binary_targets_are_two_classes() {
    let ps = [0.9, 0.2, 0.5, 0.7];
    let one: Vec<[f64; 1]> = ps.map(|p| [p]).to_vec();
    let two: Vec<[f64; 2]> = ps.map(|p| [1.0 - p, p]).to_vec();
    let one: Vec<&[f64]> = one.iter().map(|row| &row[..]).collect();
    let two: Vec<&[f64]> = two.iter().map(|row| &row[..]).collect();
    let labels = [1, 1, 0, 0];
    let (one, two) = (
        measure(&of_classes(&one, &labels), 5),
        measure(&of_classes(&two, &labels), 5),
    );
    for (a, b) in one.iter().zip(&two) {
        let factor = if a.about.name == "brier" { 2.0 } else { 1.0 };
        assert!(
            (a.value * factor - b.value).abs() < 1e-12,
            "{}",
            a.about.name
        );
        assert_eq!(a.replicates.len(), b.replicates.len());
    }
}

/// Entropy is its two parts.
#[test]
fn the_parts_of_the_entropy_add_up() {
    let summary = Summary::Classes(Classes {
        probabilities: 3,
        places: 1,
    });
    let draws = [
        [[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.3, 0.4, 0.3]],
        [[1.0 / 3.0; 3]; 3],
    ];
    let mut predicted = summary.begin(2, 3);
    for (place, rows) in draws.iter().enumerate() {
        for (draw, row) in rows.iter().enumerate() {
            summary.add(&mut predicted, place, draw, row);
        }
    }
    summary.finish(&mut predicted);
    let outcomes = Outcomes {
        summary,
        predicted,
        targets: vec![],
    };
    let found = measure(&outcomes, 0);
    let sum = number(&found, "aleatoric_entropy") + number(&found, "mutual_information");
    assert!((sum - number(&found, "entropy")).abs() < 1e-14);
    assert!(number(&found, "mutual_information") > 0.01);
    // Draws that agree have nothing between them.
    assert!(outcomes.predicted.mutual_information(1) < 1e-15);
}

/// Two runs on the same examples have the same resamples: a run has no difference to itself, and an interval of the
/// difference is narrower than those of its parts.
#[test]
fn differences_are_paired() {
    let rows: Vec<[f64; 2]> = (0..200)
        .map(|i| [0.5 + 0.002 * f64::from(i), 0.5 - 0.002 * f64::from(i)])
        .collect();
    let rows: Vec<&[f64]> = rows.iter().map(|row| &row[..]).collect();
    let labels: Vec<usize> = (0..200).map(|i| usize::from(i % 3 == 0)).collect();
    let (mut worse, better) = (of_classes(&rows, &labels), of_classes(&rows, &labels));
    worse.predicted.nll.iter_mut().for_each(|nll| *nll += 0.01);
    let (worse, better) = (measure(&worse, 100), measure(&better, 100));
    for (a, b) in worse.iter().zip(&better) {
        let difference = a.minus(b);
        let expected = if a.about.name == "nll" { 0.01 } else { 0.0 };
        let [low, high] = difference.interval().unwrap();
        assert!((low - expected).abs() < 1e-12 && (high - expected).abs() < 1e-12);
    }
}
