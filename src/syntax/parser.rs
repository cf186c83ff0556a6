//! Text to tree.

use super::ast::File;
use super::{brackets, build, error};
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};
use pest::Parser;

/// The words that begin an item.
pub const KEYWORDS: &[&str] = &[
    "model",
    "const",
    "input",
    "target",
    "latent",
    "default",
    "block",
    "network",
    "observe",
    "objective",
    "inference",
];

/// How deep brackets, and an expression's operators, may stand in each other.
pub const MAX_NESTING: usize = 64;

/// More messages than this help nobody.
const MAX_MESSAGES: usize = 20;

/// The parser made from `grammar/bnn.pest`.
#[derive(pest_derive::Parser)]
#[grammar = "grammar/bnn.pest"]
pub(super) struct Grammar;

/// Reads a file; on failure, one message or more, in the order of their places.
pub fn parse(source: &Source) -> Result<File, Vec<Diagnostic>> {
    let text = source.text.as_str();
    let scan = brackets::scan(text);
    if scan.errors.is_empty() {
        match Grammar::parse(Rule::file, text) {
            Ok(pairs) => return build::file(pairs),
            Err(_) if scan.parts.len() > 1 => {}
            Err(failure) => return Err(vec![error::explain(text, 0, &failure)]),
        }
    }
    let mut diagnostics = scan.errors;
    // Each item alone, so that the mistakes of one do not hide those of the next.
    for part in scan.parts.iter().filter(|part| !part.broken) {
        match Grammar::parse(Rule::file, &text[part.span.start..part.span.end]) {
            Ok(_) => {}
            Err(failure) => diagnostics.push(error::explain(text, part.span.start, &failure)),
        }
    }
    diagnostics.sort_by_key(|d| d.labels.first().map_or(Span::default(), |label| label.span));
    diagnostics.truncate(MAX_MESSAGES);
    Err(diagnostics)
}

/// The items of a file that parse, each with its place in the text; those that do not are left out.
pub(crate) fn recovered(source: &Source) -> File {
    let mut bytes = source.text.clone().into_bytes();
    for part in brackets::scan(&source.text).parts {
        let text = &source.text[part.span.start..part.span.end];
        if !part.broken && Grammar::parse(Rule::file, text).is_ok() {
            continue;
        }
        // Blanks in their place leave the others where they are.
        let ends = |byte: &u8| matches!(byte, b'\n' | b'\r');
        let part = &mut bytes[part.span.start..part.span.end];
        part.iter_mut()
            .filter(|byte| !ends(byte))
            .for_each(|byte| *byte = b' ');
    }
    let text = String::from_utf8(bytes).unwrap_or_default();
    let pairs = Grammar::parse(Rule::file, &text).ok();
    let file = pairs.and_then(|pairs| build::file(pairs).ok());
    file.unwrap_or(File { items: vec![] })
}
