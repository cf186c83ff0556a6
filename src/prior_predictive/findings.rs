//! What follows from the numbers, in words.

use super::measure::{Layer, Measured};
use super::outputs::{Observed, Outputs};
use crate::ir::{Argument, Handle, Model, Node};
use crate::words::join;

/// A layer's pre-activations are large above this and small below its like, in units of 1.
pub const LARGE: f64 = 3.0;
pub const SMALL: f64 = 0.1;
/// A layer that by itself multiplies by more, or by less.
const GAINS: [f64; 2] = [0.3, 3.0];
/// The share of flat units and examples that is told.
const SATURATED: f64 = 0.3;
const DEAD: f64 = 0.3;
/// The share of sure predictions that is told.
const SURE: f64 = 0.5;
/// How much wider or narrower than the targets predictions are told to be.
const WIDER: f64 = 5.0;

/// What a pre-activation is measured in: 1, and the targets' standard deviation where it is a prediction.
pub struct Units {
    prediction: Option<Handle<Node>>,
    sd: f64,
}

impl Units {
    /// Those of a model and its data.
    pub fn new(model: &Model, observed: Option<&Observed>) -> Self {
        let mut prediction = model.observe.arguments.first().and_then(Argument::node);
        // An entry of a value is as large as the value.
        while let Some(node) = prediction
            && let Some(call) = &model.nodes[node].call
            && call.layer.is_none()
        {
            prediction = model.nodes[node].inputs.first().copied();
        }
        let sd = match observed {
            Some(Observed::Real { sd, .. }) if *sd > 0.0 => *sd,
            _ => 1.0,
        };
        Units { prediction, sd }
    }

    /// Of a layer's pre-activations.
    pub fn of(&self, layer: &Layer) -> f64 {
        if Some(layer.node) == self.prediction {
            self.sd
        } else {
            1.0
        }
    }

    /// How far a layer's pre-activations spread, in their unit.
    pub fn spread(&self, layer: &Layer) -> f64 {
        layer.pre_activations.typical() / self.of(layer)
    }
}

/// Whether a layer's pre-activations are too large or too small.
pub fn is_off(layer: &Layer, units: &Units) -> bool {
    !(SMALL..=LARGE).contains(&units.spread(layer))
}

/// How many times as far its pre-activations spread as what it takes, and whether that is the layer's own
/// doing: its part in what comes out too large or too small.
pub fn gain(layer: &Layer) -> f64 {
    layer.pre_activations.typical() / layer.inputs_rms
}

/// Whether it is this layer that makes its pre-activations too large or too small.
pub fn is_cause(layer: &Layer, units: &Units) -> bool {
    let gain = gain(layer) / units.of(layer);
    let spread = units.spread(layer);
    (spread > LARGE && gain > GAINS[1]) || (spread < SMALL && gain < GAINS[0])
}

/// What follows.
pub struct Findings {
    /// A sentence each.
    pub sentences: Vec<String>,
    /// Whether another prior is called for.
    pub call_for_a_prior: bool,
}

/// Looks at what was measured.
pub fn findings(measured: &Measured, units: &Units, observed: Option<&Observed>) -> Findings {
    let mut sentences = Vec::new();
    let layers = &measured.layers;
    let unscaled = !(0.03..=10.0).contains(&measured.inputs_rms);
    if unscaled {
        sentences.push(format!(
            "the inputs have a root mean square of {}: they, and not the prior, set the size of all that \
             follows; scale them first",
            number(measured.inputs_rms)
        ));
    }
    let off: Vec<&Layer> = layers.iter().filter(|layer| is_off(layer, units)).collect();
    let causes = layers.iter().filter(|layer| is_cause(layer, units));
    let causes: Vec<&Layer> = causes.collect();
    let mut told: Vec<&Option<String>> = Vec::new();
    for layer in &causes {
        if !told.contains(&&layer.prior) {
            told.push(&layer.prior);
            let alike = causes.iter().filter(|other| other.prior == layer.prior);
            sentences.push(cause(&alike.copied().collect::<Vec<_>>()));
        }
    }
    if let (true, Some(last)) = (causes.is_empty(), off.last()) {
        let how = if units.spread(last) > LARGE {
            "grow"
        } else {
            "shrink"
        };
        sentences.push(format!(
            "values {how} from layer to layer, to {} in {}",
            number(last.pre_activations.typical()),
            last.name
        ));
    }
    for layer in layers {
        sentences.extend(flat(layer));
    }
    let told = prediction(&measured.outputs, observed);
    let call = !unscaled && (!off.is_empty() || told.is_some());
    sentences.extend(told);
    if sentences.is_empty() {
        sentences.push("no layer saturates, and none makes values too large or too small".into());
    }
    Findings {
        sentences,
        call_for_a_prior: call && layers.iter().any(|layer| layer.prior.is_some()),
    }
}

/// Layers that are told one by one; of more, the first four.
const TOLD: usize = 6;

/// `Normal(0, 1) multiplies the size of values by 28.0 in hidden1 and 20.0 in hidden2; …`
fn cause(layers: &[&Layer]) -> String {
    let prior = layers[0]
        .prior
        .as_deref()
        .unwrap_or("the start of what has no prior");
    let list = |of: &dyn Fn(&Layer) -> String| {
        let told = if layers.len() > TOLD { 4 } else { TOLD };
        let mut all: Vec<String> = layers.iter().take(told).map(|layer| of(layer)).collect();
        if layers.len() > told {
            all.push(format!("{} more", layers.len() - told));
        }
        join(all, "and")
    };
    let gains = list(&|layer| format!("{} in {}", number(gain(layer)), layer.name));
    let spreads = list(&|layer| number(layer.pre_activations.typical()));
    let spreads = match layers.iter().any(|layer| layer.pre_activations.heavy) {
        true => format!("half the width of their pre-activations' middle 68 % is {spreads}"),
        false => format!("their pre-activations' standard deviation is {spreads}"),
    };
    format!("{prior} multiplies the size of values by {gains}; {spreads}")
}

fn flat(layer: &Layer) -> Option<String> {
    let then = layer.then.as_ref()?;
    let (name, activation) = (&layer.name, then.activation);
    if let Some(share) = then.saturated.filter(|share| *share > SATURATED) {
        return Some(format!(
            "{name}: {activation} saturates in {} of its units and inputs",
            percent(share)
        ));
    }
    let share = then.dead.filter(|share| *share > DEAD)?;
    Some(format!(
        "{name}: {} of the units of {activation} are dead, flat for every input",
        percent(share)
    ))
}

fn prediction(outputs: &Outputs, observed: Option<&Observed>) -> Option<String> {
    match (outputs, observed) {
        (Outputs::Classes { sure, .. }, _) if *sure > SURE => Some(format!(
            "before it has seen a label, a network is sure of a class (above 0.99) for {} of the inputs",
            percent(*sure)
        )),
        (Outputs::Real { mean, .. }, Some(Observed::Real { sd, .. })) if *sd > 0.0 => {
            let times = mean.typical() / sd;
            (!(1.0 / WIDER..=WIDER).contains(&times)).then(|| {
                format!(
                    "predictions spread {} times as far as the targets",
                    number(times)
                )
            })
        }
        _ => None,
    }
}

/// Three significant digits: what a hundred networks tell.
pub fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let magnitude = value.abs().log10().floor() as i32;
    match magnitude {
        -3..=5 => format!("{value:.*}", (2 - magnitude).clamp(0, 6) as usize),
        _ => format!("{value:.2e}"),
    }
}

/// `93 %`, `0.4 %`
pub fn percent(share: f64) -> String {
    match 100.0 * share {
        x if x == 0.0 || x >= 9.95 => format!("{x:.0} %"),
        x if x >= 0.095 => format!("{x:.1} %"),
        x => format!("{x:.2} %"),
    }
}
