//! A table before it is trained on: every column in a line.

use super::look::{self, Kind, Look};
use super::names::{for_shell, written};
use super::sheet;
use crate::diagnostic::{Diagnostic, Result};
use crate::words::short;
use std::path::Path;

/// What was found in a column, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// `number`, `category`, …
    pub kind: String,
    /// How many different values it has.
    pub distinct: String,
    /// How many values are missing.
    pub missing: usize,
    /// What it becomes, or why it is refused and what to say.
    pub becomes: String,
}

/// What was recognised of the file of a table, how many rows it has, and all its columns.
///
/// # Errors
///
/// Those of a file that is no table.
pub fn describe(path: &Path) -> Result<(Vec<String>, usize, Vec<Description>)> {
    if path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("npz"))
    {
        let title = format!("`{}` holds arrays and no table", path.display());
        return Err(Diagnostic::error("E0501", title)
            .help("`bnnc check MODEL --data FILE.npz` says which arrays are taken")
            .into());
    }
    let sheet = sheet::read(path, None, &sheet::read_all)?;
    let columns = sheet.columns.iter().map(|column| {
        let found = look::look(column, &[]);
        let many = found.distinct == look::MOST_COUNTED;
        Description {
            name: match column.name.is_empty() {
                true => "(unnamed)".into(),
                false => column.name.clone(),
            },
            kind: found.kind.to_string(),
            distinct: format!("{}{}", found.distinct, if many { " or more" } else { "" }),
            missing: found.missing,
            becomes: becomes(&column.name, &found),
        }
    });
    let columns = columns.collect();
    Ok((sheet.said.clone(), sheet.rows(), columns))
}

fn becomes(name: &str, found: &Look) -> String {
    let flag = |name: String| for_shell(&name);
    let name = written(name);
    match found.kind {
        Kind::Mixed => {
            let text = found.strays.first().map_or("", |(text, _)| text);
            format!("refused: `{text}` among the numbers")
        }
        Kind::Identifier | Kind::FreeText | Kind::Empty => {
            format!("refused: --drop {}", flag(name))
        }
        Kind::Category | Kind::Boolean if found.missing > 0 => {
            format!("refused: --missing {}", flag(format!("{name}=category")))
        }
        _ if found.is_half_percent() => "refused: some of its numbers have `%`".into(),
        _ if found.missing > 0 => format!("refused: --missing {}", flag(format!("{name}=mean"))),
        Kind::Category => format!("{} inputs of 0 and 1", found.distinct + 1),
        Kind::Boolean => "0 or 1".into(),
        Kind::Date => "days since 1970-01-01".into(),
        Kind::Number => match found.sentinel {
            Some((value, count)) => {
                format!("itself; {} stands {count} times far outside", short(value))
            }
            None if found.counts_rows => {
                format!("itself; it counts the rows: --drop {}", flag(name))
            }
            None if found.distinct == 1 => "itself; always the same".into(),
            None => "itself".into(),
        },
    }
}
