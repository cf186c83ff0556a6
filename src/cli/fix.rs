//! `bnnc check --fix`: the edits that messages propose, made in the model file.

use super::rewrite::rewrite;
use super::terminal::err;
use crate::compile;
use crate::diagnostic::{Diagnostic, Edit, Result, apart};
use crate::source::Source;
use crate::train::config::Config;
use std::collections::BTreeSet;
use std::path::Path;

/// Edits may bring mistakes to light that stood behind others; after this many rounds of edits what is left is reported.
const MOST_ROUNDS: usize = 50;

/// Makes the edits that errors about a model propose, one round after the other until none is proposed, and prints each.
/// The file is written once, at the end.
///
/// # Errors
///
/// `E0601` if the file cannot be read or written.
pub(super) fn run(path: &Path, config: &Config) -> Result<()> {
    let mut source = compile::read(path)?;
    let original = source.text.clone();
    let mut seen = BTreeSet::from([original.clone()]);
    let mut report = String::new();
    for _ in 0..MOST_ROUNDS {
        let compiled =
            compile::by_method(source.clone(), &config.set, config.inference.clone()).err();
        let messages = compiled.map_or(vec![], |failure| failure.diagnostics);
        let edits = apart(messages.iter().filter_map(Diagnostic::edit).collect());
        let Some(text) = edited(&source.text, &edits) else {
            break;
        };
        // Two messages that take back what the other proposes would go on for ever.
        if !seen.insert(text.clone()) {
            break;
        }
        for edit in &edits {
            report += &line(&source, edit);
        }
        source.text = text;
    }
    if source.text != original {
        rewrite(path, &source.text)?;
        err(&format!("{report}\n"));
    }
    Ok(())
}

/// The text with all of the edits, which do not overlap; none without edits.
fn edited(text: &str, edits: &[Edit]) -> Option<String> {
    let (mut out, mut done) = (String::new(), 0);
    for edit in edits {
        out += &text[done..edit.span.start];
        out += &edit.text;
        done = edit.span.end;
    }
    out += &text[done..];
    (!edits.is_empty()).then_some(out)
}

/// What an edit does, where, and for which message.
fn line(source: &Source, edit: &Edit) -> String {
    let (line, column) = source.line_column(edit.span.start);
    let before = source.slice(edit.span).trim();
    let after = edit.text.trim();
    let change = match (before, after) {
        ("", after) => format!("added `{after}`"),
        (before, "") => format!("removed `{before}`"),
        (before, after) => format!("`{before}` is now `{after}`"),
    };
    let (name, code) = (&source.name, edit.code);
    format!("{name}:{line}:{column}: {change} ({code}: {})\n", edit.help)
}
