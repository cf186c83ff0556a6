//! What training and evaluation need of an interpreter.

use crate::exec::{Batch, Draw, Interpreter, StepReport};
use crate::ir::Position;
use crate::likelihood::Targets;

/// The first of the step numbers that evaluation draws with: no run is so long.
pub const EVALUATION_STEPS: u64 = 1 << 63;

/// A model that can be trained in float32. Implemented by [`Interpreter`], and by small models in tests.
pub trait Machine {
    /// [`Interpreter::step`]
    fn step(&mut self, batch: &Batch<f32>, draw: &Draw, at: &Position) -> StepReport;
    /// [`Interpreter::last_predictive`]
    fn last_predictive(&self, out: &mut [f32]);
    /// [`Interpreter::draw_weights`]
    fn draw_weights(&mut self, draw: &Draw, examples: usize);
    /// [`Interpreter::predict_drawn`]
    fn predict_drawn(
        &mut self,
        inputs: &[f32],
        examples: usize,
        out: &mut [f32],
        nll: Option<(Targets<f32>, &mut [f32])>,
    );
    /// [`Interpreter::weight_terms`]
    fn weight_terms(&mut self, draw: &Draw) -> Vec<Option<f64>>;
    /// The variables, and the gradient of the last step's loss.
    fn variables(&mut self) -> (&mut [f32], &[f32]);
    /// The most examples of one call.
    fn capacity(&self) -> usize;
}

impl Machine for Interpreter<f32> {
    fn step(&mut self, batch: &Batch<f32>, draw: &Draw, at: &Position) -> StepReport {
        Interpreter::step(self, batch, draw, at)
    }
    fn last_predictive(&self, out: &mut [f32]) {
        Interpreter::last_predictive(self, out);
    }
    fn draw_weights(&mut self, draw: &Draw, examples: usize) {
        Interpreter::draw_weights(self, draw, examples);
    }
    fn predict_drawn(
        &mut self,
        inputs: &[f32],
        examples: usize,
        out: &mut [f32],
        nll: Option<(Targets<f32>, &mut [f32])>,
    ) {
        Interpreter::predict_drawn(self, inputs, examples, out, nll);
    }
    fn weight_terms(&mut self, draw: &Draw) -> Vec<Option<f64>> {
        Interpreter::weight_terms(self, draw)
    }
    fn variables(&mut self) -> (&mut [f32], &[f32]) {
        (&mut self.variables, &self.gradient)
    }
    fn capacity(&self) -> usize {
        self.batch()
    }
}
