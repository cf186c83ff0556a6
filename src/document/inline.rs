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
    let mut words = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let marked = match c {
            '$' => {
                enclosed(after, "$").map(|(text, rest)| (Inline::Maths(Maths::parse(text)), rest))
            }
            '`' => enclosed(after, "`").map(|(text, rest)| (Inline::Code(text.into()), rest)),
            '*' => enclosed(after, "*").map(|(text, rest)| (Inline::Lead(text.into()), rest)),
            '[' => bracketed(after),
            _ => None,
        };
        if let Some((part, next)) = marked {
            if !words.is_empty() {
                parts.push(Inline::Text(std::mem::take(&mut words)));
            }
            parts.push(part);
            rest = next;
            continue;
        }
        let escaped = after.chars().next().filter(|_| c == '\\');
        words.push(escaped.unwrap_or(c));
        rest = &after[escaped.map_or(0, char::len_utf8)..];
    }
    if !words.is_empty() {
        parts.push(Inline::Text(words));
    }
    parts
}

/// What stands before `mark`, and what after it.
fn enclosed<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    text.split_once(mark)
        .filter(|(inside, _)| !inside.is_empty())
}

/// `@key; @key]` or `#label]`
fn bracketed(text: &str) -> Option<(Inline, &str)> {
    let (inside, rest) = enclosed(text, "]")?;
    if let Some(label) = inside.strip_prefix('#') {
        return Some((Inline::Table(label.into()), rest));
    }
    let keys = inside.split("; ").map(|key| key.strip_prefix('@'));
    let cited: Option<Vec<_>> = keys.map(|key| bibliography::find(key?)).collect();
    cited.map(|cited| (Inline::Cite(cited), rest))
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
