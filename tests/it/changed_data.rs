//! Data that has changed since a run was trained on it: nothing is called held out that was trained on.

use crate::cli::Place;
use crate::real_data::data_dir;
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A run on 60 rows, of which 12 are set aside and every tenth is held out.
fn trained() -> Place {
    let place = Place::new();
    std::fs::write(place.path("rows.txt"), "0\n10\n20\n30\n40\n50\n").unwrap();
    place.ok(
        "train line.bnn --data t.csv --test-rows rows.txt --validation 12 --epochs 2 --batch-size 21 --out run",
    );
    place
}

fn lines(place: &Place) -> Vec<String> {
    let text = std::fs::read_to_string(place.path("t.csv")).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn write(place: &Place, name: &str, lines: &[String]) {
    std::fs::write(place.path(name), lines.join("\n") + "\n").unwrap();
}

#[test]
fn a_table_that_lost_rows_is_not_scored_as_if_they_were_there() {
    let place = trained();
    let mut rows = lines(&place);
    // Row 0 of the table is line 1: every row of the test file is now another row, which was trained on.
    rows.remove(1);
    write(&place, "t.csv", &rows);
    for command in ["evaluate run", "predict run --out p.csv"] {
        let said = place.refused(command);
        assert!(said.contains("error[E0611]"), "{said}");
        assert!(
            said.contains("of the test part were trained on or set aside: rows"),
            "{said}"
        );
        assert!(said.contains("1 row is gone that the run had"), "{said}");
        assert!(said.contains("`--allow-changed`"), "{said}");
    }
    assert!(!place.path("p.csv").exists());
    // Five of the six rows that were held out are still there, all of them in what is the training part now.
    let said = place.refused("evaluate run --allow-changed");
    assert!(said.contains("each was trained on or set aside"), "{said}");
    std::fs::write(place.path("rows.txt"), "9\n").unwrap();
    let scores = json(&place.ok("evaluate run --allow-changed --format json"));
    assert_eq!(
        (&scores["split"], &scores["examples"]),
        (&"test".into(), &1.into())
    );
    place.refused("train line.bnn --out run --resume --epochs 4");
}

#[test]
fn new_rows_are_found_among_those_that_were_trained_on() {
    let place = Place::new();
    place.ok("train line.bnn --data t.csv --validation 12 --epochs 2 --batch-size 24 --out run");
    let mut rows = lines(&place);
    rows.push("0.25,0.5,3".into());
    rows.insert(5, "0.75,0.5,3".into());
    write(&place, "more.csv", &rows);
    let said = place.refused("evaluate run --data more.csv");
    assert!(
        said.contains("2 rows are new: rows 4, 61 (the first being 0)"),
        "{said}"
    );
    assert!(said.contains("48 of its 62 rows were trained on"), "{said}");
    let unseen = json(&place.ok("evaluate run --data more.csv --allow-changed --format json"));
    assert_eq!(
        (&unseen["split"], &unseen["examples"]),
        (&"unseen".into(), &2.into())
    );
    for (part, examples) in [("train", 48), ("validation", 12)] {
        let command =
            format!("evaluate run --data more.csv --allow-changed --split {part} --format json");
        let scores = json(&place.ok(&command));
        assert_eq!(scores["examples"], examples);
        // The same rows as of the table that was trained on, so the same scores.
        let own = json(&place.ok(&format!("evaluate run --split {part} --format json")));
        assert_eq!(scores["nll"], own["nll"], "{part}");
    }
    // Predictions of all rows of another table are just that.
    place.ok("predict run --data more.csv --out p.csv");
    let predicted = std::fs::read_to_string(place.path("p.csv")).unwrap();
    assert_eq!(predicted.lines().count(), 63);
}

#[test]
fn a_table_in_another_order_is_the_same_table() {
    let place = Place::new();
    place.ok("train line.bnn --data t.csv --validation 12 --epochs 2 --batch-size 24 --out run");
    let before = json(&place.ok("evaluate run --format json"));
    assert_eq!(
        (&before["split"], &before["examples"]),
        (&"validation".into(), &12.into())
    );
    let mut rows = lines(&place);
    rows[1..].reverse();
    write(&place, "t.csv", &rows);
    let after = json(&place.ok("evaluate run --format json"));
    assert_eq!(
        (&after["split"], &after["examples"]),
        (&"validation".into(), &12.into())
    );
    let nll = |scores: &Value| scores["nll"].as_f64().unwrap();
    assert!((nll(&before) / nll(&after) - 1.0).abs() < 1e-6);
}

#[test]
fn a_run_without_digests_refuses_changed_data_and_says_why() {
    let place = trained();
    std::fs::remove_file(place.path("run/rows.safetensors")).unwrap();
    place.refused("evaluate run");
    place.changed("run", "rows.safetensors");
    place.ok("evaluate run");
    let rows = lines(&place);
    write(&place, "t.csv", &rows[..56]);
    let said = place.refused("evaluate run");
    assert!(
        said.contains("E0611") && said.contains("before runs kept a digest"),
        "{said}"
    );
}

#[test]
fn the_loss_on_a_run_has_its_rows_and_its_n() {
    let place = trained();
    let command = "loss line.bnn --weights run/checkpoint.safetensors --data t.csv --test-rows rows.txt --run run";
    let report = json(&place.ok(&format!("{command} --format json")));
    assert_eq!(
        (&report["batch"], &report["training_examples"]),
        (&42.into(), &42.into())
    );
    assert!(
        place
            .ok(command)
            .contains("42 rows that the run was trained on as one minibatch")
    );
    // Other rows are a minibatch of a training set of the run's size.
    let header: &[String] = &["a,b,y".into(), "0.5,0.25,7".into(), "0.125,0.25,9".into()];
    write(&place, "batch.csv", header);
    let other = command.replace("t.csv --test-rows rows.txt", "batch.csv");
    let report = json(&place.ok(&format!("{other} --format json")));
    assert_eq!(
        (&report["batch"], &report["training_examples"]),
        (&2.into(), &42.into())
    );
}

#[test]
fn another_named_data_set_is_refused_where_its_classes_are_others() {
    let Some(data) = data_dir() else { return };
    let place = Place::new();
    let model = "model digits\ninput x: real[28, 28, 1]\ntarget y: category[10]\nnetwork { f = dense(10) }\n\
                 observe y ~ Categorical(logits = f)\nobjective elbo\n";
    let model = model.replace("f = dense", "h = flatten()\n f = dense");
    std::fs::write(place.path("digits.bnn"), model).unwrap();
    let folder = data.display();
    place.ok(&format!(
        "train digits.bnn --data mnist --data-dir {folder} --epochs 1 --batch-size 1000 --out run"
    ));
    let others = format!("evaluate run --data fashion_mnist --data-dir {folder} --samples 2");
    let said = place.refused(&others);
    assert!(
        said.contains("the classes of `fashion_mnist` are not those of the run"),
        "{said}"
    );
    assert!(
        said.contains("label 0 is `0` there and `T-shirt/top` here"),
        "{said}"
    );
    let said = place.ok(&format!("{others} --allow-changed"));
    assert!(
        said.contains("fashion_mnist, test part of 10,000 examples"),
        "{said}"
    );
}
