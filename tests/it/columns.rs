//! The columns of a table by their names: in a run, and in tables that are evaluated and predicted for.

use crate::cli::{MODEL, Place};
use serde_json::Value;

/// A folder whose table has its target first, `y,a,b`, beside the same in other forms.
fn place() -> Place {
    let place = Place::new();
    let table = std::fs::read_to_string(place.path("t.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split(',').collect())
        .collect();
    let write = |name: &str, order: &[usize], extra: &str| {
        let lines = rows.iter().enumerate().map(|(index, row)| {
            let mut cells: Vec<&str> = order.iter().map(|column| row[*column]).collect();
            match (extra, index) {
                ("", _) => {}
                (_, 0) => cells.insert(0, extra),
                _ => cells.insert(0, "text"),
            }
            cells.join(",") + "\n"
        });
        std::fs::write(place.path(name), lines.collect::<String>()).unwrap();
    };
    write("first.csv", &[2, 0, 1], "");
    write("turned.csv", &[1, 2, 0], "");
    write("more.csv", &[1, 0, 2], "id");
    write("inputs.csv", &[1, 0], "");
    write("short.csv", &[2, 0], "");
    place
}

const TRAIN: &str =
    "train line.bnn --data first.csv --target y --epochs 1 --batch-size 20 --out run";

fn scores(place: &Place, arguments: &str) -> Value {
    serde_json::from_str(&place.ok(&format!(
        "evaluate run --samples 3 --format json {arguments}"
    )))
    .unwrap()
}

#[test]
fn a_table_is_evaluated_by_the_names_of_its_columns() {
    let place = place();
    let said = place.ok(TRAIN);
    assert!(said.contains("target y; inputs a, b"), "{said}");
    let own = scores(&place, "");
    assert_eq!(own["elbo"]["quantity"], "-ELBO / N");
    for table in ["first", "turned", "more", "t"] {
        let other = scores(&place, &format!("--data {table}.csv"));
        for score in ["rmse", "nll"] {
            assert_eq!(own[score], other[score], "{table}");
        }
    }
    let more = scores(&place, "--data more.csv");
    assert_eq!(more["left_out"], serde_json::json!(["id"]));
    let said = place.ok("evaluate run --samples 3 --data more.csv");
    assert!(
        said.contains("column id: the run has none of that name"),
        "{said}"
    );

    for (table, told) in [
        ("inputs", "`inputs.csv` has no column `y`"),
        ("short", "`short.csv` has no column `b`"),
    ] {
        let text = place.refused(&format!("evaluate run --data {table}.csv"));
        assert!(text.contains("E0506") && text.contains(told), "{text}");
    }
    let loss = |table: &str| {
        let said = place.ok(&format!(
            "loss line.bnn --weights run/checkpoint.safetensors --run run --data {table}.csv --format json"
        ));
        serde_json::from_str::<Value>(&said).unwrap()["loss"].clone()
    };
    assert_eq!(loss("first"), loss("more"));
    // `--target` goes before the run's.
    let more = std::fs::read_to_string(place.path("more.csv")).unwrap();
    let numbered = more.lines().enumerate().map(|(i, line)| match i {
        0 => format!("{line},z\n"),
        _ => format!("{line},{i}\n"),
    });
    std::fs::write(place.path("z.csv"), numbered.collect::<String>()).unwrap();
    std::fs::write(place.path("other.csv"), "a,b,y\n1,2,3\n").unwrap();
    let other = scores(&place, "--data other.csv");
    assert_eq!(other["elbo"]["quantity"], "expected nll + KL/N");
    let z = scores(&place, "--data z.csv --target z");
    assert_ne!(z["rmse"], own["rmse"]);
    assert_eq!(z["target"], serde_json::json!(["z"]));
    assert_eq!(z["run_target"], serde_json::json!(["y"]));
    let said = place.ok("evaluate run --samples 3 --data z.csv --target z");
    for told in [
        "target     z, in the place of the run's y",
        "column y: a target of the run",
        "column id: the run has none of that name",
    ] {
        assert!(said.contains(told), "{told}\n{said}");
    }
    // An input is no target.
    let text = place.refused("evaluate run --data z.csv --target b");
    assert!(
        text.contains("E0506") && text.contains("`b` is an input of the run"),
        "{text}"
    );
}

#[test]
fn a_table_is_predicted_for_with_its_target_and_without() {
    let place = place();
    place.ok(TRAIN);
    let predicted = |table: &str| {
        place.ok(&format!(
            "predict run --samples 3 --data {table}.csv --out p.csv"
        ));
        std::fs::read_to_string(place.path("p.csv")).unwrap()
    };
    let own = predicted("first");
    assert!(own.starts_with("row,target,mean,"), "{own}");
    assert_eq!(own, predicted("turned"));
    assert_eq!(own, predicted("more"));
    let without = |text: &str| -> Vec<String> {
        let mean = if text.starts_with("row,target") { 2 } else { 1 };
        text.lines()
            .map(|line| line.split(',').nth(mean).unwrap().to_owned())
            .collect()
    };
    let inputs = predicted("inputs");
    assert!(inputs.starts_with("row,mean,"), "{inputs}");
    assert_eq!(without(&inputs), without(&own));
}

#[test]
fn a_described_table_goes_by_the_runs_columns() {
    let place = place();
    place.ok(TRAIN);
    // Another target than the run's, which is in the table, too.
    std::fs::write(
        place.path("d.toml"),
        "file = \"turned.csv\"\ntarget = \"b\"\n",
    )
    .unwrap();
    assert_eq!(
        scores(&place, "--data d.toml")["rmse"],
        scores(&place, "")["rmse"]
    );
    // The run's target under another name.
    let table = std::fs::read_to_string(place.path("turned.csv")).unwrap();
    std::fs::write(place.path("z.csv"), table.replacen('y', "z", 1)).unwrap();
    std::fs::write(place.path("z.toml"), "file = \"z.csv\"\ntarget = \"z\"\n").unwrap();
    assert_eq!(
        scores(&place, "--data z.toml")["rmse"],
        scores(&place, "")["rmse"]
    );
}

#[test]
fn a_run_of_before_goes_by_the_places_of_columns_and_its_target() {
    let place = place();
    place.ok(TRAIN);
    let own = scores(&place, "");
    let path = place.path("run/data.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut record: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        record["columns"],
        serde_json::json!({ "inputs": ["a", "b"], "targets": ["y"] })
    );
    record.as_object_mut().unwrap().remove("columns");
    std::fs::write(&path, record.to_string()).unwrap();
    place.changed("run", "data.json");
    assert_eq!(scores(&place, "")["rmse"], own["rmse"]);
    let copy = std::fs::read(place.path("first.csv")).unwrap();
    std::fs::write(place.path("copy.csv"), copy).unwrap();
    assert_eq!(scores(&place, "--data copy.csv")["rmse"], own["rmse"]);
    let text = place.refused("evaluate run --data short.csv");
    assert!(
        text.contains("short.csv") && text.contains("model.bnn:3"),
        "{text}"
    );
    assert!(text.contains("taken: target y; input a"), "{text}");
}

#[test]
fn the_runs_own_data_keeps_its_target_and_its_test_rows() {
    let place = place();
    std::fs::write(place.path("rows.txt"), "3\n5\n").unwrap();
    place.ok(&format!("{TRAIN} --test-rows rows.txt"));
    for data in ["", "--data first.csv"] {
        assert_eq!(scores(&place, data)["examples"], 2);
    }
    place.ok("train line.bnn --data ./first.csv --out run --resume --epochs 2");
    let text = place.refused("train line.bnn --data t.csv --out run --resume --epochs 3");
    assert!(
        text.contains("E0607") && text.contains("data.name"),
        "{text}"
    );
}

#[test]
fn check_and_train_say_which_column_is_the_target() {
    let place = place();
    let said = place.ok("check line.bnn --data t.csv --batch-size 20");
    assert!(
        said.contains("target y (the last column); inputs a, b"),
        "{said}"
    );
    let said: Value = serde_json::from_str(
        &place.ok("check line.bnn --data t.csv --batch-size 20 --format json"),
    )
    .unwrap();
    assert_eq!(said["columns"]["targets"], serde_json::json!(["y"]));
    for command in ["check line.bnn", "train line.bnn --out run"] {
        let text = place.refused(&format!("{command} --data more.csv --target y"));
        assert!(
            text.contains("line.bnn:3") || text.contains("E0505"),
            "{text}"
        );
    }
    std::fs::write(place.path("twice.csv"), "a,y,y\n1,2,3\n").unwrap();
    let text = place.refused("check line.bnn --data twice.csv");
    assert!(text.contains("more than one column `y`"), "{text}");
    let text = place.refused("check line.bnn --data t.csv --data-dir nowhere");
    assert!(text.contains("E0502") && text.contains("nowhere"), "{text}");
}

#[test]
fn labels_that_do_not_fit_name_their_row_and_how_to_recode() {
    let place = place();
    let model = "model m\ninput x: real[1]\ntarget y: category[3]\nnetwork { f = dense(3) }\n\
                 observe y ~ Categorical(logits = f)\nobjective elbo\n";
    std::fs::write(place.path("m.bnn"), model).unwrap();
    std::fs::write(place.path("l.csv"), "a,y\n1,1\n2,3\n3,1\n").unwrap();
    for command in ["check m.bnn", "train m.bnn --out m"] {
        let text = place.refused(&format!("{command} --data l.csv"));
        for told in ["E0509", "row 1 ", "m.bnn:5", "subtract 1", "category[4]"] {
            assert!(text.contains(told), "{told}\n{text}");
        }
    }
}

#[test]
fn several_targets_are_told_by_their_names() {
    let place = place();
    let model = MODEL
        .replace("target y: real", "target y: real[2]")
        .replace("input  x: real[2]", "input  x: real[1]")
        .replace("dense(1)", "dense(2)");
    std::fs::write(place.path("two.bnn"), model).unwrap();
    let text = place.refused("train two.bnn --data t.csv --out run --batch-size 20");
    assert!(
        text.contains("`--target b,y` takes the last 2 columns"),
        "{text}"
    );
    place.ok("train two.bnn --data t.csv --target b,y --out run --batch-size 20 --epochs 1");
    place.ok("predict run --data more.csv --samples 2 --out p.csv");
    let rows = std::fs::read_to_string(place.path("p.csv")).unwrap();
    assert!(
        rows.starts_with("row,target_b,target_y,mean_b,mean_y,std_b,std_y"),
        "{rows}"
    );
    let said = scores(&place, "--data more.csv");
    let each: Vec<f64> = said["rmse_by_entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rmse| rmse.as_f64().unwrap())
        .collect();
    let said_by_entry = said["rmse_by_entry"].clone();
    let mean = (each[0].powi(2) + each[1].powi(2)) / 2.0;
    assert!((mean.sqrt() / said["rmse"].as_f64().unwrap() - 1.0).abs() < 1e-12);
    let said = place.ok("evaluate run --data more.csv --samples 2");
    assert!(said.contains("]  of y\n"), "{said}");
    // The order in which the run's own targets are named is nothing: each is compared with its own.
    let turned = scores(&place, "--data more.csv --target y,b");
    assert_eq!(turned["rmse_by_entry"], said_by_entry);
    // A table with one of the two is a mistake, and one with neither is not.
    std::fs::write(place.path("one.csv"), "a,y\n1,2\n").unwrap();
    let text = place.refused("predict run --data one.csv --samples 2 --out p.csv");
    for told in [
        "`one.csv` has no column `b`",
        "it has `y`",
        "needs no targets",
    ] {
        assert!(text.contains(told), "{told}\n{text}");
    }
    std::fs::write(place.path("none.csv"), "a\n1\n").unwrap();
    place.ok("predict run --data none.csv --samples 2 --out p.csv");
}

#[test]
fn a_target_column_that_is_empty_is_to_be_left_out_of_what_is_predicted_for() {
    let place = place();
    place.ok(TRAIN);
    std::fs::write(place.path("e.csv"), "a,b,y\n1,2,\n").unwrap();
    let text = place.refused("predict run --data e.csv --samples 2 --out p.csv");
    assert!(
        text.contains("E0505") && text.contains("leave the column out: `predict` needs no target"),
        "{text}"
    );
    let text = place.refused("evaluate run --data e.csv --samples 2");
    assert!(text.contains("leave out the rows"), "{text}");
}

#[test]
fn predictions_do_not_replace_what_a_run_is_made_of_or_reads() {
    let place = place();
    std::fs::write(place.path("rows.csv"), "3\n5\n").unwrap();
    std::fs::write(
        place.path("d.toml"),
        "file = \"first.csv\"\ntarget = \"y\"\ntest_rows = \"rows.csv\"\n",
    )
    .unwrap();
    place.ok(&TRAIN.replace("--data first.csv --target y", "--data d.toml"));
    for (data, out, why) in [
        ("", "first.csv", "trained on the data in it"),
        ("", "run/../first.csv", "data to predict for is read"),
        ("--data more.csv", "rows.csv", "trained on the data in it"),
        ("--data more.csv", "more.csv", "data to predict for is read"),
    ] {
        let before = std::fs::read(place.path(out)).unwrap();
        let text = place.refused(&format!("predict run {data} --samples 2 --out {out}"));
        assert!(
            text.contains("E0601") && text.contains("not written over"),
            "{why}\n{text}"
        );
        assert!(data.is_empty() || text.contains(why), "{why}\n{text}");
        assert_eq!(before, std::fs::read(place.path(out)).unwrap());
    }
    // What it wrote itself it writes again.
    place.ok("predict run --samples 2 --out run/p.csv");
    place.ok("predict run --samples 2 --out run/p.csv");
}
