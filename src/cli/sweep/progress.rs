//! How far a sweep is: a line for each run that is done, and on a terminal a bar with the time left.

use crate::cli::terminal::{draws_bars, tell};
use crate::train::fit::Watch;
use crate::train::metrics::Line;
use crate::train::progress::duration;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What is shown of all runs.
pub(super) struct Shown {
    bar: ProgressBar,
    begun: Instant,
    drawn: Mutex<Instant>,
    /// The part of each run that is done, as the bits of a float32.
    parts: Vec<AtomicU32>,
    done: AtomicUsize,
    /// Whether lines are printed.
    lines: bool,
}

impl Shown {
    /// Of so many runs.
    pub(super) fn new(runs: usize, lines: bool) -> Self {
        let target = match draws_bars() && runs > 0 {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(1000), target);
        let style =
            ProgressStyle::with_template("{prefix} {bar:20}  {wide_msg}").expect("a template");
        bar.set_style(style.progress_chars("━╸ "));
        bar.set_prefix(format!("0/{runs} runs"));
        Shown {
            bar,
            begun: Instant::now(),
            drawn: Mutex::new(Instant::now()),
            parts: (0..runs).map(|_| AtomicU32::new(0)).collect(),
            done: AtomicUsize::new(0),
            lines,
        }
    }

    /// What shows the run at this place.
    pub(super) fn own(&self, place: usize) -> Own<'_> {
        Own {
            shown: self,
            place,
            epochs: 1,
            steps: 1,
            epoch: 0,
        }
    }

    /// A run is done; `line` says which.
    pub(super) fn done(&self, place: usize, line: &str) {
        self.part(place, 1.0);
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let runs = self.parts.len();
        self.bar.set_prefix(format!("{done}/{runs} runs"));
        if self.lines {
            let width = runs.to_string().len();
            self.bar
                .suspend(|| tell!("{done:>width$} of {runs}  {line}"));
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn part(&self, place: usize, part: f32) {
        self.parts[place].store(part.to_bits(), Ordering::Relaxed);
    }

    fn draw(&self) {
        let Ok(mut drawn) = self.drawn.try_lock() else {
            return;
        };
        if self.bar.is_hidden() || drawn.elapsed() < Duration::from_millis(200) {
            return;
        }
        *drawn = Instant::now();
        let parts = self
            .parts
            .iter()
            .map(|part| f32::from_bits(part.load(Ordering::Relaxed)));
        let done = f64::from(parts.sum::<f32>()) / self.parts.len() as f64;
        self.bar.set_position((done * 1000.0) as u64);
        if done > 0.0 {
            let left = self.begun.elapsed().mul_f64((1.0 - done).max(0.0) / done);
            self.bar.set_message(format!("{} left", duration(left)));
        }
    }
}

/// What shows one run.
pub(super) struct Own<'a> {
    shown: &'a Shown,
    place: usize,
    epochs: usize,
    steps: usize,
    epoch: usize,
}

impl Own<'_> {
    /// It has so many epochs of so many steps.
    pub(super) fn of(&mut self, epochs: usize, steps: usize) {
        (self.epochs, self.steps) = (epochs, steps);
    }
}

impl Watch for Own<'_> {
    fn epoch_begins(&mut self, epoch: usize, _: usize) {
        self.epoch = epoch;
    }

    fn step(&mut self, step_of_epoch: usize, _: &dyn Fn() -> Line) {
        let done = self.epoch * self.steps + step_of_epoch;
        let part = done as f32 / (self.epochs * self.steps) as f32;
        self.shown.part(self.place, part);
        self.shown.draw();
    }

    fn epoch_ends(&mut self, _: usize, _: &Line) {}
}
