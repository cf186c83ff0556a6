//! Steps down the gradient of the loss with an optimizer. It fits whatever posteriors an inference has:
//! under `mean_field` those of the model's file, under `map` points.

use crate::diagnostic::Result;
use crate::engine::{Engine, Predictor, Section, Step, sections};
use crate::exec::{self, Batch, Interpreter, Trained, Update};
use crate::ir::Role;
use crate::likelihood::Targets;
use crate::memory;
use crate::optimizer::{Decayed, State};
use crate::plan::Plan;
use crate::words::plural;
use std::ops::Range;
use std::sync::Arc;

/// What takes less memory.
const SMALLER: &str = "a smaller batch size (`batch_size` in the run file, `--batch-size`) or a smaller model takes less: \
                       `bnnc check` prints how much";

/// The interpreter and an optimizer.
pub struct Descent {
    plan: Arc<Plan>,
    interpreter: Interpreter<f32>,
    optimizer: State<f32>,
}

impl Descent {
    /// Takes up to `capacity` examples a call.
    ///
    /// # Errors
    ///
    /// `E0613` where that takes more memory than there is.
    pub fn new(plan: Arc<Plan>, mut optimizer: State<f32>, capacity: usize) -> Result<Self> {
        let what = format!("training with {} a step", plural(capacity, "example"));
        memory::refuse(&what, exec::memory(&plan, capacity), SMALLER)?;
        if let Some(of) = optimizer.decays() {
            optimizer.decay(decayed(&plan, of));
        }
        Ok(Descent {
            interpreter: Interpreter::new(plan.clone(), capacity),
            optimizer,
            plan,
        })
    }
}

/// Where the variables lie that weight decay takes.
fn decayed(plan: &Plan, of: Decayed) -> Vec<Range<usize>> {
    let tensors = plan.tensors.iter();
    let kernels = tensors.filter(|(handle, _)| {
        let is_free = plan.terms[*handle].is_none();
        plan.model.tensors[*handle].role == Role::Kernel && (of == Decayed::AllKernels || is_free)
    });
    kernels.map(|(_, tensor)| tensor.loc.clone()).collect()
}

impl Predictor for Descent {
    fn draw_weights(&mut self, draw: usize, seed: u64) {
        Predictor::draw_weights(&mut self.interpreter, draw, seed);
    }
    fn predict_drawn(
        &mut self,
        inputs: &[f32],
        examples: usize,
        out: &mut [f32],
        nll: Option<(Targets<f32>, &mut [f32])>,
    ) {
        self.interpreter.predict_drawn(inputs, examples, out, nll);
    }
    fn weight_terms(&mut self, draw: usize, seed: u64) -> Vec<Option<f64>> {
        Predictor::weight_terms(&mut self.interpreter, draw, seed)
    }
    fn capacity(&self) -> usize {
        self.interpreter.capacity()
    }
    fn weights(&mut self) -> Vec<Section<'_>> {
        self.interpreter.weights()
    }
}

impl Engine for Descent {
    fn initialize(&mut self, seed: u64) {
        self.interpreter.initialize(seed);
    }
    fn step(&mut self, batch: &Batch<f32>, step: &Step, predictive: &mut [f32]) -> Trained {
        let update = Update {
            step: self.optimizer.begin(step.done + 1, step.learning_rate),
            predictive,
        };
        self.interpreter
            .train(batch, &step.draw(), &step.at, update)
    }
    fn sections(&mut self) -> Vec<Section<'_>> {
        let mut all = self.interpreter.weights();
        for (name, values) in self.optimizer.slots_mut() {
            let prefix = format!("optimizer.{name}/");
            all.extend(sections(&prefix, &self.plan.variables, values));
        }
        all
    }
}
