//! Runs that have gone astray: a loss that is no number, or far from where it began.

use super::{Training, UnderWay, Watch, step_after};
use crate::data::order::epoch_order;
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::engine::Step;
use crate::show;
use crate::terms::Term;
use crate::train::augmentation::Buffers;
use crate::train::checkpoint;
use crate::train::progress::number;
use crate::words::plural;
use serde::{Deserialize, Serialize};

/// How many times the first minibatch's nll (or 1, if that is more) is far off: no fit that is of use comes from there.
const FAR: f64 = 1000.0;
/// For so many steps in a row the nll has to be far off: a single draw of the weights may be.
const LASTS: usize = 50;
/// How many learning rates are tried.
const TRIALS: i32 = 6;
/// Steps of a trial.
const TRIED: usize = 40;

/// How far the nll of minibatches is from where a fit began. A checkpoint has it, so that a run that is resumed ends where
/// the uninterrupted one does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Divergence {
    /// The nll of the first minibatch.
    first: Option<f64>,
    /// That of the last one.
    #[serde(skip)]
    last: f64,
    /// For how many steps it has been far off.
    off: usize,
}

impl Divergence {
    /// Whether no step has been taken.
    pub fn is_new(&self) -> bool {
        self.first.is_none()
    }

    /// Takes the terms of a step, and says whether the nll has gone for good.
    pub(super) fn look(&mut self, terms: &[Term]) -> bool {
        let nlls = terms.iter().filter(|term| term.is_data());
        let nll = nlls.map(|term| term.value.scaled).sum();
        let first = *self.first.get_or_insert(nll);
        self.last = nll;
        self.off = match nll > FAR * first.abs().max(1.0) {
            true => self.off + 1,
            false => 0,
        };
        self.off >= LASTS
    }

    /// Whether the nll is far off.
    pub(super) fn is_off(&self) -> bool {
        self.off > 0
    }

    /// What has gone astray after this step.
    pub(super) fn astray(&self, step: u64) -> Astray {
        let (first, last) = (self.first.unwrap_or(0.0), self.last);
        Astray {
            step,
            has: "the loss has diverged by",
            note: format!(
                "the nll of a minibatch, {}, is {} by now, and has been as far off for {}",
                number(first),
                number(last),
                plural(self.off, "step")
            ),
            before_any_step: false,
        }
    }

    /// Whether the nll has been far off for a whole epoch of so many steps, or for good.
    pub(super) fn lasts(&self, steps: usize) -> bool {
        self.off >= steps.min(LASTS)
    }
}

/// A fit that has gone astray.
#[derive(Debug)]
pub(super) struct Astray {
    /// The steps of the run before the one where it shows.
    step: u64,
    /// `the loss is not finite at`, a step.
    has: &'static str,
    /// More of it.
    note: String,
    /// Whether its own first step has shown it, in which no learning rate was used.
    before_any_step: bool,
}

impl Astray {
    /// `, first to go: nll = NaN`, where a term was.
    fn first_to_go(&self) -> String {
        let first = self.note.split("; ").next();
        let first = first.filter(|note| note.starts_with("first to go"));
        first.map_or(String::new(), |first| format!(", {first}"))
    }
}

impl Training<'_> {
    /// Stops a run whose loss or gradient is no number, and says which went first. The step is done by then,
    /// in memory; the last checkpoint stays.
    pub(super) fn refuse_not_finite(
        &mut self,
        terms: &[Term],
        gradient_is_finite: bool,
        step: u64,
    ) -> std::result::Result<(), Astray> {
        let (has, note) = if terms.iter().any(|t| !t.value.scaled.is_finite()) {
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
            let note = format!("first to go: {}{rest}", told(&bad));
            ("the loss is not finite at", note)
        } else if gradient_is_finite {
            return Ok(());
        } else {
            // An update by what is no number leaves none.
            let note = match &self.broken()[..] {
                [] => "every term is finite".into(),
                names => format!(
                    "every term is finite; the gradient is not by {}",
                    names.join(", ")
                ),
            };
            ("the gradient is not finite at", note)
        };
        let before_any_step = step_after(self.config, self.part.len(), step).done == 0;
        Err(Astray {
            step,
            has,
            note,
            before_any_step,
        })
    }

    /// The names of the weights' sections that are not finite any more.
    fn broken(&mut self) -> Vec<String> {
        let weights = self.engine.predictor().weights().into_iter();
        let broken = weights.filter(|section| !section.is_finite());
        broken.map(|section| section.name).collect()
    }

    /// Keeps parameters that a step has made infinite from taking the place of the last good checkpoint.
    pub(super) fn refuse_broken(&mut self, done: u64) -> std::result::Result<(), Astray> {
        let names = self.broken();
        if names.is_empty() {
            return Ok(());
        }
        Err(Astray {
            step: done - 1,
            has: "the result is not finite at",
            note: format!("the step has made infinite: {}", names.join(", ")),
            before_any_step: false,
        })
    }

    /// Leaves a fit of several out and goes on with the next.
    ///
    /// # Errors
    ///
    /// Where it is the only one, or the last and none before it predicts.
    pub(super) fn go_on_without(
        &mut self,
        astray: Astray,
        run: &mut UnderWay,
        watch: &mut dyn Watch,
    ) -> Result<()> {
        let method = &self.config.method;
        let rounds = method.rounds();
        if rounds == 1 {
            return Err(self.failure(&astray));
        }
        let round = step_after(self.config, self.part.len(), astray.step).round;
        self.engine.leave_out(round);
        if round + 1 == rounds && self.engine.predictor().draws(usize::MAX) == 0 {
            let mut failure = self.failure(&astray);
            let notes = &mut failure.diagnostics[0].notes;
            notes.extend(std::mem::take(&mut run.counters.left_out));
            return Err(failure);
        }
        let text = format!(
            "{} {} of {rounds}: {} {}{}",
            method.round_word(),
            round + 1,
            astray.has,
            self.place(astray.step),
            astray.first_to_go()
        );
        watch.left_out(&text);
        let counters = &mut run.counters;
        counters.left_out.push(text);
        let next = ((round + 1) * self.config.epochs() * self.steps()) as u64;
        counters.skipped += next - counters.step;
        counters.step = next;
        counters.sums = Default::default();
        Ok(())
    }

    /// The failure of a run that has gone astray.
    fn failure(&mut self, astray: &Astray) -> Failure {
        let title = format!("{} {}", astray.has, self.place(astray.step));
        let method = &self.config.method;
        let title = match method.rounds() {
            1 => title,
            rounds => {
                let round = step_after(self.config, self.part.len(), astray.step).round;
                let word = method.round_word();
                format!(
                    "{word} {} of {rounds}, the last that was left: {title}",
                    round + 1
                )
            }
        };
        let message = Diagnostic::error("E0608", title).note(&astray.note);
        let message = self.with_checkpoint(message);
        let help = match astray.before_any_step {
            true => "no step has been taken yet, so that no learning rate helps: the prior, the start and the data of what \
                     is named are where to look"
                .into(),
            false => self.way_out(astray.step),
        };
        message.help(help).into()
    }

    /// `step 5 (epoch 2)`, of the step after `done` others.
    fn place(&self, done: u64) -> String {
        format!(
            "step {} (epoch {})",
            done + 1,
            done as usize / self.steps() + 1
        )
    }

    /// Says what the last checkpoint is.
    fn with_checkpoint(&self, message: Diagnostic) -> Diagnostic {
        let path = self.run.checkpoint();
        match checkpoint::load(&path, self.fingerprint, vec![]) {
            Ok(saved) => message.note(format!(
                "`{}` keeps the state after step {}",
                path.display(),
                saved.step
            )),
            Err(_) => message,
        }
    }

    /// What to try instead of the step after `done` others.
    fn way_out(&mut self, done: u64) -> String {
        let method = &self.config.method;
        let name = method.signature().name;
        if method.is_sampler() {
            let Some(size) = method.arguments.number_if_any("step_size") else {
                return "the data, the prior and the start are where to look".into();
            };
            let is_kept = method.arguments.find("momentum").is_some();
            let limit = match is_kept {
                true => 2.0 * (1.0 + method.arguments.number("momentum")),
                false => 2.0,
            };
            let over = match method.arguments.word("preconditioner") {
                "none" => "",
                _ => " over a weight's mass",
            };
            return format!(
                "a smaller `step_size` of `{name}`, such as {}, in a new `--out`: where it times the curvature of the loss\
                 {over} reaches {}, steps diverge",
                show(size / 10.0),
                show(limit)
            );
        }
        let (epoch, epochs) = (done as usize / self.steps(), self.config.epochs());
        if let Some(rate) = method.entry.own_rate(&method.arguments, epoch, epochs) {
            return format!(
                "a lower `learning_rate` of `{name}` than {}, which it takes from here on",
                show(rate)
            );
        }
        self.working_rate()
    }

    /// Which learning rate to try: the first at which the loss falls from the start, of the optimizer's default, if it is
    /// below the run's, and tenths, hundredths, … of the lower one. The engine is at other variables then.
    fn working_rate(&mut self) -> String {
        let of_run = self.config.learning_rate();
        let default = self.config.default_learning_rate();
        let below = i32::from(default >= of_run);
        let highest = default.min(of_run);
        // As they are written: 0.1 and not 0.09999999999999999.
        let mut rates = (below..=TRIALS).map(|power| {
            let rate = highest / 10f64.powi(power);
            format!("{rate:.3e}").parse().unwrap_or(rate)
        });
        let at_start = self.at_start().unwrap_or(f64::NAN);
        match rates.find(|rate| self.falls(*rate, at_start)) {
            Some(rate) => format!(
                "a lower learning rate, `--learning-rate {rate:?}` in a new `--out`: the loss falls with it in a trial of \
                 {TRIED} steps"
            ),
            None => format!(
                "no learning rate down to {:e} lets the loss fall in a trial of {TRIED} steps: the data, the prior and \
                 the start are where to look",
                highest / 10f64.powi(TRIALS)
            ),
        }
    }

    /// The mean loss of the first minibatches at the start; `None` where they cannot be read.
    fn at_start(&mut self) -> Option<f64> {
        let mut sum = 0.0;
        for number in 0..self.tried() {
            self.engine.initialize(self.config.seed);
            sum += self.tried_step(0.0, 0, number)?;
        }
        Some(sum / self.tried() as f64)
    }

    /// How many minibatches trials are on.
    fn tried(&self) -> usize {
        (TRIED / 4).min(self.steps())
    }

    /// Whether the loss of these minibatches, in turns, falls below that at the start in a trial with this learning rate.
    fn falls(&mut self, rate: f64, at_start: f64) -> bool {
        self.engine.initialize(self.config.seed);
        let count = self.tried();
        let losses = (0..TRIED).map(|done| self.tried_step(rate, done, done % count));
        let losses: Vec<f64> = losses.map(|loss| loss.unwrap_or(f64::NAN)).collect();
        let last = losses[TRIED - count..].iter().sum::<f64>() / count as f64;
        // What is no number is not below.
        self.broken().is_empty() && last < at_start
    }

    /// A step of the first fit on minibatch number `number` of the first epoch, after `done` others: the loss before it.
    fn tried_step(&mut self, rate: f64, done: usize, number: usize) -> Option<f64> {
        let (n, batch_size) = (self.part.len(), self.config.batch_size());
        let order = epoch_order(n, self.config.seed, 0);
        let first = number * batch_size;
        let places = &order[first..n.min(first + batch_size)];
        let step = Step {
            learning_rate: rate,
            done: done as u64,
            ..step_after(self.config, n, number as u64)
        };
        let mut buffers = Buffers::default();
        let augmentation = &self.config.augmentation;
        let batch = augmentation.gather(&self.part, places, &step, &mut buffers);
        let batch = batch.ok()?;
        let trained = self.engine.step(&batch, &step, &mut []);
        let terms = (self.naming).terms(&trained.report, &self.part.log_scales(&batch));
        Some(terms.iter().map(|term| term.value.scaled).sum())
    }
}
