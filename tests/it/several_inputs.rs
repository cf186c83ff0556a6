//! Several inputs: a row of the data holds them one after the other, and the network reads each by its name.

use crate::cli::Place;
use crate::support::{Examples, draw, plan, step};
use bnnc::data::npz::{Entries, encode_all};
use bnnc::exec::Interpreter;
use std::fmt::Write as _;

const REST: &str = "  hidden = dense(4)\n  tanh\n  f = dense(3)\n}\n\
                    observe y ~ Categorical(logits = f)\nobjective elbo\n";

/// Two inputs that are joined, and one that is their row.
fn models() -> [String; 2] {
    let head = "target y: category[3]\ndefault { prior = Normal(0, 1), posterior = MeanField, estimator = flipout }\n";
    [
        format!(
            "model two\ninput a: real[2]\ninput b: real[3]\n{head}network {{\n  concat on (a, b)\n{REST}"
        ),
        format!("model one\ninput x: real[5]\n{head}network {{\n{REST}"),
    ]
}

#[test]
fn two_inputs_that_are_joined_are_one_row() {
    let examples = Examples::<f64>::new(7, 5, 3, 0);
    let [two, one] = models().map(|text| {
        let mut interpreter = Interpreter::<f64>::new(plan(&text), 7);
        interpreter.initialize(3);
        let report = step(&mut interpreter, &examples, &draw(1, 2), 20);
        (
            report,
            interpreter.gradient().to_vec(),
            interpreter.variables().to_vec(),
        )
    });
    assert_eq!(two, one);
}

/// An image and a number, each through layers of its own: the loss against central differences.
#[test]
fn the_gradient_of_two_inputs_of_different_shapes() {
    let text = "model two\ninput image: real[4, 4, 2]\ninput age: real\ntarget y: category[3]\n\
                default { prior = Normal(0, 1), posterior = MeanField, estimator = flipout }\nnetwork {\n  \
                conv2d(3, kernel = 3) on image\n  tanh\n  features = flatten\n  \
                concat on (features, age)\n  dense(4)\n  tanh\n  f = dense(3)\n}\n\
                observe y ~ Categorical(logits = f)\nobjective elbo\n";
    let examples = Examples::<f64>::new(4, 33, 3, 0);
    let plan = plan(text);
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), 4);
    interpreter.initialize(5);
    let draw = draw(3, 9);
    step(&mut interpreter, &examples, &draw, 11);
    let gradient = interpreter.gradient().to_vec();
    for entry in (0..plan.trainable()).step_by(3) {
        let at = interpreter.variables()[entry];
        let mut loss = |x: f64| {
            interpreter.variables_mut()[entry] = x;
            step(&mut interpreter, &examples, &draw, 11).loss
        };
        let difference = (loss(at + 1e-5) - loss(at - 1e-5)) / 2e-5;
        interpreter.variables_mut()[entry] = at;
        let error = (gradient[entry] - difference).abs() / (1e-3 + difference.abs());
        assert!(error < 2e-5, "{entry}: {} {difference}", gradient[entry]);
    }
}

const ROWS: usize = 48;

/// Two inputs and labels of their sums.
fn data() -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let number = |i: usize| ((37 * i + 11) % 64) as f64 / 16.0 - 2.0;
    let a: Vec<f64> = (0..ROWS * 2).map(number).collect();
    let b: Vec<f64> = (0..ROWS * 3).map(|i| number(3 * i + 5)).collect();
    let label = |row: usize| {
        let sum = a[2 * row] + b[3 * row];
        f64::from(u8::from(sum > -1.0)) + f64::from(u8::from(sum > 1.0))
    };
    let labels = (0..ROWS).map(label).collect();
    (a, b, labels)
}

fn write(place: &Place, name: &str, arrays: &[(&str, &[usize], &[f64])]) {
    let arrays = arrays.iter();
    let arrays = arrays.map(|(name, shape, values)| (*name, Entries::Numbers(shape, values)));
    std::fs::write(place.path(name), encode_all(arrays).unwrap()).unwrap();
}

/// A report without its line breaks.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same numbers as arrays, as columns by the inputs' names in any order, and as columns that are named.
#[test]
fn arrays_and_columns_by_name_train_the_same_run() {
    let place = Place::new();
    std::fs::write(place.path("two.bnn"), &models()[0]).unwrap();
    let (a, b, labels) = data();
    let a_of: (&str, &[usize], &[f64]) = ("a", &[ROWS, 2], &a);
    let b_of: (&str, &[usize], &[f64]) = ("b", &[ROWS, 3], &b);
    write(&place, "d.npz", &[b_of, a_of, ("label", &[ROWS], &labels)]);
    let (mut by_name, mut by_list) = (
        String::from("b_1,b_2,b_3,a1,a2,label\n"),
        String::from("u,v,w,p,q,label\n"),
    );
    for row in 0..ROWS {
        let [b, a] = [&b[3 * row..3 * row + 3], &a[2 * row..2 * row + 2]];
        let line = format!(
            "{},{},{},{},{},{}",
            b[0], b[1], b[2], a[0], a[1], labels[row]
        );
        writeln!(by_name, "{line}").unwrap();
        writeln!(by_list, "{line}").unwrap();
    }
    std::fs::write(place.path("by_name.csv"), by_name).unwrap();
    std::fs::write(place.path("by_list.csv"), by_list).unwrap();
    let train = "--epochs 20 --batch-size 8 --learning-rate 0.02";
    let weights = |data: &str, run: &str| {
        place.ok(&format!("train two.bnn --data {data} {train} --out {run}"));
        std::fs::read(place.path(&format!("{run}/checkpoint.safetensors"))).unwrap()
    };
    let arrays = weights("d.npz", "arrays");
    let told = unwrapped(&place.ok("check two.bnn --data d.npz"));
    assert!(
        told.contains("inputs `a` float64 [48, 2] and `b` float64 [48, 3], targets `label`"),
        "{told}"
    );
    assert!(!told.contains("not read"), "{told}");
    assert_eq!(weights("by_name.csv", "by_name"), arrays);
    assert_eq!(weights("by_list.csv --inputs p,q,u,v,w", "by_list"), arrays);
    let predicted = |run: &str| {
        place.ok(&format!(
            "predict {run} --samples 3 --split train --out p_{run}.csv"
        ));
        let text = std::fs::read_to_string(place.path(&format!("p_{run}.csv"))).unwrap();
        text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(predicted("by_name"), predicted("arrays"));
    let score = |run: &str| {
        place.ok(&format!(
            "evaluate {run} --samples 3 --split train --format json"
        ))
    };
    let nll =
        |run: &str| serde_json::from_str::<serde_json::Value>(&score(run)).unwrap()["nll"].clone();
    assert_eq!(nll("by_list"), nll("arrays"));
    // Inputs alone need no targets.
    write(&place, "alone.npz", &[a_of, b_of]);
    place.ok("predict arrays --data alone.npz --samples 3 --out alone.csv");
    let alone = std::fs::read_to_string(place.path("alone.csv")).unwrap();
    assert_eq!(alone.lines().count(), ROWS + 1);
}

/// A run that named its arrays takes others of the same names, and of the inputs' own names.
#[test]
fn arrays_of_other_data_may_have_the_inputs_names() {
    let place = Place::new();
    // `strain` has no `train` in it.
    let text = models()[0]
        .replace("input a:", "input strain:")
        .replace("(a, b)", "(strain, b)");
    std::fs::write(place.path("two.bnn"), text).unwrap();
    let (a, b, labels) = data();
    let arrays = |names: [&str; 3]| -> Vec<(String, Vec<usize>, Vec<f64>)> {
        vec![
            (names[0].into(), vec![ROWS, 2], a.clone()),
            (names[1].into(), vec![ROWS, 3], b.clone()),
            (names[2].into(), vec![ROWS], labels.clone()),
        ]
    };
    let all = |of: &[(String, Vec<usize>, Vec<f64>)], name: &str| {
        let of: Vec<(&str, &[usize], &[f64])> = of
            .iter()
            .map(|(n, s, v)| (&n[..], &s[..], &v[..]))
            .collect();
        write(&place, name, &of);
    };
    all(&arrays(["p", "q", "y"]), "named.npz");
    let parts = [
        arrays(["strain", "b", "y"]),
        arrays(["strain_test", "b_test", "y_test"]),
    ];
    all(&parts.concat(), "own.npz");
    let told = unwrapped(&place.ok("check two.bnn --data own.npz"));
    assert!(
        told.contains("test part `strain_test`, `b_test`, `y_test`") && !told.contains("not read"),
        "{told}"
    );
    place.ok("train two.bnn --data named.npz --inputs p,q --epochs 2 --batch-size 8 --out run");
    place.ok("predict run --data own.npz --out p.csv");
    all(&arrays(["p", "r", "y"]), "neither.npz");
    let text = place.refused("predict run --data neither.npz --out p.csv");
    assert!(
        text.contains("no array `q` for the input `b`")
            && text.contains("the name of its input, `b`"),
        "{text}"
    );
}

/// A far number is told by its input's name; a pixel is not.
#[test]
fn far_inputs_are_told_by_name() {
    let place = Place::new();
    let text = models()[0]
        .replace("input a: real[2]", "input a: real[1, 1, 2]")
        .replace(
            "concat on (a, b)",
            "flat = flatten on a\n  concat on (flat, b)",
        );
    std::fs::write(place.path("two.bnn"), text).unwrap();
    let (a, b, labels) = data();
    let shape = [ROWS, 1, 1, 2];
    let all = |name: &str, a: &[f64], b: &[f64]| {
        let arrays: [(&str, &[usize], &[f64]); 3] = [
            ("a", &shape, a),
            ("b", &[ROWS, 3], b),
            ("y", &[ROWS], &labels),
        ];
        write(&place, name, &arrays);
    };
    all("d.npz", &a, &b);
    place.ok("train two.bnn --data d.npz --epochs 1 --batch-size 8 --out run");
    let told = |name: &str| {
        let output = place.bnnc(&format!("predict run --data {name} --out p.csv"));
        assert!(output.status.success());
        unwrapped(&String::from_utf8(output.stderr).unwrap())
    };
    let (mut far_a, mut far_b) = (a.clone(), b.clone());
    (far_a[9], far_b[3 * 5 + 1]) = (1e4, 500.0);
    all("pixel.npz", &far_a, &b);
    assert!(!told("pixel.npz").contains("extrapolated"));
    all("number.npz", &far_a, &far_b);
    let told = told("number.npz");
    assert!(
        told.contains("row 5 (the first being 0) has 500.0 in entry 1 of `b`"),
        "{told}"
    );
}

#[test]
fn a_missing_second_input_is_told() {
    let place = Place::new();
    std::fs::write(place.path("two.bnn"), &models()[0]).unwrap();
    let (a, b, labels) = data();
    let a_of: (&str, &[usize], &[f64]) = ("a", &[ROWS, 2], &a);
    write(&place, "d.npz", &[a_of, ("label", &[ROWS], &labels)]);
    let text = place.refused("check two.bnn --data d.npz");
    assert!(text.contains("no array `b` for the input `b`"), "{text}");
    assert!(
        text.contains("`a` float64 [48, 2], `label` float64 [48]"),
        "{text}"
    );
    write(
        &place,
        "wide.npz",
        &[a_of, ("b", &[ROWS, 1, 3], &b), ("label", &[ROWS], &labels)],
    );
    place.ok("check two.bnn --data wide.npz");
    write(
        &place,
        "narrow.npz",
        &[a_of, ("b", &[ROWS, 2], &a), ("label", &[ROWS], &labels)],
    );
    let text = place.refused("check two.bnn --data narrow.npz");
    assert!(
        text.contains("`b` is [2] an example, the model's input `b` takes [3]"),
        "{text}"
    );
    std::fs::write(
        place.path("t.csv"),
        "a_1,a_2,b_1,b_2,y\n1,2,3,4,0\n2,3,4,5,1\n",
    )
    .unwrap();
    let text = place.refused("check two.bnn --data t.csv");
    assert!(
        text.contains("no columns for the input `b`") && text.contains("`b_1` to `b_3`"),
        "{text}"
    );
    let text = place.refused("check two.bnn --data shapes_and_numbers");
    assert!(
        text.contains("E0507") && text.contains("`numbers` [2]"),
        "{text}"
    );
    assert!(
        text.contains("the model takes `a` [2] and `b` [3]"),
        "{text}"
    );
    // One that nothing reads, and two of one name.
    let unused = models()[0].replace("concat on (a, b)", "dense(2) on a");
    std::fs::write(place.path("unused.bnn"), unused).unwrap();
    let text = place.refused("check unused.bnn");
    assert!(
        text.contains("E0306") && text.contains("`b` takes no part"),
        "{text}"
    );
    std::fs::write(
        place.path("same.bnn"),
        models()[0].replace("input b", "input a"),
    )
    .unwrap();
    let text = place.refused("check same.bnn");
    assert!(
        text.contains("E0208") && text.contains("`a` is used twice"),
        "{text}"
    );
}

/// Neither of the two inputs is right of more than half of the examples by itself.
#[test]
fn two_inputs_beat_what_either_can_know() {
    let place = Place::new();
    let text = "model both\ninput image: real[16, 16, 1]\ninput numbers: real[2]\ntarget label: category[4]\n\
                default { prior = Normal(0, 1 / sqrt(fan_in)), posterior = Delta }\nnetwork {\n  \
                flatten on image\n  dense(16)\n  features = relu\n  both = concat on (features, numbers)\n  \
                dense(16)\n  relu\n  logits = dense(4)\n}\nobserve label ~ Categorical(logits = logits)\nobjective elbo\n";
    std::fs::write(place.path("both.bnn"), text).unwrap();
    place.ok("train both.bnn --data shapes_and_numbers --epochs 15 --batch-size 32 --learning-rate 0.01 --out run");
    let scores: serde_json::Value =
        serde_json::from_str(&place.ok("evaluate run --samples 5 --format json")).unwrap();
    let accuracy = scores["accuracy"].as_f64().unwrap();
    assert!(accuracy > 0.7, "{accuracy}");
}
