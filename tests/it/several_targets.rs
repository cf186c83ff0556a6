//! Several targets: each has its likelihood and its nll, and every weight one term beside all of them.

use crate::cli::Place;
use crate::support::{draw, plan};
use bnnc::data::npz::{Entries, encode_all};
use bnnc::exec::{Batch, Interpreter, StepReport};
use bnnc::ir::Position;
use bnnc::likelihood::{OwnedTargets, Targets};
use std::fmt::Write as _;

const HEAD: &str = "input x: real[5]\n\
    default { prior = Normal(0, 1), posterior = MeanField, estimator = flipout }\n\
    network {\n  dense(6)\n  body = tanh\n  kind_logits = dense(3)\n  age_values = dense(2) on body\n}\n";
const KIND: &str = "target kind: category[3]\nobserve kind ~ Categorical(logits = kind_logits)\n";
const AGE: &str = "target age: real\nobserve age ~ Normal(loc = age_values[0], scale = softplus(age_values[1]))\n";

const ROWS: usize = 7;

struct Data {
    inputs: Vec<f64>,
    kinds: Vec<u32>,
    ages: Vec<f64>,
}

fn data() -> Data {
    Data {
        inputs: (0..ROWS * 5).map(|i| (0.7 * i as f64).sin()).collect(),
        kinds: (0..ROWS as u32).map(|i| (5 * i + 1) % 3).collect(),
        ages: (0..ROWS).map(|i| (1.3 * i as f64).cos()).collect(),
    }
}

/// One step of a model of both targets, or of one alone; all weights as the model of both starts.
fn stepped(
    observed: &str,
    targets: Targets<f64>,
    others: &[OwnedTargets<f64>],
) -> (StepReport, Vec<f64>) {
    let text = format!("model m\n{HEAD}{observed}objective elbo\n");
    let mut interpreter = Interpreter::<f64>::new(plan(&text), ROWS);
    interpreter.initialize(3);
    let data = data();
    let batch = Batch {
        inputs: &data.inputs,
        targets,
        others,
        len: ROWS,
    };
    let at = Position::full_batch(20);
    let report = interpreter.step(&batch, &draw(1, 2), &Position { batch: ROWS, ..at });
    (report, interpreter.gradient().to_vec())
}

/// The loss of both does not depend on their order, and has the nlls of models of one target each, and every KL once.
#[test]
fn the_loss_is_the_sum_of_the_nlls_and_each_kl_once() {
    let data = data();
    let kinds = || Targets::Labels(&data.kinds);
    let ages = || Targets::Reals(&data.ages);
    let (both, gradient) = stepped(
        &format!("{KIND}{AGE}"),
        kinds(),
        &[OwnedTargets::Reals(data.ages.clone())],
    );
    let (turned, turned_gradient) = stepped(
        &format!("{AGE}{KIND}"),
        ages(),
        &[OwnedTargets::Labels(data.kinds.clone())],
    );
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12 * (1.0 + b.abs()), "{a} {b}");
    close(both.loss, turned.loss);
    for (a, b) in gradient.iter().zip(&turned_gradient) {
        close(*a, *b);
    }
    assert_eq!(
        both.terms.len(),
        2 + 6,
        "two nlls, three kernels and three biases"
    );
    close(both.terms[0].value, turned.terms[1].value);
    close(both.terms[1].value, turned.terms[0].value);

    // Of one alone: the layers that it does not take are left out, and so are their variables.
    let alone = |layers: &str, observed: &str, targets| {
        let head = HEAD.replace(
            "  kind_logits = dense(3)\n  age_values = dense(2) on body\n",
            layers,
        );
        let text = format!("model m\n{head}{observed}objective elbo\n");
        let mut one = Interpreter::<f64>::new(plan(&text), ROWS);
        one.initialize(3);
        let whole = plan(&format!("model m\n{HEAD}{KIND}{AGE}objective elbo\n"));
        let mut start = Interpreter::<f64>::new(whole.clone(), ROWS);
        start.initialize(3);
        for variable in &one.plan().variables.clone() {
            let same = whole
                .variables
                .iter()
                .find(|other| other.name == variable.name);
            let values = start.variables()[same.expect("the same name").range.clone()].to_vec();
            one.variables_mut()[variable.range.clone()].copy_from_slice(&values);
        }
        // Without noise: draws are numbered by the parameters of a model.
        let given = crate::support::given(&one.plan().clone(), ROWS, |_, _| 0.0);
        let draw = bnnc::exec::Draw {
            seed: 0,
            step: 0,
            given: Some(&given),
        };
        let batch = Batch {
            inputs: &data.inputs,
            targets,
            others: &[],
            len: ROWS,
        };
        let at = Position {
            batch: ROWS,
            ..Position::full_batch(20)
        };
        one.step(&batch, &draw, &at).terms[0].value
    };
    let text = format!("model m\n{HEAD}{KIND}{AGE}objective elbo\n");
    let whole = plan(&text);
    let mut interpreter = Interpreter::<f64>::new(whole.clone(), ROWS);
    interpreter.initialize(3);
    let given = crate::support::given(&whole, ROWS, |_, _| 0.0);
    let others = [OwnedTargets::Reals(data.ages.clone())];
    let batch = Batch {
        inputs: &data.inputs,
        targets: kinds(),
        others: &others,
        len: ROWS,
    };
    let draw = bnnc::exec::Draw {
        seed: 0,
        step: 0,
        given: Some(&given),
    };
    let at = Position {
        batch: ROWS,
        ..Position::full_batch(20)
    };
    let report = interpreter.step(&batch, &draw, &at);
    close(
        report.terms[0].value,
        alone("  kind_logits = dense(3)\n", KIND, kinds()),
    );
    close(
        report.terms[1].value,
        alone("  age_values = dense(2)\n", AGE, ages()),
    );
}

#[test]
fn the_ir_has_a_term_for_each() {
    let plan = plan(MODEL);
    let text = bnnc::ir::text(&plan.inference, &bnnc::ir::Facts::default());
    let (_, loss) = text.split_once("\nloss").expect("a loss");
    let (data, weights) = loss.split_once("\n  term kl").expect("KLs");
    assert_eq!(weights.matches("term kl").count(), 5, "one a parameter");
    insta::assert_snapshot!(data);
}

#[test]
fn the_gradient_against_central_differences() {
    let data = data();
    let observed = format!(
        "target age: real\nobserve age ~ Normal(loc = age_values[0], scale = learned(0.7))\n{KIND}\
         target late: real\nobserve late ~ StudentT(df = 4, loc = age_values[1], scale = learned(0.4))\n"
    );
    let plan = plan(&format!("model m\n{HEAD}{observed}objective elbo\n"));
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), ROWS);
    interpreter.initialize(5);
    let others = [
        OwnedTargets::Labels(data.kinds.clone()),
        OwnedTargets::Reals(data.inputs[..ROWS].to_vec()),
    ];
    let batch = Batch {
        inputs: &data.inputs,
        targets: Targets::Reals(&data.ages),
        others: &others,
        len: ROWS,
    };
    let at = Position {
        batch: ROWS,
        ..Position::full_batch(20)
    };
    interpreter.step(&batch, &draw(3, 9), &at);
    let gradient = interpreter.gradient().to_vec();
    for (entry, gradient) in gradient.into_iter().enumerate() {
        let value = interpreter.variables()[entry];
        let mut loss = |x: f64| {
            interpreter.variables_mut()[entry] = x;
            interpreter.step(&batch, &draw(3, 9), &at).loss
        };
        let difference = (loss(value + 1e-5) - loss(value - 1e-5)) / 2e-5;
        interpreter.variables_mut()[entry] = value;
        let error = (gradient - difference).abs() / (1e-3 + difference.abs());
        assert!(error < 2e-5, "{entry}: {gradient} {difference}");
    }
}

/// A table of a label and a number that follow from the inputs.
fn table(place: &Place) {
    let mut text = String::from("a,age,b,kind\n");
    for row in 0..96 {
        let a = f64::from((37 * row + 11) % 64) / 16.0 - 2.0;
        let b = f64::from((29 * row + 5) % 64) / 16.0 - 2.0;
        let kind = ["low", "middle", "high"][usize::from(a + b > -1.0) + usize::from(a + b > 1.0)];
        writeln!(text, "{a},{},{b},{kind}", 40.0 + 10.0 * (a - b)).unwrap();
    }
    std::fs::write(place.path("d.csv"), text).unwrap();
}

const MODEL: &str = "model two\ninput x: real[2]\ntarget kind: category[3]\ntarget age: real\n\
    default { prior = Normal(0, 1), posterior = MeanField, estimator = reparameterization }\n\
    network {\n  dense(16)\n  body = tanh\n  logits = dense(3)\n  loc = dense(1) on body\n}\n\
    observe kind ~ Categorical(logits = logits)\nobserve age ~ Normal(loc = loc, scale = learned(0.5))\n\
    objective elbo\n";

const TRAIN: &str = "--epochs 120 --batch-size 16 --learning-rate 0.02 --validation 16 --test 16";

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_table_has_a_column_for_each() {
    let place = Place::new();
    table(&place);
    std::fs::write(place.path("two.bnn"), MODEL).unwrap();
    let checked = place.ok("check two.bnn --data d.csv");
    for row in ["nll(kind)", "nll(age)"] {
        assert!(checked.contains(row), "{checked}");
    }
    let told = place.ok(&format!("train two.bnn --data d.csv {TRAIN} --out run"));
    for part in ["accuracy(kind)", "rmse(age)", "valid. nll"] {
        assert!(told.contains(part), "{told}");
    }
    let scores = json(&place.ok("evaluate run --split train --format json"));
    let (kind, age) = (&scores["targets"]["kind"], &scores["targets"]["age"]);
    let number = |value: &serde_json::Value| value.as_f64().expect("a number");
    assert!(number(&kind["accuracy"]) > 0.85, "{scores:#}");
    // The ages are from 0 to 80, and known but for what the network does not reach.
    assert!(number(&age["rmse"]) < 5.0, "{scores:#}");
    let sum = number(&kind["nll"]) + number(&age["nll"]);
    assert!((number(&scores["nll"]) - sum).abs() < 1e-12);
    let names = |terms: &serde_json::Value| -> Vec<String> {
        let terms = terms.as_array().expect("terms");
        terms
            .iter()
            .map(|term| term["name"].as_str().expect("a name").to_owned())
            .collect()
    };
    let terms = names(&scores["elbo"]["terms"]);
    assert_eq!(
        terms[..3],
        [
            "expected nll(kind)",
            "expected nll(age)",
            "kl(dense_1.kernel)"
        ]
    );
    assert_eq!(terms.len(), 2 + 6);

    place.ok("predict run --out p.csv");
    let predicted = std::fs::read_to_string(place.path("p.csv")).unwrap();
    let header = predicted.lines().next().unwrap();
    assert!(
        header.starts_with("row,target_kind,probability_kind_"),
        "{header}"
    );
    assert!(header.contains(",target_age,mean_age,std_age"), "{header}");
    // A table without the targets will do, one with one of them is told.
    let inputs: String = std::fs::read_to_string(place.path("d.csv"))
        .unwrap()
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            format!("{},{}\n", cells[0], cells[2])
        })
        .collect();
    std::fs::write(place.path("inputs.csv"), inputs).unwrap();
    place.ok("predict run --data inputs.csv --out q.csv");
    let predicted = std::fs::read_to_string(place.path("q.csv")).unwrap();
    assert!(!predicted.contains("target"), "{predicted}");
    assert_eq!(predicted.lines().count(), 97);
    // More rows than the run's are read some at a time, with each of its targets.
    let rows = |text: &str| -> Vec<String> {
        let rows = text
            .lines()
            .skip(1)
            .map(|row| row.split_once(',').unwrap().1.to_owned());
        rows.collect()
    };
    for (name, targets) in [("d.csv", 2), ("inputs.csv", 0)] {
        let text = std::fs::read_to_string(place.path(name)).unwrap();
        let (header, below) = text.split_once('\n').unwrap();
        std::fs::write(place.path("twice.csv"), format!("{header}\n{below}{below}")).unwrap();
        place.ok("predict run --data twice.csv --out r.csv");
        let twice = std::fs::read_to_string(place.path("r.csv")).unwrap();
        let header = twice.lines().next().unwrap();
        assert_eq!(header.matches("target_").count(), targets, "{header}");
        let all = rows(&twice);
        assert_eq!(all[..96], all[96..]);
        match targets {
            0 => assert_eq!(all[..96], rows(&predicted)),
            _ => assert!(
                all[0].starts_with("middle,")
                    || all[0].starts_with("low,")
                    || all[0].starts_with("high,")
            ),
        }
    }
}

#[test]
fn a_run_is_resumed_to_the_same_bits_and_the_loss_is_that_of_the_arrays() {
    let place = Place::new();
    table(&place);
    std::fs::write(place.path("two.bnn"), MODEL).unwrap();
    let train = "--batch-size 16 --seed 3";
    place.ok(&format!(
        "train two.bnn --data d.csv {train} --epochs 4 --out whole"
    ));
    place.ok(&format!(
        "train two.bnn --data d.csv {train} --epochs 2 --out half"
    ));
    place.ok("train two.bnn --data d.csv --epochs 4 --out half --resume");
    let bytes =
        |run: &str| std::fs::read(place.path(&format!("{run}/checkpoint.safetensors"))).unwrap();
    assert!(bytes("whole") == bytes("half"));

    // The other target is known by its numbers, too.
    let text = std::fs::read_to_string(place.path("d.csv")).unwrap();
    let changed = text.replacen("43.75,", "44.75,", 1);
    assert_ne!(text, changed);
    std::fs::write(place.path("d.csv"), changed).unwrap();
    let told = place.refused("train two.bnn --data d.csv --epochs 6 --out half --resume");
    assert!(told.contains("E0607"), "{told}");
    std::fs::write(place.path("d.csv"), &text).unwrap();

    let loss = json(&place.ok("loss two.bnn --data d.csv --weights whole/checkpoint.safetensors --run whole --format json"));
    let terms = loss["terms"].as_array().expect("terms");
    assert_eq!(
        [&terms[0]["name"], &terms[1]["name"]],
        ["nll(kind)", "nll(age)"]
    );

    // Arrays of their names, or that are named, train the same run.
    let rows: Vec<Vec<&str>> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    let of = |column: usize| -> Vec<f64> {
        rows.iter()
            .map(|row| row[column].parse().unwrap())
            .collect()
    };
    let (a, b) = (of(0), of(2));
    let inputs: Vec<f64> = a.iter().zip(&b).flat_map(|(a, b)| [*a, *b]).collect();
    // In the order in which the table's words come.
    let mut words: Vec<&str> = rows.iter().map(|row| row[3]).collect();
    let kinds = words.clone();
    words.sort_unstable();
    words.dedup();
    let kinds: Vec<f64> = kinds
        .iter()
        .map(|kind| words.iter().position(|word| word == kind).unwrap() as f64)
        .collect();
    let ages = of(1);
    let write = |name: &str, names: [&str; 2]| {
        let shape = [96];
        let arrays: [(&str, Entries); 3] = [
            ("x", Entries::Numbers(&[96, 2], &inputs)),
            (names[0], Entries::Numbers(&shape, &kinds)),
            (names[1], Entries::Numbers(&shape, &ages)),
        ];
        std::fs::write(place.path(name), encode_all(arrays).unwrap()).unwrap();
    };
    write("own.npz", ["kind", "age"]);
    write("named.npz", ["c", "years"]);
    let told = place.ok(&format!(
        "train two.bnn --data own.npz {train} --epochs 4 --out own"
    ));
    assert!(!told.contains("not read"), "{told}");
    place.ok(&format!(
        "train two.bnn --data named.npz --inputs x --target c,years {train} --epochs 4 --out named"
    ));
    assert!(bytes("own") == bytes("named"));
    let scores = json(&place.ok("evaluate named --split train --format json"));
    assert!(scores["targets"]["age"]["rmse"].is_number(), "{scores:#}");
}

#[test]
fn each_target_may_be_there_or_not_and_is_known_by_its_numbers() {
    let place = Place::new();
    table(&place);
    std::fs::write(place.path("two.bnn"), MODEL).unwrap();
    place.ok("train two.bnn --data d.csv --epochs 2 --batch-size 16 --out run");
    let text = std::fs::read_to_string(place.path("d.csv")).unwrap();
    let columns = |of: &[usize], names: &str| -> String {
        let rows = text.lines().skip(1).map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            of.iter()
                .map(|column| cells[*column])
                .collect::<Vec<_>>()
                .join(",")
        });
        std::iter::once(names.to_owned())
            .chain(rows)
            .collect::<Vec<_>>()
            .join("\n")
            + "\n"
    };
    for (name, of, header) in [
        ("age.csv", [0, 1, 2], "a,age,b"),
        ("kind.csv", [0, 3, 2], "a,kind,b"),
    ] {
        std::fs::write(place.path(name), columns(&of, header)).unwrap();
        place.ok(&format!("predict run --data {name} --out p.csv"));
        let predicted = std::fs::read_to_string(place.path("p.csv")).unwrap();
        let has = |target: &str| predicted.contains(&format!("target_{target}"));
        assert_eq!(
            [has("age"), has("kind")],
            [name == "age.csv", name == "kind.csv"],
            "{name}"
        );
    }
    // Other data whose columns have other names.
    std::fs::write(
        place.path("other.csv"),
        columns(&[0, 1, 2, 3], "a,years,b,class"),
    )
    .unwrap();
    let told = place.refused("evaluate run --data other.csv --allow-changed");
    assert!(told.contains("--target A,B"), "{told}");
    place.ok("evaluate run --data other.csv --allow-changed --split train --target class,years");
    let changed = text.replacen("43.75,", "44.75,", 1);
    std::fs::write(place.path("d.csv"), changed).unwrap();
    let told = place.refused("evaluate run");
    assert!(told.contains("E0611") && told.contains("`age`"), "{told}");

    let told = place.refused("evaluate run --data d.csv");
    assert!(told.contains("E0611") && told.contains("`age`"), "{told}");
    place.ok("evaluate run --allow-changed --split train");

    let inputs: Vec<f64> = (0..20).map(f64::from).collect();
    let arrays = [
        ("x", Entries::Numbers(&[10, 2], &inputs)),
        ("image", Entries::Numbers(&[10, 2], &inputs)),
    ];
    std::fs::write(place.path("x.npz"), encode_all(arrays).unwrap()).unwrap();
    place.ok("predict run --data x.npz --out q.npz");
}

/// The run's own data in another place have its test part, with every target.
#[test]
fn data_that_have_moved_are_known() {
    let place = Place::new();
    table(&place);
    std::fs::write(place.path("two.bnn"), MODEL).unwrap();
    place.ok("train two.bnn --data d.csv --epochs 2 --batch-size 16 --test 16 --out run");
    let before = json(&place.ok("evaluate run --format json"));
    std::fs::rename(place.path("d.csv"), place.path("e.csv")).unwrap();
    let after = json(&place.ok("evaluate run --data e.csv --format json"));
    assert_eq!(before["targets"], after["targets"]);
    assert_eq!(after["split"], "test");
}

/// Numbers of one target are numbered columns, whatever other targets' names begin with.
#[test]
fn several_numbers_beside_a_target_whose_name_begins_alike() {
    let place = Place::new();
    let model = MODEL
        .replace("age: real", "kin: real[2]")
        .replace("observe age", "observe kin")
        .replace("loc = dense(1)", "loc = dense(2)");
    std::fs::write(place.path("k.bnn"), model).unwrap();
    let mut text = String::from("a,b,kin1,kin2,kind\n");
    for row in 0..32 {
        writeln!(
            text,
            "{row},{},{},{},{}",
            row % 7,
            row % 5,
            row % 3,
            row % 3
        )
        .unwrap();
    }
    std::fs::write(place.path("d.csv"), text).unwrap();
    for named in ["", "--target kind,kin1..kin2", "--target kind,kin?"] {
        let arguments = format!("check k.bnn --data d.csv {named}");
        match named.ends_with('?') {
            true => assert!(place.refused(&arguments).contains("`kin?`")),
            false => assert!(place.ok(&arguments).contains("target kin1, kin2")),
        }
    }
    let told = place.refused("check k.bnn --data d.csv --target kind,kind");
    assert!(told.contains("`kind` is said for two targets"), "{told}");
    place.ok("bench k.bnn --seconds 0.1 --batch-size 8");
}

#[test]
fn what_is_missing_is_told() {
    let place = Place::new();
    table(&place);
    std::fs::write(place.path("two.bnn"), MODEL.replace("age", "years")).unwrap();
    let told = place.refused("check two.bnn --data d.csv");
    assert!(told.contains("E0506") && told.contains("`years`"), "{told}");
    std::fs::write(place.path("two.bnn"), MODEL).unwrap();
    let told = place.refused("check two.bnn --data d.csv --target age");
    assert!(told.contains("1 name is said for 2 targets"), "{told}");
    let told = place.refused("check two.bnn --data shapes");
    assert!(
        told.contains("`shapes` has one target") && told.contains("`kind` and `age`"),
        "{told}"
    );
}
