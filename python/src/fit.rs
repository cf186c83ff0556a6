//! A fit: the loop of `bnnc train` on a thread of its own. The thread that called meanwhile tells Python how far it is,
//! and looks for Ctrl-C.

use crate::error::{raised, text};
use crate::pool::on_threads;
use bnnc::diagnostic::{Failure, Result};
use bnnc::lint::{self, Policy};
use bnnc::source::Source;
use bnnc::train::Config;
use bnnc::train::fit::{Outcome, Watch};
use bnnc::train::metrics::Line;
use bnnc::train::run_dir::RunDir;
use bnnc::train::start::{settle, start};
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// What is fitted, and how.
pub struct Asked {
    pub config: Config,
    /// Where the settings are from, in words.
    pub settings_from: String,
    /// The model.
    pub source: Source,
    /// The folder of the run.
    pub out: PathBuf,
    /// Whether the run in it goes on.
    pub resume: bool,
}

/// How often Python looks for Ctrl-C, and how often a step is told at most.
const LOOK: Duration = Duration::from_millis(100);

/// Trains. `watch` is called with a JSON text at the begin, in epochs at most ten times a second, and at each epoch's
/// end. What it raises, and Ctrl-C, ends the fit after the step under way, once the run is saved. Returns how it ended;
/// `stopped` is whether Ctrl-C was pressed, even where no step was left to leave out.
pub fn fit(py: Python, asked: Asked, watch: &Bound<PyAny>) -> PyResult<Py<PyAny>> {
    let stop = AtomicBool::new(false);
    let watch = watch.clone().unbind();
    let (outcome, raised_by_python) = py.detach(|| {
        let (tell, told) = channel();
        std::thread::scope(|scope| {
            let stop = &stop;
            let worker =
                scope.spawn(move || on_threads(asked.config.threads, || train(asked, stop, tell)));
            let mut raised_by_python = None;
            loop {
                let event = told.recv_timeout(LOOK);
                if matches!(event, Err(RecvTimeoutError::Disconnected)) {
                    break;
                }
                if raised_by_python.is_some() {
                    continue;
                }
                let looked = Python::attach(|py| {
                    if let Ok(event) = event {
                        watch.call1(py, (Value::to_string(&event),))?;
                    }
                    py.check_signals()
                });
                if let Err(error) = looked {
                    stop.store(true, Ordering::Relaxed);
                    raised_by_python = Some(error);
                }
            }
            let outcome = worker.join();
            (
                outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                raised_by_python,
            )
        })
    });
    let mut outcome = raised(py, outcome)?;
    outcome["stopped"] = json!(raised_by_python.is_some());
    if let Some(error) = raised_by_python
        && !error.is_instance_of::<PyKeyboardInterrupt>(py)
    {
        return Err(error);
    }
    let json = py.import("json")?;
    Ok(json.call_method1("loads", (outcome.to_string(),))?.unbind())
}

/// Trains, and says how it ended.
fn train(asked: Asked, stop: &AtomicBool, tell: Sender<Value>) -> Result<Value> {
    let Asked {
        mut config,
        settings_from,
        source,
        out,
        resume,
    } = asked;
    let (resumed, lock) = match resume {
        true => {
            let run = RunDir::open(&out)?;
            let lock = run.lock()?;
            (Some(run), Some(lock))
        }
        false => {
            // Before the data are read.
            RunDir::refuse_used(&out)?;
            (None, None)
        }
    };
    settle(&mut config, resumed.as_ref())?;
    let start = start(source, config, settings_from, resumed)?;
    let inference = &start.compiled.inference;
    let mut warnings = start.warnings.clone();
    let policy = Policy::default();
    for lint in lint::run(inference, &start.facts, &policy) {
        warnings.push(text(&[lint], Some(&start.compiled.source)));
    }
    let mut engine = start.engine()?;
    let (run, _lock) = match (&start.resumed, lock) {
        (Some(run), Some(lock)) => (run.clone(), lock),
        _ => RunDir::create(Some(&out), &inference.name)?,
    };
    let mut training = start.training(&run, &mut *engine, stop);
    let counters = start.begin(&mut training)?;
    let (epochs, steps) = (start.config.all_epochs(), training.steps());
    // Nobody listens once Python has raised.
    let _ = tell.send(json!({
        "kind": "begin",
        "epochs": epochs,
        "steps": steps,
        "done": counters.step,
        "weights": inference.weights_label(),
        "warnings": warnings,
    }));
    let mut watched = Watched {
        tell,
        told: Instant::now(),
    };
    let outcome = training.train(counters, &mut watched);
    let outcome = outcome.map_err(|mut failure: Failure| {
        let diverged = failure.diagnostics.iter_mut().find(|m| m.code == "E0608");
        if let Some(message) = diverged {
            message.notes.extend(start.prepared.lone.iter().cloned());
        }
        failure
    })?;
    Ok(match outcome {
        Outcome::Interrupted { step } => json!({
            "interrupted": true,
            "epochs": step / steps as u64,
            "steps": step % steps as u64,
        }),
        Outcome::Finished {
            epochs, best, said, ..
        } => json!({
            "interrupted": false,
            "epochs": epochs,
            "best": best.map(|best| best.epoch),
            "said": said.iter().map(|(word, text)| json!([word, text])).collect::<Value>(),
        }),
    })
}

/// Tells Python how far the fit is.
struct Watched {
    tell: Sender<Value>,
    /// When a step was told last.
    told: Instant,
}

impl Watched {
    fn line(&self, kind: &str, epoch: usize, step: usize, line: &Line) {
        let mut event = json!(line);
        event["kind"] = json!(kind);
        event["epoch"] = json!(epoch);
        event["step_of_epoch"] = json!(step);
        let _ = self.tell.send(event);
    }
}

impl Watch for Watched {
    fn epoch_begins(&mut self, _epoch: usize, _step_of_epoch: usize) {}

    fn step(&mut self, step_of_epoch: usize, line: &dyn Fn() -> Line) {
        if self.told.elapsed() >= LOOK {
            self.told = Instant::now();
            let line = line();
            self.line("step", line.epoch as usize + 1, step_of_epoch, &line);
        }
    }

    fn epoch_ends(&mut self, epoch: usize, line: &Line) {
        self.line("epoch", epoch + 1, 0, line);
    }
}
