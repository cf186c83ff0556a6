//! Changes of a text: names, the style, and what messages propose.

use super::document::{Document, moved};
use super::names::{Kind, Name};
use super::publish::place;
use crate::check::expression::RESERVED;
use crate::format::format;
use crate::source::Span;
use crate::syntax::KEYWORDS;
use lsp_types::{
    CodeAction, CodeActionKind, Diagnostic, NumberOrString, TextEdit, Uri, WorkspaceEdit,
};
use std::collections::HashMap;

/// The name at byte `offset` with its places in the text as it is now; none where one of them was edited since the text
/// last parsed.
pub(super) fn name_at(document: &Document, offset: usize) -> Option<(&Name, Vec<Span>)> {
    let parsed = document.parsed.as_ref()?;
    let there = moved(&document.text, &parsed.text, Span::new(offset, offset))?;
    let name = parsed.names.at(there.start)?;
    let places = name.places();
    let places: Option<Vec<Span>> = places
        .map(|place| moved(&parsed.text, &document.text, place))
        .collect();
    Some((name, places?))
}

/// Where the name at byte `offset` is declared.
pub(super) fn definition(document: &Document, offset: usize) -> Option<Span> {
    let (name, _) = name_at(document, offset)?;
    let parsed = document.parsed.as_ref()?;
    moved(&parsed.text, &document.text, name.definition)
}

/// Gives a name another text wherever it stands.
///
/// # Errors
///
/// Why it cannot have that.
pub(super) fn rename(
    document: &Document,
    offset: usize,
    new: &str,
) -> Result<Vec<TextEdit>, String> {
    let Some((name, places)) = name_at(document, offset) else {
        return Err("no name of the file stands here".into());
    };
    if name.kind == Kind::Numbered {
        return Err(format!(
            "`{}` is a number that the language gives: write `NAME = ` before the layer",
            name.text
        ));
    }
    let mut characters = new.chars();
    let begins = characters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !begins || !characters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(format!(
            "`{new}` is not a name: letters, digits and `_`, no digit first"
        ));
    }
    if RESERVED.contains(&new)
        || KEYWORDS.contains(&new)
        || ["on", "reuse", "repeat", "residual"].contains(&new)
    {
        return Err(format!("`{new}` is a word of the language"));
    }
    let parsed = document.parsed.as_ref();
    let all = parsed.map_or(&[][..], |parsed| &parsed.names.all);
    let meets = |other: &&Name| {
        let together = other.scope.holds(name.scope) || name.scope.holds(other.scope);
        other.text == new && together
    };
    if let Some(other) = all.iter().find(meets) {
        return Err(format!("`{new}` is a {} already", other.kind.word()));
    }
    let edit = |place| TextEdit::new(document.lines.range(&document.text, place), new.into());
    Ok(places.into_iter().map(edit).collect())
}

/// The text in the one style: none where it does not parse.
pub(super) fn formatted(document: &Document) -> Option<Vec<TextEdit>> {
    let text = format(&document.source()).ok()?;
    if text == document.text {
        return Some(vec![]);
    }
    // The lines that are the same at both ends stay, so that the cursor does.
    let old: Vec<&str> = document.text.split_inclusive('\n').collect();
    let new: Vec<&str> = text.split_inclusive('\n').collect();
    let same = |(a, b): &(&&str, &&str)| a == b;
    let head = old.iter().zip(&new).take_while(same).count();
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(same);
    let tail = tail.count().min(old.len() - head).min(new.len() - head);
    let start: usize = old[..head].iter().map(|line| line.len()).sum();
    let behind: usize = old[old.len() - tail..].iter().map(|line| line.len()).sum();
    let span = Span::new(start, document.text.len() - behind);
    let range = document.lines.range(&document.text, span);
    let lines = new[head..new.len() - tail].concat();
    Some(vec![TextEdit::new(range, lines)])
}

/// Edits of one file.
pub(super) fn of_file(uri: &Uri, edits: Vec<TextEdit>) -> WorkspaceEdit {
    WorkspaceEdit::new(HashMap::from([(uri.clone(), edits)]))
}

/// What the messages at a place propose, an action each.
pub(super) fn actions(
    document: &Document,
    uri: &Uri,
    span: Span,
    shown: &[Diagnostic],
) -> Vec<CodeAction> {
    let mut actions = vec![];
    for message in &document.messages {
        let at = place(message, document);
        if at.end < span.start || span.end < at.start {
            continue;
        }
        let edits = message.edits();
        let preferred = edits.len() == 1 && message.edit().is_some();
        for edit in edits {
            let old = &document.text[edit.span.start..edit.span.end];
            let title = match (old.trim(), edit.text.trim()) {
                ("", new) => format!("insert `{new}`: {}", edit.help),
                (old, "") => format!("remove `{old}`: {}", edit.help),
                (old, new) => format!("replace `{old}` by `{new}`: {}", edit.help),
            };
            let range = document.lines.range(&document.text, edit.span);
            let code = NumberOrString::String(message.code.into());
            let mends = shown.iter().filter(|one| one.code.as_ref() == Some(&code));
            let changes = of_file(uri, vec![TextEdit::new(range, edit.text)]);
            actions.push(CodeAction {
                title,
                kind: Some(CodeActionKind::QUICKFIX),
                diagnostics: Some(mends.cloned().collect()),
                edit: Some(changes),
                is_preferred: Some(preferred),
                ..CodeAction::default()
            });
        }
    }
    actions
}
