//! What a model says before it has seen data: networks drawn from its prior, run on inputs.
//!
//! For each layer that is linear in its weights: the spread of its pre-activations over networks,
//! examples and units, and what its activation makes of them. For independent weights of mean 0 and
//! standard deviation σ, and a bias of standard deviation σ_b,
//!
//! ```text
//! sd(pre-activation)² = fan_in · σ² · E[x²] + σ_b²
//! ```
//!
//! so that values keep their size from layer to layer where σ² is 1/fan_in, or 2/fan_in after a relu,
//! which halves E x² (LeCun et al. 1998, section 4.6; He et al. 2015). For the outputs: how sure the
//! networks are of a class, or how far their predictions reach, beside what the data has. See Gelman,
//! Simpson and Betancourt 2017, "The prior can often only be understood in the context of the
//! likelihood".

mod activation;
mod advice;
mod draw;
mod findings;
mod measure;
mod outputs;
mod rescale;
mod spread;
#[cfg(test)]
mod tests;

pub use advice::{Advice, Suggestion};
pub use draw::{Drawn, network};
pub use findings::{number, percent};
pub use measure::{Layer, Then};
pub use outputs::{Observed, Outputs};
pub use spread::Spread;

use crate::diagnostic::{Diagnostic, Result};
use crate::examples::{Buffers, Part};
use crate::ir::{Inference, Lengths};
use crate::layer::Operation;
use measure::measure;
use serde::Serialize;

/// Inputs to run networks on.
pub struct Inputs {
    /// What they are, in words: `training examples of mnist`.
    pub name: String,
    /// One example after the other.
    pub values: Vec<f64>,
    /// How many there are.
    pub examples: usize,
}

/// What the prior of a model says.
#[derive(Debug, Clone, Serialize)]
pub struct PriorPredictive {
    /// The model's name.
    pub model: String,
    /// Networks.
    pub draws: usize,
    /// Inputs that each was run on.
    pub examples: usize,
    /// What they are.
    pub inputs: String,
    /// Their root mean square.
    pub inputs_rms: f64,
    /// Each layer with weights.
    pub layers: Vec<Layer>,
    /// What the networks predict.
    pub outputs: Outputs,
    /// What the data has.
    pub observed: Option<Observed>,
    /// What follows, in words.
    pub findings: Vec<String>,
    /// A prior that would do better, if one is called for and was found.
    pub advice: Option<Advice>,
}

/// Multiplications of one run of all networks: some seconds.
const MULTIPLICATIONS: u64 = 20_000_000_000;

/// How many examples to run `draws` networks on: some hundreds, fewer of a large network.
pub fn examples(model: &Inference, draws: usize) -> usize {
    let each: u64 = model
        .nodes
        .iter()
        .filter_map(|(_, node)| node.call.as_ref())
        .map(|call| match &call.operation {
            Operation::Linear(linear) => linear.multiplications(),
            _ => 0,
        })
        .fold(0, u64::saturating_add);
    let examples = MULTIPLICATIONS / each.max(1).saturating_mul(draws as u64);
    (examples as usize).clamp(16, 256)
}

/// Inputs of a part, taken evenly from all of it, scaled as training takes them; `name` says of what.
///
/// # Errors
///
/// As [`Part::gather`].
pub fn training_inputs(part: &Part, name: &str, examples: usize) -> Result<Inputs> {
    let examples = examples.min(part.len());
    let places = (0..examples).map(|i| i * part.len() / examples);
    let mut buffers = Buffers::default();
    let values = part.gather(places, &mut buffers)?.inputs.to_vec();
    Ok(Inputs {
        name: name.into(),
        values,
        examples,
    })
}

/// Standard normal inputs, where there are no data.
pub fn standard_inputs(model: &Inference, examples: usize) -> Inputs {
    let row = model.input.shape.len();
    let mut values = vec![0.0; examples * row];
    crate::tensor::Stream::new(0, u64::MAX, 0, 0).fill_normal(0, &mut values);
    for row in values.chunks_exact_mut(row) {
        model.admit(row, Lengths::Full);
    }
    Inputs {
        name: "standard normal inputs".into(),
        values,
        examples,
    }
}

/// Draws networks and looks at what they make of the inputs.
///
/// # Errors
///
/// `E0420` for a prior without draws.
pub fn look(
    model: &Inference,
    inputs: &Inputs,
    observed: Option<Observed>,
    draws: usize,
) -> Result<PriorPredictive> {
    improper(model)?;
    let measured = measure(model, inputs, draws);
    let unit = findings::Units::new(model, observed.as_ref());
    let mut found = findings::findings(&measured, &unit, observed.as_ref());
    let mut advice = None;
    if found.call_for_a_prior {
        advice = advice::advise(model, inputs, draws, &measured, &unit);
        if advice.is_none() {
            let none = "no other scale of these priors was found that does better";
            found.sentences.push(none.into());
        }
    }
    Ok(PriorPredictive {
        model: model.name.clone(),
        draws,
        examples: inputs.examples,
        inputs: inputs.name.clone(),
        inputs_rms: measured.inputs_rms,
        layers: measured.layers,
        outputs: measured.outputs,
        observed,
        findings: found.sentences,
        advice,
    })
}

/// A prior whose integral is infinite has no draws.
fn improper(model: &Inference) -> Result<()> {
    let Some((handle, _)) = model.improper_priors().next() else {
        return Ok(());
    };
    let tensor = &model.tensors[handle];
    let title = format!(
        "no network can be drawn from the prior: that of `{}` is improper",
        tensor.name
    );
    let mut message = Diagnostic::error("E0420", title);
    if let Some(span) = tensor.prior_from.span() {
        message = message.at(span, "its integral is infinite");
    }
    Err(message.into())
}

impl PriorPredictive {
    /// As JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("plain data")
    }
}
