//! A comparison for a person: tables of scores, of settings and of cost, and what is not comparable.

use super::settings::{differing, tails};
use super::table::{Column, aligned, markdown};
use super::{Comparison, Cost, Found, Run, Scored, State, first};
use crate::score::Unit;
use crate::train::progress::{duration, number, percent};
use crate::words::{distinct, plural, thousands, wrapped};
use std::time::Duration;

/// What stands where there is no number.
const NONE: &str = "–";

/// A value of a score.
pub(super) fn value(unit: Unit, x: f64) -> String {
    match unit {
        Unit::Share => percent(x),
        _ => number(x),
    }
}

fn signed(unit: Unit, x: f64) -> String {
    let text = value(unit, x.abs());
    match x {
        x if x.is_nan() => text,
        x if x < 0.0 => format!("−{text}"),
        _ => format!("+{text}"),
    }
}

impl Comparison {
    /// For a terminal of this width.
    pub fn text(&self, width: usize) -> String {
        let mut out = self.head(width);
        let lead = self.lead();
        let shown = [vec![lead.clone()], self.shown_score()].concat();
        out += &format!("\n{}", aligned(&shown[0], &shown[1..], width));
        for columns in [self.other_scores(), self.settings(), self.costs()] {
            if !columns.is_empty() {
                out += &format!("\n{}", aligned(&lead, &columns, width));
            }
        }
        let failed = self.runs.iter().filter_map(|run| match &run.state {
            State::Diverged(why) | State::Failed(why) => Some((run, why)),
            _ => None,
        });
        let mut first = "\n";
        for (run, why) in failed {
            let text = format!("{}: {why}", run.name);
            out += &format!("{first}{}", wrapped("not scored ", &text, width));
            first = "";
        }
        let mut first = "\n";
        for warning in &self.warnings {
            out += &format!("{first}{}", wrapped("warning    ", warning, width));
            first = "";
        }
        out
    }

    /// One table in Markdown, and what is not comparable below it.
    pub fn markdown(&self) -> String {
        let lead = Column::words(
            "run",
            self.runs.iter().map(|run| run.name.clone()).collect(),
        );
        let states = self.runs.iter().map(|run| run.state.word().to_owned());
        let mut columns = vec![lead, Column::words("state", states.collect())];
        columns.extend(self.settings());
        columns.extend(self.shown_score());
        columns.extend(self.other_scores());
        columns.extend(self.costs().into_iter().filter(|c| c.title != "state"));
        let mut out = markdown(&columns);
        for warning in &self.warnings {
            out += &format!("\n{warning}.\n");
        }
        out
    }

    /// What is compared, on what, and in which order.
    fn head(&self, width: usize) -> String {
        let scored = self.found().count();
        let without = match self.runs.len() - scored {
            0 => String::new(),
            n => format!(", {n} of which could not be scored"),
        };
        let mut out = format!("compared   {}{without}\n", plural(self.runs.len(), "run"));
        let data = distinct(self.found().map(|(_, found)| found.examples.name.clone()));
        match &data[..] {
            [] => {}
            [only] => out += &wrapped("data       ", only, width),
            several => {
                let more = format!("{}, and {} more", several[0], several.len() - 1);
                out += &wrapped("data       ", &more, width);
            }
        }
        let Some(shown) = &self.shown else { return out };
        let order = match (&self.by, self.score(shown).map(|score| score.better)) {
            (None, _) => "as the runs were given".to_owned(),
            (_, Some(better)) => format!("by {shown}, {}", first(shown, better)),
            _ => format!("by {shown}"),
        };
        let intervals = match self.score(shown).and_then(Scored::interval) {
            Some(_) => "; intervals are 95 % of resampled examples",
            None => "",
        };
        out + &wrapped("sorted     ", &format!("{order}{intervals}"), width)
    }

    fn found(&self) -> impl Iterator<Item = (&Run, &Found)> {
        let runs = self.runs.iter();
        runs.filter_map(|run| Some((run, run.found.as_ref()?)))
    }

    /// The first of the scores of this name.
    fn score(&self, name: &str) -> Option<&Scored> {
        self.found().find_map(|(_, found)| found.score(name))
    }

    /// Which run a row is of.
    fn lead(&self) -> Column {
        let digits = self.runs.len().to_string().len();
        let runs = self.runs.iter().enumerate();
        let names = runs.map(|(place, run)| format!("{:>digits$} {}", place + 1, run.name));
        Column::words("run", names.collect())
    }

    fn column(&self, title: &str, cell: impl Fn(&Found) -> Option<String>) -> Column {
        let cells = self.runs.iter().map(|run| {
            let cell = run.found.as_ref().and_then(&cell);
            cell.unwrap_or_else(|| NONE.into())
        });
        Column::numbers(title, cells.collect())
    }

    /// The score that runs are sorted by, its intervals, and the differences to the reference.
    fn shown_score(&self) -> Vec<Column> {
        let Some(name) = self.shown.as_deref() else {
            let states = self.runs.iter().map(|run| run.state.word().to_owned());
            return vec![Column::words("state", states.collect())];
        };
        let mut columns = vec![self.score_column(name)];
        let interval = self.column("95 % interval", |found| {
            let score = found.score(name)?;
            let [low, high] = score.interval()?;
            let range = [low, high].map(|x| value(score.unit, x));
            Some(format!("{} to {}", range[0], range[1]))
        });
        if interval.cells.iter().any(|cell| cell != NONE) {
            columns.push(interval);
        }
        let Some((first, _)) = self.reference() else {
            return columns;
        };
        let unit = self.score(name).map_or(Unit::Plain, |score| score.unit);
        let differences: Vec<String> = (0..self.runs.len())
            .map(|place| match self.difference(place) {
                None => NONE.into(),
                Some((x, None)) => signed(unit, x),
                Some((x, Some([low, high]))) => {
                    let [x, low, high] = [x, low, high].map(|x| signed(unit, x));
                    format!("{x} ({low} to {high})")
                }
            })
            .collect();
        if differences.iter().any(|cell| cell != NONE) {
            let title = format!("less run {}, paired", first + 1);
            columns.push(Column::numbers(title, differences));
        }
        columns
    }

    fn score_column(&self, name: &str) -> Column {
        self.column(name, |found| {
            let score = found.score(name)?;
            Some(value(score.unit, score.value))
        })
    }

    fn other_scores(&self) -> Vec<Column> {
        let names = self.scores().into_iter();
        let others = names.filter(|name| Some(name) != self.shown.as_ref());
        others.map(|name| self.score_column(&name)).collect()
    }

    /// The settings that differ.
    fn settings(&self) -> Vec<Column> {
        let all = differing(self.runs.iter()).into_iter();
        all.map(|setting| {
            let cells = tails(&setting.values);
            let is_number = |cell: &String| cell == NONE || cell.parse::<f64>().is_ok();
            Column {
                right: cells.iter().all(is_number),
                title: setting.title,
                cells,
            }
        })
        .collect()
    }

    /// ELBO and cost, and how far runs are where some have not finished.
    fn costs(&self) -> Vec<Column> {
        let quantities = distinct(self.found().map(|(_, found)| found.bound.quantity));
        let title = match quantities[..] {
            [] => return vec![],
            [only] => only,
            _ => "loss",
        };
        let cost = |cell: fn(&Cost) -> Option<String>| move |found: &Found| cell(&found.cost);
        let mut columns = vec![self.column(title, |found| Some(number(found.bound.value)))];
        if quantities.len() > 1 {
            let quantity = self.column("which is", |found| Some(found.bound.quantity.into()));
            columns.push(Column {
                right: false,
                ..quantity
            });
        }
        if self
            .found()
            .any(|(_, found)| found.bound.log_evidence.is_some())
        {
            let evidence = |found: &Found| found.bound.log_evidence.map(number);
            columns.push(self.column("log evidence", evidence));
        }
        columns.extend([
            self.column("weights", cost(|cost| Some(thousands(cost.weights)))),
            self.column("epochs done", cost(|cost| Some(thousands(cost.epochs)))),
            self.column(
                "time",
                cost(|cost| {
                    cost.seconds
                        .map(|s| duration(Duration::from_secs_f64(s.max(0.0))))
                }),
            ),
            self.column(
                "examples/s",
                cost(|cost| {
                    cost.examples_per_second
                        .map(|speed| thousands(speed as usize))
                }),
            ),
        ]);
        if self.runs.iter().any(|run| run.state != State::Finished) {
            let states = self.runs.iter().map(|run| run.state.word().to_owned());
            columns.push(Column::words("state", states.collect()));
        }
        columns
    }
}
