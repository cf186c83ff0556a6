//! Edits of a file: the replacements that messages propose.

use super::{Diagnostic, Severity};
use crate::source::Span;

/// What to put in a place of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The place.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
    /// The message's code.
    pub code: &'static str,
    /// What it does, in words.
    pub help: String,
}

impl Diagnostic {
    /// The edit that mends an error, where its message proposes exactly one. What a lint proposes is a choice, and left
    /// to the reader.
    pub fn edit(&self) -> Option<Edit> {
        match &self.edits()[..] {
            [only] if self.severity == Severity::Error => Some(only.clone()),
            _ => None,
        }
    }

    /// Every edit that the message proposes.
    pub fn edits(&self) -> Vec<Edit> {
        let edit = |help: &super::Help| {
            let (span, text) = help.patch.clone()?;
            Some(Edit {
                span,
                text,
                code: self.code,
                help: help.text.clone(),
            })
        };
        self.helps.iter().filter_map(edit).collect()
    }
}

/// The edits that can be made at once, in the order of their places: of those that overlap, or touch each other, the
/// first.
pub fn apart(mut edits: Vec<Edit>) -> Vec<Edit> {
    edits.sort_by_key(|edit| edit.span);
    let mut kept: Vec<Edit> = vec![];
    for edit in edits {
        if kept
            .last()
            .is_none_or(|last| last.span.end < edit.span.start)
        {
            kept.push(edit);
        }
    }
    kept
}
