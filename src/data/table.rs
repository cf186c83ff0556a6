//! A `.toml` that describes a table or an archive: which file, which target, which rows are held out.
//!
//! ```toml
//! file = "data.csv"        # beside this file
//! sheet = "2024"           # of an .xlsx; the first where it is not said
//! target = "y"             # or ["y1", "y2"]; the last column where it is not said
//! test = 0.2               # a fraction, a number of rows, or a file: one 0-based row a line
//! ```
//!
//! Its other keys are those of [`Choices`].

use super::columns::Wanted;
use super::error::{corrupt, unreadable};
use super::names::written;
use super::sheet::is_table;
use super::{Choices, Dataset, Request, npz, tabular};
use crate::diagnostic::{Diagnostic, Failure, Result, elsewhere};
use crate::source::{Source, Span};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    file: Spanned<String>,
    sheet: Option<String>,
    target: Option<Names>,
    test_rows: Option<String>,
    test: Option<Test>,
    inputs: Option<Names>,
    drop: Option<Names>,
    missing: Option<Named>,
    missing_values: Option<Names>,
    categories: Option<Named>,
    group: Option<String>,
    layout: Option<String>,
    weights: Option<Names>,
    sequence: Option<String>,
    time: Option<String>,
    window: Option<u64>,
    horizon: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Test {
    Count(u64),
    Fraction(f64),
    File(String),
}

/// `"a, b"` or `["a", "b"]`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<Name>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Name {
    Text(String),
    Number(f64),
}

/// `"mean, site=category"`, a list of such, or a table of columns.
#[derive(Deserialize)]
#[serde(untagged)]
enum Named {
    List(Names),
    Table(BTreeMap<String, String>),
}

impl Names {
    /// As a flag has them.
    fn list(self) -> String {
        match self {
            Names::One(name) => name,
            Names::Many(names) => {
                let item = |name| match name {
                    // A pattern in a list is one, too.
                    Name::Text(name) if name.contains(',') => written(&name),
                    Name::Text(name) => name,
                    Name::Number(value) => format!("{value}"),
                };
                names.into_iter().map(item).collect::<Vec<_>>().join(", ")
            }
        }
    }
}

impl Named {
    fn list(self) -> String {
        match self {
            Named::List(names) => names.list(),
            Named::Table(rows) => {
                let item = |(name, value): (&String, &String)| format!("{}={value}", written(name));
                rows.iter().map(item).collect::<Vec<_>>().join(", ")
            }
        }
    }
}

/// Reads what the `.toml` at `path` describes; the columns that are wanted and what `request` says go before what it
/// says.
pub(crate) fn read(path: &Path, wanted: &Wanted, request: &Request) -> Result<Dataset> {
    let bytes = crate::files::read(path).map_err(|e| unreadable(path, "open", &e))?;
    let text = String::from_utf8(bytes).map_err(|_| corrupt(path, "is not UTF-8"))?;
    let source = Arc::new(Source {
        name: path.display().to_string(),
        text,
    });
    let fault = |message: Diagnostic| Failure::new(vec![message], source.clone());
    let mut table: Table = toml::from_str(&source.text).map_err(|error| {
        let message = corrupt(path, "does not describe a table")
            .note("its keys are `file`, `sheet`, `target`, `test`, `inputs`, `drop`, `missing`, `missing_values`, `categories`, `group`, `layout`, `weights`, `sequence`, `time`, `window` and `horizon`");
        // The key, as the message has it.
        let key = error.message().split('`').nth(1).unwrap_or_default();
        let message = match elsewhere::anywhere(key) {
            Some(help) => message.help(help),
            None => message,
        };
        let span = error.span().unwrap_or(0..0);
        fault(message.at(Span::new(span.start, span.end), error.message()))
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let file = folder.join(table.file.get_ref());
    let target = table.target.take().map(Names::list);
    let (listed, share) = match table.test.take() {
        Some(Test::File(name)) => (Some(name), None),
        Some(Test::Count(n)) => (None, Some(n.to_string())),
        Some(Test::Fraction(x)) => (None, Some(x.to_string())),
        None => (table.test_rows.take(), None),
    };
    if table.test_rows.is_some() {
        return Err(fault(super::held_out::said_twice()));
    }
    let listed = listed.map(|name| folder.join(name));
    let described = Choices {
        inputs: table.inputs.take().map(Names::list),
        drop: table.drop.take().map(Names::list),
        missing: table.missing.take().map(Named::list),
        missing_values: table.missing_values.take().map(Names::list),
        categories: table.categories.take().map(Named::list),
        test: share,
        group: table.group.take(),
        layout: table.layout.take(),
        weights: table.weights.take().map(Names::list),
        sequence: table.sequence.take(),
        time: table.time.take(),
        window: table.window.map(|rows| rows.to_string()),
        horizon: table.horizon.map(|rows| rows.to_string()),
    };
    // Rows that are listed and a share of them are two ways to say one thing.
    let own = Choices {
        test: match request.test_rows.is_some() || request.choices.test.is_some() {
            true => None,
            false => described.test.clone(),
        },
        ..described
    };
    let choices = request.choices.or(&own);
    let test_rows = match request.choices.test.is_some() {
        true => None,
        false => request.test_rows.as_deref().or(listed.as_deref()),
    };
    let wanted = Wanted {
        described: target.as_deref(),
        choices: Some(&choices),
        sheet: table.sheet.as_deref(),
        ..*wanted
    };
    let is_npz = file
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("npz"));
    let mut dataset = match is_npz {
        _ if is_table(&file) || table.sheet.is_some() => {
            tabular::read(&file, &wanted, request, test_rows)?
        }
        true => {
            let wanted = npz::Wanted {
                request,
                target: wanted.target.or(wanted.described),
                choices: &choices,
                test_rows,
            };
            npz::read(npz::From::File(&file), &wanted)?
        }
        false => {
            let span = table.file.span();
            let title = format!("`{}` is not a kind of table", table.file.get_ref());
            return Err(fault(Diagnostic::error("E0501", title).at(
                Span::new(span.start, span.end),
                format!("expected {}, or .npz", super::sheet::ENDINGS),
            )));
        }
    };
    dataset.name = path.display().to_string();
    Ok(dataset)
}

/// The files that the `.toml` at `path` names; none where it cannot be read, which [`read`] tells.
pub(crate) fn files(path: &Path) -> Vec<PathBuf> {
    let text = crate::files::text(path).unwrap_or_default();
    let Ok(table) = toml::from_str::<Table>(&text) else {
        return vec![];
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let listed = match table.test {
        Some(Test::File(name)) => Some(name),
        _ => table.test_rows,
    };
    let names = [Some(table.file.into_inner()), listed];
    let names = names.into_iter().flatten();
    names.map(|name| folder.join(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Values;
    use super::*;
    use proptest::prelude::*;

    fn write(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn held_out_rows_are_the_test_part() {
        let folder = write(&[
            ("d.csv", "x,y,z\n0,10,5\n1,11,5\n2,12,5\n"),
            ("test.txt", "2\n\n0\n"),
            ("other.txt", "1\n"),
            (
                "d.toml",
                "file = 'd.csv'\ntarget = 'y'\ntest_rows = 'test.txt'\n",
            ),
        ]);
        let of = |request: &Request| {
            let wanted = Wanted {
                target: request.target.as_deref(),
                ..Wanted::default()
            };
            read(&folder.path().join("d.toml"), &wanted, request).unwrap()
        };
        let data = of(&Request::default());
        assert_eq!(
            (data.train.inputs, data.train.targets),
            (Values::F64(vec![1.0, 5.0]), Values::F64(vec![11.0]))
        );
        assert_eq!(data.test.unwrap().targets, Values::F64(vec![10.0, 12.0]));
        let z = of(&Request {
            target: Some("z".into()),
            ..Request::default()
        });
        assert_eq!(z.train.targets, Values::F64(vec![5.0]));
        let other = of(&Request {
            test_rows: Some(folder.path().join("other.txt")),
            ..Request::default()
        });
        assert_eq!(other.test.unwrap().targets, Values::F64(vec![11.0]));
        let dropped = of(&Request {
            choices: Choices {
                drop: Some("z".into()),
                ..Choices::default()
            },
            ..Request::default()
        });
        assert_eq!(dropped.train.inputs, Values::F64(vec![1.0]));
    }

    #[test]
    fn an_unknown_key_is_shown_in_its_place() {
        let folder = write(&[
            ("d.toml", "file = 'd.csv'\nrows = 3\n"),
            ("e.toml", "file = 'd.txt'\n"),
        ]);
        let failure = read(
            &folder.path().join("d.toml"),
            &Wanted::default(),
            &Request::default(),
        )
        .unwrap_err();
        let label = &failure.diagnostics[0].labels[0];
        assert!(label.text.contains("unknown field `rows`"), "{label:?}");
        assert_eq!(failure.source_file.unwrap().slice(label.span), "rows");
        let failure = read(
            &folder.path().join("e.toml"),
            &Wanted::default(),
            &Request::default(),
        )
        .unwrap_err();
        assert_eq!(failure.diagnostics[0].code, "E0501");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(file|target|test_rows|x)? ?=? ?['\"a-z\\[\\],0-9\n]{0,30}") {
            let folder = write(&[("d.toml", &text)]);
            let _ = read(&folder.path().join("d.toml"), &Wanted::default(), &Request::default());
        }
    }
}
