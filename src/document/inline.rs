//! Text with marks, taken apart.

use crate::bibliography::{self, Reference};
use crate::maths::Maths;

/// A part of a line.
#[derive(Debug, Clone, PartialEq)]
pub enum Inline {
    /// Words.
    Text(String),
    /// Words that head a paragraph.
    Lead(String),
    /// As it stands in a file or on a command line.
    Code(String),
    /// A formula.
    Maths(Maths),
    /// Publications.
    Cite(Vec<&'static Reference>),
    /// The table of this label.
    Table(String),
}

/// The parts of a text with marks. A mark that is never closed stands for itself.
pub fn inlines(text: &str) -> Vec<Inline> {
    let mut parts = Vec::new();
    let mut rest = text.chars();
    while let Some(mut c) = rest.next() {
        let close = if c == '[' { ']' } else { c };
        if matches!(c, '$' | '`' | '*' | '[')
            && let Some((inside, after)) = rest.as_str().split_once(close)
            && let Some(part) = marked(c, inside)
        {
            parts.push(part);
            rest = after.chars();
            continue;
        }
        if c == '\\' {
            c = rest.next().unwrap_or(c);
        }
        match parts.last_mut() {
            Some(Inline::Text(words)) => words.push(c),
            _ => parts.push(Inline::Text(c.into())),
        }
    }
    parts
}

/// What stands between a mark and the one that closes it.
fn marked(mark: char, inside: &str) -> Option<Inline> {
    match mark {
        _ if inside.is_empty() => None,
        '$' => Some(Inline::Maths(Maths::parse(inside))),
        '`' => Some(Inline::Code(inside.into())),
        '*' => Some(Inline::Lead(inside.into())),
        '[' => match inside.strip_prefix('#') {
            Some(label) => Some(Inline::Table(label.into())),
            None => {
                let keys = inside.split("; ").map(|key| key.strip_prefix('@'));
                let cited: Option<_> = keys.map(|key| bibliography::find(key?)).collect();
                cited.map(Inline::Cite)
            }
        },
        _ => None,
    }
}

/// `text` as words, whatever is in it.
pub fn literal(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '\\' | '$' | '`' | '[' | '*') {
            out.push('\\');
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out
}

/// `text` as code.
pub fn code(text: &str) -> String {
    let plain = |c: char| if c == '`' || c.is_control() { '\'' } else { c };
    match text.is_empty() {
        true => String::new(),
        false => format!("`{}`", text.chars().map(plain).collect::<String>()),
    }
}
