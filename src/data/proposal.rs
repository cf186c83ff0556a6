//! How a table can be trained on, by what its columns hold: what `bnnc new` writes into a run file.

use super::choices::Choices;
use super::look::{self, Kind, Look};
use super::sheet::Column;
use super::{coding, names, sheet};
use crate::diagnostic::{Diagnostic, Result};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// What is left out of a table, and what stands for its missing values.
#[derive(Debug, Clone, Default)]
pub struct Proposal {
    /// The choices that make the table readable; those that need none are not said.
    pub choices: Choices,
    /// The target columns, as a list of names: those asked for, else the last column that can be one.
    pub target: Option<String>,
    /// Different values of the target, where it is one column; counted up to 1000.
    pub distinct: Option<usize>,
    /// Columns that are left out, each with the reason.
    pub left_out: Vec<(String, &'static str)>,
    /// Columns with missing values, and how many.
    pub missing: Vec<(String, usize)>,
    /// A column of which every value has one target in all of its rows, as sequences have whose steps are rows.
    pub sequence: Option<String>,
    /// Columns with a number far outside the rest that repeats, and that number.
    pub sentinels: Vec<(String, f64)>,
}

/// What a table at `path` proposes; `target` names its target columns, as `--target` does.
///
/// # Errors
///
/// Those of a file that is no table.
pub fn propose(path: &Path, target: Option<&str>) -> Result<Proposal> {
    if !sheet::is_table(path) {
        let title = format!("`{}` is no table", path.display());
        return Err(Diagnostic::error("E0501", title)
            .note(format!("a table is {}", sheet::ENDINGS))
            .help("`bnnc new NAME --template lenet` writes a model for images, and `--template sequence` one for sequences, which `--data` of `bnnc train` names")
            .into());
    }
    let sheet = sheet::read(path, None, &sheet::read_all)?;
    let header = sheet.header();
    let looks: Vec<Look> = sheet.columns.iter().map(|c| look::look(c, &[])).collect();
    let targets = match target {
        Some(list) => names::resolve(&header, list).unwrap_or_default(),
        None => (0..header.len())
            .rev()
            .find(|place| !tells_rows_apart(&looks[*place]))
            .into_iter()
            .collect(),
    };
    let mut proposal = Proposal {
        distinct: match targets[..] {
            [only] => Some(looks[only].distinct),
            _ => None,
        },
        target: target.map(str::to_owned).or_else(|| {
            let last = targets.first()?;
            Some(names::written(&header[*last]))
        }),
        ..Proposal::default()
    };
    if let [target] = targets[..] {
        let mut others = (0..header.len()).filter(|place| *place != target);
        let target = &sheet.columns[target];
        let found =
            others.find(|place| names_sequences(&sheet.columns[*place], &looks[*place], target));
        proposal.sequence = found.map(|place| header[place].clone());
    }
    let mut rules = vec![];
    let inputs = header.iter().zip(&looks).enumerate();
    for (_, (name, found)) in inputs.filter(|(place, _)| !targets.contains(place)) {
        if let Some(why) = unusable(found) {
            proposal.left_out.push((name.clone(), why));
            continue;
        }
        if let Some((value, _)) = found.sentinel {
            proposal.sentinels.push((name.clone(), value));
        }
        if found.missing > 0 {
            proposal.missing.push((name.clone(), found.missing));
            let rule = match found.kind {
                Kind::Category | Kind::Boolean => "category",
                _ => "indicator",
            };
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
    }
    let names = proposal.left_out.iter();
    let dropped: Vec<String> = names.map(|(name, _)| names::written(name)).collect();
    let list = |all: &[&str]| (!all.is_empty()).then(|| all.join(","));
    proposal.choices.drop = (!dropped.is_empty()).then(|| dropped.join(","));
    proposal.choices.missing = list(&rules);
    Ok(proposal)
}

/// Fewer different values than these may have one target each by chance.
const FEWEST_SEQUENCES: usize = 10;

/// Whether rows with the same value in a column have the same target, many values more than one row, and the values
/// different targets.
fn names_sequences(column: &Column, found: &Look, target: &Column) -> bool {
    let (rows, most) = (column.len(), 2 * column.len() / 3);
    if found.missing > 0 || !(FEWEST_SEQUENCES..=most).contains(&found.distinct) {
        return false;
    }
    let mut targets: HashMap<String, String> = HashMap::new();
    let is_one = (0..rows).all(|row| {
        let own = coding::name(target.cell(row));
        *targets
            .entry(coding::name(column.cell(row)))
            .or_insert(own.clone())
            == own
    });
    let different: HashSet<&String> = targets.values().collect();
    is_one && different.len() > 1
}

/// Whether a column says which row is which, or nothing.
fn tells_rows_apart(found: &Look) -> bool {
    matches!(found.kind, Kind::Identifier | Kind::FreeText | Kind::Empty) || found.counts_rows
}

/// Why a column is no input as it is.
fn unusable(found: &Look) -> Option<&'static str> {
    match found.kind {
        Kind::Identifier => Some("an identifier"),
        Kind::FreeText => Some("free text"),
        Kind::Empty => Some("empty"),
        Kind::Mixed => Some("numbers and texts"),
        _ if found.counts_rows => Some("counts the rows"),
        _ if found.is_half_percent() => Some("some numbers have `%` and some have not"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    fn proposed(target: Option<&str>) -> Proposal {
        let mut text = String::from("id,name,age,site,dose,note,y,code\n");
        for i in 0..40 {
            let site = ["north", "south", ""][i % 3];
            let age = if i == 7 {
                String::new()
            } else {
                (20 + i % 9).to_string()
            };
            let dose = if i == 3 {
                "high".into()
            } else {
                i.pow(2).to_string()
            };
            let y = 0.5 * i as f64;
            writeln!(text, "{},P{i},{age},{site},{dose},,{y},K{i}", i + 1).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).unwrap();
        propose(&path, target).unwrap()
    }

    /// Visits of patients, of whom each is ill or not; and rows of a category that says something of the target.
    #[test]
    fn rows_of_one_target_may_be_the_steps_of_sequences() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let found = |rows: &dyn Fn(usize) -> String| {
            let rows: String = (0..60).map(rows).collect();
            std::fs::write(&path, format!("patient,pulse,ill\n{rows}")).unwrap();
            propose(&path, Some("ill")).unwrap().sequence
        };
        let of_patient = |i: usize| format!("p{},{},{}\n", i / 4, i * i % 37, i / 4 % 2);
        assert_eq!(found(&of_patient).as_deref(), Some("patient"));
        assert_eq!(
            found(&|i| format!("p{},{},{}\n", i / 4, i * i % 37, i % 3)),
            None
        );
        assert_eq!(
            found(&|i| format!("p{},{},{}\n", i / 20, i * i % 37, i / 20 % 2)),
            None
        );
    }

    #[test]
    fn columns_that_are_no_inputs_are_left_out_with_the_reason() {
        let found = proposed(None);
        let left: Vec<(&str, &str)> = found
            .left_out
            .iter()
            .map(|(name, why)| (&**name, *why))
            .collect();
        assert_eq!(
            left,
            [
                ("id", "counts the rows"),
                ("name", "an identifier"),
                ("dose", "numbers and texts"),
                ("note", "empty"),
                ("code", "an identifier")
            ]
        );
        // The last column is an identifier: the one before it is the target.
        assert_eq!(
            (found.target.as_deref(), found.distinct),
            (Some("y"), Some(40))
        );
        assert_eq!(
            found.missing,
            [("age".to_owned(), 1), ("site".to_owned(), 13)]
        );
        assert_eq!(found.choices.missing.as_deref(), Some("indicator,category"));
        assert_eq!(
            found.choices.drop.as_deref(),
            Some("id,name,dose,note,code")
        );
        // A named target is never left out.
        let named = proposed(Some("dose"));
        assert!(named.left_out.iter().all(|(name, _)| name != "dose"));
        assert_eq!(named.target.as_deref(), Some("dose"));
    }
}
