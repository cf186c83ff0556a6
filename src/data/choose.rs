//! Which columns of a table are inputs and which are targets, by what is said of them.

use super::choices::{Choices, no_column};
use super::columns::Wanted;
use super::{names, run_columns, weights};
use crate::diagnostic::{Diagnostic, Failure, Result, nearest};
use crate::words::list;
use std::path::Path;

/// The places of the columns that are taken from a table.
pub(crate) struct Chosen {
    /// Of the inputs, in the model's order.
    pub inputs: Vec<usize>,
    /// Of the targets.
    pub targets: Vec<usize>,
    /// Whether the target is the last column because none was named.
    pub by_default: bool,
}

/// The places of the columns that are taken from the table at `path`, whose header is `header`.
///
/// # Errors
///
/// `E0506` for a column that is not there, named twice, or all there is.
pub(crate) fn choose(path: &Path, header: &[String], wanted: &Wanted) -> Result<Chosen> {
    refuse_duplicates(path, header)?;
    match wanted.of_run {
        Some(run) => run_columns::of_run(path, header, run, wanted),
        None => by_choices(path, header, wanted),
    }
}

/// The columns that are taken of a table that no run says them of.
fn by_choices(path: &Path, header: &[String], wanted: &Wanted) -> Result<Chosen> {
    let choice = |pick: fn(&Choices) -> &Option<String>, key| {
        let list = wanted.choices.and_then(|choices| pick(choices).as_deref());
        let resolve =
            |list| names::resolve(header, list).map_err(|name| no_column(header, &name, key));
        list.map(resolve).transpose()
    };
    let inputs = choice(|choices| &choices.inputs, "inputs")?;
    let mut dropped = choice(|choices| &choices.drop, "drop")?.unwrap_or_default();
    dropped.extend(choice(|choices| &choices.group, "group")?.unwrap_or_default());
    let weights = wanted
        .choices
        .and_then(|choices| choices.weights.as_deref());
    dropped.extend(
        weights
            .map(|name| weights::column(header, name))
            .transpose()?,
    );
    if let Some(steps) = wanted.steps {
        dropped.extend(steps.places(header)?);
    }
    // The past of what is predicted is known.
    let with_past = wanted.steps.is_some_and(|steps| steps.window.is_some());
    let mut others = vec![];
    for list in wanted.others {
        let found = names::resolve(header, list);
        others.extend(found.map_err(|name| {
            no_column(header, &name, "target")
                .help("`--target A,B` names a column for each target, in their order")
        })?);
    }
    let free: Vec<usize> = (0..header.len())
        .filter(|place| !dropped.contains(place) && !others.contains(place))
        .collect();
    let named = wanted.target.or(wanted.described);
    let known = inputs.as_deref().filter(|_| !with_past);
    let targets = targets(path, header, named, &free, known, with_past)?;
    let is_target = |place: &usize| targets.contains(place);
    if let Some(place) = targets.iter().find(|place| dropped.contains(place)) {
        let title = format!("the target column `{}` is dropped", header[*place]);
        return Err(error(title)
            .help("leave it out of `drop`, or name another target")
            .into());
    }
    if let Some(place) = targets.iter().find(|place| others.contains(place)) {
        let title = format!("the column `{}` is of two targets", header[*place]);
        return Err(error(title)
            .help("`--target A,B` names the columns of each target, in their order")
            .into());
    }
    let inputs = match inputs {
        None if with_past => (0..header.len())
            .filter(|place| !dropped.contains(place))
            .collect(),
        None => free.into_iter().filter(|place| !is_target(place)).collect(),
        Some(inputs) => {
            let of_target = inputs.iter().find(|place| is_target(place));
            if let Some(place) = of_target.filter(|_| !with_past) {
                let title = format!(
                    "the column `{}` is named as an input and is the target",
                    header[*place]
                );
                return Err(error(title)
                    .help("`--target NAME` names the target column")
                    .into());
            }
            inputs
        }
    };
    for (index, place) in inputs.iter().enumerate() {
        let before = &inputs[..index];
        if before.contains(place) {
            let title = format!("the column `{}` is named twice as an input", header[*place]);
            return Err(error(title).help("name it once in `inputs`").into());
        }
        if others.contains(place) && !with_past {
            let title = format!(
                "the column `{}` is named as an input, and is a target of the model",
                header[*place]
            );
            return Err(error(title).help("leave it out of `inputs`").into());
        }
        if dropped.contains(place) {
            let title = format!(
                "the column `{}` is named as an input, and in `drop`, `group`, `weights`, `sequence` or `time`",
                header[*place]
            );
            return Err(error(title).help("leave it out of one of them").into());
        }
        if header[*place].is_empty() && before.iter().any(|other| header[*other].is_empty()) {
            let title = format!(
                "`{}` has two columns without a name among the inputs",
                path.display()
            );
            return Err(error(title)
                .help("give them names: how a column is read is kept by its name")
                .into());
        }
    }
    if inputs.is_empty() {
        let title = format!("`{}` has no column besides the target", path.display());
        return Err(error(title).into());
    }
    Ok(Chosen {
        inputs,
        by_default: named.is_none(),
        targets,
    })
}

pub(super) fn error(title: String) -> Diagnostic {
    Diagnostic::error("E0506", title)
}

/// Two columns of one name are one written twice, or a name that is wrong.
fn refuse_duplicates(path: &Path, header: &[String]) -> Result<()> {
    for (index, name) in header.iter().enumerate() {
        // Nameless columns are no two of one name.
        if name.is_empty() {
            continue;
        }
        if let Some(first) = header[..index].iter().position(|other| other == name) {
            let title = format!("`{}` has more than one column `{name}`", path.display());
            let (first, second) = (first + 1, index + 1);
            return Err(error(title)
                .note(format!("columns {first} and {second} of {}", header.len()))
                .help("leave one of them out, or give it a name of its own")
                .into());
        }
    }
    Ok(())
}

/// The message about columns that a table has not: which it has, and the nearest of those that are not
/// among the places `taken`.
pub(super) fn missing(
    path: &Path,
    header: &[String],
    names: &[&str],
    taken: &[usize],
    why: Option<&str>,
) -> Diagnostic {
    let names: Vec<&str> = names
        .iter()
        .map(|name| if name.is_empty() { "(unnamed)" } else { name })
        .collect();
    let several = if names.len() == 1 { "" } else { "s" };
    let place = path.display();
    let title = format!("`{place}` has no column{several} {}", list(&names));
    let mut message = error(title);
    if let Some(why) = why {
        message = message.note(why);
    }
    message = message.note(format!("its columns are {}", list(header)));
    let mut free: Vec<&str> = header
        .iter()
        .enumerate()
        .filter(|(place, _)| !taken.contains(place))
        .map(|(_, name)| name.as_str())
        .collect();
    let mut near: Vec<(&str, &str)> = vec![];
    for name in &names {
        if let Some(found) = nearest(name, free.iter().copied()) {
            near.push((name, found));
            // One column is what one name was meant to be.
            free.retain(|other| *other != found);
        }
    }
    match (&near[..], names.len()) {
        ([], _) => message,
        ([(_, near)], 1) => message.help(format!("the nearest name is `{near}`")),
        ([(name, near)], _) => message.help(format!("the nearest name is `{near}` for `{name}`")),
        _ => {
            let pairs = near
                .iter()
                .map(|(name, near)| format!("`{near}` for `{name}`"));
            message.help(format!(
                "the nearest names are {}",
                pairs.collect::<Vec<_>>().join(", ")
            ))
        }
    }
}

/// The places of the targets: the columns that are named, or the last one of those that are `free` and are no inputs.
fn targets(
    path: &Path,
    header: &[String],
    target: Option<&str>,
    free: &[usize],
    inputs: Option<&[usize]>,
    may_be_all: bool,
) -> Result<Vec<usize>> {
    let place = path.display();
    if header.len() < 2 && !may_be_all {
        return Err(error(format!("`{place}` has no column besides the target")).into());
    }
    let Some(target) = target else {
        let is_input = |place: &&usize| inputs.is_some_and(|inputs| inputs.contains(place));
        return match free.iter().rev().find(|place| !is_input(place)) {
            Some(last) => Ok(vec![*last]),
            None => Err(
                error(format!("`{place}` has no column left for the target"))
                    .help("`--target NAME` names it")
                    .into(),
            ),
        };
    };
    let found = named(path, header, target, &[])?;
    if found.len() == header.len() && !may_be_all {
        return Err(error(format!("`{place}` has no column besides the targets")).into());
    }
    Ok(found)
}

/// The columns that a list names, and the names in it that are none.
pub(super) fn names_of(header: &[String], list: &str) -> Vec<String> {
    match names::resolve(header, list) {
        Ok(places) => places
            .into_iter()
            .map(|place| header[place].clone())
            .collect(),
        Err(_) => names::items(list)
            .into_iter()
            .map(|item| item.name)
            .collect(),
    }
}

/// The places of the columns of a list; those `taken` are not what a wrong name is near.
pub(super) fn named(
    path: &Path,
    header: &[String],
    target: &str,
    taken: &[usize],
) -> Result<Vec<usize>> {
    let found = names::resolve(header, target)
        .map_err(|name| Failure::from(missing(path, header, &[&name], taken, None)))?;
    for (index, place) in found.iter().enumerate() {
        if found[..index].contains(place) {
            let name = &header[*place];
            return Err(error(format!("the target column `{name}` is named twice")).into());
        }
    }
    Ok(found)
}
