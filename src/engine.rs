//! What the training loop asks of an inference method, and what evaluation asks of its result.

mod observed;

pub use observed::{Observed, Observer};

use crate::diagnostic::Result;
use crate::examples::Part;
use crate::exec::{Batch, Draw, Interpreter, Trained};
use crate::ir::{Position, Role};
use crate::likelihood::Targets;
use crate::plan::Variable;
use crate::tensor::Shape;
use std::borrow::Cow;
use std::ops::Range;

/// The first of the step numbers that evaluation draws with: no run is so long.
pub const EVALUATION_STEPS: u64 = 1 << 63;

/// A network with what is known of its weights, which predicts in float32.
pub trait Predictor: Send {
    /// Draw number `draw` of the weights under a run's `seed`: one function, for every example of
    /// [`Predictor::predict_drawn`].
    fn draw_weights(&mut self, draw: usize, seed: u64);
    /// With the weights drawn last: the predictive distributions go to `out`, and −log p(target) to the numbers beside
    /// the targets, if there are any: of each example, or of each of its places that has a class
    /// ([`crate::likelihood::Summary::densities`]).
    fn predict_drawn(
        &mut self,
        inputs: &[f32],
        examples: usize,
        out: &mut [f32],
        nll: Option<(Targets<f32>, &mut [f32])>,
    );
    /// What [`Predictor::draw_weights`] drew last: the parameters as the layers apply them and the latent variables, then
    /// the learned numbers.
    fn drawn(&self) -> Vec<Drawn<'_>>;
    /// From now on predictions are of the target of this number; at first of the first.
    fn predict_target(&mut self, target: usize);
    /// The terms over the weights alone, unscaled, in the order of the loss's terms; `None` for the data
    /// term. Noisy ones are at draw number `draw`.
    fn weight_terms(&mut self, draw: usize, seed: u64) -> Vec<Option<f64>>;
    /// The most examples of one call.
    fn capacity(&self) -> usize;
    /// How many draws of the weights differ by now, of `asked`; 0 of a method that has not made any yet, and predicts
    /// with the point it has come to.
    fn draws(&self, asked: usize) -> usize {
        asked
    }
    /// The interpreter at the point that stands for all draws: of posteriors their variables, of several points their
    /// mean, the best or the first.
    fn centre(&mut self) -> &mut Interpreter<f32>;
    /// ln p(D) of all that was trained on, in the targets' own units, where the method works it out.
    fn log_evidence(&mut self) -> Option<f64> {
        None
    }
    /// The factor by which the method has multiplied the scale of every prior of the file, where it has.
    fn prior_factor(&self) -> Option<f64> {
        None
    }
    /// Of predictions that are averages over the weights in themselves: the part of each variance in the last
    /// [`Predictor::predict_drawn`] that the weights have, an entry after the other in the network's units. Of classes
    /// none, for which it is not known. `None` of draws, whose differences say it.
    fn of_weights(&self) -> Option<&[f64]> {
        None
    }
    /// From now on predictions are those of single draws, even where their average has a closed form.
    fn predict_by_draws(&mut self) {}
    /// The sections of a checkpoint that predictions need.
    fn weights(&mut self) -> Vec<Section<'_>>;
    /// Of draws that lie in chains: the chain and the place in it of draw number `draw`.
    fn chain_of(&self, draw: usize) -> Option<[usize; 2]> {
        let _ = draw;
        None
    }
    /// Whether nobody wants its predictions any more: what is made of them ends with an error soon.
    fn is_stopped(&self) -> bool {
        false
    }
    /// What a sampler measured at each draw, by name, chain and draw.
    fn statistics(&self) -> Vec<(&'static str, Vec<Vec<f64>>)> {
        vec![]
    }
}

/// Places in the flat vector of a plan's variables, and the values there.
pub type Piece = (Range<usize>, Vec<f32>);

/// An inference method at work: what the training loop runs.
pub trait Engine: Send {
    /// What predicts with what it has come to by now.
    fn predictor(&mut self) -> &mut dyn Predictor;
    /// Starts anew from `seed`.
    fn initialize(&mut self, seed: u64);
    /// After [`Engine::initialize`]: starts with these values in place of its own. An engine that moves other variables
    /// than those of [`Predictor::centre`] has a function of its own for it.
    fn begin_at(&mut self, pieces: &[Piece]) {
        put(pieces, self.predictor().centre().variables_mut());
    }
    /// One step on a minibatch, whose predictive distributions before the step go to `predictive`.
    fn step(&mut self, batch: &Batch<f32>, step: &Step, predictive: &mut [f32]) -> Trained;
    /// An epoch is done, after which `next` would come.
    fn epoch_ended(&mut self, next: &Step) {
        let _ = next;
    }
    /// Of fits that follow each other: leaves one out of predictions that has gone astray. Afterwards all variables are
    /// finite.
    fn leave_out(&mut self, round: usize) {
        let _ = round;
    }
    /// The last epoch is done: what is worked out of all that was trained on. The lines say what has come of it, a word
    /// and a text each.
    ///
    /// # Errors
    ///
    /// What keeps it from being worked out; the run can still be resumed ([`Engine::is_settled`]).
    fn finish(&mut self, training: &Part) -> Result<Vec<(&'static str, String)>> {
        let _ = training;
        Ok(vec![])
    }
    /// Whether [`Engine::finish`] has worked out what predictions need; a run that ended before goes on there.
    fn is_settled(&self) -> bool {
        true
    }
    /// What the method measured of the last step or epoch, for the log: `acceptance`, 0.83.
    fn measured(&self) -> Vec<(&'static str, f64)> {
        vec![]
    }
    /// The norm that the last step's gradient had before it was clipped, if steps are.
    fn gradient_norm(&self) -> Option<f64> {
        None
    }
    /// All of a checkpoint: [`Predictor::weights`], and what a run needs to go on.
    fn sections(&mut self) -> Vec<Section<'_>>;
}

/// A parameter, a latent variable or a learned number at one draw.
pub struct Drawn<'a> {
    /// `conv1.kernel`, `tau`, `y.scale`
    pub name: &'a str,
    /// Whether it is no parameter of a layer, but a latent variable, a prior's local scales or a learned number.
    pub is_latent: bool,
    /// Its shape.
    pub shape: Shape,
    /// Its entries in C order.
    pub values: Cow<'a, [f32]>,
}

/// Which step of a run it is.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The seed of the fit.
    pub seed: u64,
    /// Which of the fits that follow each other.
    pub round: usize,
    /// The steps of that fit done before it.
    pub done: u64,
    /// The learning rate by the schedule.
    pub learning_rate: f64,
    /// Where it stands in its epoch.
    pub at: Position,
}

impl Step {
    /// Where its random draws come from.
    pub fn draw(&self) -> Draw<'static> {
        Draw {
            seed: self.seed,
            step: self.done,
            given: None,
        }
    }
}

/// A named tensor of a checkpoint, at its place in an engine's memory.
pub struct Section<'a> {
    /// `conv1.kernel.loc`, `optimizer.m/conv1.kernel.loc`
    pub name: String,
    /// Its shape.
    pub shape: Shape,
    /// Its entries in C order.
    pub values: Numbers<'a>,
}

/// The entries of a section.
pub enum Numbers<'a> {
    /// Of variables.
    F32(&'a mut [f32]),
    /// Of what is summed or drawn with more digits.
    F64(&'a mut [f64]),
}

impl<'a> Section<'a> {
    /// A single number, as an array of it.
    pub fn number(name: &str, value: &'a mut [f32; 1]) -> Section<'a> {
        Section {
            name: name.into(),
            shape: Shape::default(),
            values: Numbers::F32(value),
        }
    }

    /// Whether all of it is finite numbers.
    pub fn is_finite(&self) -> bool {
        match &self.values {
            Numbers::F32(values) => values.iter().all(|x| x.is_finite()),
            Numbers::F64(values) => values.iter().all(|x| x.is_finite()),
        }
    }
}

impl<'a> From<&'a mut [f32]> for Numbers<'a> {
    fn from(values: &'a mut [f32]) -> Self {
        Numbers::F32(values)
    }
}

impl<'a> From<&'a mut [f64]> for Numbers<'a> {
    fn from(values: &'a mut [f64]) -> Self {
        Numbers::F64(values)
    }
}

impl Numbers<'_> {
    /// A copy of them.
    pub fn kept(&self) -> Kept {
        match self {
            Numbers::F32(values) => Kept::F32(values.to_vec()),
            Numbers::F64(values) => Kept::F64(values.to_vec()),
        }
    }
}

/// A copy of a section's entries.
pub enum Kept {
    /// [`Numbers::F32`]
    F32(Vec<f32>),
    /// [`Numbers::F64`]
    F64(Vec<f64>),
}

impl Kept {
    /// They, as a section has them.
    pub fn numbers(&mut self) -> Numbers<'_> {
        match self {
            Kept::F32(values) => Numbers::F32(values),
            Kept::F64(values) => Numbers::F64(values),
        }
    }
}

/// Writes values to their places.
pub fn put(pieces: &[Piece], variables: &mut [f32]) {
    for (range, values) in pieces {
        variables[range.clone()].copy_from_slice(values);
    }
}

/// A vector laid out as the plan's variables, a section for each, its name behind `prefix`.
pub fn sections<'a, T>(
    prefix: &str,
    variables: &[Variable],
    mut values: &'a mut [T],
) -> Vec<Section<'a>>
where
    &'a mut [T]: Into<Numbers<'a>>,
{
    let section = |variable: &Variable| Section {
        name: format!("{prefix}{}", variable.name),
        shape: variable.shape.clone(),
        values: values
            .split_off_mut(..variable.range.len())
            .expect("as many values as the variables have")
            .into(),
    };
    variables.iter().map(section).collect()
}

impl Predictor for Interpreter<f32> {
    fn draw_weights(&mut self, draw: usize, seed: u64) {
        Interpreter::draw_weights(self, seed, EVALUATION_STEPS + draw as u64);
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
    fn drawn(&self) -> Vec<Drawn<'_>> {
        let plan = self.plan();
        let tensors = plan.model.tensors.iter();
        let tensors = tensors.map(|(handle, tensor)| Drawn {
            name: &tensor.name,
            is_latent: matches!(tensor.role, Role::Latent | Role::Local),
            shape: tensor.shape.clone(),
            values: Cow::Borrowed(Interpreter::drawn(self, handle)),
        });
        let learned = plan.model.learned.iter().map(|(handle, learned)| {
            let laid_out = &plan.learned[handle];
            let raw = &self.variables()[laid_out.range.clone()];
            let values = raw.iter().map(|x| laid_out.value(f64::from(*x)) as f32);
            Drawn {
                name: &learned.name,
                is_latent: true,
                shape: learned.shape(),
                values: Cow::Owned(values.collect()),
            }
        });
        tensors.chain(learned).collect()
    }
    fn predict_target(&mut self, target: usize) {
        Interpreter::predict_target(self, target);
    }
    fn weight_terms(&mut self, draw: usize, seed: u64) -> Vec<Option<f64>> {
        let draw = Draw {
            seed,
            step: EVALUATION_STEPS + draw as u64,
            given: None,
        };
        Interpreter::weight_terms(self, &draw)
    }
    fn capacity(&self) -> usize {
        self.batch()
    }
    fn centre(&mut self) -> &mut Interpreter<f32> {
        self
    }
    fn weights(&mut self) -> Vec<Section<'_>> {
        let plan = self.plan().clone();
        sections("", &plan.variables, self.variables_mut())
    }
}
