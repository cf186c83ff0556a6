//! What each word of a text is, for colours: by the words themselves and the signs beside them, so that a text that is
//! broken while it is typed keeps its colours.

use super::position::Lines;
use crate::layer::LAYERS;
use crate::syntax::KEYWORDS;
use lsp_types::{SemanticToken, SemanticTokenType};

/// The kinds, in the order in which tokens refer to them.
pub(super) fn legend() -> Vec<SemanticTokenType> {
    vec![
        SemanticTokenType::KEYWORD,
        SemanticTokenType::FUNCTION,
        SemanticTokenType::TYPE,
        SemanticTokenType::PROPERTY,
        SemanticTokenType::VARIABLE,
        SemanticTokenType::NUMBER,
        SemanticTokenType::STRING,
        SemanticTokenType::COMMENT,
    ]
}

const KEYWORD: u32 = 0;
const FUNCTION: u32 = 1;
const TYPE: u32 = 2;
const PROPERTY: u32 = 3;
const VARIABLE: u32 = 4;
const NUMBER: u32 = 5;
const STRING: u32 = 6;
const COMMENT: u32 = 7;

/// Words that are keywords wherever a layer may stand.
const COMPOSITIONS: [&str; 5] = ["residual", "concat", "repeat", "reuse", "on"];

/// The tokens of a text, each by its distance from the one before.
pub(super) fn tokens(text: &str, lines: &Lines) -> Vec<SemanticToken> {
    let mut tokens = vec![];
    let (mut line, mut character) = (0, 0);
    let mut at = 0;
    let mut depth = 0;
    let mut begins = true;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = token(rest, c);
        let kind = match c {
            '#' => Some(COMMENT),
            '"' => Some(STRING),
            _ if c.is_ascii_digit() => Some(NUMBER),
            _ if c.is_alphabetic() || c == '_' => {
                Some(word(&rest[..length], &rest[length..], begins && depth == 0))
            }
            _ => None,
        };
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth = i32::max(depth - 1, 0),
            _ => {}
        }
        begins = match c {
            '\n' | '\r' => true,
            ' ' | '\t' => begins,
            _ => false,
        };
        if let Some(token_type) = kind {
            let start = lines.position(text, at);
            let end = lines.position(text, at + length);
            let delta_line = start.line - line;
            tokens.push(SemanticToken {
                delta_line,
                delta_start: match delta_line {
                    0 => start.character - character,
                    _ => start.character,
                },
                length: end.character.saturating_sub(start.character),
                token_type,
                token_modifiers_bitset: 0,
            });
            (line, character) = (start.line, start.character);
        }
        at += length;
    }
    tokens
}

/// How long the token is that begins with `c`.
fn token(rest: &str, c: char) -> usize {
    let until = |end: &dyn Fn(char) -> bool| rest.find(end).unwrap_or(rest.len());
    match c {
        '#' => until(&|c| matches!(c, '\n' | '\r')),
        '"' => {
            let end = rest[1..].find(['"', '\n', '\r']);
            end.map_or(rest.len(), |end| {
                end + 1 + usize::from(rest[end + 1..].starts_with('"'))
            })
        }
        _ if c.is_ascii_digit() => until(&|c| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')),
        _ if c.is_alphabetic() || c == '_' => until(&|c| !(c.is_alphanumeric() || c == '_')),
        _ => c.len_utf8(),
    }
}

/// The kind of a word; `first` on a line outside all brackets it may begin a declaration.
fn word(word: &str, after: &str, first: bool) -> u32 {
    let next = after.trim_start_matches([' ', '\t']).chars().next();
    let is_layer = LAYERS.iter().any(|layer| layer.signature().name == word);
    match next {
        _ if first && KEYWORDS.contains(&word) => KEYWORD,
        _ if COMPOSITIONS.contains(&word) => KEYWORD,
        Some('=' | ':') => PROPERTY,
        _ if word.starts_with(char::is_uppercase) => TYPE,
        _ if ["real", "category", "binary", "count"].contains(&word) => TYPE,
        Some('(') => FUNCTION,
        _ if is_layer => FUNCTION,
        _ => VARIABLE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::lsp::position::Encoding;

    #[test]
    fn words_have_kinds_and_distances() {
        let text = "network { # é\n  a = dense(4, bias = none)\n";
        let tokens = tokens(text, &Lines::of(text, Encoding::Utf16));
        let found: Vec<_> = tokens
            .iter()
            .map(|t| (t.delta_line, t.delta_start, t.length, t.token_type))
            .collect();
        assert_eq!(
            found,
            [
                (0, 0, 7, KEYWORD),
                (0, 10, 3, COMMENT),
                (1, 2, 1, PROPERTY),
                (0, 4, 5, FUNCTION),
                (0, 6, 1, NUMBER),
                (0, 3, 4, PROPERTY),
                (0, 7, 4, VARIABLE),
            ]
        );
    }
}
