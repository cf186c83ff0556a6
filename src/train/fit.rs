//! The training loop.

pub(super) mod divergence;

use super::augmentation::Buffers;
use super::checkpoint::{self, Best, Counters};
use super::config::Config;
use super::metrics::{Fit, Line, Log, TargetSums, Validation};
use super::run_dir::RunDir;
use super::tensorboard::Events;
use crate::data::order::epoch_order;
use crate::diagnostic::{Failure, Result};
use crate::engine::{Engine, Kept, Section, Step};
use crate::evaluate;
use crate::examples::{Part, Scales};
use crate::ir::Position;
use crate::ir::method::LearningRate;
use crate::likelihood::{Compared, Detail, Summary};
use crate::terms::{Naming, Term};
use divergence::{Astray, Divergence};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The word before what a run says of members and chains that do not predict.
pub const LEFT_OUT: &str = "left out";

/// What shows a run to the user.
pub trait Watch {
    /// An epoch begins, or goes on where it was left.
    fn epoch_begins(&mut self, epoch: usize, step_of_epoch: usize);
    /// A step is done; the line is of the epoch so far.
    fn step(&mut self, step_of_epoch: usize, line: &dyn Fn() -> Line);
    /// An epoch is done.
    fn epoch_ends(&mut self, epoch: usize, line: &Line);
    /// One of several fits begins; the text says which.
    fn fit_begins(&mut self, text: &str) {
        let _ = text;
    }
    /// A fit of several is left out, and the run goes on with the next; the text says which and why.
    fn left_out(&mut self, text: &str) {
        let _ = text;
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is done.
    Finished {
        /// Epochs done: all of them, or fewer where it ended early or fits were left out.
        epochs: usize,
        /// The epoch whose variables are kept, of a run that may end early.
        best: Option<Best>,
        /// Steps whose gradient was clipped.
        clipped: u64,
        /// What [`Engine::finish`] says.
        said: Vec<(&'static str, String)>,
    },
    /// It was asked to stop, and saved.
    Interrupted {
        /// Steps done.
        step: u64,
    },
}

/// A run in memory.
pub struct Training<'a> {
    /// The method at work.
    pub engine: &'a mut dyn Engine,
    /// What tells its model from other models.
    pub fingerprint: &'a str,
    /// The settings.
    pub config: &'a Config,
    /// What is trained on.
    pub part: Part<'a>,
    /// What the run is watched with; may be empty.
    pub validation: Part<'a>,
    /// Over how many draws its predictions are averaged.
    pub draws: usize,
    /// The terms' names.
    pub naming: Naming,
    /// Where the run goes.
    pub run: &'a RunDir,
    /// What TensorBoard reads of it, if it is to.
    pub events: Option<Events>,
    /// Set from outside to stop after the step under way.
    pub stop: &'a AtomicBool,
    /// How much time passes at least between two checkpoints, which are made at ends of epochs: those of a small table
    /// are shorter than the writing of a file.
    pub between_saves: Duration,
}

/// The variables of the lowest validation nll, as long as they are in no file.
type Unsaved = Option<Vec<Kept>>;

/// Memory that every step uses again.
struct Scratch {
    buffers: Buffers,
    /// The predictive distributions of a minibatch.
    predictive: Vec<f32>,
}

/// A run under way.
struct UnderWay {
    counters: Counters,
    log: Log,
    scratch: Scratch,
    /// The fit of several that was told last.
    told: Option<usize>,
    /// When the last checkpoint was made.
    saved: Instant,
    /// The time that it took: large ones are made more seldom.
    writing: Duration,
    unsaved: Unsaved,
}

/// How an epoch ended.
enum Ended {
    Whole,
    /// It was asked to stop, and saved.
    Stopped,
}

/// Why an epoch did not end.
enum Broken {
    Failed(Failure),
    /// Another fit may go on.
    Astray(Astray),
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Broken::Failed(failure)
    }
}

impl From<Astray> for Broken {
    fn from(astray: Astray) -> Self {
        Broken::Astray(astray)
    }
}

/// What a step came to.
struct Done {
    step: Step,
    terms: Vec<Term>,
    /// How each target's predictions compare.
    predicted: Vec<Compared>,
    gradient_norm: Option<f64>,
}

/// The step after `done` others of a run on n examples.
pub(super) fn step_after(config: &Config, n: usize, done: u64) -> Step {
    let batches = config.steps(n);
    let of_round = (config.epochs() * batches) as u64;
    // A run of one round may be asked for more epochs.
    let round = match config.method.rounds() {
        1 => 0,
        _ => (done / of_round) as usize,
    };
    let done = done - round as u64 * of_round;
    let batch_index = (done % batches as u64) as usize;
    let epoch = done as f64 / batches as f64;
    let (schedule, settings) = &config.schedule;
    let of_optimizer = config.learning_rate();
    let rate = LearningRate {
        of_optimizer,
        scheduled: of_optimizer * schedule.factor(settings, epoch, config.epochs() as f64),
        epoch: epoch as usize,
        epochs: config.epochs(),
    };
    let method = &config.method;
    Step {
        seed: config.seed.wrapping_add(round as u64),
        round,
        done,
        learning_rate: method.entry.learning_rate(&method.arguments, &rate),
        at: Position {
            training_examples: n,
            batch: config
                .batch_size()
                .min(n - batch_index * config.batch_size()),
            batch_index,
            batches,
            epoch,
        },
    }
}

impl Training<'_> {
    /// Steps of an epoch.
    pub fn steps(&self) -> usize {
        self.config.steps(self.part.len())
    }

    /// Writes a checkpoint.
    pub fn save(&mut self, counters: &Counters) -> Result<()> {
        let path = self.run.checkpoint();
        checkpoint::save(&path, self.fingerprint, self.engine.sections(), counters)
    }

    /// Reads the run's checkpoint.
    pub fn load(&mut self) -> Result<Counters> {
        let path = self.run.checkpoint();
        checkpoint::load(&path, self.fingerprint, self.engine.sections())
    }

    /// Puts the variables of the lowest validation nll in the place of the last ones.
    ///
    /// # Errors
    ///
    /// As [`checkpoint::load`].
    pub fn restore_best(&mut self) -> Result<()> {
        let path = self.run.best();
        checkpoint::load(&path, self.fingerprint, self.engine.predictor().weights()).map(|_| ())
    }

    /// Whether a run that may end early has ended: the validation nll has not fallen for its number of epochs.
    pub fn is_over(&self, counters: &Counters) -> bool {
        counters.have_ended_early(self.config, self.part.len())
    }

    /// Keeps the variables if no validation nll before was as low, of a run that may end early.
    fn keep_best(
        &mut self,
        counters: &mut Counters,
        validation: Option<&Validation>,
        unsaved: &mut Unsaved,
    ) {
        let nll = validation.map_or(f64::NAN, Validation::nll);
        let lowest = counters.best.is_none_or(|best| nll < best.nll);
        let epoch = counters.step as usize / self.steps();
        // While the KL has another weight, a lower nll is no better fit: it is of another objective.
        let at = |epoch| {
            let step = step_after(self.config, self.part.len(), 0);
            self.naming.lambda(&Position { epoch, ..step.at })
        };
        let is_annealed = at(epoch as f64 - 1.0) == at(f64::MAX);
        if self.config.patience().is_none() || !nll.is_finite() || !lowest || !is_annealed {
            return;
        }
        counters.best = Some(Best { epoch, nll });
        let sections = self.engine.predictor().weights().into_iter();
        *unsaved = Some(sections.map(|section| section.values.kept()).collect());
    }

    /// Writes a checkpoint, and before it the variables of the lowest validation nll if they are new.
    fn save_both(&mut self, counters: &Counters, unsaved: &mut Unsaved) -> Result<()> {
        if let (Some(mut kept), Some(best)) = (unsaved.take(), counters.best) {
            let sections = self.engine.predictor().weights().into_iter().zip(&mut kept);
            let sections = sections.map(|(section, kept)| Section {
                values: kept.numbers(),
                ..section
            });
            let of_best = Counters {
                step: (best.epoch * self.config.steps(self.part.len())) as u64,
                best: Some(best),
                ..Counters::default()
            };
            let path = self.run.best();
            checkpoint::save(&path, self.fingerprint, sections.collect(), &of_best)?;
        }
        self.save(counters)
    }

    /// Trains from where `counters` stand to the last epoch. A run that is stopped and resumed goes
    /// through the same numbers as one that is not: everything random is keyed by seed, epoch and step.
    ///
    /// # Errors
    ///
    /// A loss or gradient that is not finite (`E0608`), and files that cannot be written (`E0601`); the
    /// last checkpoint stays.
    pub fn train(&mut self, counters: Counters, watch: &mut dyn Watch) -> Result<Outcome> {
        self.run.set_diverged(None)?;
        self.run.set_said(&[])?;
        let outcome = self.go(counters, watch);
        if let Err(failure) = &outcome
            && let Some(message) = failure.diagnostics.iter().find(|m| m.code == "E0608")
        {
            self.run.set_diverged(Some(&message.title))?;
        }
        outcome
    }

    fn go(&mut self, counters: Counters, watch: &mut dyn Watch) -> Result<Outcome> {
        let steps = self.steps();
        let log = Log::open(&self.run.metrics(), counters.step)?;
        let row = self.summaries().map(|s| s.row()).sum::<usize>();
        let mut run = UnderWay {
            told: None,
            log,
            counters,
            scratch: Scratch {
                buffers: Buffers::default(),
                predictive: vec![0.0; self.config.batch_size() * row],
            },
            saved: Instant::now(),
            writing: Duration::ZERO,
            unsaved: None,
        };
        loop {
            let epoch = (run.counters.step / steps as u64) as usize;
            if epoch == self.config.all_epochs() || self.is_over(&run.counters) {
                break;
            }
            match self.epoch(epoch, &mut run, watch) {
                Ok(Ended::Whole) => {}
                Ok(Ended::Stopped) => {
                    let step = run.counters.step;
                    return Ok(Outcome::Interrupted { step });
                }
                Err(Broken::Failed(failure)) => return Err(failure),
                Err(Broken::Astray(astray)) => self.go_on_without(astray, &mut run, watch)?,
            }
        }
        let said = self.finish(&run.counters)?;
        Ok(Outcome::Finished {
            epochs: (run.counters.step - run.counters.skipped) as usize / steps,
            best: run.counters.best,
            clipped: run.counters.clipped,
            said,
        })
    }

    /// The epoch of this number, from where the run stands in it.
    fn epoch(
        &mut self,
        epoch: usize,
        run: &mut UnderWay,
        watch: &mut dyn Watch,
    ) -> std::result::Result<Ended, Broken> {
        let (n, batch_size) = (self.part.len(), self.config.batch_size());
        let steps = self.steps();
        let first = step_after(self.config, n, (epoch * steps) as u64);
        let order = epoch_order(n, first.seed, first.done / steps as u64);
        let from = (run.counters.step - (epoch * steps) as u64) as usize;
        if first.done == 0 && from == 0 {
            run.counters.divergence = Divergence::default();
        }
        let rounds = self.config.method.rounds();
        if rounds > 1 && run.told.replace(first.round) != Some(first.round) {
            let word = self.config.method.round_word();
            watch.fit_begins(&format!(
                "{word} {} of {rounds}, seed {}",
                first.round + 1,
                first.seed
            ));
        }
        watch.epoch_begins(epoch, from);
        let begun = Instant::now();
        for index in from..steps {
            let of_step = Instant::now();
            let rows = index * batch_size..n.min((index + 1) * batch_size);
            let seen = rows.end - from * batch_size;
            let next = &order[rows.end..n.min(rows.end + batch_size)];
            let done = self.step(&mut run.counters, [&order[rows], next], &mut run.scratch)?;
            let counters = &mut run.counters;
            let diverged = counters.divergence.look(&done.terms);
            let every = self.config.log_every as u64;
            if every > 0 && counters.step.is_multiple_of(every) {
                let line = self.step_line(&done, counters, of_step.elapsed());
                self.write(&mut run.log, &line)?;
            }
            let line = || self.epoch_line(&done, counters, begun.elapsed(), seen);
            watch.step(index + 1, &line);
            let ended = index + 1 == steps;
            let last = ended && epoch + 1 == self.config.all_epochs();
            let last_of_fit = ended && (epoch + 1).is_multiple_of(self.config.epochs());
            if diverged || last_of_fit && counters.divergence.lasts(steps) {
                return Err(counters.divergence.astray(counters.step - 1).into());
            }
            if ended {
                let line = line();
                let next = step_after(self.config, n, counters.step);
                self.engine.epoch_ended(&next);
                self.refuse_broken(counters.step)?;
                let validation = self.validate()?;
                let line = Line { validation, ..line };
                self.write(&mut run.log, &line)?;
                watch.epoch_ends(epoch, &line);
                counters.sums = Default::default();
                self.keep_best(counters, line.validation.as_ref(), &mut run.unsaved);
            }
            let stop = self.stop.load(Ordering::Relaxed);
            // While the nll is far off, the checkpoint before stays.
            let over = ended && self.is_over(counters);
            let between = self.between_saves.max(20 * run.writing);
            let due = run.saved.elapsed() >= between && !counters.divergence.is_off();
            if ended && (last || over || due) || stop {
                self.refuse_broken(counters.step)?;
                let begun = Instant::now();
                self.save_both(counters, &mut run.unsaved)?;
                run.saved = Instant::now();
                run.writing = run.saved - begun;
            }
            if stop && !last && !over {
                return Ok(Ended::Stopped);
            }
        }
        Ok(Ended::Whole)
    }

    /// What the method works out at the end, of the variables that are kept, and saves.
    fn finish(&mut self, counters: &Counters) -> Result<Vec<(&'static str, String)>> {
        if counters.best.is_some() {
            self.restore_best()?;
        }
        let mut said = self.engine.finish(&self.part)?;
        if !counters.left_out.is_empty() {
            said.push((LEFT_OUT, counters.left_out.join("; ")));
        }
        if !said.is_empty() {
            let sections = self.engine.predictor().weights().into_iter();
            let kept = sections.map(|section| section.values.kept()).collect();
            self.save_both(counters, &mut counters.best.map(|_| kept))?;
            self.run.set_said(&said)?;
        }
        Ok(said)
    }

    /// Writes a line to the log, and to the events where there are any.
    fn write(&mut self, log: &mut Log, line: &Line) -> Result<()> {
        log.write(line)?;
        self.events
            .iter_mut()
            .try_for_each(|events| events.write(line))
    }

    /// One step on the examples at `places`; those of the next step are read meanwhile, where they are in files.
    fn step(
        &mut self,
        counters: &mut Counters,
        [places, next]: [&[u32]; 2],
        scratch: &mut Scratch,
    ) -> std::result::Result<Done, Broken> {
        let step = step_after(self.config, self.part.len(), counters.step);
        let augmentation = &self.config.augmentation;
        let batch = augmentation.gather(&self.part, places, &step, &mut scratch.buffers)?;
        self.part.expect(next.iter().map(|place| *place as usize));
        let row = self.summaries().map(|summary| summary.row()).sum::<usize>();
        let predictive = &mut scratch.predictive[..batch.len * row];
        let trained = self.engine.step(&batch, &step, predictive);
        let terms = (self.naming).terms(&trained.report, &self.part.log_scales(&batch));
        let gradient_is_finite = trained.not_finite.is_empty();
        self.refuse_not_finite(&terms, gradient_is_finite, counters.step)?;
        let others = self.part.others.iter();
        let scales = std::iter::once(self.part.scales).chain(others.map(|other| &other.scales));
        let mut predictive = &*predictive;
        let compare = |(target, (summary, scales)): (usize, (Summary, &Scales))| {
            let (own, rest) = predictive.split_at(batch.len * summary.row());
            predictive = rest;
            summary.compare(own, batch.targets_of(target), scales.units())
        };
        let targets = self.summaries().zip(scales).enumerate();
        let predicted: Vec<Compared> = targets.map(compare).collect();
        counters.step += 1;
        let gradient_norm = self.engine.gradient_norm();
        let longer = gradient_norm.zip(self.config.clip_norm);
        if longer.is_some_and(|(norm, most)| norm > most) {
            counters.clipped += 1;
            counters.sums.clipped += 1;
        }
        counters.sums.add(&terms, batch.len, &predicted);
        Ok(Done {
            step,
            terms,
            predicted,
            gradient_norm,
        })
    }

    /// The line of one step, which took `time`.
    fn step_line(&self, done: &Done, counters: &Counters, time: Duration) -> Line {
        let (at, seconds) = (&done.step.at, time.as_secs_f64());
        Line {
            kind: "step",
            step: counters.step,
            epoch: counters.step as f64 / self.steps() as f64,
            learning_rate: done.step.learning_rate,
            loss: done.terms.iter().map(|t| t.value.scaled).sum(),
            lambda: self.naming.lambda(at),
            terms: done.terms.clone(),
            fits: self.fits(done.predicted.iter().copied()),
            gradient_norm: done.gradient_norm,
            clipped: None,
            examples_per_second: at.batch as f64 / seconds,
            seconds,
            measured: self.engine.measured(),
            validation: None,
        }
    }

    /// The line of the epoch so far, of which `seen` examples have taken `time`.
    fn epoch_line(&self, done: &Done, counters: &Counters, time: Duration, seen: usize) -> Line {
        let (sums, seconds) = (&counters.sums, time.as_secs_f64());
        let terms = sums.terms(&done.terms);
        Line {
            kind: "epoch",
            step: counters.step,
            epoch: counters.step as f64 / self.steps() as f64,
            learning_rate: done.step.learning_rate,
            loss: terms.iter().map(|t| t.value.scaled).sum(),
            lambda: self.naming.mean_lambda(&terms, &done.step.at),
            terms,
            fits: {
                let predicted = sums.targets().map(TargetSums::compared);
                self.fits(predicted)
            },
            gradient_norm: None,
            clipped: (done.gradient_norm).map(|_| sums.clipped as f64 / sums.steps as f64),
            examples_per_second: seen as f64 / seconds,
            seconds,
            measured: self.engine.measured(),
            validation: None,
        }
    }

    /// How predictions of each target are compared.
    fn summaries(&self) -> impl Iterator<Item = Summary> {
        let others = self.part.others.iter().map(|other| other.summary);
        std::iter::once(self.part.summary).chain(others)
    }

    /// The name of each target, where there are several.
    fn target(&self, number: usize) -> Option<String> {
        self.naming.targets.get(number).cloned()
    }

    /// The fit of examples, by how each target compares.
    fn fits(&self, compared: impl Iterator<Item = Compared>) -> Vec<(Option<String>, Fit)> {
        let targets = self.summaries().zip(compared).enumerate();
        let fit = |(target, (summary, compared)): (usize, (Summary, Compared))| {
            (self.target(target), summary.fit(&compared))
        };
        targets.map(fit).collect()
    }

    fn validate(&mut self) -> Result<Option<Validation>> {
        if self.validation.is_empty() {
            return Ok(None);
        }
        let draws = self.engine.predictor().draws(self.draws).max(1);
        let (first, seed) = (self.validation, self.config.seed);
        let others = first.others.iter().map(|other| other.part(first, false));
        let mut all = vec![];
        for (target, part) in std::iter::once(first).chain(others).enumerate() {
            let scores =
                evaluate::scored(self.engine.predictor(), &part, draws, seed, Detail::Moments);
            all.push((self.target(target), scores?));
        }
        Ok(Some(Validation(all)))
    }
}

#[cfg(test)]
mod tests;
