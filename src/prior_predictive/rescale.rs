//! A prior with another scale, and how it is written.

use super::draw;
use crate::ir::{Handle, Inference, Prior, Scalar, Tensor};
use crate::show;
use crate::syntax::ast::Operator;
use std::f64::consts::SQRT_2;
use std::iter;

/// What a standard deviation is to be.
#[derive(Clone, Copy)]
pub enum Rule {
    /// a/√fan_in
    FanIn(f64),
    /// A number.
    Plain(f64),
}

impl Rule {
    /// `times` the rule as a number, and its text. With the text of an expression: what that is multiplied
    /// with, and the text of the product.
    fn times(self, times: f64, fan_in: f64, expression: Option<String>) -> (f64, String) {
        let (a, root, below) = match self {
            Rule::FanIn(a) if a * times == SQRT_2 && expression.is_none() => {
                return ((2.0 / fan_in).sqrt(), "sqrt(2 / fan_in)".into());
            }
            Rule::FanIn(a) => (a * times, fan_in.sqrt(), " / sqrt(fan_in)"),
            Rule::Plain(a) => (a * times, 1.0, ""),
        };
        let number = rounded(a);
        let text = match expression {
            Some(expression) if number == 1.0 => expression,
            Some(expression) => format!("{} * {expression}", show(number)),
            None => show(number),
        };
        (number / root, text + below)
    }
}

/// The prior of a parameter with the standard deviation that a rule says (or the scale, if its standard
/// deviation is infinite), at the middle of what it depends on; and how it is written.
pub fn rescaled(model: &Inference, handle: Handle<Tensor>, rule: Rule) -> Option<(Prior, String)> {
    let tensor = &model.tensors[handle];
    let (fan_in, prior) = (tensor.fan_in as f64, tensor.prior.as_ref()?);
    let places = scales(prior);
    let first = &prior.parameters[*places.first()?];
    let varies = |place: &usize| {
        let scale = &prior.parameters[*place];
        !matches!(scale, Scalar::Fixed(_) | Scalar::Learned(_))
    };
    let mut other = prior.clone();
    if prior.written.contains("fan_") && places.iter().any(varies) {
        // How it goes with the fan_in stands in it already.
        let times = rounded(match rule {
            Rule::FanIn(a) => a,
            Rule::Plain(a) => a * fan_in.sqrt(),
        });
        for place in places {
            other.parameters[place] = product(times, &prior.parameters[place]);
        }
        let text = format!("{}, its scale times {}", prior.written, show(times));
        return Some((other, text));
    }
    let unit = draw::sd(model, handle).unwrap_or(model.initial(first));
    let parameters = prior.parameters.iter();
    let mut texts: Vec<String> = parameters.map(|scalar| model.scalar_text(scalar)).collect();
    for place in &places {
        let (scale, text) = (&prior.parameters[*place], &mut texts[*place]);
        let start = model.initial(scale) / unit;
        (other.parameters[*place], *text) = match scale {
            Scalar::Fixed(_) => {
                let (number, text) = rule.times(start, fan_in, None);
                (Scalar::Fixed(number), text)
            }
            Scalar::Learned(_) => {
                let (number, text) = rule.times(start, fan_in, None);
                (Scalar::Fixed(number), format!("learned({text})"))
            }
            _ => {
                let own = match scale {
                    Scalar::Binary(..) | Scalar::Negate(_) => format!("({text})"),
                    _ => text.clone(),
                };
                let (times, text) = rule.times(1.0 / unit, fan_in, Some(own));
                (product(times, scale), text)
            }
        };
    }
    let pretrained = model.fitted(handle).posterior.pretrained.as_ref();
    let delta = pretrained.and_then(|pretrained| pretrained.delta);
    let scale = &texts[places[0]];
    let text = match (&prior.anchor, delta, prior.local) {
        (Some(_), Some(delta), _) => format!("MOPED(delta = {}, scale = {scale})", show(delta)),
        // With local scales of its own, a horseshoe is a normal in the model and not in the file.
        (_, _, Some(_)) => format!("Horseshoe({scale}, local = unit)"),
        _ => written(prior, texts),
    };
    Some((other, text))
}

/// The places of the scales among a prior's numbers.
fn scales(prior: &Prior) -> Vec<usize> {
    let lengths = prior.distribution.lengths(prior.parameters.len());
    let parameters = prior.distribution.signature().parameters.iter();
    let names = parameters
        .zip(lengths)
        .flat_map(|(parameter, length)| iter::repeat_n(parameter.name, length));
    let scales = names
        .enumerate()
        .filter(|(_, name)| ["scale", "scales"].contains(name));
    scales.map(|(place, _)| place).collect()
}

/// A prior with these texts for its numbers.
fn written(prior: &Prior, texts: Vec<String>) -> String {
    let lengths = prior.distribution.lengths(texts.len());
    let mut texts = texts.into_iter();
    let argument = |length| {
        let numbers: Vec<String> = texts.by_ref().take(length).collect();
        match length {
            1 => numbers.concat(),
            _ => format!("[{}]", numbers.join(", ")),
        }
    };
    let arguments: Vec<String> = lengths.into_iter().map(argument).collect();
    let name = prior.distribution.signature().name;
    format!("{name}({})", arguments.join(", "))
}

fn product(times: f64, scale: &Scalar) -> Scalar {
    let (left, right) = (Box::new(Scalar::Fixed(times)), Box::new(scale.clone()));
    Scalar::Binary(Operator::Multiply, left, right)
}

/// Three significant digits, so that what is told is what was run.
fn rounded(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}
