//! A run's first step, or the step that it goes on with.

use super::checkpoint::Counters;
use super::config::Config;
use super::fit::Training;
use super::method;
use super::progress::number;
use super::run_dir::RunDir;
use super::start::Start;
use super::tensorboard::Events;
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::engine::Engine;
use crate::evaluate;
use crate::ir;
use crate::terms::Naming;
use crate::words::plural;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// No checkpoint is made sooner after another.
const BETWEEN_SAVES: Duration = Duration::from_millis(200);

impl Start {
    /// The method at work.
    ///
    /// # Errors
    ///
    /// `E0613` where it takes more memory than there is.
    pub fn engine(&self) -> Result<Box<dyn Engine>> {
        let capacity = self.config.batch_size().max(evaluate::BATCH);
        method::engine(self.plan.clone(), &self.config, capacity)
    }

    /// Over how many draws of the weights a prediction is averaged.
    pub fn draws(&self) -> usize {
        let inference = &self.compiled.inference;
        inference.draws(self.config.evaluation_samples)
    }

    /// The run in memory, which goes to the folder `run` and ends after the step under way once `stop` is set.
    pub fn training<'a>(
        &'a self,
        run: &'a RunDir,
        engine: &'a mut dyn Engine,
        stop: &'a AtomicBool,
    ) -> Training<'a> {
        let part = self.prepared.training();
        Training {
            fingerprint: &self.fingerprint,
            config: &self.config,
            naming: Naming::new(&self.compiled.inference),
            part,
            validation: self.prepared.validation(),
            draws: self.draws(),
            run,
            events: None,
            stop,
            between_saves: BETWEEN_SAVES,
            engine,
        }
    }

    /// Where the run goes on, or 0 once all is written that is known before its first step.
    ///
    /// # Errors
    ///
    /// `E0607` of a run that has nothing left to do; files that cannot be read or written.
    pub fn begin(&self, training: &mut Training) -> Result<Counters> {
        let (run, config) = (training.run, &self.config);
        let steps = training.steps();
        match self.resumed {
            Some(_) => {
                let counters = training.load()?;
                if training.is_over(&counters) && training.engine.is_settled() {
                    return Err(over(run, config, &counters));
                }
                let is_done = counters.step >= (config.all_epochs() * steps) as u64;
                if is_done && training.engine.is_settled() {
                    let title = format!(
                        "the run in `{}` is finished: {} epochs",
                        run.path().display(),
                        config.all_epochs()
                    );
                    let message = Diagnostic::error("E0607", title);
                    let schedule = config.schedule.0;
                    return Err(match schedule.needs_epochs() {
                        _ if self.compiled.inference.method.transitions().is_some() => message
                            .note("its epochs are the transitions of its chains: `warmup` and `draws` say how many there are")
                            .help("for more draws, start a new run with larger `draws` and another `--out`"),
                        _ if self.compiled.inference.method.entry.needs_epochs() => message
                            .note("its inference method goes by the number of epochs")
                            .help("to train for longer, start a new run with another `--out`"),
                        false => message.help(format!(
                            "`--epochs {}` trains it further",
                            2 * config.epochs().max(1)
                        )),
                        true => message
                            .note(format!(
                                "its schedule, {}, goes by the number of epochs and has ended",
                                schedule.signature().name
                            ))
                            .help("to train for longer, start a new run with another `--out`"),
                    }
                    .into());
                }
                training.events = events(config, run, Some(counters.step))?;
                run.write_config(config)?;
                Ok(counters)
            }
            None => {
                let ir = ir::text(&self.compiled.inference, &self.facts);
                training.engine.initialize(config.seed);
                if let Some(warm) = &self.warm {
                    training.engine.begin_at(&warm.pieces);
                }
                run.keep(&self.compiled.inference.pretrained)
                    .and_then(|()| {
                        run.write(
                            &self.compiled.source.text,
                            config,
                            &self.record,
                            &self.rows,
                            &ir,
                        )
                    })
                    .and_then(|()| events(config, run, None))
                    .and_then(|events| {
                        training.events = events;
                        training.save(&Counters::default())
                    })
                    // Without its first checkpoint it is no run: the next try finds its place free.
                    .inspect_err(|_| run.remove_unbegun())?;
                Ok(Counters::default())
            }
        }
    }
}

/// Where TensorBoard reads of a run that begins, or goes on after so many steps, if it is to.
fn events(config: &Config, run: &RunDir, goes_on: Option<u64>) -> Result<Option<Events>> {
    let Some(folder) = &config.tensorboard else {
        return Ok(None);
    };
    let path = run.path().canonicalize().unwrap_or(run.path().into());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Events::open(folder, &name, goes_on).map(Some)
}

/// A run that has ended early does not go on.
fn over(run: &RunDir, config: &Config, counters: &Counters) -> Failure {
    let title = format!(
        "the run in `{}` has ended early: it does not go on",
        run.path().display()
    );
    let patience = plural(config.patience().unwrap_or(0), "epoch");
    let best = counters.best.map_or(String::new(), |best| {
        format!(
            "its validation nll was lowest after epoch {}, {}, and ",
            best.epoch,
            number(best.nll)
        )
    });
    Diagnostic::error("E0607", title)
        .note(format!("{best}has not fallen for {patience}"))
        .help("a new run in another `--out` with a larger `--early-stopping=EPOCHS`, or without, goes on for longer")
        .into()
}
