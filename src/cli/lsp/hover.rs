//! What is shown of the thing under the pointer: a layer's shape and parameters with their terms, a name's declaration, an
//! argument of a call, the page of a word.

use super::document::{Compilation, Document, moved};
use super::names::{Kind, Name};
use super::place::{self, Place, place};
use super::registries::{Registry, label, takes};
use crate::cli::explain::pages_of;
use crate::ir::Node;
use crate::report::check::{ParameterRow, layer};
use crate::show;
use crate::source::Span;
use crate::syntax::ast::{Branch, File, ItemKind, Operation, Step};
use crate::words::counted;

/// Lines of a page that a hover shows; `bnnc explain WORD` has the rest.
const MOST_LINES: usize = 30;
/// Terms of the loss that are shown one by one.
const MOST_TERMS: usize = 12;
/// Uses of a block, or rounds of a repeat, whose layers are shown one by one.
const MOST_USES: usize = 2;

/// What there is to say of byte `offset`, as Markdown, and of which place.
pub(super) fn hover(document: &Document, offset: usize) -> Option<(String, Span)> {
    let (word, span) = place::word(&document.text, offset)?;
    let argument = argument(document, word, span);
    let name = argument.is_none().then(|| named(document, span)).flatten();
    let step = match name {
        Some(name) if is_value(name) => Some(name.whole),
        _ => head(document, span),
    };
    let of_step = step
        .filter(|_| argument.is_none())
        .and_then(|step| self::step(document, step));
    let declared = name.and_then(|name| declaration(document, name));
    let page = match (&argument, name) {
        (None, None) => page(word),
        _ => None,
    };
    let loss = loss(document, word, span);
    let parts: Vec<String> = [declared, of_step, argument, loss, page]
        .into_iter()
        .flatten()
        .collect();
    (!parts.is_empty()).then(|| (parts.join("\n\n---\n\n"), span))
}

/// The loss term by term, where the objective or the inference method is declared.
fn loss(document: &Document, word: &str, span: Span) -> Option<String> {
    let is_objective = match place(&document.text, span.start) {
        Place::Declaration => ["objective", "inference"].contains(&word),
        Place::Entry(registry) => [Registry::Objectives, Registry::Methods].contains(&registry),
        _ => false,
    };
    let report = document.model.as_ref().filter(|_| is_objective)?.report();
    let mut text = format!(
        "{}\n\n| term | form | scale | nats at the start |\n| --- | --- | --- | --- |\n",
        report.loss
    );
    for term in report.terms.iter().take(MOST_TERMS) {
        let nats = term
            .initial
            .or(term.uninformed)
            .map_or(String::new(), rounded);
        let (name, scale) = (&term.name, &term.scale_with_numbers);
        // `p(y | x)` would end its cell.
        let form = term.form.replace('|', "\\|");
        text += &format!("| `{name}` | {form} | {scale} | {nats} |\n");
    }
    let more = report.terms.len().saturating_sub(MOST_TERMS);
    if more > 0 {
        text += &format!("\nand {}\n", counted(more, "more term", "more terms"));
    }
    for line in &report.lambda_text {
        text += &format!("\nλ: {line}\n");
    }
    for line in &report.remarks {
        text += &format!("\n{line}\n");
    }
    Some(text)
}

fn is_value(name: &Name) -> bool {
    matches!(name.kind, Kind::Value | Kind::Numbered)
}

/// The name that stands at a place.
fn named(document: &Document, span: Span) -> Option<&Name> {
    let parsed = document.parsed.as_ref()?;
    let there = moved(&document.text, &parsed.text, span)?;
    let name = parsed.names.at(there.start)?;
    // The word of a layer is where a numbered value is declared, and no name.
    name.places().any(|place| place == there).then_some(name)
}

/// The step whose layer's word stands at a place.
fn head(document: &Document, span: Span) -> Option<Span> {
    let parsed = document.parsed.as_ref()?;
    let there = moved(&document.text, &parsed.text, span)?;
    let mut found = None;
    each_step(&parsed.file, &mut |step| {
        let is_head = match &step.operation {
            Operation::Layer(layer) => layer.kind.span == there,
            _ => {
                let text = &parsed.text[step.span.start..step.span.end];
                let word = &parsed.text[there.start..there.end];
                let rest = text.split('=').next_back().unwrap_or("").trim_start();
                ["residual", "concat", "repeat", "reuse"].contains(&word)
                    && step.span.holds(there)
                    && (text.starts_with(word) || rest.starts_with(word))
            }
        };
        if is_head {
            found = Some(step.span);
        }
    });
    found
}

/// Calls `each` with every step of a file, outer ones first.
pub(super) fn each_step(file: &File, each: &mut impl FnMut(&Step)) {
    for item in &file.items {
        if let ItemKind::Network(body) | ItemKind::Block { body, .. } = &item.kind {
            within(body, each);
        }
    }
}

fn within(steps: &[Step], each: &mut impl FnMut(&Step)) {
    for step in steps {
        each(step);
        match &step.operation {
            Operation::Residual { body, .. } | Operation::Repeat { body, .. } => within(body, each),
            Operation::Concat { branches } => {
                let bodies = branches.iter();
                bodies.for_each(|Branch { body, .. }| within(body, each));
            }
            Operation::Layer(_) | Operation::Reuse { .. } => {}
        }
    }
}

/// The values that a step of the model's text makes: one, or one for each time that it is written out.
pub(super) fn values(model: &Compilation, step: Span) -> Vec<&Node> {
    let inference = &model.compiled.inference;
    // A join is written where its word stands, before its body.
    let own: Vec<&Node> = inference
        .nodes
        .values()
        .filter(|node| step.holds(node.span) && node.span.start == step.start)
        .filter(|node| node.call.is_some())
        .collect();
    if !own.is_empty() {
        return own;
    }
    // The use of a block or a repeat has the value of its last line.
    let uses = inference.compositions.iter();
    let uses = uses.filter(|of| of.line == step || step.holds(of.line) && of.line.end == step.end);
    let mut values: Vec<&Node> = vec![];
    for of in uses {
        let below = format!("{}.", of.path);
        let mut inside = inference.nodes.values().rev();
        if let Some(last) = inside.find(|node| node.name.starts_with(&below))
            && !values.iter().any(|known| known.name == last.name)
        {
            values.push(last);
        }
    }
    values
}

/// A step of the network: its value and its parameters.
fn step(document: &Document, step: Span) -> Option<String> {
    let model = document.model.as_ref()?;
    let parsed = document.parsed.as_ref()?;
    let place = moved(&parsed.text, &model.text, step)?;
    let values = values(model, place);
    let count = values.len();
    let mut text = String::new();
    for node in values.iter().take(MOST_USES) {
        text += &value(model, node);
    }
    if count > MOST_USES {
        text += &format!("\nand {} more like these\n", count - MOST_USES);
    }
    (!text.is_empty()).then_some(text)
}

fn value(model: &Compilation, node: &Node) -> String {
    let inference = &model.compiled.inference;
    let row = layer(inference, node);
    let mut text = format!("**{}** = `{}`\n\n", row.name, row.layer);
    text += &format!("output {}", node.shape);
    let inputs: Vec<String> = node
        .inputs
        .iter()
        .map(|input| {
            format!(
                "`{}` {}",
                inference.nodes[*input].name, inference.nodes[*input].shape
            )
        })
        .collect();
    if !inputs.is_empty() {
        text += &format!(", of {}", inputs.join(", "));
    }
    if row.weights > 0 {
        text += &format!("; {}", counted(row.weights, "number", "numbers"));
    }
    text.push('\n');
    let tensors = node.call.iter().flat_map(|call| call.tensors());
    for tensor in tensors {
        text += &parameter(model, &inference.tensors[tensor].name);
    }
    text.push('\n');
    text
}

/// A parameter: what it is, and its term in the loss or why it has none.
fn parameter(model: &Compilation, name: &str) -> String {
    let report = model.report();
    let Some(row) = report.parameters.iter().find(|row| row.name == name) else {
        return String::new();
    };
    let mut text = format!("\n- **{name}** {}\n", described(row));
    let term = format!("({name})");
    let terms = report.terms.iter();
    for term in terms.filter(|of| of.name.ends_with(&term)) {
        text += &format!("  - `{}` {}", term.name, term.form);
        if let Some(nats) = term.initial {
            text += &format!(", {} nats at the start", rounded(nats));
        }
        text += &format!("\n  - scale {}: {}\n", term.scale_with_numbers, term.why);
    }
    let mut absent = report.absent.iter();
    if let Some(absent) = absent.find(|absent| absent.name == name) {
        text += &format!("  - no term in the loss: {}\n", absent.reason);
    }
    text
}

fn described(row: &ParameterRow) -> String {
    let mut text = format!(
        "{:?}, {}",
        row.shape,
        counted(row.count, "number", "numbers")
    );
    let facts = [
        row.prior.as_ref().map(|prior| format!("prior `{prior}`")),
        Some(format!("posterior `{}`", row.posterior)),
        row.estimator.as_ref().map(|of| format!("estimator `{of}`")),
        row.from.as_ref().map(|file| format!("starts from {file}")),
    ];
    for fact in facts.into_iter().flatten() {
        text += &format!(" · {fact}");
    }
    text
}

fn rounded(nats: f64) -> String {
    let digits = match nats.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 3,
    };
    let factor = 10f64.powi(digits);
    show((nats * factor).round() / factor)
}

/// What a name is, as the file declares it.
fn declaration(document: &Document, name: &Name) -> Option<String> {
    if is_value(name) {
        return None;
    }
    let parsed = document.parsed.as_ref()?;
    let whole = &parsed.text[name.whole.start..name.whole.end];
    let first = whole.lines().next().unwrap_or_default();
    let first = first.strip_suffix('{').unwrap_or(first).trim_end();
    let mut text = format!("```bnn\n{first}\n```\n\n{}", name.kind.word());
    let model = document.model.as_ref();
    match name.kind {
        Kind::Constant => {
            let set = model.and_then(|model| {
                let mut set = model.facts.set.iter();
                set.find(|(known, _)| *known == name.text)
            });
            if let Some((_, value)) = set {
                text += &format!(", set to {value}");
            }
        }
        Kind::Latent => text += &model.map_or(String::new(), |model| parameter(model, &name.text)),
        _ => {}
    }
    Some(text)
}

/// The argument of a call that a word before `=` names.
fn argument(document: &Document, word: &str, span: Span) -> Option<String> {
    let after = document.text[span.end..].trim_start();
    if !after.starts_with('=') {
        return None;
    }
    let Place::Argument { call, .. } = place(&document.text, span.start) else {
        return None;
    };
    let parameter = call.parameter(Some(word), 0)?;
    let (label, _) = label(call.signature()?);
    Some(format!(
        "```bnn\n{label}\n```\n\n`{word}`: {}",
        takes(parameter)
    ))
}

/// The beginning of the page of a word, without its links.
pub(super) fn page(word: &str) -> Option<String> {
    let pages = pages_of(word);
    let page = pages.first()?;
    let mut lines: Vec<&str> = page.lines().collect();
    let long = lines.len() > MOST_LINES;
    lines.truncate(MOST_LINES);
    let mut text = without_links(&lines.join("\n"));
    if text.matches("```").count() % 2 == 1 {
        text += "\n```";
    }
    if long {
        text += &format!("\n\n… `bnnc explain {word}` prints the whole page");
    }
    Some(text)
}

/// `[a page](page.md)` as `a page`: its links lead nowhere from an editor.
fn without_links(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(middle) = rest.find("](") {
        let open = rest[..middle].rfind('[');
        let close = rest[middle..].find(')');
        let (Some(open), Some(close)) = (open, close) else {
            break;
        };
        out += &rest[..open];
        out += &rest[open + 1..middle];
        rest = &rest[middle + close + 1..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_its_text_and_no_links() {
        assert_eq!(
            without_links("a [b `c`](d.md#e) f [g] (h) [i](j)"),
            "a b `c` f [g] (h) i"
        );
        let page = page("Horseshoe").unwrap();
        assert!(page.starts_with("# Horseshoe"), "{page}");
        assert!(!page.contains(".md)"), "{page}");
        assert!(page.lines().count() <= MOST_LINES + 3);
    }
}
