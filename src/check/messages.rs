//! The messages about one file.

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Span;

/// The messages collected so far.
#[derive(Debug, Default)]
pub struct Messages(Vec<Diagnostic>);

impl Messages {
    /// Adds a message, unless the same was said of the same place: a default is read again for
    /// every parameter it holds for, and is wrong once.
    pub fn push(&mut self, message: Diagnostic) {
        let said = self.0.iter().any(|other| {
            other.code == message.code
                && match (primary(other), primary(&message)) {
                    (None, None) => other.title == message.title,
                    (a, b) => a == b,
                }
        });
        if !said {
            self.0.push(message);
        }
    }

    /// Whether one of them is an error.
    pub fn failed(&self) -> bool {
        self.0.iter().any(|m| m.severity == Severity::Error)
    }

    /// Number of messages.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order of their places; those without a place last.
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        self.0
            .sort_by_key(|m| primary(m).map_or((usize::MAX, 0), |span| (span.start, span.end)));
        self.0
    }
}

fn primary(message: &Diagnostic) -> Option<Span> {
    message
        .labels
        .iter()
        .find(|label| label.primary)
        .map(|label| label.span)
}
