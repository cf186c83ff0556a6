//! Slips of the pen: what a failed parse most likely comes from.

use super::error::Place;
use super::parser::{KEYWORDS, Rule};
use super::{follow, python};
use crate::diagnostic::{Diagnostic, elsewhere, nearest};
use crate::layer::LAYERS;
use crate::source::Span;

/// The whole message, where the text alone tells what is wrong.
pub(super) fn certain(place: &Place) -> Option<Diagnostic> {
    misplaced_declaration(place)
        .or_else(|| file_without_quotes(place))
        .or_else(|| python::certain(place))
        .or_else(|| foreign_character(place))
        .or_else(|| posterior_in_prior(place))
}

/// What is said to `latent mu[5]`.
const LATENT_VECTOR: &str = "a latent variable is one number; vectors of them, and effects that vary by group, are not \
                             supported yet. A column of groups is a category, an input of 0 and 1 for each group";

/// Adds what may have been meant.
pub(super) fn guess(diagnostic: Diagnostic, place: &Place) -> Diagnostic {
    let here = place.span;
    let insert = Span::new(here.start, here.start);
    let separated = place.wants(Rule::comma);
    // In brackets `:` is that of a slice.
    let wants_type =
        place.wants(Rule::colon) && !place.wants(Rule::equals) && !place.wants(Rule::right_bracket);
    match place.token() {
        "=" if place.wants(Rule::tilde) => {
            diagnostic.patch("a random variable is written with `~`", here, "~")
        }
        "[" if place.wants(Rule::tilde) && place.before().trim_start().starts_with("latent") => {
            diagnostic.help(LATENT_VECTOR)
        }
        "=" if wants_type => diagnostic.patch("a type follows `:`", place.gap().to(here), ":"),
        "=" if place.before().ends_with('=') => {
            diagnostic.patch("a value is given with one `=`", here, "")
        }
        ":" if place.wants(Rule::equals) && begins_setting(place.after()) => {
            diagnostic.note(misplaced_group(place))
        }
        "~" | ":" if place.wants(Rule::equals) => {
            diagnostic.patch("`=` gives a name to a value", place.gap().to(here), " =")
        }
        "*" if place.before().ends_with('*') => diagnostic.patch(
            "powers are written with `^`",
            Span::new(here.start - 1, here.end),
            "^",
        ),
        "/" if place.after().starts_with('/') => diagnostic.patch(
            "comments begin with `#`",
            Span::new(here.start, here.end + 1),
            "#",
        ),
        word if place.wants_item() && place.is_word() => {
            let near = nearest(&word.to_lowercase(), KEYWORDS.iter().copied());
            match (elsewhere::declaration(word), near) {
                (Some(help), _) => diagnostic.help(help),
                (None, Some(keyword)) => {
                    diagnostic.patch(format!("did you mean `{keyword}`?"), here, keyword)
                }
                (None, None) => diagnostic,
            }
        }
        word if place.wants(Rule::name) && word.starts_with(|c: char| c.is_ascii_digit()) => {
            diagnostic.note("a name begins with a letter")
        }
        _ if place.wants(Rule::tilde) && place.is_word() => {
            diagnostic.patch("a distribution follows `~`", insert, "~ ")
        }
        _ if wants_type && place.is_word() => {
            diagnostic.patch("a type follows `:`", place.gap(), ": ")
        }
        _ if separated && number_in_block(place) => match layer_before(place) {
            Some(word) => {
                let number = number_here(place);
                let start = place.gap().start - word.len();
                let whole = Span::new(start, here.start + number.len());
                let call = format!("{word}({number})");
                diagnostic.patch("a layer's arguments stand in parentheses", whole, call)
            }
            None => diagnostic,
        },
        _ if separated
            && place.is_value()
            && place.before().contains(|c: char| !c.is_whitespace()) =>
        {
            diagnostic.patch("perhaps a `,` is missing", place.gap(), ", ")
        }
        _ if place.wants(Rule::equals) && place.is_value() && !place.wants(Rule::left_brace) => {
            diagnostic.patch("a value follows `=`", insert, "= ")
        }
        _ => diagnostic,
    }
}

/// Whether a number stands among the layers or settings of a block, none of which begins with one.
fn number_in_block(place: &Place) -> bool {
    let mut depth = 0;
    let mut before = place.text[..place.span.start].chars().rev();
    let open = before.find(|c| {
        depth += i32::from(")]}".contains(*c)) - i32::from("([{".contains(*c));
        depth < 0
    });
    open == Some('{') && place.token().starts_with(|c: char| c.is_ascii_digit())
}

/// The number that begins here: `0.5` of `dropout 0.5`.
fn number_here<'a>(place: &'a Place) -> &'a str {
    let rest = &place.text[place.span.start..];
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    &rest[..end.unwrap_or(rest.len())]
}

/// The layer whose name is all that stands before a number, which is all that follows: `dropout 0.5`.
fn layer_before<'a>(place: &'a Place) -> Option<&'a str> {
    let before = place.before().trim_end();
    let word = before
        .rsplit(|c: char| !c.is_alphanumeric() && c != '_')
        .next()?;
    let ahead = before[..before.len() - word.len()].trim_end();
    let number = number_here(place);
    let behind = place.text[place.span.start + number.len()..].lines().next();
    let behind = behind.unwrap_or("").trim_start();
    let alone = (ahead.is_empty() || ahead.ends_with(['{', ',', '=']))
        && (behind.is_empty() || behind.starts_with(['}', ',', '#']));
    let known = LAYERS.iter().any(|layer| layer.signature().name == word);
    (alone && known && number.parse::<f64>().is_ok()).then_some(word)
}

/// What is wrong about `bias: prior = …`, where the parser reads `bias` as a setting.
fn misplaced_group(place: &Place) -> &'static str {
    let before =
        place.text[..place.gap().start].trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
    if before.trim_end().ends_with(':') {
        "the parameter before it has no settings"
    } else {
        "these settings belong to no parameter"
    }
}

/// Whether `prior = …` stands here.
fn begins_setting(text: &str) -> bool {
    let rest = text.trim_start();
    let after = rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    after.len() < rest.len() && after.trim_start().starts_with('=')
}

/// The message for `latent noise ~ …` in a block.
fn misplaced_declaration(place: &Place) -> Option<Diagnostic> {
    let word = place.before().trim();
    let keyword = KEYWORDS.iter().find(|keyword| **keyword == word)?;
    // Only a block reads the keyword as the name of a layer or a setting, and so wants `=` next.
    if !place.wants(Rule::equals) || !place.is_word() {
        return None;
    }
    let end = place.gap().start;
    let span = Span::new(end - keyword.len(), end);
    let title = format!("`{keyword}` within a block");
    Some(Diagnostic::error("E0101", title).at(span, "a declaration stands at the top level"))
}

/// The message for `from = lenet.safetensors` and `from = 'lenet.safetensors'`.
fn file_without_quotes(place: &Place) -> Option<Diagnostic> {
    let line = place.before().len() + place.token().len() + place.after().len();
    let begin = place.span.start - place.before().len();
    let line = &place.text[begin..begin + line];
    let at = place.before().rfind("from")?;
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let value = line[at + 4..].trim_start().strip_prefix('=')?.trim_start();
    if line[..at].ends_with(word) || value.starts_with('"') {
        return None;
    }
    let end = value
        .find([',', '}', '#', ' ', '\t'])
        .unwrap_or(value.len());
    let name = value[..end].trim_matches([
        '\'', '`', '"', '\u{2018}', '\u{2019}', '\u{201C}', '\u{201D}',
    ]);
    let start = begin + line.len() - value.len();
    let whole = Span::new(start, start + end);
    let beside = place.span.start >= whole.start && place.span.start < whole.end;
    (beside && !name.is_empty()).then(|| {
        Diagnostic::error("E0104", "the name of a file stands in double quotes")
            .at(whole, "")
            .patch("as a file's name", whole, format!("\"{name}\""))
    })
}

/// The message for `prior = Normal(posterior.loc, 1)`: a name has no dot in it.
fn posterior_in_prior(place: &Place) -> Option<Diagnostic> {
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let owner = place.before().rsplit(word).next()?;
    let variable = place.after().split(word).next()?;
    let is_it = place.token() == "." && follow::is_variable(owner, variable);
    let of_prior = place.before().split(word).any(|w| w == "prior");
    let start = place.span.start - owner.len();
    let whole = Span::new(start, place.span.end + variable.len());
    (is_it && of_prior).then(|| follow::message(whole, &place.text[whole.start..whole.end]))
}

/// The message for a character that the language has no use for.
fn foreign_character(place: &Place) -> Option<Diagnostic> {
    let found = place.token().chars().next()?;
    let here = Span::new(place.span.start, place.span.start + found.len_utf8());
    let error = |title: String| Diagnostic::error("E0104", title).at(here, "");
    let strange = || error(format!("`{found}` is not a character of the language"));
    let replace = |help: &str, with: &str| Some(strange().patch(help, here, with));
    match found {
        '"' | '\'' | '`' | '\u{2018}'..='\u{201F}' => Some(quoted(place, found, here)),
        ';' if place.after().trim().is_empty() => replace("a line ends by itself", ""),
        ';' => Some(strange().help("what stands in a block is separated by a new line or `,`")),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => replace("minus is written `-`", "-"),
        '\u{00D7}' | '\u{22C5}' | '\u{00B7}' => replace("times is written `*`", "*"),
        '\u{00F7}' => replace("a quotient is written `/`", "/"),
        '\u{223C}' | '\u{02DC}' | '\u{FF5E}' => replace("this is written `~`", "~"),
        '\u{00A0}' | '\u{2000}'..='\u{200B}' | '\u{202F}' | '\u{3000}' | '\u{FEFF}' => {
            let title = format!("a blank of an unusual kind (U+{:04X})", u32::from(found));
            Some(error(title).patch("this is an ordinary blank", here, " "))
        }
        c if c.is_control() && !c.is_whitespace() => Some(error(format!(
            "a control character (U+{:04X})",
            u32::from(c)
        ))),
        c if c.is_ascii_alphanumeric() || c.is_whitespace() || "_+-*/^=~:,{}()[].#".contains(c) => {
            None
        }
        c if c.is_alphabetic() => {
            Some(strange().note("names have the letters a to z, digits and `_`"))
        }
        _ => Some(strange()),
    }
}

/// The message for a quote, with the quoted words as one name if there is a second quote.
fn quoted(place: &Place, quote: char, here: Span) -> Diagnostic {
    let diagnostic = Diagnostic::error("E0104", "names and words are written without quotes");
    let close = match quote {
        '\u{2018}' => '\u{2019}',
        '\u{201C}' => '\u{201D}',
        other => other,
    };
    let rest = &place.text[here.end..];
    let inner = rest
        .lines()
        .next()
        .and_then(|line| line.split_once(close))
        .map(|(inner, _)| inner);
    match inner.filter(|inner| inner.starts_with(|c: char| c.is_ascii_alphabetic())) {
        Some(inner) => {
            let whole = Span::new(here.start, here.end + inner.len() + close.len_utf8());
            let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
            let name: String = inner.chars().map(word).collect();
            diagnostic.at(whole, "").patch("as a name", whole, name)
        }
        None => diagnostic.at(here, ""),
    }
}
