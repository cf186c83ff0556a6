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
