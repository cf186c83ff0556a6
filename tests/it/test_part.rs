//! A test part given by a file of rows, and what a regression is scored with, in the target's own units.

use crate::cli::Place;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The cells of a table, its header left out.
fn cells(path: &Path) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(path).unwrap();
    let row = |line: &str| line.split(',').map(|cell| cell.parse().unwrap()).collect();
    text.lines().skip(1).map(row).collect()
}

/// Every seventh row.
const HELD_OUT: [usize; 9] = [0, 7, 14, 21, 28, 35, 42, 49, 56];

fn hold_out(place: &Place) {
    let lines: Vec<String> = HELD_OUT.iter().rev().map(ToString::to_string).collect();
    std::fs::write(place.path("rows.txt"), lines.join("\n\n")).unwrap();
}

#[test]
fn the_rows_of_a_file_are_tested_on_and_are_in_no_statistic_of_the_training() {
    let place = Place::new();
    hold_out(&place);
    let said = place.ok(
        "train line.bnn --data t.csv --test-rows rows.txt --epochs 3 --batch-size 17 --out run",
    );
    assert!(said.contains("test       9 examples"), "{said}");
    let record = json(&std::fs::read_to_string(place.path("run/data.json")).unwrap());
    assert_eq!(record["training_examples"], 51);
    assert_eq!(record["test_examples"], 9);
    let table = cells(&place.path("t.csv"));
    let training: Vec<&Vec<f64>> = (0..60)
        .filter(|row| !HELD_OUT.contains(row))
        .map(|row| &table[row])
        .collect();
    for (column, (part, index)) in [("inputs", 0), ("inputs", 1), ("targets", 0)]
        .into_iter()
        .enumerate()
    {
        let mean = training.iter().map(|row| row[column]).sum::<f64>() / 51.0;
        let square = |row: &&Vec<f64>| (row[column] - mean).powi(2);
        let deviation = (training.iter().map(square).sum::<f64>() / 51.0).sqrt();
        let found = |what: &str| record[part][what][index].as_f64().unwrap();
        assert!((found("offset") - mean).abs() < 1e-9, "{part} {index}");
        assert!((found("scale") - deviation).abs() < 1e-9, "{part} {index}");
    }

    // The run knows its rows, from any folder.
    std::fs::create_dir(place.path("elsewhere")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_bnnc"))
        .current_dir(place.path("elsewhere"))
        .args("evaluate ../run --format json --samples 7".split(' '))
        .output()
        .unwrap();
    let scores = json(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(
        (&scores["split"], &scores["examples"]),
        (&"test".into(), &9.into())
    );
    place.ok("predict run --out p.csv --samples 7");
    let predicted = cells(&place.path("p.csv"));
    let rows: Vec<usize> = predicted.iter().map(|row| row[0] as usize).collect();
    assert_eq!(rows, HELD_OUT);
    let squares = predicted
        .iter()
        .map(|row| (table[row[0] as usize][2] - row[2]).powi(2));
    let rmse = (squares.sum::<f64>() / 9.0).sqrt();
    assert!((rmse / scores["rmse"].as_f64().unwrap() - 1.0).abs() < 1e-9);

    // Resumed with the same rows, and with no others.
    std::fs::write(place.path("other.txt"), "3\n").unwrap();
    place.ok("train line.bnn --out run --resume --epochs 4");
    let text = place.refused("train line.bnn --test-rows other.txt --out run --resume --epochs 5");
    assert!(
        text.contains("E0607") && text.contains("data.test_rows"),
        "{text}"
    );
}

#[test]
fn a_run_file_names_rows_beside_it_for_its_own_data() {
    let place = Place::new();
    std::fs::create_dir(place.path("d")).unwrap();
    for name in ["line.bnn", "t.csv"] {
        std::fs::copy(place.path(name), place.path("d").join(name)).unwrap();
    }
    std::fs::write(place.path("d/rows.txt"), "5\n6\n").unwrap();
    std::fs::write(
        place.path("d/line.toml"),
        "batch_size = 29\nepochs = 1\n[data]\nname = \"t.csv\"\ntest_rows = \"rows.txt\"\n",
    )
    .unwrap();
    let said = place.ok("check d/line.bnn --format json");
    assert_eq!(json(&said)["training_examples"], 58);
    // Rows of the file's data are no rows of another.
    let said = place.ok("check d/line.bnn --data t.csv --format json");
    assert_eq!(json(&said)["training_examples"], 60);
    place.ok("train d/line.bnn --out run");
    let scores = json(&place.ok("evaluate run --samples 2 --format json"));
    assert_eq!(scores["examples"], 2);
}

#[test]
fn a_file_of_rows_that_does_not_fit_is_refused_with_its_line() {
    let place = Place::new();
    for (rows, code, told) in [
        ("1\n60\n", "E0508", "rows.txt:2: row 60 is not in the table"),
        ("1\n\n1\n", "E0508", "rows.txt:3: row 1 is listed twice"),
        ("1.5\n", "E0508", "rows.txt:1: `1.5` is no row"),
        ("\n", "E0508", "`rows.txt` holds out no row"),
    ] {
        std::fs::write(place.path("rows.txt"), rows).unwrap();
        let text = place.refused("check line.bnn --data t.csv --test-rows rows.txt");
        assert!(text.contains(code) && text.contains(told), "{text}");
    }
    let text = place.refused("check line.bnn --data t.csv --test-rows none.txt");
    assert!(
        text.contains("E0503") && text.contains("none.txt"),
        "{text}"
    );
    let text = place.refused("check line.bnn --data shapes --test-rows rows.txt");
    assert!(
        text.contains("E0508") && text.contains("`shapes` has a test part already"),
        "{text}"
    );
}

/// f = v·relu(w x + b) + c with w ~ N(m, s²) alone at random.
const BEND: &str = "model bend

input  x: real[1]
target y: real

network {
  dense(1) { posterior = MeanField(loc = 1.2, scale = 0.9), bias = deterministic(0.3) }
  relu
  f = dense(1) { posterior = deterministic(1.1), bias = deterministic(-0.4) }
}

observe y ~ Normal(loc = f, scale = learned(0.2))
objective elbo
";

/// The scores of a run against the integral over its one random weight. A mixture's log density is not
/// that of a normal with the mixture's moments: the two are far apart here.
#[test]
fn rmse_and_nll_are_those_of_the_mixture_in_own_units() {
    let place = Place::new();
    std::fs::write(place.path("bend.bnn"), BEND).unwrap();
    let mut table = String::from("x,y\n");
    for i in 0..40 {
        let x = (1.3 * f64::from(i)).sin() * 5.0 + 2.0;
        let y = 300.0 + 40.0 * x.max(0.0) + 25.0 * (2.1 * f64::from(i)).cos();
        table += &format!("{x},{y}\n");
    }
    std::fs::write(place.path("bend.csv"), table).unwrap();
    std::fs::write(place.path("rows.txt"), "1\n4\n9\n16\n25\n36\n").unwrap();
    place.ok(
        "train bend.bnn --data bend.csv --test-rows rows.txt --epochs 1 --batch-size 34 --out run",
    );
    let scores = json(&place.ok("evaluate run --samples 20000 --format json"));

    let checkpoint = std::fs::read(place.path("run/checkpoint.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&checkpoint).unwrap();
    let variable = |name: &str| {
        let tensor = tensors
            .tensor(name)
            .unwrap_or_else(|_| panic!("{name} of {:?}", tensors.names()));
        f64::from(f32::from_le_bytes(tensor.data().try_into().unwrap()))
    };
    let softplus = |rho: f64| rho.exp().ln_1p();
    let (m, s) = (
        variable("dense_1.kernel.loc"),
        softplus(variable("dense_1.kernel.rho")),
    );
    let (b, v) = (variable("dense_1.bias.loc"), variable("f.kernel.loc"));
    let (c, noise) = (variable("f.bias.loc"), softplus(variable("y.scale.rho")));
    let record = json(&std::fs::read_to_string(place.path("run/data.json")).unwrap());
    let of = |part: &str, what: &str| record[part][what][0].as_f64().unwrap();
    let rows = cells(&place.path("bend.csv"));

    let density = |z: f64, scale: f64| {
        (-0.5 * (z / scale).powi(2)).exp() / (scale * (2.0 * std::f64::consts::PI).sqrt())
    };
    let (mut nll, mut moments_nll, mut squares) = (0.0, 0.0, 0.0);
    let held_out = [1, 4, 9, 16, 25, 36];
    for row in held_out {
        let x = (rows[row][0] - of("inputs", "offset")) / of("inputs", "scale");
        let y = rows[row][1];
        // Everything in own units from here.
        let scale = of("targets", "scale");
        let own = |f: f64| f * scale + of("targets", "offset");
        let (mut p, mut mean, mut square, mut total) = (0.0, 0.0, 0.0, 0.0);
        for k in -80_000..=80_000 {
            let w = m + s * f64::from(k) / 10_000.0;
            let weight = density(w - m, s);
            let f = own(v * (w * x + b).max(0.0) + c);
            total += weight;
            p += weight * density(y - f, noise * scale);
            mean += weight * f;
            square += weight * f * f;
        }
        let (p, mean) = (p / total, mean / total);
        let variance = square / total - mean * mean + (noise * scale).powi(2);
        nll -= p.ln() / 6.0;
        moments_nll -= density(y - mean, variance.sqrt()).ln() / 6.0;
        squares += (y - mean).powi(2) / 6.0;
    }
    let found = |name: &str| scores[name].as_f64().unwrap();
    // 20,000 draws leave an error of about 1 % of p.
    assert!((found("nll") - nll).abs() < 0.02, "{} {nll}", found("nll"));
    assert!((nll - moments_nll).abs() > 0.2, "{nll} {moments_nll}");
    let rmse = squares.sqrt();
    assert!(
        (found("rmse") / rmse - 1.0).abs() < 0.02,
        "{} {rmse}",
        found("rmse")
    );
}
