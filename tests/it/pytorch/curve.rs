//! Fifty steps of Adam in float64: the program's losses are the interpreter's.

use super::COMPARISON;
use super::program::{bnnc, place, run, table};
use crate::support::plan;
use bnnc::exec::{Batch, Draw, Interpreter, Update};
use bnnc::ir::Position;
use bnnc::likelihood::Targets;
use bnnc::optimizer::{self, State};
use bnnc::verify::python;
use std::path::Path;

const STEPS: usize = 50;

/// The program's loss at each epoch, which is one step of all rows.
fn of_program(place: &Path) -> Vec<f64> {
    bnnc(place, &["emit", "pytorch", "line.bnn", "--out", "line.py"]);
    let arguments = [
        "line.py",
        "--out",
        "run",
        "--precision",
        "float64",
        "--device",
        "cpu",
    ];
    run(place, &python(None), &arguments);
    let log = std::fs::read_to_string(place.join("run/metrics.jsonl")).unwrap();
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let epochs = lines.filter(|line| line["kind"] == "epoch");
    epochs.map(|line| line["loss"].as_f64().unwrap()).collect()
}

fn of_interpreter() -> Vec<f64> {
    let plan = plan(super::program::MODEL);
    let table = table();
    let rows: Vec<Vec<f64>> = table
        .lines()
        .skip(1)
        .map(|row| row.split(',').map(|cell| cell.parse().unwrap()).collect())
        .collect();
    let inputs: Vec<f64> = rows.iter().flat_map(|row| row[..3].to_vec()).collect();
    let targets: Vec<f64> = rows.iter().map(|row| row[3]).collect();
    let batch = Batch {
        inputs: &inputs,
        targets: Targets::Reals(&targets),
        others: &[],
        len: rows.len(),
    };
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), rows.len());
    interpreter.initialize(0);
    let adam = optimizer::find("adam").unwrap();
    let defaults = optimizer::defaults(adam.signature());
    let mut adam = State::new(adam, defaults, plan.trainable());
    let step = |step: usize| {
        let draw = Draw {
            seed: 0,
            step: step as u64,
            given: None,
        };
        let update = Update {
            step: adam.begin(step as u64 + 1, 0.001),
            predictive: &mut [],
        };
        let at = Position::full_batch(rows.len());
        interpreter.train(&batch, &draw, &at, update).report.loss
    };
    (0..STEPS).map(step).collect()
}

#[test]
fn fifty_steps_have_the_losses_of_the_interpreter() {
    if COMPARISON.is_none() {
        return;
    }
    let settings = format!(
        "epochs = {STEPS}\nbatch_size = 101\n[optimizer]\nname = \"adam\"\nlearning_rate = 0.001\n\
         [data]\nname = \"d.csv\"\nscaling = \"none\"\ntargets = \"none\"\n"
    );
    let place = place(&settings);
    let (found, expected) = (of_program(place.path()), of_interpreter());
    assert_eq!(found.len(), STEPS);
    for (step, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let error = (found / expected - 1.0).abs();
        assert!(
            error < 1e-9,
            "step {step}: {found}, expected {expected}, {error:.1e} off"
        );
    }
    // The curve falls: it is one.
    assert!(found[STEPS - 1] < found[0] - 1e-3);
}
