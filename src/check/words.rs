//! Words of the language in messages.

use crate::diagnostic::{Diagnostic, elsewhere, nearest};
use crate::signature::Signature;
use crate::syntax::ast::Ident;

/// An error about an unknown word: what it is here if another tool has it, or else the nearest known one
/// as a patch; and all known ones as a note.
pub fn unknown<'a>(
    code: &'static str,
    title: String,
    word: &Ident,
    known: impl IntoIterator<Item = &'a str>,
    what: &str,
) -> Diagnostic {
    let known: Vec<&str> = known.into_iter().collect();
    let message = Diagnostic::error(code, title).at(word.span, "");
    let elsewhere = elsewhere::find(code, &word.text, &known);
    let near = nearest(&word.text, known.iter().copied());
    let message = match (elsewhere, near) {
        (Some(entry), _) => match entry.ours {
            Some(ours) => message.patch(entry.help, word.span, ours),
            None => message.help(entry.help),
        },
        (None, Some(near)) => message.patch(format!("there is `{near}`"), word.span, near),
        (None, None) => message,
    };
    if known.is_empty() {
        message
    } else {
        message.note(format!("{what}: {}", known.join(", ")))
    }
}

/// `conv2d(filters, kernel, stride = 1, padding = valid)`
pub fn call_form(signature: &Signature) -> String {
    if signature.parameters.is_empty() {
        return signature.name.into();
    }
    let parameters: Vec<String> = signature
        .parameters
        .iter()
        .map(|p| match p.default {
            Some(default) => format!("{} = {default}", p.name),
            None => p.name.into(),
        })
        .collect();
    format!("{}({})", signature.name, parameters.join(", "))
}
