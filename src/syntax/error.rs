//! A failed parse in the user's words.
//!
//! The parser gives the furthest place it reached and every rule that could have gone on there.
//! What is said is the part of that list which a reader would think of; what is offered as help
//! is a guess at the slip.

use super::parser::{KEYWORDS, Rule};
use crate::diagnostic::{Diagnostic, nearest};
use crate::source::Span;
use pest::error::{Error, ErrorVariant, InputLocation};

/// The message for a failure in a part of `text` that begins at byte `offset`.
pub(super) fn explain(text: &str, offset: usize, failure: &Error<Rule>) -> Diagnostic {
    let at = offset
        + match failure.location {
            InputLocation::Pos(at) => at,
            InputLocation::Span((start, _)) => start,
        };
    let expected = match &failure.variant {
        ErrorVariant::ParsingError { positives, .. } => positives.as_slice(),
        ErrorVariant::CustomError { .. } => &[],
    };
    let found = Found::at(text, at);
    if let Some(diagnostic) = foreign_character(text, found.span) {
        return diagnostic;
    }
    let words = list(&phrases(expected));
    let mut diagnostic =
        Diagnostic::error("E0101", format!("expected {words}, found {}", found.text))
            .at(found.span, format!("expected {words}"));
    if expected.contains(&Rule::item) {
        diagnostic = diagnostic.note(format!(
            "a declaration begins with {}",
            list(&quoted(KEYWORDS))
        ));
    }
    help(diagnostic, text, expected, &found)
}

/// What stands at the place of a failure.
struct Found {
    span: Span,
    /// As a message names it.
    text: String,
}

impl Found {
    fn at(text: &str, at: usize) -> Found {
        let rest = &text[at..];
        let word = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        let first = rest.chars().next();
        let length = match first {
            None | Some('\n' | '\r') => 0,
            Some(c) if word == 0 => c.len_utf8(),
            Some(_) => word,
        };
        let words = match first {
            None => "the end of the file".to_string(),
            Some('\n' | '\r') => "the end of the line".to_string(),
            Some(_) => format!("`{}`", &rest[..length]),
        };
        // The end of a line is best shown before its comment, and that of a file on its last line.
        let start = match first {
            None => end_of_code(text, text.trim_end().len()),
            Some('\n' | '\r') => end_of_code(text, at),
            Some(_) => at,
        };
        Found {
            span: Span::new(start, start + length),
            text: words,
        }
    }

    fn is(&self, text: &str, token: &str) -> bool {
        &text[self.span.start..self.span.end] == token
    }
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

/// The things that could stand here, most telling only, in words.
fn phrases(expected: &[Rule]) -> Vec<String> {
    use Rule::*;
    let is = |rules: &[Rule]| expected.iter().any(|rule| rules.contains(rule));
    let content = is(&[
        item,
        step,
        layer,
        entry,
        setting,
        argument,
        expression,
        inner_expression,
        operand,
        branch,
        block_parameter,
        data_type,
        call,
        name,
        number,
    ]);
    let closing = is(&[right_paren, right_bracket]);
    let separated = is(&[newline, comma]);
    let mut words: Vec<String> = vec![];
    for rule in expected {
        let dull = match rule {
            newline => content || closing,
            comma | EOI => content,
            operator | index | left_bracket | axes => content || closing || separated,
            arguments | left_paren | left_brace | block_parameters | settings
            | parameter_settings => content || closing || separated,
            right_brace => separated && !content,
            minus => content,
            colon => is(&[equals]),
            equals => false,
            _ => false,
        };
        let said = phrase(*rule);
        if !dull && !said.is_empty() && !words.iter().any(|w| w == said) {
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
        item | model | constant | input | target | latent | default | block | network | observe
        | objective | file => "a declaration",
        step | layer | residual | concat | repeat => "a layer",
        entry | setting => "a setting",
        argument => "an argument",
        block_parameter => "a parameter",
        expression | inner_expression | operand | minus | number | list | parenthesised => {
            "a value"
        }
        data_type => "a type",
        name => "a name",
        call => "a distribution",
        branch => "`{`",
        steps | settings | parameter_settings | left_brace => "`{`",
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

fn quoted(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| format!("`{word}`")).collect()
}

/// Adds a guess at the slip.
fn help(diagnostic: Diagnostic, text: &str, expected: &[Rule], found: &Found) -> Diagnostic {
    let wants = |rule: Rule| expected.contains(&rule);
    let here = found.span;
    let word = &text[here.start..here.end];
    let begins_word = word.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let insert = Span::new(here.start, here.start);

    if wants(Rule::tilde) && found.is(text, "=") {
        return diagnostic.patch("a random variable is written with `~`", here, "~");
    }
    if wants(Rule::tilde) && begins_word {
        return diagnostic.patch("a distribution follows `~`", insert, "~ ");
    }
    if wants(Rule::equals) && (found.is(text, "~") || found.is(text, ":")) {
        return diagnostic.patch("a setting is written with `=`", here, "=");
    }
    if wants(Rule::colon) && !wants(Rule::equals) && (found.is(text, "=") || found.is(text, "~")) {
        return diagnostic.patch("a type follows `:`", here, ":");
    }
    if wants(Rule::colon) && !wants(Rule::equals) && begins_word {
        return diagnostic.patch(
            "a type follows `:`",
            Span::new(end_of_code(text, here.start), here.start),
            ": ",
        );
    }
    if let Some(keyword) = misplaced_keyword(text, here.start)
        && wants(Rule::newline)
        && !wants(Rule::EOI)
    {
        return diagnostic.note(format!(
            "`{keyword}` is declared at the top level, not within a block"
        ));
    }
    if wants(Rule::equals) && begins_word {
        return diagnostic.patch("a value follows `=`", insert, "= ");
    }
    if wants(Rule::item) && begins_word {
        let lower = word.to_lowercase();
        if let Some(keyword) = nearest(&lower, KEYWORDS.iter().copied()) {
            return diagnostic.patch(format!("did you mean `{keyword}`?"), here, keyword);
        }
    }
    if found.is(text, "*") && text[..here.start].ends_with('*') {
        let both = Span::new(here.start - 1, here.end);
        return diagnostic.patch("powers are written with `^`", both, "^");
    }
    if found.is(text, "=") && text[..here.start].ends_with('=') {
        return diagnostic.patch("a value is given with one `=`", here, "");
    }
    if found.is(text, "/") && text[here.end..].starts_with('/') {
        let both = Span::new(here.start, here.end + 1);
        return diagnostic.patch("comments begin with `#`", both, "#");
    }
    if word.starts_with(|c: char| c.is_ascii_digit()) && word.contains(|c: char| c.is_alphabetic())
    {
        return diagnostic.note("a name begins with a letter");
    }
    diagnostic
}

/// The keyword of an item, if the line that holds `at` begins with one.
fn misplaced_keyword(text: &str, at: usize) -> Option<&'static str> {
    let begin = text[..at].rfind(['\n', '\r']).map_or(0, |i| i + 1);
    let first = text[begin..at].split_whitespace().next()?;
    KEYWORDS.iter().copied().find(|keyword| *keyword == first)
}

/// The message for a character that the language has no use for.
fn foreign_character(text: &str, here: Span) -> Option<Diagnostic> {
    let found = text[here.start..here.end].chars().next()?;
    let here = Span::new(here.start, here.start + found.len_utf8());
    let error = |title: String| Diagnostic::error("E0104", title).at(here, "");
    let strange = || error(format!("`{found}` is not a character of the language"));
    let replace = |help: &str, with: &str| Some(strange().patch(help, here, with));
    match found {
        '"' | '\'' | '`' | '\u{2018}'..='\u{201F}' => Some(error(
            "names and words are written without quotes".to_string(),
        )),
        ';' => Some(strange().help("what stands in a block is separated by a new line or `,`")),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => replace("minus is written `-`", "-"),
        '\u{00D7}' | '\u{22C5}' | '\u{00B7}' => replace("times is written `*`", "*"),
        '\u{00F7}' => replace("a quotient is written `/`", "/"),
        '\u{223C}' | '\u{02DC}' | '\u{FF5E}' => replace("this is written `~`", "~"),
        '\u{00A0}' | '\u{2000}'..='\u{200B}' | '\u{202F}' | '\u{3000}' | '\u{FEFF}' => {
            let title = format!("a blank of an unusual kind (U+{:04X})", u32::from(found));
            Some(error(title).patch("an ordinary space", here, " "))
        }
        c if c.is_control() => Some(error(format!(
            "a control character (U+{:04X})",
            u32::from(c)
        ))),
        c if c.is_ascii_alphanumeric() || "_+-*/^=~:,{}()[].#".contains(c) => None,
        c if c.is_alphabetic() => {
            Some(strange().note("names have the letters a to z, digits and `_`"))
        }
        _ => Some(strange()),
    }
}
