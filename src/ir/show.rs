//! Parts of a model as the file would write them, every value worked out.

use super::model::*;
use crate::check::expression::show;
use crate::posterior::Entries;
use crate::signature::{Constant, Signature};
use crate::tensor::Shape;
use std::fmt;

impl Model {
    /// `Normal(0, 0.353553)`; a learned number as `learned(0.1)`.
    pub fn prior_text(&self, prior: &Prior) -> String {
        let name = prior.distribution.signature().name;
        let mut values = prior
            .parameters
            .iter()
            .map(|scalar| self.scalar_text(*scalar));
        let lengths = prior.distribution.lengths(prior.parameters.len());
        let arguments: Vec<String> = lengths
            .into_iter()
            .map(|length| {
                let argument: Vec<String> = values.by_ref().take(length).collect();
                match length {
                    1 => argument.concat(),
                    _ => format!("[{}]", argument.join(", ")),
                }
            })
            .collect();
        if arguments.is_empty() {
            return name.into();
        }
        format!("{name}({})", arguments.join(", "))
    }

    fn scalar_text(&self, scalar: Scalar) -> String {
        match scalar {
            Scalar::Fixed(value) => show(value),
            Scalar::Learned(learned) => format!("learned({})", show(self.learned[learned].initial)),
        }
    }

    /// `Categorical(label | logits)`, with the names of what its arguments are.
    pub fn likelihood_text(&self) -> String {
        let arguments: Vec<String> = self
            .observe
            .arguments
            .iter()
            .map(|argument| match argument {
                Argument::Node(node) => self.nodes[*node].name.clone(),
                Argument::Scalar(Scalar::Fixed(value)) => show(*value),
                Argument::Scalar(Scalar::Learned(learned)) => self.learned[*learned].name.clone(),
            })
            .collect();
        let name = self.observe.likelihood.signature().name;
        format!("{name}({} | {})", self.target.name, arguments.join(", "))
    }

    /// `conv2d(64, kernel = [5, 5], padding = same)` with every argument.
    pub fn call_text(&self, node: &Node) -> String {
        let Some(call) = &node.call else {
            return "input".into();
        };
        let above = node
            .inputs
            .first()
            .map_or("", |above| &self.nodes[*above].name);
        match call.layer {
            None => format!("entry of {above}"),
            Some(layer) => arguments_text(layer.signature(), &call.arguments.0),
        }
    }
}

fn arguments_text(signature: &Signature, arguments: &[(&'static str, Constant)]) -> String {
    if arguments.is_empty() {
        return signature.name.into();
    }
    let arguments: Vec<String> = arguments
        .iter()
        .map(|(name, value)| match value {
            Constant::Count(n) => format!("{name} = {n}"),
            Constant::Pair([a, b]) => format!("{name} = [{a}, {b}]"),
            Constant::Counts(axes) => format!("{name} = {axes:?}"),
            Constant::Word(word) => format!("{name} = {word}"),
            Constant::Number(value) => format!("{name} = {}", show(*value)),
        })
        .collect();
    format!("{}({})", signature.name, arguments.join(", "))
}

impl BoundPosterior {
    /// How its variables start: `loc ~ Normal(0, 0.1), rho ~ Normal(-3, 0.1)`.
    pub fn start_text(&self) -> String {
        let variables = self.family.variables().iter().zip(&self.initializers);
        let variables = variables.map(|(name, initializer)| match initializer {
            Initializer::Constant(_) => format!("{name} = {initializer}"),
            _ => format!("{name} ~ {initializer}"),
        });
        variables.collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Initializer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Initializer::Constant(value) => write!(f, "{}", show(*value)),
            Initializer::Normal { loc, scale } => {
                write!(f, "Normal({}, {})", show(*loc), show(*scale))
            }
            Initializer::Uniform { low, high } => {
                write!(f, "Uniform({}, {})", show(*low), show(*high))
            }
        }
    }
}

impl Origin {
    /// Who supplied a setting: `default prior = Normal(0, 1)`, or the language's rule.
    pub fn text(&self, word: &str, written: &str) -> String {
        match self {
            Origin::Own(_) => format!("its own {word} = {written}"),
            Origin::Default(_) => format!("default {word} = {written}"),
            Origin::Language(rule) => (*rule).into(),
        }
    }
}

impl Tensor {
    /// Who supplied the posterior.
    pub fn posterior_origin_text(&self) -> String {
        let bare = self.role == Role::Bias && self.posterior.family.entries() == Entries::Free;
        let word = if bare { "bias" } else { "posterior" };
        self.posterior_from.text(word, &self.posterior.written)
    }
}

/// `real[B, 32, 32, 3]`: a minibatch of values of `shape`.
pub fn batched(shape: &Shape) -> String {
    let axes = shape
        .0
        .iter()
        .map(|axis| format!(", {axis}"))
        .collect::<String>();
    format!("real[B{axes}]")
}
