//! Which scale would not: other scales of the priors that make values too large or too small, drawn and
//! run again before they are told.
//!
//! First one rule for all layers, 1/√fan_in and then √(2/fan_in); where neither will do, each layer's own
//! number, found from the first layer to the last, so that its pre-activations have a spread of 1 given
//! those before it. What else a prior has, its family or its degrees of freedom, is left alone.

use super::Inputs;
use super::draw::Priors;
use super::findings::{SMALL, Units, is_cause, is_off};
use super::measure::{Layer, Measured, measure};
use super::outputs::Outputs;
use crate::ir::{Handle, Inference, Origin, Prior, Role, Scalar, Tensor};
use crate::show;
use crate::signature::Parameter;
use crate::syntax::ast::Operator;
use serde::Serialize;
use std::ops::Range;

/// Other scales, and what they come to.
#[derive(Debug, Clone, Serialize)]
pub struct Advice {
    /// What to write.
    pub suggestions: Vec<Suggestion>,
    /// Each layer, drawn and run again under them.
    pub layers: Vec<Layer>,
    /// What the networks predict then.
    pub outputs: Outputs,
    /// Whether no layer is too large or too small any more, and the outputs are not sure.
    pub suffices: bool,
}

/// A prior, and one to write instead.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestion {
    /// Whose prior: `default`, `hidden1.kernel`.
    pub of: String,
    /// As it is written.
    pub written: String,
    /// What to write.
    pub instead: String,
    /// The parameters whose prior it is.
    #[serde(skip)]
    pub(super) tensors: Vec<Handle<Tensor>>,
}

/// Pre-activations that are neither large nor small.
const GOOD: [f64; 2] = [1.0 / 3.0, 3.0];
/// Numbers of layers that one number can stand for.
const ALIKE: f64 = 1.5;

/// The parameters that one setting is the prior of.
struct Group {
    of: String,
    written: String,
    tensors: Vec<Handle<Tensor>>,
}

/// A factor that a scale is multiplied with, or is.
#[derive(Clone, Copy, PartialEq)]
enum Rule {
    /// a/√fan_in
    FanIn(f64),
    /// √(2/fan_in)
    TwoOverFanIn,
    /// A number.
    Plain(f64),
}

/// Other scales for the priors of `model` that measured as they did; `None` where none was found.
pub(super) fn advise(
    model: &Inference,
    inputs: &Inputs,
    draws: usize,
    measured: &Measured,
    units: &Units,
) -> Option<Advice> {
    let groups = groups(model, &culprits(model, &measured.layers, units));
    if groups.is_empty() {
        return None;
    }
    let search = Search {
        model,
        inputs,
        draws,
        units,
        groups,
    };
    let by_rule = [Rule::FanIn(1.0), Rule::TwoOverFanIn].into_iter();
    let mut candidates = by_rule
        .map(|rule| search.by_one_rule(rule))
        .collect::<Vec<_>>();
    candidates.retain(Option::is_some);
    for candidate in candidates.into_iter().flatten() {
        let found = search.measure(&candidate.priors);
        if search.is_good(&found) {
            return Some(candidate.told(found, true));
        }
    }
    let candidate = search.by_layer()?;
    let found = search.measure(&candidate.priors);
    let suffices = !search.is_sure(&found) && search.off(&found) == 0;
    search
        .is_better(measured, &found)
        .then(|| candidate.told(found, suffices))
}

/// The layers whose priors are to blame: those that multiply by themselves, or else all up to the last
/// that came out too large or too small.
fn culprits(model: &Inference, layers: &[Layer], units: &Units) -> Vec<Handle<Tensor>> {
    let off = |layer: &&Layer| is_off(layer, units);
    let mut chosen: Vec<&Layer> = layers
        .iter()
        .filter(|layer| is_off(layer, units) && is_cause(layer, units))
        .collect();
    if chosen.is_empty() {
        let last = layers
            .iter()
            .rposition(|layer| off(&layer))
            .unwrap_or(layers.len() - 1);
        chosen = layers[..=last].iter().collect();
    }
    let call = |layer: &Layer| model.nodes[layer.node?].call.as_ref();
    let calls = chosen.into_iter().filter_map(call);
    calls.flat_map(|call| call.tensors()).collect()
}

/// The settings that these parameters have their priors from, each with all that have theirs from it.
fn groups(model: &Inference, culprits: &[Handle<Tensor>]) -> Vec<Group> {
    let mut groups: Vec<(Origin, Group)> = Vec::new();
    for culprit in culprits {
        let tensor = &model.tensors[*culprit];
        let Some(prior) = &tensor.prior else { continue };
        if groups
            .iter()
            .any(|(origin, _)| *origin == tensor.prior_from)
        {
            continue;
        }
        // The language's own prior is a kernel's: a bias has one where a posterior of its own asks for it.
        if matches!(tensor.prior_from, Origin::Language(_)) && tensor.role != Role::Kernel {
            continue;
        }
        let alike = model
            .tensors
            .iter()
            .filter(|(_, other)| other.prior.is_some() && other.prior_from == tensor.prior_from)
            .filter(|(_, other)| {
                other.role == Role::Kernel || !matches!(other.prior_from, Origin::Language(_))
            });
        let group = Group {
            of: String::new(),
            written: one_line(&prior.written),
            tensors: alike.map(|(handle, _)| handle).collect(),
        };
        groups.push((tensor.prior_from.clone(), group));
    }
    let of_biases = groups.iter().any(|(origin, group)| {
        matches!(origin, Origin::Default(_)) && group.has(model) == [false, true]
    });
    for (origin, group) in &mut groups {
        let first = &model.tensors[group.tensors[0]].name;
        group.of = match (&*origin, group.has(model)) {
            (Origin::Own(_), [true, true]) => first
                .rsplit_once('.')
                .map_or(first.as_str(), |(layer, _)| layer)
                .into(),
            (Origin::Own(_), _) => first.clone(),
            (Origin::Default(_), [false, true]) => "default bias".into(),
            (Origin::Default(_), [_, true]) => "default".into(),
            (Origin::Default(_), _) if !of_biases => "default".into(),
            // For both, it would give biases a prior that have none.
            (Origin::Default(_) | Origin::Language(_), _) => "default kernel".into(),
        };
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

struct Search<'a> {
    model: &'a Inference,
    inputs: &'a Inputs,
    draws: usize,
    units: &'a Units,
    groups: Vec<Group>,
}

struct Candidate {
    priors: Vec<Option<Prior>>,
    suggestions: Vec<Suggestion>,
}

impl Candidate {
    fn told(self, found: Measured, suffices: bool) -> Advice {
        Advice {
            suggestions: self.suggestions,
            layers: found.layers,
            outputs: found.outputs,
            suffices,
        }
    }
}

impl Search<'_> {
    fn measure(&self, instead: &[Option<Prior>]) -> Measured {
        let priors = Priors {
            model: self.model,
            instead,
        };
        measure(&priors, self.inputs, self.draws)
    }

    fn is_good(&self, found: &Measured) -> bool {
        let good = |layer: &Layer| (GOOD[0]..=GOOD[1]).contains(&self.units.spread(layer));
        !self.is_sure(found) && found.layers.iter().all(good)
    }

    fn is_sure(&self, found: &Measured) -> bool {
        matches!(found.outputs, Outputs::Classes { sure, .. } if sure > 0.5)
    }

    /// How many layers are too large or too small.
    fn off(&self, measured: &Measured) -> usize {
        let layers = measured.layers.iter();
        layers.filter(|layer| is_off(layer, self.units)).count()
    }

    /// Whether no layer is off any more, or fewer are.
    fn is_better(&self, before: &Measured, after: &Measured) -> bool {
        self.off(after) < self.off(before).max(1)
    }

    /// One rule for every layer.
    fn by_one_rule(&self, rule: Rule) -> Option<Candidate> {
        let mut priors = vec![None; self.model.tensors.len()];
        let mut suggestions = Vec::new();
        for group in &self.groups {
            let rule = match group.tensors.iter().any(|t| self.is_kernel(*t)) {
                true => rule,
                // A bias adds its own standard deviation, whatever the fan_in.
                false => Rule::Plain(1.0),
            };
            let mut text = None;
            for tensor in &group.tensors {
                let (prior, instead) = self.rescaled(*tensor, rule)?;
                priors[tensor.index()] = Some(prior);
                text.get_or_insert(instead);
            }
            suggestions.push(group.suggestion(text?));
        }
        self.candidate(priors, suggestions)
    }

    /// What is not the prior that stands there already; `None` where nothing is.
    fn candidate(
        &self,
        mut priors: Vec<Option<Prior>>,
        mut suggestions: Vec<Suggestion>,
    ) -> Option<Candidate> {
        for (handle, tensor) in self.model.tensors.iter() {
            let instead = &mut priors[handle.index()];
            let own = tensor.prior.as_ref().map(|prior| &prior.parameters);
            if instead.as_ref().map(|prior| &prior.parameters) == own {
                *instead = None;
            }
        }
        let changes = |of: &[Handle<Tensor>]| of.iter().any(|t| priors[t.index()].is_some());
        suggestions.retain(|told| changes(&told.tensors) && told.instead != told.written);
        (!suggestions.is_empty()).then_some(Candidate {
            priors,
            suggestions,
        })
    }

    /// A number for each layer, from the first to the last.
    fn by_layer(&self) -> Option<Candidate> {
        let mut priors = self.by_one_rule(Rule::FanIn(1.0))?.priors;
        let mut numbers: Vec<(Handle<Tensor>, f64)> = Vec::new();
        for (_, node) in self.model.nodes.iter() {
            let Some(kernel) = node.call.as_ref().and_then(|call| call.kernel()) else {
                continue;
            };
            if priors[kernel.index()].is_none() {
                continue;
            }
            let found = self.measure(&priors);
            let layer = found.layers.iter().find(|layer| layer.name == node.name)?;
            let spread = self.units.spread(layer);
            if !(spread.is_finite() && spread > SMALL * SMALL * SMALL) {
                return None;
            }
            let number = 1.0 / spread;
            priors[kernel.index()] = Some(self.rescaled(kernel, Rule::FanIn(number))?.0);
            numbers.push((kernel, number));
        }
        let mut suggestions = Vec::new();
        for group in &self.groups {
            let own = |tensor: &Handle<Tensor>| {
                numbers
                    .iter()
                    .find(|(kernel, _)| kernel == tensor)
                    .map(|(_, number)| *number)
            };
            let numbers: Vec<f64> = group.tensors.iter().filter_map(own).collect();
            let largest = numbers.iter().copied().fold(0.0, f64::max);
            let smallest = numbers.iter().copied().fold(f64::INFINITY, f64::min);
            if numbers.is_empty() || largest < ALIKE * smallest {
                // One that stands for all, their geometric mean.
                let mean =
                    numbers.iter().map(|n| n.ln()).sum::<f64>() / numbers.len().max(1) as f64;
                let rule = if numbers.is_empty() {
                    Rule::Plain(1.0)
                } else {
                    Rule::FanIn(mean.exp())
                };
                let mut text = None;
                for tensor in &group.tensors {
                    let (prior, instead) = self.rescaled(*tensor, rule)?;
                    priors[tensor.index()] = Some(prior);
                    text.get_or_insert(instead);
                }
                suggestions.push(group.suggestion(text?));
                continue;
            }
            // Biases have no number of their own: they stay as the kernels' were found with them.
            let mut biases = Vec::new();
            for tensor in &group.tensors {
                let Some(number) = own(tensor) else {
                    biases.push(*tensor);
                    continue;
                };
                let fan_in = self.model.tensors[*tensor].fan_in as f64;
                let (prior, instead) =
                    self.rescaled(*tensor, Rule::Plain(number / fan_in.sqrt()))?;
                priors[tensor.index()] = Some(prior);
                suggestions.push(Suggestion {
                    of: self.model.tensors[*tensor].name.clone(),
                    written: group.written.clone(),
                    instead,
                    tensors: vec![*tensor],
                });
            }
            if let Some(first) = biases.first() {
                let (_, instead) = self.rescaled(*first, Rule::FanIn(1.0))?;
                suggestions.push(Suggestion {
                    of: "default bias".into(),
                    written: group.written.clone(),
                    instead,
                    tensors: biases,
                });
            }
        }
        self.candidate(priors, suggestions)
    }

    fn is_kernel(&self, tensor: Handle<Tensor>) -> bool {
        self.model.tensors[tensor].role == Role::Kernel
    }

    /// A prior whose standard deviation is what the rule says (or whose scale, if that is infinite), at
    /// the middle of what it depends on; and how it is written.
    fn rescaled(&self, tensor: Handle<Tensor>, rule: Rule) -> Option<(Prior, String)> {
        let model = self.model;
        let priors = Priors {
            model,
            instead: &vec![None; model.tensors.len()],
        };
        let fan_in = model.tensors[tensor].fan_in as f64;
        let prior = model.tensors[tensor].prior.as_ref()?;
        let places = scales(prior)?;
        let scales = places.iter().map(|place| &prior.parameters[*place]);
        let varies = scales
            .clone()
            .any(|scale| !matches!(scale, Scalar::Fixed(_) | Scalar::Learned(_)));
        let mut other = prior.clone();
        if varies && prior.written.contains("fan_") {
            // How it goes with the fan_in stands in it already.
            let times = match rule {
                Rule::FanIn(a) => rounded(a),
                Rule::TwoOverFanIn => rounded(std::f64::consts::SQRT_2),
                Rule::Plain(a) => rounded(a * fan_in.sqrt()),
            };
            for (place, scale) in places.iter().zip(scales) {
                other.parameters[*place] = times_scalar(times, scale);
            }
            return Some((
                other,
                format!(
                    "{}, its scale times {}",
                    one_line(&prior.written),
                    show(times)
                ),
            ));
        }
        let unit = priors
            .sd(tensor)
            .unwrap_or(model.initial(scales.clone().next()?));
        let mut texts = Vec::new();
        for (place, scale) in places.iter().zip(scales) {
            let (number, text) = match scale {
                Scalar::Fixed(value) => rule.constant(value / unit, fan_in),
                Scalar::Learned(_) => {
                    let (start, text) = rule.constant(model.initial(scale) / unit, fan_in);
                    (start, format!("learned({text})"))
                }
                _ => {
                    let own = match scale {
                        Scalar::Binary(..) | Scalar::Negate(_) => {
                            format!("({})", model.scalar_text(scale))
                        }
                        _ => model.scalar_text(scale),
                    };
                    let (times, text) = rule.multiple(1.0 / unit, fan_in, own);
                    other.parameters[*place] = times_scalar(times, scale);
                    texts.push(text);
                    continue;
                }
            };
            other.parameters[*place] = Scalar::Fixed(number);
            texts.push(text);
        }
        let pretrained = model.fitted(tensor).posterior.pretrained.as_ref();
        let delta = pretrained.and_then(|pretrained| pretrained.delta);
        let text = match (&prior.anchor, delta) {
            (Some(_), Some(delta)) => {
                format!("MOPED(delta = {}, scale = {})", show(delta), texts[0])
            }
            _ => written(model, &other, &places, &texts),
        };
        Some((other, text))
    }
}

impl Rule {
    /// The number it comes to, `times` what it says, and its text.
    fn constant(self, times: f64, fan_in: f64) -> (f64, String) {
        match self {
            Rule::TwoOverFanIn if times == 1.0 => {
                ((2.0 / fan_in).sqrt(), "sqrt(2 / fan_in)".into())
            }
            Rule::TwoOverFanIn => Rule::FanIn(std::f64::consts::SQRT_2).constant(times, fan_in),
            Rule::FanIn(a) => {
                let q = rounded(a * times);
                (q / fan_in.sqrt(), format!("{} / sqrt(fan_in)", show(q)))
            }
            Rule::Plain(a) => {
                let q = rounded(a * times);
                (q, show(q))
            }
        }
    }

    /// The number that an expression is multiplied with, and the text of both.
    fn multiple(self, times: f64, fan_in: f64, own: String) -> (f64, String) {
        let (q, root, below) = match self {
            Rule::TwoOverFanIn => {
                return Rule::FanIn(std::f64::consts::SQRT_2).multiple(times, fan_in, own);
            }
            Rule::FanIn(a) => (rounded(a * times), fan_in.sqrt(), " / sqrt(fan_in)"),
            Rule::Plain(a) => (rounded(a * times), 1.0, ""),
        };
        let first = if q == 1.0 {
            String::new()
        } else {
            format!("{} * ", show(q))
        };
        (q / root, format!("{first}{own}{below}"))
    }
}

fn times_scalar(times: f64, scale: &Scalar) -> Scalar {
    let (left, right) = (Box::new(Scalar::Fixed(times)), Box::new(scale.clone()));
    Scalar::Binary(Operator::Multiply, left, right)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Group {
    /// Whether kernels have their priors from it, and whether biases have.
    fn has(&self, model: &Inference) -> [bool; 2] {
        let of = |role| self.tensors.iter().any(|t| model.tensors[*t].role == role);
        [Role::Kernel, Role::Bias].map(of)
    }

    fn suggestion(&self, instead: String) -> Suggestion {
        Suggestion {
            of: self.of.clone(),
            written: self.written.clone(),
            instead,
            tensors: self.tensors.clone(),
        }
    }
}

/// Three significant digits, so that what is told is what was run.
fn rounded(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

/// A prior's arguments: the name of each, and the places of its numbers.
fn arguments(prior: &Prior) -> Vec<(&'static str, Range<usize>)> {
    let signature = prior.distribution.signature();
    let lengths = prior.distribution.lengths(prior.parameters.len());
    let mut place = 0;
    let argument = |(parameter, length): (&Parameter, usize)| {
        let places = place..place + length;
        place += length;
        (parameter.name, places)
    };
    signature
        .parameters
        .iter()
        .zip(lengths)
        .map(argument)
        .collect()
}

/// The places of the scales among a prior's numbers; `None` where it has none.
fn scales(prior: &Prior) -> Option<Vec<usize>> {
    let mut arguments = arguments(prior);
    arguments.retain(|(name, _)| ["scale", "scales"].contains(name));
    let places: Vec<usize> = arguments
        .into_iter()
        .flat_map(|(_, places)| places)
        .collect();
    (!places.is_empty()).then_some(places)
}

/// A prior with these texts for its scales.
fn written(model: &Inference, prior: &Prior, places: &[usize], texts: &[String]) -> String {
    let text = |place: usize| match places.iter().position(|p| *p == place) {
        Some(index) => texts[index].clone(),
        None => model.scalar_text(&prior.parameters[place]),
    };
    let argument = |(_, places): (&str, Range<usize>)| {
        let texts: Vec<String> = places.map(text).collect();
        match &texts[..] {
            [one] => one.clone(),
            _ => format!("[{}]", texts.join(", ")),
        }
    };
    if prior.local.is_some() {
        // With local scales of its own, a horseshoe is a normal in the model and not in the file.
        let scale = arguments(prior)
            .into_iter()
            .find(|(name, _)| *name == "scale");
        let scale = scale.map(argument).unwrap_or_default();
        return format!("Horseshoe({scale}, local = unit)");
    }
    let arguments: Vec<String> = arguments(prior).into_iter().map(argument).collect();
    format!(
        "{}({})",
        prior.distribution.signature().name,
        arguments.join(", ")
    )
}
