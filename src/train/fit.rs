//! The training loop.

use super::checkpoint::{self, Counters};
use super::config::Config;
use super::metrics::{Line, Log};
use super::run_dir::RunDir;
use crate::data::order::epoch_order;
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::engine::Machine;
use crate::evaluate::{self, Scores};
use crate::examples::{Buffers, Part};
use crate::exec::{Draw, Update};
use crate::ir::Position;
use crate::optimizer::State;
use crate::plan::Variable;
use crate::terms::{Naming, Term};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

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
pub struct Training<'a, M> {
    /// The model.
    pub machine: &'a mut M,
    /// Its variables' names and places.
    pub variables: &'a [Variable],
    /// What tells it from other models.
    pub fingerprint: &'a str,
    /// The settings.
    pub config: &'a Config,
    /// What is trained on.
    pub part: Part<'a>,
    /// What the run is watched with; may be empty.
    pub validation: Part<'a>,
    /// The terms' names.
    pub naming: Naming,
    /// The optimizer at work.
    pub optimizer: State<f32>,
    /// Where the run goes.
    pub run: &'a RunDir,
    /// Set from outside to stop after the step under way.
    pub stop: &'a AtomicBool,
}

impl<M: Machine> Training<'_, M> {
    /// Steps of an epoch.
    pub fn steps(&self) -> usize {
        self.part.len().div_ceil(self.config.batch_size)
    }

    /// Writes a checkpoint.
    pub fn save(&mut self, counters: &Counters) -> Result<()> {
        let values = self.machine.variables();
        let path = self.run.checkpoint();
        checkpoint::save(
            &path,
            self.fingerprint,
            self.variables,
            values,
            &self.optimizer,
            counters,
        )
    }

    /// Reads the run's checkpoint.
    pub fn load(&mut self) -> Result<Counters> {
        let values = self.machine.variables();
        let path = self.run.checkpoint();
        checkpoint::load(
            &path,
            self.fingerprint,
            self.variables,
            values,
            Some(&mut self.optimizer),
        )
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
        let (n, batch_size, seed) = (self.part.len(), self.config.batch_size, self.config.seed);
        let mut log = Log::open(&self.run.metrics(), counters.step)?;
        let mut buffers = Buffers::default();
        let mut predictive = vec![0.0; batch_size * self.part.summary.row()];
        let first_epoch = (counters.step / steps as u64) as usize;
        for epoch in first_epoch..self.config.epochs {
            let order = epoch_order(n, seed, epoch as u64);
            let from = (counters.step - (epoch * steps) as u64) as usize;
            watch.epoch_begins(epoch, from);
            let begun = Instant::now();
            let mut seen = 0;
            for index in from..steps {
                let of_step = Instant::now();
                let places = &order[index * batch_size..n.min((index + 1) * batch_size)];
                let batch = self
                    .part
                    .gather(places.iter().map(|&place| place as usize), &mut buffers)?;
                let at = Position {
                    training_examples: n,
                    batch: batch.len,
                    batch_index: index,
                    batches: steps,
                    epoch: counters.step as f64 / steps as f64,
                };
                let draw = Draw {
                    seed,
                    step: counters.step,
                    given: None,
                };
                let learning_rate = self.learning_rate(at.epoch);
                let width = self.part.summary.row();
                let update = Update {
                    step: self.optimizer.begin(counters.step + 1, learning_rate),
                    predictive: &mut predictive[..batch.len * width],
                };
                let trained = self.machine.train(&batch, &draw, &at, update);
                let terms = self.naming.terms(&trained.report, batch.len);
                self.refuse_not_finite(&terms, &trained.not_finite, counters.step, steps)?;
                let (summary, units) = (self.part.summary, self.part.scales.units());
                let (hits, squared_error) = summary.compare(&predictive, batch.targets, units);

                counters.step += 1;
                counters.sums.add(&terms, batch.len, hits, squared_error);
                seen += batch.len;
                let line = |kind,
                            terms: Vec<Term>,
                            lambda,
                            examples: u64,
                            hits,
                            squared_error,
                            seconds: f64,
                            seen: usize| Line {
                    kind,
                    step: counters.step,
                    epoch: counters.step as f64 / steps as f64,
                    learning_rate,
                    loss: terms.iter().map(|t| t.value.scaled).sum(),
                    lambda,
                    terms,
                    fit: summary.fit(hits, squared_error, examples),
                    examples_per_second: seen as f64 / seconds,
                    seconds,
                    validation: None,
                };
                let of_epoch = |kind| {
                    let sums = &counters.sums;
                    let seconds = begun.elapsed().as_secs_f64();
                    let terms = sums.terms(&terms);
                    let lambda = self.naming.mean_lambda(&terms, &at);
                    line(
                        kind,
                        terms,
                        lambda,
                        sums.examples,
                        sums.hits,
                        sums.squared_error,
                        seconds,
                        seen,
                    )
                };
                if self.config.log_every > 0
                    && counters.step.is_multiple_of(self.config.log_every as u64)
                {
                    let (seconds, examples) = (of_step.elapsed().as_secs_f64(), batch.len);
                    log.write(&line(
                        "step",
                        terms.clone(),
                        self.naming.lambda(&at),
                        examples as u64,
                        hits,
                        squared_error,
                        seconds,
                        examples,
                    ))?;
                }
                watch.step(index + 1, &|| of_epoch("epoch"));
                let ended = index + 1 == steps;
                if ended {
                    let line = of_epoch("epoch");
                    let line = Line {
                        validation: self.validate()?,
                        ..line
                    };
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

    fn learning_rate(&self, epoch: f64) -> f64 {
        let (schedule, settings) = &self.config.schedule;
        self.config.learning_rate() * schedule.factor(settings, epoch, self.config.epochs as f64)
    }

    fn validate(&mut self) -> Result<Option<Scores>> {
        if self.validation.is_empty() {
            return Ok(None);
        }
        let draws = self.config.evaluation_samples;
        let predicted = evaluate::predict(self.machine, &self.validation, draws, self.config.seed)?;
        Ok(Some(evaluate::score(&predicted, &self.validation)))
    }

    /// Stops a run whose loss or gradient is no number, and says which went first. The step is done by then,
    /// in memory; the last checkpoint stays.
    fn refuse_not_finite(
        &mut self,
        terms: &[Term],
        gradient: &[Range<usize>],
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
        } else if gradient.is_empty() {
            return Ok(());
        } else {
            // An update by what is no number leaves none.
            let note = format!(
                "every term is finite; the gradient is not by {}",
                self.broken(gradient).join(", ")
            );
            ("gradient", note)
        };
        Err(self.not_finite(what.0, what.1, step, steps))
    }

    /// The names of variables in these ranges that are not finite any more.
    fn broken(&mut self, ranges: &[Range<usize>]) -> Vec<&str> {
        let values = self.machine.variables();
        let bad = |v: &&Variable| {
            let within = |r: &Range<usize>| r.start < v.range.end && v.range.start < r.end;
            ranges.iter().any(within) && values[v.range.clone()].iter().any(|x| !x.is_finite())
        };
        let bad = self.variables.iter().filter(bad);
        bad.map(|v| v.name.as_str()).collect()
    }

    /// Keeps parameters that a step has made infinite from taking the place of the last good checkpoint.
    fn refuse_broken(&mut self, done: u64, steps: usize) -> Result<()> {
        let all = 0..self.machine.variables().len();
        let names = self.broken(std::slice::from_ref(&all));
        if names.is_empty() {
            return Ok(());
        }
        let note = format!("the step has made infinite: {}", names.join(", "));
        Err(self.not_finite("result", note, done - 1, steps))
    }

    fn not_finite(&mut self, what: &str, note: String, step: u64, steps: usize) -> Failure {
        let epoch = step as usize / steps + 1;
        let saved = checkpoint::load(
            &self.run.checkpoint(),
            self.fingerprint,
            self.variables,
            &mut vec![0.0; self.machine.variables().len()],
            None,
        );
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
    use crate::examples::Scales;
    use crate::exec::{Batch, StepReport, TermValue, Trained};
    use crate::ir::{Factor, Initializer, Scale};
    use crate::likelihood::{Likelihood, Normal, TargetKind, Targets};
    use crate::tensor::Shape;
    use std::path::Path;

    /// y ~ N(w x, 1) with noise on the gradient that depends on the step's number alone.
    struct Line1 {
        w: [f32; 1],
        spoil_at: Option<u64>,
        spoil_gradient_at: Option<u64>,
        stop_at: Option<(u64, &'static AtomicBool)>,
    }

    impl Machine for Line1 {
        fn train(
            &mut self,
            batch: &Batch<f32>,
            draw: &Draw,
            at: &Position,
            update: Update<f32>,
        ) -> Trained {
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
            if self.spoil_at == Some(draw.step) {
                nll = f64::NAN;
            }
            if let Some((step, flag)) = self.stop_at
                && step == draw.step
            {
                flag.store(true, Ordering::Relaxed);
            }
            let mut gradient = errors
                .iter()
                .zip(batch.inputs)
                .map(|(e, x)| e * x)
                .sum::<f32>()
                / batch.len as f32
                + 0.1 * (draw.step as f32).sin();
            let rows = update.predictive.chunks_exact_mut(2).zip(batch.inputs);
            rows.for_each(|(row, x)| row.copy_from_slice(&[self.w[0] * x, 1.0]));
            let kl = f64::from(self.w[0]).powi(2);
            let term = |value: f64, scale: f64| TermValue {
                value,
                scale,
                scaled: value * scale,
            };
            let terms = vec![
                term(nll, 1.0 / at.batch as f64),
                term(kl, 1.0 / at.training_examples as f64),
            ];
            let mut not_finite = vec![];
            if self.spoil_gradient_at == Some(draw.step) {
                gradient = f32::INFINITY;
                not_finite.push(0..1);
            }
            let mut step = update.step;
            step.update(&(0..1), &mut self.w, &[gradient]);
            Trained {
                report: StepReport {
                    loss: terms.iter().map(|t| t.scaled).sum(),
                    terms,
                },
                not_finite,
            }
        }
        fn draw_weights(&mut self, _: &Draw, _: usize) {}
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
        fn weight_terms(&mut self, _: &Draw) -> Vec<Option<f64>> {
            vec![None, Some(0.0)]
        }
        fn variables(&mut self) -> &mut [f32] {
            &mut self.w
        }
        fn capacity(&self) -> usize {
            8
        }
    }

    fn machine() -> Line1 {
        Line1 {
            w: [0.0],
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
        machine: &mut Line1,
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
        let variables = [Variable {
            name: "w".into(),
            shape: Shape::default(),
            range: 0..1,
            initializer: Initializer::Constant(0.0),
            given: None,
        }];
        std::fs::create_dir_all(out).unwrap();
        let dir = match resume {
            false => RunDir::create(Some(out), "line").unwrap(),
            true => {
                for file in ["model.bnn", "run.toml", "data.json"] {
                    std::fs::write(out.join(file), "").unwrap();
                }
                RunDir::open(out).unwrap()
            }
        };
        let mut training = Training {
            machine,
            variables: &variables,
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
            optimizer: State::new(config.optimizer.0, config.optimizer.1.clone(), 1),
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
        let mut machine_whole = machine();
        assert_eq!(
            run(&mut machine_whole, &whole, false, 4, &STOP).unwrap(),
            Outcome::Finished
        );
        assert_eq!(metrics(&whole).len(), 4 + 6);
        for at in [0, 2, 4, 7] {
            let out = folder.path().join(format!("stopped-{at}"));
            STOP.store(false, Ordering::Relaxed);
            let mut first = Line1 {
                stop_at: Some((at, &STOP)),
                ..machine()
            };
            let outcome = run(&mut first, &out, false, 4, &STOP).unwrap();
            assert_eq!(outcome, Outcome::Interrupted { step: at + 1 });
            STOP.store(false, Ordering::Relaxed);
            let mut second = machine();
            assert_eq!(
                run(&mut second, &out, true, 4, &STOP).unwrap(),
                Outcome::Finished
            );
            assert_eq!(second.w[0].to_bits(), machine_whole.w[0].to_bits());
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
                ..machine()
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
            ..machine()
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
            ..machine()
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
            &mut machine(),
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
