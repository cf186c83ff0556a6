//! What training and evaluation need of an interpreter.

use crate::exec::{Batch, Draw, Interpreter, Trained, Update};
use crate::ir::Position;
use crate::likelihood::Targets;

/// The first of the step numbers that evaluation draws with: no run is so long.
pub const EVALUATION_STEPS: u64 = 1 << 63;

/// A model that can be trained in float32. Implemented by [`Interpreter`], and by small models in tests.
pub trait Machine {
    /// [`Interpreter::train`]
    fn train(
        &mut self,
        batch: &Batch<f32>,
        draw: &Draw,
        at: &Position,
        update: Update<f32>,
    ) -> Trained;
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
    /// The variables.
    fn variables(&mut self) -> &mut [f32];
    /// The most examples of one call.
    fn capacity(&self) -> usize;
}

impl Machine for Interpreter<f32> {
    fn train(
        &mut self,
        batch: &Batch<f32>,
        draw: &Draw,
        at: &Position,
        update: Update<f32>,
    ) -> Trained {
        Interpreter::train(self, batch, draw, at, update)
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
    fn variables(&mut self) -> &mut [f32] {
        self.variables_mut()
    }
    fn capacity(&self) -> usize {
        self.batch()
    }
}
