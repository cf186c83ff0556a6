//! Emitted PyTorch programs against the interpreter, in float64: loss, terms and gradients.
//!
//! They need a Python with torch, numpy and safetensors: `BNNC_PYTHON`, else `python3`. Where there is none the
//! comparison is skipped, aloud.

mod networks;

use crate::support::{Examples, plan};
use bnnc::exec::{Draw, Interpreter};
use bnnc::ir::Position;
use bnnc::likelihood::Targets;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

/// A Python with torch.
pub static PYTHON: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let python = std::env::var_os("BNNC_PYTHON").map_or_else(|| "python3".into(), PathBuf::from);
    let found = Command::new(&python)
        .args(["-c", "import torch, numpy, safetensors"])
        .output();
    let works = found.is_ok_and(|output| output.status.success());
    if !works {
        eprintln!(
            "SKIPPED: no Python with torch (BNNC_PYTHON), programs are not compared with the interpreter"
        );
    }
    works.then_some(python)
});

/// A Python that compares one case after the other: to import torch takes seconds.
struct Comparison {
    cases: ChildStdin,
    answers: BufReader<ChildStdout>,
}

static COMPARISON: LazyLock<Option<Mutex<Comparison>>> = LazyLock::new(|| {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pytorch/parity.py");
    let mut child = Command::new(PYTHON.as_ref()?)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    Some(Mutex::new(Comparison {
        cases: child.stdin.take().unwrap(),
        answers: BufReader::new(child.stdout.take().unwrap()),
    }))
});

/// Holds the program of a model given as text against the interpreter: loss, terms and gradients at these examples and
/// variables that differ from where they start.
pub fn compare(text: &str, examples: &Examples<f64>) {
    let plan = plan(text);
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), examples.len);
    interpreter.initialize(5);
    for (i, value) in interpreter.variables_mut().iter_mut().enumerate() {
        *value += 0.2 * (1.3 * i as f64 + 0.4).sin();
    }
    compare_at(text, examples, interpreter.variables());
}

/// [`compare`] at these variables.
pub fn compare_at(text: &str, examples: &Examples<f64>, variables: &[f64]) {
    let program = match bnnc::emit::pytorch::module(&plan(text)) {
        Ok(program) => program,
        Err(refusal) => return println!("REFUSED: {refusal}"),
    };
    let Some(comparison) = COMPARISON.as_ref() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("program.py"), program).unwrap();
    write_case(folder.path(), text, examples, variables);
    let mut comparison = comparison.lock().unwrap_or_else(PoisonError::into_inner);
    writeln!(comparison.cases, "{}", folder.path().display()).unwrap();
    let mut answer = String::new();
    comparison.answers.read_line(&mut answer).unwrap();
    drop(comparison);
    let wrong: Vec<String> = serde_json::from_str(&answer).unwrap();
    assert!(
        wrong.is_empty(),
        "{}\nin {}\n{text}",
        wrong.join("\n"),
        folder.keep().join("program.py").display()
    );
}

/// Writes a program and what the interpreter makes of variables, draws and examples.
fn write_case(folder: &Path, text: &str, examples: &Examples<f64>, variables: &[f64]) {
    let plan = plan(text);
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), examples.len);
    interpreter.variables_mut().copy_from_slice(variables);
    let at = Position {
        training_examples: 4 * examples.len,
        batch: examples.len,
        batch_index: 1,
        batches: 4,
        epoch: 0.25,
    };
    let (seed, step) = (7, 3);
    let draw = Draw {
        seed,
        step,
        given: None,
    };
    let report = interpreter.step(&examples.batch(), &draw, &at);
    let model = &plan.model;
    let mut tensors: Vec<(String, Vec<usize>, Dtype, Vec<u8>)> = vec![];
    let mut add = |name: String, shape: Vec<usize>, values: &[f64]| {
        let bytes = values.iter().flat_map(|x| x.to_le_bytes());
        tensors.push((name, shape, Dtype::F64, bytes.collect()));
    };
    let rows = |width: &[usize]| [&[examples.len], width].concat();
    add(
        "inputs".into(),
        rows(&model.input.shape.0),
        &examples.inputs,
    );
    let mut loss = 0.0;
    for (term, value) in plan.inference.loss.terms.iter().zip(&report.terms) {
        add(
            format!("term/{}", term.kind.name(model)),
            vec![],
            &[value.value],
        );
        loss += value.scaled;
    }
    add("loss".into(), vec![], &[loss]);
    for variable in &plan.variables {
        let (name, shape) = (&variable.name, &variable.shape.0);
        let values = &interpreter.variables()[variable.range.clone()];
        add(format!("variable/{name}"), shape.clone(), values);
        let gradient = &interpreter.gradient()[variable.range.clone()];
        add(format!("gradient/{name}"), shape.clone(), gradient);
    }
    let (dtype, shape, bytes): (_, _, Vec<u8>) = match examples.batch().targets {
        Targets::Labels(labels) => {
            let bytes = labels
                .iter()
                .flat_map(|&label| i64::from(label).to_le_bytes());
            let width = labels.len() / examples.len;
            let shape = match width {
                1 => vec![examples.len],
                _ => vec![examples.len, width],
            };
            (Dtype::I64, shape, bytes.collect())
        }
        Targets::Reals(reals) => {
            let bytes = reals.iter().flat_map(|x| x.to_le_bytes());
            (
                Dtype::F64,
                vec![examples.len, reals.len() / examples.len],
                bytes.collect(),
            )
        }
    };
    tensors.push(("targets.0".into(), shape, dtype, bytes));
    let views = tensors.iter().map(|(name, shape, dtype, bytes)| {
        (
            name.clone(),
            TensorView::new(*dtype, shape.clone(), bytes).unwrap(),
        )
    });
    std::fs::write(
        folder.join("case.safetensors"),
        safetensors::serialize(views, None).unwrap(),
    )
    .unwrap();
    let facts = json!({
        "seed": seed,
        "step": step,
        "samples": plan.inference.objective.samples,
        "targets": 1,
        "position": {
            "training_examples": at.training_examples,
            "batch": at.batch,
            "batch_index": at.batch_index,
            "batches": at.batches,
            "epoch": at.epoch,
        },
    });
    std::fs::write(folder.join("case.json"), facts.to_string()).unwrap();
}
