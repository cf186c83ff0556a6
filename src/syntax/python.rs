//! Habits of Python in a model file: pairs in parentheses, types and layers that are called, quoted
//! activations, and words of its libraries.

use super::error::Place;
use super::parser::{KEYWORDS, Rule};
use crate::diagnostic::{Diagnostic, activation, elsewhere};
use crate::layer::LAYERS;
use crate::source::Span;

/// The whole message, where it is one of these.
pub(super) fn certain(place: &Place) -> Option<Diagnostic> {
    word_of_a_library(place)
        .or_else(|| sizes_in_parentheses(place))
        .or_else(|| tuple(place))
        .or_else(|| called_layer(place))
        .or_else(|| quoted_activation(place))
}

/// `model.losses`, `pyro.sample(…)`.
fn word_of_a_library(place: &Place) -> Option<Diagnostic> {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let before = place.before();
    let start = place.span.start - (before.len() - before.trim_end_matches(inside).len());
    let rest = &place.text[start..];
    let word = &rest[..rest.find(|c| !inside(c)).unwrap_or(rest.len())];
    let help = word.contains('.').then(|| elsewhere::anywhere(word))??;
    let title = format!("`{word}` is a word of another tool");
    let place = Span::new(start, start + word.len());
    Some(Diagnostic::error("E0101", title).at(place, "").help(help))
}

/// `target y: categorical(10)` for `category[10]`.
fn sizes_in_parentheses(place: &Place) -> Option<Diagnostic> {
    let (head, data_type) = place.before().rsplit_once(':')?;
    let first = head.split_whitespace().next()?;
    let written = data_type.trim();
    let is_word = written
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_');
    let here = place.token() == "(" && ["input", "target"].contains(&first);
    let (inside, _) = place.after().split_once(')')?;
    if !here || !is_word || written.is_empty() || inside.contains(['(', '[']) {
        return None;
    }
    let start = place.span.start - data_type.trim_start().len();
    let whole = Span::new(start, place.span.end + inside.len() + 1);
    let word = elsewhere::data_type(written).unwrap_or(written);
    let message =
        Diagnostic::error("E0101", "the sizes of a type stand in square brackets").at(whole, "");
    Some(match (inside.trim(), word) {
        ("", "category") => message.help("and a category needs its classes: `category[10]`"),
        ("", _) => message.patch("a type without sizes has no brackets", whole, word),
        (sizes, _) => message.patch("in brackets", whole, format!("{word}[{sizes}]")),
    })
}

/// `kernel = (5, 5)` for `[5, 5]`.
fn tuple(place: &Place) -> Option<Diagnostic> {
    if place.token() != "," || !place.wants(Rule::right_paren) || place.wants(Rule::comma) {
        return None;
    }
    let mut depth = 0;
    let open = place.text[..place.span.start]
        .char_indices()
        .rev()
        .find(|(_, c)| {
            depth += i32::from(")]}".contains(*c)) - i32::from("([{".contains(*c));
            depth < 0
        })?;
    let inside = &place.text[open.0 + 1..];
    let inside = &inside[..inside.find(')')?];
    let called = place.text[..open.0].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    if open.1 != '(' || called || inside.contains(['(', '[', '{', '=', '\n']) {
        return None;
    }
    let whole = Span::new(open.0, open.0 + inside.len() + 2);
    let numbers = inside.trim().trim_end_matches(',');
    Some(
        Diagnostic::error("E0101", "several numbers stand in square brackets")
            .at(whole, "")
            .patch("in brackets", whole, format!("[{numbers}]")),
    )
}

/// `dense(10)(x)`: a layer takes the value above it.
fn called_layer(place: &Place) -> Option<Diagnostic> {
    let before = place.before().trim_end();
    let first = before.split_whitespace().next()?;
    let in_network = !KEYWORDS.contains(&first) || before.contains('{');
    let (inside, _) = place.after().split_once(')')?;
    if place.token() != "(" || !before.ends_with(')') || !in_network || inside.contains('(') {
        return None;
    }
    let whole = Span::new(place.gap().start, place.span.end + inside.len() + 1);
    let title = "a layer is not called on a value: it takes the value above it";
    Some(
        Diagnostic::error("E0101", title)
            .at(whole, "")
            .patch("leave this out", whole, ""),
    )
}

/// `dense(10, activation = "relu")`.
fn quoted_activation(place: &Place) -> Option<Diagnostic> {
    let quote = place
        .token()
        .chars()
        .next()
        .filter(|c| "\"'".contains(*c))?;
    let before = place.before();
    let head = before.trim_end().strip_suffix('=')?.trim_end();
    let head = head.strip_suffix("activation")?;
    let (word, after) = place.after().split_once(quote)?;
    let line = place.span.start - before.len();
    let start = line + (before.len() - before.trim_start().len());
    let argument = Span::new(line + head.len(), place.span.end + word.len() + 1);
    let message =
        Diagnostic::error("E0203", "a layer has no argument `activation`").at(argument, "");
    let layers = LAYERS.iter().map(|layer| layer.signature().name);
    let activation = elsewhere::activation(word, layers);
    let help = activation::help(word, activation, "");
    // The line is one layer and no more.
    let tail = after.split('#').next().unwrap_or("").trim_end();
    let (arguments, behind) = tail.split_once(')').unwrap_or((tail, "?"));
    if arguments.contains('(')
        || !behind.is_empty()
        || before.contains(['{', '(']) && before.matches('(').count() != 1
    {
        return Some(message.help(help));
    }
    let end = argument.end + tail.len();
    let within = Span::new(argument.start - start, argument.end - start);
    let step = &place.text[start..end];
    let line = activation.and_then(|found| activation::moved(step, within, found, ""));
    Some(match line {
        Some(line) => message.patch(help, Span::new(start, end), line),
        None => message.help(help),
    })
}
