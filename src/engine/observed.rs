//! A predictor that is observed while it works: its progress is shown, or it is stopped.

use super::{Drawn, Predictor, Section};
use crate::exec::Interpreter;
use crate::likelihood::Targets;

/// Looks on.
pub trait Observer: Send {
    /// So many examples more have their predictions at a draw.
    fn predicted(&mut self, examples: usize) {
        let _ = examples;
    }
    /// [`Predictor::is_stopped`]
    fn is_stopped(&self) -> bool {
        false
    }
}

/// Predicts as another, and is observed.
pub struct Observed<'a, O> {
    /// What predicts.
    pub predictor: &'a mut dyn Predictor,
    /// What looks on.
    pub observer: O,
}

impl<O: Observer> Predictor for Observed<'_, O> {
    fn draw_weights(&mut self, draw: usize, seed: u64) {
        self.predictor.draw_weights(draw, seed);
    }
    fn predict_drawn(
        &mut self,
        inputs: &[f32],
        examples: usize,
        out: &mut [f32],
        nll: Option<(Targets<f32>, &mut [f32])>,
    ) {
        self.predictor.predict_drawn(inputs, examples, out, nll);
        self.observer.predicted(examples);
    }
    fn drawn(&self) -> Vec<Drawn<'_>> {
        self.predictor.drawn()
    }
    fn predict_target(&mut self, target: usize) {
        self.predictor.predict_target(target);
    }
    fn weight_terms(&mut self, draw: usize, seed: u64) -> Vec<Option<f64>> {
        self.predictor.weight_terms(draw, seed)
    }
    fn capacity(&self) -> usize {
        self.predictor.capacity()
    }
    fn draws(&self, asked: usize) -> usize {
        self.predictor.draws(asked)
    }
    fn centre(&mut self) -> &mut Interpreter<f32> {
        self.predictor.centre()
    }
    fn log_evidence(&mut self) -> Option<f64> {
        self.predictor.log_evidence()
    }
    fn prior_factor(&self) -> Option<f64> {
        self.predictor.prior_factor()
    }
    fn of_weights(&self) -> Option<&[f64]> {
        self.predictor.of_weights()
    }
    fn predict_by_draws(&mut self) {
        self.predictor.predict_by_draws();
    }
    fn weights(&mut self) -> Vec<Section<'_>> {
        self.predictor.weights()
    }
    fn chain_of(&self, draw: usize) -> Option<[usize; 2]> {
        self.predictor.chain_of(draw)
    }
    fn is_stopped(&self) -> bool {
        self.observer.is_stopped() || self.predictor.is_stopped()
    }
    fn statistics(&self) -> Vec<(&'static str, Vec<Vec<f64>>)> {
        self.predictor.statistics()
    }
}
