//! The columns of a table by their names: which are inputs and which are targets.

use super::error::{listed, nearest};
use crate::diagnostic::{Diagnostic, Failure, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

/// The names of the columns that were read from a table; kept with a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    /// Of the inputs, in the order in which the model takes them.
    pub inputs: Vec<String>,
    /// Of the targets; none where a table to predict for has none.
    pub targets: Vec<String>,
    /// Whether the target is the last column because none was named.
    #[serde(skip)]
    pub by_default: bool,
    /// Columns that were not read.
    #[serde(skip)]
    pub left_out: Vec<String>,
}

/// Which columns of a table are taken.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted<'a> {
    /// `--target`: goes before all else.
    pub target: Option<&'a str>,
    /// What a run was trained on: its inputs, and its targets unless others are named.
    pub of_run: Option<&'a RunColumns>,
    /// The target that the description of a table names, where neither of these does.
    pub described: Option<&'a str>,
}

/// The columns of a table that a run takes, whatever their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunColumns {
    /// By their names.
    pub columns: Columns,
    /// Whether a table without the targets is a mistake.
    pub targets_needed: bool,
}

/// The places of the columns that are taken from a table.
pub(crate) struct Chosen {
    /// Of the inputs, in the model's order.
    pub inputs: Vec<usize>,
    /// Of the targets.
    pub targets: Vec<usize>,
    /// Whether the target is the last column because none was named.
    pub by_default: bool,
}

/// The longest list of columns that is shown whole.
const SHOWN: usize = 8;

/// `a, b, c`, of many the first ones and the last.
pub fn shortened(names: &[String]) -> String {
    let shown = |name: &String| match name.is_empty() {
        true => "(unnamed)".to_owned(),
        false => name.clone(),
    };
    match names {
        [first, second, third, .., last] if names.len() > SHOWN => format!(
            "{}, {}, {} … {} ({} columns)",
            shown(first),
            shown(second),
            shown(third),
            shown(last),
            names.len()
        ),
        _ => names.iter().map(shown).collect::<Vec<_>>().join(", "),
    }
}

impl fmt::Display for Columns {
    /// `target y (the last column); inputs a, b`
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.targets.len() {
            0 => f.write_str("no target")?,
            1 => write!(f, "target {}", shortened(&self.targets))?,
            _ => write!(f, "targets {}", shortened(&self.targets))?,
        }
        if self.by_default {
            f.write_str(" (the last column)")?;
        }
        let several = if self.inputs.len() == 1 { "" } else { "s" };
        write!(f, "; input{several} {}", shortened(&self.inputs))
    }
}

/// The places of the columns that are taken from the table at `path`, whose header is `header`.
///
/// # Errors
///
/// `E0506` for a column that is not there, named twice, or all there is.
pub(crate) fn choose(path: &Path, header: &[String], wanted: &Wanted) -> Result<Chosen> {
    refuse_duplicates(path, header)?;
    match wanted.of_run {
        Some(run) => of_run(path, header, run, wanted),
        None => {
            let targets = targets(path, header, wanted.target.or(wanted.described))?;
            Ok(Chosen {
                inputs: (0..header.len()).filter(|i| !targets.contains(i)).collect(),
                by_default: wanted.target.or(wanted.described).is_none(),
                targets,
            })
        }
    }
}

fn error(title: String) -> Diagnostic {
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

/// The place of each of `names`; nameless columns are told apart by their order.
fn places<'n>(
    header: &[String],
    names: impl IntoIterator<Item = &'n str>,
) -> std::result::Result<Vec<usize>, Vec<&'n str>> {
    let (mut found, mut missing): (Vec<usize>, Vec<&str>) = (vec![], vec![]);
    for name in names {
        let mut of_name = header
            .iter()
            .enumerate()
            .filter(|(place, column)| *column == name && !found.contains(place));
        match of_name.next() {
            Some((place, _)) => found.push(place),
            None => missing.push(name),
        }
    }
    match missing.is_empty() {
        true => Ok(found),
        false => Err(missing),
    }
}

/// The message about columns that a table has not: which it has, and the nearest of them.
fn missing(path: &Path, header: &[String], names: &[&str], why: Option<&str>) -> Diagnostic {
    let names: Vec<&str> = names
        .iter()
        .map(|name| if name.is_empty() { "(unnamed)" } else { name })
        .collect();
    let several = if names.len() == 1 { "" } else { "s" };
    let place = path.display();
    let title = format!("`{place}` has no column{several} {}", listed(&names));
    let mut message = error(title);
    if let Some(why) = why {
        message = message.note(why);
    }
    message = message.note(format!("its columns are {}", listed(header)));
    let near: Vec<(&str, &str)> = names
        .iter()
        .filter_map(|name| Some((*name, nearest(name, header.iter().map(String::as_str))?)))
        .collect();
    match (&near[..], names.len()) {
        ([], _) => message,
        ([(_, near)], 1) => message.help(format!("the nearest name is `{near}`")),
        _ => {
            let pairs = near
                .iter()
                .map(|(name, near)| format!("`{near}` to `{name}`"));
            message.help(format!(
                "the nearest names are {}",
                pairs.collect::<Vec<_>>().join(", ")
            ))
        }
    }
}

/// The columns that a run takes, by their names.
fn of_run(path: &Path, header: &[String], run: &RunColumns, wanted: &Wanted) -> Result<Chosen> {
    let names = run.columns.inputs.iter().map(String::as_str);
    let inputs = places(header, names).map_err(|names| {
        missing(
            path,
            header,
            &names,
            Some("the run was trained with inputs of these names"),
        )
    })?;
    let by_names = places(header, run.columns.targets.iter().map(String::as_str));
    let targets = match (wanted.target, by_names, wanted.described) {
        (Some(target), ..) => named(path, header, target)?,
        (None, Ok(places), _) => places,
        (None, Err(_), Some(described)) => named(path, header, described)?,
        (None, Err(_), None) if !run.targets_needed => vec![],
        (None, Err(names), None) => {
            let why = "the run was trained with targets of these names";
            return Err(missing(path, header, &names, Some(why))
                .help("`--target NAME` names the column that holds the target here")
                .into());
        }
    };
    Ok(Chosen {
        inputs,
        targets,
        by_default: false,
    })
}

/// The places of the targets: the columns that are named, or the last one.
fn targets(path: &Path, header: &[String], target: Option<&str>) -> Result<Vec<usize>> {
    let place = path.display();
    if header.len() < 2 {
        let message = error(format!("`{place}` has no column besides the target"));
        let other = [(';', "`;`"), ('\t', "a tab")];
        let other = other
            .iter()
            .find(|(mark, _)| header.iter().any(|name| name.contains(*mark)));
        return Err(match other {
            Some((_, mark)) => {
                message.help(format!("cells are separated by commas, not by {mark}"))
            }
            None => message,
        }
        .into());
    }
    let Some(target) = target else {
        return Ok(vec![header.len() - 1]);
    };
    let found = named(path, header, target)?;
    if found.len() == header.len() {
        return Err(error(format!("`{place}` has no column besides the targets")).into());
    }
    Ok(found)
}

/// The places of the columns of a list with commas between.
fn named(path: &Path, header: &[String], target: &str) -> Result<Vec<usize>> {
    let mut found = vec![];
    for name in target.split(',').map(str::trim) {
        match header.iter().position(|column| column == name) {
            Some(index) if found.contains(&index) => {
                return Err(error(format!("the target column `{name}` is named twice")).into());
            }
            Some(index) => found.push(index),
            None => return Err(Failure::from(missing(path, header, &[name], None))),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| name.to_string()).collect()
    }

    fn run(inputs: &[&str], targets: &[&str], targets_needed: bool) -> RunColumns {
        RunColumns {
            columns: Columns {
                inputs: header(inputs),
                targets: header(targets),
                ..Columns::default()
            },
            targets_needed,
        }
    }

    fn chosen(names: &[&str], run: &RunColumns, target: Option<&str>) -> Result<[Vec<usize>; 2]> {
        let wanted = Wanted {
            target,
            of_run: Some(run),
            described: None,
        };
        choose(Path::new("t.csv"), &header(names), &wanted).map(|c| [c.inputs, c.targets])
    }

    #[test]
    fn a_run_takes_its_columns_in_any_order_and_no_others() {
        let of = run(&["a", "b"], &["y"], true);
        for (names, places) in [
            (&["a", "b", "y"][..], [vec![0, 1], vec![2]]),
            (&["y", "b", "id", "a"], [vec![3, 1], vec![0]]),
        ] {
            assert_eq!(chosen(names, &of, None).unwrap(), places, "{names:?}");
        }
        let other = chosen(&["a", "b", "z", "y"], &of, Some("z")).unwrap();
        assert_eq!(other, [vec![0, 1], vec![2]]);
    }

    #[test]
    fn a_missing_input_is_told_with_the_nearest_name() {
        let of = run(&["width", "height"], &["y"], true);
        let failure = chosen(&["Width", "heigth", "y"], &of, None).unwrap_err();
        let message = &failure.diagnostics[0];
        assert_eq!(
            (message.code, message.title.as_str()),
            ("E0506", "`t.csv` has no columns `width` and `height`")
        );
        assert_eq!(
            message.helps[0].text,
            "the nearest names are `Width` to `width`, `heigth` to `height`"
        );
    }

    #[test]
    fn a_missing_target_is_a_mistake_only_where_it_is_needed() {
        let names = ["b", "a"];
        let needed = run(&["a", "b"], &["y"], true);
        let message = &chosen(&names, &needed, None).unwrap_err().diagnostics[0];
        assert_eq!(message.title, "`t.csv` has no column `y`");
        let not = run(&["a", "b"], &["y"], false);
        assert_eq!(chosen(&names, &not, None).unwrap(), [vec![1, 0], vec![]]);
    }

    #[test]
    fn many_columns_are_shortened() {
        let columns = Columns {
            inputs: (0..12).map(|i| format!("x{i}")).collect(),
            targets: header(&["y"]),
            by_default: true,
            left_out: vec![],
        };
        assert_eq!(
            columns.to_string(),
            "target y (the last column); inputs x0, x1, x2 … x11 (12 columns)"
        );
    }
}
