//! The library's face for Rust programs, `bnnc::arrays`.

use super::cli::{MODEL, Place};
use bnnc::arrays::fit;
use bnnc::ndarray::{Array1, Array2, ArrayView1};
use bnnc::train::Config;
use safetensors::SafeTensors;
use std::num::NonZeroUsize;

/// The table of [`Place`].
fn table() -> (Array2<f64>, Array1<f64>) {
    let inputs = Array2::from_shape_fn((60, 2), |(i, column)| match column {
        0 => (0.7 * i as f64).sin(),
        _ => (0.3 * i as f64).cos(),
    });
    let targets = inputs.map_axis(bnnc::ndarray::Axis(1), |row: ArrayView1<f64>| {
        100.0 + 20.0 * row[0] - 7.0 * row[1]
    });
    (inputs, targets)
}

fn config() -> Config {
    Config {
        epochs: Some(3),
        batch_size: Some(16),
        ..Config::default()
    }
}

#[test]
fn variables_and_predictions_are_those_of_the_command_line() {
    let (inputs, targets) = table();
    let mut fitted = fit(MODEL, inputs.view(), targets.view(), &config()).unwrap();
    let place = Place::new();
    place.ok("train line.bnn --data t.csv --epochs 3 --batch-size 16 --out run");

    let bytes = std::fs::read(place.path("run/checkpoint.safetensors")).unwrap();
    let saved = SafeTensors::deserialize(&bytes).unwrap();
    let variables = fitted.variables();
    assert!(variables.len() > 4);
    for (name, values) in variables {
        let own: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        let tensor = saved.tensor(&name).unwrap();
        assert_eq!((values.shape(), &own[..]), (tensor.shape(), tensor.data()));
    }

    place.ok("predict run --data t.csv --samples 8 --out p.csv");
    let text = std::fs::read_to_string(place.path("p.csv")).unwrap();
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let mean = rows
        .headers()
        .unwrap()
        .iter()
        .position(|name| name == "mean");
    let mean = mean.unwrap_or_else(|| panic!("{text}"));
    let eight = NonZeroUsize::new(8).unwrap();
    let predicted = fitted.predict(inputs.view(), eight).unwrap();
    let written: Vec<f64> = rows
        .records()
        .map(|row| row.unwrap()[mean].parse().unwrap())
        .collect();
    assert_eq!(written.len(), 60);
    for (own, written) in predicted.mean.iter().zip(&written) {
        assert!(
            (own - written).abs() < 1e-6 * written.abs(),
            "{own} {written}"
        );
    }
    assert!(predicted.between.iter().all(|variance| *variance > 0.0));
}

#[test]
fn arrays_that_do_not_fit_are_refused() {
    let (inputs, targets) = table();
    let refused = |inputs: &Array2<f64>, targets: &Array1<f64>, config: &Config| {
        let failure = fit(MODEL, inputs.view(), targets.view(), config);
        failure.err().expect("an error").diagnostics[0].code
    };
    let few = targets.slice(bnnc::ndarray::s![..59]).to_owned();
    assert_eq!(refused(&inputs, &few, &config()), "E0507");
    let wide = Array2::zeros((60, 3));
    assert_eq!(refused(&wide, &targets, &config()), "E0507");
    let large = Config {
        batch_size: Some(61),
        ..Config::default()
    };
    assert_eq!(refused(&inputs, &targets, &large), "E0603");
    let mut fitted = fit(MODEL, inputs.view(), targets.view(), &config()).unwrap();
    let failure = fitted.predict(wide.view(), NonZeroUsize::MIN);
    assert_eq!(failure.unwrap_err().diagnostics[0].code, "E0507");
}
