//! What the tests share: models from text, patterns, shared folders.

use bnnc::exec::{Batch, Draw, Interpreter, Number, StepReport};
use bnnc::ir::Position;
use bnnc::likelihood::Targets;
use bnnc::plan::Plan;
use bnnc::source::Source;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Whether a model is without mistakes.
pub fn compiles(text: &str) -> bool {
    let source = Source {
        name: "test.bnn".into(),
        text: text.into(),
    };
    bnnc::compile::source(source, &[]).is_ok()
}

/// The plan of a model given as text.
pub fn plan(text: &str) -> Arc<Plan> {
    let source = Source {
        name: "test.bnn".into(),
        text: text.into(),
    };
    let compiled = bnnc::compile::source(source, &[]).unwrap_or_else(|failure| {
        panic!(
            "{}",
            bnnc::diagnostic::render(&failure.diagnostics, failure.source_file.as_deref(), false)
        )
    });
    Arc::new(Plan::new(compiled.inference))
}

/// Some examples of their own.
pub struct Examples<T> {
    pub inputs: Vec<T>,
    pub labels: Vec<u32>,
    pub reals: Vec<T>,
    pub len: usize,
}

impl<T: Number> Examples<T> {
    /// `len` examples of smooth, irregular inputs; labels below `classes`, `width` real targets.
    pub fn new(len: usize, inputs: usize, classes: u32, width: usize) -> Self {
        Examples {
            inputs: (0..len * inputs)
                .map(|i| T::of((0.37 * i as f64 + 0.2).sin() * 1.3))
                .collect(),
            labels: (0..len as u32)
                .map(|i| (i * 7 + 3) % classes.max(1))
                .collect(),
            reals: (0..len * width)
                .map(|i| T::of((1.7 * i as f64).cos()))
                .collect(),
            len,
        }
    }

    pub fn batch(&self) -> Batch<'_, T> {
        let targets = if self.reals.is_empty() {
            Targets::Labels(&self.labels)
        } else {
            Targets::Reals(&self.reals)
        };
        Batch {
            inputs: &self.inputs,
            targets,
            others: &[],
            len: self.len,
        }
    }
}

/// A draw by streams.
pub fn draw(seed: u64, step: u64) -> Draw<'static> {
    Draw {
        seed,
        step,
        given: None,
    }
}

/// One step at a full batch of N = `n` examples.
pub fn step<T: Number>(
    interpreter: &mut Interpreter<T>,
    examples: &Examples<T>,
    draw: &Draw,
    n: usize,
) -> StepReport {
    let at = Position {
        training_examples: n,
        batch: examples.len,
        batch_index: 0,
        batches: 1,
        epoch: 1.0,
    };
    interpreter.step(&examples.batch(), draw, &at)
}

/// The folder of shared data or oracles, or `None`, said aloud, where it is absent.
pub fn shared(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("BNNC_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")),
        PathBuf::from,
    );
    let path = root.join(folder);
    if path.exists() {
        return Some(path);
    }
    eprintln!(
        "SKIPPED: {} is absent, nothing was compared",
        path.display()
    );
    None
}

/// Draws for every name the plan wants, each entry from `pattern` of its kind's word and flat index.
pub fn given(
    plan: &Plan,
    batch: usize,
    pattern: impl Fn(&str, usize) -> f64,
) -> BTreeMap<String, Vec<f64>> {
    plan.draws(batch)
        .into_iter()
        .map(|(name, shape)| {
            let values = (0..shape.len()).map(|i| pattern(&name, i)).collect();
            (name, values)
        })
        .collect()
}

/// A safetensors file in float32, as any other program would write it.
pub fn write_weights(
    path: &std::path::Path,
    tensors: impl IntoIterator<Item = (String, Vec<usize>, Vec<f32>)>,
) {
    use safetensors::tensor::{Dtype, TensorView};
    let bytes = |values: Vec<f32>| -> Vec<u8> {
        let bytes = values.iter().flat_map(|x| x.to_le_bytes());
        bytes.collect()
    };
    let tensors: Vec<_> = tensors
        .into_iter()
        .map(|(name, shape, values)| (name, shape, bytes(values)))
        .collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap();
        (name.clone(), view)
    });
    std::fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}
