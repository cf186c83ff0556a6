//! Ctrl-C while a run predicts. The work goes on a thread of its own, and the thread that called looks for Ctrl-C; once it
//! is pressed the predictor says so, and the work ends at its next draw.

use crate::error::raised;
use crate::pool::on_threads;
use bnnc::diagnostic::Result;
use bnnc::engine::{Observed, Observer, Predictor};
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
                    work(&mut Observed {
                        predictor,
                        observer: Stop(stop),
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

/// Ends the work once it is set.
struct Stop<'a>(&'a AtomicBool);

impl Observer for Stop<'_> {
    fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
