//! Steps down the gradient of the loss with an optimizer. It fits whatever posteriors an inference has:
//! under `mean_field` those of the model's file, under `map` points.
//!
//! Where gradients are clipped, a step has two passes: the whole gradient, whose norm is needed first, then the
//! optimizer's step, after which scales above the largest of their posterior are set to that.
//!
//! Where variables are averaged, the averages are what predicts and what a checkpoint has under the variables' names;
//! the variables that move are `optimizer.variables/…` there. The two change places in memory whenever a prediction
//! follows a step or a step a prediction.

use super::Config;
use crate::diagnostic::Result;
use crate::engine::{Engine, Piece, Predictor, Section, Step, put, sections};
use crate::exec::{self, Batch, Interpreter, StepReport, Trained, Update};
use crate::ir::Role;
use crate::memory;
use crate::optimizer::{Average, Clip, Decayed, State};
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
    clip: Option<Clip>,
    /// The norm of the last step's gradient, if gradients are clipped.
    norm: Option<f64>,
    average: Option<Averaged>,
}

/// An average of the variables, or the variables themselves while the average is in their place.
struct Averaged {
    average: Average,
    in_place: bool,
}

impl Descent {
    /// Takes up to `capacity` examples a call.
    ///
    /// # Errors
    ///
    /// `E0613` where that takes more memory than there is.
    pub fn new(plan: Arc<Plan>, config: &Config, capacity: usize) -> Result<Self> {
        let what = format!("training with {} a step", plural(capacity, "example"));
        // The whole gradient, the average.
        let more =
            usize::from(config.clip_norm.is_some()) + usize::from(config.ema_decay.is_some());
        let more = (more * plan.trainable() * size_of::<f32>()) as u64;
        memory::refuse(&what, exec::memory(&plan, capacity) + more, SMALLER)?;
        let (optimizer, settings) = config.optimizer.clone();
        let mut optimizer = State::new(optimizer, settings, plan.trainable());
        if let Some(of) = optimizer.decays() {
            optimizer.decay(decayed(&plan, of));
        }
        let averaged = |decay| Averaged {
            average: Average::new(decay, plan.trainable()),
            in_place: false,
        };
        Ok(Descent {
            interpreter: Interpreter::new(plan.clone(), capacity),
            optimizer,
            clip: config
                .clip_norm
                .map(|most| Clip::new(most, plan.trainable())),
            norm: None,
            average: config.ema_decay.map(averaged),
            plan,
        })
    }

    /// Puts the averages in the place of the variables, if there are any, or the variables back in theirs.
    fn predicts(&mut self, with_averages: bool) {
        if let Some(averaged) = &mut self.average
            && averaged.in_place != with_averages
        {
            let variables = self.interpreter.variables_mut();
            variables.swap_with_slice(averaged.average.values_mut());
            averaged.in_place = with_averages;
        }
    }

    /// The interpreter, wherever its variables are.
    pub fn interpreter(&self) -> &Interpreter<f32> {
        &self.interpreter
    }

    /// The interpreter at what predicts: the variables, or their averages.
    pub fn centre(&mut self) -> &mut Interpreter<f32> {
        self.predicts(true);
        &mut self.interpreter
    }

    /// A step whose gradient is clipped first.
    fn clipped(&mut self, batch: &Batch<f32>, step: &Step, predictive: &mut [f32]) -> Trained {
        let clip = self.clip.as_mut().expect("gradients are clipped");
        let interpreter = &mut self.interpreter;
        let report: StepReport = interpreter.step_before_update(batch, &step.draw(), &step.at);
        if !predictive.is_empty() {
            self.interpreter.last_predictive(predictive);
        }
        let (variables, gradient) = self.interpreter.variables_and_gradient();
        self.norm = Some(clip.clip(gradient));
        let all = 0..variables.len();
        let mut step = self.optimizer.begin(step.done + 1, step.learning_rate);
        let finite = step.update(&all, variables, gradient);
        self.interpreter.limit_scales();
        let not_finite = if finite { vec![] } else { vec![all] };
        Trained { report, not_finite }
    }
}

/// Where the variables lie that weight decay takes.
pub fn decayed(plan: &Plan, of: Decayed) -> Vec<Range<usize>> {
    let tensors = plan.tensors.iter();
    let kernels = tensors.filter(|(handle, _)| {
        let is_free = plan.terms[*handle].is_none();
        plan.model.tensors[*handle].role == Role::Kernel && (of == Decayed::AllKernels || is_free)
    });
    kernels.map(|(_, tensor)| tensor.loc.clone()).collect()
}

impl Engine for Descent {
    fn predictor(&mut self) -> &mut dyn Predictor {
        self.centre()
    }
    fn initialize(&mut self, seed: u64) {
        self.predicts(false);
        self.interpreter.initialize(seed);
        self.optimizer.clear();
        if let Some(Averaged { average, .. }) = &mut self.average {
            average.add(0, self.interpreter.variables());
        }
    }
    fn begin_at(&mut self, pieces: &[Piece]) {
        self.predicts(false);
        put(pieces, self.interpreter.variables_mut());
        if let Some(Averaged { average, .. }) = &mut self.average {
            average.add(0, self.interpreter.variables());
        }
    }
    fn step(&mut self, batch: &Batch<f32>, step: &Step, predictive: &mut [f32]) -> Trained {
        self.predicts(false);
        let trained = match self.clip {
            Some(_) => self.clipped(batch, step, predictive),
            None => {
                let update = Update {
                    step: self.optimizer.begin(step.done + 1, step.learning_rate),
                    predictive,
                };
                self.interpreter
                    .train(batch, &step.draw(), &step.at, update)
            }
        };
        if let Some(Averaged { average, .. }) = &mut self.average {
            average.add(step.done + 1, self.interpreter.variables());
        }
        trained
    }
    fn gradient_norm(&self) -> Option<f64> {
        self.norm
    }
    fn sections(&mut self) -> Vec<Section<'_>> {
        self.predicts(true);
        let mut all = self.interpreter.weights();
        let moving = self.average.as_mut();
        let moving = moving.map(|averaged| ("variables", averaged.average.values_mut()));
        for (name, values) in self.optimizer.slots_mut().chain(moving) {
            let prefix = format!("optimizer.{name}/");
            all.extend(sections(&prefix, &self.plan.variables, values));
        }
        all
    }
}

#[cfg(test)]
mod tests;
