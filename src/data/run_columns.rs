//! The columns of a table that a run takes, found by their names whatever their order.

use super::choose::{Chosen, error, missing, named, names_of};
use super::columns::{Columns, RunColumns, Wanted};
use crate::diagnostic::Result;
use crate::words::list;
use std::path::Path;

/// The columns that a run takes, by their names.
pub(super) fn of_run(
    path: &Path,
    header: &[String],
    run: &RunColumns,
    wanted: &Wanted,
) -> Result<Chosen> {
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
                true if wanted.others.is_empty() => {
                    message.help("`--target NAME` names the column that holds the target here")
                }
                true => message.help("`--target A,B` names a column for each target of the run, in their order"),
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

#[cfg(test)]
mod tests {
    use super::super::choose::choose;
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
}
