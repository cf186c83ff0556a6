//! A `.toml` that describes a table: which file, which target column, which rows are held out.
//!
//! ```toml
//! file = "data.csv"        # beside this file
//! target = "y"             # or ["y1", "y2"]; the last column where it is not said
//! test_rows = "test_0.txt" # one 0-based row a line
//! ```

use super::columns::Wanted;
use super::error::{corrupt, unreadable};
use super::held_out::hold_out;
use super::{Dataset, csv, npz};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::source::{Source, Span};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    file: Spanned<String>,
    target: Option<Spanned<Columns>>,
    test_rows: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Columns {
    One(String),
    Many(Vec<String>),
}

/// Reads what the `.toml` at `path` describes; the columns that are wanted and `test_rows` go before the
/// column and the file that it names.
pub(crate) fn read(path: &Path, wanted: &Wanted, test_rows: Option<&Path>) -> Result<Dataset> {
    let bytes = crate::files::read(path).map_err(|e| unreadable(path, "open", &e))?;
    let text = String::from_utf8(bytes).map_err(|_| corrupt(path, "is not UTF-8"))?;
    let source = Arc::new(Source {
        name: path.display().to_string(),
        text,
    });
    let fault = |message: Diagnostic| Failure::new(vec![message], source.clone());
    let table: Table = toml::from_str(&source.text).map_err(|error| {
        let message = corrupt(path, "does not describe a table")
            .note("its keys are `file`, `target` and `test_rows`");
        let span = error.span().unwrap_or(0..0);
        fault(message.at(Span::new(span.start, span.end), error.message()))
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let file = folder.join(table.file.get_ref());
    let in_file = table
        .target
        .as_ref()
        .map(|columns| match columns.get_ref() {
            Columns::One(name) => name.clone(),
            Columns::Many(names) => names.join(","),
        });
    let wanted = Wanted {
        described: in_file.as_deref(),
        ..*wanted
    };
    let no_target = wanted.target.or(wanted.described).is_none();
    let extension = file.extension().map(|e| e.to_string_lossy().to_lowercase());
    let mut dataset = match extension.as_deref() {
        Some("csv") => csv::read(&file, &wanted)?,
        Some("npz") if no_target => npz::read(&file)?,
        Some("npz") => return Err(super::no_columns(&file.display().to_string())),
        _ => {
            let span = table.file.span();
            return Err(fault(
                Diagnostic::error(
                    "E0501",
                    format!("`{}` is not a kind of table", table.file.get_ref()),
                )
                .at(
                    Span::new(span.start, span.end),
                    "expected a .csv or an .npz",
                ),
            ));
        }
    };
    dataset.name = path.display().to_string();
    let in_file = table.test_rows.map(|name| folder.join(name));
    match test_rows.or(in_file.as_deref()) {
        None => Ok(dataset),
        Some(rows) => hold_out(dataset, rows),
    }
}

/// The files that the `.toml` at `path` names; none where it cannot be read, which [`read`] tells.
pub(crate) fn files(path: &Path) -> Vec<PathBuf> {
    let text = crate::files::text(path).unwrap_or_default();
    let Ok(table) = toml::from_str::<Table>(&text) else {
        return vec![];
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let names = [Some(table.file.into_inner()), table.test_rows];
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
        let data = read(&folder.path().join("d.toml"), &Wanted::default(), None).unwrap();
        assert_eq!(
            (data.train.inputs, data.train.targets),
            (Values::F64(vec![1.0, 5.0]), Values::F64(vec![11.0]))
        );
        assert_eq!(data.test.unwrap().targets, Values::F64(vec![10.0, 12.0]));
        let wanted = Wanted {
            target: Some("z"),
            ..Wanted::default()
        };
        let other = read(&folder.path().join("d.toml"), &wanted, None).unwrap();
        assert_eq!(other.train.targets, Values::F64(vec![5.0]));
        let rows = folder.path().join("other.txt");
        let other = read(
            &folder.path().join("d.toml"),
            &Wanted::default(),
            Some(&rows),
        )
        .unwrap();
        assert_eq!(other.test.unwrap().targets, Values::F64(vec![11.0]));
    }

    #[test]
    fn an_unknown_key_is_shown_in_its_place() {
        let folder = write(&[
            ("d.toml", "file = 'd.csv'\nrows = 3\n"),
            ("e.toml", "file = 'd.txt'\n"),
        ]);
        let failure = read(&folder.path().join("d.toml"), &Wanted::default(), None).unwrap_err();
        let label = &failure.diagnostics[0].labels[0];
        assert!(label.text.contains("unknown field `rows`"), "{label:?}");
        assert_eq!(failure.source_file.unwrap().slice(label.span), "rows");
        let failure = read(&folder.path().join("e.toml"), &Wanted::default(), None).unwrap_err();
        assert_eq!(failure.diagnostics[0].code, "E0501");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(file|target|test_rows|x)? ?=? ?['\"a-z\\[\\],0-9\n]{0,30}") {
            let folder = write(&[("d.toml", &text)]);
            let _ = read(&folder.path().join("d.toml"), &Wanted::default(), None);
        }
    }
}
