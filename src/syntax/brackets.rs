//! A look at the brackets before the grammar reads a file.
//!
//! It bounds the nesting, so that nothing after it can overflow the stack; it knows which bracket
//! was left open, which a grammar does not; and it finds where the items begin, so that each can
//! be read alone when the file as a whole cannot.

use super::parser::{KEYWORDS, MAX_NESTING};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// What was found.
pub(super) struct Scan {
    /// Brackets that do not match.
    pub errors: Vec<Diagnostic>,
    /// The file cut before each item.
    pub parts: Vec<Part>,
}

/// An item's text, up to the next item.
pub(super) struct Part {
    /// Where.
    pub span: Span,
    /// Whether its brackets do not match.
    pub broken: bool,
}

/// Reads the brackets of `text`.
pub(super) fn scan(text: &str) -> Scan {
    let bytes = text.as_bytes();
    let mut scan = Scan {
        errors: vec![],
        parts: vec![],
    };
    let mut open: Vec<usize> = vec![];
    let mut broken = false;
    let mut begin = 0;
    let mut at = 0;
    let mut line = 0;
    while at < bytes.len() {
        if at == line {
            let indent = bytes[at..]
                .iter()
                .take_while(|b| matches!(b, b' ' | b'\t'))
                .count();
            at += indent;
            if begins_item(&text[at..], indent, open.len()) {
                if let Some(&first) = open.first() {
                    scan.errors.push(unclosed(text, first, word(text, at)));
                    open.clear();
                    broken = true;
                }
                if line > begin {
                    scan.parts.push(Part {
                        span: Span::new(begin, line),
                        broken,
                    });
                    begin = line;
                    broken = false;
                }
            }
            line = usize::MAX;
            continue;
        }
        match bytes[at] {
            b'#' => {
                at += bytes[at..]
                    .iter()
                    .take_while(|b| !matches!(b, b'\n' | b'\r'))
                    .count();
                continue;
            }
            // What stands in quotes has no brackets and no comment in it.
            b'"' => at += quoted(&bytes[at..]),
            b'\n' | b'\r' => line = at + 1,
            b'(' | b'[' | b'{' => {
                open.push(at);
                if open.len() > MAX_NESTING {
                    scan.errors = vec![too_deep(Span::new(at, at + 1), MAX_NESTING)];
                    scan.parts.clear();
                    return scan;
                }
            }
            b')' | b']' | b'}' => {
                let here = Span::new(at, at + 1);
                match open.iter().rposition(|&o| closer(bytes[o]) == bytes[at]) {
                    Some(depth) => {
                        if let Some(&inner) = open.get(depth + 1) {
                            scan.errors.push(unclosed(text, inner, here));
                            broken = true;
                        }
                        open.truncate(depth);
                    }
                    None => {
                        scan.errors.push(unopened(text, open.pop(), here));
                        broken = true;
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    if let Some(&first) = open.last() {
        let end = text.trim_end().len();
        scan.errors.push(unclosed(text, first, Span::new(end, end)));
        broken = true;
    }
    scan.parts.push(Part {
        span: Span::new(begin, text.len()),
        broken,
    });
    scan
}

/// How far it is from a quote to the one that closes it on its line; 0 where none does.
fn quoted(bytes: &[u8]) -> usize {
    let mut inside = bytes.iter().skip(1);
    let end = inside.position(|b| matches!(b, b'"' | b'\n' | b'\r'));
    end.filter(|end| bytes[end + 1] == b'"')
        .map_or(0, |end| end + 1)
}

/// Whether an item begins here. Where brackets are open that takes more: a keyword without
/// indentation, and after it what nothing in a block can have.
fn begins_item(rest: &str, indent: usize, open: usize) -> bool {
    let Some(after) = KEYWORDS
        .iter()
        .find_map(|keyword| rest.strip_prefix(keyword))
    else {
        return false;
    };
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if after.starts_with(is_word) {
        return false;
    }
    open == 0 || indent == 0 && after.trim_start().starts_with(|c| is_word(c) || c == '{')
}

fn word(text: &str, at: usize) -> Span {
    let length = text[at..]
        .find(|c: char| !c.is_alphanumeric())
        .unwrap_or(text.len() - at);
    Span::new(at, at + length)
}

fn closer(opening: u8) -> u8 {
    match opening {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

fn unclosed(text: &str, opening: usize, found: Span) -> Diagnostic {
    let bracket = text.as_bytes()[opening];
    let close = char::from(closer(bracket));
    let found_text = match &text[found.start..found.end] {
        "" => "the end of the file".to_string(),
        text => format!("`{text}`"),
    };
    let message = Diagnostic::error(
        "E0102",
        format!("`{}` is never closed", char::from(bracket)),
    )
    .at(found, format!("expected `{close}`, found {found_text}"))
    .context(Span::new(opening, opening + 1), "opened here");
    match missing(text, opening, found) {
        Some((at, closing)) => {
            let help = format!("perhaps a `{close}` is missing");
            message.patch(help, Span::new(at, at), closing)
        }
        None => message,
    }
}

/// Where the bracket that closes another was most likely left out, and with what before it: `(` is closed on its line,
/// unless that ends in the middle of a list; `{` on a line of its own.
fn missing(text: &str, opening: usize, found: Span) -> Option<(usize, String)> {
    let bracket = text.as_bytes()[opening];
    let close = char::from(closer(bracket));
    if bracket == b'{' {
        let is_bracket = text[found.start..].starts_with([')', ']', '}']);
        let line = text[..opening].rfind(['\n', '\r']).map_or(0, |i| i + 1);
        let rest = &text[line..opening];
        let indent = &rest[..rest.len() - rest.trim_start().len()];
        let at = text[..found.start].trim_end().len();
        return (!is_bracket).then(|| (at, format!("\n{indent}{close}")));
    }
    let rest = &text[opening..found.start];
    let line = rest.find(['\n', '\r']).map_or(rest, |end| &rest[..end]);
    let code = line.find('#').map_or(line, |i| &line[..i]).trim_end();
    let goes_on = code.ends_with(|c| "([,=+-*/^:".contains(c));
    (!goes_on).then(|| (opening + code.len(), close.to_string()))
}

fn unopened(text: &str, opening: Option<usize>, found: Span) -> Diagnostic {
    let close = &text[found.start..found.end];
    match opening {
        None => Diagnostic::error("E0102", format!("`{close}` closes nothing"))
            .at(found, "no bracket is open here")
            .patch("leave it out", found, ""),
        Some(opening) => {
            let bracket = text.as_bytes()[opening];
            let expected = char::from(closer(bracket));
            Diagnostic::error(
                "E0102",
                format!("`{}` is closed by `{close}`", char::from(bracket)),
            )
            .at(found, format!("expected `{expected}`"))
            .context(Span::new(opening, opening + 1), "opened here")
            .patch("as it was opened", found, expected)
        }
    }
}

/// The message for what stands deeper than `levels`, brackets or operators.
pub(super) fn too_deep(span: Span, levels: usize) -> Diagnostic {
    Diagnostic::error("E0103", "nested too deeply").at(span, format!("more than {levels} levels"))
}
