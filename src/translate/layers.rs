//! One layer of another tool as a line of a network.

use super::arguments::{Call, SHAPES};
use super::parser::{Argument, Expr, ExprKind};
use super::program::{Program, Target, find};
use super::recurrent;
use crate::diagnostic::elsewhere::{self, Activation, plain};
use crate::layer::{self, LAYERS, Layer, Sequences};
use crate::show;
use crate::source::Span;

/// What became of a layer.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// The lines of the network, an activation's own behind its layer's.
    pub steps: Vec<Step>,
    /// The shape of the input, where this says it.
    pub shape: Option<Vec<usize>>,
    /// The number of channels of the input, where this says it.
    pub channels: Option<usize>,
    /// How many tokens there are, where the input is a sequence of them.
    pub vocabulary: Option<usize>,
    /// The place of a softmax, which the likelihood applies itself.
    pub softmax: Option<Span>,
    /// What it says of the target's distribution, if that is what it is.
    pub distribution: Option<Distribution>,
    /// What is not translated, and why.
    pub notes: Vec<(Span, String)>,
}

/// A line of a network.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// The layer.
    pub layer: &'static str,
    /// `(10)`, or nothing.
    pub arguments: String,
    /// How many outputs a dense layer has.
    pub units: Option<usize>,
    /// How its weights are fitted.
    pub weights: Weights,
}

/// What a `DistributionLambda` says.
#[derive(Debug, Clone)]
pub(super) struct Distribution {
    /// Its place.
    pub span: Span,
    /// What the target is, if it is known.
    pub target: Option<Target>,
    /// Whether it takes probabilities, not their logits.
    pub of_probabilities: bool,
    /// What of it is not as it is in the draft.
    pub remark: Option<String>,
}

/// How a layer's weights are fitted there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weights {
    /// It has none.
    None,
    /// As points.
    Points,
    /// Under a posterior, by this estimator.
    Drawn(&'static str),
}

/// The layers that may mean the same here under their names. Those of sequences are in [`recurrent`].
fn layer_names() -> impl Iterator<Item = &'static str> {
    let of_sequences = |entry: &&&'static dyn Layer| {
        entry.block().is_some() || entry.sequences() == Sequences::Tokens
    };
    let all = LAYERS.iter().filter(move |entry| !of_sequences(entry));
    all.map(|entry| entry.signature().name)
}

/// Translates one layer.
pub(super) fn line(program: &Program, layer: &Expr) -> Line {
    let mut line = Line::default();
    translate(program, &mut line, layer);
    line
}

fn translate(program: &Program, line: &mut Line, layer: &Expr) {
    let Some((word, arguments)) = layer.call() else {
        let what = match layer.last_name() {
            Some(name) => format!("`{name}` is not a call of a layer"),
            None => "this is not a layer".into(),
        };
        line.notes.push((layer.span, what));
        return;
    };
    for argument in arguments {
        let named = argument
            .name
            .as_deref()
            .is_some_and(|name| SHAPES.contains(&name));
        let input = ["Input", "InputLayer"].contains(&word) && argument.name.is_none();
        if named || input {
            line.shape = program.sizes(&argument.value).or(line.shape.take());
        }
    }
    match plain(word).as_str() {
        "input" | "inputlayer" => {
            if line.shape.is_none() {
                line.notes
                    .push((layer.span, "the shape of the input is not numbers".into()));
            }
        }
        "softmax" | "logsoftmax" => line.softmax = Some(layer.span),
        "activation" => match arguments.first() {
            Some(given) => activation(program, line, &given.value, layer.span),
            None => line
                .notes
                .push((layer.span, "it does not say its activation".into())),
        },
        "distributionlambda" => {
            line.distribution = Some(distribution(program, layer.span, arguments));
        }
        _ if recurrent::translate(program, line, layer, (word, arguments)) => {}
        _ => known(program, line, layer, word, arguments),
    }
}

/// What the target is by the distribution that a `DistributionLambda` gives, and what of that is not in the draft.
fn distribution(program: &Program, span: Span, arguments: &[Argument]) -> Distribution {
    const GUESS: &str = "`target` and `observe` are a guess";
    const KNOWN: &[&str] = &["OneHotCategorical", "Categorical", "Bernoulli", "Normal"];
    let mut said = Distribution {
        span,
        target: None,
        of_probabilities: false,
        remark: None,
    };
    let made = arguments.iter().find_map(|given| match &given.value.kind {
        ExprKind::Lambda(body) => find(body, KNOWN),
        _ => None,
    });
    let Some((word, [first, others @ ..])) = made.and_then(Expr::call) else {
        said.remark = Some(format!(
            "the distribution of `DistributionLambda` is not known here: {GUESS}"
        ));
        return said;
    };
    let target = match word {
        "Normal" => Target::Real,
        "Bernoulli" => Target::Binary,
        _ => Target::Category,
    };
    said.target = Some(target);
    said.of_probabilities = first.name.as_deref() == Some("probs");
    let is_output = matches!(&first.value.kind, ExprKind::Name(name) if !name.contains('.'));
    let scale = others
        .first()
        .and_then(|scale| program.number(&scale.value));
    said.remark = match (target, scale) {
        (Target::Real, Some(scale)) if is_output => Some(format!(
            "the scale of the program's `Normal` is {}; in the draft it is learned",
            show(scale)
        )),
        (Target::Real, _) => Some(format!(
            "the program's `Normal` takes more than its mean from the network: {GUESS}; a scale of its own is \
             written `Normal(loc = output[0], scale = softplus(output[1]))`"
        )),
        _ if is_output => None,
        _ => Some(format!(
            "the program's `{word}` does not take all outputs as they are: {GUESS}"
        )),
    };
    said
}

/// A layer that the registry has, or that is one of it by another name.
fn known(program: &Program, line: &mut Line, layer: &Expr, word: &str, arguments: &[Argument]) {
    let Some(row) = elsewhere::known_layer(word, layer_names()) else {
        let lower = word.to_lowercase();
        let help = elsewhere::find("E0201", &lower, &[]).map(|entry| entry.help);
        let help = help.or_else(|| elsewhere::find("E0203", &lower, &[]).map(|entry| entry.help));
        let why = help.map_or("there is no such layer here".into(), |help| {
            help.replace('\n', " ")
        });
        line.notes
            .push((layer.span, format!("`{word}` is left out: {why}")));
        return;
    };
    let entry = layer::find(row.ours);
    let weighted = entry.is_some_and(|entry| !entry.slots().is_empty());
    let weights = match row.estimator {
        _ if !weighted => Weights::None,
        Some(estimator) => Weights::Drawn(estimator),
        None => Weights::Points,
    };
    let mut call = Call::new(word, row.ours, arguments);
    for argument in arguments {
        call.argument(program, argument, line);
    }
    let is_pool = row.ours.starts_with("max_pool") || row.ours.starts_with("avg_pool");
    // That of Keras.
    if is_pool
        && !arguments.iter().any(|given| {
            matches!(
                given.name.as_deref(),
                None | Some("pool_size" | "kernel_size")
            )
        })
    {
        call.given.insert(0, "2".into());
    }
    call.pad(&mut line.notes);
    if row.ours == "leaky_relu" && call.given.is_empty() && is_torch(layer) {
        call.given.push("0.01".into());
    }
    if is_torch(layer) {
        as_torch(row.ours, &mut call.given, call.affine);
    }
    line.steps.push(Step {
        layer: row.ours,
        arguments: match call.given.is_empty() {
            true => String::new(),
            false => format!("({})", call.given.join(", ")),
        },
        units: call.units,
        weights,
    });
    if let Some(value) = call.activation {
        activation(program, line, value, value.span);
    }
}

/// The arguments of a norm or dropout whose defaults are others in PyTorch, and its momentum, which there is the share
/// of what is new.
fn as_torch(layer: &str, given: &mut Vec<String>, affine: Option<bool>) {
    let has = |given: &[String], name: &str| given.iter().any(|text| text.starts_with(name));
    let norms = ["batch_norm", "layer_norm", "group_norm", "instance_norm"];
    // Of these it is the first argument, and stands without its name.
    let is_first = ["layer_norm", "instance_norm"].contains(&layer) && !given.is_empty();
    if norms.contains(&layer) && !is_first && !has(given, "epsilon") {
        given.push("epsilon = 1e-5".into());
    }
    match layer {
        "batch_norm" => {
            let place = given.iter().position(|text| !text.contains('='));
            let new = place.map(|place| given.remove(place));
            let new = new.and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.1);
            given.insert(0, show(1.0 - new));
        }
        "dropout" | "spatial_dropout" if given.is_empty() => given.push("0.5".into()),
        _ => {}
    }
    // An instance norm has them where it says so, the others where they do not say otherwise.
    if norms.contains(&layer) && !affine.unwrap_or(layer != "instance_norm") {
        given.extend(["gain = none", "shift = none"].map(String::from));
    }
}

/// Whether a layer is called by PyTorch's name, `nn.ReLU()`.
pub(super) fn is_torch(layer: &Expr) -> bool {
    match &layer.kind {
        ExprKind::Call { callee, .. } => {
            matches!(&callee.kind, ExprKind::Name(name) if name.starts_with("nn.") || name.starts_with("torch."))
        }
        _ => false,
    }
}

/// An activation as a layer of its own, or as the softmax that the likelihood applies.
fn activation(program: &Program, line: &mut Line, value: &Expr, span: Span) {
    let word = match &value.kind {
        ExprKind::Text(text) => text.as_str(),
        ExprKind::Name(_) => value.last_name().unwrap_or(""),
        ExprKind::Call { .. } => return translate(program, line, value),
        _ => "",
    };
    match elsewhere::activation(word, layer_names()) {
        Some(Activation::Softmax) => line.softmax = Some(span),
        Some(Activation::Identity) => {}
        Some(Activation::Layer(layer)) => line.steps.push(Step {
            layer,
            arguments: match layer {
                // That of Keras and TensorFlow where it is no layer.
                "leaky_relu" => "(0.2)".into(),
                _ => String::new(),
            },
            units: None,
            weights: Weights::None,
        }),
        None => {
            let why = match word {
                "" => "an activation is left out: it has no name".into(),
                word => format!("the activation `{word}` is left out: there is no such layer here"),
            };
            line.notes.push((span, why));
        }
    }
}
