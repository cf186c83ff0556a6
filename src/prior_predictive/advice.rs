//! Which scale would not: other scales of the priors that make values too large or too small, drawn and
//! run again before they are told.
//!
//! First one rule for all layers, 1/√fan_in and then √(2/fan_in); where neither will do, each layer's own
//! number, found from the first layer to the last, so that its pre-activations have a spread of 1 given
//! those before it. What else a prior has, its family or its degrees of freedom, is left alone.

use super::Inputs;
use super::findings::{SMALL, Units, is_cause, is_off};
use super::measure::{Layer, Measured, measure};
use super::outputs::Outputs;
use super::rescale::{Rule, rescaled};
use crate::ir::{Call, Handle, Inference, Origin, Role, Tensor};
use crate::words::grouped;
use serde::Serialize;
use std::f64::consts::SQRT_2;
use std::sync::Arc;

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

/// Other scales for the priors of `model` that measured as they did; `None` where none was found.
pub(super) fn advise(
    model: &Inference,
    inputs: &Inputs,
    draws: usize,
    measured: &Measured,
    units: &Units,
) -> Option<Advice> {
    let search = Search {
        model,
        inputs,
        draws,
        units,
        settings: settings(model, &culprits(model, &measured.layers, units)),
    };
    for a in [1.0, SQRT_2] {
        if let Some(candidate) = search.by_one_rule(a) {
            let found = search.measure(&candidate.model);
            if search.is_good(&found) {
                return Some(candidate.told(found, true));
            }
        }
    }
    let candidate = search.by_layer()?;
    let found = search.measure(&candidate.model);
    let off = search.off(&found);
    let suffices = off == 0 && !search.is_sure(&found);
    (off < search.off(measured).max(1)).then(|| candidate.told(found, suffices))
}

/// The layers whose priors are to blame: those that multiply by themselves, or else all up to the last
/// that came out too large or too small.
fn culprits(model: &Inference, layers: &[Layer], units: &Units) -> Vec<Handle<Tensor>> {
    let causes = layers.iter().filter(|layer| is_cause(layer, units));
    let mut chosen: Vec<&Layer> = causes.collect();
    if chosen.is_empty() {
        let last = layers.iter().rposition(|layer| is_off(layer, units));
        chosen = layers[..last.map_or(layers.len(), |last| last + 1)]
            .iter()
            .collect();
    }
    let calls = chosen
        .iter()
        .filter_map(|layer| model.nodes[layer.node].call.as_ref());
    calls.flat_map(Call::tensors).collect()
}

/// The settings that these parameters have their priors from, each with all parameters that have theirs
/// from it. What to write instead is still to be found.
fn settings(model: &Inference, culprits: &[Handle<Tensor>]) -> Vec<Suggestion> {
    // The language's own prior is a kernel's: a bias has one where a posterior of its own asks for it.
    let has_setting = |tensor: &Tensor| {
        let of_language = matches!(tensor.prior_from, Origin::Language(_));
        tensor.prior.is_some() && (tensor.role == Role::Kernel || !of_language)
    };
    let mut origins: Vec<&Origin> = Vec::new();
    for culprit in culprits {
        let tensor = &model.tensors[*culprit];
        if has_setting(tensor) && !origins.contains(&&tensor.prior_from) {
            origins.push(&tensor.prior_from);
        }
    }
    let from = |origin: &Origin| -> Vec<Handle<Tensor>> {
        let all = model.tensors.iter();
        let from = all.filter(|(_, other)| has_setting(other) && other.prior_from == *origin);
        from.map(|(handle, _)| handle).collect()
    };
    // Which roles have their priors from a setting.
    let roles = |tensors: &[Handle<Tensor>]| {
        let has = |role| tensors.iter().any(|t| model.tensors[*t].role == role);
        [Role::Kernel, Role::Bias].map(has)
    };
    let biases_apart = origins.iter().any(|origin| {
        matches!(origin, Origin::Default(_)) && roles(&from(origin)) == [false, true]
    });
    let setting = |origin: &Origin| {
        let tensors = from(origin);
        let first = &model.tensors[tensors[0]];
        let of = match (origin, roles(&tensors)) {
            (Origin::Own(_), [true, true]) => {
                let layer = first.name.rsplit_once('.');
                let layer = layer.map_or(first.name.as_str(), |(layer, _)| layer);
                model.compositions.place(layer)
            }
            (Origin::Own(_), _) => model.compositions.place(&first.name),
            (Origin::Default(_), [false, true]) => of_default(Role::Bias),
            (Origin::Default(_), [_, biases]) if biases || !biases_apart => "default".into(),
            // For both, it would give biases a prior that have none.
            (Origin::Default(_) | Origin::Language(_), _) => of_default(Role::Kernel),
        };
        Some(Suggestion {
            of,
            written: first.prior.as_ref()?.written.clone(),
            instead: String::new(),
            tensors,
        })
    };
    origins.into_iter().filter_map(setting).collect()
}

/// A kernel's own number.
struct Number {
    kernel: Handle<Tensor>,
    /// Of 1/√fan_in.
    factor: f64,
    /// Where the layer is written: its first byte.
    line: usize,
}

/// The number that stands for several, their geometric mean.
fn mean(numbers: &[&Number]) -> f64 {
    let logs = numbers.iter().map(|number| number.factor.ln());
    (logs.sum::<f64>() / numbers.len().max(1) as f64).exp()
}

/// A setting of the default block for parameters of one role.
fn of_default(role: Role) -> String {
    format!("default {}", role.word())
}

struct Search<'a> {
    model: &'a Inference,
    inputs: &'a Inputs,
    draws: usize,
    units: &'a Units,
    settings: Vec<Suggestion>,
}

/// The model with other priors, and what to write for them.
struct Candidate {
    model: Inference,
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

    /// Gives a parameter of `model` another prior; how that is written.
    fn rescale(&mut self, model: &Inference, tensor: Handle<Tensor>, rule: Rule) -> Option<String> {
        let (prior, written) = rescaled(model, tensor, rule)?;
        Arc::make_mut(&mut self.model.model).tensors[tensor].prior = Some(prior);
        Some(written)
    }

    /// Gives all parameters of a setting another prior.
    fn apply(&mut self, model: &Inference, setting: &Suggestion, rule: Rule) -> Option<()> {
        let tensors = setting.tensors.iter();
        let written: Option<Vec<String>> = tensors.map(|t| self.rescale(model, *t, rule)).collect();
        self.suggestions.push(Suggestion {
            instead: written?.into_iter().next()?,
            ..setting.clone()
        });
        Some(())
    }
}

impl Search<'_> {
    fn measure(&self, model: &Inference) -> Measured {
        measure(model, self.inputs, self.draws)
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

    /// a/√fan_in for kernels.
    fn rule(&self, setting: &Suggestion, a: f64) -> Rule {
        if setting.tensors.iter().any(|t| self.is(*t, Role::Kernel)) {
            Rule::FanIn(a)
        } else {
            // A bias adds its own standard deviation, whatever the fan_in.
            Rule::Plain(1.0)
        }
    }

    fn is(&self, tensor: Handle<Tensor>, role: Role) -> bool {
        self.model.tensors[tensor].role == role
    }

    /// One rule for every layer: a/√fan_in.
    fn by_one_rule(&self, a: f64) -> Option<Candidate> {
        let mut candidate = Candidate {
            model: self.model.clone(),
            suggestions: Vec::new(),
        };
        for setting in &self.settings {
            candidate.apply(self.model, setting, self.rule(setting, a))?;
        }
        self.changes(candidate)
    }

    /// Whether a parameter has another prior than in the model.
    fn changed(&self, candidate: &Inference, tensor: Handle<Tensor>) -> bool {
        let [now, before] = [candidate, self.model].map(|model| {
            let prior = model.tensors[tensor].prior.as_ref();
            prior.map(|prior| &prior.parameters)
        });
        now != before
    }

    /// Without suggestions of what stands there already; `None` where no other is left.
    fn changes(&self, mut candidate: Candidate) -> Option<Candidate> {
        candidate.suggestions.retain(|told| {
            let mut tensors = told.tensors.iter();
            told.instead != told.written && tensors.any(|t| self.changed(&candidate.model, *t))
        });
        (!candidate.suggestions.is_empty()).then_some(candidate)
    }

    /// A number for each layer.
    fn by_layer(&self) -> Option<Candidate> {
        let mut candidate = self.by_one_rule(1.0)?;
        candidate.suggestions.clear();
        let numbers = self.numbers(&mut candidate)?;
        for setting in &self.settings {
            let own = numbers.iter();
            let own = own.filter(|number| setting.tensors.contains(&number.kernel));
            let own: Vec<&Number> = own.collect();
            // The layers that a block or a repeat writes out have one setting between them.
            let lines = grouped(&own, |number| number.line);
            let values = own.iter().map(|number| number.factor);
            let largest = values.clone().fold(0.0, f64::max);
            let smallest = values.fold(f64::INFINITY, f64::min);
            if largest < ALIKE * smallest || lines.len() == 1 {
                candidate.apply(self.model, setting, self.rule(setting, mean(&own)))?;
                continue;
            }
            let part = |of: String, tensors: Vec<Handle<Tensor>>| Suggestion {
                of,
                tensors,
                ..setting.clone()
            };
            for (_, layers) in lines {
                let first = &self.model.tensors[layers[0].kernel];
                let of = self.model.compositions.place(&first.name);
                let rule = match layers.len() {
                    1 => Rule::Plain(mean(&layers) / (first.fan_in as f64).sqrt()),
                    _ => Rule::FanIn(mean(&layers)),
                };
                let kernels = layers.iter().map(|number| number.kernel).collect();
                candidate.apply(self.model, &part(of, kernels), rule)?;
            }
            // Biases have no number of their own: they stay as the kernels' were found with them.
            let biases = setting.tensors.iter().copied();
            let biases: Vec<_> = biases.filter(|t| self.is(*t, Role::Bias)).collect();
            if !biases.is_empty() {
                let biases = part(of_default(Role::Bias), biases);
                candidate.apply(self.model, &biases, Rule::FanIn(1.0))?;
            }
        }
        self.changes(candidate)
    }

    /// For each kernel with another prior the factor of 1/√fan_in that gives its layer a spread of 1, found
    /// from the first layer to the last.
    fn numbers(&self, candidate: &mut Candidate) -> Option<Vec<Number>> {
        let mut numbers: Vec<Number> = Vec::new();
        for (handle, node) in self.model.nodes.iter() {
            let kernel = node.call.as_ref().and_then(Call::kernel);
            // Where a layer is used again, its kernel has its number already.
            let known = |kernel: &Handle<Tensor>| numbers.iter().any(|n| n.kernel == *kernel);
            let kernel = kernel.filter(|kernel| self.changed(&candidate.model, *kernel));
            let Some(kernel) = kernel.filter(|kernel| !known(kernel)) else {
                continue;
            };
            let found = self.measure(&candidate.model);
            let layer = found.layers.iter().find(|layer| layer.node == handle)?;
            let spread = self.units.spread(layer);
            if !(spread.is_finite() && spread > SMALL * SMALL * SMALL) {
                return None;
            }
            candidate.rescale(self.model, kernel, Rule::FanIn(1.0 / spread))?;
            numbers.push(Number {
                kernel,
                factor: 1.0 / spread,
                line: node.span.start,
            });
        }
        Some(numbers)
    }
}
