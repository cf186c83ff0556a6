//! The interpreter: runs a plan on buffers allocated once.

use crate::ir::Position;
use crate::likelihood::Targets;
use crate::plan::Plan;
use crate::tensor::Real;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Some examples, scaled as the network takes them.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a, T> {
    /// `len` inputs, one after the other.
    pub inputs: &'a [T],
    /// Their targets.
    pub targets: Targets<'a, T>,
    /// Number of examples; at most the interpreter's batch.
    pub len: usize,
}

/// Where random draws come from: streams keyed by seed, step, parameter and use, so that a draw
/// depends on nothing else; or, name by name, from `given`.
#[derive(Debug, Clone, Copy)]
pub struct Draw<'a> {
    /// The run's seed.
    pub seed: u64,
    /// The number of this step since the start of training. Evaluation takes numbers of its own.
    pub step: u64,
    /// Draws given from outside: every one the step needs must be there.
    pub given: Option<&'a BTreeMap<String, Vec<f64>>>,
}

/// What one step's loss is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct StepReport {
    /// In the order of the loss's terms.
    pub terms: Vec<TermValue>,
    /// The sum of the scaled values: the estimate of −ELBO/N.
    pub loss: f64,
}

/// One term's value.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct TermValue {
    /// Unscaled: the nll summed over the minibatch, the KL summed over the tensor.
    pub value: f64,
    /// What it is multiplied with at this step.
    pub scale: f64,
    /// value · scale
    pub scaled: f64,
}

/// The interpreter of one plan in one number type.
pub struct Interpreter<T: Real> {
    plan: Arc<Plan>,
    batch: usize,
    /// Every trainable number, laid out as [`Plan::variables`].
    pub variables: Vec<T>,
    /// The gradient of the last step's loss, laid out alike.
    pub gradient: Vec<T>,
}

impl<T: Real> Interpreter<T> {
    /// Allocates all it needs for minibatches of up to `batch` examples.
    pub fn new(plan: Arc<Plan>, batch: usize) -> Self {
        let _ = (plan, batch);
        unimplemented!()
    }

    /// The plan it runs.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Sets every variable by its initialiser.
    pub fn initialize(&mut self, seed: u64) {
        let _ = seed;
        unimplemented!()
    }

    /// The loss of one minibatch; the gradient goes to [`Interpreter::gradient`].
    pub fn step(&mut self, batch: &Batch<T>, draw: &Draw, at: &Position) -> StepReport {
        let _ = (batch, draw, at, self.batch);
        unimplemented!()
    }

    /// The network's outputs of the last call to `step` or `predictive` as predictive distributions
    /// ([`crate::likelihood::Nll::predictive`]'s layout), one row an example.
    pub fn last_predictive(&self, out: &mut [T]) {
        let _ = out;
        unimplemented!()
    }

    /// One draw of the weights for each example as the estimators make them: writes the predictive
    /// distributions, and −log p(target) of each example if there are targets.
    pub fn predictive(&mut self, inputs: &[T], examples: usize, draw: &Draw, out: &mut [T], nll: Option<(Targets<T>, &mut [T])>) {
        let _ = (inputs, examples, draw, out, nll);
        unimplemented!()
    }

    /// The KL and penalty terms alone, at scale 1 (`None` for the data term), in the order of the
    /// loss's terms; Monte-Carlo forms with the draws of `draw`.
    pub fn weight_terms(&mut self, draw: &Draw) -> Vec<Option<f64>> {
        let _ = draw;
        unimplemented!()
    }

    /// The observe's arguments' values of the last step, each with its name and shape.
    pub fn outputs(&self) -> Vec<(String, Vec<usize>, Vec<T>)> {
        unimplemented!()
    }
}
