//! The shape of a file: its declarations, what can be folded, and the shapes of the network's values beside their lines.

use super::document::{Document, Parsed, moved};
use super::hover::{each_step, values};
use super::position::Lines;
use crate::source::Span;
use crate::syntax::ast::{Branch, Item, ItemKind, Operation, Step};
use lsp_types::{
    DocumentSymbol, FoldingRange, FoldingRangeKind, InlayHint, InlayHintLabel, SymbolKind,
};

/// The declarations and named values of the text that last parsed.
pub(super) fn symbols(document: &Document) -> Vec<DocumentSymbol> {
    let Some(parsed) = &document.parsed else {
        return vec![];
    };
    let items = parsed.file.items.iter();
    let in_order = items.filter_map(|item| {
        let whole = moved(&parsed.text, &document.text, item.span)?;
        self::item(document, parsed, item, whole)
    });
    in_order.collect()
}

fn item(document: &Document, parsed: &Parsed, item: &Item, whole: Span) -> Option<DocumentSymbol> {
    let (name, detail, kind, at, body): (&str, &str, _, _, &[Step]) = match &item.kind {
        ItemKind::Model(name) => (
            &name.text,
            "model",
            SymbolKind::MODULE,
            Some(name.span),
            &[],
        ),
        ItemKind::Const { name, .. } => (
            &name.text,
            "const",
            SymbolKind::CONSTANT,
            Some(name.span),
            &[],
        ),
        ItemKind::Input { name, .. } => {
            (&name.text, "input", SymbolKind::FIELD, Some(name.span), &[])
        }
        ItemKind::Target { name, .. } => (
            &name.text,
            "target",
            SymbolKind::FIELD,
            Some(name.span),
            &[],
        ),
        ItemKind::Latent { name, .. } => (
            &name.text,
            "latent",
            SymbolKind::VARIABLE,
            Some(name.span),
            &[],
        ),
        ItemKind::Default(_) => ("default", "", SymbolKind::OBJECT, None, &[]),
        ItemKind::Block { name, body, .. } => (
            &name.text,
            "block",
            SymbolKind::FUNCTION,
            Some(name.span),
            body,
        ),
        ItemKind::Network(body) => ("network", "", SymbolKind::NAMESPACE, None, body),
        ItemKind::Observe { target, likelihood } => (
            &target.text,
            &likelihood.name.text,
            SymbolKind::EVENT,
            Some(target.span),
            &[],
        ),
        ItemKind::Objective { name, .. } => (
            &name.text,
            "objective",
            SymbolKind::OBJECT,
            Some(name.span),
            &[],
        ),
        ItemKind::Inference { name, .. } => (
            &name.text,
            "inference",
            SymbolKind::OBJECT,
            Some(name.span),
            &[],
        ),
    };
    let at = at.and_then(|at| moved(&parsed.text, &document.text, at));
    let children = steps(document, parsed, body);
    Some(symbol(
        document,
        name,
        detail,
        kind,
        whole,
        at.unwrap_or(whole),
        children,
    ))
}

fn steps(document: &Document, parsed: &Parsed, body: &[Step]) -> Vec<DocumentSymbol> {
    let mut found = vec![];
    for step in body {
        let Some(whole) = moved(&parsed.text, &document.text, step.span) else {
            continue;
        };
        let (what, inner) = match &step.operation {
            Operation::Layer(layer) => (layer.kind.text.as_str(), vec![]),
            Operation::Residual { body, .. } => ("residual", steps(document, parsed, body)),
            Operation::Repeat { body, .. } => ("repeat", steps(document, parsed, body)),
            Operation::Reuse { .. } => ("reuse", vec![]),
            Operation::Concat { branches } => {
                let bodies = branches.iter();
                let inner = bodies.flat_map(|Branch { body, .. }| steps(document, parsed, body));
                ("concat", inner.collect())
            }
        };
        let named = step.name.as_ref();
        let name = named.map_or(what, |name| &name.text);
        let at = named.and_then(|name| moved(&parsed.text, &document.text, name.span));
        let detail = if named.is_some() { what } else { "" };
        let kind = SymbolKind::METHOD;
        found.push(symbol(
            document,
            name,
            detail,
            kind,
            whole,
            at.unwrap_or(whole),
            inner,
        ));
    }
    found
}

#[expect(deprecated, reason = "the field is part of the struct")]
fn symbol(
    document: &Document,
    name: &str,
    detail: &str,
    kind: SymbolKind,
    whole: Span,
    at: Span,
    children: Vec<DocumentSymbol>,
) -> DocumentSymbol {
    let range = |span| document.lines.range(&document.text, span);
    DocumentSymbol {
        name: name.into(),
        detail: (!detail.is_empty()).then(|| detail.into()),
        kind,
        tags: None,
        deprecated: None,
        range: range(whole),
        selection_range: range(at),
        children: (!children.is_empty()).then_some(children),
    }
}

/// Brackets over several lines and runs of lines that are comments; from the text alone, which may be broken.
pub(super) fn folds(text: &str, lines: &Lines) -> Vec<FoldingRange> {
    let fold = |start, end, kind| FoldingRange {
        start_line: start,
        end_line: end,
        kind,
        ..FoldingRange::default()
    };
    let mut folds = vec![];
    let mut open = vec![];
    let mut comments: Option<(u32, u32)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let number = lines.line(at);
        let is_comment = line.trim_start().starts_with('#');
        match (&mut comments, is_comment) {
            (Some((_, end)), true) => *end = number,
            (None, true) => comments = Some((number, number)),
            (_, false) => {
                folds.extend(
                    run(comments.take()).map(|(a, b)| fold(a, b, Some(FoldingRangeKind::Comment))),
                );
            }
        }
        let mut quoted = false;
        for c in line.chars() {
            quoted ^= c == '"';
            match c {
                '#' if !quoted => break,
                '{' | '(' | '[' if !quoted => open.push(number),
                '}' | ')' | ']' if !quoted => {
                    // The line of the closing bracket stays to be seen.
                    if let Some(start) = open.pop().filter(|start| *start + 1 < number) {
                        folds.push(fold(start, number - 1, Some(FoldingRangeKind::Region)));
                    }
                }
                _ => {}
            }
        }
        at += line.len();
    }
    folds.extend(run(comments).map(|(a, b)| fold(a, b, Some(FoldingRangeKind::Comment))));
    folds
}

/// A run of at least two lines.
fn run(lines: Option<(u32, u32)>) -> Option<(u32, u32)> {
    lines.filter(|(start, end)| end > start)
}

/// The output shapes of the steps within a span, behind each step's first line.
pub(super) fn hints(document: &Document, within: Span) -> Vec<InlayHint> {
    let (Some(parsed), Some(model)) = (&document.parsed, &document.model) else {
        return vec![];
    };
    let mut hints = vec![];
    each_step(&parsed.file, &mut |step| {
        let Some(place) = moved(&parsed.text, &document.text, step.span) else {
            return;
        };
        let Some(there) = moved(&parsed.text, &model.text, step.span) else {
            return;
        };
        if place.end < within.start || within.end < place.start {
            return;
        }
        let mut shapes: Vec<String> = vec![];
        for node in values(model, there) {
            let shape = node.shape.to_string();
            if !shapes.contains(&shape) {
                shapes.push(shape);
            }
        }
        let Some(first) = shapes.first() else {
            return;
        };
        let more = if shapes.len() > 1 { ", …" } else { "" };
        let text = &document.text[place.start..place.end];
        let line = text.lines().next().unwrap_or_default().trim_end();
        hints.push(InlayHint {
            position: document
                .lines
                .position(&document.text, place.start + line.len()),
            label: InlayHintLabel::String(format!("{first}{more}")),
            kind: None,
            text_edits: None,
            tooltip: None,
            padding_left: Some(true),
            padding_right: None,
            data: None,
        });
    });
    hints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::lsp::position::Encoding;

    #[test]
    fn blocks_lists_and_comments_fold_in_a_broken_text() {
        let text = "# a {\n# b\nnetwork {\n  dense(\n    3,\n    4\n  )\n  relu = =\n}\ndefault { }\nblock {\n";
        let lines = Lines::of(text, Encoding::Utf16);
        let folds = folds(text, &lines);
        let places: Vec<_> = folds
            .iter()
            .map(|fold| (fold.start_line, fold.end_line))
            .collect();
        assert_eq!(places, [(0, 1), (3, 5), (2, 7)]);
    }
}
