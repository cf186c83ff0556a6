//! What may be typed at a place, and the arguments of the call around it.

use super::document::{Document, moved};
use super::names::Kind as NameKind;
use super::place::{Callee, Owner, Place, place};
use super::registries::{Registry, entries, label, takes, words};
use crate::ir::Function;
use crate::layer::{LAYERS, slots};
use crate::signature::{Kind, Signature};
use crate::source::Span;
use crate::syntax::KEYWORDS;
use lsp_types::{
    CompletionItem, CompletionItemKind, Documentation, MarkupContent, MarkupKind,
    ParameterInformation, ParameterLabel, SignatureHelp, SignatureInformation,
};

/// The parameters that any layer may have, and their settings.
const SETTINGS: [(&str, &str); 4] = [
    ("prior", "the prior of the parameters"),
    ("posterior", "the family of their posterior, with its start"),
    ("estimator", "how draws of the weights reach the examples"),
    ("from", "a safetensors file that they start from"),
];

/// The options of `objective` with the words that each takes.
const OPTIONS: [(&str, &str, &[&str]); 5] = [
    (
        "kl",
        "how each KL is computed",
        &["auto", "closed_form", "quadrature", "monte_carlo"],
    ),
    ("samples", "draws of the weights a step", &[]),
    (
        "minibatch",
        "how the KL is shared out over minibatches",
        &["uniform", "blundell"],
    ),
    ("temperature", "multiplies the KL and penalty terms", &[]),
    (
        "annealing",
        "a factor that grows from 0 to 1",
        &["none", "linear"],
    ),
];

const COMPOSITIONS: [(&str, &str); 4] = [
    ("residual", "adds the value of its body to its input"),
    ("concat", "joins the channels of branches, or of values"),
    ("repeat", "its body as often as the number says"),
    ("reuse", "a layer once more with the same parameters"),
];

const TYPES: [(&str, &str); 4] = [
    ("real", "numbers: `real`, `real[8]`, `real[32, 32, 3]`"),
    ("category", "one of k classes: `category[10]`"),
    ("binary", "0 or 1"),
    ("count", "a whole number from 0"),
];

/// What may be typed at byte `offset`.
pub(super) fn complete(document: &Document, offset: usize) -> Vec<CompletionItem> {
    let mut items = vec![];
    match place(&document.text, offset) {
        Place::Declaration => {
            let keyword = |word: &&'static str| item(word, CompletionItemKind::KEYWORD, "");
            items.extend(KEYWORDS.iter().map(keyword));
        }
        Place::Step => {
            items.extend(entries(Registry::Layers).into_iter().map(entry));
            let kind = CompletionItemKind::KEYWORD;
            items.extend(COMPOSITIONS.map(|(word, what)| item(word, kind, what)));
            items.extend(names(
                document,
                offset,
                &[NameKind::Block, NameKind::Parameter],
            ));
        }
        Place::Setting(Owner::Objective) => {
            let kind = CompletionItemKind::PROPERTY;
            let options = OPTIONS.map(|(word, what, _)| assigned(item(word, kind, what)));
            items.extend(options);
        }
        Place::Setting(owner) => settings(&owner, &mut items),
        Place::Option(name) => {
            let values = OPTIONS.iter().filter(|(known, ..)| *known == name);
            let values = values.flat_map(|(.., values)| values.iter());
            items.extend(values.map(|word| item(word, CompletionItemKind::ENUM_MEMBER, "")));
            items.extend(names(document, offset, &[NameKind::Constant]));
        }
        Place::Entry(Registry::Objectives) => {
            let kind = CompletionItemKind::CLASS;
            items.push(item("elbo", kind, "the evidence lower bound"));
            items.push(item("map", kind, "the negative log posterior"));
        }
        Place::Entry(registry) => items.extend(entries(registry).into_iter().map(entry)),
        Place::Argument {
            call,
            given,
            position,
            name,
        } => argument(
            document,
            offset,
            &call,
            &given,
            position,
            name.as_deref(),
            &mut items,
        ),
        Place::Type => {
            let kind = CompletionItemKind::STRUCT;
            items.extend(TYPES.map(|(word, what)| item(word, kind, what)));
        }
        Place::Value => {
            use NameKind::{Input, Numbered, Parameter, Value};
            items.extend(names(
                document,
                offset,
                &[Value, Numbered, Input, Parameter],
            ));
        }
        Place::Target => items.extend(names(document, offset, &[NameKind::Target])),
        Place::Number => items.extend(numbers(document, offset)),
        Place::Nothing => {}
    }
    items
}

/// The settings of a layer's parameters or of every parameter's, and the parameters themselves.
fn settings(owner: &Owner, items: &mut Vec<CompletionItem>) {
    let kind = CompletionItemKind::PROPERTY;
    items.extend(SETTINGS.map(|(word, what)| assigned(item(word, kind, what))));
    let of_layer = |word: &str| LAYERS.iter().find(|layer| layer.signature().name == word);
    let own = match owner {
        Owner::Layer(word) => of_layer(word).map(|layer| layer.slots().iter().collect()),
        _ => None,
    };
    for slot in own.unwrap_or_else(slots) {
        let what = format!("the settings of `{}` alone, {}", slot.name, slot.axes);
        let mut parameter = item(slot.name, CompletionItemKind::FIELD, &what);
        parameter.insert_text = Some(format!("{}: ", slot.name));
        items.push(parameter);
    }
}

/// Names of arguments that are not given yet, and what the one that is being written may be.
fn argument(
    document: &Document,
    offset: usize,
    call: &Callee,
    given: &[String],
    position: usize,
    name: Option<&str>,
    items: &mut Vec<CompletionItem>,
) {
    let parameters = call.signature().map_or(&[][..], |of| of.parameters);
    if name.is_none() {
        let by_place = position - given.len().min(position);
        let open = parameters.iter().enumerate();
        let open = open.filter(|(i, p)| *i >= by_place && !given.iter().any(|of| of == p.name));
        for (_, parameter) in open {
            let kind = CompletionItemKind::PROPERTY;
            items.push(assigned(item(parameter.name, kind, &takes(parameter))));
        }
        if call.registry == Registry::Layers {
            let shares = LAYERS.iter().filter(|of| of.signature().name == call.name);
            for slot in shares.flat_map(|layer| layer.slots()) {
                let what = format!("the posterior of `{}`, or `none`", slot.name);
                items.push(assigned(item(
                    slot.name,
                    CompletionItemKind::PROPERTY,
                    &what,
                )));
            }
        }
        if call.name == "residual" {
            let what = "a layer that gives the input the body's shape";
            items.push(assigned(item(
                "shortcut",
                CompletionItemKind::PROPERTY,
                what,
            )));
        }
    }
    let parameter = call.parameter(name, position);
    match parameter.map(|parameter| parameter.kind) {
        Some(Kind::Initializer | Kind::ScaleInitializer) => {
            items.extend(entries(Registry::Initializers).into_iter().map(entry));
        }
        Some(Kind::Value { .. }) => {
            use NameKind::{Input, Numbered, Value};
            items.extend(names(document, offset, &[Value, Numbered, Input]));
        }
        _ => {}
    }
    if let (None, Some("bias" | "kernel")) = (parameter, name) {
        items.extend(entries(Registry::Posteriors).into_iter().map(entry));
        items.push(item(
            "none",
            CompletionItemKind::ENUM_MEMBER,
            "it is left out",
        ));
    }
    if let (None, Some("shortcut")) = (parameter, name) {
        items.extend(entries(Registry::Layers).into_iter().map(entry));
        items.extend(names(document, offset, &[NameKind::Block]));
    }
    let words = parameter.map_or(vec![], words).into_iter();
    items.extend(words.map(|word| item(word, CompletionItemKind::ENUM_MEMBER, "")));
    items.extend(numbers(document, offset));
}

/// Names and functions of numbers.
fn numbers(document: &Document, offset: usize) -> Vec<CompletionItem> {
    use NameKind::{Constant, Latent, Parameter};
    let mut items = names(document, offset, &[Constant, Latent, Parameter]);
    let kind = CompletionItemKind::FUNCTION;
    for (word, what) in [
        ("fan_in", "products that meet in one output"),
        ("fan_out", "outputs that one input takes part in"),
        ("learned", "a number that is trained with the rest"),
        ("pi", "3.14159…"),
    ] {
        items.push(item(word, kind, what));
    }
    for (word, function) in Function::ALL {
        let what = match function {
            Function::Sqrt => "the square root",
            Function::Exp => "the exponential",
            Function::Log => "the natural logarithm",
            Function::Softplus => "ln(1 + exp(x)), above 0",
        };
        items.push(item(word, kind, what));
    }
    items
}

/// The names of these kinds that are known at byte `offset`.
fn names(document: &Document, offset: usize, kinds: &[NameKind]) -> Vec<CompletionItem> {
    let Some(parsed) = &document.parsed else {
        return vec![];
    };
    // Where the text was edited since, the place is that of the first change.
    let there = moved(&document.text, &parsed.text, Span::new(offset, offset));
    let common = document.text.bytes().zip(parsed.text.bytes());
    let changed = common.take_while(|(a, b)| a == b).count();
    let there = there.map_or(changed, |span| span.start);
    let known = parsed.names.known(there);
    let known = known.filter(|name| kinds.contains(&name.kind));
    let mut items: Vec<CompletionItem> = vec![];
    for name in known {
        if items.iter().any(|item| item.label == name.text) {
            continue;
        }
        let whole = &parsed.text[name.whole.start..name.whole.end];
        let kind = match name.kind {
            NameKind::Constant => CompletionItemKind::CONSTANT,
            NameKind::Block => CompletionItemKind::MODULE,
            _ => CompletionItemKind::VARIABLE,
        };
        items.push(item(
            &name.text,
            kind,
            whole.lines().next().unwrap_or_default(),
        ));
    }
    items
}

/// The arguments of the call around byte `offset`, and which of them is being written.
pub(super) fn signature_help(document: &Document, offset: usize) -> Option<SignatureHelp> {
    let Place::Argument {
        call,
        position,
        name,
        ..
    } = place(&document.text, offset)
    else {
        return None;
    };
    let signature = call.signature()?;
    let (label, places) = label(signature);
    let parameters = signature.parameters.iter().zip(places);
    let parameters = parameters.map(|(parameter, place)| ParameterInformation {
        label: ParameterLabel::LabelOffsets(place),
        documentation: Some(markdown(takes(parameter))),
    });
    let active = match name {
        Some(name) => signature.parameters.iter().position(|p| p.name == name),
        None => (position < signature.parameters.len()).then_some(position),
    };
    Some(SignatureHelp {
        signatures: vec![SignatureInformation {
            label,
            documentation: Some(markdown(signature.summary.into())),
            parameters: Some(parameters.collect()),
            active_parameter: None,
        }],
        active_signature: Some(0),
        active_parameter: active.map(|active| active as u32),
    })
}

fn item(word: &str, kind: CompletionItemKind, what: &str) -> CompletionItem {
    CompletionItem {
        label: word.into(),
        kind: Some(kind),
        detail: (!what.is_empty()).then(|| what.into()),
        ..CompletionItem::default()
    }
}

/// The same, with ` = ` behind it.
fn assigned(mut item: CompletionItem) -> CompletionItem {
    item.insert_text = Some(format!("{} = ", item.label));
    item
}

/// An entry of a registry.
fn entry(signature: &'static Signature) -> CompletionItem {
    let (label, _) = label(signature);
    let arguments = signature.parameters.iter();
    let arguments: String = arguments
        .map(|parameter| format!("\n- `{}`: {}", parameter.name, takes(parameter)))
        .collect();
    CompletionItem {
        documentation: Some(markdown(format!("{}\n{arguments}", signature.summary))),
        ..item(signature.name, CompletionItemKind::FUNCTION, &label)
    }
}

fn markdown(value: String) -> Documentation {
    Documentation::MarkupContent(MarkupContent {
        kind: MarkupKind::Markdown,
        value,
    })
}
