//! Ctrl-C while a run predicts. The work goes on a thread of its own, and the thread that called looks for Ctrl-C; once it
//! is pressed the predictor says so, and the work ends at its next draw.

use crate::error::raised;
use crate::pool::on_threads;
use bnnc::diagnostic::Result;
use bnnc::engine::{Drawn, Predictor, Section};
use bnnc::exec::Interpreter;
use bnnc::likelihood::Targets;
use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How often Python looks for Ctrl-C.
const LOOK: Duration = Duration::from_millis(100);

/// Runs `work` with the predictor of a run on all cores, while other threads of Python run. Ctrl-C is raised as Python
/// raises it.
pub fn watched<R: Send>(
    py: Python,
    predictor: &mut dyn Predictor,
    work: impl FnOnce(&mut dyn Predictor) -> Result<R> + Send,
) -> PyResult<R> {
    let stop = AtomicBool::new(false);
    let (answer, raised_by_python) = py.detach(|| {
        let (ends, ended) = channel::<()>();
        std::thread::scope(|scope| {
            let stop = &stop;
            let worker = scope.spawn(move || {
                let _ends = ends;
                on_threads(None, || {
                    work(&mut Stoppable {
                        inner: predictor,
                        stop,
                    })
                })
            });
            let mut raised_by_python = None;
            while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                if raised_by_python.is_none()
                    && let Err(error) = Python::attach(|py| py.check_signals())
                {
                    stop.store(true, Ordering::Relaxed);
                    raised_by_python = Some(error);
                }
            }
            let answer = worker.join();
            let answer = answer.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (answer, raised_by_python)
        })
    });
    match raised_by_python {
        Some(error) => Err(error),
        None => raised(py, answer),
    }
}

/// Predicts as another until it is to stop.
struct Stoppable<'a> {
    inner: &'a mut dyn Predictor,
    stop: &'a AtomicBool,
}

impl Predictor for Stoppable<'_> {
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
    }

    fn drawn(&self) -> Vec<Drawn<'_>> {
        self.inner.drawn()
    }

    fn predict_target(&mut self, target: usize) {
        self.inner.predict_target(target);
    }

    fn weight_terms(&mut self, draw: usize, seed: u64) -> Vec<Option<f64>> {
        self.inner.weight_terms(draw, seed)
    }

    fn capacity(&self) -> usize {
        self.inner.capacity()
    }

    fn draws(&self, asked: usize) -> usize {
        self.inner.draws(asked)
    }

    fn centre(&mut self) -> &mut Interpreter<f32> {
        self.inner.centre()
    }

    fn log_evidence(&mut self) -> Option<f64> {
        self.inner.log_evidence()
    }

    fn prior_factor(&self) -> Option<f64> {
        self.inner.prior_factor()
    }

    fn of_weights(&self) -> Option<&[f64]> {
        self.inner.of_weights()
    }

    fn predict_by_draws(&mut self) {
        self.inner.predict_by_draws();
    }

    fn weights(&mut self) -> Vec<Section<'_>> {
        self.inner.weights()
    }

    fn chain_of(&self, draw: usize) -> Option<[usize; 2]> {
        self.inner.chain_of(draw)
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn statistics(&self) -> Vec<(&'static str, Vec<Vec<f64>>)> {
        self.inner.statistics()
    }
}
