//! One layer of another tool as a line of a network.

use super::parser::{Argument, Expr, ExprKind};
use super::program::Program;
use crate::diagnostic::elsewhere::{self, plain};
use crate::layer::{self, LAYERS};
use crate::show;
use crate::source::Span;

/// What became of a layer.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// The lines of the network, an activation's own behind its layer's.
    pub steps: Vec<Step>,
    /// The shape of the input, where this says it.
    pub shape: Option<Vec<usize>>,
    /// The activation that a likelihood applies itself: `softmax` or `sigmoid`.
    pub link: Option<String>,
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

/// Arguments of other tools that say nothing of the model.
const SILENT: &[&str] = &["name", "dtype", "trainable", "seed", "layers"];
/// Arguments that say the shape of the input.
const SHAPES: &[&str] = &["input_shape", "shape", "input_dim", "batch_input_shape"];

/// Translates one layer.
pub(super) fn line(program: &Program, layer: &Expr) -> Line {
    let mut line = Line::default();
    let Some((word, arguments)) = layer.call() else {
        let what = match layer.last_name() {
            Some(name) => format!("`{name}` is not a call of a layer"),
            None => "this is not a layer".into(),
        };
        line.notes.push((layer.span, what));
        return line;
    };
    for argument in arguments {
        let named = argument
            .name
            .as_deref()
            .is_some_and(|name| SHAPES.contains(&name));
        let input = ["Input", "InputLayer"].contains(&word) && argument.name.is_none();
        if named || input {
            line.shape = program.sizes(&argument.value).or(line.shape);
        }
    }
    match plain(word).as_str() {
        "input" | "inputlayer" => {
            if line.shape.is_none() {
                line.notes
                    .push((layer.span, "the shape of the input is not numbers".into()));
            }
        }
        "softmax" | "logsoftmax" => line.link = Some("softmax".into()),
        "activation" => {
            let word = arguments.first().and_then(|a| activation_word(&a.value));
            activation(&mut line, word.as_deref(), layer.span);
        }
        plain_word => known(program, &mut line, layer.span, word, plain_word, arguments),
    }
    line
}

/// A layer that the registry has, or that is one of it by another name.
fn known(
    program: &Program,
    line: &mut Line,
    span: Span,
    word: &str,
    plain_word: &str,
    arguments: &[Argument],
) {
    let names = LAYERS.iter().map(|entry| entry.signature().name);
    let same = names.clone().find(|name| plain(name) == plain_word);
    let row = elsewhere::layer(word);
    let ours = same.or(row.and_then(|row| names.clone().find(|name| *name == row.ours)));
    let Some(ours) = ours else {
        let lower = word.to_lowercase();
        let help = elsewhere::find("E0201", &lower, &[]).map(|entry| entry.help);
        let help = help.or_else(|| elsewhere::find("E0203", &lower, &[]).map(|entry| entry.help));
        let why = help.map_or("there is no such layer here".into(), |help| {
            help.replace('\n', " ")
        });
        line.notes
            .push((span, format!("`{word}` is left out: {why}")));
        return;
    };
    let entry = layer::find(ours);
    let weighted = entry.is_some_and(|entry| !entry.slots().is_empty());
    let weights = match row.and_then(|row| row.estimator) {
        _ if !weighted => Weights::None,
        Some(estimator) => Weights::Drawn(estimator),
        None => Weights::Points,
    };
    let mut call = Call::new(word, ours, arguments);
    for (index, argument) in arguments.iter().enumerate() {
        match call.skips && index == 0 {
            true if ours == "dense" => line.shape = program.sizes(&argument.value),
            true => {}
            false => call.argument(program, argument, &mut line.notes),
        }
    }
    line.steps.push(Step {
        layer: ours,
        arguments: match call.given.is_empty() {
            true => String::new(),
            false => format!("({})", call.given.join(", ")),
        },
        units: call.units,
        weights,
    });
    if let Some(word) = call.activation {
        activation(line, Some(&word), span);
    }
}

/// The arguments of a call as they are translated, one after another.
struct Call<'a> {
    /// The layer there.
    word: &'a str,
    /// What its arguments are called here.
    names: Vec<&'static str>,
    /// What they are called there, in their order, as far as they are the same or have an entry.
    places: Vec<&'static str>,
    /// Arguments without a name so far.
    placed: usize,
    /// Whether the first says the width of the input, as in PyTorch.
    skips: bool,
    given: Vec<String>,
    units: Option<usize>,
    activation: Option<String>,
}

impl<'a> Call<'a> {
    fn new(word: &'a str, ours: &str, arguments: &[Argument]) -> Self {
        let parameters = layer::find(ours).map_or(&[][..], |entry| entry.signature().parameters);
        let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
        let placed = arguments
            .iter()
            .filter(|argument| argument.name.is_none())
            .count();
        let plain_word = plain(word);
        let places = match (ours, plain_word.as_str()) {
            (_, "densevariational") => {
                vec!["units", "make_posterior_fn", "make_prior_fn", "kl_weight"]
            }
            ("dense", _) => vec!["units", "activation"],
            ("conv2d", _) => vec!["filters", "kernel", "stride", "padding"],
            _ => names.clone(),
        };
        Call {
            word,
            names,
            places,
            placed: 0,
            skips: match ours {
                "dense" => placed == 2 && plain_word.contains("linear"),
                "conv2d" => placed > 2 && word.contains("2d"),
                _ => false,
            },
            given: vec![],
            units: None,
            activation: None,
        }
    }

    /// Translates one argument, or notes why not.
    fn argument(
        &mut self,
        program: &Program,
        argument: &Argument,
        notes: &mut Vec<(Span, String)>,
    ) {
        let given = &argument.value;
        let of_place = || self.places.get(self.placed).copied();
        let name = argument.name.as_deref().or_else(of_place).unwrap_or("");
        let name = match name {
            "alpha" if self.names == ["slope"] => "slope",
            name => name,
        };
        self.placed += usize::from(argument.name.is_none());
        let entry = elsewhere::find("E0203", name, &self.names);
        let same = self.names.iter().copied().find(|known| *known == name);
        let parameter = same.or_else(|| entry.and_then(|entry| entry.ours));
        let text = parameter.and_then(|parameter| value(program, parameter, given));
        let mut note = |text: String| notes.push((given.span, text));
        match (name, parameter, text) {
            ("activation", ..) if given.last_name() == Some("None") => {}
            ("activation", ..) => {
                self.activation = activation_word(given);
                if self.activation.is_none() {
                    note(format!(
                        "the activation of `{}` is left out: it has no name",
                        self.word
                    ));
                }
            }
            ("use_bias" | "bias", ..) => {
                let none = given.last_name() == Some("False");
                self.given.extend(none.then(|| "bias = none".to_owned()));
            }
            (_, Some(parameter), Some(text)) => {
                if parameter == "units" {
                    self.units = text.parse().ok();
                }
                self.given
                    .push(match self.names.first() == Some(&parameter) {
                        true => text,
                        false => format!("{parameter} = {text}"),
                    });
            }
            (_, Some(parameter), None) => note(format!(
                "`{parameter}` of `{}` is not a number that the program says",
                self.word
            )),
            (name, None, _) if SILENT.contains(&name) || SHAPES.contains(&name) => {}
            ("", None, _) => note(format!("an argument of `{}` is left out", self.word)),
            (name, None, _) => {
                let why = entry.map_or("there is no such argument here", |entry| entry.help);
                note(format!(
                    "`{name}`: {}",
                    why.trim_start_matches("delete this: ")
                ));
            }
        }
    }
}

/// An activation as a layer of its own, or as the link that the likelihood applies.
fn activation(line: &mut Line, word: Option<&str>, span: Span) {
    let lower = plain(word.unwrap_or(""));
    let names = LAYERS.iter().map(|entry| entry.signature().name);
    let same = names.clone().find(|name| plain(name) == lower);
    let theirs =
        elsewhere::layer(&lower).and_then(|row| names.clone().find(|name| *name == row.ours));
    match (lower.as_str(), same.or(theirs)) {
        ("softmax" | "logsoftmax", _) => line.link = Some("softmax".into()),
        ("linear", _) => {}
        (_, Some(layer)) => {
            if layer == "sigmoid" {
                line.link = Some("sigmoid".into());
            }
            line.steps.push(Step {
                layer,
                arguments: String::new(),
                units: None,
                weights: Weights::None,
            });
        }
        _ => line.notes.push((
            span,
            format!("the activation `{lower}` is left out: there is no such layer here"),
        )),
    }
}

/// `relu` of `'relu'`, `tf.nn.relu` and `keras.layers.ReLU()`.
fn activation_word(value: &Expr) -> Option<String> {
    match &value.kind {
        ExprKind::Text(text) => Some(text.clone()),
        ExprKind::Name(_) => value
            .last_name()
            .filter(|name| *name != "None")
            .map(str::to_owned),
        ExprKind::Call { .. } => value.call().map(|(word, _)| word.to_owned()),
        _ => None,
    }
}

/// The value of an argument as it is written here.
fn value(program: &Program, parameter: &str, value: &Expr) -> Option<String> {
    if let Some(number) = program.number(value) {
        return Some(show(number));
    }
    match &value.kind {
        ExprKind::Text(text) if parameter == "padding" => Some(text.to_lowercase()),
        ExprKind::List(items) => {
            let numbers = items.iter().map(|item| program.number(item).map(show));
            let numbers: Vec<String> = numbers.collect::<Option<_>>()?;
            match &numbers[..] {
                [a, b] if a == b && parameter != "shape" => Some(a.clone()),
                _ => Some(format!("[{}]", numbers.join(", "))),
            }
        }
        _ => None,
    }
}
