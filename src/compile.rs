//! From a file to a model: the whole front end in one call.

use crate::diagnostic::{Diagnostic, Result};
use crate::ir::Model;
use crate::source::Source;
use std::path::Path;
use std::sync::Arc;

/// A compiled model with its source and warnings.
pub struct Compiled {
    /// The file.
    pub source: Arc<Source>,
    /// The model.
    pub model: Arc<Model>,
    /// What is more likely a mistake than a choice.
    pub warnings: Vec<Diagnostic>,
}

/// Reads and compiles a model file; `sets` are `--set name=value` pairs.
pub fn file(path: &Path, sets: &[(String, String)]) -> Result<Compiled> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Diagnostic::error("E0601", format!("{} cannot be read", path.display()))
            .note(error.to_string())
    })?;
    source(
        Source {
            name: path.display().to_string(),
            text,
        },
        sets,
    )
}

/// Compiles a source.
pub fn source(source: Source, sets: &[(String, String)]) -> Result<Compiled> {
    let _ = (source, sets);
    unimplemented!()
}
