//! The training loop.

use super::checkpoint::{self, Counters};
use super::config::Config;
use super::metrics::{Line, Log};
use super::run_dir::RunDir;
use crate::data::order::epoch_order;
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::engine::{Engine, Step};
use crate::evaluate::{self, Scores};
use crate::examples::{Buffers, Part};
use crate::ir::Position;
use crate::terms::{Naming, Term};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What shows a run to the user.
pub trait Watch {
    /// An epoch begins, or goes on where it was left.
    fn epoch_begins(&mut self, epoch: usize, step_of_epoch: usize);
    /// A step is done; the line is of the epoch so far.
    fn step(&mut self, step_of_epoch: usize, line: &dyn Fn() -> Line);
    /// An epoch is done.
    fn epoch_ends(&mut self, epoch: usize, line: &Line);
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every epoch is done.
    Finished,
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
    /// The terms' names.
    pub naming: Naming,
    /// Where the run goes.
    pub run: &'a RunDir,
    /// Set from outside to stop after the step under way.
    pub stop: &'a AtomicBool,
}

/// Memory that every step uses again.
struct Scratch {
    buffers: Buffers<f32>,
    /// The predictive distributions of a minibatch.
    predictive: Vec<f32>,
}

/// What a step came to.
struct Done {
    step: Step,
    terms: Vec<Term>,
    hits: u64,
    squared_error: f64,
}

/// The step after `done` others of a run on n examples.
pub(super) fn step_after(config: &Config, n: usize, done: u64) -> Step {
    let batches = n.div_ceil(config.batch_size);
    let batch_index = (done % batches as u64) as usize;
    let epoch = done as f64 / batches as f64;
    let (schedule, settings) = &config.schedule;
    let factor = schedule.factor(settings, epoch, config.epochs as f64);
    Step {
        seed: config.seed,
        done,
        learning_rate: config.learning_rate() * factor,
        at: Position {
            training_examples: n,
            batch: config.batch_size.min(n - batch_index * config.batch_size),
            batch_index,
            batches,
            epoch,
        },
    }
}

impl Training<'_> {
    /// Steps of an epoch.
    pub fn steps(&self) -> usize {
        self.part.len().div_ceil(self.config.batch_size)
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

    /// Trains from where `counters` stand to the last epoch. A run that is stopped and resumed goes
    /// through the same numbers as one that is not: everything random is keyed by seed, epoch and step.
    ///
    /// # Errors
    ///
    /// A loss or gradient that is not finite (`E0608`), and files that cannot be written (`E0601`); the
    /// last checkpoint stays.
    pub fn train(&mut self, mut counters: Counters, watch: &mut dyn Watch) -> Result<Outcome> {
        let steps = self.steps();
        let (n, batch_size) = (self.part.len(), self.config.batch_size);
        let mut log = Log::open(&self.run.metrics(), counters.step)?;
        let mut scratch = Scratch {
            buffers: Buffers::default(),
            predictive: vec![0.0; batch_size * self.part.summary.row()],
        };
        let first_epoch = (counters.step / steps as u64) as usize;
        for epoch in first_epoch..self.config.epochs {
            let order = epoch_order(n, self.config.seed, epoch as u64);
            let from = (counters.step - (epoch * steps) as u64) as usize;
            watch.epoch_begins(epoch, from);
            let begun = Instant::now();
            for index in from..steps {
                let of_step = Instant::now();
                let rows = index * batch_size..n.min((index + 1) * batch_size);
                let seen = rows.end - from * batch_size;
                let done = self.step(&mut counters, &order[rows], &mut scratch)?;
                let every = self.config.log_every as u64;
                if every > 0 && counters.step.is_multiple_of(every) {
                    log.write(&self.step_line(&done, &counters, of_step.elapsed()))?;
                }
                let line = || self.epoch_line(&done, &counters, begun.elapsed(), seen);
                watch.step(index + 1, &line);
                let ended = index + 1 == steps;
                if ended {
                    let line = line();
                    let validation = self.validate()?;
                    let line = Line { validation, ..line };
                    log.write(&line)?;
                    watch.epoch_ends(epoch, &line);
                    counters.sums = Default::default();
                }
                let stop = self.stop.load(Ordering::Relaxed);
                if ended || stop {
                    self.refuse_broken(counters.step, steps)?;
                    self.save(&counters)?;
                }
                if stop && !(ended && epoch + 1 == self.config.epochs) {
                    return Ok(Outcome::Interrupted {
                        step: counters.step,
                    });
                }
            }
        }
        Ok(Outcome::Finished)
    }

    /// One step on the examples at `places`.
    fn step(
        &mut self,
        counters: &mut Counters,
        places: &[u32],
        scratch: &mut Scratch,
    ) -> Result<Done> {
        let steps = self.steps();
        let rows = places.iter().map(|&place| place as usize);
        let batch = self.part.gather(rows, &mut scratch.buffers)?;
        let step = step_after(self.config, self.part.len(), counters.step);
        let summary = self.part.summary;
        let predictive = &mut scratch.predictive[..batch.len * summary.row()];
        let trained = self.engine.step(&batch, &step, predictive);
        let terms = self.naming.terms(&trained.report, batch.len);
        let gradient_is_finite = trained.not_finite.is_empty();
        self.refuse_not_finite(&terms, gradient_is_finite, counters.step, steps)?;
        let units = self.part.scales.units();
        let (hits, squared_error) = summary.compare(predictive, batch.targets, units);
        counters.step += 1;
        counters.sums.add(&terms, batch.len, hits, squared_error);
        Ok(Done {
            step,
            terms,
            hits,
            squared_error,
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
            fit: self
                .part
                .summary
                .fit(done.hits, done.squared_error, at.batch as u64),
            examples_per_second: at.batch as f64 / seconds,
            seconds,
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
            fit: self
                .part
                .summary
                .fit(sums.hits, sums.squared_error, sums.examples),
            examples_per_second: seen as f64 / seconds,
            seconds,
            validation: None,
        }
    }

    fn validate(&mut self) -> Result<Option<Scores>> {
        if self.validation.is_empty() {
            return Ok(None);
        }
        let draws = self.config.evaluation_samples;
        let predicted = evaluate::predict(self.engine, &self.validation, draws, self.config.seed)?;
        Ok(Some(evaluate::score(&predicted, &self.validation)))
    }

    /// Stops a run whose loss or gradient is no number, and says which went first. The step is done by then,
    /// in memory; the last checkpoint stays.
    fn refuse_not_finite(
        &mut self,
        terms: &[Term],
        gradient_is_finite: bool,
        step: u64,
        steps: usize,
    ) -> Result<()> {
        let what = if terms.iter().any(|t| !t.value.scaled.is_finite()) {
            let (bad, good): (Vec<_>, Vec<_>) =
                terms.iter().partition(|t| !t.value.scaled.is_finite());
            let told = |terms: &[&Term]| {
                terms
                    .iter()
                    .map(|t| format!("{} = {}", t.name, t.value.value))
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let rest = if good.is_empty() {
                String::new()
            } else {
                format!("; still finite: {}", told(&good))
            };
            ("loss", format!("first to go: {}{rest}", told(&bad)))
        } else if gradient_is_finite {
            return Ok(());
        } else {
            // An update by what is no number leaves none.
            let note = format!(
                "every term is finite; the gradient is not by {}",
                self.broken().join(", ")
            );
            ("gradient", note)
        };
        Err(self.not_finite(what.0, what.1, step, steps))
    }

    /// The names of the weights' sections that are not finite any more.
    fn broken(&mut self) -> Vec<String> {
        let weights = self.engine.weights().into_iter();
        let broken = weights.filter(|section| !section.is_finite());
        broken.map(|section| section.name).collect()
    }

    /// Keeps parameters that a step has made infinite from taking the place of the last good checkpoint.
    fn refuse_broken(&mut self, done: u64, steps: usize) -> Result<()> {
        let names = self.broken();
        if names.is_empty() {
            return Ok(());
        }
        let note = format!("the step has made infinite: {}", names.join(", "));
        Err(self.not_finite("result", note, done - 1, steps))
    }

    fn not_finite(&mut self, what: &str, note: String, step: u64, steps: usize) -> Failure {
        let epoch = step as usize / steps + 1;
        let saved = checkpoint::load(&self.run.checkpoint(), self.fingerprint, vec![]);
        let title = format!(
            "the {} is not finite at step {} (epoch {epoch})",
            what,
            step + 1
        );
        let mut message = Diagnostic::error("E0608", title).note(note);
        if let Ok(saved) = saved {
            let path = self.run.checkpoint();
            message = message.note(format!(
                "`{}` keeps the state after step {}",
                path.display(),
                saved.step
            ));
        }
        if step == 0 && what != "result" {
            return message
                .help(
                    "no step has been taken yet, so that no learning rate helps: the prior, the start and \
                     the data of what is named are where to look",
                )
                .into();
        }
        let help = format!(
            "a lower learning rate, `--learning-rate {:?}`, is the first thing to try",
            self.config.learning_rate() / 10.0
        );
        message.help(help).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::scaling::Transform;
    use crate::data::{Split, Values};
    use crate::engine::{self, Predictor, Section};
    use crate::examples::Scales;
    use crate::exec::{Batch, StepReport, TermValue, Trained};
    use crate::ir::{Factor, Initializer, Scale};
    use crate::likelihood::{Likelihood, Normal, TargetKind, Targets};
    use crate::optimizer::State;
    use crate::plan::Variable;
    use crate::tensor::Shape;
    use std::path::Path;

    /// y ~ N(w x, 1) with noise on the gradient that depends on the step's number alone.
    struct Line1 {
        w: [f32; 1],
        optimizer: State<f32>,
        spoil_at: Option<u64>,
        spoil_gradient_at: Option<u64>,
        stop_at: Option<(u64, &'static AtomicBool)>,
    }

    /// Its one variable.
    fn variables() -> [Variable; 1] {
        [Variable {
            name: "w".into(),
            shape: Shape::default(),
            range: 0..1,
            initializer: Initializer::Constant(0.0),
            given: None,
        }]
    }

    impl Engine for Line1 {
        fn initialize(&mut self, _: u64) {}
        fn step(&mut self, batch: &Batch<f32>, step: &Step, predictive: &mut [f32]) -> Trained {
            let Targets::Reals(y) = batch.targets else {
                panic!()
            };
            let errors: Vec<f32> = batch
                .inputs
                .iter()
                .zip(y)
                .map(|(x, y)| self.w[0] * x - y)
                .collect();
            let mut nll: f64 = errors.iter().map(|e| 0.5 * f64::from(e * e)).sum();
            if self.spoil_at == Some(step.done) {
                nll = f64::NAN;
            }
            if let Some((at, flag)) = self.stop_at
                && at == step.done
            {
                flag.store(true, Ordering::Relaxed);
            }
            let mut gradient = errors
                .iter()
                .zip(batch.inputs)
                .map(|(e, x)| e * x)
                .sum::<f32>()
                / batch.len as f32
                + 0.1 * (step.done as f32).sin();
            let rows = predictive.chunks_exact_mut(2).zip(batch.inputs);
            rows.for_each(|(row, x)| row.copy_from_slice(&[self.w[0] * x, 1.0]));
            let kl = f64::from(self.w[0]).powi(2);
            let term = |value: f64, scale: f64| TermValue {
                value,
                scale,
                scaled: value * scale,
            };
            let terms = vec![
                term(nll, 1.0 / step.at.batch as f64),
                term(kl, 1.0 / step.at.training_examples as f64),
            ];
            let mut not_finite = vec![];
            if self.spoil_gradient_at == Some(step.done) {
                gradient = f32::INFINITY;
                not_finite.push(0..1);
            }
            self.optimizer
                .step(step.done + 1, step.learning_rate, &mut self.w, &[gradient]);
            Trained {
                report: StepReport {
                    loss: terms.iter().map(|t| t.scaled).sum(),
                    terms,
                },
                not_finite,
            }
        }
        fn sections(&mut self) -> Vec<Section<'_>> {
            let mut all = engine::sections("", &variables(), &mut self.w);
            for (name, values) in self.optimizer.slots_mut() {
                all.extend(engine::sections(
                    &format!("optimizer.{name}/"),
                    &variables(),
                    values,
                ));
            }
            all
        }
    }

    impl Predictor for Line1 {
        fn draw_weights(&mut self, _: usize, _: u64) {}
        fn predict_drawn(
            &mut self,
            inputs: &[f32],
            _: usize,
            out: &mut [f32],
            nll: Option<(Targets<f32>, &mut [f32])>,
        ) {
            inputs
                .iter()
                .zip(out.chunks_exact_mut(2))
                .for_each(|(x, row)| row.copy_from_slice(&[self.w[0] * x, 1.0]));
            if let Some((_, nll)) = nll {
                nll.fill(1.0);
            }
        }
        fn weight_terms(&mut self, _: usize, _: u64) -> Vec<Option<f64>> {
            vec![None, Some(0.0)]
        }
        fn weights(&mut self) -> Vec<Section<'_>> {
            engine::sections("", &variables(), &mut self.w)
        }
        fn capacity(&self) -> usize {
            8
        }
    }

    fn line() -> Line1 {
        let (optimizer, settings) = Config::default().optimizer;
        Line1 {
            w: [0.0],
            optimizer: State::new(optimizer, settings, 1),
            spoil_at: None,
            spoil_gradient_at: None,
            stop_at: None,
        }
    }

    struct Quiet;
    impl Watch for Quiet {
        fn epoch_begins(&mut self, _: usize, _: usize) {}
        fn step(&mut self, _: usize, line: &dyn Fn() -> Line) {
            assert!(line().loss.is_finite());
        }
        fn epoch_ends(&mut self, _: usize, _: &Line) {}
    }

    fn run(
        engine: &mut Line1,
        out: &Path,
        resume: bool,
        epochs: usize,
        stop: &AtomicBool,
    ) -> Result<Outcome> {
        let n = 11;
        let split = Split {
            inputs: Values::F64((0..n).map(|i| i as f64 / 10.0).collect()),
            input_shape: Shape::new(&[1]),
            targets: Values::F64((0..n).map(|i| i as f64 / 5.0).collect()),
            target_shape: Shape::default(),
            len: n,
        };
        let scales = Scales {
            inputs: Transform::identity(1),
            targets: Transform::identity(1),
        };
        let rows: Vec<usize> = (0..n).collect();
        let part = Part {
            split: &split,
            rows: &rows,
            scales: &scales,
            kind: TargetKind::Real(1),
            summary: Normal.summary(&TargetKind::Real(1)),
            with_targets: true,
        };
        let config = Config {
            epochs,
            batch_size: 4,
            log_every: 2,
            ..Config::default()
        };
        std::fs::create_dir_all(out).unwrap();
        let dir = match resume {
            false => RunDir::create(Some(out), "line").unwrap().0,
            true => {
                for file in ["model.bnn", "run.toml", "data.json"] {
                    std::fs::write(out.join(file), "").unwrap();
                }
                RunDir::open(out).unwrap()
            }
        };
        let mut training = Training {
            engine,
            fingerprint: "f",
            config: &config,
            part,
            validation: Part {
                rows: &rows[..3],
                ..part
            },
            naming: Naming {
                names: vec!["nll".into(), "kl(w)".into()],
                log_scale: 0.0,
                kl_scale: Some(Scale(vec![Factor::PerExample])),
            },
            run: &dir,
            stop,
        };
        let counters = if resume {
            training.load()?
        } else {
            Counters::default()
        };
        training.save(&counters)?;
        training.train(counters, &mut Quiet)
    }

    /// Without what a clock says.
    fn metrics(out: &Path) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(out.join("metrics.jsonl")).unwrap();
        let lines = text.lines().map(|line| {
            let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
            line.as_object_mut()
                .unwrap()
                .retain(|key, _| key != "seconds" && key != "examples_per_second");
            line
        });
        lines.collect()
    }

    #[test]
    fn a_run_that_is_stopped_anywhere_and_resumed_is_the_uninterrupted_one() {
        let folder = tempfile::tempdir().unwrap();
        static STOP: AtomicBool = AtomicBool::new(false);
        let whole = folder.path().join("whole");
        let mut whole_line = line();
        assert_eq!(
            run(&mut whole_line, &whole, false, 4, &STOP).unwrap(),
            Outcome::Finished
        );
        assert_eq!(metrics(&whole).len(), 4 + 6);
        for at in [0, 2, 4, 7] {
            let out = folder.path().join(format!("stopped-{at}"));
            STOP.store(false, Ordering::Relaxed);
            let mut first = Line1 {
                stop_at: Some((at, &STOP)),
                ..line()
            };
            let outcome = run(&mut first, &out, false, 4, &STOP).unwrap();
            assert_eq!(outcome, Outcome::Interrupted { step: at + 1 });
            STOP.store(false, Ordering::Relaxed);
            let mut second = line();
            assert_eq!(
                run(&mut second, &out, true, 4, &STOP).unwrap(),
                Outcome::Finished
            );
            assert_eq!(second.w[0].to_bits(), whole_line.w[0].to_bits());
            assert_eq!(metrics(&out), metrics(&whole));
            let bytes = |out: &Path| std::fs::read(out.join("checkpoint.safetensors")).unwrap();
            assert_eq!(bytes(&out), bytes(&whole));
        }
    }

    /// Before the first step no learning rate has been used.
    #[test]
    fn a_first_step_that_fails_is_not_put_down_to_the_learning_rate() {
        for (step, told) in [(0, false), (4, true)] {
            let folder = tempfile::tempdir().unwrap();
            let mut spoilt = Line1 {
                spoil_at: Some(step),
                ..line()
            };
            let stop = AtomicBool::new(false);
            let failure = run(&mut spoilt, folder.path(), false, 4, &stop).unwrap_err();
            let message = format!("{:?}", failure.diagnostics[0]);
            assert_eq!(message.contains("--learning-rate"), told, "{message}");
        }
    }

    #[test]
    fn a_loss_that_is_no_number_stops_the_run_and_names_its_term() {
        let folder = tempfile::tempdir().unwrap();
        let mut spoilt = Line1 {
            spoil_at: Some(4),
            ..line()
        };
        let failure = run(
            &mut spoilt,
            folder.path(),
            false,
            4,
            &AtomicBool::new(false),
        )
        .unwrap_err();
        let message = &failure.diagnostics[0];
        assert_eq!(message.title, "the loss is not finite at step 5 (epoch 2)");
        assert!(
            message.notes[0].starts_with("first to go: nll = NaN; still finite: kl(w) = "),
            "{:?}",
            message.notes
        );
        assert!(
            message.notes[1].ends_with("keeps the state after step 3"),
            "{:?}",
            message.notes
        );
        assert_eq!(metrics(folder.path()).len(), 3);
    }

    #[test]
    fn a_gradient_that_is_no_number_stops_the_run_and_names_its_variable() {
        let folder = tempfile::tempdir().unwrap();
        let mut spoilt = Line1 {
            spoil_gradient_at: Some(4),
            ..line()
        };
        let stop = AtomicBool::new(false);
        let failure = run(&mut spoilt, folder.path(), false, 4, &stop).unwrap_err();
        let message = &failure.diagnostics[0];
        assert_eq!(
            message.title,
            "the gradient is not finite at step 5 (epoch 2)"
        );
        assert_eq!(
            message.notes[0],
            "every term is finite; the gradient is not by w"
        );
        assert!(
            message.notes[1].ends_with("keeps the state after step 3"),
            "{:?}",
            message.notes
        );
    }

    #[test]
    fn epoch_lines_carry_validation_and_the_sum_of_the_terms() {
        let folder = tempfile::tempdir().unwrap();
        run(
            &mut line(),
            folder.path(),
            false,
            1,
            &AtomicBool::new(false),
        )
        .unwrap();
        let lines = metrics(folder.path());
        let epoch = lines.last().unwrap();
        assert_eq!(
            (&epoch["kind"], &epoch["step"], &epoch["epoch"]),
            (&"epoch".into(), &3.into(), &1.0.into())
        );
        assert_eq!(epoch["validation"]["examples"], 3);
        assert_eq!(epoch["lambda"], 1.0);
        let scaled = |i: usize| epoch["terms"][i]["scaled"].as_f64().unwrap();
        assert_eq!(epoch["loss"].as_f64().unwrap(), scaled(0) + scaled(1));
    }
}
