//! How much memory a run takes.

use super::Plan;
use crate::exec::Interpreter;

impl Plan {
    /// Numbers that an interpreter with Adam's two moments holds for minibatches of `batch` examples.
    pub fn memory(&self, batch: usize) -> usize {
        // Two vectors of variables and gradient, two of moments.
        4 * self.trainable() + Interpreter::<f32>::numbers(self, batch)
    }
}
