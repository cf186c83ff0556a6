//! The interpreter: runs a plan on buffers allocated once.
//!
//! Two machines: a [`Variational`] makes kernels out of variables and random streams, and turns gradients by
//! kernels into terms and moved variables; a [`Network`] runs forward and backward on given [`Kernels`] and
//! knows nothing of posteriors, priors or optimizers.
//!
//! A step: [`Variational::draw`] writes the kernels' scales, noise and per-example signs; [`Network::forward`]
//! and [`Network::backward`] run the segments, convolutions example by example in chunks of the minibatch,
//! whose gradients are added up; [`Variational::collect_sample`] adds the KL terms and turns gradients by scale
//! into gradients by rho. A prediction runs a network of its own on weights that [`Variational::draw_weights`] draws,
//! one set for all examples. In training the optimizer takes each block of the gradient as soon as it is known
//! ([`Interpreter::train`]): most of the gradient is never written down.
//!
//! The minibatch is cut into chunks whose number depends on the plan and the batch size alone, and
//! every sum runs over chunks or blocks in their order: a run gives the same bits on any number of
//! threads.

mod awake;
mod kernels;
mod memory;
mod network;
mod profile;
mod variational;

use crate::ir::{Handle, Loss, Position, Table, Tensor, Term};
use crate::likelihood::{OwnedTargets, Targets};
pub use crate::number::Number;
use crate::optimizer;
use crate::plan::{Graph, Plan};
use crate::tensor::{Aligned, Real};
use awake::{Awake, Calls};
pub use kernels::{ExampleWise, KernelGradients, Kernels};
pub use memory::memory;
pub use network::{Mode, Network};
pub use profile::Profile;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};
pub use variational::Variational;

/// Some examples, scaled as the network takes them.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a, T> {
    /// `len` inputs, one after the other.
    pub inputs: &'a [T],
    /// Their targets; of several targets the first.
    pub targets: Targets<'a, T>,
    /// Those of further targets.
    pub others: &'a [OwnedTargets<T>],
    /// Number of examples; at most the interpreter's batch.
    pub len: usize,
}

impl<'a, T: Copy> Batch<'a, T> {
    /// Those of the target of this number.
    pub fn targets_of(&self, target: usize) -> Targets<'a, T> {
        match target.checked_sub(1) {
            None => self.targets,
            Some(other) => self.others[other].targets(),
        }
    }
}

/// Where random draws come from: streams keyed by seed, step, parameter and use, so that a draw
/// depends on nothing else; or, name by name, from `given`.
#[derive(Debug, Clone, Copy)]
pub struct Draw<'a> {
    /// The run's seed.
    pub seed: u64,
    /// The number of this step since the start of training. Evaluation takes numbers of its own.
    pub step: u64,
    /// Draws given from outside ([`Plan::draws`] names them): every one the step needs must be there.
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

/// What a training step does with the gradient, and what it keeps.
pub struct Update<'a, T> {
    /// The optimizer's step.
    pub step: optimizer::Step<'a, T>,
    /// Takes the minibatch's predictive distributions ([`Interpreter::last_predictive`]) of each target, as they are
    /// before the update; may be empty.
    pub predictive: &'a mut [T],
}

/// What a training step came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The loss.
    pub report: StepReport,
    /// Ranges of variables, a parameter's or several parameters', with some whose gradient was not finite:
    /// those are not finite any more.
    pub not_finite: Vec<Range<usize>>,
}

impl TermValue {
    fn new(term: &Term, value: f64, at: &Position) -> Self {
        let scale = term.scale.value(at);
        TermValue {
            value,
            scale,
            scaled: value * scale,
        }
    }
}

/// Whether a pass moves what layers keep between training steps.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeping {
    Nothing,
    /// A batch norm's means and variances move towards those of the minibatch.
    Moments,
}

/// The interpreter of one plan in one number type.
pub struct Interpreter<T: Number> {
    plan: Arc<Plan>,
    batch: usize,
    variational: Variational<T>,
    network: Network<T>,
    /// The network that predicts, made for the first prediction, and how many examples it takes.
    prediction: Option<(Arc<Graph>, Network<T>, usize)>,
    /// The number of the target that is predicted.
    predicted: usize,
    /// Where the time of steps goes, if [`Interpreter::measure`] was called.
    profile: Option<Profile>,
    /// Calls to the pool's threads, to stay awake.
    calls: Calls,
}

impl<T: Number> Interpreter<T> {
    /// Allocates all it needs for minibatches of up to `batch` examples.
    pub fn new(plan: Arc<Plan>, batch: usize) -> Self {
        Interpreter {
            variational: Variational::new(plan.clone(), batch),
            network: Network::new(plan.graph.clone(), batch),
            prediction: None,
            predicted: 0,
            batch,
            profile: None,
            calls: Calls::default(),
            plan,
        }
    }

    /// The plan it runs.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Every trainable number, laid out as [`Plan::variables`].
    pub fn variables(&self) -> &[T] {
        self.variational.variables()
    }

    /// [`Interpreter::variables`], to write.
    pub fn variables_mut(&mut self) -> &mut [T] {
        self.variational.variables_and_gradient().0
    }

    /// [`Interpreter::variables_mut`], and the gradient that they are to be moved by.
    pub fn variables_and_gradient(&mut self) -> (&mut [T], &mut [T]) {
        self.variational.variables_and_gradient()
    }

    /// Sets scales above the largest of their posterior to that; [`Interpreter::train`] does so itself.
    pub fn limit_scales(&mut self) {
        self.variational.limit_scales();
    }

    /// The gradient of the loss of the last [`Interpreter::step`], laid out as the variables.
    pub fn gradient(&self) -> &[T] {
        self.variational.gradient()
    }

    /// Sets every variable by its initialiser, or by what it is given to start with.
    pub fn initialize(&mut self, seed: u64) {
        self.variational.initialize(seed);
    }

    /// The most examples one call takes.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Measures from now on where the time of steps goes.
    pub fn measure(&mut self) {
        let nodes = self.plan.nodes.map(|_, _| Duration::ZERO);
        self.profile = Some(Profile {
            forward: nodes.clone(),
            backward: nodes,
            ..Profile::default()
        });
    }

    /// What was measured since [`Interpreter::measure`].
    pub fn profile(&self) -> Option<&Profile> {
        self.profile.as_ref()
    }

    /// Does `work`; the time it takes goes to the part of the profile that `to` says.
    fn timed<R>(
        &mut self,
        to: impl Fn(&mut Profile) -> &mut Duration,
        work: impl FnOnce(&mut Self) -> R,
    ) -> R {
        let start = self.profile.is_some().then(Instant::now);
        let result = work(self);
        if let (Some(start), Some(profile)) = (start, &mut self.profile) {
            *to(profile) += start.elapsed();
        }
        result
    }

    /// The loss of one minibatch; the gradient goes to [`Interpreter::gradient`]. No variable changes.
    pub fn step(&mut self, batch: &Batch<T>, draw: &Draw, at: &Position) -> StepReport {
        self.pass(batch, draw, at, Keeping::Nothing, None).report
    }

    /// The same as the first half of a training step: what layers keep between steps moves, and the caller moves the
    /// other variables by [`Interpreter::variables_and_gradient`].
    pub fn step_before_update(
        &mut self,
        batch: &Batch<T>,
        draw: &Draw,
        at: &Position,
    ) -> StepReport {
        self.pass(batch, draw, at, Keeping::Moments, None).report
    }

    /// The same with the gradient of the data terms alone: the terms of the weights are worked out, and add nothing to it.
    pub fn step_of_data(&mut self, batch: &Batch<T>, draw: &Draw, at: &Position) -> StepReport {
        let plan = self.plan.clone();
        let scales = plan.inference.loss.terms.iter();
        let scales = scales.map(|term| match term.kind.tensor() {
            None => term.scale.value(at),
            Some(_) => 0.0,
        });
        let scales = scales.collect();
        self.pass_scaled(batch, draw, at, &scales, Keeping::Moments, None)
            .report
    }

    /// The loss of one minibatch, and an optimizer's step down its gradient. Leaves
    /// [`Interpreter::gradient`] undefined.
    pub fn train(
        &mut self,
        batch: &Batch<T>,
        draw: &Draw,
        at: &Position,
        update: Update<T>,
    ) -> Trained {
        self.pass(batch, draw, at, Keeping::Moments, Some(update))
    }

    fn pass(
        &mut self,
        batch: &Batch<T>,
        draw: &Draw,
        at: &Position,
        keeping: Keeping,
        update: Option<Update<T>>,
    ) -> Trained {
        let terms = self.plan.inference.loss.terms.iter();
        let scales = terms.map(|term| term.scale.value(at)).collect();
        self.pass_scaled(batch, draw, at, &scales, keeping, update)
    }

    /// [`Interpreter::pass`] with the gradient of the terms times `scales`.
    fn pass_scaled(
        &mut self,
        batch: &Batch<T>,
        draw: &Draw,
        at: &Position,
        scales: &Table<Term, f64>,
        keeping: Keeping,
        mut update: Option<Update<T>>,
    ) -> Trained {
        let _awake = Awake::new(&self.calls);
        let plan = self.plan.clone();
        let samples = plan.inference.objective.samples;
        let terms = &plan.inference.loss.terms;
        let mut values = scales.map(|_, _| 0.0);
        let mut not_finite = Vec::new();
        self.variational.start_step();
        self.timed(|p| &mut p.draw, |it| it.variational.scales());
        for sample in 0..samples {
            self.sample(batch, draw, sample, scales, &mut values);
            if keeping == Keeping::Moments {
                self.variational
                    .keep(self.network.moments(), [sample, samples], None);
            }
            let last = sample + 1 == samples;
            let step = update.as_mut().filter(|_| last).map(|update| {
                if !update.predictive.is_empty() {
                    self.last_predictive(update.predictive);
                }
                &mut update.step
            });
            let of = [sample, samples];
            let collect = |it: &mut Self| {
                let variational = &mut it.variational;
                variational.collect_sample(of, scales, &mut values, step, &mut not_finite);
            };
            self.timed(|p| &mut p.terms, collect);
        }
        if let Some(profile) = &mut self.profile {
            profile.steps += 1;
        }
        let values = terms.iter().zip(values.values());
        let terms: Vec<TermValue> = values
            .map(|(term, &value)| TermValue::new(term, value, at))
            .collect();
        Trained {
            report: StepReport {
                loss: terms.iter().map(|t| t.scaled).sum(),
                terms,
            },
            not_finite,
        }
    }

    /// Draws one sample of the weights and runs the network forward and backward. Adds its share of the nll of each
    /// target to `values`, whose gradients are multiplied with `scales`.
    fn sample(
        &mut self,
        batch: &Batch<T>,
        draw: &Draw,
        sample: usize,
        scales: &Table<Term, f64>,
        values: &mut Table<Term, f64>,
    ) {
        let samples = self.plan.inference.objective.samples as f64;
        self.timed(
            |p| &mut p.draw,
            |it| it.variational.draw(draw, sample, batch.len),
        );
        self.variational.start_sample();
        self.forward(batch.inputs, batch.len);
        let observe = |it: &mut Self| {
            let kernels = it.variational.kernels();
            for target in 0..=it.plan.model.others.len() {
                let term = Loss::nll(target);
                let weight = scales[term] / samples;
                values[term] += it.network.nll(&kernels, batch, target, weight) / samples;
            }
            it.network.start_backward(batch.len);
            it.variational.collect_numbers(it.network.by_numbers());
        };
        self.timed(|p| &mut p.observe, observe);
        let (kernels, gradients) = self.variational.kernels_and_gradients();
        let profile = self.profile.as_mut();
        self.network
            .backward(&kernels, batch.inputs, gradients, profile);
    }

    /// Moves what layers keep between steps to the mean over the minibatches that this is called with, of which these
    /// inputs are number `number` from 0: to the statistics that the weights of now have.
    pub fn average_statistics(&mut self, inputs: &[T], examples: usize, number: usize) {
        let draw = Draw {
            seed: 0,
            step: number as u64,
            given: None,
        };
        self.variational.scales();
        self.variational.draw(&draw, 0, examples);
        self.forward(inputs, examples);
        let share = Some(1.0 / (number + 1) as f64);
        self.variational.keep(self.network.moments(), [0, 1], share);
    }

    fn forward(&mut self, inputs: &[T], examples: usize) {
        let (kernels, profile) = (self.variational.kernels(), self.profile.as_mut());
        self.network
            .forward(&kernels, inputs, examples, Mode::Train, profile);
    }

    /// The outputs of the last step, before weights are drawn for a prediction, as predictive distributions
    /// ([`crate::likelihood::Nll::predictive`]'s layout), one row an example; of several targets all rows of one, then
    /// those of the next.
    pub fn last_predictive(&self, mut out: &mut [T]) {
        let kernels = self.variational.kernels();
        let summaries = self.plan.model.summaries();
        let rows: Vec<usize> = summaries.map(|summary| summary.row()).collect();
        let examples = out.len() / rows.iter().sum::<usize>();
        for (target, row) in rows.into_iter().enumerate() {
            let (own, rest) = out.split_at_mut(examples * row);
            self.network.predictive(&kernels, target, own);
            out = rest;
        }
    }

    /// From now on [`Interpreter::predict_drawn`] predicts the target of this number, at first 0.
    pub fn predict_target(&mut self, target: usize) {
        self.predicted = target;
    }

    /// The likelihood's arguments in that step: name, shape (`[B, k]`, or `[]` for one
    /// number for all) and values.
    pub fn outputs(&self) -> Vec<(String, Vec<usize>, Vec<T>)> {
        self.network.outputs(&self.variational.kernels())
    }

    /// Draws the weights by the streams of a seed and step: one function of the inputs, for
    /// [`Interpreter::predict_drawn`].
    pub fn draw_weights(&mut self, seed: u64, step: u64) {
        self.variational.draw_weights(seed, step);
    }

    /// From now on [`Interpreter::draw_weights`] keeps draws of up to `most` numbers in all, until variables change:
    /// predictions with the same draws do not make them again.
    pub fn keep_draws(&mut self, most: usize) {
        self.variational.keep_draws(most);
    }

    /// A parameter, as its layer applies it, or a latent variable at the last [`Interpreter::draw_weights`].
    pub fn drawn(&self, tensor: Handle<Tensor>) -> &[T] {
        self.variational.drawn(tensor)
    }

    /// The weights that were drawn last, for a network of the same model: [`Plan::prediction_graph`] or
    /// [`Plan::linearized_graph`].
    pub fn kernels_for<'a>(&'a self, graph: &'a Graph) -> Kernels<'a, T> {
        self.variational.weights(graph)
    }

    /// With the weights that were drawn last: writes the predictive distributions, and −log p(target) of each
    /// example if there are targets, or of each of its places that has a class. An example's have the same bits
    /// whatever its place and the other examples.
    pub fn predict_drawn(
        &mut self,
        inputs: &[T],
        examples: usize,
        out: &mut [T],
        nll: Option<(Targets<T>, &mut [T])>,
    ) {
        let _awake = Awake::new(&self.calls);
        // For the batches that predictions come in, which may be much smaller than training's.
        self.prediction.take_if(|(.., most)| *most < examples);
        let (graph, network, _) = self.prediction.get_or_insert_with(|| {
            let graph = Arc::new(self.plan.prediction_graph());
            (graph.clone(), Network::new(graph, examples), examples)
        });
        let weights = self.variational.weights(graph);
        network.forward(&weights, inputs, examples, Mode::Predict, None);
        network.predictive(&weights, self.predicted, out);
        if let Some((targets, nll)) = nll {
            network.nll_only(&weights, self.predicted, targets, nll);
        }
    }

    /// The KL and penalty terms alone, unscaled (`None` for the data term), in the order of the loss's
    /// terms; Monte-Carlo forms at the draw of `draw`. Leaves [`Interpreter::gradient`] undefined.
    pub fn weight_terms(&mut self, draw: &Draw) -> Vec<Option<f64>> {
        let plan = self.plan.clone();
        let terms = &plan.inference.loss.terms;
        let zeros: Table<Term, f64> = terms.iter().map(|_| 0.0).collect();
        let mut values = zeros.clone();
        self.variational.scales();
        self.variational.draw(draw, 0, 0);
        self.variational
            .collect_sample([0, 1], &zeros, &mut values, None, &mut Vec::new());
        let values = terms.iter().zip(values);
        values
            .map(|(term, value)| term.kind.tensor().map(|_| value))
            .collect()
    }
}

/// Entries of a parameter that one task takes: the same cut for every pass over parameters. What passes
/// over independent entries read and write of a block, eleven arrays of float32, fits the first cache.
const BLOCK: usize = 1024;

/// A zeroed vector.
fn zeros<T: Real>(len: usize) -> Aligned<T> {
    Aligned::zeros(len)
}
