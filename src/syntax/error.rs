//! A failed parse in the user's words.
//!
//! The parser gives the furthest place it reached and every rule that could have gone on there.
//! What is said is the part of that list which a reader would think of; [`slip`](super::slip) adds
//! a guess at what happened.

use super::parser::{KEYWORDS, Rule};
use super::slip;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use pest::error::{Error, ErrorVariant, InputLocation};

/// Where the parser stopped.
pub(super) struct Place<'a> {
    /// The whole file.
    pub text: &'a str,
    /// What could have stood here.
    pub expected: &'a [Rule],
    /// What stands here: a word or a character, or nothing at the end of a line.
    pub span: Span,
}

/// The message for a failure in a part of `text` that begins at byte `offset`.
pub(super) fn explain(text: &str, offset: usize, failure: &Error<Rule>) -> Diagnostic {
    let at = match failure.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => offset + at,
    };
    let expected = match &failure.variant {
        ErrorVariant::ParsingError { positives, .. } => positives.as_slice(),
        ErrorVariant::CustomError { .. } => &[],
    };
    let place = Place {
        text,
        expected,
        span: token(text, at),
    };
    if let Some(diagnostic) = slip::certain(&place) {
        return diagnostic;
    }
    let words = list(&phrases(&place));
    let found = match place.token() {
        "" if at == text.len() => "the end of the file".to_string(),
        "" => "the end of the line".to_string(),
        token => format!("`{token}`"),
    };
    let mut diagnostic = Diagnostic::error("E0101", format!("expected {words}, found {found}"))
        .at(place.span, format!("expected {words}"));
    if place.wants_item() {
        let keywords: Vec<String> = KEYWORDS.iter().map(|word| format!("`{word}`")).collect();
        diagnostic = diagnostic.note(format!("a declaration begins with {}", list(&keywords)));
    }
    slip::guess(diagnostic, &place)
}

impl Place<'_> {
    /// Whether `rule` could have stood here.
    pub fn wants(&self, rule: Rule) -> bool {
        self.expected.contains(&rule)
    }

    /// Whether a declaration could have stood here, the first of the file or another.
    pub fn wants_item(&self) -> bool {
        self.wants(Rule::item) || self.wants(Rule::file)
    }

    /// What stands here.
    pub fn token(&self) -> &str {
        &self.text[self.span.start..self.span.end]
    }

    /// What stands before it on its line.
    pub fn before(&self) -> &str {
        let begin = self.text[..self.span.start]
            .rfind(['\n', '\r'])
            .map_or(0, |i| i + 1);
        &self.text[begin..self.span.start]
    }

    /// What stands after it on its line.
    pub fn after(&self) -> &str {
        self.text[self.span.end..].lines().next().unwrap_or("")
    }

    /// The blanks before it.
    pub fn gap(&self) -> Span {
        let blanks = self.before().len() - self.before().trim_end().len();
        Span::new(self.span.start - blanks, self.span.start)
    }

    /// Whether a word stands here.
    pub fn is_word(&self) -> bool {
        self.token()
            .starts_with(|c: char| c.is_alphabetic() || c == '_')
    }

    /// Whether something stands here that begins a value.
    pub fn is_value(&self) -> bool {
        self.token()
            .starts_with(|c: char| c.is_alphanumeric() || "_([".contains(c))
    }
}

/// The word or character at byte `at`. The end of a line is shown before its comment, and the end
/// of a file on its last line.
fn token(text: &str, at: usize) -> Span {
    let rest = &text[at..];
    let word = rest
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(rest.len());
    let end = match rest.chars().next() {
        None => end_of_code(text, text.trim_end().len()),
        Some('\n' | '\r') => end_of_code(text, at),
        Some(c) => return Span::new(at, at + word.max(c.len_utf8())),
    };
    Span::new(end, end)
}

/// Where the code of the line that holds `at` ends, before blanks and a comment.
fn end_of_code(text: &str, at: usize) -> usize {
    let begin = text[..at].rfind(['\n', '\r']).map_or(0, |i| i + 1);
    let line = &text[begin..at];
    let code = line.find('#').map_or(line, |i| &line[..i]).trim_end();
    if code.is_empty() {
        at
    } else {
        begin + code.len()
    }
}

/// The things that could stand here, the most telling only, in words.
fn phrases(place: &Place) -> Vec<String> {
    use Rule::*;
    let any = |rules: &[Rule]| rules.iter().any(|rule| place.wants(*rule));
    let content = place
        .expected
        .iter()
        .any(|rule| *rule == argument || *rule != newline && phrase(*rule).starts_with("a "));
    let closing = any(&[right_paren, right_bracket]);
    // Between a keyword and its `{` a new line may stand, but separates nothing.
    let separated = any(&[comma, EOI]) || place.wants(newline) && !place.wants(left_brace);
    // `flatten dense(10)` lacks a separator rather than `=`; `f ~ dense(10)` has it wrong.
    let assigns =
        place.wants(equals) && !((separated || place.wants(left_brace)) && place.is_value());
    let dull = |rule: Rule| match rule {
        newline => content || closing || assigns || !separated,
        comma => content || assigns,
        EOI => true,
        right_brace => separated && !content,
        operator | index | left_bracket | axes | arguments | left_paren | block_parameters => {
            content || closing || separated
        }
        left_brace => content || closing || place.wants(comma),
        equals => content || !assigns,
        colon => place.wants(equals),
        _ => false,
    };
    let mut words: Vec<String> = vec![];
    for rule in place.expected {
        let said = phrase(*rule);
        if !dull(*rule) && !said.is_empty() && !words.iter().any(|other| other == said) {
            words.push(said.to_string());
        }
    }
    if words.is_empty() {
        words.push("something else".to_string());
    }
    words
}

/// A rule in words.
fn phrase(rule: Rule) -> &'static str {
    use Rule::*;
    match rule {
        item | file => "a declaration",
        step | layer | layer_name => "a layer",
        entry | setting | setting_name => "a setting",
        argument => "an argument",
        block_parameter => "a parameter",
        expression | inner_expression | operand | minus | number | list | parenthesised | call => {
            "a value"
        }
        string => "a file's name in quotes",
        data_type | type_name => "a type",
        distribution | distribution_name => "a distribution",
        name => "a name",
        left_brace => "`{`",
        right_brace => "`}`",
        arguments | block_parameters | left_paren => "`(`",
        right_paren => "`)`",
        axes | index | left_bracket => "`[`",
        right_bracket => "`]`",
        newline => "a new line",
        comma => "`,`",
        colon => "`:`",
        equals => "`=`",
        tilde => "`~`",
        operator => "an operator",
        EOI => "the end of the file",
        _ => "",
    }
}

/// `a`, `a or b`, `a, b or c`.
fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}
