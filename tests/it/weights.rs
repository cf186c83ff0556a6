//! Frequency weights: a table with a column that says how many times each row occurs is the table with its rows
//! repeated, and weights of other kinds are refused with the reason.

use crate::cli::Place;
use serde_json::Value;
use std::fmt::Write;

const COUNTS: [usize; 12] = [3, 1, 0, 2, 4, 1, 5, 2, 1, 1, 7, 3];

/// `line.bnn`, a table with counts, `w.csv`, and the same with its rows repeated, `e.csv`.
fn place() -> Place {
    let place = Place::new();
    let (mut weighted, mut repeated) = ("a,b,y,count\n".to_string(), "a,b,y\n".to_string());
    for (i, count) in COUNTS.iter().enumerate() {
        let i = i as f64;
        let row = format!(
            "{},{},{}",
            (0.7 * i).sin(),
            (0.3 * i).cos(),
            (1.9 * i).sin() + i
        );
        writeln!(weighted, "{row},{count}").unwrap();
        (0..*count).for_each(|_| writeln!(repeated, "{row}").unwrap());
    }
    std::fs::write(place.path("w.csv"), weighted).unwrap();
    std::fs::write(place.path("e.csv"), repeated).unwrap();
    let toml = "file = \"w.csv\"\ntarget = \"y\"\nweights = \"count\"\n";
    std::fs::write(place.path("counted.toml"), toml).unwrap();
    place
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_run_is_that_on_the_repeated_rows() {
    let place = place();
    let settings = "--target y --epochs 4 --batch-size 8 --seed 3";
    place.ok(&format!(
        "train line.bnn --data w.csv --weights count {settings} --out w"
    ));
    place.ok(&format!("train line.bnn --data e.csv {settings} --out e"));
    let bytes = |run: &str| std::fs::read(place.path(run).join("checkpoint.safetensors")).unwrap();
    // The metadata names the same model; every bit of every number is the same.
    assert_eq!(bytes("w"), bytes("e"));
    let [weighted, repeated] =
        ["w", "e"].map(|run| json(&place.ok(&format!("evaluate {run} --format json"))));
    for key in [
        "examples",
        "rmse",
        "nll",
        "expected_nll",
        "coverage",
        "elbo",
    ] {
        assert_eq!(weighted[key], repeated[key], "{key}");
    }
    let total: usize = COUNTS.iter().sum();
    assert_eq!(weighted["examples"], total);
    // A prediction is of a row.
    place.ok("predict w --out p.csv");
    let text = std::fs::read_to_string(place.path("p.csv")).unwrap();
    assert_eq!(text.lines().count(), 1 + COUNTS.len());
}

#[test]
fn the_loss_of_all_rows_is_that_of_the_repeated_rows() {
    let place = place();
    place.ok("train line.bnn --data e.csv --epochs 2 --batch-size 8 --out e");
    let loss = |data: &str| {
        let weights = "--weights e/checkpoint.safetensors --dtype float64 --format json";
        json(&place.ok(&format!("loss line.bnn --data {data} {weights}")))
    };
    let (weighted, repeated) = (loss("counted.toml"), loss("e.csv"));
    assert_eq!(weighted["training_examples"], repeated["training_examples"]);
    let of = |report: &Value| report["loss"].as_f64().unwrap();
    assert!((of(&weighted) - of(&repeated)).abs() < 1e-12);
}

#[test]
fn the_loss_says_what_n_is() {
    let place = place();
    let total: usize = COUNTS.iter().sum();
    let said = place.ok("check line.bnn --data counted.toml --batch-size 8");
    let head = format!("N = {total} training examples in 12 rows, by the column count");
    assert!(said.contains(&head), "{said}");
    let said = place.ok("check line.bnn --data counted.toml --batch-size 8 --emit ir");
    assert!(
        said.contains(&format!("N = {total}, training examples in 12 rows")),
        "{said}"
    );
    let said = place.ok("train line.bnn --data counted.toml --batch-size 8 --epochs 1 --out w");
    assert!(
        said.contains(&format!("N = {total} examples to train on in 12 rows")),
        "{said}"
    );
}

/// Parts take rows whole, and the numbers of each are sums of counts.
#[test]
fn held_out_rows_are_whole() {
    let place = place();
    std::fs::write(place.path("rows.txt"), "0\n6\n10\n").unwrap();
    let train = "train line.bnn --data w.csv --target y --weights count --test-rows rows.txt --validation 3 \
                 --epochs 1 --batch-size 4 --out w";
    let said = place.ok(train);
    let record = json(&std::fs::read_to_string(place.path("w/data.json")).unwrap());
    let number = |key: &str| record[key].as_u64().unwrap() as usize;
    assert_eq!(number("test_examples"), COUNTS[0] + COUNTS[6] + COUNTS[10]);
    let total: usize = COUNTS.iter().sum();
    let rest = total - number("test_examples");
    assert_eq!(
        number("training_examples") + number("validation_examples"),
        rest
    );
    let tested = json(&place.ok("evaluate w --format json"));
    assert_eq!(tested["examples"], number("test_examples"));
    // The end of a training scores as many.
    let examples = format!("test       {} examples", number("test_examples"));
    assert!(said.contains(&examples), "{said}");
    let validated = json(&place.ok("evaluate w --split validation --format json"));
    assert_eq!(validated["examples"], number("validation_examples"));
    std::fs::write(place.path("line.toml"), "[data]\nvalidation = 3\n").unwrap();
    let said = place.ok("check line.bnn --data counted.toml --batch-size 8");
    assert!(said.contains("in 9 rows, by the column count"), "{said}");
}

#[test]
fn counts_that_changed_are_told() {
    let place = place();
    place.ok("train line.bnn --data counted.toml --epochs 1 --batch-size 8 --out w");
    let text = std::fs::read_to_string(place.path("w.csv")).unwrap();
    // The sum is the same.
    let changed = text.replacen(",3\n", ",2\n", 1).replacen(",1\n", ",2\n", 1);
    std::fs::write(place.path("w.csv"), changed).unwrap();
    let said = place.refused("evaluate w");
    assert!(
        said.contains("error[E0607]: the counts in the column `count`"),
        "{said}"
    );
    assert!(
        place
            .refused("train line.bnn --resume --epochs 2 --out w")
            .contains("has changed")
    );
    // The rows written out are those that were trained on.
    let said = place.refused("evaluate w --data e.csv --target y");
    assert!(said.contains("30 of its 30 rows were trained on"), "{said}");
    // Of another table each row counts once, and that is said.
    std::fs::write(place.path("new.csv"), "a,b,y\n0.1,0.2,3\n0.3,0.1,2\n").unwrap();
    let said = place.ok("evaluate w --data new.csv");
    assert!(
        said.contains("no column count: each row counts once"),
        "{said}"
    );
}

#[test]
fn what_is_no_count_is_an_error_with_its_row() {
    let place = place();
    let text = std::fs::read_to_string(place.path("w.csv")).unwrap();
    for (cell, found) in [
        ("2.5", "2.5"),
        ("-1", "-1"),
        ("many", "`many`"),
        ("", "a missing value"),
    ] {
        std::fs::write(
            place.path("w.csv"),
            text.replacen(",4\n", &format!(",{cell}\n"), 1),
        )
        .unwrap();
        let said = place.refused("check line.bnn --data counted.toml");
        assert!(
            said.contains("w.csv:6: column `count` holds no count"),
            "{said}"
        );
        assert!(
            said.contains(&format!("a whole number from 0, found {found}")),
            "{said}"
        );
    }
    let zeros = "a,b,y,count\n1,2,3,0\n2,3,4,0\n";
    std::fs::write(place.path("w.csv"), zeros).unwrap();
    for command in ["train --batch-size 1 --out w", "check"] {
        let said = place.refused(&format!("{command} line.bnn --data counted.toml"));
        assert!(said.contains("no training examples"), "{said}");
    }
    let many = "a,b,y,count\n1,2,3,4294967295\n2,3,4,1\n";
    std::fs::write(place.path("w.csv"), many).unwrap();
    let said = place.refused("check line.bnn --data counted.toml");
    assert!(
        said.contains("`count` counts 4,294,967,296 examples"),
        "{said}"
    );
    let said = place.refused("check line.bnn --data e.csv --weights cuont");
    assert!(
        said.contains("no column `cuont`, which `weights` names"),
        "{said}"
    );
}

/// Weights that are no counts are no likelihood, wherever they are written.
#[test]
fn class_and_sample_weights_are_refused_with_the_reason() {
    let place = place();
    let reason = "no log likelihood";
    let model = "model m\ninput x: real[2]\ntarget y: binary\nnetwork { f = dense(1) }\n";
    for (argument, option) in [
        (", class_weight = [1, 2]", ""),
        (", pos_weight = 3", ""),
        (", weights = [1, 2]", ""),
        ("", " { sample_weight = 2 }"),
        ("", " { class_weights = 2 }"),
    ] {
        let text =
            format!("{model}observe y ~ Bernoulli(logits = f{argument})\nobjective elbo{option}\n");
        std::fs::write(place.path("m.bnn"), text).unwrap();
        let said = place.refused("check m.bnn");
        assert!(said.contains(reason), "{argument}{option}\n{said}");
    }
    for key in ["class_weight = [1, 2]", "sample_weight = \"w\""] {
        std::fs::write(place.path("line.toml"), format!("{key}\n")).unwrap();
        assert!(place.refused("check line.bnn").contains(reason), "{key}");
    }
    std::fs::write(
        place.path("line.toml"),
        "[data]\nname = \"e.csv\"\nweights = [1, 2]\n",
    )
    .unwrap();
    assert!(place.refused("check line.bnn").contains(reason));
    std::fs::remove_file(place.path("line.toml")).unwrap();
    let toml = "file = \"w.csv\"\nsample_weight = \"count\"\n";
    std::fs::write(place.path("t.toml"), toml).unwrap();
    assert!(
        place
            .refused("check line.bnn --data t.toml")
            .contains(reason)
    );
    let output = place.bnnc("train line.bnn --data e.csv --class-weight 2");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains(reason), "{said}");
}
