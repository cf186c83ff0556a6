//! The UCI study (`examples/uci`): its runs are those of `bnnc train`, its table is worked out of them.

#[allow(dead_code)]
#[path = "../../examples/uci/main.rs"]
mod study;

use crate::cli::Place;
use crate::real_data::data_dir;
use clap::Parser;
use study::published::PUBLISHED;
use study::{Score, Study};

/// A folder with the set `made`, of two splits, and a model for it.
fn place() -> Place {
    let place = Place::new();
    std::fs::create_dir(place.path("made")).unwrap();
    std::fs::rename(place.path("t.csv"), place.path("made/data.csv")).unwrap();
    for (file, rows) in [
        ("test_0.txt", "0\n10\n20\n30\n"),
        ("test_1.txt", "1\n2\n40\n41\n59\n"),
    ] {
        std::fs::write(place.path("made").join(file), rows).unwrap();
    }
    let model = std::fs::read_to_string(place.path("line.bnn")).unwrap();
    let model = model.replace("real[2]", "real[inputs]");
    let model = model.replace(
        "model line\n",
        "model line\nconst inputs = 9\nconst unused = 1\n",
    );
    std::fs::write(place.path("line.bnn"), model).unwrap();
    std::fs::write(
        place.path("line.toml"),
        "epochs = 5\nbatch_size = 16\n[optimizer]\nlearning_rate = 0.02\n[schedule]\nname = \"cosine\"\n",
    )
    .unwrap();
    place
}

fn study(place: &Place, more: &str) -> Study {
    let [data, model] = ["", "line.bnn"].map(|name| place.path(name).display().to_string());
    let fixed = ["uci", "--sets", "made", "--splits", "2", "--samples", "30"].map(String::from);
    let paths = ["--data".into(), data, "--models".into(), model];
    let more = more.split_whitespace().map(String::from);
    Study::try_parse_from(fixed.into_iter().chain(paths).chain(more)).unwrap()
}

#[test]
fn a_split_is_a_run_of_bnnc_to_the_bit() {
    let place = place();
    let scores = study(&place, "--threads 2").scores(&["made"]).unwrap();
    assert_eq!(
        scores,
        study(&place, "--threads 1").scores(&["made"]).unwrap()
    );
    for (split, found) in scores[0][0].iter().enumerate() {
        place.ok(&format!(
            "train line.bnn --data made/data.csv --test-rows made/test_{split}.txt \
             --set inputs=2 --seed {split} --out run-{split}"
        ));
        let text = place.ok(&format!("evaluate run-{split} --samples 30 --format json"));
        let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(expected["split"], "test");
        assert_eq!(found.rmse, expected["rmse"].as_f64().unwrap());
        assert_eq!(-found.log_likelihood, expected["nll"].as_f64().unwrap());
    }
    // Rows that are set aside are other rows.
    let validation = study(&place, "--validation 0.2").scores(&["made"]).unwrap();
    assert_ne!(validation, scores);
}

#[test]
fn the_table_has_means_and_standard_errors() {
    let place = place();
    let study = study(&place, "--set unused=2");
    let scores = study.scores(&["made"]).unwrap();
    let table = study.run().unwrap();
    let columns: [fn(&Score) -> f64; 2] = [|s| s.rmse, |s| s.log_likelihood];
    let rows: Vec<&str> = table
        .lines()
        .filter(|l| l.starts_with("| made |"))
        .collect();
    assert_eq!(rows.len(), 2, "{table}");
    for (row, of) in rows.into_iter().zip(columns) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (mean, error) = cells[2].split_once(" ± ").unwrap();
        let [a, b] = [0, 1].map(|split| of(&scores[0][0][split]));
        // Of two numbers s/√2 is half their distance.
        for (text, expected) in [(mean, (a + b) / 2.0), (error, (a - b).abs() / 2.0)] {
            let decimals = text.split_once('.').unwrap().1.len() as i32;
            let found: f64 = text.parse().unwrap();
            assert!(
                (found - expected).abs() <= 0.51 * 10f64.powi(-decimals),
                "{row} {expected}"
            );
        }
    }
}

#[test]
fn a_fault_of_a_split_is_told() {
    let place = place();
    let code = |study: Study| study.run().unwrap_err().diagnostics[0].code;
    assert_eq!(code(study(&place, "--splits 3")), "E0503");
    assert_eq!(code(study(&place, "--validation 1.5")), "E0513");
    std::fs::write(place.path("made/test_1.txt"), "60\n").unwrap();
    assert_eq!(code(study(&place, "")), "E0508");
}

#[test]
fn the_page_has_the_published_numbers() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/uci.md")).unwrap();
    for row in PUBLISHED {
        for numbers in [row.rmse, row.log_likelihood] {
            let cells = numbers.map(|[mean, error]| format!("{mean:.2} ± {error:.2} |"));
            let found = page.lines().any(|line| {
                line.starts_with(&format!("| {} |", row.set)) && line.ends_with(&cells.join(" "))
            });
            assert!(found, "docs/uci.md: {} {cells:?}", row.set);
        }
    }
}

/// A short run on every real set: each is read, its rows held out, and more is learned than the mean.
#[test]
fn the_real_sets_are_run() {
    let Some(directory) = data_dir() else { return };
    let data = directory.join("uci").display().to_string();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/specs/uci.bnn");
    let fixed = ["uci", "--splits", "1", "--samples", "10", "--epochs", "3"];
    let study = Study::try_parse_from(
        fixed
            .into_iter()
            .chain(["--data", &data, "--models", model]),
    )
    .unwrap();
    let sets: Vec<&str> = PUBLISHED.iter().map(|row| row.set).collect();
    let scores = study.scores(&sets).unwrap();
    // The standard deviations of the targets, rounded up.
    for (of_set, deviation) in scores.iter().zip([16.8, 10.2, 0.27, 17.1, 0.82]) {
        let rmse = of_set[0][0].rmse;
        assert!(rmse > 0.0 && rmse < deviation, "{rmse} {deviation}");
    }
}
