//! Python text to tokens: as much of it as calls of layers are made of. Nothing here fails; what is not known is
//! passed over.

use crate::source::Span;

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A name, or a keyword.
    Name(String),
    /// A number.
    Number(f64),
    /// A string without its quotes.
    Text(String),
    /// One character of punctuation; `**` and `//` are two tokens.
    Mark(char),
    /// The end of a line outside of brackets, or `;` there.
    Line,
}

/// A token and its place.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub kind: Kind,
    pub span: Span,
}

/// The tokens of a program, each line that goes on in brackets as one.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = vec![];
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let start = at;
        let kind = match c {
            '\n' => {
                at += 1;
                (depth == 0).then_some(Kind::Line)
            }
            '#' => {
                at += rest.find('\n').unwrap_or(rest.len());
                None
            }
            '\\' if rest[1..].starts_with(['\n', '\r']) => {
                at += 1 + rest[1..].find('\n').map_or(1, |n| n + 1);
                None
            }
            '"' | '\'' => {
                let (inside, len) = string(rest);
                at += len;
                Some(Kind::Text(inside))
            }
            c if c.is_ascii_digit() || c == '.' && digit_follows(rest) => {
                let (value, len) = number(rest);
                at += len;
                Some(Kind::Number(value))
            }
            c if c.is_alphabetic() || c == '_' => {
                let len = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
                let len = len.unwrap_or(rest.len());
                at += len;
                // `r'…'`, `f"…"`: the letter goes with the string.
                let is_prefix = len <= 2 && text[at..].starts_with(['"', '\'']);
                (!is_prefix).then(|| Kind::Name(rest[..len].to_owned()))
            }
            c => {
                at += c.len_utf8();
                match c {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                match c {
                    ';' if depth == 0 => Some(Kind::Line),
                    c => (!c.is_whitespace()).then_some(Kind::Mark(c)),
                }
            }
        };
        tokens.extend(kind.map(|kind| Token {
            kind,
            span: Span::new(start, at),
        }));
    }
    tokens
}

fn digit_follows(rest: &str) -> bool {
    rest[1..].starts_with(|c: char| c.is_ascii_digit())
}

/// A string that begins here, without its quotes, and how long it is with them. One that is never closed ends
/// with its line.
fn string(rest: &str) -> (String, usize) {
    let quote = &rest[..1];
    let triple = quote.repeat(3);
    let (quote, lines) = match rest.starts_with(&triple) {
        true => (triple.as_str(), true),
        false => (quote, false),
    };
    let mut at = quote.len();
    while let Some(c) = rest[at..].chars().next() {
        if rest[at..].starts_with(quote) {
            return (rest[quote.len()..at].to_owned(), at + quote.len());
        }
        if c == '\n' && !lines {
            break;
        }
        at += c.len_utf8();
        if c == '\\' {
            at += rest[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    (rest[quote.len()..at].to_owned(), at)
}

/// A number that begins here, and how long it is.
fn number(rest: &str) -> (f64, usize) {
    let mut before = ' ';
    let end = rest.find(|c: char| {
        let sign = (c == '+' || c == '-') && matches!(before, 'e' | 'E');
        before = c;
        !(c.is_ascii_alphanumeric() || c == '.' || c == '_' || sign)
    });
    let len = end.unwrap_or(rest.len());
    let plain = rest[..len].replace('_', "");
    (plain.parse().unwrap_or(f64::NAN), len)
}
