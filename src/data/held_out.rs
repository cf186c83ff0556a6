//! A test part: rows that a file lists, one a line, the first row of the data being 0, or rows at random.

use super::error::unreadable;
use super::split::{self, Validation};
use super::{Dataset, Seen, Split, Values};
use crate::diagnostic::{Diagnostic, Failure, Result};
use std::path::Path;

/// The rows of a training and of a test part, each in ascending order.
pub(crate) type Parts = [Vec<usize>; 2];

/// The parts of `n` rows of which the file at `path` lists those to hold out.
pub(crate) fn listed(path: &Path, n: usize) -> Result<Parts> {
    let text = crate::files::read(path).map_err(|e| unreadable(path, "open", &e))?;
    let held_out = rows(path, &String::from_utf8_lossy(&text), n)?;
    Ok(parts(|row| held_out[row], n))
}

/// The parts of `n` rows of which so many are held out at random: the same ones for every run. Of rows in `groups`,
/// whole groups.
pub(crate) fn at_random(n: usize, share: Validation, groups: Option<&[u32]>) -> Result<Parts> {
    let (_, testing) = split::divide(n, groups, share, TEST_STREAM, "test part")?;
    let mut held_out = vec![false; n];
    testing.iter().for_each(|row| held_out[*row] = true);
    Ok(parts(|row| held_out[row], n))
}

/// The random stream of the rows that are held out.
const TEST_STREAM: u64 = 0x7465_7374_0000_0000;

fn parts(is_held_out: impl Fn(usize) -> bool, n: usize) -> Parts {
    let (testing, training) = (0..n).partition(|row| is_held_out(*row));
    [training, testing]
}

/// Moves rows of the training part to a test part.
///
/// # Errors
///
/// `E0508` of data that has one.
pub(crate) fn part(dataset: Dataset, parts: Parts) -> Result<Dataset> {
    if dataset.test.is_some() {
        return Err(has_test_part(&dataset.name));
    }
    let [training, testing] = &parts;
    let of_training = |groups: &Vec<u32>| training.iter().map(|row| groups[*row]).collect();
    let groups = dataset.seen.groups.as_ref().map(of_training);
    let in_time = dataset.in_time().map(|windows| windows.of(training));
    let counts = dataset.counts(false).map(|all| {
        let of_rows = |rows: &Vec<usize>| rows.iter().map(|row| all[*row]).collect();
        parts.each_ref().map(of_rows)
    });
    Ok(Dataset {
        train: dataset.train.rows(training),
        test: Some(dataset.train.rows(testing)),
        file_rows: Some(parts),
        seen: Seen {
            groups,
            in_time,
            counts,
            ..dataset.seen
        },
        ..dataset
    })
}

/// A share of the rows and a list of them are both given.
pub(crate) fn said_twice() -> Diagnostic {
    let title = "`test` and `test_rows` both say which rows are held out";
    Diagnostic::error("E0508", title)
        .help("leave one of them out: `test` draws rows at random, `test_rows` lists them")
}

/// Rows of data that has its own test part are to be held out.
pub(crate) fn has_test_part(data: &str) -> Failure {
    Diagnostic::error("E0508", format!("`{data}` has a test part already"))
        .note("a file of rows makes a test part of data without one")
        .into()
}

/// Whether each of `n` rows is listed.
fn rows(path: &Path, text: &str, n: usize) -> Result<Vec<bool>> {
    let mut held_out = vec![false; n];
    let mut count = 0;
    for (line, row) in text.lines().enumerate().map(|(i, row)| (i + 1, row.trim())) {
        if row.is_empty() {
            continue;
        }
        let fault =
            |fact: String| Diagnostic::error("E0508", format!("{}:{line}: {fact}", path.display()));
        let Ok(index) = row.parse::<usize>() else {
            return Err(fault(format!("`{row}` is no row"))
                .note("expected one whole number a line, the first row of the table being 0")
                .into());
        };
        match held_out.get_mut(index) {
            None => {
                return Err(fault(format!("row {index} is not in the table"))
                    .note(format!("the table has the rows 0 to {}", n - 1))
                    .into());
            }
            Some(true) => return Err(fault(format!("row {index} is listed twice")).into()),
            Some(place) => *place = true,
        }
        count += 1;
    }
    if count == 0 || count == n {
        let which = if count == 0 { "no row" } else { "every row" };
        return Err(
            Diagnostic::error("E0508", format!("`{}` holds out {which}", path.display())).into(),
        );
    }
    Ok(held_out)
}

impl Split {
    /// The examples at `rows`, in that order.
    pub(crate) fn rows(&self, rows: &[usize]) -> Split {
        Split {
            // Where facts are looked for, there are none.
            inputs: match self.inputs.is_empty() {
                true => Values::U8(vec![]),
                false => self.inputs.rows(rows, self.input_shape.len()),
            },
            input_shape: self.input_shape.clone(),
            targets: self.targets.rows(rows, self.target_shape.len()),
            target_shape: self.target_shape.clone(),
            len: rows.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn faulty_rows_name_their_line() {
        let brief = |text| {
            rows(Path::new("t.txt"), text, 3).unwrap_err().diagnostics[0]
                .title
                .clone()
        };
        assert_eq!(brief("0\n3\n"), "t.txt:2: row 3 is not in the table");
        assert_eq!(brief("0\n1\n0\n"), "t.txt:3: row 0 is listed twice");
        assert_eq!(brief("-1\n"), "t.txt:1: `-1` is no row");
        assert_eq!(brief("\n"), "`t.txt` holds out no row");
        assert_eq!(brief("0\n1\n2\n"), "`t.txt` holds out every row");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-0-9a-z \n]{0,30}") {
            let _ = rows(Path::new("t.txt"), &text, 3);
        }
    }
}
