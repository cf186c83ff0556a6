//! A predictor whose progress is shown.

use crate::cli::terminal::draws_bars;
use crate::engine::{Drawn, Predictor, Section};
use crate::exec::Interpreter;
use crate::likelihood::Targets;
use crate::train::progress::duration;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};

/// Predicts as another, with a bar of the predictions that are left; on standard error, if that is a terminal.
pub struct Watched<'a> {
    inner: &'a mut dyn Predictor,
    bar: ProgressBar,
    total: u64,
    done: u64,
    begun: Instant,
    drawn: Instant,
}

impl<'a> Watched<'a> {
    /// For so many predictions, of each example one a draw; without a word before it no bar is drawn.
    pub fn new(inner: &'a mut dyn Predictor, what: Option<String>, total: u64) -> Self {
        // Of a target that is no terminal nothing is drawn.
        let target = match what {
            Some(_) if draws_bars() => ProgressDrawTarget::stderr(),
            _ => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let style = ProgressStyle::with_template("{prefix}  {bar:20} {percent:>3} %  {wide_msg}")
            .expect("a template");
        bar.set_style(style.progress_chars("━╸ "));
        bar.set_prefix(what.unwrap_or_default());
        Watched {
            inner,
            bar,
            total,
            done: 0,
            begun: Instant::now(),
            drawn: Instant::now(),
        }
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Predictor for Watched<'_> {
    fn draw_weights(&mut self, draw: usize, seed: u64) {
        self.inner.draw_weights(draw, seed);
    }

    fn predict_drawn(
        &mut self,
        inputs: &[f32],
        examples: usize,
        out: &mut [f32],
        nll: Option<(Targets<f32>, &mut [f32])>,
    ) {
        self.inner.predict_drawn(inputs, examples, out, nll);
        self.done += examples as u64;
        if self.bar.is_hidden() || self.drawn.elapsed() < Duration::from_millis(100) {
            return;
        }
        self.drawn = Instant::now();
        let rest = self.total.saturating_sub(self.done) as f64 / self.done.max(1) as f64;
        let left = duration(self.begun.elapsed().mul_f64(rest));
        self.bar.set_message(format!("{left} left"));
        self.bar.set_position(self.done);
    }

    fn of_weights(&self) -> Option<&[f64]> {
        self.inner.of_weights()
    }

    fn predict_target(&mut self, target: usize) {
        self.inner.predict_target(target);
    }

    fn weight_terms(&mut self, draw: usize, seed: u64) -> Vec<Option<f64>> {
        self.inner.weight_terms(draw, seed)
    }

    fn drawn(&self) -> Vec<Drawn<'_>> {
        self.inner.drawn()
    }

    fn centre(&mut self) -> &mut Interpreter<f32> {
        self.inner.centre()
    }

    fn capacity(&self) -> usize {
        self.inner.capacity()
    }

    fn draws(&self, asked: usize) -> usize {
        self.inner.draws(asked)
    }

    fn weights(&mut self) -> Vec<Section<'_>> {
        self.inner.weights()
    }
}
