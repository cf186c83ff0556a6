//! A run as it is shown: a table with a row an epoch, and on a terminal a bar below it.

use super::fit::Watch;
use super::metrics::{Fit, Line, of_target};
use crate::likelihood::ScoreValue;
use crate::words::wrapped;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};

/// The table and the bar.
pub struct Progress<'a> {
    /// Takes the table's lines.
    print: &'a mut dyn FnMut(&str),
    /// The widest line of the table.
    width: usize,
    /// What the terms but the nll are called, if there are any:
    /// [`Inference::weights_label`](crate::ir::Inference::weights_label).
    weights: Option<String>,
    bar: ProgressBar,
    /// The width of the terminal that the bar is drawn on, which may change.
    room: Option<fn() -> usize>,
    epochs: usize,
    steps: usize,
    /// Steps done before this start, and when it was.
    begun: Option<(usize, Instant)>,
    done: usize,
    drawn: Instant,
    headed: bool,
    /// Every so many epochs have a row, and the first and the last.
    every: usize,
    /// The last epoch's row, where it was not shown.
    unshown: Option<String>,
    /// The mean nll of the last whole epoch, and its fit.
    last: Option<(f64, Fit)>,
}

/// Where a run is shown.
pub struct Screen<'a> {
    /// Takes the table's lines.
    pub print: &'a mut dyn FnMut(&str),
    /// The widest line of the table.
    pub width: usize,
    /// The width of the terminal that a bar is drawn on, if there is one.
    pub bar: Option<fn() -> usize>,
}

impl<'a> Progress<'a> {
    /// For `epochs` epochs of `steps` steps.
    pub fn new(
        (epochs, steps): (usize, usize),
        weights: Option<String>,
        screen: Screen<'a>,
    ) -> Self {
        let target = if screen.bar.is_some() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(steps as u64), target);
        let style = ProgressStyle::with_template("epoch {prefix} {bar:8} {pos}/{len}  {wide_msg}")
            .expect("a template");
        bar.set_style(style.progress_chars("━╸ "));
        Progress {
            print: screen.print,
            width: screen.width,
            weights,
            bar,
            room: screen.bar,
            epochs,
            steps,
            begun: None,
            done: 0,
            drawn: Instant::now(),
            headed: false,
            every: every(epochs),
            unshown: None,
            last: None,
        }
    }

    /// The training nll per example and the fit of the last whole epoch.
    pub fn last(&self) -> Option<(f64, Fit)> {
        self.last
    }

    /// Shows the last epoch, and clears the bar.
    pub fn finish(&mut self) {
        self.end_rows();
        self.bar.finish_and_clear();
    }

    /// Shows the last epoch's row where it was not shown.
    fn end_rows(&mut self) {
        if let Some(row) = self.unshown.take() {
            self.line(&row);
        }
    }

    fn line(&mut self, text: &str) {
        let print = &mut self.print;
        self.bar.suspend(|| print(text));
    }

    /// Time left, from the mean over the steps since this start.
    fn left(&self) -> Option<Duration> {
        let (from, begun) = self.begun?;
        let here = self.done.checked_sub(from).filter(|n| *n > 0)?;
        let rest = (self.epochs * self.steps).saturating_sub(self.done);
        Some(begun.elapsed().mul_f64(rest as f64 / here as f64))
    }
}

impl Watch for Progress<'_> {
    fn epoch_begins(&mut self, epoch: usize, step_of_epoch: usize) {
        let done = epoch * self.steps + step_of_epoch;
        self.begun.get_or_insert((done, Instant::now()));
        self.done = done;
        self.bar.reset();
        self.bar
            .set_prefix(format!("{}/{}", epoch + 1, self.epochs));
        self.bar.set_position(step_of_epoch as u64);
    }

    fn step(&mut self, step_of_epoch: usize, line: &dyn Fn() -> Line) {
        self.done += 1;
        // The line's numbers are worked out ten times a second, not every step.
        if self.bar.is_hidden() || self.drawn.elapsed() < Duration::from_millis(100) {
            return;
        }
        self.drawn = Instant::now();
        let line = line();
        // What matters least comes last, where a narrow terminal has no room for it.
        let mut fields = Vec::new();
        fields.extend(self.left().map(|left| format!("{} left", duration(left))));
        fields.push(format!("loss {}", number(line.loss)));
        fields.extend(line.fits.iter().map(|(target, found)| {
            let (word, _) = found.entry();
            format!("{} {}", of_target(word, target.as_deref()), fit(found))
        }));
        if let Some(weights) = &self.weights {
            fields.push(format!("nll {}", number(line.nll())));
            fields.push(format!("{weights} {}", number(line.kl())));
        }
        fields.push(format!("{} examples/s", number(line.examples_per_second)));
        let before = format!(
            "epoch {}  {}{}/{}  ",
            self.bar.prefix(),
            " ".repeat(8),
            self.steps,
            self.steps
        );
        let room = self.room.map_or(usize::MAX, |width| width());
        let room = room.saturating_sub(before.chars().count());
        self.bar.set_message(message(&fields, room));
        self.bar.set_position(step_of_epoch as u64);
    }

    fn fit_begins(&mut self, text: &str) {
        self.end_rows();
        self.line(text);
    }

    fn left_out(&mut self, text: &str) {
        self.end_rows();
        // Steps that are left out take no time.
        self.begun = None;
        self.line(wrapped("left out   ", text, self.width).trim_end());
    }

    fn epoch_ends(&mut self, epoch: usize, line: &Line) {
        let columns = columns(epoch, line, self.weights.as_deref());
        let [head, row] = rows(columns, self.width);
        // Of several targets no single fit says how good the run is.
        self.last = match &line.fits[..] {
            [(_, only)] => Some((line.nll(), *only)),
            _ => None,
        };
        let is_first = !std::mem::replace(&mut self.headed, true);
        if is_first {
            self.line(&head);
        }
        if is_first || (epoch + 1).is_multiple_of(self.every) {
            self.unshown = None;
            self.line(&row);
        } else {
            self.unshown = Some(row);
        }
    }
}

/// The most rows that a person reads.
const ROWS: usize = 25;

/// How many epochs lie between two rows: 1, 2, 5, 10, 20, 50, …
fn every(epochs: usize) -> usize {
    // Beside the first and the last.
    let fits = |every: &usize| epochs / every <= ROWS - 2;
    let steps = (0..).flat_map(|power| [1, 2, 5].map(|digit| digit * 10usize.pow(power)));
    steps.take(25).find(fits).unwrap_or(epochs.max(1))
}

/// As many of the fields as there is room for, each whole.
fn message(fields: &[String], room: usize) -> String {
    let mut text = String::new();
    for field in fields {
        let blanks = if text.is_empty() { 0 } else { 2 };
        if text.chars().count() + blanks + field.chars().count() > room {
            break;
        }
        text += &format!("{}{field}", " ".repeat(blanks));
    }
    text
}

/// A column of the table, with its value in one row.
struct Column {
    title: String,
    /// Blanks before it included; of the title alone, so that rows stand under each other.
    width: usize,
    value: String,
    /// When it is left out where the table is too wide: 1 first, 0 never.
    spared: u8,
}

fn columns(epoch: usize, line: &Line, weights: Option<&str>) -> Vec<Column> {
    let column = |title: &str, width: usize, spared, value| Column {
        title: title.into(),
        // As wide as a number, or as its title.
        width: width.max(title.chars().count() + 2),
        value,
        spared,
    };
    let mut all = vec![Column {
        width: 6,
        ..column("epoch", 6, 0, (epoch + 1).to_string())
    }];
    // The loss is the sum of the two that follow, or the one.
    all.push(column("loss", 11, 4, number(line.loss)));
    all.push(column("nll", 11, 0, number(line.nll())));
    if let Some(weights) = weights {
        all.push(column(weights, 11, 3, number(line.kl())));
    }
    for (target, found) in &line.fits {
        let (word, _) = found.entry();
        let title = of_target(word, target.as_deref());
        all.push(column(&title, 11, 0, fit(found)));
    }
    if let Some(validation) = &line.validation {
        all.push(column("valid. nll", 12, 0, number(validation.nll())));
        for ((target, scores), (_, found)) in validation.0.iter().zip(&line.fits) {
            let good = match scores.scores.first().map(|score| &score.value) {
                Some(ScoreValue::Share(x)) => percent(*x),
                Some(ScoreValue::Number(x)) => number(*x),
                _ => String::new(),
            };
            let (word, _) = found.entry();
            let title = format!("valid. {}", of_target(word, target.as_deref()));
            all.push(column(&title, 12, 0, good));
        }
    }
    let time = duration(Duration::from_secs_f64(line.seconds));
    all.push(column(
        "examples/s",
        12,
        1,
        number(line.examples_per_second),
    ));
    all.push(column("time", 8, 2, time));
    all
}

/// The titles and the values, without the columns that there is no room for.
fn rows(mut columns: Vec<Column>, width: usize) -> [String; 2] {
    let wide = |columns: &[Column]| columns.iter().map(|c| c.width).sum::<usize>() > width;
    for spared in 1..=4 {
        if wide(&columns) {
            columns.retain(|column| column.spared != spared);
        }
    }
    let line = |text: fn(&Column) -> &str| -> String {
        let cells = columns.iter();
        cells.map(|c| format!("{:>1$}", text(c), c.width)).collect()
    };
    [line(|c| &c.title), line(|c| &c.value)]
}

fn fit(fit: &Fit) -> String {
    match fit {
        Fit::Accuracy(x) => percent(*x),
        Fit::Rmse(x) => number(*x),
    }
}

/// `59.97 %`
pub fn percent(part: f64) -> String {
    format!("{:.2} %", 100.0 * part)
}

/// A number with four decimals where it is small, none where it is large, and at most ten characters:
/// `1.1952`, `23.441`, `2310`, `1.490e12`.
pub fn number(x: f64) -> String {
    match x.abs() {
        a if !a.is_finite() => format!("{x}"),
        a if a >= 1e7 => format!("{x:.3e}"),
        a if a >= 1000.0 => format!("{x:.0}"),
        a if a >= 100.0 => format!("{x:.2}"),
        a if a >= 10.0 => format!("{x:.3}"),
        a if a >= 0.001 || a == 0.0 => format!("{x:.4}"),
        _ => format!("{x:.2e}"),
    }
}

/// `0.4 s`, `12:30`, `1:02:03`
pub fn duration(time: Duration) -> String {
    if time < Duration::from_secs(60) {
        return format!("{:.1} s", time.as_secs_f64());
    }
    let seconds = time.as_secs_f64().round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests;
