//! One style for model files: what `bnnc fmt` writes.
//!
//! The tokens of a file and its comments stay what they are, in their order; only the blanks and the ends of lines
//! between them are new, and commas where a line ends: so the model is the same. A file that is laid out already is
//! left as it is.
//!
//! `gap` reads what stands between two tokens, `layout` and `parameters` make a document of the grammar's tree, `rows` puts
//! what stands in a block on its lines, and `doc` breaks those that are too long.

mod doc;
mod gap;
mod layout;
mod parameters;
mod rows;
#[cfg(test)]
mod tests;

use crate::diagnostic::Diagnostic;
use crate::source::Source;
use crate::syntax;
use doc::Line;

/// Blanks before a comment at the end of a line.
const BEFORE_COMMENT: usize = 4;

/// The file in the one style.
///
/// # Errors
///
/// The messages about a file that does not parse.
pub fn format(source: &Source) -> Result<String, Vec<Diagnostic>> {
    let tree = syntax::tree(source)?;
    let text = &source.text;
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    let lines = layout::file(text, &tree).lines(rows::WIDTH);
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut out = String::from(if text.starts_with('\u{FEFF}') {
        "\u{FEFF}"
    } else {
        ""
    });
    for (line, column) in lines.iter().zip(columns(&lines)) {
        out += &line.text;
        if let Some(comment) = &line.comment {
            out += &" ".repeat(column - line.text.chars().count());
            out += comment;
        }
        out += end;
    }
    Ok(out)
}

/// The column at which each line's comment begins: the same for lines of one indentation without an empty line
/// between.
fn columns(lines: &[Line]) -> Vec<usize> {
    let indent = |line: &Line| line.text.len() - line.text.trim_start().len();
    let together =
        |a: &Line, b: &Line| !a.text.is_empty() && !b.text.is_empty() && indent(a) == indent(b);
    let width = |line: &Line| {
        let own = line.text.chars().count() + BEFORE_COMMENT;
        line.comment.as_ref().map_or(0, |_| own)
    };
    let runs = lines.chunk_by(together);
    runs.flat_map(|run| {
        let widest = run.iter().map(width).max().unwrap_or(0);
        run.iter().map(move |_| widest)
    })
    .collect()
}
