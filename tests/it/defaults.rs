//! A run without flags, how it ends, and what it says of it.

use crate::cli::{MODEL, Place};
use std::fmt::Write;

/// A place with a table of `n` rows, in which `cell` may replace the input of a row.
fn table(n: usize, cell: impl Fn(usize) -> Option<&'static str>) -> Place {
    let place = Place::new();
    let mut table = String::from("a,b,y\n");
    for i in 0..n {
        let (a, b) = ((0.7 * i as f64).sin(), (0.3 * i as f64).cos());
        let shown = cell(i).map_or(format!("{a:.6}"), str::to_owned);
        writeln!(table, "{shown},{b:.6},{:.6}", 100.0 + 20.0 * a - 7.0 * b).unwrap();
    }
    std::fs::write(place.path("t.csv"), table).unwrap();
    place
}

/// The values of `key` in a run's lines of epochs.
fn epochs(place: &Place, run: &str, key: impl Fn(&serde_json::Value) -> f64) -> Vec<f64> {
    let text = std::fs::read_to_string(place.path(run).join("metrics.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let lines = lines.filter(|line: &serde_json::Value| line["kind"] == "epoch");
    lines.map(|line| key(&line)).collect()
}

fn with_errors(place: &Place, arguments: &str) -> String {
    let output = place.bnnc(arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_table_of_a_hundred_rows_trains_without_a_batch_size() {
    let place = table(100, |_| None);
    // 7 steps of 16 examples an epoch: 2858 epochs are the first 20,000 steps.
    let chosen =
        "batch size 16, 2858 epochs: chosen for N = 100 (20,006 steps); --batch-size, --epochs";
    let said = place.ok("check line.bnn --data t.csv");
    assert!(said.contains(chosen), "{said}");
    let said = place.ok("train line.bnn --data t.csv --epochs 2 --out run");
    let chosen = "batch size 16: chosen for N = 100 (14 steps); --batch-size\n";
    assert!(said.contains(chosen), "{said}");
    let kept = std::fs::read_to_string(place.path("run/run.toml")).unwrap();
    assert!(kept.contains("epochs = 2\nbatch_size = 16\n"), "{kept}");
    // What is said stays; the other is chosen by it.
    std::fs::write(place.path("line.toml"), "batch_size = 50\n").unwrap();
    let said = place.ok("check line.bnn --data t.csv");
    assert!(
        said.contains("10000 epochs: chosen for N = 100 (20,000 steps); --epochs\n"),
        "{said}"
    );
    // A run file beside one that goes on says no more than it says.
    std::fs::write(place.path("seed.toml"), "seed = 0\n").unwrap();
    let flags = "--data t.csv --config seed.toml --epochs 3 --out run --resume";
    let said = place.ok(&format!("train line.bnn {flags}"));
    assert!(said.contains("3 epochs of 7 steps of B = 16"), "{said}");
}

#[test]
fn a_run_that_ends_early_keeps_the_variables_of_its_lowest_validation_nll() {
    let place = table(60, |_| None);
    let flags = "--epochs 200 --learning-rate 0.1 --early-stopping=4";
    let said = place.ok(&format!("train line.bnn --data t.csv {flags} --out run"));
    assert!(
        said.contains("N = 54 examples to train on, 6 set aside"),
        "{said}"
    );
    let nll = epochs(&place, "run", |line| {
        line["validation"]["nll"].as_f64().unwrap()
    });
    let lowest = nll.iter().copied().fold(f64::INFINITY, f64::min);
    let best = nll.iter().position(|x| *x == lowest).unwrap() + 1;
    assert!(nll.len() < 200);
    assert_eq!(nll.len(), best + 4);
    let told = format!("ended early: the validation nll was lowest after epoch {best}");
    assert!(said.contains(&told), "{said}");
    // The same draws of the weights as after that epoch, on the same rows.
    let scores = place.ok("evaluate run --split validation --samples 10 --format json");
    let scores: serde_json::Value = serde_json::from_str(&scores).unwrap();
    assert_eq!(scores["nll"].as_f64().unwrap(), lowest);
    let said = place.refused("train line.bnn --out run --resume");
    assert!(said.contains("has ended early"), "{said}");
    std::fs::remove_file(place.path("run/best.safetensors")).unwrap();
    let said = place.refused("evaluate run");
    assert!(said.contains("best.safetensors"), "{said}");
}

#[test]
fn early_stopping_is_a_word_or_a_number_of_epochs() {
    let place = table(60, |_| None);
    for (run_file, kept) in [
        (
            "early_stopping = true\nepochs = 100\n",
            "early_stopping = 10\n",
        ),
        (
            "early_stopping = 20\nepochs = 100\n",
            "early_stopping = 20\n",
        ),
        ("epochs = 100\n", "early_stopping = false\n"),
    ] {
        std::fs::write(place.path("line.toml"), run_file).unwrap();
        place.ok("train line.bnn --data t.csv --learning-rate 0.05 --out run");
        let text = std::fs::read_to_string(place.path("run/run.toml")).unwrap();
        assert!(text.contains(kept), "{text}");
        std::fs::remove_dir_all(place.path("run")).unwrap();
    }
    std::fs::write(place.path("line.toml"), "early_stopping = \"yes\"\n").unwrap();
    let said = place.refused("train line.bnn --data t.csv");
    assert!(
        said.contains("`early_stopping` is true, false, or a whole number"),
        "{said}"
    );
    // What is said is done, or refused.
    std::fs::write(place.path("line.toml"), "[data]\nvalidation = 0\n").unwrap();
    let said = place.refused("train line.bnn --data t.csv --early-stopping");
    assert!(
        said.contains("E0603") && said.contains("`validation` is 0"),
        "{said}"
    );
}

#[test]
fn a_run_that_still_improves_says_so() {
    let place = table(60, |_| None);
    let said = place.ok("train line.bnn --data t.csv --epochs 20 --batch-size 30 --out run");
    let summary = said.split("summary    ").nth(1).expect(&said);
    let loss = epochs(&place, "run", |line| line["loss"].as_f64().unwrap());
    let mean = |range: std::ops::Range<usize>| loss[range].iter().sum::<f64>() / 3.0;
    let fall = mean(14..17) - mean(17..20);
    let told = format!("still improving: the loss fell by {fall:.4}, ");
    assert!(summary.starts_with(&told), "{told}\n{summary}");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("(epochs 18 to 20)") && said.contains("--epochs 40"),
        "{said}"
    );
}

#[test]
fn a_fit_that_diverges_is_no_success_and_is_told_a_rate_that_works() {
    let place = table(60, |_| None);
    let sgd = "[optimizer]\nname = \"sgd\"\nlearning_rate = 3000.0\n";
    std::fs::write(place.path("sgd.toml"), sgd).unwrap();
    let said = place.refused("train line.bnn --data t.csv --config sgd.toml --out run");
    assert!(
        said.contains("error[E0608]") && said.contains("run/checkpoint.safetensors"),
        "{said}"
    );
    let rate = said.split("--learning-rate ").nth(1).expect(&said);
    let rate = rate.split('`').next().unwrap();
    assert_eq!(rate, "0.01");
    let flags = format!("--config sgd.toml --learning-rate {rate} --epochs 30 --out good");
    place.ok(&format!("train line.bnn --data t.csv {flags}"));
    let loss = epochs(&place, "good", |line| line["loss"].as_f64().unwrap());
    assert!(loss[29] < loss[0], "{loss:?}");
}

#[test]
fn one_huge_cell_is_named() {
    let told =
        "row 7 (the first being 0) has 1.000e30 in column `a`, where all others are from -0.";
    let place = table(60, |row| (row == 7).then_some("1e30"));
    let said = with_errors(&place, "train line.bnn --data t.csv --epochs 1 --out run");
    assert!(said.contains(told), "{said}");
    // A column that is 1 in a single row is an indicator; two values far apart are none of it.
    for cell in [
        |row| Some(if row == 7 { "1" } else { "0" }),
        |row| (row == 7).then_some("9"),
    ] {
        let place = table(60, cell);
        let said = with_errors(&place, "train line.bnn --data t.csv --epochs 1 --out run");
        assert!(!said.contains("all others are"), "{said}");
    }
}

#[test]
fn inputs_far_outside_of_the_training_range_are_told_at_predict() {
    let place = table(60, |row| match row {
        0 => Some("0"),
        1 => Some("2"),
        _ => None,
    });
    place.ok("train line.bnn --data t.csv --epochs 1 --out run");
    std::fs::write(
        place.path("far.csv"),
        "a,b\n0.5,0.1\n1e6,0.1\n-7,0.1\n3,0.1\n",
    )
    .unwrap();
    let said = with_errors(&place, "predict run --data far.csv --out p.csv");
    // From -1 to 2 is three wide: 3 is outside, and not far.
    let told = "row 1 (the first being 0) has 1.000e6 in column `a`, which was from -0.98";
    assert!(
        said.contains(told) && said.contains("2 rows are as far outside"),
        "{said}"
    );
    std::fs::write(place.path("near.csv"), "a,b\n0.5,0.1\n3,0.1\n").unwrap();
    let said = with_errors(&place, "predict run --data near.csv --out q.csv");
    assert!(!said.contains("outside"), "{said}");
}

#[test]
fn values_that_training_never_saw_are_told_and_hide_no_far_number() {
    let place = Place::new();
    let rows = (0..40).map(|i| format!("{},{},{}\n", ["Bonn", "Ulm"][i % 2], 20 + i, 3 * i));
    let table = format!("city,age,y\n{}", rows.collect::<String>());
    std::fs::write(place.path("cities.csv"), table).unwrap();
    let model = MODEL.replace("real[2]", "real[_]");
    std::fs::write(place.path("cities.bnn"), model).unwrap();
    place.ok("train cities.bnn --data cities.csv --epochs 1 --out run");
    let far = "city,age\nBerlin,30\nUlm,4000\nParis,31\n";
    std::fs::write(place.path("far.csv"), far).unwrap();
    let said = with_errors(&place, "predict run --data far.csv --out p.csv");
    for told in [
        "2 rows have a value in column `city` that training never saw, the first of them row 0",
        "in column `age`, which was from 20",
        "1 row is as far outside",
    ] {
        assert!(said.contains(told), "{told}\n{said}");
    }
}

#[test]
fn data_that_has_moved_is_found_by_its_new_path() {
    let place = table(60, |_| None);
    place.ok("train line.bnn --data t.csv --test 0.2 --epochs 2 --out run");
    let before = place.ok("evaluate run --format json");
    std::fs::create_dir(place.path("new")).unwrap();
    std::fs::rename(place.path("t.csv"), place.path("new/t.csv")).unwrap();
    for command in [
        "evaluate run",
        "predict run --out p.csv",
        "train line.bnn --out run --resume --epochs 3",
    ] {
        let said = place.refused(command);
        assert!(
            said.contains("`--data NEW_PATH` says where"),
            "{command}\n{said}"
        );
    }
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let after = place.ok("evaluate run --data new/t.csv --format json");
    let (before, after) = (json(&before), json(&after));
    assert_eq!(
        (&before["split"], &before["nll"]),
        (&after["split"], &after["nll"])
    );
    place.ok("train line.bnn --out run --resume --epochs 3 --data new/t.csv");
    place.ok("evaluate run");
    // Another table in that place is not taken for it.
    let other = std::fs::read_to_string(place.path("new/t.csv")).unwrap();
    std::fs::write(place.path("other.csv"), other.replacen("100", "101", 1)).unwrap();
    std::fs::remove_file(place.path("new/t.csv")).unwrap();
    let said = place.refused("train line.bnn --out run --resume --epochs 4 --data other.csv");
    assert!(said.contains("has changed"), "{said}");
}

#[test]
fn a_column_that_counts_the_rows_is_pointed_out_at_train() {
    let place = Place::new();
    let row = |i: usize| {
        format!(
            "{i},{},{}\n",
            (0.7 * i as f64).sin(),
            (0.3 * i as f64).cos()
        )
    };
    let rows: String = (0..40).map(row).collect();
    std::fs::write(place.path("t.csv"), format!("n,a,y\n{rows}")).unwrap();
    let said = with_errors(&place, "train line.bnn --data t.csv --epochs 1 --out run");
    assert!(
        said.contains("column `n` counts the rows: `--drop n`"),
        "{said}"
    );
}
