//! What the interpreter runs: variables laid out, estimators chosen, buffers and order settled.

use crate::ir::{Initializer, Model};
use crate::tensor::Shape;
use std::ops::Range;
use std::sync::Arc;

/// A model ready to run.
pub struct Plan {
    /// The model it runs.
    pub model: Arc<Model>,
    /// Every trainable tensor, in the order of the flat vector that holds them.
    pub variables: Vec<Variable>,
}

/// One trainable tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Its name in checkpoints: `conv1.kernel.loc`, `conv1.kernel.rho`, `y.scale.rho`.
    pub name: String,
    /// Its shape; `[]` for a single number.
    pub shape: Shape,
    /// Where its entries lie in the flat vector.
    pub range: Range<usize>,
    /// How it starts.
    pub initializer: Initializer,
}

impl Plan {
    /// Settles how `model` is run.
    pub fn new(model: Arc<Model>) -> Plan {
        let _ = model;
        unimplemented!()
    }

    /// Number of trainable numbers.
    pub fn trainable(&self) -> usize {
        self.variables.last().map_or(0, |v| v.range.end)
    }

    /// Every random draw of a step with `batch` examples: its name and shape.
    pub fn draws(&self, batch: usize) -> Vec<(String, Vec<usize>)> {
        let _ = batch;
        unimplemented!()
    }
}
