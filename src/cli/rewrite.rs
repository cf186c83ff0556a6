//! Text files that a command changes.

use crate::diagnostic::Result;
use crate::train::files::{failed, write_whole_with};
use similar::TextDiff;
use std::io::Write;
use std::path::Path;

/// Puts `text` in the place of what a file holds, which keeps its permissions; of a link, the file that it leads to.
///
/// # Errors
///
/// `E0601` if it cannot be written.
pub(super) fn rewrite(path: &Path, text: &str) -> Result<()> {
    let path = path
        .canonicalize()
        .map_err(|error| failed(path, "find", &error))?;
    let metadata = path
        .metadata()
        .map_err(|error| failed(&path, "read", &error))?;
    write_whole_with(&path, |file| {
        file.set_permissions(metadata.permissions())?;
        file.write_all(text.as_bytes())
    })
}

/// What differs, as `diff -u` prints it.
pub(super) fn unified(name: &str, before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let mut unified = diff.unified_diff();
    unified.header(name, &format!("{name} (formatted)"));
    unified.to_string()
}
