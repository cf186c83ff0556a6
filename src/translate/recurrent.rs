//! Layers of sequences: the recurrent layers of Keras, which give their last state where nothing else is said, and its
//! embedding, which says the vocabulary of the input.

use super::layers::{Line, Step, Weights, line};
use super::parser::{Argument, Expr, ExprKind};
use super::program::Program;
use crate::diagnostic::elsewhere::plain;
use crate::show;

/// Arguments that say nothing of the model, or what it does here, too.
const SILENT: &[&str] = &[
    "name",
    "dtype",
    "trainable",
    "seed",
    "implementation",
    "unroll",
    "input_shape",
    "shape",
    "batch_input_shape",
    "input_dim",
    "input_length",
    "time_major",
];

/// Puts a layer of sequences to `line`, if `word` calls one.
pub(super) fn translate(
    program: &Program,
    line: &mut Line,
    layer: &Expr,
    (word, arguments): (&str, &[Argument]),
) -> bool {
    let ours = match plain(word).as_str() {
        "lstm" => "lstm",
        "gru" => "gru",
        "simplernn" => "rnn",
        "embedding" => {
            embedding(program, line, layer, arguments);
            return true;
        }
        "bidirectional" => {
            bidirectional(program, line, arguments);
            return true;
        }
        "timedistributed" => {
            // A layer acts on the last axis of each step as it is.
            if let Some(inner) = arguments.first() {
                let found = self::line(program, &inner.value);
                line.notes.extend(found.notes);
                line.steps.extend(found.steps);
            }
            return true;
        }
        _ => return false,
    };
    if super::layers::is_torch(layer) {
        let note = format!(
            "`{word}` of PyTorch gives its states and the last of them: `{ours}(64)` or `{ours}(64, returns = last)` is its place here"
        );
        line.notes.push((layer.span, note));
        return true;
    }
    recurrent(program, line, (word, ours), arguments);
    true
}

fn recurrent(
    program: &Program,
    line: &mut Line,
    (word, ours): (&str, &'static str),
    arguments: &[Argument],
) {
    let (mut units, mut all, mut backward, mut bias) = (None, false, false, true);
    let mut forget_bias = true;
    for (place, argument) in arguments.iter().enumerate() {
        let given = &argument.value;
        let is_true = given.last_name() == Some("True");
        let is_text = |wanted: &[&str]| match &given.kind {
            ExprKind::Text(text) => wanted.contains(&text.as_str()),
            _ => false,
        };
        match argument.name.as_deref() {
            None if place == 0 => units = program.number(given),
            Some("units") => units = program.number(given),
            Some("return_sequences") => all = is_true,
            Some("go_backwards") => backward = is_true,
            Some("use_bias") => bias = is_true,
            Some("unit_forget_bias") => forget_bias = is_true,
            Some("reset_after") if is_true => {}
            Some("reset_after") => line.notes.push((
                given.span,
                "`reset_after = False`: the reset gate of `gru` multiplies what the recurrent kernel gives, as it does in Keras \
                 where nothing is said"
                    .into(),
            )),
            // These two are what they are here, too.
            Some("activation") if is_text(&["tanh"]) => {}
            Some("recurrent_activation") if is_text(&["sigmoid"]) => {}
            Some("return_state" | "stateful") if !is_true => {}
            Some(name) if SILENT.contains(&name) => {
                if name == "input_length" {
                    line.shape = program.sizes(given).or(line.shape.take());
                }
            }
            Some(name @ ("dropout" | "recurrent_dropout")) => line.notes.push((
                given.span,
                format!("`{name}`: noise beside the posterior; `dropout` is a layer of its own"),
            )),
            Some(name) => {
                let note =
                    format!("`{name}` of `{word}` is left out: there is no such argument here");
                line.notes.push((given.span, note));
            }
            None => line
                .notes
                .push((given.span, format!("an argument of `{word}` is left out"))),
        }
    }
    let mut given: Vec<String> = units.map(show).into_iter().collect();
    if units.is_none() {
        given.push("64".into());
        if let Some(first) = arguments.first() {
            let note = format!(
                "how many units `{word}` has is no number that the program says: 64 is a guess"
            );
            line.notes.push((first.value.span, note));
        }
    }
    given.extend((!all).then(|| "returns = last".to_owned()));
    given.extend(backward.then(|| "direction = backward".to_owned()));
    given.extend((!bias).then(|| "bias = none".to_owned()));
    let no_forget_bias = ours == "lstm" && !forget_bias;
    given.extend(no_forget_bias.then(|| "forget_bias = 0".to_owned()));
    line.steps.push(Step {
        layer: ours,
        arguments: format!("({})", given.join(", ")),
        units: None,
        weights: Weights::Points,
    });
}

/// `Bidirectional(LSTM(64))`: both directions, joined along the last axis.
fn bidirectional(program: &Program, line: &mut Line, arguments: &[Argument]) {
    let Some(inner) = arguments.first() else {
        return;
    };
    let mut found = self::line(program, &inner.value);
    for step in &mut found.steps {
        let given = step.arguments.strip_suffix(')');
        match given.filter(|_| ["lstm", "gru", "rnn"].contains(&step.layer)) {
            Some(given) => {
                let both = given.replace(", direction = backward", "");
                step.arguments = format!("{both}, direction = both)");
            }
            None => line.notes.push((
                inner.value.span,
                "a layer that is no recurrence has one direction: the draft has it once".into(),
            )),
        }
    }
    for argument in &arguments[1..] {
        let is_concat = matches!(&argument.value.kind, ExprKind::Text(text) if text == "concat");
        match argument.name.as_deref() {
            Some("merge_mode") if !is_concat => line.notes.push((
                argument.value.span,
                "`merge_mode`: the states of both directions are joined here, as `concat` does"
                    .into(),
            )),
            Some("input_shape") => line.shape = program.sizes(&argument.value),
            Some("backward_layer") => line.notes.push((
                argument.value.span,
                "`backward_layer`: both directions have the same layer here".into(),
            )),
            _ => {}
        }
    }
    line.shape = found.shape.or(line.shape.take());
    line.notes.extend(found.notes);
    line.steps.extend(found.steps);
}

/// `Embedding(20000, 32)`: the vocabulary is the input's here.
fn embedding(program: &Program, line: &mut Line, layer: &Expr, arguments: &[Argument]) {
    let named = |names: [&str; 2]| {
        let mut all = arguments.iter();
        all.find(|argument| {
            argument
                .name
                .as_deref()
                .is_some_and(|name| names.contains(&name))
        })
    };
    let mut places = arguments.iter().filter(|argument| argument.name.is_none());
    let mut size = |names| {
        let given = named(names).or_else(|| places.next())?;
        program.number(&given.value)
    };
    let sizes = [
        size(["input_dim", "num_embeddings"]),
        size(["output_dim", "embedding_dim"]),
    ];
    if let Some(length) = named(["input_length"; 2]) {
        line.shape = program.sizes(&length.value).or(line.shape.take());
    }
    let masks = named(["mask_zero"; 2]).filter(|given| given.value.last_name() == Some("True"));
    if let Some(masks) = masks {
        let note = "`mask_zero`: token 0 is one like any other here; the lengths of the data say which steps are padding";
        line.notes.push((masks.value.span, note.into()));
    }
    if sizes.contains(&None) {
        let note = "the sizes of the embedding are no numbers that the program says: those in the draft are a guess";
        line.notes.push((layer.span, note.into()));
    }
    let [vocabulary, width] = [sizes[0].unwrap_or(1000.0), sizes[1].unwrap_or(32.0)];
    line.vocabulary = Some(vocabulary as usize);
    line.steps.push(Step {
        layer: "embedding",
        arguments: format!("({})", show(width)),
        units: None,
        weights: Weights::Points,
    });
}
