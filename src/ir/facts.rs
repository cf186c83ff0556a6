//! What is known of the run that a model is for: the numbers of its scales, and what lints look at.

use crate::likelihood::Observed;

/// What is known of a run; of what is not, nothing is said.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// N, the number of training examples.
    pub training_examples: Option<usize>,
    /// Examples set aside, which are not in N.
    pub validation_examples: usize,
    /// B, the examples of a minibatch.
    pub batch: Option<usize>,
    /// Epochs of the run.
    pub epochs: Option<usize>,
    /// Epochs over which the learning rate rises.
    pub warm_up: Option<f64>,
    /// Draws of the weights that scores are averaged over.
    pub evaluation_samples: Option<usize>,
    /// One more than the largest label.
    pub classes: Option<usize>,
    /// Each entry of a real target, as the model sees it: scaled. Empty where that is not known.
    pub targets: Vec<Observed>,
    /// Each term of the loss before the first step, unscaled, in nats, expected over the initialisers;
    /// empty where that has not been worked out.
    pub initial_terms: Vec<Option<f64>>,
    /// The data set's name.
    pub data: Option<String>,
    /// Constants that were overridden, and with what.
    pub set: Vec<(String, String)>,
}

impl Facts {
    /// M, the minibatches of an epoch.
    pub fn batches(&self) -> Option<usize> {
        Some(self.training_examples?.div_ceil(self.batch?))
    }
}
