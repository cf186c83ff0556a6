//! What is known of the run that a model is for: the numbers of its scales, and what lints look at.

use crate::likelihood::Observed;
use crate::optimizer::Decay;
use serde::Serialize;
use std::fmt;

/// What is known of a run; of what is not, nothing is said.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// N, the number of training examples.
    pub training_examples: Option<usize>,
    /// The rows that these are, where a column says how many times each occurs.
    pub counted: Option<Counted>,
    /// Examples set aside, which are not in N.
    pub validation_examples: usize,
    /// B, the examples of a minibatch.
    pub batch: Option<usize>,
    /// Epochs of the run.
    pub epochs: Option<usize>,
    /// Epochs over which the learning rate rises.
    pub warm_up: Option<f64>,
    /// Whether training images are changed at random.
    pub augmented: bool,
    /// What the optimizer takes off weights at a learning rate of 1, if it does.
    pub decay: Option<Decay>,
    /// Draws of the weights that scores are averaged over.
    pub evaluation_samples: Option<usize>,
    /// One more than the largest label.
    pub classes: Option<usize>,
    /// Labels below the largest that no training example has.
    pub absent_classes: Vec<usize>,
    /// Of each input of tokens, those that no example has of the training part and what is set aside of it.
    pub unseen_tokens: Vec<(String, Vec<usize>)>,
    /// Each entry of a real target, as the model sees it: scaled. Empty where that is not known.
    pub targets: Vec<Observed>,
    /// The same three of further targets.
    pub others: Vec<TargetFacts>,
    /// Each term of the loss before the first step, unscaled, in nats, expected over the initialisers;
    /// empty where that has not been worked out.
    pub initial_terms: Vec<Option<f64>>,
    /// What an example is made of, where that is not one row: a sentence.
    pub made_of: Option<String>,
    /// The data set's name.
    pub data: Option<String>,
    /// Constants that were overridden, and with what.
    pub set: Vec<(String, String)>,
    /// What a finished run has multiplied the scale of every prior with, where its method does.
    pub prior_factor: Option<f64>,
    /// Which of a finished run's members or chains do not predict, and why.
    pub left_out: Vec<String>,
    /// How it is trained, where a run file or data says that it is.
    pub training: Option<Training>,
}

/// What is known of a target.
#[derive(Debug, Clone, Default)]
pub struct TargetFacts {
    /// [`Facts::classes`]
    pub classes: Option<usize>,
    /// [`Facts::absent_classes`]
    pub absent_classes: Vec<usize>,
    /// [`Facts::targets`]
    pub targets: Vec<Observed>,
}

impl Facts {
    /// Those of the target of this number alone.
    pub fn of_target(&self, number: usize) -> Facts {
        let mut alone = self.clone();
        alone.others.clear();
        if let Some(other) = number.checked_sub(1) {
            let own = self.others.get(other).cloned().unwrap_or_default();
            alone.classes = own.classes;
            alone.absent_classes = own.absent_classes;
            alone.targets = own.targets;
        }
        alone
    }
}

/// The rows of a table that N examples are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// How many.
    pub rows: usize,
    /// The column that says how many times each occurs.
    pub column: String,
}

impl fmt::Display for Counted {
    /// ` in 300 rows, by the column count`
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let rows = crate::words::counted(self.rows, "row", "rows");
        write!(f, " in {rows}, by the column {}", self.column)
    }
}

/// How a model is trained.
#[derive(Debug, Clone, Default)]
pub struct Training {
    /// How inputs are scaled: `standardize`, `symmetric`, `unit`, `none`.
    pub inputs: &'static str,
    /// Whether real targets are standardized.
    pub targets_standardized: bool,
    /// Passes over the training examples.
    pub epochs: usize,
    /// The optimizer.
    pub optimizer: Method,
    /// How its learning rate moves.
    pub schedule: Method,
    /// The norm that gradients are clipped to, if they are.
    pub clip_norm: Option<f64>,
    /// The decay of the average of the variables that predicts, if one does.
    pub ema_decay: Option<f64>,
    /// How training images are changed at random, in words, if they are.
    pub augmentation: Option<String>,
    /// Whether the variables start where another run has come to.
    pub from_a_run: bool,
}

/// An entry of a registry with its settings, as they are written.
#[derive(Debug, Clone, Default)]
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// Each setting's name and value.
    pub settings: Vec<(&'static str, String)>,
}

impl Facts {
    /// M, the minibatches of an epoch.
    pub fn batches(&self) -> Option<usize> {
        let batch = self.batch.filter(|batch| *batch > 0)?;
        Some(self.training_examples?.div_ceil(batch))
    }
}
