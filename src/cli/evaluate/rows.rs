//! Lines of scores: a name, a number, its interval, and what it is.

use super::super::scored::ScoredTarget;
use super::super::terminal::{say, say_wrapped};
use crate::score::{Measured, Unit, baseline_says};
use crate::train::progress::{number, percent};

/// A number in the unit of a score.
pub fn value(measured: &Measured) -> String {
    in_unit(measured.about.unit, measured.value)
}

fn in_unit(unit: Unit, x: f64) -> String {
    match unit {
        Unit::Share => percent(x),
        _ => number(x),
    }
}

/// `[0.8121, 0.8344]`, shares in percent; nothing where there are no resamples.
pub fn interval(measured: &Measured) -> String {
    let text = |x: f64| match measured.about.unit {
        Unit::Share => format!("{:.2}", 100.0 * x),
        _ => number(x),
    };
    match measured.interval() {
        Some([low, high]) => format!("[{}, {}]", text(low), text(high)),
        None => String::new(),
    }
}

/// A number with its interval, if it has one.
pub fn with_interval(measured: &Measured) -> String {
    match interval(measured) {
        none if none.is_empty() => value(measured),
        interval => format!("{} {interval}", value(measured)),
    }
}

/// What stands below a score where runs are side by side: another number, or the score's verdict.
pub fn beneath(target: &ScoredTarget, name: &str) -> Option<(&'static str, String)> {
    let scores = &target.scores;
    match name {
        "nll" if scores.draws > 1 => Some(("expected nll", number(scores.expected_nll))),
        "ece" => {
            let found = scores.verdicts.calibration.as_ref()?;
            Some(("", found.verdict.into()))
        }
        _ => coverage_verdict(target, name).map(|verdict| ("", verdict.into())),
    }
}

/// A line of a score.
struct Row {
    name: String,
    value: String,
    interval: String,
    what: String,
}

impl Row {
    fn of(name: &str, measured: &Measured, what: &str) -> Self {
        Row {
            name: name.into(),
            value: value(measured),
            interval: interval(measured),
            what: what.into(),
        }
    }

    /// What a line before says, in words.
    fn told(what: String) -> Self {
        Row {
            name: String::new(),
            value: String::new(),
            interval: String::new(),
            what,
        }
    }
}

/// Prints lines with their columns below each other.
fn print(rows: &[Row]) {
    let widest = |of: fn(&Row) -> &str, least: usize| {
        let widths = rows.iter().map(|row| of(row).chars().count());
        widths.max().unwrap_or(0).max(least)
    };
    let names = widest(|row| &row.name, 12) + 2;
    let values = widest(|row| &row.value, 7) + 1;
    let intervals = match widest(|row| &row.interval, 0) {
        0 => 0,
        most => most + 2,
    };
    for row in rows {
        let (name, value, interval) = (&row.name, &row.value, &row.interval);
        let head = format!("{name:<names$}{value:<values$} {interval:<intervals$}");
        say_wrapped(&head, &row.what);
    }
}

/// The names of a target's entries: with the columns that they are compared with.
pub fn entry_names(target: &ScoredTarget) -> Vec<String> {
    let names = target.run.compared(target.chosen.columns());
    let name = |entry| {
        let name: Option<&String> = names.get(entry);
        name.cloned().unwrap_or_else(|| format!("entry {entry}"))
    };
    (0..target.by_entry.len()).map(name).collect()
}

/// The scores that are told of each entry, too.
const BY_ENTRY: [(&str, &str); 3] = [
    ("rmse", "of"),
    ("crps", "of"),
    ("coverage_90", "in the 90 % interval, of"),
];

/// Prints every score of a target, with what it says.
pub fn print_measured(target: &ScoredTarget, entries: &[String]) {
    let scores = &target.scores;
    let mut rows = vec![];
    for measured in &target.measured {
        let name = measured.about.name;
        // Of places it is said what is of places.
        let own = scores.scores.iter().find(|score| score.name == name);
        let what = own.map_or(measured.about.what, |score| score.what);
        match coverage_verdict(target, name) {
            Some(verdict) => {
                let what = format!("{what}: {}", said_of_coverage(verdict));
                rows.push(Row::of(name, measured, &what));
            }
            None => rows.push(Row::of(name, measured, what)),
        }
        rows.extend(more(target, name));
        if let Some((_, what)) = BY_ENTRY.iter().find(|(score, _)| *score == name) {
            for (all, entry) in target.by_entry.iter().zip(entries) {
                let of_entry = all.iter().find(|other| other.about.name == name);
                rows.extend(of_entry.map(|one| Row::of("", one, &format!("{what} {entry}"))));
            }
        }
    }
    print(&rows);
}

/// `too wide, off by over 3 standard errors and 1 %`; of what fits, that alone.
pub fn said_of_coverage(verdict: &str) -> String {
    match verdict {
        "fits" => verdict.into(),
        _ => format!("{verdict}, off by over 3 standard errors and 1 %"),
    }
}

/// Whether an interval is as wide as it should be.
fn coverage_verdict(target: &ScoredTarget, name: &str) -> Option<&'static str> {
    let place = match name {
        "coverage_50" => 0,
        "coverage_90" => 1,
        "coverage_95" => 2,
        _ => return None,
    };
    target
        .scores
        .verdicts
        .coverage
        .get(place)
        .copied()
        .flatten()
}

/// What stands below a score.
fn more(target: &ScoredTarget, name: &str) -> Option<Row> {
    let scores = &target.scores;
    let verdicts = &scores.verdicts;
    match name {
        "nll" if scores.draws > 1 => Some(Row {
            name: "expected nll".into(),
            value: number(scores.expected_nll),
            interval: String::new(),
            what: "mean over single draws: the loss has this one".into(),
        }),
        "ece" => {
            let found = verdicts.calibration.as_ref()?;
            let says = format!("{:.2}, is right in {:.2}", found.says, found.right);
            Some(Row::told(format!("{}: says {says}", found.verdict)))
        }
        _ => None,
    }
}

/// Prints the headline's scores of the baseline.
pub fn headline(target: &ScoredTarget) {
    if target.baseline.is_empty() {
        return;
    }
    let headline = ["accuracy", "rmse", "mae", "nll", "brier", "crps"];
    let told = target
        .baseline
        .iter()
        .filter(|m| headline.contains(&m.about.name));
    let told: Vec<String> = told
        .map(|measured| format!("{} {}", measured.about.name, value(measured)))
        .collect();
    let says = baseline_says(&target.run.inference.summary());
    say_wrapped("baseline    ", &format!("{}: {says}", told.join(", ")));
}

/// Prints how well data out of distribution are told from the examples.
pub fn print_detections(target: &ScoredTarget) {
    for ood in &target.ood {
        say!("");
        say_wrapped("out of distribution  ", &ood.name);
        for detection in &ood.detections {
            let mut rows = vec![];
            for measured in &detection.scores {
                rows.push(Row::of(measured.about.name, measured, measured.about.what));
            }
            say_wrapped(&format!("by {}: ", detection.by.name), detection.by.what);
            print(&rows);
        }
    }
}
