//! Values that are compared in full and shown in short.

use super::Two;
use crate::ir::{BoundPosterior, Handle, Inference, Initializer, Learned, Prior, Scalar, Tensor};
use crate::posterior::Transform;
use crate::show;
use crate::signature::Kind;
use sha2::{Digest, Sha256};

/// A value: what it is, to its last digit, and how it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    exact: String,
    shown: String,
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value {
            exact: text.clone(),
            shown: text,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Value {
            exact: format!("{number:?}"),
            shown: show(number),
        }
    }
}

/// How two values are shown if they are not the same; in full where that is what tells them apart.
pub fn apart(a: Value, b: Value) -> Option<(String, String)> {
    if a.exact == b.exact {
        return None;
    }
    Some(match a.shown == b.shown {
        true => (a.exact, b.exact),
        false => (a.shown, b.shown),
    })
}

/// Which of the two models.
#[derive(Clone, Copy, PartialEq)]
pub enum Which {
    /// The first.
    First,
    /// The second.
    Second,
}

impl<'a> Two<'a> {
    pub fn model(&self, which: Which) -> &'a Inference {
        match which {
            Which::First => self.a,
            Which::Second => self.b,
        }
    }

    /// The name that a latent variable has in the second model, or its own.
    pub fn latent_name(&self, which: Which, latent: Handle<Tensor>) -> &'a str {
        match which {
            Which::Second => &self.b.tensors[latent].name,
            Which::First => match self.pairing.tensor(latent) {
                Some(second) => &self.b.tensors[second].name,
                None => &self.a.tensors[latent].name,
            },
        }
    }

    /// Which of all learned numbers this is. How it starts is told of the number, once.
    fn learned_place(&self, which: Which, learned: Handle<Learned>) -> String {
        let of = |(first, second): &(Option<Handle<Learned>>, _)| match which {
            Which::First => *first == Some(learned),
            Which::Second => *second == Some(learned),
        };
        format!("learned {:?}", self.pairing.learned.iter().position(of))
    }

    /// A number to its last digit, latent variables by the second model's names.
    pub fn exact(&self, which: Which, scalar: &Scalar) -> String {
        match scalar {
            Scalar::Fixed(value) => format!("{value:?}"),
            Scalar::Learned(learned) => self.learned_place(which, *learned),
            Scalar::Latent(latent) => self.latent_name(which, *latent).into(),
            Scalar::Negate(inner) => format!("(-{})", self.exact(which, inner)),
            Scalar::Binary(operator, left, right) => {
                let [left, right] = [left, right].map(|side| self.exact(which, side));
                format!("({left} {} {right})", operator.symbol())
            }
            Scalar::Apply(function, inner) => {
                format!("{}({})", function.word(), self.exact(which, inner))
            }
        }
    }

    /// A prior in full.
    pub fn exact_prior(&self, which: Which, prior: &Prior) -> String {
        let numbers = prior.parameters.iter();
        let numbers: Vec<String> = numbers.map(|scalar| self.exact(which, scalar)).collect();
        let name = prior.distribution.signature().name;
        format!("{name}({})", numbers.join(", "))
    }

    /// Two priors, each with its numbers, or as it is written where that says what a layer's own
    /// numbers hide: `1 / sqrt(fan_in)`. Two of one text are shown with their numbers.
    pub fn priors(&self, first: Option<&Prior>, second: Option<&Prior>) -> [Value; 2] {
        let written = |prior: &Prior| -> Option<String> {
            let text = one_line(&prior.written);
            let own = text.starts_with(prior.distribution.signature().name);
            (own && text.contains("fan_")).then_some(text)
        };
        let same = first.and_then(written) == second.and_then(written);
        let value = |which: Which, prior: Option<&Prior>| {
            let Some(prior) = prior else {
                return Value::from("none");
            };
            let mut shown = self.model(which).prior_text(prior);
            if let Some(text) = written(prior).filter(|_| !same) {
                shown = text;
            }
            let mut exact = self.exact_prior(which, prior);
            if let Some(anchor) = &prior.anchor {
                shown += " about pretrained weights";
                exact += &format!(" about pretrained weights ({})", digest(anchor));
            }
            if prior.local.is_some() {
                shown += ", times a local scale";
                exact += ", times a local scale";
            }
            Value { exact, shown }
        };
        [value(Which::First, first), value(Which::Second, second)]
    }
}

/// A posterior: the family with what it takes beside initialisers, `LowRank(rank = 4)`.
pub fn family(posterior: &BoundPosterior) -> Value {
    posterior_value(posterior, false)
}

/// A posterior with all of its arguments.
pub fn whole_posterior(posterior: &BoundPosterior) -> Value {
    posterior_value(posterior, true)
}

fn posterior_value(posterior: &BoundPosterior, starts: bool) -> Value {
    let signature = posterior.family.signature();
    let mut arguments: Vec<(&str, Value)> = Vec::new();
    for parameter in signature.parameters {
        let value: Value = match (parameter.kind, parameter.name) {
            (Kind::Initializer | Kind::ScaleInitializer, name) if starts => start(posterior, name),
            (Kind::Initializer | Kind::ScaleInitializer, _) => continue,
            (_, "rank") => posterior.rank.to_string().into(),
            (_, "low") => posterior.bounds[0].into(),
            (_, "high") => posterior.bounds[1].into(),
            (_, "rate") => posterior.rate.into(),
            (_, "prior_scale") => posterior.factor.scale.into(),
            (_, "factor") => match posterior.factor.cauchy {
                true => "cauchy".into(),
                false => "normal".into(),
            },
            _ => continue,
        };
        arguments.push((parameter.name, value));
    }
    let text = |of: &dyn Fn(&Value) -> String| {
        let arguments = arguments
            .iter()
            .map(|(name, value)| format!("{name} = {}", of(value)));
        match arguments.collect::<Vec<_>>() {
            arguments if arguments.is_empty() => signature.name.to_owned(),
            arguments => format!("{}({})", signature.name, arguments.join(", ")),
        }
    };
    Value {
        exact: text(&|value| value.exact.clone()),
        shown: text(&|value| value.shown.clone()),
    }
}

/// How the variable that an argument is for starts, as a file would write it.
pub fn start(posterior: &BoundPosterior, argument: &str) -> Value {
    let parameters = posterior.family.signature().parameters.iter();
    let is_scale = parameters
        .filter(|parameter| parameter.kind == Kind::ScaleInitializer)
        .any(|parameter| parameter.name == argument);
    if let Some(given) = pretrained_start(posterior, argument) {
        return given;
    }
    match posterior.initializer(argument) {
        None => "none".into(),
        Some(Initializer::Constant(raw)) if is_scale => {
            let scale: f64 = posterior.transform.value(raw);
            // A number is the scale itself, by way of the transform that the language takes unasked.
            match posterior.transform == Transform::default() {
                true => scale.into(),
                false => {
                    let transform = posterior.transform.name();
                    Value {
                        exact: format!("{transform}({raw:?})"),
                        shown: format!("{transform}({})", show(raw)),
                    }
                }
            }
        }
        Some(initializer) => {
            let (mut exact, mut shown) = (format!("{initializer:?}"), initializer.to_string());
            if is_scale {
                let transform = posterior.transform.name();
                exact = format!("{transform}({exact})");
                shown = format!("{transform}({shown})");
            }
            Value { exact, shown }
        }
    }
}

/// The start that pretrained weights give, if they give one: their entries tell two of them apart.
fn pretrained_start(posterior: &BoundPosterior, argument: &str) -> Option<Value> {
    let pretrained = posterior.pretrained.as_ref()?;
    let place = format!("{} of {}", pretrained.tensor, pretrained.file);
    let (shown, of) = match argument {
        "loc" => (place, String::new()),
        "scale" => {
            let delta = pretrained.delta?;
            (
                format!("{} × |{place}|", show(delta)),
                format!("{delta:?}: "),
            )
        }
        _ => return None,
    };
    Some(Value {
        exact: format!("{of}{shown} ({})", digest(&pretrained.values)),
        shown,
    })
}

/// What stands for so many numbers where two of them are compared: `entries 3f21c09d52aa`.
fn digest(values: &[f64]) -> String {
    let mut hash = Sha256::new();
    values
        .iter()
        .for_each(|value| hash.update(value.to_bits().to_le_bytes()));
    let hash = hash.finalize();
    let start: String = hash[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("entries {start}")
}

/// Any white space as one blank.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
