//! Tables: a header, then a row an example, every cell a number.

use super::columns::{Columns, Wanted, choose};
use super::error::{corrupt, unreadable};
use super::{Dataset, Split, Values};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::tensor::Shape;
use crate::words::list;
use ::csv::{ByteRecord, ReaderBuilder, Trim};
use std::path::Path;

/// The most faulty cells that are shown; all are counted.
const MOST_FAULTS: usize = 8;

/// Reads the columns that are wanted of the table at `path`; the cells of others are not looked at.
pub(crate) fn read(path: &Path, wanted: &Wanted) -> Result<Dataset> {
    let bytes = crate::files::read(path).map_err(|e| unreadable(path, "open", &e))?;
    let (train, columns) = parse(path, &bytes, wanted)?;
    Ok(Dataset {
        name: path.display().to_string(),
        train,
        test: None,
        file_rows: None,
        columns: Some(columns),
        class_names: vec![],
    })
}

fn parse(path: &Path, bytes: &[u8], wanted: &Wanted) -> Result<(Split, Columns)> {
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
    let header = header(path, &record)?;
    let chosen = choose(path, &header, wanted)?;

    let (mut inputs, mut targets) = (vec![], vec![]);
    let mut faults = Faults::default();
    let mut rows = 0;
    let needless = match wanted.of_run {
        Some(run) if !run.targets_needed => Some(match wanted.target {
            None => "leave the column out: `predict` needs no target",
            Some(_) => "leave the column and `--target` out: `predict` needs no target",
        }),
        _ => None,
    };
    while next(path, &mut reader, &mut record)? {
        let line = line(bytes, &record);
        rows += 1;
        if record.len() != header.len() {
            faults.add(|| ragged(path, line, header.len(), record.len()));
            continue;
        }
        for (places, values, needless) in [
            (&chosen.inputs, &mut inputs, None),
            (&chosen.targets, &mut targets, needless),
        ] {
            for &place in places {
                match number(&record[place]) {
                    Ok(value) => values.push(value),
                    Err(found) => {
                        faults.add(|| bad_cell(path, line, &header[place], found, needless));
                    }
                }
            }
        }
    }
    faults.finish()?;
    if rows == 0 {
        return Err(corrupt(path, "has a header and no rows").into());
    }
    let split = Split {
        inputs: Values::F64(inputs),
        input_shape: Shape::new(&[chosen.inputs.len()]),
        targets: Values::F64(targets),
        target_shape: match chosen.targets.len() {
            1 => Shape::default(),
            width => Shape::new(&[width]),
        },
        len: rows,
    };
    let names = |places: &[usize]| places.iter().map(|place| header[*place].clone()).collect();
    let taken = |place: &usize| chosen.inputs.contains(place) || chosen.targets.contains(place);
    let left_out: Vec<usize> = (0..header.len()).filter(|place| !taken(place)).collect();
    let columns = Columns {
        inputs: names(&chosen.inputs),
        targets: names(&chosen.targets),
        by_default: chosen.by_default,
        left_out: names(&left_out),
    };
    Ok((split, columns))
}

/// The faults of a table: the first ones, and how many there are.
#[derive(Default)]
struct Faults {
    shown: Vec<Diagnostic>,
    count: usize,
}

impl Faults {
    fn add(&mut self, fault: impl FnOnce() -> Diagnostic) {
        self.count += 1;
        if self.shown.len() < MOST_FAULTS {
            self.shown.push(fault());
        }
    }

    fn finish(mut self) -> Result<()> {
        let shown = self.shown.len();
        let Some(last) = self.shown.last_mut() else {
            return Ok(());
        };
        if shown < self.count {
            last.notes.push(format!(
                "{shown} of {} faults of the table are shown",
                self.count
            ));
        }
        Err(Failure {
            diagnostics: self.shown,
            source_file: None,
        })
    }
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
                list(&columns)
            ))
            .into());
    }
    Ok(columns)
}

/// What a cell holds in place of a number.
enum Found {
    Missing(String),
    NotFinite(String),
    Text(String),
}

/// The number in a cell, or what was found instead.
fn number(cell: &[u8]) -> std::result::Result<f64, Found> {
    let text = std::str::from_utf8(cell)
        .map_err(|_| Found::Text("bytes that are not UTF-8".to_string()))?;
    match text.parse::<f64>() {
        _ if text.is_empty() => Err(Found::Missing("a missing value".into())),
        _ if ["na", "n/a", "null", "none", "?"].contains(&&*text.to_lowercase()) => {
            Err(Found::Missing(format!("a missing value, `{text}`")))
        }
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(Found::NotFinite(format!("`{text}`, which is not finite"))),
        Err(_) => Err(Found::Text(format!(
            "the text `{}`",
            text.chars().take(40).collect::<String>()
        ))),
    }
}

fn ragged(path: &Path, line: u64, expected: usize, found: usize) -> Diagnostic {
    let title = format!("{}:{line}: the row is ragged", path.display());
    let help = match found < expected {
        true => "fill in the cells that are missing, or leave the row out",
        false => "a cell that holds a comma stands in double quotes",
    };
    Diagnostic::error("E0505", title)
        .note(format!(
            "expected {expected} cells as in the header, found {found}"
        ))
        .help(help)
}

/// `needless`: what to do instead where the column need not be there.
fn bad_cell(
    path: &Path,
    line: u64,
    column: &str,
    found: Found,
    needless: Option<&str>,
) -> Diagnostic {
    let (found, help) = match found {
        Found::Missing(found) if needless.is_some() => (found, needless.unwrap_or_default()),
        Found::Missing(found) => (
            found,
            "leave out the rows with missing values, or fill them in: with the column's mean, say",
        ),
        Found::NotFinite(found) => (found, "leave out the row, or put a finite number there"),
        Found::Text(found) => (
            found,
            "leave the column out, or code its texts as numbers: 0 to k - 1 of a target, \
             a column of 0 and 1 for each of an input",
        ),
    };
    let title = format!(
        "{}:{line}: column `{column}` holds no number",
        path.display()
    );
    Diagnostic::error("E0505", title)
        .note(format!("expected a number, found {found}"))
        .help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(text: &str, target: Option<&str>) -> Result<Split> {
        let wanted = Wanted {
            target,
            ..Wanted::default()
        };
        parse(Path::new("t.csv"), text.as_bytes(), &wanted).map(|(split, _)| split)
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
        let many = messages(&format!("a,b\n{}", "x,y\n".repeat(1000)), None);
        assert_eq!(many.len(), MOST_FAULTS);
        assert!(
            many[7].ends_with("8 of 2000 faults of the table are shown"),
            "{many:?}"
        );
    }

    #[test]
    fn a_faulty_cell_says_what_to_do() {
        let help = |cell: &str| {
            let failure = table(&format!("a,y\n{cell},1\n"), None).unwrap_err();
            failure.diagnostics[0].helps[0].text.clone()
        };
        assert!(help("?").starts_with("leave out the rows with missing values"));
        assert!(help("red").contains("0 to k - 1 of a target"));
        assert!(help("inf").contains("finite"));
        assert!(help("1,2").contains("double quotes"));
    }

    #[test]
    fn the_target_column_must_be_one() {
        let failure = table("price,size,y\n1,2,3\n", Some("prise")).unwrap_err();
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
    fn no_two_columns_have_one_name() {
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
            let _ = parse(Path::new("t.csv"), &bytes, &Wanted::default());
            let headed = [b"a,b\n".as_slice(), &bytes].concat();
            let wanted = Wanted {
                target: Some("a"),
                ..Wanted::default()
            };
            let _ = parse(Path::new("t.csv"), &headed, &wanted);
        }

        #[test]
        fn no_table_of_cells_panics(text in "a,b,\"?c\"?\n([0-9eE.+\\-,\"\n\r ]{0,40})") {
            let _ = parse(Path::new("t.csv"), text.as_bytes(), &Wanted::default());
        }
    }
}
