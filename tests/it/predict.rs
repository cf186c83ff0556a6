//! Prediction files: what is in them, in each format.

use crate::cli::Place;
use bnnc::data::{Request, load};
use std::collections::BTreeMap;

/// The columns of a csv by their names.
fn table(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut rows = text.lines().map(|line| line.split(',').map(str::to_owned));
    let mut columns: Vec<(String, Vec<String>)> =
        rows.next().unwrap().map(|name| (name, vec![])).collect();
    for row in rows {
        for ((_, cells), cell) in columns.iter_mut().zip(row) {
            cells.push(cell);
        }
    }
    columns.into_iter().collect()
}

fn written(place: &Place, name: &str) -> BTreeMap<String, Vec<String>> {
    table(&std::fs::read_to_string(place.path(name)).unwrap())
}

fn numbers(cells: &[String]) -> Vec<f64> {
    cells.iter().map(|cell| cell.parse().unwrap()).collect()
}

/// A run of one number.
fn line() -> Place {
    let place = Place::new();
    place.ok("train line.bnn --data t.csv --epochs 1 --batch-size 20 --out run");
    place
}

const CLASSES: &str = "model m\ninput x: real[2]\ntarget y: category[3]\nnetwork { f = dense(3) }\n\
                       observe y ~ Categorical(logits = f)\nobjective elbo\n";

/// A run of classes with names, and a column that tells rows apart.
fn classes() -> Place {
    let place = Place::new();
    std::fs::write(place.path("m.bnn"), CLASSES).unwrap();
    let row = |i: usize| {
        let names = ["no, none", "=red", "blå"];
        format!("P{},{},{},\"{}\"\n", i * 7919, i % 3, i % 5, names[i % 3])
    };
    let rows: String = (0..60).map(row).collect();
    std::fs::write(place.path("c.csv"), format!("id,a,b,y\n{rows}")).unwrap();
    place.ok("train m.bnn --data c.csv --drop id --epochs 3 --batch-size 20 --out run");
    place
}

#[test]
fn quantiles_and_intervals_are_those_asked_for() {
    let place = line();
    place.ok("predict run --samples 5 --out usual.csv");
    let usual = written(&place, "usual.csv");
    let asked = "--quantiles 0.025,0.5,0.975 --interval 0.9 --interval 0.95";
    place.ok(&format!("predict run --samples 5 {asked} --out p.csv"));
    let found = written(&place, "p.csv");
    for (name, same) in [
        ("lower_90", &usual["q05"]),
        ("upper_90", &usual["q95"]),
        ("q50", &usual["q50"]),
        ("mean", &usual["mean"]),
    ] {
        let pairs = numbers(&found[name]).into_iter().zip(numbers(same));
        for (found, same) in pairs {
            assert!(
                (found - same).abs() <= 1e-9 * same.abs(),
                "{name}: {found} {same}"
            );
        }
    }
    assert_eq!(found["lower_95"].len(), 60);
    for (quantile, end) in [("q02.5", "lower_95"), ("q97.5", "upper_95")] {
        for (quantile, end) in numbers(&found[quantile]).iter().zip(numbers(&found[end])) {
            assert!((quantile - end).abs() <= 1e-9 * end.abs());
        }
    }
    assert!(!found.contains_key("q05") && !found.contains_key("q95"));
    for wrong in ["--interval 90", "--quantiles 0.1,1", "--quantiles half"] {
        let refused = place.bnnc(&format!("predict run {wrong} --out p.csv"));
        let text = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{wrong}");
        assert!(text.contains("between 0 and 1"), "{text}");
    }
}

/// What is written of classes with names compares with the data's own column as text, in each format.
#[test]
fn classes_are_called_by_the_names_of_the_data() {
    let place = classes();
    let refused = place.refused("predict run --interval 0.5 --out p.csv");
    assert!(
        refused.contains("`y: category[3]`") && refused.contains("classes have no order"),
        "{refused}"
    );
    let said = place.ok("evaluate run --data c.csv --split train --samples 4 --format json");
    let scores: serde_json::Value = serde_json::from_str(&said).unwrap();
    place.ok("predict run --data c.csv --split train --samples 4 --out p.csv");
    let mut reader = csv::Reader::from_path(place.path("p.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    let mut data = csv::Reader::from_path(place.path("c.csv")).unwrap();
    let rows: Vec<csv::StringRecord> = data.records().map(Result::unwrap).collect();
    let (mut right, mut count) = (0.0, 0.0);
    for row in reader.records() {
        let row = row.unwrap();
        let own: usize = row[0].parse().unwrap();
        assert_eq!(row[column("id")], rows[own][0]);
        assert_eq!(row[column("target")], rows[own][3]);
        right += f64::from(u8::from(row[column("predicted")] == rows[own][3]));
        count += 1.0;
        let of = |name: &str| {
            row[column(&format!("probability_{name}"))]
                .parse::<f64>()
                .unwrap()
        };
        let best = ["no, none", "=red", "blå"]
            .into_iter()
            .max_by(|a, b| of(a).total_cmp(&of(b)));
        assert_eq!(Some(&row[column("predicted")]), best);
    }
    assert_eq!(right / count, scores["accuracy"].as_f64().unwrap());
    // Without names, numbers.
    let labels = std::fs::read_to_string(place.path("c.csv")).unwrap();
    let labels = labels.replace("\"no, none\"", "0").replace("\"=red\"", "1");
    std::fs::write(place.path("n.csv"), labels.replace("\"blå\"", "2")).unwrap();
    place.ok("train m.bnn --data n.csv --drop id --epochs 1 --batch-size 20 --out plain");
    place.ok("predict plain --samples 2 --out n_p.csv");
    let found = written(&place, "n_p.csv");
    assert!(
        numbers(&found["target"])
            .iter()
            .all(|label| label.fract() == 0.0)
    );
    assert!(
        numbers(&found["predicted"])
            .iter()
            .all(|label| *label < 3.0)
    );
}

/// A table of Parquet holds what a csv holds, for our own reader and for pyarrow.
#[cfg(feature = "parquet")]
#[test]
fn parquet_holds_what_a_csv_holds() {
    let place = classes();
    place.ok("predict run --data c.csv --split train --samples 4 --out p.csv");
    place.ok("predict run --data c.csv --split train --samples 4 --out p.parquet");
    let read = |name: &str| {
        let data = load(&Request {
            data: place.path(name).display().to_string(),
            target: Some("entropy".into()),
            choices: bnnc::data::Choices {
                drop: Some("id,target,predicted".into()),
                ..Default::default()
            },
            ..Request::default()
        });
        let data = data.unwrap();
        (
            data.columns.unwrap().inputs,
            data.train.inputs,
            data.train.targets,
        )
    };
    assert_eq!(read("p.csv"), read("p.parquet"));
    let program = "import csv, sys, pyarrow.parquet as pq\n\
        table = pq.read_table('p.parquet')\n\
        rows = list(csv.reader(open('p.csv', encoding='utf-8')))\n\
        assert table.column_names == rows[0], table.column_names\n\
        kinds = {name: str(table.schema.field(name).type) for name in rows[0]}\n\
        assert kinds['row'] == 'int64' and kinds['predicted'] == 'string' and kinds['entropy'] == 'double', kinds\n\
        of = lambda name, text: text if kinds[name] == 'string' else float(text)\n\
        for place, name in enumerate(rows[0]):\n\
        \x20   own = [of(name, row[place]) for row in rows[1:]]\n\
        \x20   assert table.column(name).to_pylist() == own, name\n\
        print('the same')\n";
    std::fs::write(place.path("compare.py"), program).unwrap();
    let python = std::env::var("BNNC_PYTHON").unwrap_or("python3".into());
    let has = std::process::Command::new(&python)
        .args(["-c", "import pyarrow.parquet"])
        .output();
    if !has.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: {python} has no pyarrow, which nothing was compared with");
        return;
    }
    let output = std::process::Command::new(&python)
        .arg("compare.py")
        .current_dir(place.path("."))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "the same\n");
}
