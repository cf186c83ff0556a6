//! Which parameter holds most of the weights.

use super::{Inference, Tensor};
use serde::Serialize;

/// The parameter that holds most of the weights.
#[derive(Debug, Clone, Serialize)]
pub struct Largest {
    /// Its name.
    pub name: String,
    /// Its weights.
    pub weights: usize,
    /// All weights that have a term.
    pub of: usize,
}

impl Inference {
    /// The largest parameter that has a term.
    pub fn largest(&self) -> Option<Largest> {
        let terms = self.loss.terms.iter();
        let with_term: Vec<&Tensor> = terms
            .filter_map(|term| term.kind.tensor())
            .map(|tensor| &self.tensors[tensor])
            .collect();
        let largest = with_term.iter().max_by_key(|tensor| tensor.shape.len())?;
        Some(Largest {
            name: largest.name.clone(),
            weights: largest.shape.len(),
            of: with_term.iter().map(|tensor| tensor.shape.len()).sum(),
        })
    }
}
