//! Emitted PyTorch programs against the interpreter, in float64: loss, terms and gradients.
//!
//! They need a Python with torch, numpy and safetensors: `BNNC_PYTHON`, else `python3`. Where there is none the
//! comparison is skipped, aloud.

mod compile;
mod curve;
mod networks;
mod program;
mod registry;
mod specs;
mod start;

use crate::support::{Examples, plan};
use bnnc::exec::{Batch, Interpreter};
use bnnc::ir::Position;
use bnnc::verify::{Comparison, Made, Step, python};
use std::sync::{LazyLock, Mutex, PoisonError};

/// The largest difference, as a part of a tensor's largest entry.
const TOLERANCE: f64 = 1e-12;

/// A Python that compares one case after the other: to import torch takes seconds.
static COMPARISON: LazyLock<Option<Mutex<Comparison>>> =
    LazyLock::new(|| match Comparison::start(&python(None)) {
        Ok(comparison) => Some(Mutex::new(comparison)),
        Err(failure) => {
            eprintln!("SKIPPED: programs are not compared with the interpreter: {failure}");
            None
        }
    });

/// Holds the program of a model given as text against the interpreter, at these examples and variables that differ from
/// where they start.
pub fn compare(text: &str, examples: &Examples<f64>) {
    compare_at(text, examples, &moved(text));
}

/// [`compare`] at examples that are made for the model, whose layers and likelihoods all have PyTorch; through
/// `torch.compile(fullgraph=True)` with a back end where one is named.
fn compare_made(text: &str, compiled: Option<&str>) {
    let plan = plan(text);
    if let Err(refusal) = bnnc::emit::pytorch::module(&plan) {
        panic!("{refusal}\n{text}");
    }
    compare_by(text, &Made::new(&plan, 5).batch(), &moved(text), compiled);
}

/// Variables that differ from where they start. What a layer keeps stays above 0.
fn moved(text: &str) -> Vec<f64> {
    let mut interpreter = Interpreter::<f64>::new(plan(text), 1);
    interpreter.initialize(5);
    for (i, value) in interpreter.variables_mut().iter_mut().enumerate() {
        *value += 0.2 * (1.3 * i as f64 + 0.4).sin();
    }
    interpreter.variables().to_vec()
}

/// [`compare`] at these variables.
pub fn compare_at(text: &str, examples: &Examples<f64>, variables: &[f64]) {
    compare_by(text, &examples.batch(), variables, None);
}

/// [`compare_at`], through `torch.compile(fullgraph=True)` with a back end where one is named.
fn compare_by(text: &str, batch: &Batch<f64>, variables: &[f64], compiled: Option<&str>) {
    let step = Step {
        plan: plan(text),
        variables,
        batch,
        seed: 7,
        step: 3,
        at: Position {
            training_examples: 4 * batch.len,
            batch: batch.len,
            batch_index: 1,
            batches: 4,
            epoch: 0.25,
        },
        compiled,
    };
    if let Err(refusal) = bnnc::emit::pytorch::module(&step.plan) {
        let refusal = refusal.to_string();
        assert!(refusal.contains("the quadrature of"), "{refusal}\n{text}");
        return;
    }
    let Some(comparison) = COMPARISON.as_ref() else {
        return;
    };
    let mut comparison = comparison.lock().unwrap_or_else(PoisonError::into_inner);
    let report = comparison
        .compare(&step)
        .unwrap_or_else(|failure| panic!("{failure}\n{text}"));
    let wrong = report.rows.iter().filter(|row| row.error > TOLERANCE);
    let wrong: Vec<String> = wrong.map(|row| format!("{row:?}")).collect();
    assert!(wrong.is_empty(), "{}\n{text}", wrong.join("\n"));
}
