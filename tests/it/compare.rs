//! `bnnc compare`: runs side by side, as a user sees them.

use crate::cli::Place;
use serde_json::Value;

/// A folder with three runs of 4 epochs on one test part.
fn place() -> Place {
    let place = Place::new();
    let train = "train line.bnn --data t.csv --test 0.3 --batch-size 16 --epochs 4";
    for (name, more) in [
        ("a", "--learning-rate 0.05"),
        ("b", "--learning-rate 0.01"),
        ("deep/c", "--learning-rate 0.01 --seed 3"),
    ] {
        place.ok(&format!("{train} {more} --out runs/{name}"));
    }
    place
}

fn compared(place: &Place, arguments: &str) -> Value {
    let text = place.ok(&format!("compare {arguments} --samples 20 --format json"));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_folder_is_a_leaderboard_of_what_evaluate_prints() {
    let place = place();
    std::fs::create_dir(place.path("runs/notes")).unwrap();
    std::fs::create_dir(place.path("runs/broken")).unwrap();
    std::fs::write(place.path("runs/broken/run.toml"), "epochs = 3\n").unwrap();
    let all = compared(&place, "runs --sort rmse");
    let runs = all["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 4);
    let mut rmses = vec![];
    for run in &runs[..3] {
        let name = run["run"].as_str().unwrap();
        let own = place.ok(&format!("evaluate runs/{name} --samples 20 --format json"));
        let own: Value = serde_json::from_str(&own).unwrap();
        assert_eq!(run["scores"]["rmse"]["value"], own["rmse"], "{name}");
        assert_eq!(run["scores"]["nll"]["value"], own["nll"], "{name}");
        assert_eq!(run["scores"]["rmse"]["interval"], own["intervals"]["rmse"]);
        assert_eq!(run["elbo"]["value"], own["elbo"]["loss"], "{name}");
        assert_eq!((&run["weights"], &run["epochs"]), (&33.into(), &4.into()));
        rmses.push(own["rmse"].as_f64().unwrap());
    }
    assert!(rmses.is_sorted(), "{rmses:?}");
    // The settings that differ, and no others.
    let settings = runs[0]["settings"].as_object().unwrap();
    let keys: Vec<&String> = settings.keys().collect();
    assert_eq!(keys, ["optimizer.learning_rate", "seed"]);
    // Differences are to the first, on the same examples.
    assert!(runs[0].get("difference").is_none());
    for (run, rmse) in runs[1..3].iter().zip(&rmses[1..]) {
        let difference = &run["difference"];
        assert_eq!(difference["to"], runs[0]["run"]);
        assert_eq!(difference["value"], rmse - rmses[0]);
        let ends = difference["interval"].as_array().unwrap();
        let [low, high] = [0, 1].map(|end| ends[end].as_f64().unwrap());
        assert!(low < high && low < rmse - rmses[0] && rmse - rmses[0] < high);
    }
    assert_eq!(runs[3]["state"], "failed");
    assert!(runs[3]["message"].as_str().unwrap().contains("E0604"));
    assert_eq!(all["warnings"], Value::Array(vec![]));
    let output = place.bnnc("compare runs --samples 2");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("note: runs/notes holds no run and is left out"),
        "{said}"
    );
}

#[test]
fn what_is_not_comparable_is_told() {
    let place = place();
    let train = "train line.bnn --data t.csv --batch-size 16 --epochs 4";
    place.ok(&format!("{train} --test 0.2 --out other"));
    let model = std::fs::read_to_string(place.path("line.bnn")).unwrap();
    let tempered = model.replace("objective elbo", "objective elbo { temperature = 0.1 }");
    std::fs::write(place.path("line.bnn"), tempered).unwrap();
    place.ok(&format!("{train} --test 0.3 --out tempered"));
    let warnings = |arguments: &str| -> Vec<String> {
        let all = compared(&place, arguments);
        let all = all["warnings"].as_array().unwrap().iter();
        all.map(|warning| warning.as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(warnings("runs/a runs/b"), Vec::<String>::new());
    let told = warnings("runs/a other --sort none");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].contains("other on other rows than runs/a"),
        "{told:?}"
    );
    assert!(
        told[1].contains("N = 42 of runs/a and N = 48 of other"),
        "{told:?}"
    );
    let told = warnings("runs/a tempered --sort none");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("the objective of tempered is tempered"),
        "{told:?}"
    );
    // The models' texts differ, under one name.
    let all = compared(&place, "runs/a tempered --sort none");
    assert_eq!(all["runs"][1]["settings"]["model"], "line (2)");
}

/// A run that was stopped says how far it is, one that diverged that it did, and goes on being told so until it is
/// trained again.
#[test]
fn what_has_not_finished_is_told_in_its_row() {
    let place = place();
    let train = "train line.bnn --data t.csv --test 0.3 --batch-size 16 --epochs 400";
    let failed = place.refused(&format!("{train} --learning-rate 1e30 --out runs/wild"));
    assert!(failed.contains("E0608"), "{failed}");
    // As one that was killed after its fourth epoch.
    let settings = std::fs::read_to_string(place.path("runs/b/run.toml")).unwrap();
    std::fs::write(
        place.path("runs/b/run.toml"),
        settings.replace("epochs = 4", "epochs = 16"),
    )
    .unwrap();
    place.changed("runs/b", "run.toml");
    let all = compared(&place, "runs");
    let state = |name: &str| {
        let mut runs = all["runs"].as_array().unwrap().iter();
        let run = runs.find(|run| run["run"] == name).unwrap();
        (
            run["state"].as_str().unwrap().to_owned(),
            run.get("scores").is_some(),
        )
    };
    assert_eq!(state("a"), ("finished".into(), true));
    assert_eq!(state("b"), ("4 of 16 epochs".into(), true));
    assert_eq!(state("wild"), ("diverged".into(), false));
    let text = place.ok("compare runs --samples 2");
    assert!(text.contains("not scored wild: "), "{text}");
}

#[test]
fn tables_for_programs_and_pages() {
    let place = place();
    let csv = place.ok("compare runs --samples 20 --format csv");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let json = compared(&place, "runs");
    for (row, run) in rows.iter().zip(json["runs"].as_array().unwrap()) {
        let cell = |name: &str| &row[header.iter().position(|own| own == name).unwrap()];
        assert_eq!(cell("run"), run["run"]);
        assert_eq!(
            cell("nll").parse::<f64>().unwrap(),
            run["scores"]["nll"]["value"].as_f64().unwrap()
        );
        assert_eq!(cell("seed"), run["settings"]["seed"]);
        assert_eq!(cell("epochs_done"), "4");
    }
    let page = place.ok("compare runs --samples 20 --format markdown");
    assert_eq!(
        page.lines().filter(|line| line.starts_with('|')).count(),
        2 + 3,
        "{page}"
    );
    let refused = place.refused("compare runs --samples 2 --sort nl");
    assert!(
        refused.contains("E0603") && refused.contains("`nll`"),
        "{refused}"
    );
    assert!(
        place
            .refused("compare nowhere --samples 2")
            .contains("E0604")
    );
}

/// Rows of the columns `probability_…` of a file of predictions.
fn probabilities(place: &Place, file: &str) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(place.path(file)).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let own = |at: &usize| header[*at].starts_with("probability_");
    let columns: Vec<usize> = (0..header.len()).filter(own).collect();
    assert_eq!(columns.len(), 3);
    lines
        .map(|cells| {
            columns
                .iter()
                .map(|at| cells[*at].parse().unwrap())
                .collect()
        })
        .collect()
}

#[test]
fn a_reference_says_how_near_runs_come_to_it() {
    let place = Place::new();
    let model = "model kind\ninput x: real[2]\ntarget kind: category[3]\ndefault { prior = Normal(0, 1) }\n\
                 network { dense(4), tanh, logits = dense(3) }\nobserve kind ~ Categorical(logits = logits)\n\
                 objective elbo\n";
    std::fs::write(place.path("kind.bnn"), model).unwrap();
    let row = |i: usize| {
        let (a, b) = ((0.7 * i as f64).sin(), (0.3 * i as f64).cos());
        let kind = ["cat", "dog", "owl"][if a > 0.3 { 0 } else { 1 + i % 2 }];
        format!("{a},{b},{kind}\n")
    };
    let rows: String = (0..60).map(row).collect();
    std::fs::write(place.path("kinds.csv"), format!("a,b,kind\n{rows}")).unwrap();
    let train = "train kind.bnn --data kinds.csv --test 0.4 --batch-size 16 --epochs 5";
    place.ok(&format!(
        "{train} --learning-rate 0.05 --out one --inference map"
    ));
    place.ok("predict one --split test --out one.csv");
    place.ok(&format!("{train} --learning-rate 0.002 --out three"));
    place.ok("predict three --split test --samples 20 --out three.csv");

    let all = compared(
        &place,
        "one three --reference one.csv --sort total_variation",
    );
    let of = |run: usize, score: &str| {
        assert_eq!(all["runs"][0]["run"], "one");
        all["runs"][run]["scores"][score]["value"].as_f64().unwrap()
    };
    let [first, third] = ["one.csv", "three.csv"].map(|file| probabilities(&place, file));
    let top = |row: &[f64]| {
        let largest = row.iter().copied().fold(0.0, f64::max);
        row.iter().position(|p| *p == largest)
    };
    let n = first.len() as f64;
    let pairs = || first.iter().zip(&third);
    let agreement = pairs().filter(|(a, b)| top(a) == top(b)).count() as f64 / n;
    let distance = |(a, b): (&Vec<f64>, &Vec<f64>)| -> f64 {
        a.iter().zip(b).map(|(p, q)| (p - q).abs() / 2.0).sum()
    };
    let variation = pairs().map(distance).sum::<f64>() / n;
    assert!((of(1, "agreement") - agreement).abs() < 1e-12);
    assert!((of(1, "total_variation") - variation).abs() < 1e-9);
    assert!(variation > 0.01, "{variation}");
    assert_eq!(of(0, "agreement"), 1.0);
    assert!(of(0, "total_variation") < 1e-9);
    let interval = &all["runs"][1]["scores"]["total_variation"]["interval"];
    let [low, high] = [0, 1].map(|end| interval[end].as_f64().unwrap());
    assert!(low < variation && variation < high);

    for (data, told) in [
        (
            "compare one --reference kinds.csv",
            "no column for each of the classes",
        ),
        (
            "compare one --reference one.csv --split train",
            "24 rows, and the run is scored on 36 examples",
        ),
        ("compare one --reference no.csv", "E0503"),
    ] {
        let said = place.refused(data);
        assert!(said.contains(told), "{data}: {said}");
    }
}
