//! Labels of a table: which class each is of, whatever the classes are called.

use super::TargetKind;
use super::coding::{self, Fault};
use super::look::{self, Kind, Look};
use super::sheet::{Cell, Column};
use crate::words::list;
use std::collections::HashMap;

/// The number of a target's cell: the place of its class where the classes have names.
pub(super) fn target(
    cell: Cell,
    marks: &[String],
    classes: &HashMap<&str, usize>,
) -> std::result::Result<f64, Fault> {
    match cell {
        _ if look::is_missing(cell, marks) => Err(Fault::Missing),
        _ if !classes.is_empty() => {
            let label = classes.get(coding::name(cell).as_str());
            label.map(|label| *label as f64).ok_or(Fault::Unseen)
        }
        Cell::Number(value) => Ok(value),
        Cell::Text(_) => Err(Fault::Other),
    }
}

/// The names of the classes of a target: of texts, and of whole numbers that the model's classes cannot be counted by.
pub(super) fn classes(
    column: &Column,
    found: &Look,
    predicts: Option<TargetKind>,
    marks: &[String],
) -> Option<Vec<String>> {
    let all = || coding::values(column, 0..column.len(), marks);
    match found.kind {
        Kind::Boolean | Kind::Category => Some(all()),
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
    let seen = coding::values(column, training.iter().copied(), marks);
    let unseen: Vec<&String> = classes
        .iter()
        .filter(|class| !seen.contains(class))
        .collect();
    let word = if unseen.len() == 1 {
        "class"
    } else {
        "classes"
    };
    (!unseen.is_empty()).then(|| format!("no training example has the {word} {}", list(unseen)))
}
