//! Every score against established programs, on predictions that `tests/fixtures/scores.py` made.

use bnnc::likelihood::{self, Classes, Detail, Predictive, Summary, TargetKind};
use bnnc::score::{self, Outcomes, curves, ood};
use serde_json::Value;

fn fixture() -> Value {
    serde_json::from_str(include_str!("../fixtures/scores.json")).expect("JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    let all = value.as_array().expect("an array").iter();
    all.map(|x| x.as_f64().expect("a number")).collect()
}

fn classes(made: &Value) -> Outcomes {
    let rows: Vec<Vec<f64>> = made["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(numbers)
        .collect();
    let targets = numbers(&made["labels"]);
    let width = rows[0].len();
    let summary = Summary::Classes(Classes {
        probabilities: width,
        places: 1,
    });
    let mut predicted = summary.begin(rows.len(), 1);
    for (place, row) in rows.iter().enumerate() {
        summary.add(&mut predicted, place, 0, row);
    }
    summary.finish(&mut predicted);
    let pairs = rows.iter().zip(&targets);
    let probability = |(row, label): (&Vec<f64>, &f64)| match (&row[..], *label as usize) {
        ([p], label) => {
            if label == 1 {
                *p
            } else {
                1.0 - p
            }
        }
        (row, label) => row[label],
    };
    predicted.nll = pairs.map(|pair| -probability(pair).ln()).collect();
    Outcomes {
        summary,
        predicted,
        targets,
    }
}

/// One draw of normal distributions; their moments, levels, ends and CRPS are found as in an evaluation.
fn normals(made: &Value) -> Outcomes {
    let [mean, std, targets] = ["mean", "std", "targets"].map(|key| numbers(&made[key]));
    let normal = likelihood::find("Normal").unwrap();
    let summary = normal.summary(&TargetKind::Real(1));
    let mut predicted = summary.begin(mean.len(), 1);
    let mut nll = vec![];
    for place in 0..mean.len() {
        let row = [mean[place], std[place].powi(2)];
        summary.add(&mut predicted, place, 0, &row);
        let target = |_| targets[place];
        summary.locate(&mut predicted, &row, Detail::Scores, Some(&target));
        let z = (targets[place] - mean[place]) / std[place];
        nll.push(0.5 * z * z + std[place].ln() + 0.5 * std::f64::consts::TAU.ln());
    }
    summary.finish(&mut predicted);
    predicted.nll = nll;
    Outcomes {
        summary,
        predicted,
        targets,
    }
}

/// Every score that a program has of these outcomes is found, and is the same.
fn agree(name: &str, outcomes: &Outcomes, expected: &Value) {
    let found = score::measure(outcomes, 0);
    for (score, expected) in expected.as_object().expect("scores") {
        let measured = found.iter().find(|m| m.about.name == score);
        let value = measured
            .unwrap_or_else(|| panic!("{name} has no {score}"))
            .value;
        let expected = expected.as_f64().expect("a number");
        // Calibration errors of torchmetrics are in float32.
        assert!(
            (value - expected).abs() < 1e-6 * expected.abs().max(0.1),
            "{name}: {score} is {value}, expected {expected}"
        );
    }
}

#[test]
fn scores_of_classes_are_those_of_scikit_learn_and_torchmetrics() {
    let fixture = fixture();
    for name in ["classes", "binary", "ties"] {
        agree(name, &classes(&fixture[name]), &fixture[name]["scores"]);
    }
}

#[test]
fn scores_of_numbers_are_those_of_uncertainty_toolbox_and_properscoring() {
    let made = &fixture()["numbers"];
    agree("numbers", &normals(made), &made["scores"]);
}

/// Mixtures of every shape of distribution, integrated by properscoring.
#[test]
fn the_crps_of_mixtures_is_the_integral() {
    for row in fixture()["crps"].as_array().unwrap() {
        let name = row["likelihood"].as_str().unwrap();
        let summary = likelihood::find(name)
            .unwrap()
            .summary(&TargetKind::Real(1));
        let parts: Vec<Vec<f64>> = row["parts"]
            .as_array()
            .unwrap()
            .iter()
            .map(numbers)
            .collect();
        let y = row["y"].as_f64().unwrap();
        let mut located = Predictive::default();
        summary.locate(&mut located, &parts.concat(), Detail::Scores, Some(&|_| y));
        let (found, expected) = (located.crps[0], row["crps"].as_f64().unwrap());
        assert!(
            (found - expected).abs() < 2e-4,
            "{name} at {y}: {found}, expected {expected}"
        );
    }
}

/// Of uncertainties with ties; the curve has the area that the score is.
#[test]
fn detection_is_that_of_scikit_learn() {
    let made = &fixture()["detection"];
    let side = |key: &str| {
        // 1 − the likeliest class's probability is the number.
        let of = |u: f64| vec![1.0 - u / 2.0, u / 2.0];
        let rows: Vec<Vec<f64>> = numbers(&made[key]).into_iter().map(of).collect();
        let labels = vec![0; rows.len()];
        classes(&serde_json::json!({ "rows": rows, "labels": labels }))
    };
    let (inside, outside) = (side("inside"), side("outside"));
    let found = ood::detect(&inside, &outside, 0);
    let names: Vec<&str> = found.iter().map(|one| one.by.name).collect();
    assert_eq!(
        names,
        ["entropy", "mutual_information", "maximum_probability"]
    );
    for (score, (name, expected)) in [(0, "auroc"), (1, "aupr"), (2, "fpr95")]
        .map(|(at, name)| (at, (name, made["scores"][name].as_f64().unwrap())))
    {
        let measured = &found[2].scores[score];
        assert_eq!(measured.about.name, name);
        assert!(
            (measured.value - expected).abs() < 1e-12,
            "{name}: {}",
            measured.value
        );
    }
    let by = &found[2];
    let curve = curves::detection(&by.by.of(&inside), &by.by.of(&outside));
    let area: f64 = (curve.windows(2))
        .map(|pair| (pair[1][0] - pair[0][0]) * (pair[0][1] + pair[1][1]) / 2.0)
        .sum();
    assert!((area - by.scores[0].value).abs() < 1e-12);
}
