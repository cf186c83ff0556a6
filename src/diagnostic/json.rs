//! Diagnostics as JSON.

use super::{Diagnostic, Help, Label};
use crate::source::{Source, Span};
use serde_json::{Value, json};

/// An array with an object for each message:
///
/// ```text
/// {code, severity: "error" | "warning", title, file: name or null,
///  labels: [{start, end, line, column, text, primary}],
///  notes: [text],
///  helps: [{text, replacement: null or {start, end, line, column, text}}]}
/// ```
///
/// `start` and `end` are bytes from 0, `end` the first that does not belong to it; `line` and
/// `column` (in characters) are those of `start`, from 1, and null without a source.
pub fn to_json(diagnostics: &[Diagnostic], source: Option<&Source>) -> Value {
    diagnostics
        .iter()
        .map(|diagnostic| message(diagnostic, source))
        .collect()
}

fn message(diagnostic: &Diagnostic, source: Option<&Source>) -> Value {
    json!({
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "title": diagnostic.title,
        "file": source.map(|source| &source.name),
        "labels": diagnostic.labels.iter().map(|l| label(l, source)).collect::<Value>(),
        "notes": diagnostic.notes,
        "helps": diagnostic.helps.iter().map(|h| help(h, source)).collect::<Value>(),
    })
}

fn label(label: &Label, source: Option<&Source>) -> Value {
    let mut value = place(label.span, source);
    value["text"] = json!(label.text);
    value["primary"] = json!(label.primary);
    value
}

fn help(help: &Help, source: Option<&Source>) -> Value {
    let replacement = help.patch.as_ref().map(|(span, text)| {
        let mut value = place(*span, source);
        value["text"] = json!(text);
        value
    });
    json!({"text": help.text, "replacement": replacement})
}

fn place(span: Span, source: Option<&Source>) -> Value {
    let start = source.map(|source| source.line_column(span.start));
    json!({
        "start": span.start,
        "end": span.end,
        "line": start.map(|(line, _)| line),
        "column": start.map(|(_, column)| column),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_every_field() {
        let source = Source {
            name: "m.bnn".to_string(),
            text: "model m\nfoo é\n".to_string(),
        };
        let diagnostic = Diagnostic::error("E0101", "a title")
            .at(Span::new(12, 14), "here")
            .note("a note")
            .help("in words")
            .patch("replace", Span::new(8, 11), "bar");
        assert_eq!(
            to_json(&[diagnostic], Some(&source)),
            json!([{
                "code": "E0101",
                "severity": "error",
                "title": "a title",
                "file": "m.bnn",
                "labels": [{"start": 12, "end": 14, "line": 2, "column": 5, "text": "here", "primary": true}],
                "notes": ["a note"],
                "helps": [
                    {"text": "in words", "replacement": null},
                    {
                        "text": "replace",
                        "replacement": {"start": 8, "end": 11, "line": 2, "column": 1, "text": "bar"},
                    },
                ],
            }])
        );
        let run = Diagnostic::warning("E0601", "no labels");
        let value = to_json(&[run], None);
        assert_eq!(value[0]["labels"], json!([]));
        assert_eq!(value[0]["file"], json!(null));
        assert_eq!(value[0]["severity"], "warning");
    }
}
