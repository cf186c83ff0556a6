//! Parts of a model as the file would write them, every value worked out.

use super::inference::Fitted;
use super::model::*;
use super::range::Range;
use super::scalar::Scalar;
use crate::distribution::Support;
use crate::initializer::Initializer;
use crate::kl;
use crate::posterior::{Entries, Start, Transform};
use crate::pretrained::moped;
use crate::show;
use crate::signature::{Constant, Kind, Signature};
use crate::syntax::ast::Operator;
use crate::tensor::Shape;

impl Model {
    /// `Normal(0, 0.353553)`; a learned number as `learned(0.1)`.
    pub fn prior_text(&self, prior: &Prior) -> String {
        let name = prior.distribution.signature().name;
        let mut values = prior.parameters.iter().enumerate().map(|(index, scalar)| {
            match (&prior.anchor, index) {
                // It moves the loc, which comes first and is 0, entry by entry.
                (Some(_), 0) => "pretrained".into(),
                _ => self.scalar_text(scalar),
            }
        });
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
        let local = prior.local.map_or(String::new(), |local| {
            format!(" · {}", self.tensors[local].name)
        });
        if arguments.is_empty() {
            return format!("{name}{local}");
        }
        format!("{name}({}){local}", arguments.join(", "))
    }

    /// A number as the file would write it: `0.1`, `learned(0.1)`, `tau/2.82843`.
    pub fn scalar_text(&self, scalar: &Scalar) -> String {
        self.scalar_with(scalar, &|learned| {
            format!("learned({})", learned.initial_text())
        })
    }

    fn scalar_with(&self, scalar: &Scalar, learned: &dyn Fn(&Learned) -> String) -> String {
        // Parentheses wherever a reader could be in doubt.
        let operand = |inner: &Scalar| {
            let text = self.scalar_with(inner, learned);
            match inner {
                Scalar::Binary(..) | Scalar::Negate(_) => format!("({text})"),
                _ => text,
            }
        };
        match scalar {
            Scalar::Fixed(value) => show(*value),
            Scalar::Learned(handle) => learned(&self.learned[*handle]),
            Scalar::Latent(latent) => self.tensors[*latent].name.clone(),
            Scalar::Negate(inner) => format!("-{}", operand(inner)),
            Scalar::Binary(operator, a, b) => {
                // a + b + c
                let is_sum = |scalar: &Scalar| matches!(scalar, Scalar::Binary(Operator::Add, ..));
                let left = match is_sum(scalar) && is_sum(a) {
                    true => self.scalar_with(a, learned),
                    false => operand(a),
                };
                format!("{left} {} {}", operator.symbol(), operand(b))
            }
            Scalar::Apply(function, inner) => {
                format!("{}({})", function.word(), self.scalar_with(inner, learned))
            }
        }
    }

    /// `Categorical(label | logits)`, with the names of what its arguments are.
    pub fn likelihood_text(&self) -> String {
        self.likelihood_text_of(0)
    }

    /// That of the target of this number.
    pub fn likelihood_text_of(&self, index: usize) -> String {
        let Some((target, observe)) = self.observed().nth(index) else {
            return String::new();
        };
        let arguments: Vec<String> = observe
            .arguments
            .iter()
            .map(|argument| match argument {
                Argument::Node(node) => self.compositions.called(&self.nodes[*node].name),
                Argument::Numbers(numbers) => {
                    let text = |scalar| self.scalar_with(scalar, &|l| l.name.clone());
                    match &numbers.each[..] {
                        [only] => text(only),
                        all => format!("[{}]", all.iter().map(text).collect::<Vec<_>>().join(", ")),
                    }
                }
            })
            .collect();
        let name = observe.likelihood.signature().name;
        format!("{name}({} | {})", target.name, arguments.join(", "))
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
            None if node.shape.len() > 1 => format!("entries of {above}"),
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
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    format!("{}({})", signature.name, arguments.join(", "))
}

impl BoundPosterior {
    /// Where its draws have mass.
    pub fn support(&self) -> Support {
        self.family.support(&self.arguments)
    }

    /// What its draws are made of, from a normal.
    pub fn made_of(&self) -> kl::Transform {
        match self.support() {
            Support::Real => kl::Transform::Identity,
            Support::Positive => kl::Transform::Exp,
            Support::Interval { low, high } => kl::Transform::Logistic { low, high },
        }
    }

    /// What it is: `Normal(loc, softplus(rho))`.
    pub fn formula(&self) -> String {
        let formula = self.family.formula();
        formula.replace("softplus(rho)", self.transform.formula())
    }

    /// What its family takes beside initialisers: `rank = 4`, `scale at most 0.1`.
    pub fn options_text(&self) -> String {
        let parameters = self.family.signature().parameters.iter();
        let is_option = |kind| !is_initializer(kind) && !matches!(kind, Kind::NumberOr { .. });
        let options = parameters.filter(|parameter| is_option(parameter.kind));
        let options = options.map(|parameter| {
            let value = self.arguments.get(parameter.name);
            format!("{} = {value}", parameter.name)
        });
        let limit = self.largest_scale();
        let limit = limit.map(|largest| format!("scale at most {}", show(largest)));
        options.chain(limit).collect::<Vec<_>>().join(", ")
    }

    /// What a paper says of it: [`crate::posterior::Posterior::methods`] with its arguments.
    pub fn methods(&self) -> String {
        self.with_arguments(self.family.methods())
    }

    /// A draw: [`crate::posterior::Posterior::draw`] with its arguments.
    pub fn draw(&self) -> Option<String> {
        self.family.draw().map(|draw| self.with_arguments(draw))
    }

    fn with_arguments(&self, text: &str) -> String {
        let scale = match self.transform {
            Transform::Softplus => "softplus(",
            Transform::Exp => "exp(",
        };
        let arguments = self.arguments.0.iter();
        arguments.fold(text.replace("softplus(", scale), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), &value.to_string())
        })
    }

    /// Where its draws can lie.
    pub fn range(&self) -> Range {
        match self.support() {
            Support::Real => Range::open(f64::NEG_INFINITY, f64::INFINITY),
            Support::Positive => Range::open(0.0, f64::INFINITY),
            Support::Interval { low, high } => Range::open(low, high),
        }
    }

    /// The middle of a single number's posterior before the first step.
    pub fn middle(&self) -> f64 {
        let loc = self.initializer("loc").map_or(0.0, |start| start.mean());
        match self.support() {
            Support::Real => loc,
            Support::Positive => loc.exp(),
            Support::Interval { low, high } => low + (high - low) / (1.0 + (-loc).exp()),
        }
    }

    /// How the variables of a parameter of this shape start: `loc ~ Normal(0, 0.1), rho ~ Normal(-3, 0.1)`.
    pub fn start_text(&self, shape: &Shape) -> String {
        let variables = self.variables(shape);
        let variables = variables.iter().map(|variable| {
            let (name, initializer) = (variable.name, self.start(variable));
            if self.starts_by_method(variable) {
                return format!("{name} by the inference method");
            }
            if let Some(from) = self
                .pretrained
                .as_ref()
                .filter(|_| self.given(variable).is_some())
            {
                return match (variable.start, from.delta) {
                    (Start::Argument("scale"), Some(delta)) => {
                        let (delta, floor) = (show(delta), show(moped::FLOOR));
                        format!("{name} where the scale is {delta} |loc|, at least {floor}")
                    }
                    _ => format!("{name} from {}: {}", from.file, from.tensor),
                };
            }
            match initializer {
                Initializer::Constant(_) => format!("{name} = {initializer}"),
                _ => format!("{name} ~ {initializer}"),
            }
        });
        variables.collect::<Vec<_>>().join(", ")
    }
}

fn is_initializer(kind: Kind) -> bool {
    matches!(kind, Kind::Initializer | Kind::ScaleInitializer)
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

impl Fitted<'_> {
    /// Who supplied the posterior.
    pub fn posterior_origin_text(&self) -> String {
        let short = matches!(self.role, Role::Bias | Role::Row(_));
        let bare = short && self.posterior.family.entries() == Entries::Free;
        let word = if bare { self.role.word() } else { "posterior" };
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
