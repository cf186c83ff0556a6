//! The rows of a table that are trained on and those that are held out, whole groups of them.

use super::choices::{Choices, no_column};
use super::held_out::{self, Parts};
use super::sheet::Column;
use super::split::{Validation, set_aside};
use super::{InTime, Request, coding, names};
use crate::diagnostic::{Diagnostic, Result};
use crate::words::plural;
use std::collections::HashMap;
use std::path::Path;

/// The place of the column of groups.
pub(super) fn group_column(header: &[String], name: &str) -> Result<usize> {
    let missing = |name: String| no_column(header, &name, "group");
    let places = names::resolve(header, name).map_err(missing)?;
    let [place] = places[..] else {
        let title = format!("`group` names {}", plural(places.len(), "column"));
        return Err(Diagnostic::error("E0506", title)
            .note("expected one column")
            .into());
    };
    Ok(place)
}

/// The number of each row's group.
pub(super) fn groups(column: &Column) -> Vec<u32> {
    let mut numbers = HashMap::new();
    let number = |cell| {
        let next = numbers.len() as u32;
        *numbers.entry(coding::name(cell)).or_insert(next)
    };
    column.iter().map(number).collect()
}

/// The rows of the training and the test part, where some are held out.
pub(super) fn parts(
    n: usize,
    choices: &Choices,
    test_rows: Option<&Path>,
    groups: Option<&[u32]>,
) -> Result<Option<Parts>> {
    if let Some(path) = test_rows {
        return held_out::listed(path, n).map(Some);
    }
    let share = share(choices)?;
    share
        .map(|share| held_out::at_random(n, share, groups))
        .transpose()
}

/// How much is held out.
fn share(choices: &Choices) -> Result<Option<Validation>> {
    let Some(text) = &choices.test else {
        return Ok(None);
    };
    let Some(share) = Validation::parse(text) else {
        let title = format!(
            "`test` is a number of rows, a fraction above 0 and below 1, or a file, not `{text}`"
        );
        return Err(Diagnostic::error("E0508", title).into());
    };
    Ok(Some(share))
}

/// The windows of a training and a test part, which is the last rows of each series, and how many reach from one into
/// the other.
pub(super) fn parts_in_time(
    windows: &InTime,
    choices: &Choices,
    test_rows: Option<&Path>,
) -> Result<Option<(Parts, usize)>> {
    if let Some(path) = test_rows {
        let title = format!(
            "`{}` lists rows, and windows are divided in the order of time",
            path.display()
        );
        return Err(Diagnostic::error("E0508", title)
            .help("`test = 0.2`, or `--test 0.2`, holds out the last fifth of each series")
            .into());
    }
    let Some(share) = share(choices)? else {
        return Ok(None);
    };
    let found = windows.divide(share, "test part")?;
    Ok(Some(([found.staying, found.aside], found.left_out)))
}

/// The rows that will be trained on.
pub(super) fn training(
    n: usize,
    parts: Option<&Parts>,
    groups: Option<&[u32]>,
    in_time: Option<&InTime>,
    request: &Request,
) -> Result<Vec<usize>> {
    let rows = match parts {
        Some([training, _]) => training.clone(),
        None => (0..n).collect(),
    };
    let Some((part, seed)) = request.validation else {
        return Ok(rows);
    };
    let groups: Option<Vec<u32>> =
        groups.map(|groups| rows.iter().map(|row| groups[*row]).collect());
    let in_time = in_time.map(|windows| windows.of(&rows));
    let (training, _) = set_aside(rows.len(), groups.as_deref(), in_time.as_ref(), part, seed)?;
    Ok(training.into_iter().map(|place| rows[place]).collect())
}

/// Refuses a list of rows that puts a group into both parts; `groups` are the rows' groups, numbered by the values of
/// `column`.
pub(super) fn refuse_split_groups(
    list: &Path,
    [training, testing]: &Parts,
    groups: &[u32],
    column: &Column,
) -> Result<()> {
    let trained_on: HashMap<u32, usize> = training
        .iter()
        .rev()
        .map(|row| (groups[*row], *row))
        .collect();
    let split = testing
        .iter()
        .find_map(|row| Some((row, trained_on.get(&groups[*row])?)));
    let Some((held_out, other)) = split else {
        return Ok(());
    };
    let (path, name) = (list.display(), &column.name);
    let value = coding::name(column.cell(*held_out));
    let title = format!("`{path}` splits the group `{value}` of `{name}`");
    Err(Diagnostic::error("E0508", title)
        .note(format!("row {held_out} is held out, row {other} is not"))
        .help("list all rows of a group or none of them, or leave `group` out")
        .into())
}
