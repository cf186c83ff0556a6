//! A model file with the edits that messages about it propose.

use super::by_method;
use crate::diagnostic::{Diagnostic, Edit, apart};
use crate::ir::InferenceMethod;
use crate::source::Source;
use std::collections::BTreeSet;

/// Edits may bring mistakes to light that stood behind others; after this many rounds no more are made.
const MOST_ROUNDS: usize = 50;

/// An edit that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The line of its place, from 1, in the text as it was before this edit's round.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What stood there.
    pub before: String,
    /// The edit.
    pub edit: Edit,
}

/// Makes the edits that errors about a model propose, one round after the other until none is proposed: the text
/// afterwards, and the edits in the order in which they were made. `sets` and `method` are those of
/// [`by_method`].
pub fn mend(
    source: &Source,
    sets: &[(String, String)],
    method: Option<&InferenceMethod>,
) -> (String, Vec<Made>) {
    let mut source = source.clone();
    let mut seen = BTreeSet::from([source.text.clone()]);
    let mut made = vec![];
    for _ in 0..MOST_ROUNDS {
        let failure = by_method(source.clone(), sets, method.cloned()).err();
        let messages = failure.map_or(vec![], |failure| failure.diagnostics);
        let edits = apart(messages.iter().filter_map(Diagnostic::edit).collect());
        let text = edited(&source.text, &edits);
        // Two messages that take back what the other proposes would go on for ever.
        if !seen.insert(text.clone()) {
            break;
        }
        made.extend(edits.into_iter().map(|edit| {
            let (line, column) = source.line_column(edit.span.start);
            Made {
                line,
                column,
                before: source.slice(edit.span).to_owned(),
                edit,
            }
        }));
        source.text = text;
    }
    (source.text, made)
}

/// The text with edits that do not overlap, in the order of their places.
fn edited(text: &str, edits: &[Edit]) -> String {
    let (mut out, mut done) = (String::new(), 0);
    for edit in edits {
        out += &text[done..edit.span.start];
        out += &edit.text;
        done = edit.span.end;
    }
    out + &text[done..]
}
