//! Groups of runs that differ in seed and split alone: means over them, with standard errors.

use super::csv::{guarded, line};
use super::settings::{differing, tails};
use super::table::{Column, aligned, markdown};
use super::text::value;
use super::{AS_GIVEN, Run, State, first, known, names, place, warnings};
use crate::score::{Better, Unit};
use crate::train::progress::{duration, number};
use crate::words::{distinct, plural, wrapped};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Runs that are averaged.
pub struct Group {
    /// What they share.
    pub name: String,
    /// The number of their data: groups on other data are not sorted among each other.
    pub data: usize,
    /// They, and those that have not finished.
    pub runs: Vec<Run>,
}

/// Groups side by side.
pub struct Means {
    /// By their data, then by the score, the best first.
    groups: Vec<Group>,
    scores: Vec<String>,
    by: Option<String>,
    warnings: Vec<String>,
}

/// A mean and its standard error, s/√K, of K values; of one value no error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// The mean.
    pub value: f64,
    /// Its standard error.
    pub error: Option<f64>,
}

impl Mean {
    /// Of some values, of which there is one at least.
    pub fn of(values: &[f64]) -> Option<Mean> {
        let count = values.len() as f64;
        let value = values.iter().sum::<f64>() / count;
        let squares = values.iter().map(|v| (v - value).powi(2)).sum::<f64>();
        (!values.is_empty()).then_some(Mean {
            value,
            error: (values.len() > 1).then(|| (squares / (count - 1.0) / count).sqrt()),
        })
    }

    /// With two digits of the error: `5.32 ± 0.11`.
    fn text(&self, unit: Unit) -> String {
        match self.error {
            None => value(unit, self.value),
            Some(error) => {
                let (factor, end) = match unit {
                    Unit::Share => (100.0, " %"),
                    _ => (1.0, ""),
                };
                let (mean, error) = (factor * self.value, factor * error);
                let decimals = (1.0 - error.log10().floor()).clamp(2.0, 6.0);
                let decimals = if decimals.is_nan() {
                    2
                } else {
                    decimals as usize
                };
                format!("{mean:.decimals$} ± {error:.decimals$}{end}")
            }
        }
    }
}

impl Group {
    fn finished(&self) -> impl Iterator<Item = &Run> {
        let runs = self.runs.iter();
        runs.filter(|run| run.state == State::Finished && run.found.is_some())
    }

    fn values(&self, of: impl Fn(&super::Found) -> Option<f64>) -> Vec<f64> {
        let found = self.finished().filter_map(|run| run.found.as_ref());
        found.filter_map(of).collect()
    }

    /// The mean of the score of this name.
    fn score(&self, name: &str) -> Option<(Mean, Unit, Better)> {
        let values = self.values(|found| Some(found.score(name)?.value));
        let mut runs = self
            .finished()
            .filter_map(|run| run.found.as_ref()?.score(name));
        let first = runs.next()?;
        Some((Mean::of(&values)?, first.unit, first.better))
    }

    /// How many runs are averaged, and what became of the others.
    fn count(&self) -> String {
        let mut text = self.finished().count().to_string();
        let left_out = self
            .runs
            .iter()
            .filter(|run| run.state != State::Finished || run.found.is_none());
        let words = left_out.map(|run| match &run.state {
            State::Unfinished(_) => "unfinished",
            state => state.word(),
        });
        let words: Vec<&str> = words.collect();
        for word in distinct(words.iter().copied()) {
            let count = words.iter().filter(|other| **other == word).count();
            text += &format!(", {count} {word}");
        }
        text
    }
}

impl Means {
    /// Of these groups, sorted by the mean of the score of this name; by the nll, with a warning, where no run has it.
    pub fn new(mut groups: Vec<Group>, asked: &str) -> Means {
        let scores = names(groups.iter().flat_map(|group| &group.runs));
        let (by, mut told) = match known(asked, &scores) {
            Ok(()) => (asked, vec![]),
            Err(_) => {
                let note = format!("no run has a score `{asked}`: they are sorted by nll");
                ("nll", vec![note])
            }
        };
        let key = |group: &Group| match group.score(by) {
            Some((mean, _, better)) => place(by, better, mean.value),
            None => f64::INFINITY,
        };
        match by == AS_GIVEN {
            true => groups.sort_by_key(|group| group.data),
            false => groups.sort_by(|a, b| a.data.cmp(&b.data).then(key(a).total_cmp(&key(b)))),
        }
        for data in distinct(groups.iter().map(|group| group.data)) {
            let own = groups.iter().filter(|group| group.data == data);
            // One run of each stands for its group; on other splits all are comparable alike.
            let first: Vec<(&str, &Run)> = own
                .filter_map(|group| Some((&*group.name, group.finished().next()?)))
                .collect();
            told.extend(warnings::of_named(&first));
        }
        Means {
            by: (by != AS_GIVEN && !scores.is_empty()).then(|| by.to_owned()),
            warnings: distinct(told),
            groups,
            scores,
        }
    }

    /// For a terminal of this width; `settings`: the settings that differ, too, where names do not say them.
    pub fn text(&self, settings: bool, width: usize) -> String {
        let digits = self.groups.len().to_string().len();
        let numbered = self.groups.iter().enumerate();
        let names = numbered.map(|(place, group)| format!("{:>digits$} {}", place + 1, group.name));
        let lead = Column::words("runs of", names.collect());
        let runs = self.groups.iter().map(|group| group.runs.len()).sum();
        let mut out = format!(
            "averaged   {}: mean ± standard error\n",
            plural(runs, "run")
        );
        if let Some(by) = &self.by {
            let better = self.groups.iter().find_map(|group| group.score(by));
            let order = better.map_or(String::new(), |(.., better)| first(by, better));
            out += &format!("sorted     by {by}, {order}\n");
        }
        out += &format!("\n{}", aligned(&lead, &self.columns(), width));
        if settings {
            out += &format!("\n{}", aligned(&lead, &self.settings(), width));
        }
        let mut head = "\n";
        for run in self.groups.iter().flat_map(|group| &group.runs) {
            if let State::Diverged(why) | State::Failed(why) = &run.state {
                let text = format!("{}: {why}", run.name);
                out += &format!("{head}{}", wrapped("not scored ", &text, width));
                head = "";
            }
        }
        let mut head = "\n";
        for warning in &self.warnings {
            out += &format!("{head}{}", wrapped("warning    ", warning, width));
            head = "";
        }
        out
    }

    /// One table in Markdown.
    pub fn markdown(&self, settings: bool) -> String {
        let names = self.groups.iter().map(|group| group.name.clone());
        let mut columns = vec![Column::words("runs of", names.collect())];
        if settings {
            columns.extend(self.settings());
        }
        columns.extend(self.columns());
        let mut out = markdown(&columns);
        for warning in &self.warnings {
            out += &format!("\n{warning}.\n");
        }
        out
    }

    fn columns(&self) -> Vec<Column> {
        let cells = |cell: &dyn Fn(&Group) -> Option<String>| -> Vec<String> {
            let groups = self.groups.iter();
            groups
                .map(|group| cell(group).unwrap_or_else(|| "–".into()))
                .collect()
        };
        let mut columns = vec![Column::numbers("runs", cells(&|group| Some(group.count())))];
        let first = self
            .scores
            .iter()
            .filter(|name| self.by.as_ref() == Some(name));
        let others = self
            .scores
            .iter()
            .filter(|name| self.by.as_ref() != Some(name));
        for name in first.chain(others) {
            let of = |group: &Group| {
                let (mean, unit, _) = group.score(name)?;
                Some(mean.text(unit))
            };
            columns.push(Column::numbers(name, cells(&of)));
        }
        let found = self.groups.iter().flat_map(Group::finished);
        let found = found.filter_map(|run| run.found.as_ref());
        let quantities = distinct(found.map(|found| found.bound.quantity));
        if let [only] = quantities[..] {
            let of = |group: &Group| {
                let values = group.values(|found| Some(found.bound.value));
                Some(Mean::of(&values)?.text(Unit::Nats))
            };
            columns.push(Column::numbers(only, cells(&of)));
        }
        let time = |group: &Group| {
            let mean = Mean::of(&group.values(|found| found.cost.seconds))?;
            Some(duration(Duration::from_secs_f64(mean.value.max(0.0))))
        };
        columns.push(Column::numbers("time", cells(&time)));
        columns
    }

    /// The settings that differ between the groups.
    fn settings(&self) -> Vec<Column> {
        // Those in which runs of one group differ are averaged over.
        let averaged: Vec<String> = (self.groups.iter())
            .flat_map(|group| differing(group.runs.iter()))
            .map(|setting| setting.key)
            .collect();
        let first = self.groups.iter().filter_map(|group| group.runs.first());
        let all = differing(first).into_iter();
        let own = all.filter(|setting| !averaged.contains(&setting.key));
        own.map(|setting| {
            let short = |cell: String| match cell.parse::<f64>() {
                Ok(x) if cell.len() > 8 => number(x),
                _ => cell,
            };
            Column::numbers(
                setting.title,
                tails(&setting.values).into_iter().map(short).collect(),
            )
        })
        .collect()
    }

    /// As JSON: a list of groups, each with its runs.
    pub fn json(&self) -> Value {
        let groups = self.groups.iter().map(|group| {
            let scores = self.scores.iter().filter_map(|name| {
                let (mean, ..) = group.score(name)?;
                let each = group.finished().filter_map(|run| {
                    let value = run.found.as_ref()?.score(name)?.value;
                    Some((run.name.clone(), json!(value)))
                });
                let each: Map<String, Value> = each.collect();
                let score = json!({"mean": mean.value, "standard_error": mean.error, "runs": each});
                Some((name.clone(), score))
            });
            let scores: Map<String, Value> = scores.collect();
            let left_out = group.runs.iter().filter(|run| run.state != State::Finished);
            let left_out: Map<String, Value> = left_out
                .map(|run| (run.name.clone(), json!(run.state.word())))
                .collect();
            json!({
                "name": group.name,
                "runs": group.finished().count(),
                "left_out": left_out,
                "scores": scores,
            })
        });
        json!({
            "sorted_by": self.by,
            "groups": groups.collect::<Vec<_>>(),
            "warnings": self.warnings,
        })
    }

    /// Comma-separated, with a header: a row a group, numbers with all digits.
    pub fn csv(&self) -> String {
        let mut header = vec!["runs_of".to_owned(), "runs".into()];
        for name in &self.scores {
            header.extend([name.clone(), format!("{name}_standard_error")]);
        }
        header.push("seconds".into());
        let mut out = line(&header);
        let text = |x: Option<f64>| x.map_or(String::new(), |x| x.to_string());
        for group in &self.groups {
            let mut cells = vec![guarded(&group.name), group.finished().count().to_string()];
            for name in &self.scores {
                let mean = group.score(name).map(|(mean, ..)| mean);
                cells.extend([
                    text(mean.map(|m| m.value)),
                    text(mean.and_then(|m| m.error)),
                ]);
            }
            let seconds = Mean::of(&group.values(|found| found.cost.seconds));
            cells.push(text(seconds.map(|mean| mean.value)));
            out += &line(&cells);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_has_its_standard_error() {
        // s² = (1 + 0 + 1)/2 = 1, s/√3 = 0.577.
        let mean = Mean::of(&[1.0, 2.0, 3.0]).unwrap();
        assert_eq!(mean.value, 2.0);
        assert!((mean.error.unwrap() - 1.0 / 3f64.sqrt()).abs() < 1e-15);
        assert_eq!(mean.text(Unit::Nats), "2.00 ± 0.58");
        assert_eq!(mean.text(Unit::Share), "200.00 ± 57.74 %");
        assert_eq!(Mean::of(&[2.5]).unwrap().text(Unit::Nats), "2.5000");
        assert_eq!(
            Mean::of(&[0.07429, 0.07431]).unwrap().text(Unit::Nats),
            "0.074300 ± 0.000010"
        );
        assert_eq!(
            Mean::of(&[2.0, 2.0]).unwrap().text(Unit::Nats),
            "2.000000 ± 0.000000"
        );
        assert_eq!(Mean::of(&[]), None);
    }
}
