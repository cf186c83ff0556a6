//! Where an export may go.

use super::Format;
use crate::diagnostic::{Diagnostic, Result};
use std::path::Path;

/// The file that a Zarr store has in each of its folders.
pub const STORE: &str = "zarr.json";

/// Whether the folder is a store that an export wrote.
pub fn is_own_store(path: &Path) -> bool {
    let text = std::fs::read_to_string(path.join(STORE)).unwrap_or_default();
    let found: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    found.is_some_and(|found| found["attributes"]["creation_library"] == "bnnc")
}

/// Refuses a place that an export would not replace: a folder for a file, a file for a folder, a folder that is no
/// export of before.
///
/// # Errors
///
/// `E0601`.
pub fn refuse(path: &Path, format: Format) -> Result<()> {
    let why = match format {
        Format::Zarr if path.is_dir() && !is_own_store(path) => {
            "a folder is replaced only where it is a Zarr store that `bnnc export` wrote"
        }
        Format::Zarr if path.is_symlink() || path.is_file() => {
            "it is a file, and a Zarr store is a folder"
        }
        Format::Safetensors | Format::Npz if path.is_dir() => "it is a folder",
        _ => return Ok(()),
    };
    let title = format!("an export is not written over `{}`", path.display());
    Err(Diagnostic::error("E0601", title)
        .note(why)
        .help("name another place with `--out`")
        .into())
}
