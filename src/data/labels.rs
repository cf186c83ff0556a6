//! Labels of a table or an archive: which class each is of, whatever the classes are called.

use super::TargetKind;
use super::coding::{self, Fault};
use super::lesson;
use super::look::{self, Kind, Look};
use super::sheet::{Cell, Column};
use crate::words::list;
use std::collections::{HashMap, HashSet};

/// The classes of a target by their names.
pub(super) struct Labels {
    places: HashMap<String, usize>,
    /// Whether they are words for no and yes, of which small and large letters are one.
    folded: bool,
}

impl Labels {
    /// Of the names in the order of the labels; of none, targets are numbers.
    pub(super) fn of(classes: &[String]) -> Labels {
        let folded = look::is_boolean(classes.iter().map(String::as_str));
        let key = |name: &String| {
            if folded {
                name.to_lowercase()
            } else {
                name.clone()
            }
        };
        Labels {
            places: classes.iter().map(key).zip(0..).collect(),
            folded,
        }
    }

    /// The number of a target's cell: the place of its class where the classes have names.
    pub(super) fn target(&self, cell: Cell, marks: &[String]) -> std::result::Result<f64, Fault> {
        match cell {
            _ if look::is_missing(cell, marks) => Err(Fault::Missing),
            _ if !self.places.is_empty() => {
                let name = coding::name(cell);
                let name = if self.folded {
                    name.to_lowercase()
                } else {
                    name
                };
                let label = self.places.get(&name);
                label.map(|label| *label as f64).ok_or(Fault::Unseen)
            }
            Cell::Number(value) => Ok(value),
            Cell::Text(_) => Err(Fault::Other),
        }
    }
}

/// The names of the classes of a target: of texts, and of whole numbers that the model's classes cannot be counted by.
pub(super) fn classes(
    column: &Column,
    found: &Look,
    predicts: Option<TargetKind>,
    marks: &[String],
) -> Option<Vec<String>> {
    let all = || lesson::values(column, 0..column.len(), marks);
    match found.kind {
        Kind::Category => Some(all()),
        // No before yes, `yes` and `Yes` are one.
        Kind::Boolean => {
            let mut words = all();
            words.sort_by_key(|word| look::truth(word) == Some(1.0));
            words.dedup_by_key(|word| word.to_lowercase());
            Some(words)
        }
        Kind::Number => {
            let count = predicts?.classes()?;
            let fits = |name: &String| {
                name.parse()
                    .is_ok_and(|x: f64| x >= 0.0 && x < count as f64 && x.fract() == 0.0)
            };
            let is_whole = |name: &String| name.parse().is_ok_and(|x: f64| x.fract() == 0.0);
            if found.distinct != count {
                return None;
            }
            let values = all();
            (!values.iter().all(fits) && values.iter().all(is_whole)).then_some(values)
        }
        _ => None,
    }
}

/// The classes that no training row has.
pub(super) fn unseen(
    column: &Column,
    classes: &[String],
    training: &[usize],
    marks: &[String],
) -> Option<String> {
    let labels = Labels::of(classes);
    let label = |row: &usize| labels.target(column.cell(*row), marks).ok();
    absent(classes, training.iter().filter_map(label))
}

/// The classes that none of these labels is of.
pub(super) fn absent(classes: &[String], labels: impl Iterator<Item = f64>) -> Option<String> {
    let seen: HashSet<usize> = labels.map(|label| label as usize).collect();
    let unseen: Vec<&String> = (classes.iter().enumerate())
        .filter(|(label, _)| !seen.contains(label))
        .map(|(_, class)| class)
        .collect();
    let word = if unseen.len() == 1 {
        "class"
    } else {
        "classes"
    };
    (!unseen.is_empty()).then(|| format!("no training example has the {word} {}", list(unseen)))
}
