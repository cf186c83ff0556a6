//! The columns of a table by their names: which are inputs and which are targets.

use super::choices::{Choices, no_column};
use super::coding::Coding;
use super::names;
use crate::diagnostic::{Diagnostic, Failure, Result, nearest};
use crate::words::list;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

/// The names of the columns that were read from a table; kept with a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Columns {
    /// Of the inputs, in the order in which the model takes them.
    pub inputs: Vec<String>,
    /// Of the targets; none where a table to predict for has none.
    pub targets: Vec<String>,
    /// How those are read that are not plain numbers.
    #[serde(default, skip_serializing_if = "is_plain")]
    pub coding: Coding,
    /// Columns that say which example a row is, and are neither inputs nor targets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<String>,
    /// Whether the target is the last column because none was named.
    #[serde(skip)]
    pub by_default: bool,
    /// Columns that were not read.
    #[serde(skip)]
    pub left_out: Vec<String>,
}

fn is_plain(coding: &Coding) -> bool {
    *coding == Coding::default()
}

impl Columns {
    /// What each input of the model is called: a column may be several.
    pub fn entries(&self) -> Vec<String> {
        let names = self
            .inputs
            .iter()
            .map(|name| match self.coding.inputs.get(name) {
                Some(code) => code.names(name),
                None => vec![name.clone()],
            });
        names.flatten().collect()
    }
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
    /// What else is said of the columns.
    pub choices: Option<&'a Choices>,
}

/// The columns of a table that a run takes, whatever their order.
#[derive(Debug, Clone, PartialEq)]
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
    let free: Vec<usize> = (0..header.len())
        .filter(|place| !dropped.contains(place))
        .collect();
    let named = wanted.target.or(wanted.described);
    let targets = targets(path, header, named, &free, inputs.as_deref())?;
    let is_target = |place: &usize| targets.contains(place);
    if let Some(place) = targets.iter().find(|place| dropped.contains(place)) {
        let title = format!("the target column `{}` is dropped", header[*place]);
        return Err(error(title)
            .help("leave it out of `drop`, or name another target")
            .into());
    }
    let inputs = match inputs {
        None => free.into_iter().filter(|place| !is_target(place)).collect(),
        Some(inputs) => {
            if let Some(place) = inputs.iter().find(|place| is_target(place)) {
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
        if dropped.contains(place) {
            let title = format!(
                "the column `{}` is named as an input, and in `drop` or `group`",
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

/// The message about columns that a table has not: which it has, and the nearest of those that are not
/// among the places `taken`.
fn missing(
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

/// The columns that a run takes, by their names.
fn of_run(path: &Path, header: &[String], run: &RunColumns, wanted: &Wanted) -> Result<Chosen> {
    let own = &run.columns;
    let found = |names: &[String]| -> Vec<usize> {
        let all = 0..header.len();
        all.filter(|place| names.contains(&header[*place]))
            .collect()
    };
    let own_targets = found(&own.targets);
    let inputs = places(header, own.inputs.iter().map(String::as_str)).map_err(|names| {
        let taken = [found(&own.inputs), own_targets.clone()].concat();
        let why = "the run was trained with inputs of these names";
        missing(path, header, &names, &taken, Some(why))
    })?;
    let is_input = |name: &str| own.inputs.iter().any(|input| input == name);
    // A description whose target is what the run takes as an input is of another use of the table.
    let described = wanted.described.filter(|described| {
        !names_of(header, described)
            .iter()
            .any(|name| is_input(name))
    });
    let by_names = places(header, own.targets.iter().map(String::as_str));
    let targets = match (wanted.target, by_names, described) {
        (Some(target), by_names, _) => {
            if let Some(input) = names_of(header, target).iter().find(|name| is_input(name)) {
                return Err(error(format!(
                    "the target column `{input}` is an input of the run"
                ))
                .note(format!(
                    "the run was trained with {}",
                    Columns {
                        by_default: false,
                        ..own.clone()
                    }
                ))
                .help("`--target` names the columns to compare the predictions with; without it they are the run's own targets")
                .into());
            }
            in_the_runs_order(named(path, header, target, &inputs)?, by_names)
        }
        (None, Ok(places), _) => places,
        (None, by_names, Some(described)) => {
            in_the_runs_order(named(path, header, described, &inputs)?, by_names)
        }
        (None, Err(_), None) if !run.targets_needed && own_targets.is_empty() => vec![],
        (None, Err(names), None) => {
            let why = "the run was trained with targets of these names";
            let taken = [inputs, own_targets.clone()].concat();
            let message = missing(path, header, &names, &taken, Some(why));
            let there: Vec<&String> = own_targets.iter().map(|place| &header[*place]).collect();
            return Err(match run.targets_needed {
                true => message.help("`--target NAME` names the column that holds the target here"),
                false => message
                    .note(format!("of the run's targets it has {}", list(&there)))
                    .help("leave these out, too, as `predict` needs no targets, or add those that are missing"),
            }
            .into());
        }
    };
    Ok(Chosen {
        inputs,
        targets,
        by_default: false,
    })
}

/// Columns that are the run's own targets, `by_names`, in the run's order, whatever the order in which they
/// were named; others as they were.
fn in_the_runs_order(
    named: Vec<usize>,
    by_names: std::result::Result<Vec<usize>, Vec<&str>>,
) -> Vec<usize> {
    let sorted = |places: &[usize]| {
        let mut places = places.to_vec();
        places.sort_unstable();
        places
    };
    match by_names {
        Ok(own) if sorted(&own) == sorted(&named) => own,
        _ => named,
    }
}

/// The places of the targets: the columns that are named, or the last one of those that are `free` and are no inputs.
fn targets(
    path: &Path,
    header: &[String],
    target: Option<&str>,
    free: &[usize],
    inputs: Option<&[usize]>,
) -> Result<Vec<usize>> {
    let place = path.display();
    if header.len() < 2 {
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
    if found.len() == header.len() {
        return Err(error(format!("`{place}` has no column besides the targets")).into());
    }
    Ok(found)
}

/// The columns that a list names, and the names in it that are none.
fn names_of(header: &[String], list: &str) -> Vec<String> {
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
fn named(path: &Path, header: &[String], target: &str, taken: &[usize]) -> Result<Vec<usize>> {
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
            ..Wanted::default()
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
            "the nearest names are `Width` for `width`, `heigth` for `height`"
        );
        // `x1` is an input already, `y` the target.
        let of = run(&["x1", "x2", "x10", "x11"], &["y"], true);
        let failure = chosen(&["x1", "x2", "X10", "y"], &of, None).unwrap_err();
        assert_eq!(
            failure.diagnostics[0].helps[0].text,
            "the nearest name is `X10` for `x10`"
        );
        let failure = chosen(&["x1", "x2", "y"], &of, None).unwrap_err();
        assert!(failure.diagnostics[0].helps.is_empty(), "{failure}");
    }

    #[test]
    fn the_runs_targets_are_matched_by_name_and_its_inputs_are_none() {
        let of = run(&["a"], &["y", "x3", "x0"], true);
        let names = ["a", "x0", "x3", "y", "z"];
        for order in ["x0,x3,y", "y, x3, x0"] {
            let found = chosen(&names, &of, Some(order)).unwrap();
            assert_eq!(found, [vec![0], vec![3, 2, 1]], "{order}");
        }
        let others = chosen(&names, &of, Some("z,x3,y")).unwrap();
        assert_eq!(others, [vec![0], vec![4, 2, 3]]);
        let message = &chosen(&names, &of, Some("a,x3,y")).unwrap_err().diagnostics[0];
        assert_eq!(
            (message.code, message.title.as_str()),
            ("E0506", "the target column `a` is an input of the run")
        );
    }

    #[test]
    fn some_of_the_targets_are_a_mistake_even_where_none_are_needed() {
        let of = run(&["a"], &["y1", "y2"], false);
        assert_eq!(chosen(&["a"], &of, None).unwrap(), [vec![0], vec![]]);
        let message = &chosen(&["a", "y1"], &of, None).unwrap_err().diagnostics[0];
        assert_eq!(message.title, "`t.csv` has no column `y2`");
        assert_eq!(message.notes[2], "of the run's targets it has `y1`");
        assert!(message.helps[0].text.contains("needs no targets"));
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
            ..Columns::default()
        };
        assert_eq!(
            columns.to_string(),
            "target y (the last column); inputs x0, x1, x2 … x11 (12 columns)"
        );
    }
}
