//! Every score against established programs, on predictions that `tests/fixtures/scores.py` made.

use crate::cli::Place;
use bnnc::likelihood::{self, Classes, Detail, Predictive, Summary, TargetKind};
use bnnc::score::{self, Outcomes, ood};
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

/// Mixtures of every shape of distribution, integrated by scipy.
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
            (found - expected).abs() < 1e-6 * expected,
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
        let of = |u: f64| vec![1.0 - u / 3.0, u / 3.0];
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
}

/// The table of docs/scores.md is the registry, and each score has a section.
#[test]
fn the_page_of_scores_is_the_registry() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scores.md");
    let page = std::fs::read_to_string(path).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| [`"));
    let stated: Vec<&str> = rows.collect();
    let known: Vec<String> = (score::ALL.iter())
        .map(|score| {
            let about = score.about();
            let name = about.name;
            let or_none = |text: &'static str| if text.is_empty() { "-" } else { text };
            format!(
                "| [`{name}`](#{name}) | {} | {} | {} | {} |",
                about.unit.word(),
                about.better.word(),
                about.scheme.unwrap_or("-"),
                or_none(about.source)
            )
        })
        .collect();
    assert_eq!(stated, known);
    for score in score::ALL {
        let about = score.about();
        assert!(
            page.contains(&format!("\n### {}\n", about.name)),
            "{}",
            about.name
        );
        // `Good 1952` is one of the sources.
        let source = format!("\n- {}: ", about.source);
        assert!(
            about.source.is_empty() || page.contains(&source),
            "{}",
            about.source
        );
    }
    for about in &ood::ABOUT {
        assert!(page.contains(&format!("\n| `{}` |", about.name)));
        assert!(page.contains(&format!("| {} |", about.source)));
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

const LINE: &str = "model line
input x: real[1]
target y: real
default { prior = Normal(0, 1), posterior = MeanField, estimator = reparameterization }
network { f = dense(1) }
observe y ~ Normal(loc = f, scale = learned(0.5))
objective elbo
";

const KINDS: &str = "model kinds
input x: real[2]
target kind: category[3]
default { prior = Normal(0, 1), posterior = MeanField, estimator = reparameterization }
network { logits = dense(3) }
observe kind ~ Categorical(logits = logits)
objective elbo
";

/// A table of lines with some noise, its held-out rows, and one far away without targets.
fn place() -> Place {
    let place = Place::new();
    let noise = |i: usize| ((i * 7919) % 101) as f64 / 101.0 - 0.5;
    let rows = |from: usize, to: usize| -> String {
        (from..to)
            .map(|i| {
                let x = ((i * 37) % 200) as f64 / 100.0 - 1.0;
                format!("{x},{}\n", 2.0 * x + 0.3 * noise(i))
            })
            .collect()
    };
    std::fs::write(place.path("line.bnn"), LINE).unwrap();
    std::fs::write(place.path("t.csv"), format!("x,y\n{}", rows(0, 200))).unwrap();
    std::fs::write(place.path("new.csv"), format!("x,y\n{}", rows(200, 260))).unwrap();
    std::fs::write(place.path("far.csv"), "x\n50\n60\n-70\n80\n").unwrap();
    std::fs::write(place.path("wide.csv"), "x,z\n1,2\n3,4\n").unwrap();
    let kinds: String = (0..150)
        .map(|i| {
            let (a, b) = (noise(3 * i), noise(5 * i + 1));
            let kind = match (a > 0.1, b > 0.0) {
                (true, _) => 0,
                (_, true) => 1,
                _ => 2,
            };
            format!("{a},{b},{kind}\n")
        })
        .collect();
    std::fs::write(place.path("kinds.bnn"), KINDS).unwrap();
    std::fs::write(place.path("kinds.csv"), format!("a,b,kind\n{kinds}")).unwrap();
    std::fs::write(
        place.path("far_kinds.csv"),
        "a,b,kind\n9,9,red\n-9,12,blue\n0.1,0.2,red\n",
    )
    .unwrap();
    place
}

/// Every number has its interval, which holds it; parts add up; the baseline is there, and no name stands for two numbers.
#[test]
fn evaluate_tells_scores_with_intervals_and_a_baseline() {
    let place = place();
    place.ok("train line.bnn --data t.csv --epochs 30 --batch-size 20 --out line");
    place.ok("train kinds.bnn --data kinds.csv --epochs 30 --batch-size 10 --learning-rate 0.02 --out kinds");
    for (run, data) in [("line", "--data new.csv"), ("kinds", "")] {
        let command = format!("evaluate {run} {data} --samples 8 --resamples 100 --format json");
        let found = json(&place.ok(&command));
        let intervals = found["intervals"].as_object().unwrap();
        assert!(intervals.len() > 11, "{intervals:?}");
        for (name, interval) in intervals {
            let value = found[name].as_f64().unwrap_or_else(|| panic!("{name}"));
            let [low, high] = numbers(interval)[..] else {
                panic!("{name}")
            };
            assert!(low <= value && value <= high, "{name}: {value} {interval}");
        }
        assert_eq!(found["resamples"], 100);
        let baseline = found["baseline"]["nll"].as_f64().unwrap();
        assert!(found["nll"].as_f64().unwrap() < baseline, "{run}");
        assert!(found["expected_nll"].as_f64() >= found["nll"].as_f64());
        let said = place.ok(&format!(
            "evaluate {run} {data} --samples 8 --resamples 100"
        ));
        assert!(
            said.contains("\nbaseline  ") && said.contains(" of these"),
            "{said}"
        );
    }
    // Of one resample the interval would be the score itself.
    let refused = place.bnnc("evaluate kinds --samples 8 --resamples 1");
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(
        refused.status.code() == Some(2) && told.contains("from 100 to 100000"),
        "{told}"
    );
    let kinds = json(&place.ok("evaluate kinds --samples 8 --resamples 0 --format json"));
    assert_eq!(
        (&kinds["intervals"]["nll"], &kinds["resamples"]),
        (&Value::Null, &Value::from(0))
    );
    let number = |name: &str| kinds[name].as_f64().unwrap();
    let parts = number("aleatoric_entropy") + number("mutual_information");
    assert!((parts - number("entropy")).abs() < 1e-6 && number("mutual_information") > 0.0);
    let share = kinds["calibration"]["says"].as_f64().unwrap();
    assert!((share - number("confidence")).abs() < 1e-12);
}

/// Runs stand side by side; the difference of a run to itself is none, and rows that are not the same are refused.
#[test]
fn several_runs_are_compared_on_the_same_examples() {
    let place = place();
    place.ok("train line.bnn --data t.csv --epochs 3 --batch-size 20 --out good");
    place.ok(
        "train line.bnn --data t.csv --epochs 1 --batch-size 200 --learning-rate 1e-6 --out bad",
    );
    let command = "evaluate good bad good --data new.csv --samples 5 --resamples 100";
    let found = json(&place.ok(&format!("{command} --format json")));
    let runs = found["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 3);
    let differences = found["differences"].as_array().unwrap();
    let [worse, same] = &differences[..] else {
        panic!("{differences:?}")
    };
    let rmse = &worse["scores"]["rmse"];
    assert_eq!(
        (&worse["run"], &worse["to"], &rmse["verdict"]),
        (&"bad".into(), &"good".into(), &"worse".into())
    );
    let number = |run: usize| runs[run]["rmse"].as_f64().unwrap();
    let difference = rmse["difference"].as_f64().unwrap();
    assert!((difference - (number(1) - number(0))).abs() < 1e-12);
    for (name, score) in same["scores"].as_object().unwrap() {
        assert_eq!(score["difference"], 0.0, "{name}");
        let describes =
            name.starts_with("coverage") || name.starts_with("width") || name == "sharpness";
        let verdict = if describes {
            Value::Null
        } else {
            "cannot tell".into()
        };
        assert_eq!(score["verdict"], verdict, "{name}");
    }
    let said = place.ok(command);
    assert!(
        said.contains("run 2 less run 1, of the same examples"),
        "{said}"
    );
    let mut lines = said.lines();
    let judged = |line: &str| line.contains("rmse") && line.trim_end().ends_with("worse");
    assert!(lines.any(judged), "{said}");

    for seed in [1, 2] {
        place.ok(&format!(
            "train line.bnn --data t.csv --validation 0.2 --seed {seed} --epochs 1 --batch-size 20 --out v{seed}"
        ));
    }
    let refused = place.refused("evaluate v1 v2 --samples 2");
    assert!(
        refused.contains("E0615") && refused.contains("`v1` and `v2`"),
        "{refused}"
    );
    place.ok("evaluate v1 v2 --data new.csv --samples 2 --resamples 100");
}

/// Inputs alone, or with targets that the run knows nothing of; another shape is refused.
#[test]
fn data_out_of_distribution_need_no_targets() {
    let place = place();
    place.ok("train line.bnn --data t.csv --epochs 3 --batch-size 20 --out line");
    let command = "evaluate line --data new.csv --samples 10 --resamples 100 --ood far.csv";
    let found = json(&place.ok(&format!("{command} --format json")));
    let ood = &found["ood"][0];
    assert_eq!(ood["examples"], 4);
    // Far from all lines the draws disagree more.
    assert_eq!(ood["epistemic_std"]["auroc"], 1.0);
    assert_eq!(ood["epistemic_std"]["fpr95"], 0.0);
    assert_eq!(
        ood["epistemic_std"]["intervals"]["auroc"],
        serde_json::json!([1.0, 1.0])
    );
    assert!(ood["std"]["aupr"].as_f64().unwrap() > 0.9);
    let said = place.ok(command);
    assert!(
        said.contains("out of distribution  ") && said.contains("far.csv, all 4 examples"),
        "{said}"
    );

    place.ok("train kinds.bnn --data kinds.csv --epochs 5 --batch-size 25 --out kinds");
    let found = json(
        &place.ok("evaluate kinds --samples 10 --resamples 0 --ood far_kinds.csv --format json"),
    );
    for by in ["entropy", "mutual_information", "maximum_probability"] {
        let auroc = found["ood"][0][by]["auroc"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&auroc), "{by}");
    }
    let refused = place.refused("evaluate line --data new.csv --samples 2 --ood no_such_data");
    assert!(refused.contains("E05"), "{refused}");
}

#[test]
fn scores_are_listed() {
    let said = place().ok("list scores");
    for score in score::ALL {
        assert!(said.contains(score.about().name), "{}", score.about().name);
    }
}
