//! The messages about data that more than one reader gives.
//!
//! | code | what |
//! | --- | --- |
//! | `E0501` | the data set or kind of file is not known |
//! | `E0502` | the data set is not found, or is incomplete |
//! | `E0503` | a file cannot be opened, read or written |
//! | `E0504` | a file is truncated or is not of its format |
//! | `E0505` | a column or cell of a table cannot be taken as it is, or a row is ragged |
//! | `E0506` | a column that is asked for is not there, or two have one name |
//! | `E0507` | the arrays of an `.npz` are missing, mismatched or of an unknown kind |
//! | `E0508` | the held-out rows do not fit the table |
//! | `E0509` | a target does not fit what the model predicts |
//! | `E0510` | an input is not finite |
//! | `E0511` | a download failed |
//! | `E0512` | a download is not the file it should be |
//! | `E0513` | the validation part does not fit the training part |
//! | `E0514` | a sequence, or what says its length, does not fit the model's input |
//! | `E0515` | rows do not make the sequences or windows that are asked for |

use crate::diagnostic::{Diagnostic, Failure, Result};
use std::io;
use std::path::Path;

/// A file that the operating system would not open, read or write.
pub(crate) fn unreadable(path: &Path, doing: &str, error: &io::Error) -> Failure {
    Diagnostic::error("E0503", format!("cannot {doing} `{}`", path.display()))
        .note(error.to_string())
        .into()
}

/// A file that is not what its format says.
pub(crate) fn corrupt(path: &Path, fact: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error("E0504", format!("`{}` {fact}", path.display()))
}

/// A file whose reader was left out when this program was built.
#[cfg(not(all(feature = "images", feature = "parquet", feature = "xlsx")))]
pub(crate) fn not_built(path: &Path, feature: &str) -> Diagnostic {
    let title = format!(
        "this bnnc is built without a reader for `{}`",
        path.display()
    );
    Diagnostic::error("E0501", title).help(format!(
        "`cargo build --release --features {feature}` builds one with it"
    ))
}

/// A file of another length than its format or its header says.
pub(crate) fn wrong_length(path: &Path, expected: u64, found: u64, why: &str) -> Failure {
    let state = if found < expected {
        "is truncated"
    } else {
        "is longer than its contents"
    };
    corrupt(path, state)
        .note(format!("expected {expected} bytes ({why}), found {found}"))
        .into()
}

/// The most messages of one kind about a table that are shown; all are counted.
pub(super) const MOST_SHOWN: usize = 8;

/// The first messages of one kind about a table, and how many there are.
#[derive(Default)]
pub(super) struct Faults {
    shown: Vec<Diagnostic>,
    count: usize,
}

impl Faults {
    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Counts one more, and keeps its message if it is one of the first.
    pub(super) fn add(&mut self, message: impl FnOnce() -> Diagnostic) {
        self.count += 1;
        if self.shown.len() < MOST_SHOWN {
            self.shown.push(message());
        }
    }

    /// # Errors
    ///
    /// All that are kept, if there are any; `what` names them in the plural.
    pub(super) fn finish(mut self, what: &str) -> Result<()> {
        let shown = self.shown.len();
        let Some(last) = self.shown.last_mut() else {
            return Ok(());
        };
        if shown < self.count {
            last.notes
                .push(format!("{shown} of {} {what} are shown", self.count));
        }
        Err(Failure {
            diagnostics: self.shown,
            source_file: None,
        })
    }
}
