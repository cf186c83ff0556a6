//! Diagnostics as text for a terminal.

use super::{Diagnostic, Help, Label, Severity};
use crate::source::{Source, Span};
use crate::words::printable;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};
use std::ops::Range;

/// The messages as text, with a blank line between two; `color` adds terminal colours. Labels and
/// replacements are shown only where there is a source.
pub fn render(diagnostics: &[Diagnostic], source: Option<&Source>, color: bool) -> String {
    let lines = source.map(Lines::of);
    let lines = lines.as_ref();
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let texts: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| {
            let diagnostic = shown(diagnostic);
            let text = renderer.render(&groups(&diagnostic, lines));
            // The frame leaves blanks at the ends of lines, which no one sees but a diff; without a line of the file, the
            // arrow to its name stands a blank too far left.
            let indent = |line: &str| if line.starts_with("--> ") { " " } else { "" };
            text.lines()
                .map(|line| format!("{}{}\n", indent(line), line.trim_end()))
                .collect()
        })
        .collect();
    texts.join("\n")
}

fn groups<'a>(diagnostic: &'a Diagnostic, lines: Option<&'a Lines>) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(diagnostic.title.as_str())
        .id(diagnostic.code);
    let mut primary = Group::with_title(title);
    if let Some(lines) = lines {
        let spans = diagnostic.labels.iter().map(|label| label.span);
        primary = match lines.window(spans) {
            Some(window) if window.text.len() <= LONGEST_WINDOW => {
                let annotations = diagnostic.labels.iter();
                let annotations = annotations.map(|label| annotation(label, &window, lines.source));
                primary.element(window.snippet(lines.source).annotations(annotations))
            }
            Some(window) => primary.element(window.origin(diagnostic, lines.source)),
            // Of the file as a whole. Messages about data and runs name their own files.
            None if diagnostic.code.starts_with('E') && diagnostic.code < "E05" => {
                primary.element(Origin::path(lines.source.name.as_str()))
            }
            None => primary,
        };
    }
    for note in &diagnostic.notes {
        primary = primary.element(Level::NOTE.message(note.as_str()));
    }
    let mut suggestions = vec![];
    for help in &diagnostic.helps {
        match lines.and_then(|lines| suggestion(help, lines)) {
            Some(group) => suggestions.push(group),
            None => primary = primary.element(Level::HELP.message(help.text.as_str())),
        }
    }
    std::iter::once(primary).chain(suggestions).collect()
}

fn annotation<'a>(
    label: &'a Label,
    window: &Window,
    source: &Source,
) -> annotate_snippets::Annotation<'a> {
    let kind = if label.primary {
        AnnotationKind::Primary
    } else {
        AnnotationKind::Context
    };
    let annotation = kind.span(window.range(label.span, source));
    if label.text.is_empty() {
        annotation
    } else {
        annotation.label(label.text.as_str())
    }
}

fn suggestion<'a>(help: &'a Help, lines: &'a Lines) -> Option<Group<'a>> {
    let (span, replacement) = help.patch.as_ref()?;
    let window = lines.window([*span])?;
    if window.text.len() > LONGEST_WINDOW {
        return None;
    }
    let patch = Patch::new(window.range(*span, lines.source), replacement.as_str());
    Some(
        Group::with_title(Level::HELP.secondary_title(help.text.as_str()))
            .element(window.snippet(lines.source).patch(patch)),
    )
}

/// More text than this is not set around a message: only its place is said.
const LONGEST_WINDOW: usize = 1 << 16;
/// Lines before and after the marked ones that a message is given.
const AROUND: usize = 2;
/// A longer sentence is cut: a name in it is as long as a file.
const LONGEST_SENTENCE: usize = 4000;

/// A message as a terminal may show it.
fn shown(diagnostic: &Diagnostic) -> Diagnostic {
    let sentence = |text: &str| {
        let cut = text.char_indices().nth(LONGEST_SENTENCE);
        match cut {
            Some((end, _)) => printable(&text[..end]).into_owned() + "…",
            None => printable(text).into_owned(),
        }
    };
    let mut shown = diagnostic.clone();
    shown.title = sentence(&shown.title);
    let notes = shown.notes.iter_mut();
    let labels = shown.labels.iter_mut().map(|label| &mut label.text);
    let helps = shown.helps.iter_mut().map(|help| &mut help.text);
    for text in notes.chain(labels).chain(helps) {
        *text = sentence(text);
    }
    shown
}

/// A source with the beginnings of its lines: a message is given the lines that it marks, not the file.
struct Lines<'a> {
    source: &'a Source,
    starts: Vec<usize>,
}

/// Some lines of a source.
struct Window<'a> {
    text: &'a str,
    /// Its first byte.
    start: usize,
    /// The number of its first line, from 1.
    line: usize,
}

impl<'a> Lines<'a> {
    fn of(source: &'a Source) -> Self {
        let ends = source.text.match_indices('\n').map(|(end, _)| end + 1);
        Lines {
            source,
            starts: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// The index of the line of a byte.
    fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset) - 1
    }

    /// The lines of these places and some around them; `None` without a place.
    fn window(&self, spans: impl IntoIterator<Item = Span>) -> Option<Window<'a>> {
        let all = spans.into_iter().reduce(Span::to)?;
        let first = self.line(all.start.min(all.end)).saturating_sub(AROUND);
        let after = self.line(all.end.max(all.start)) + 1 + AROUND;
        let start = self.starts[first];
        let end = self.starts.get(after).copied();
        Some(Window {
            text: &self.source.text[start..end.unwrap_or(self.source.text.len())],
            start,
            line: first + 1,
        })
    }
}

impl<'a> Window<'a> {
    fn snippet<A: Clone>(&self, source: &'a Source) -> Snippet<'a, A> {
        Snippet::source(self.text)
            .path(source.name.as_str())
            .line_start(self.line)
    }

    /// The place of the mistake alone.
    fn origin(&self, diagnostic: &Diagnostic, source: &'a Source) -> Origin<'a> {
        let primary = diagnostic.labels.iter().find(|label| label.primary);
        let start = primary.map_or(self.start, |label| label.span.start);
        let (line, column) = source.line_column(start);
        Origin::path(source.name.as_str())
            .line(line)
            .char_column(column)
    }

    /// The span within the window and on the borders of characters, whatever it was.
    fn range(&self, span: Span, source: &Source) -> Range<usize> {
        let range = range(span, source);
        let within = |place: usize| (place - self.start.min(place)).min(self.text.len());
        within(range.start)..within(range.end)
    }
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
