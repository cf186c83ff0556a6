//! `bnnc new`: what it writes has no warning, is as `bnnc fmt` has it, and trains.

use crate::cli::Place;
use crate::real_data::data_dir;
use bnnc::data::npz::{Entries, encode_all};
use bnnc::draft::template::TEMPLATES;
use std::fmt::Write as _;

/// Checks the model `name` and trains it for an epoch; what `bnnc check` says of it.
fn works(place: &Place, name: &str, flags: &str) -> String {
    place.ok(&format!("fmt --check {name}.bnn"));
    let said = place.ok(&format!("check {name}.bnn {flags} --deny warnings"));
    let quick = "--epochs 1 --batch-size 16 --allow annealing-never-ends --deny warnings";
    place.ok(&format!(
        "train {name}.bnn {flags} {quick} --out run-{name}"
    ));
    said
}

/// The line of a file that begins so.
fn line(place: &Place, file: &str, begins: &str) -> String {
    let text = std::fs::read_to_string(place.path(file)).unwrap();
    let found = text.lines().find(|line| line.starts_with(begins));
    found
        .unwrap_or_else(|| panic!("no {begins} in\n{text}"))
        .to_owned()
}

/// An archive of `len` examples.
fn archive(place: &Place, len: usize, arrays: &[(&str, &[usize], usize)]) {
    let all: Vec<(&str, Vec<usize>, Vec<f64>)> = arrays
        .iter()
        .map(|(name, shape, below)| {
            let shape: Vec<usize> = [&[len], *shape].concat();
            let count = shape.iter().product::<usize>();
            let values = (0..count).map(|i| ((i * 7 + i / 5) % below) as f64);
            (*name, shape.clone(), values.collect())
        })
        .collect();
    let arrays = all.iter();
    let bytes =
        encode_all(arrays.map(|(name, shape, values)| (*name, Entries::Numbers(shape, values))));
    std::fs::write(place.path("d.npz"), bytes.unwrap()).unwrap();
}

#[test]
fn every_template_trains() {
    let place = Place::new();
    for template in TEMPLATES {
        let name = template.name.replace('-', "_");
        place.ok(&format!("new {name} --template {}", template.name));
        place.ok(&format!("fmt --check {name}.bnn"));
        // The data's own names: what the run file says is enough to check it.
        if template.data.is_some() {
            place.ok(&format!("check {name}.bnn --deny warnings"));
        }
        let flags = match template.data {
            None => {
                let row = |i: usize| {
                    let x = |k: usize| ((i * 13 + k * 7) as f64).sin();
                    format!("{},{},{}\n", x(1), x(2), 3.0 * x(1) - x(2))
                };
                let rows: String = (0..100).map(row).collect();
                std::fs::write(place.path("reg.csv"), format!("a,b,y\n{rows}")).unwrap();
                "--data reg.csv"
            }
            Some("shapes_and_numbers") => {
                let arrays: [(&str, &[usize], usize); 3] = [
                    ("image", &[16, 16, 1], 50),
                    ("numbers", &[2], 5),
                    ("label", &[], 4),
                ];
                archive(&place, 2, &arrays);
                "--data d.npz --inputs image,numbers --target label"
            }
            Some("shapes_segmentation") => {
                archive(&place, 2, &[("x", &[32, 32, 3], 50), ("y", &[32, 32], 3)]);
                "--data d.npz"
            }
            Some("volumes") => {
                archive(&place, 2, &[("x", &[16, 16, 16, 1], 50), ("y", &[], 3)]);
                "--data d.npz"
            }
            Some("made_counts") => {
                archive(&place, 2, &[("x", &[4], 50), ("n", &[], 5)]);
                "--data d.npz --inputs x --target n"
            }
            Some("inverse_sine") => {
                archive(&place, 2, &[("x", &[1], 50), ("t", &[], 5)]);
                "--data d.npz --inputs x --target t"
            }
            Some("adding_problem") => {
                archive(&place, 2, &[("x", &[50, 2], 50), ("y", &[], 10)]);
                "--data d.npz"
            }
            Some("seasonal_series") => {
                archive(&place, 2, &[("x", &[48, 1], 50), ("y", &[], 10)]);
                "--data d.npz"
            }
            Some("mnist") => {
                archive(&place, 2, &[("x", &[28, 28, 1], 50), ("y", &[], 10)]);
                "--data d.npz"
            }
            Some("made_language") => {
                archive(&place, 2, &[("x", &[32], 16), ("y", &[32], 16)]);
                "--data d.npz"
            }
            Some(_) => {
                archive(&place, 2, &[("x", &[32, 32, 3], 50), ("y", &[], 10)]);
                "--data d.npz"
            }
        };
        // Wide layers are slow in the tests' build.
        let set = match std::fs::read_to_string(place.path(&format!("{name}.bnn"))).unwrap() {
            text if text.contains("const width") => "--set width=16",
            _ => "",
        };
        let quick = format!("--epochs 1 --batch-size 2 {set}");
        place.ok(&format!(
            "train {name}.bnn {flags} {quick} --out run-{name}"
        ));
    }
}

#[test]
fn a_table_gives_the_likelihood_and_the_width() {
    let place = Place::new();
    let mut text = String::from("id,age,site,kind,grade,visits,cost,sick\n");
    for i in 0..400 {
        let age = match i % 17 {
            0 => String::new(),
            _ => (20 + i * 7 % 50).to_string(),
        };
        let site = ["north", "south", "east"][i % 3];
        let kind = ["low", "high", "mild"][(i * i + i / 7) % 3];
        let (grade, visits) = (1 + i * i % 5, (i * i) % 29);
        let cost = (i as f64).sin() + 10.0;
        let sick = ["yes", "no"][i % 2];
        writeln!(
            text,
            "P{i},{age},{site},{kind},{grade},{visits},{cost},{sick}"
        )
        .unwrap();
    }
    std::fs::write(place.path("p.csv"), text).unwrap();
    for (target, data_type, likelihood) in [
        ("sick", "binary", "Bernoulli(logits = f)"),
        ("kind", "category[3]", "Categorical(logits = f)"),
        // 1, 2 and 5: not all numbers from 1 on.
        ("grade", "real", "Normal(loc = f, scale = exp(noise))"),
        ("cost", "real", "Normal(loc = f, scale = exp(noise))"),
    ] {
        let said = place.ok(&format!("new m_{target} --from p.csv --target {target}"));
        assert!(said.contains("left out   id (an identifier)"), "{said}");
        assert!(said.contains("missing    age in 24 rows"), "{said}");
        let file = format!("m_{target}.bnn");
        let expected = format!("target {target}: {data_type}");
        assert_eq!(line(&place, &file, "target "), expected);
        let expected = format!("observe {target} ~ {likelihood}");
        assert_eq!(line(&place, &file, "observe "), expected);
        // A number, whether it is there, four for a category of three, and one for each of the rest.
        works(&place, &format!("m_{target}"), "");
    }
    // The last column is the target where none is named; a run file beside the model in another folder finds the table.
    std::fs::create_dir(place.path("models")).unwrap();
    place.ok("new models/last --from p.csv");
    assert_eq!(
        line(&place, "models/last.bnn", "target "),
        "target sick: binary"
    );
    place.ok("check models/last.bnn --deny warnings");
    // Several targets.
    let said = place.ok("new two --from p.csv --target visits,cost --format json");
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["target"], "visits,cost: 2 real numbers");
    assert_eq!(said["next"][1], "bnnc train two.bnn");
    assert_eq!(line(&place, "two.bnn", "target "), "target y: real[2]");
    works(&place, "two", "");
}

/// Each weight has an example, where there are enough of these for 8 units.
#[test]
fn the_hidden_layer_is_as_wide_as_the_rows_allow() {
    let place = Place::new();
    let mut widths = vec![];
    for (rows, why) in [
        (20, "8 units, the least, though these have 33 weights"),
        (40, "the widest of those with no more weights than rows"),
        (300, "the widest of those"),
        (3000, "the widest of those"),
    ] {
        let row = |i: usize| {
            format!(
                "{},{},{}\n",
                (i * i) as f64 * 0.01,
                i % 10,
                (i as f64).cos()
            )
        };
        let rows: String = (0..rows).map(row).collect();
        std::fs::write(place.path("t.csv"), format!("a,b,noise\n{rows}")).unwrap();
        let name = format!("w{}", widths.len());
        place.ok(&format!("new {name} --from t.csv"));
        widths.push(line(&place, &format!("{name}.bnn"), "const width"));
        let head = std::fs::read_to_string(place.path(&format!("{name}.bnn"))).unwrap();
        assert!(head.contains(why), "{head}");
        // `noise` is a name that the model has already.
        assert_eq!(
            line(&place, &format!("{name}.bnn"), "target "),
            "target y: real"
        );
        works(&place, &name, "");
    }
    let widths: Vec<&str> = widths
        .iter()
        .map(|line| line.rsplit(' ').next().unwrap())
        .collect();
    assert_eq!(widths, ["8", "8", "64", "256"]);
}

#[test]
fn whole_numbers_are_labels_counts_or_measurements() {
    let place = Place::new();
    let seed = |i: usize| i.wrapping_mul(2_654_435_761) % 1_000;
    type Target = (&'static str, fn(usize) -> usize, &'static str);
    let targets: [Target; 5] = [
        ("zero", |i| i % 4, "category[4]"),
        ("one", |i| 1 + i % 3, "category[3]"),
        ("rating", |i| 3 + i % 6, "real"),
        ("events", |i| (i % 40) * (i % 3) / 2, "count"),
        ("year", |i| 1950 + i % 60, "real"),
    ];
    for (name, target, data_type) in targets {
        let row = |i: usize| format!("{},{},{}\n", i * 3 % 100, i % 7, target(seed(i)));
        let rows: String = (0..500).map(row).collect();
        std::fs::write(place.path("t.csv"), format!("a,b,{name}\n{rows}")).unwrap();
        place.ok(&format!("new {name} --from t.csv"));
        let expected = format!("target {name}: {data_type}");
        assert_eq!(line(&place, &format!("{name}.bnn"), "target "), expected);
        works(&place, name, "");
    }
}

#[test]
fn nothing_is_written_over() {
    let place = Place::new();
    std::fs::write(place.path("line.toml"), "epochs = 3\n").unwrap();
    std::fs::remove_file(place.path("line.bnn")).unwrap();
    let said = place.refused("new line");
    assert!(
        said.contains("E0601") && said.contains("`line.toml` is there already"),
        "{said}"
    );
    assert!(!place.path("line.bnn").exists());
    // A table that cannot be predicted leaves nothing behind.
    let said = place.refused("new other --from t.csv --target z");
    assert!(said.contains("E0506"), "{said}");
    assert!(!place.path("other.bnn").exists());
    let said = place.refused("new other --from line.toml");
    assert!(
        said.contains("E0501") && said.contains("--template"),
        "{said}"
    );
}

/// Every file is at most one block long, so that a disk seems full.
#[cfg(unix)]
#[test]
fn a_model_that_cannot_be_written_whole_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut shell = std::process::Command::new("sh");
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" new line";
    let shell = shell.args(["-c", script, env!("CARGO_BIN_EXE_bnnc")]);
    let output = shell.current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("E0601"), "{said}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

/// A header or label in quotes may have a line break, which would end the comment that names it.
#[test]
fn names_with_line_breaks_stay_within_their_comments() {
    let place = Place::new();
    let mut text = String::from("\"age\nyears\",b,\"kind\nof it\"\n");
    for i in 0..200 {
        let age = if i % 40 == 3 { -999 } else { 20 + i * 7 % 50 };
        let b = (i as f64).sin();
        writeln!(text, "{age},{b},\"class\n{}\"", i % 13).unwrap();
    }
    std::fs::write(place.path("t.csv"), text).unwrap();
    place.ok("new m --from t.csv");
    let first = line(&place, "m.bnn", "# kind of it: classes `class 0`");
    assert!(first.contains(" and 3 more, predicted from "), "{first}");
    let sentinel = line(&place, "m.toml", "# missing_values = [\"-999\"]");
    assert!(sentinel.contains("in age years, far"), "{sentinel}");
    works(&place, "m", "");
}

#[test]
fn shared_tables_train() {
    let Some(data) = data_dir() else { return };
    let place = Place::new();
    for (set, inputs) in [
        ("concrete", 8),
        ("power-plant", 4),
        ("wine-quality-red", 11),
    ] {
        let name = set.replace('-', "_");
        let table = data.join("uci").join(set).join("data.csv");
        place.ok(&format!("new {name} --from {}", table.display()));
        let file = format!("{name}.bnn");
        assert_eq!(
            line(&place, &file, "input "),
            format!("input  x: real[{inputs}]")
        );
        assert_eq!(line(&place, &file, "target "), "target y: real");
        place.ok(&format!("check {file} --deny warnings"));
    }
    works(&place, "concrete", "");
}
