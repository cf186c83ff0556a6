//! Tables: a header, then a row an example, every cell a number.

use super::error::{corrupt, listed, nearest, unreadable};
use super::{Dataset, Split, Values};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::tensor::Shape;
use ::csv::{ByteRecord, ReaderBuilder, Trim};
use std::collections::HashMap;
use std::path::Path;

/// After this many faulty cells the rest of the table is not looked at.
const MOST_FAULTS: usize = 8;

/// Reads the table at `path`; the targets are the column `target`, or several with commas between, or
/// the last one.
pub(crate) fn read(path: &Path, target: Option<&str>) -> Result<Dataset> {
    let bytes = std::fs::read(path).map_err(|e| unreadable(path, "open", &e))?;
    let train = parse(path, &bytes, target)?;
    Ok(Dataset {
        name: path.display().to_string(),
        train,
        test: None,
        file_rows: None,
        class_names: vec![],
    })
}

fn parse(path: &Path, bytes: &[u8], target: Option<&str>) -> Result<Split> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(bytes);
    let mut record = ByteRecord::new();
    if !next(path, &mut reader, &mut record)? {
        return Err(corrupt(path, "is empty")
            .note("expected a header with the columns' names")
            .into());
    }
    let columns = header(path, &record)?;
    let targets = target_columns(path, &columns, target)?;
    refuse_same_inputs(path, &columns, &targets)?;

    let (mut inputs, mut wanted, mut faults) = (vec![], vec![], vec![]);
    let mut rows = 0;
    while faults.len() < MOST_FAULTS && next(path, &mut reader, &mut record)? {
        let line = line(bytes, &record);
        rows += 1;
        if record.len() != columns.len() {
            faults.push(
                Diagnostic::error(
                    "E0505",
                    format!("{}:{line}: the row is ragged", path.display()),
                )
                .note(format!(
                    "expected {} cells as in the header, found {}",
                    columns.len(),
                    record.len()
                )),
            );
            continue;
        }
        let start = wanted.len();
        wanted.resize(start + targets.len(), 0.0);
        for (index, (cell, column)) in record.iter().zip(&columns).enumerate() {
            match number(cell) {
                Err(found) => faults.push(bad_cell(path, line, column, &found)),
                Ok(value) => match targets.iter().position(|&t| t == index) {
                    Some(place) => wanted[start + place] = value,
                    None => inputs.push(value),
                },
            }
        }
    }
    faults.truncate(MOST_FAULTS);
    if !faults.is_empty() {
        return Err(Failure {
            diagnostics: faults,
            source_file: None,
        });
    }
    if rows == 0 {
        return Err(corrupt(path, "has a header and no rows").into());
    }
    Ok(Split {
        inputs: Values::F64(inputs),
        input_shape: Shape::new(&[columns.len() - targets.len()]),
        targets: Values::F64(wanted),
        target_shape: if targets.len() == 1 {
            Shape::default()
        } else {
            Shape::new(&[targets.len()])
        },
        len: rows,
    })
}

fn next(path: &Path, reader: &mut ::csv::Reader<&[u8]>, record: &mut ByteRecord) -> Result<bool> {
    reader
        .read_byte_record(record)
        .map_err(|error| match error.into_kind() {
            ::csv::ErrorKind::Io(e) => unreadable(path, "read", &e),
            other => corrupt(path, "is not a csv file")
                .note(format!("{other:?}"))
                .into(),
        })
}

/// The 1-based line of a record, as an editor counts: the reader's position is before blank lines.
fn line(bytes: &[u8], record: &ByteRecord) -> u64 {
    let Some(position) = record.position() else {
        return 1;
    };
    let rest = bytes.get(position.byte() as usize..).unwrap_or(&[]);
    let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + blank.filter(|&&byte| byte == b'\n').count() as u64
}

/// The columns' names.
fn header(path: &Path, record: &ByteRecord) -> Result<Vec<String>> {
    let text = |cell: &[u8]| {
        String::from_utf8_lossy(cell)
            .trim_start_matches('\u{feff}')
            .trim()
            .to_string()
    };
    let columns: Vec<String> = record.iter().map(text).collect();
    if columns.iter().all(|name| name.parse::<f64>().is_ok()) {
        return Err(corrupt(path, "has no header")
            .note(format!(
                "expected the columns' names in line 1, found {}",
                listed(&columns)
            ))
            .into());
    }
    Ok(columns)
}

/// The indices of the target columns, in the order in which they were asked for.
fn target_columns(path: &Path, columns: &[String], target: Option<&str>) -> Result<Vec<usize>> {
    let error = |title: String| Diagnostic::error("E0506", title);
    let place = path.display();
    if columns.len() < 2 {
        let message = error(format!("`{place}` has no column besides the target"));
        let other = [(';', "`;`"), ('\t', "a tab")];
        let other = other
            .iter()
            .find(|(mark, _)| columns.iter().any(|name| name.contains(*mark)));
        return Err(match other {
            Some((_, mark)) => {
                message.help(format!("cells are separated by commas, not by {mark}"))
            }
            None => message,
        }
        .into());
    }
    let Some(target) = target else {
        return Ok(vec![columns.len() - 1]);
    };
    let mut found = vec![];
    for name in target.split(',').map(str::trim) {
        let mut places = columns
            .iter()
            .enumerate()
            .filter(|(_, column)| *column == name)
            .map(|(i, _)| i);
        match (places.next(), places.next()) {
            (Some(index), _) if found.contains(&index) => {
                return Err(error(format!("the target column `{name}` is named twice")).into());
            }
            (Some(index), None) => found.push(index),
            (Some(a), Some(b)) => {
                return Err(
                    error(format!("`{place}` has more than one column `{name}`"))
                        .note(format!(
                            "columns {} and {} of {}",
                            a + 1,
                            b + 1,
                            columns.len()
                        ))
                        .into(),
                );
            }
            (None, _) => {
                let message = error(format!("`{place}` has no column `{name}`"))
                    .note(format!("its columns are {}", listed(columns)));
                return Err(match nearest(name, columns.iter().map(String::as_str)) {
                    Some(near) => message.help(format!("the nearest name is `{near}`")),
                    None => message,
                }
                .into());
            }
        }
    }
    if found.len() == columns.len() {
        return Err(error(format!("`{place}` has no column besides the targets")).into());
    }
    Ok(found)
}

/// Two inputs of one name are one column written twice, or a name that is wrong.
fn refuse_same_inputs(path: &Path, columns: &[String], targets: &[usize]) -> Result<()> {
    let mut seen = HashMap::new();
    for (index, name) in columns.iter().enumerate() {
        // Nameless columns are no two of one name.
        if name.is_empty() || targets.contains(&index) {
            continue;
        }
        if let Some(first) = seen.insert(name, index) {
            let place = path.display();
            let title = format!("`{place}` has more than one column `{name}`");
            return Err(Diagnostic::error("E0506", title)
                .note(format!(
                    "columns {} and {} of {}",
                    first + 1,
                    index + 1,
                    columns.len()
                ))
                .into());
        }
    }
    Ok(())
}

/// The number in a cell, or what was found instead.
fn number(cell: &[u8]) -> std::result::Result<f64, String> {
    let text = std::str::from_utf8(cell).map_err(|_| "bytes that are not UTF-8".to_string())?;
    match text.parse::<f64>() {
        _ if text.is_empty()
            || ["na", "n/a", "null", "none", "?"].contains(&&*text.to_lowercase()) =>
        {
            Err(if text.is_empty() {
                "a missing value".into()
            } else {
                format!("a missing value, `{text}`")
            })
        }
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(format!("`{text}`, which is not finite")),
        Err(_) => Err(format!(
            "the text `{}`",
            text.chars().take(40).collect::<String>()
        )),
    }
}

fn bad_cell(path: &Path, line: u64, column: &str, found: &str) -> Diagnostic {
    Diagnostic::error(
        "E0505",
        format!(
            "{}:{line}: column `{column}` holds no number",
            path.display()
        ),
    )
    .note(format!("expected a number, found {found}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(text: &str, target: Option<&str>) -> Result<Split> {
        parse(Path::new("t.csv"), text.as_bytes(), target)
    }

    fn messages(text: &str, target: Option<&str>) -> Vec<String> {
        let diagnostics = table(text, target).unwrap_err().diagnostics;
        diagnostics
            .into_iter()
            .map(|d| format!("{}: {}", d.title, d.notes.join("; ")))
            .collect()
    }

    #[test]
    fn the_target_is_the_last_column_or_a_named_one() {
        let text = "\u{feff}a, b ,y\n1,2,3\n\n4,5e-1,6\n";
        let split = table(text, None).unwrap();
        assert_eq!(split.inputs, Values::F64(vec![1.0, 2.0, 4.0, 0.5]));
        assert_eq!(
            (split.targets, split.target_shape),
            (Values::F64(vec![3.0, 6.0]), Shape::default())
        );
        let split = table(text, Some("y, a")).unwrap();
        assert_eq!(split.targets, Values::F64(vec![3.0, 1.0, 6.0, 4.0]));
        assert_eq!(
            (split.input_shape, split.target_shape),
            (Shape::new(&[1]), Shape::new(&[2]))
        );
    }

    #[test]
    fn faulty_cells_name_the_line_and_the_column() {
        assert_eq!(
            messages("a,b,y\n1,2,3\n\n1,red,3\n,NaN,NA\n1,2\n", None),
            [
                "t.csv:4: column `b` holds no number: expected a number, found the text `red`",
                "t.csv:5: column `a` holds no number: expected a number, found a missing value",
                "t.csv:5: column `b` holds no number: expected a number, found `NaN`, which is not finite",
                "t.csv:5: column `y` holds no number: expected a number, found a missing value, `NA`",
                "t.csv:6: the row is ragged: expected 3 cells as in the header, found 2",
            ]
        );
        assert_eq!(
            messages(&format!("a,b\n{}", "x,y\n".repeat(1000)), None).len(),
            MOST_FAULTS
        );
    }

    #[test]
    fn the_target_column_must_be_one() {
        let failure = table("price,size,size\n1,2,3\n", Some("prise")).unwrap_err();
        assert_eq!(
            failure.diagnostics[0].title,
            "`t.csv` has no column `prise`"
        );
        assert_eq!(
            failure.diagnostics[0].helps[0].text,
            "the nearest name is `price`"
        );
        assert_eq!(
            messages("price,size,size\n1,2,3\n", Some("size")),
            ["`t.csv` has more than one column `size`: columns 2 and 3 of 3"]
        );
        assert_eq!(
            messages("a,b\n1,2\n", Some("a,a")),
            ["the target column `a` is named twice: "]
        );
        assert_eq!(
            messages("a,b\n1,2\n", Some("a,b")),
            ["`t.csv` has no column besides the targets: "]
        );
        assert_eq!(
            messages("a\n1\n", None),
            ["`t.csv` has no column besides the target: "]
        );
    }

    #[test]
    fn no_two_inputs_have_one_name() {
        assert_eq!(
            messages("size,price,size,y\n1,2,3,4\n", None),
            ["`t.csv` has more than one column `size`: columns 1 and 3 of 4"]
        );
        assert!(table(",,y\n1,2,3\n", None).is_ok());
    }

    #[test]
    fn other_separators_are_told() {
        for (text, help) in [
            (
                "a;b;y\n1;2;3\n",
                "cells are separated by commas, not by `;`",
            ),
            (
                "a\tb\n1\t2\n",
                "cells are separated by commas, not by a tab",
            ),
        ] {
            let failure = table(text, None).unwrap_err();
            assert_eq!(failure.diagnostics[0].helps[0].text, help);
        }
        assert!(
            table("a\n1\n", None).unwrap_err().diagnostics[0]
                .helps
                .is_empty()
        );
    }

    #[test]
    fn a_table_needs_a_header_and_rows() {
        assert_eq!(
            messages("", None),
            ["`t.csv` is empty: expected a header with the columns' names"]
        );
        assert_eq!(
            messages("a,b\n", None),
            ["`t.csv` has a header and no rows: "]
        );
        assert_eq!(
            messages("1,2\n3,4\n", None),
            ["`t.csv` has no header: expected the columns' names in line 1, found `1` and `2`"]
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(Path::new("t.csv"), &bytes, None);
            let headed = [b"a,b\n".as_slice(), &bytes].concat();
            let _ = parse(Path::new("t.csv"), &headed, Some("a"));
        }

        #[test]
        fn no_table_of_cells_panics(text in "a,b,\"?c\"?\n([0-9eE.+\\-,\"\n\r ]{0,40})") {
            let _ = parse(Path::new("t.csv"), text.as_bytes(), None);
        }
    }
}
