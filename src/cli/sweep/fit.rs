//! One run of a sweep.

use super::plan::Planned;
use super::progress::Own;
use super::standing::asked;
use crate::cli::train::{STOP, TrainArgs, start};
use crate::diagnostic::Result;
use crate::train::fit::Outcome;
use crate::train::run_dir::RunDir;

/// Trains a run from its start, or from where it was left.
pub(super) fn fit(planned: &Planned, shown: &mut Own) -> Result<Outcome> {
    let args = TrainArgs::of_many(&planned.task.model, &planned.path);
    let (resumed, lock) = match RunDir::refuse_used(&planned.path).is_ok() {
        true => (None, None),
        false => {
            let run = RunDir::open(&planned.path)?;
            let lock = run.lock()?;
            (Some(run), Some(lock))
        }
    };
    let config = match &resumed {
        Some(run) => {
            let mut config = asked(planned, &run.config()?);
            // Where the rows are now.
            config.data.test_rows = planned.config.data.test_rows.clone();
            config
        }
        None => planned.config.clone(),
    };
    let start = start(&args, config, String::new(), resumed)?;
    let (run, _lock) = match (&start.resumed, lock) {
        (Some(run), Some(lock)) => (run.clone(), lock),
        _ => RunDir::create(Some(&planned.path), &start.compiled.inference.name)?,
    };
    let mut engine = start.engine()?;
    let mut training = start.training(&run, &mut *engine, &STOP);
    let counters = start.begin(&mut training)?;
    shown.of(start.config.all_epochs(), training.steps());
    training.train(counters, shown)
}
