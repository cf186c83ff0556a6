//! What is allowed and more likely a mistake than a choice: each a file. A lint reads the model only.

use crate::diagnostic::Diagnostic;
use crate::ir::Model;

/// Every warning about a model.
pub fn run(_model: &Model) -> Vec<Diagnostic> {
    vec![]
}
