//! The messages about one file.

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Span;
use std::collections::HashSet;

/// The messages collected so far.
#[derive(Debug, Default)]
pub struct Messages {
    list: Vec<Diagnostic>,
    /// The code and place of each; the title in place of no place.
    said: HashSet<(&'static str, Option<Span>, String)>,
}

impl Messages {
    /// Adds a message, unless the same was said of the same place: a default is read again for
    /// every parameter it holds for, and is wrong once.
    pub fn push(&mut self, message: Diagnostic) {
        let place = primary(&message);
        let title = match place {
            None => message.title.clone(),
            Some(_) => String::new(),
        };
        if self.said.insert((message.code, place, title)) {
            self.list.push(message);
        }
    }

    /// Adds a replacement to what was last said, if that was of an argument missing at `place`.
    pub fn mend(&mut self, place: Span, help: String, span: Span, text: String) {
        if let Some(message) = self.list.last_mut()
            && message.code == "E0204"
            && primary(message) == Some(place)
        {
            message.helps.push(crate::diagnostic::Help {
                text: help,
                patch: Some((span, text)),
            });
        }
    }

    /// Whether one of them is an error.
    pub fn failed(&self) -> bool {
        self.list.iter().any(|m| m.severity == Severity::Error)
    }

    /// Number of messages.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// In the order of their places; those without a place last.
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        self.list
            .sort_by_key(|m| primary(m).map_or((usize::MAX, 0), |span| (span.start, span.end)));
        self.list
    }
}

fn primary(message: &Diagnostic) -> Option<Span> {
    message
        .labels
        .iter()
        .find(|label| label.primary)
        .map(|label| label.span)
}
