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

use crate::diagnostic::{Diagnostic, Failure};
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
