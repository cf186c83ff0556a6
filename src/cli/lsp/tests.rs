//! Answers about texts that are broken at every place, and what completion offers against the compiler.

use super::document::Document;
use super::position::Encoding;
use super::publish::{Pages, diagnostics};
use super::{complete, edits, hover, outline, tokens};
use crate::compile;
use crate::source::{Source, Span};
use lsp_types::Uri;
use std::path::PathBuf;
use std::str::FromStr;

const MODEL: &str = "model m
const width = 8    # é 𝛃
input  x: real[4]
target y: real
latent tau ~ Normal(0, 1), posterior = MeanField(loc = -1)
default { prior = Normal(0, exp(tau)), bias: posterior = Delta }
block body(units, activation = relu) {
  dense(units) { kernel: prior = Normal(0, 1 / sqrt(fan_in)) }
  activation
}
network {
  body(width)
  residual { dense(8, bias = none) }
  concat { { tanh } { } }
  a = repeat 2 { dense(width) }
  f = dense(1) on a
}
observe y ~ Normal(loc = f, scale = learned(0.5))
objective elbo { annealing = linear(epochs = 3) }
";

fn open(text: &str) -> Document {
    let path = PathBuf::from("m.bnn");
    Document::open(path, 0, text.to_owned(), Encoding::Utf16)
}

/// Asks everything about byte `at` of a document.
fn ask(document: &Document, at: usize) {
    let uri = Uri::from_str("file:///m.bnn").unwrap();
    complete::complete(document, at);
    complete::signature_help(document, at);
    hover::hover(document, at);
    edits::definition(document, at);
    let _ = edits::rename(document, at, "other");
    let here = Span::new(at, at);
    edits::actions(document, &uri, here, &[]);
    edits::formatted(document);
    let whole = Span::new(0, document.text.len());
    outline::hints(document, whole);
    outline::symbols(document);
    outline::folds(&document.text, &document.lines);
    let lines = document.text.lines().count() as u32;
    let found = tokens::tokens(&document.text, &document.lines);
    let last: u32 = found.iter().map(|token| token.delta_line).sum();
    assert!(last <= lines, "{last} {lines}");
    for one in diagnostics(document, &uri, &Pages::none()) {
        assert!(one.range.start <= one.range.end, "{one:?}");
        assert!(one.range.end.line <= lines, "{one:?}");
    }
}

#[test]
fn a_text_may_end_or_be_broken_anywhere() {
    let mut document = open(MODEL);
    assert_eq!(document.messages, []);
    for (version, (at, _)) in MODEL.char_indices().enumerate().step_by(3) {
        let broken = match version % 2 {
            0 => MODEL[..at].to_owned(),
            _ => format!("{}({}", &MODEL[..at], &MODEL[at..]),
        };
        document.change(version as i32, broken);
        document.check();
        ask(&document, at);
    }
    // The last model still serves what was not edited.
    document.change(0, MODEL.replace("  f = dense(1)", "  f = dense(1"));
    document.check();
    let place = document.text.find("tau ~").unwrap();
    let (text, _) = hover::hover(&document, place).unwrap();
    assert!(
        text.contains("- **tau** [], 1 number · prior `Normal(0, 1)`"),
        "{text}"
    );
}

#[test]
fn a_file_that_is_broken_when_it_is_opened_has_the_names_of_what_parses() {
    let text = MODEL.replace("observe y ~", "observe y ~ ~");
    let document = open(&text);
    assert!(!document.messages.is_empty());
    let place = text.find("width)").unwrap();
    let found = edits::definition(&document, place).unwrap();
    assert_eq!(&text[found.start..found.end], "width");
    assert_eq!(found.start, text.find("width").unwrap());
    assert!(edits::definition(&document, text.find("loc = f").unwrap() + 6).is_none());
}

#[test]
fn hovers_and_shapes_of_compositions_are_those_of_their_last_layers() {
    let document = open(MODEL);
    let whole = Span::new(0, MODEL.len());
    let hints = outline::hints(&document, whole);
    let labels: Vec<String> = hints
        .iter()
        .map(|hint| match &hint.label {
            lsp_types::InlayHintLabel::String(text) => text.clone(),
            lsp_types::InlayHintLabel::LabelParts(_) => String::new(),
        })
        .collect();
    // The block's two lines; its use, the residual and its layer, the join and its branch, the repeat and its layer.
    assert_eq!(
        labels,
        [
            "[8]", "[8]", "[8]", "[8]", "[8]", "[16]", "[8]", "[8]", "[8]", "[1]"
        ]
    );
    let place = MODEL.find("repeat").unwrap();
    let (text, _) = hover::hover(&document, place).unwrap();
    assert!(text.contains("output [8]"), "{text}");
    let place = MODEL.find("dense(units)").unwrap();
    let (text, _) = hover::hover(&document, place).unwrap();
    assert!(
        text.starts_with("**body_1.dense_1** = `dense(8)`"),
        "{text}"
    );
}

#[test]
fn the_options_that_completion_offers_are_those_of_the_language() {
    let offered = |before: &str| -> Vec<String> {
        let text = format!("objective elbo {{ {before}");
        let items = complete::complete(&open(&text), text.len());
        items.into_iter().map(|item| item.label).collect()
    };
    let options = offered("");
    assert_eq!(options.len(), 5, "{options:?}");
    for option in options {
        let mut values = offered(&format!("{option} = "));
        if values.is_empty() {
            values.push("2".into());
        }
        for value in values {
            let value = match value.as_str() {
                "linear" => "linear(epochs = 2)",
                value => value,
            };
            let text = MODEL.replace(
                "annealing = linear(epochs = 3)",
                &format!("{option} = {value}"),
            );
            let source = Source {
                name: "m.bnn".into(),
                text,
            };
            let found = compile::source(source, &[]).err();
            let known = found.is_none_or(|f| f.diagnostics.iter().all(|d| d.code != "E0212"));
            assert!(known, "{option} = {value}");
        }
    }
}
