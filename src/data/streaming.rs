//! When inputs stay in their files and are read as they are needed, instead of all at once.

use crate::memory;
use crate::words::bytes;
use std::path::{Path, PathBuf};

/// When inputs stay in their files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Streaming {
    /// Where they would take more than a quarter of the memory that is free.
    #[default]
    Auto,
    /// Wherever the format has it.
    Always,
    /// Nowhere.
    Never,
}

/// The words for them.
pub const STREAMINGS: &[&str] = &["auto", "always", "never"];

impl Streaming {
    /// What one of [`STREAMINGS`] means.
    pub fn of_word(word: &str) -> Streaming {
        match word {
            "always" => Streaming::Always,
            "never" => Streaming::Never,
            _ => Streaming::Auto,
        }
    }

    /// Whether inputs that take so many bytes of memory stay in their files.
    pub(super) fn takes(self, inputs: u64) -> bool {
        match self {
            Streaming::Always => true,
            Streaming::Never => false,
            Streaming::Auto => memory::available().is_some_and(|free| inputs > free / 4),
        }
    }
}

/// What is said of inputs that stay in `file`.
pub(super) fn from_file(inputs: u64, file: &Path) -> String {
    format!(
        "streamed: the inputs, {} of memory, stay in `{}`, and each minibatch is read from it",
        bytes(inputs),
        file.display()
    )
}

/// What is said of inputs that are compressed.
pub(super) fn unpacked(inputs: u64) -> String {
    format!(
        "streamed: the inputs, {} of memory, are compressed, and are unpacked to a temporary file in `{}`, from which \
         each minibatch is read",
        bytes(inputs),
        temporary_folder().display()
    )
}

/// What is said of the inputs in a table.
pub(super) fn as_numbers(inputs: u64) -> String {
    format!(
        "streamed: the inputs, {} of memory, are written to a temporary file in `{}`, from which each minibatch is read",
        bytes(inputs),
        temporary_folder().display()
    )
}

/// Where compressed inputs are unpacked: what is in `/tmp` may be in memory.
pub(super) fn temporary_folder() -> PathBuf {
    let of_disk = Path::new("/var/tmp");
    match std::env::var_os("TMPDIR") {
        Some(folder) if !folder.is_empty() => folder.into(),
        _ if of_disk.is_dir() => of_disk.to_owned(),
        _ => std::env::temp_dir(),
    }
}
