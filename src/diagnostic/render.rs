//! Diagnostics as text for a terminal.

use super::{Diagnostic, Help, Label, Severity};
use crate::source::{Source, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use std::ops::Range;

/// The messages as text, with a blank line between two; `color` adds terminal colours. Labels and
/// replacements are shown only where there is a source.
pub fn render(diagnostics: &[Diagnostic], source: Option<&Source>, color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let texts: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| {
            let text = renderer.render(&groups(diagnostic, source));
            // The frame leaves blanks at the ends of lines, which no one sees but a diff.
            text.lines()
                .map(|line| line.trim_end().to_string() + "\n")
                .collect()
        })
        .collect();
    texts.join("\n")
}

fn groups<'a>(diagnostic: &'a Diagnostic, source: Option<&'a Source>) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(diagnostic.title.as_str())
        .id(diagnostic.code);
    let mut primary = Group::with_title(title);
    if let Some(source) = source.filter(|_| !diagnostic.labels.is_empty()) {
        let snippet = Snippet::source(source.text.as_str()).path(source.name.as_str());
        let annotations = diagnostic
            .labels
            .iter()
            .map(|label| annotation(label, source));
        primary = primary.element(snippet.annotations(annotations));
    }
    for note in &diagnostic.notes {
        primary = primary.element(Level::NOTE.message(note.as_str()));
    }
    let mut suggestions = vec![];
    for help in &diagnostic.helps {
        match (suggestion(help, source), source) {
            (Some(group), Some(_)) => suggestions.push(group),
            _ => primary = primary.element(Level::HELP.message(help.text.as_str())),
        }
    }
    std::iter::once(primary).chain(suggestions).collect()
}

fn annotation<'a>(label: &'a Label, source: &Source) -> annotate_snippets::Annotation<'a> {
    let kind = if label.primary {
        AnnotationKind::Primary
    } else {
        AnnotationKind::Context
    };
    let annotation = kind.span(range(label.span, source));
    if label.text.is_empty() {
        annotation
    } else {
        annotation.label(label.text.as_str())
    }
}

fn suggestion<'a>(help: &'a Help, source: Option<&'a Source>) -> Option<Group<'a>> {
    let (span, replacement) = help.patch.as_ref()?;
    let source = source?;
    let patch = Patch::new(range(*span, source), replacement.as_str());
    let snippet = Snippet::source(source.text.as_str()).path(source.name.as_str());
    Some(
        Group::with_title(Level::HELP.secondary_title(help.text.as_str()))
            .element(snippet.patch(patch)),
    )
}

/// The span within the text and on the borders of characters, whatever it was.
fn range(span: Span, source: &Source) -> Range<usize> {
    let start = source.border(span.start);
    start..source.border(span.end).max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, span: Span) -> String {
        let source = Source {
            name: "m.bnn".to_string(),
            text: text.to_string(),
        };
        let diagnostic = Diagnostic::error("E0101", "a title")
            .at(span, "here")
            .context(Span::new(0, 0), "")
            .patch("replace", span, "x");
        render(&[diagnostic], Some(&source), false)
    }

    #[test]
    fn no_place_makes_it_panic() {
        for text in [
            "",
            "\n",
            "a",
            "a\n",
            "\r\n",
            "a\r\nb",
            "é",
            "\u{FEFF}model m\n",
            "\t\tx",
        ] {
            for start in 0..text.len() + 3 {
                for end in start..text.len() + 3 {
                    let rendered = at(text, Span::new(start, end));
                    assert!(
                        rendered.starts_with("error[E0101]: a title\n"),
                        "{rendered}"
                    );
                }
            }
        }
        assert!(at("abc", Span { start: 2, end: 1 }).contains("here"));
    }

    #[test]
    fn without_places() {
        let diagnostic = Diagnostic::warning("E0501", "no file")
            .note("looked in .")
            .help("fetch it");
        let expected = "warning[E0501]: no file\n |\n = note: looked in .\n = help: fetch it\n";
        assert_eq!(
            render(std::slice::from_ref(&diagnostic), None, false),
            expected
        );
        let source = Source {
            name: "m.bnn".to_string(),
            text: String::new(),
        };
        assert_eq!(render(&[diagnostic], Some(&source), false), expected);
        assert_eq!(render(&[], None, false), "");
    }

    #[test]
    fn colors_are_asked_for() {
        let diagnostic = [Diagnostic::error("E0501", "no file")];
        assert!(!render(&diagnostic, None, false).contains('\u{1b}'));
        assert!(render(&diagnostic, None, true).contains('\u{1b}'));
    }
}
