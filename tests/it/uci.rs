//! The UCI study (`specs/uci_sweep.toml`): its runs are those of `bnnc train` on the fixed splits, and its page has the
//! published numbers.

use crate::cli::Place;
use crate::real_data::data_dir;
use serde_json::Value;

/// A row of what was published: VI, PBP and MC dropout, each with its standard error (`docs/uci.md` has the sources).
type Row = (&'static str, [[f64; 2]; 3]);

const RMSE: [Row; 5] = [
    ("concrete", [[7.13, 0.12], [5.67, 0.09], [5.23, 0.12]]),
    ("energy", [[2.65, 0.08], [1.80, 0.05], [1.66, 0.04]]),
    ("kin8nm", [[0.10, 0.00], [0.10, 0.00], [0.10, 0.00]]),
    ("power-plant", [[4.33, 0.04], [4.12, 0.03], [4.02, 0.04]]),
    (
        "wine-quality-red",
        [[0.65, 0.01], [0.64, 0.01], [0.62, 0.01]],
    ),
];

const LOG_LIKELIHOOD: [Row; 5] = [
    ("concrete", [[-3.39, 0.02], [-3.16, 0.02], [-3.04, 0.02]]),
    ("energy", [[-2.39, 0.03], [-2.04, 0.02], [-1.99, 0.02]]),
    ("kin8nm", [[0.90, 0.01], [0.90, 0.01], [0.95, 0.01]]),
    ("power-plant", [[-2.89, 0.01], [-2.84, 0.01], [-2.80, 0.01]]),
    (
        "wine-quality-red",
        [[-0.98, 0.01], [-0.97, 0.01], [-0.93, 0.01]],
    ),
];

fn spec() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/specs/uci_sweep.toml");
    std::fs::read_to_string(path).unwrap()
}

/// The study with these words in the place of others, beside copies of its models.
fn study(place: &Place, changes: &[(&str, &str)]) {
    for file in [
        "uci.bnn",
        "uci.toml",
        "uci_hierarchical.bnn",
        "uci_hierarchical.toml",
    ] {
        let path = format!("{}/specs/{file}", env!("CARGO_MANIFEST_DIR"));
        std::fs::copy(path, place.path(file)).unwrap();
    }
    let text = changes.iter().fold(spec(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    std::fs::write(place.path("uci_sweep.toml"), text).unwrap();
}

/// Split k of each model on each set: the rows of its file held out, under the seed k.
#[test]
fn the_study_is_two_hundred_runs_on_the_fixed_splits() {
    let place = Place::new();
    study(&place, &[]);
    for (set, _) in RMSE {
        std::fs::create_dir_all(place.path("data").join(set)).unwrap();
        for split in 0..20 {
            let file = place
                .path("data")
                .join(set)
                .join(format!("test_{split}.txt"));
            std::fs::write(file, "0\n").unwrap();
        }
    }
    let listed = place.ok("sweep uci_sweep.toml --data-dir data --dry-run --format json");
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let runs = listed["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 200);
    assert_eq!(runs[0]["run"], "concrete,uci,split=0");
    assert_eq!(runs[39]["run"], "concrete,uci_hierarchical,split=19");
    assert_eq!(
        runs[199]["run"],
        "wine-quality-red,uci_hierarchical,split=19"
    );
}

#[test]
fn a_split_is_a_run_of_bnnc_to_the_bit() {
    let place = Place::new();
    std::fs::create_dir(place.path("made")).unwrap();
    std::fs::rename(place.path("t.csv"), place.path("made/data.csv")).unwrap();
    for (file, rows) in [
        ("test_0.txt", "0\n10\n20\n30\n"),
        ("test_1.txt", "1\n2\n40\n41\n59\n"),
    ] {
        std::fs::write(place.path("made").join(file), rows).unwrap();
    }
    let text = spec();
    let cases = text.find("[[case]]").unwrap();
    let head = text[..cases].replace("samples = 100", "samples = 30") + "epochs = 5\n";
    let made = "[[case]]\nname = \"made\"\ndata = \"made/data.csv\"\ntest_rows = \"made/test_*.txt\"\nset.inputs = 2\n";
    study(&place, &[]);
    std::fs::write(place.path("uci_sweep.toml"), head + made).unwrap();
    let found = place.ok("sweep uci_sweep.toml --out s --format json");
    let found: Value = serde_json::from_str(&found).unwrap();
    let group = &found["groups"][0];
    assert_eq!(
        (&group["name"], &group["runs"]),
        (&"made,uci".into(), &2.into())
    );
    let mut rmses = vec![];
    for split in 0..2 {
        place.ok(&format!(
            "train uci.bnn --data made/data.csv --test-rows made/test_{split}.txt --set inputs=2 --epochs 5 \
             --seed {split} --out own-{split}"
        ));
        let own = place.ok(&format!("evaluate own-{split} --samples 30 --format json"));
        let own: Value = serde_json::from_str(&own).unwrap();
        let run = format!("made,uci,split={split}");
        for score in ["rmse", "nll"] {
            assert_eq!(
                group["scores"][score]["runs"][&run], own[score],
                "{run} {score}"
            );
        }
        rmses.push(own["rmse"].as_f64().unwrap());
    }
    // Of two numbers s/√2 is half their distance.
    let rmse = &group["scores"]["rmse"];
    assert!((rmse["mean"].as_f64().unwrap() - (rmses[0] + rmses[1]) / 2.0).abs() < 1e-12);
    let error = (rmses[0] - rmses[1]).abs() / 2.0;
    assert!((rmse["standard_error"].as_f64().unwrap() - error).abs() < 1e-12);
}

#[test]
fn the_page_has_the_published_numbers() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/uci.md")).unwrap();
    for (set, numbers) in RMSE.iter().chain(&LOG_LIKELIHOOD) {
        let cells = numbers.map(|[mean, error]| format!("{mean:.2} ± {error:.2} |"));
        let found = page.lines().any(|line| {
            line.starts_with(&format!("| {set} |")) && line.ends_with(&cells.join(" "))
        });
        assert!(found, "docs/uci.md: {set} {cells:?}");
    }
}

/// A short run on every real set: each is read, its rows held out, and more is learned than the mean.
#[test]
fn the_real_sets_are_run() {
    let Some(directory) = data_dir() else { return };
    let place = Place::new();
    study(
        &place,
        &[
            (
                "model = [\"uci.bnn\", \"uci_hierarchical.bnn\"]",
                "model = \"uci.bnn\"\nsplits = 1",
            ),
            ("samples = 100", "samples = 10"),
            ("seed = \"split\"", "epochs = 3\nseed = \"split\""),
        ],
    );
    let data = directory.join("uci").display().to_string();
    let found = place.ok(&format!(
        "sweep uci_sweep.toml --data-dir {data} --out s --format json"
    ));
    let found: Value = serde_json::from_str(&found).unwrap();
    let groups = found["groups"].as_array().unwrap();
    assert_eq!(groups.len(), RMSE.len());
    // The standard deviations of the targets, rounded up.
    for (group, deviation) in groups.iter().zip([16.8, 10.2, 0.27, 17.1, 0.82]) {
        let rmse = group["scores"]["rmse"]["mean"].as_f64().unwrap();
        assert!(rmse > 0.0 && rmse < deviation, "{rmse} {deviation}");
    }
}
