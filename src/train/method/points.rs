//! What methods share whose draws are points: networks with one value for each variable.

use crate::diagnostic::Result;
use crate::engine::{Drawn, Engine, Piece, Predictor, Section, Step};
use crate::examples::Part;
use crate::exec::{Batch, Interpreter, Trained};
use crate::likelihood::Targets;
use crate::plan::Plan;
use crate::train::Config;
use crate::train::descent::Descent;
use std::sync::Arc;

/// A distribution of points.
pub trait Points: Send {
    /// Writes draw number `draw` under a run's `seed` to `variables`.
    fn draw(&mut self, draw: usize, seed: u64, variables: &mut [f32]);
    /// Writes the point that stands for all of them: their mean, or the best of them.
    fn centre(&mut self, variables: &mut [f32]);
    /// What a checkpoint keeps of it.
    fn sections(&mut self) -> Vec<Section<'_>>;
    /// [`Predictor::draws`]
    fn draws(&self, asked: usize) -> usize;
    /// [`Predictor::chain_of`]
    fn chain_of(&self, draw: usize) -> Option<[usize; 2]> {
        let _ = draw;
        None
    }
    /// [`Predictor::statistics`]
    fn statistics(&self) -> Vec<(&'static str, Vec<Vec<f64>>)> {
        vec![]
    }
}

/// A distribution of points that is gathered from where a descent has come to.
pub trait Gathered: Points {
    /// Takes the variables before the first step.
    fn begin(&mut self, variables: &[f32]);
    /// Takes the variables at an epoch's end, after which `next` would come.
    fn gather(&mut self, variables: &[f32], next: &Step);
    /// [`Engine::leave_out`], with variables to begin with.
    fn leave_out(&mut self, round: usize, variables: &[f32]) {
        let _ = (round, variables);
    }
    /// What is worked out of the training examples once the last epoch is done; the interpreter may be at any variables.
    ///
    /// # Errors
    ///
    /// Where examples cannot be read.
    fn settle(&mut self, interpreter: &mut Interpreter<f32>, training: &Part) -> Result<()> {
        let _ = (interpreter, training);
        Ok(())
    }
    /// [`Engine::is_settled`]
    fn is_settled(&self) -> bool {
        true
    }
    /// What has come of it, for [`Engine::finish`].
    fn said(&self) -> Vec<(&'static str, String)> {
        vec![]
    }
}

/// Predicts with draws of a distribution of points.
pub struct PointPredictor<P> {
    interpreter: Interpreter<f32>,
    /// The points.
    pub points: P,
}

impl<P: Points> PointPredictor<P> {
    /// Takes up to `capacity` examples a call.
    pub fn new(plan: Arc<Plan>, capacity: usize, points: P) -> Self {
        PointPredictor {
            interpreter: Interpreter::new(plan, capacity),
            points,
        }
    }

    /// Draws the weights of the variables that `write` writes.
    pub fn draw_from(&mut self, write: impl FnOnce(&mut P, &mut [f32])) {
        write(&mut self.points, self.interpreter.variables_mut());
        Predictor::draw_weights(&mut self.interpreter, 0, 0);
    }
}

impl<P: Points> Predictor for PointPredictor<P> {
    fn draw_weights(&mut self, draw: usize, seed: u64) {
        let variables = self.interpreter.variables_mut();
        self.points.draw(draw, seed, variables);
        Predictor::draw_weights(&mut self.interpreter, draw, seed);
    }
    fn predict_drawn(
        &mut self,
        inputs: &[f32],
        examples: usize,
        out: &mut [f32],
        nll: Option<(Targets<f32>, &mut [f32])>,
    ) {
        self.interpreter.predict_drawn(inputs, examples, out, nll);
    }
    fn drawn(&self) -> Vec<Drawn<'_>> {
        Predictor::drawn(&self.interpreter)
    }
    fn predict_target(&mut self, target: usize) {
        self.interpreter.predict_target(target);
    }
    fn weight_terms(&mut self, draw: usize, seed: u64) -> Vec<Option<f64>> {
        let variables = self.interpreter.variables_mut();
        self.points.draw(draw, seed, variables);
        Predictor::weight_terms(&mut self.interpreter, draw, seed)
    }
    fn capacity(&self) -> usize {
        self.interpreter.batch()
    }
    fn draws(&self, asked: usize) -> usize {
        self.points.draws(asked)
    }
    fn centre(&mut self) -> &mut Interpreter<f32> {
        let variables = self.interpreter.variables_mut();
        self.points.centre(variables);
        &mut self.interpreter
    }
    fn weights(&mut self) -> Vec<Section<'_>> {
        self.points.sections()
    }
    fn chain_of(&self, draw: usize) -> Option<[usize; 2]> {
        self.points.chain_of(draw)
    }
    fn statistics(&self) -> Vec<(&'static str, Vec<Vec<f64>>)> {
        self.points.statistics()
    }
}

/// A descent whose points are gathered.
pub struct Gathering<P> {
    descent: Descent,
    predictor: PointPredictor<P>,
}

impl<P: Gathered> Gathering<P> {
    /// As [`Descent::new`].
    pub fn new(plan: Arc<Plan>, config: &Config, capacity: usize, points: P) -> Result<Self> {
        Ok(Gathering {
            descent: Descent::new(plan.clone(), config, capacity)?,
            predictor: PointPredictor::new(plan, capacity, points),
        })
    }
}

impl<P: Gathered> Engine for Gathering<P> {
    fn predictor(&mut self) -> &mut dyn Predictor {
        &mut self.predictor
    }
    fn initialize(&mut self, seed: u64) {
        self.descent.initialize(seed);
        let points = &mut self.predictor.points;
        points.begin(self.descent.centre().variables());
    }
    fn begin_at(&mut self, pieces: &[Piece]) {
        self.descent.begin_at(pieces);
        let points = &mut self.predictor.points;
        points.begin(self.descent.centre().variables());
    }
    fn step(&mut self, batch: &Batch<f32>, step: &Step, predictive: &mut [f32]) -> Trained {
        if step.done == 0 && step.round > 0 {
            self.descent.initialize(step.seed);
        }
        self.descent.step(batch, step, predictive)
    }
    fn epoch_ended(&mut self, next: &Step) {
        let points = &mut self.predictor.points;
        points.gather(self.descent.centre().variables(), next);
    }
    fn leave_out(&mut self, round: usize) {
        self.descent.initialize(0);
        let points = &mut self.predictor.points;
        points.leave_out(round, self.descent.centre().variables());
    }
    fn is_settled(&self) -> bool {
        self.predictor.points.is_settled()
    }
    fn finish(&mut self, training: &Part) -> Result<Vec<(&'static str, String)>> {
        let PointPredictor {
            interpreter,
            points,
        } = &mut self.predictor;
        points.settle(interpreter, training)?;
        Ok(points.said())
    }
    fn gradient_norm(&self) -> Option<f64> {
        self.descent.gradient_norm()
    }
    fn sections(&mut self) -> Vec<Section<'_>> {
        let mut all = self.descent.sections();
        all.extend(self.predictor.weights());
        all
    }
}
