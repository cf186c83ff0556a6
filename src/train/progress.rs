//! A run as it is shown: a table with a row an epoch, and on a terminal a bar below it.

use super::fit::Watch;
use super::metrics::{Fit, Line};
use crate::evaluate::Scores;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};

/// The table and the bar.
pub struct Progress<'a> {
    /// Takes the table's lines.
    print: &'a mut dyn FnMut(&str),
    /// What the terms but the nll are called: [`Model::weights_label`](crate::ir::Model::weights_label).
    weights: String,
    bar: ProgressBar,
    epochs: usize,
    steps: usize,
    /// Steps done before this start, and when it was.
    begun: Option<(usize, Instant)>,
    done: usize,
    drawn: Instant,
    headed: bool,
}

impl<'a> Progress<'a> {
    /// For `epochs` epochs of `steps` steps; `bar` where there is a terminal to draw on.
    pub fn new(
        (epochs, steps): (usize, usize),
        weights: String,
        bar: bool,
        print: &'a mut dyn FnMut(&str),
    ) -> Self {
        let target = if bar {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(steps as u64), target);
        let style = ProgressStyle::with_template("epoch {prefix} {bar:8} {pos}/{len}  {wide_msg}")
            .expect("a template");
        bar.set_style(style.progress_chars("━╸ "));
        Progress {
            print,
            weights,
            bar,
            epochs,
            steps,
            begun: None,
            done: 0,
            drawn: Instant::now(),
            headed: false,
        }
    }

    /// Clears the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
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
        // What matters least comes last, where a narrow terminal cuts it off.
        let left = self
            .left()
            .map_or(String::new(), |left| format!("{} left  ", duration(left)));
        self.bar.set_message(format!(
            "{left}loss {}  {}  nll {}  {} {}  {} examples/s",
            number(line.loss),
            fit(&line.fit, true),
            number(line.nll()),
            self.weights,
            number(line.kl()),
            number(line.examples_per_second),
        ));
        self.bar.set_position(step_of_epoch as u64);
    }

    fn epoch_ends(&mut self, epoch: usize, line: &Line) {
        if !self.headed {
            self.headed = true;
            let head = heading(line, &self.weights);
            self.line(&head);
        }
        let row = row(epoch, line, &self.weights);
        self.line(&row);
    }
}

/// Column titles, as wide as the columns.
fn heading(line: &Line, weights: &str) -> String {
    let word = if matches!(line.fit, Fit::Accuracy(_)) {
        "accuracy"
    } else {
        "rmse"
    };
    let mut text = format!(
        "{:>6}{:>11}{:>11}{:>width$}{:>11}",
        "epoch",
        "loss",
        "nll",
        weights,
        word,
        width = column(weights),
    );
    if line.validation.is_some() {
        text += &format!("{:>13}{:>18}", "valid. nll", format!("valid. {word}"));
    }
    text + &format!("{:>13}{:>8}", "examples/s", "time")
}

/// As wide as a number, or as its title.
fn column(title: &str) -> usize {
    11.max(title.chars().count() + 2)
}

fn row(epoch: usize, line: &Line, weights: &str) -> String {
    let mut text = format!(
        "{:>6}{:>11}{:>11}{:>width$}{:>11}",
        epoch + 1,
        number(line.loss),
        number(line.nll()),
        number(line.kl()),
        fit(&line.fit, false),
        width = column(weights),
    );
    if let Some(scores) = &line.validation {
        let good = match scores {
            Scores::Classification { accuracy, .. } => percent(*accuracy),
            Scores::Regression { rmse, .. } => number(*rmse),
        };
        text += &format!("{:>13}{:>18}", number(scores.nll()), good);
    }
    text + &format!(
        "{:>13}{:>8}",
        number(line.examples_per_second),
        duration(Duration::from_secs_f64(line.seconds))
    )
}

fn fit(fit: &Fit, named: bool) -> String {
    match (fit, named) {
        (Fit::Accuracy(x), true) => format!("accuracy {}", percent(*x)),
        (Fit::Rmse(x), true) => format!("rmse {}", number(*x)),
        (Fit::Accuracy(x), false) => percent(*x),
        (Fit::Rmse(x), false) => number(*x),
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
mod tests {
    use super::*;
    use crate::exec::TermValue;
    use crate::train::metrics::NamedTerm;

    #[test]
    fn rows_stand_under_their_headings() {
        let term = |name: &str, scaled| NamedTerm {
            name: name.into(),
            value: TermValue {
                value: 0.0,
                scale: 1.0,
                scaled,
            },
        };
        let scores = Scores::Classification {
            examples: 5000,
            draws: 10,
            accuracy: 0.5123,
            nll: 1.43,
            brier: 0.6,
            ece: 0.02,
            expected_nll: 1.5,
        };
        let line = |validation| Line {
            kind: "epoch",
            step: 391,
            epoch: 1.0,
            learning_rate: 1e-3,
            loss: 13.7286,
            lambda: Some(1.0),
            terms: vec![
                term("nll", 5.2068),
                term("kl(a)", 8.5),
                term("kl(b)", 0.0218),
            ],
            fit: Fit::Accuracy(0.234),
            examples_per_second: 2310.4,
            seconds: 21.6,
            validation,
        };
        let mut shown = vec![];
        let mut print = |text: &str| shown.push(text.to_owned());
        let mut progress = Progress::new((2, 391), "kl/N".into(), false, &mut print);
        progress.epoch_begins(0, 0);
        progress.epoch_ends(0, &line(None));
        progress.epoch_ends(9, &line(Some(scores.clone())));
        progress.finish();
        assert_eq!(
            shown,
            [
                " epoch       loss        nll       kl/N   accuracy   examples/s    time",
                "     1     13.729     5.2068     8.5218    23.40 %         2310  21.6 s",
                "    10     13.729     5.2068     8.5218    23.40 %       1.4300           51.23 %         2310  21.6 s",
            ]
        );
        assert_eq!(heading(&line(Some(scores)), "kl/N").len(), shown[2].len());
    }

    #[test]
    fn numbers_are_short() {
        let told: Vec<_> = [
            0.0,
            1.19523,
            23.4412,
            532.123,
            49_999.6,
            1.4909e12,
            0.00012,
            f64::NAN,
        ]
        .map(number)
        .into();
        assert_eq!(
            told,
            [
                "0.0000", "1.1952", "23.441", "532.12", "50000", "1.491e12", "1.20e-4", "NaN"
            ]
        );
        let times = [7, 750, 3723].map(|s| duration(Duration::from_secs(s)));
        assert_eq!(times, ["7.0 s", "12:30", "1:02:03"]);
    }
}
