//! What is wrong, where, and what to do: one structure for every message `bnnc` gives.
//!
//! Codes: `E01xx` syntax, `E02xx` names and arguments, `E03xx` shapes, `E04xx` probability,
//! `E05xx` data, `E06xx` runs and files; lints have kebab-case names. A title states the fact in
//! the user's words, lower case, no full stop.

pub mod activation;
mod edits;
pub mod elsewhere;
mod json;
mod nearest;
mod pages;
mod render;

use crate::source::{Source, Span};
use serde::Serialize;
use std::sync::Arc;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is run.
    Error,
    /// It is run, and is more likely a mistake than a choice.
    Warning,
}

/// A marked place of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is to be said of the place; may be empty.
    pub text: String,
    /// Whether this is the place of the mistake, or one that explains it.
    pub primary: bool,
}

/// What to do, in words, and as a replacement of a place where that is exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Help {
    /// In words.
    pub text: String,
    /// The replacement, if there is one.
    pub patch: Option<(Span, String)>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// `E0203`, or a lint's name.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The fact.
    pub title: String,
    /// The places; empty for messages that are not about a model file.
    pub labels: Vec<Label>,
    /// What was found and expected, where the title and labels do not say it.
    pub notes: Vec<String>,
    /// What to do.
    pub helps: Vec<Help>,
}

impl Diagnostic {
    /// An error.
    pub fn error(code: &'static str, title: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: Severity::Error,
            title: title.into(),
            labels: vec![],
            notes: vec![],
            helps: vec![],
        }
    }

    /// A warning.
    pub fn warning(code: &'static str, title: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(code, title)
        }
    }

    /// Marks the place of the mistake.
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
            primary: true,
        });
        self
    }

    /// Marks a place that explains it.
    pub fn context(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
            primary: false,
        });
        self
    }

    /// Adds a fact.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds what to do.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.helps.push(Help {
            text: text.into(),
            patch: None,
        });
        self
    }

    /// Adds a replacement that mends it.
    pub fn patch(
        mut self,
        text: impl Into<String>,
        span: Span,
        replacement: impl Into<String>,
    ) -> Self {
        self.helps.push(Help {
            text: text.into(),
            patch: Some((span, replacement.into())),
        });
        self
    }
}

/// Why something could not be done: at least one error, and the source their spans are of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.brief())]
pub struct Failure {
    /// The messages, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// The file the labels point into, if any has labels.
    pub source_file: Option<Arc<Source>>,
}

impl Failure {
    /// Messages about `source`.
    pub fn new(diagnostics: Vec<Diagnostic>, source: Arc<Source>) -> Self {
        Failure {
            diagnostics,
            source_file: Some(source),
        }
    }

    /// The same, what its labels point into being `source` where it is not said.
    pub fn within(mut self, source: &Arc<Source>) -> Self {
        self.source_file.get_or_insert_with(|| source.clone());
        self
    }

    fn brief(&self) -> String {
        self.diagnostics
            .iter()
            .map(|d| format!("{}: {}", d.code, d.title))
            .collect::<Vec<_>>()
            .join("; ")
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Failure {
            diagnostics: vec![diagnostic],
            source_file: None,
        }
    }
}

/// What a fallible operation of a command returns.
pub type Result<T> = std::result::Result<T, Failure>;

pub use edits::{Edit, apart};
pub use json::to_json;
pub use nearest::nearest;
pub use pages::{page, pages};
pub use render::render;
