//! `bnnc check`: what there is to say of a model, gathered.

use super::initial::initial_terms;
use super::not_set::not_set;
use super::reused::{ReusedRow, again, reused};
use crate::data::Columns;
use crate::distribution::Support;
use crate::ir::{
    Compositions, Counted, Facts, Fitted, Form, Handle, Inference, Input, LambdaFactor, Largest,
    Node, Position, Role, Tensor, Term, TermKind,
};
use crate::layer::Sequence;
use crate::plan::Plan;
use crate::signature::Constant;
use crate::spread;
use crate::words::{counted, thousands};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What there is to say about a model.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// Its name.
    pub model: String,
    /// The data set, if one is named.
    pub data: Option<String>,
    /// The columns of a table.
    pub columns: Option<Columns>,
    /// Of further targets, the columns or the arrays.
    #[serde(skip)]
    pub others: Vec<(Option<Columns>, Vec<String>)>,
    /// Which arrays of an archive are taken, a line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<String>,
    /// The run file that was read.
    pub run_file: Option<String>,
    /// What was chosen of the settings, and by what.
    pub chosen: Option<String>,
    /// Constants that were overridden, and with what.
    pub set: BTreeMap<String, String>,
    /// N
    pub training_examples: Option<usize>,
    /// The rows that these are, where a column says how many times each occurs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
    /// Examples set aside, which are not in N.
    pub validation_examples: usize,
    /// B
    pub batch_size: usize,
    /// The values of the network, in order.
    pub layers: Vec<LayerRow>,
    /// The layers that are used more than once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reused: Vec<ReusedRow>,
    /// Whether the rows of blocks and repeats are shown one by one.
    #[serde(skip)]
    pub unfolded: bool,
    /// Which of the layers and parameters belong together.
    #[serde(skip)]
    pub compositions: Compositions,
    /// The parameters.
    pub parameters: Vec<ParameterRow>,
    /// The tensors of files of other programs that no parameter starts from: `net.safetensors: 4.weight`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
    /// Learned numbers, which no file of pretrained weights is read for.
    pub learned: Vec<String>,
    /// What the file leaves out, by the rules of the language that supply it.
    pub not_set: Vec<String>,
    /// What is minimised.
    pub loss: String,
    /// What is to be known of it as a whole.
    pub remarks: Vec<String>,
    /// Its terms.
    pub terms: Vec<TermRow>,
    /// λ, the weight of the KL against the ELBO's 1, at the end of the run and in the mean over an
    /// epoch's examples; `None` where no parameter has a term.
    pub lambda: Option<f64>,
    /// What makes λ differ from 1, or does so for a time.
    pub lambda_factors: Vec<LambdaFactor>,
    /// λ in words.
    pub lambda_text: Vec<String>,
    /// Parameters without a term.
    pub absent: Vec<AbsentRow>,
    /// Before the first step.
    pub initial: Initial,
    /// Of the parameters that have a term, the largest.
    pub largest: Option<Largest>,
    /// What one training step costs.
    pub step: Step,
}

/// A value of the network.
#[derive(Debug, Clone, Serialize)]
pub struct LayerRow {
    /// Its name.
    pub name: String,
    /// The layer that makes it.
    pub layer: String,
    /// Its shape, for one example.
    pub shape: Vec<usize>,
    /// Numbers in its parameters; none of a layer that uses those of another.
    pub weights: usize,
    /// The values that it is made of.
    pub inputs: Vec<String>,
}

/// A parameter.
#[derive(Debug, Clone, Serialize)]
pub struct ParameterRow {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Number of entries.
    pub count: usize,
    /// Its prior.
    pub prior: Option<String>,
    /// The same as the file has it.
    #[serde(skip)]
    pub prior_written: Option<String>,
    /// Its posterior's family.
    pub posterior: String,
    /// How it is drawn.
    pub estimator: Option<String>,
    /// The largest scale that training leaves its posterior, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_scale: Option<f64>,
    /// What is to be known of the estimator.
    pub remark: Option<String>,
    /// The file of pretrained weights that it starts from.
    pub from: Option<String>,
    /// Its tensor, and what was done to that, where the tensor has another name than the parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_tensor: Option<String>,
}

/// A term of the loss.
#[derive(Debug, Clone, Serialize)]
pub struct TermRow {
    /// Its name.
    pub name: String,
    /// How it is computed.
    pub form: String,
    /// What it is multiplied with: `T/N`.
    pub scale: String,
    /// The same with its numbers.
    pub scale_with_numbers: String,
    /// The number, where it is the same at every step and known.
    pub scale_value: Option<f64>,
    /// Why.
    pub why: String,
    /// The expected value over the initialisers, unscaled.
    pub initial: Option<f64>,
    /// The same per training example at full weight.
    pub initial_per_example: Option<f64>,
    /// Of a target's term, the nll of a network that knows nothing; `None` where that depends on the data.
    #[serde(skip)]
    pub uninformed: Option<f64>,
}

/// A parameter without a term.
#[derive(Debug, Clone, Serialize)]
pub struct AbsentRow {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// The loss's parts before the first step, in nats per training example.
#[derive(Debug, Clone, Serialize)]
pub struct Initial {
    /// All terms but the data's, expected over the initialisers; latent variables that a prior depends on are
    /// at their posteriors' middles.
    pub kl: f64,
    /// What that is the sum of.
    pub parts: Vec<Part>,
    /// That per training example, times the temperature: at the weight it has once annealing has ended.
    pub kl_per_example: Option<f64>,
    /// The temperature T: `kl_per_example` is T · `kl` / N.
    pub temperature: f64,
    /// Whether the terms are annealed: a factor that grows to 1, and is taken as 1 here.
    pub annealed: bool,
    /// The NLL of a network that knows nothing; `None` where it depends on the data.
    pub nll_per_example: Option<f64>,
    /// The root mean square of the network's first output with weights of the prior, for inputs of
    /// mean square 1; `None` where the prior has no standard deviation, and of a network with a recurrence or attention.
    pub prior_output: Option<f64>,
    /// The same with weights as they start.
    pub start_output: Option<f64>,
}

/// Terms of one kind before the first step.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    /// `KL`, `penalty`, `surrogate`.
    pub name: &'static str,
    /// How many there are.
    pub terms: usize,
    /// Their sum, in nats.
    pub nats: f64,
    /// Whether a prior among them depends on latent variables, which are taken at their posteriors' middles.
    pub given_latents: bool,
}

/// What one training step costs.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// Floating-point operations of the network without randomness, forward and backward, for all
    /// examples and samples of the step. What an estimator computes besides is not among them.
    pub operations: u64,
    /// Trainable numbers.
    pub trainable: usize,
    /// Numbers that layers keep between steps, which are not trained.
    pub kept: usize,
    /// Bytes that training takes beside the program and the data set, in float32 with Adam.
    pub memory: u64,
}

/// Looks at the model of a plan. `memory` are the bytes that training it takes.
pub fn check(plan: &Arc<Plan>, facts: &Facts, batch: usize, memory: u64) -> Check {
    let inference: &Inference = &plan.inference;
    let n = facts.training_examples;
    let initial = initial_terms(plan, n);
    let position = n.map(|n| Position {
        batch,
        batches: n.div_ceil(batch),
        ..Position::full_batch(n)
    });
    let temperature = inference.objective.temperature;
    let per_example = |value: f64| n.map(|n| temperature * value / n as f64);
    let term = |(term, initial): (&Term, &Option<f64>)| {
        let at = position.filter(|_| term.scale.is_steady());
        TermRow {
            name: term.kind.name(inference),
            form: form(inference, term),
            scale: term.scale.to_string(),
            scale_with_numbers: term.scale.with_numbers(n, Some(batch)),
            scale_value: at.map(|at| term.scale.value(&at)),
            why: term.why.to_string(),
            initial: *initial,
            initial_per_example: initial.and_then(per_example),
            uninformed: match term.kind {
                TermKind::Nll(target) => uninformed(inference, target),
                _ => None,
            },
        }
    };
    let absent = inference.loss.absent.iter().map(|absent| AbsentRow {
        name: inference.subject_name(absent.subject).into(),
        reason: absent.reason.to_string(),
    });
    let layers = inference
        .nodes
        .iter()
        .filter(|(_, node)| node.call.is_some() || node.name == inference.inputs[0].name)
        .filter(|(handle, _)| !inference.is_length(*handle))
        .map(|(_, node)| layer(inference, node));
    let learned = inference
        .learned
        .iter()
        .map(|(_, learned)| learned.name.clone());
    let loss = &inference.loss;
    let kl: f64 = initial.iter().flatten().sum();
    let weight = inference.lambda(facts);
    let states = inference.tensors.values();
    let states = states.filter(|tensor| matches!(tensor.role, Role::State(_)));
    let kept: usize = states.map(|tensor| tensor.shape.len()).sum();
    Check {
        model: inference.name.clone(),
        data: facts.data.clone(),
        columns: None,
        others: vec![],
        taken: vec![],
        unread: (inference.pretrained.iter())
            .filter(|file| !file.unread.is_empty())
            .map(|file| format!("{}: {}", file.written, file.unread.join(", ")))
            .collect(),
        run_file: None,
        chosen: None,
        set: facts.set.iter().cloned().collect(),
        training_examples: n,
        counted: facts.counted.clone(),
        validation_examples: facts.validation_examples,
        batch_size: batch,
        layers: layers.collect(),
        reused: reused(inference),
        unfolded: false,
        compositions: inference.compositions.clone(),
        parameters: parameters(inference),
        learned: learned.collect(),
        not_set: not_set(inference),
        loss: inference.loss_head(),
        remarks: inference.loss_remarks(),
        terms: loss.terms.iter().zip(&initial).map(term).collect(),
        lambda: weight.as_ref().map(|lambda| lambda.value),
        lambda_factors: weight.map_or(vec![], |lambda| lambda.factors),
        lambda_text: inference.lambda_lines(facts),
        absent: absent.collect(),
        initial: Initial {
            kl,
            parts: parts(inference, &initial),
            kl_per_example: per_example(kl),
            temperature,
            annealed: inference.objective.annealing.is_some(),
            nll_per_example: (0..=inference.others.len())
                .map(|target| uninformed(inference, target))
                .sum(),
            prior_output: spread::output(inference, &spread::under_prior(inference)),
            start_output: spread::output(inference, &spread::at_start(inference)),
        },
        largest: inference.largest(),
        step: Step {
            operations: (plan.operations())
                .saturating_mul((batch * inference.objective.samples) as u64),
            trainable: plan.trainable() - kept,
            kept,
            memory,
        },
    }
}

/// The nll of a target under a network that knows nothing.
fn uninformed(inference: &Inference, target: usize) -> Option<f64> {
    let (target, observe) = inference.observed().nth(target)?;
    // How many steps have a term is said by the data.
    if target.steps_of.is_some() {
        return None;
    }
    observe.likelihood.uninformed(&target.kind)
}

/// The terms before the first step by their kinds.
fn parts(inference: &Inference, initial: &[Option<f64>]) -> Vec<Part> {
    let of_kind = |name: &'static str| {
        let terms = inference.loss.terms.iter().zip(initial);
        let terms = terms.filter(|(term, _)| term.kind.word() == name);
        let given = |term: &Term| {
            let mut latents = inference.latents_of(term).into_iter();
            // Local scales are drawn.
            latents.any(|latent| inference.tensors[latent].role == Role::Latent)
        };
        Part {
            name,
            terms: terms.clone().count(),
            nats: terms.clone().filter_map(|(_, nats)| *nats).sum(),
            given_latents: terms.clone().any(|(term, _)| given(term)),
        }
    };
    inference.weighted().into_iter().map(of_kind).collect()
}

/// How a term is computed, in words.
pub fn form(inference: &Inference, term: &Term) -> String {
    let latents = inference.latents_of(term).into_iter();
    let names: Vec<&str> = latents
        .map(|l| inference.tensors[l].name.as_str())
        .collect();
    let given = if names.is_empty() { "" } else { " given " };
    let alone = match term.kind {
        TermKind::Nll(target) => format!("-log {}", inference.likelihood_text_of(target)),
        TermKind::Kl(_, Form::MonteCarlo { .. }) => "Monte Carlo, noisy".into(),
        TermKind::Kl(_, form) => form.words().into(),
        TermKind::NegLogPrior(tensor) => match inference.fitted(tensor).posterior.support() {
            Support::Real => "penalty -log p, no KL".into(),
            Support::Positive => "penalty -log p(z), w = e^z, no KL".into(),
            Support::Interval { .. } => "penalty -log p(z), w from z, no KL".into(),
        },
        TermKind::Surrogate(_) => "surrogate, no KL".into(),
    };
    format!("{alone}{given}{}", names.join(", "))
}

/// The row of a value.
pub fn layer(inference: &Inference, node: &Node) -> LayerRow {
    let parameters = node.call.iter().flat_map(|call| call.tensors());
    let entries = parameters.map(|tensor| inference.tensors[tensor].shape.len());
    // An input takes nothing, and an entry of a value says what it is of.
    let takes = node.call.as_ref().is_some_and(|call| call.layer.is_some());
    let inputs = inference.values_of(node).into_iter().filter(|_| takes);
    let inputs = inputs.map(|input| inference.nodes[input].name.clone());
    let again = again(inference, node);
    LayerRow {
        name: node.name.clone(),
        layer: match again {
            Some(first) => format!("reuse {first}"),
            None => call(inference, node),
        },
        shape: node.shape.0.clone(),
        weights: if again.is_some() { 0 } else { entries.sum() },
        inputs: inputs.collect(),
    }
}

/// `conv2d(64, kernel = 5, padding = same)`: what is not the default.
fn call(inference: &Inference, node: &Node) -> String {
    let call = node.call.as_ref();
    let Some((layer, call)) = call.and_then(|call| Some((call.layer?, call))) else {
        let mut inputs = inference.inputs.iter();
        return match inputs.find(|input| input.name == node.name) {
            Some(input) => input_text(input),
            None => inference.call_text(node),
        };
    };
    let signature = layer.signature();
    let arguments = call.arguments.0.iter();
    let arguments: Vec<_> = arguments
        .map(|(name, value)| (*name, constant(value)))
        .collect();
    let mut shown = Vec::new();
    // The size of a vocabulary is no argument that a file writes.
    let written = arguments.iter().zip(signature.parameters);
    for (index, ((name, value), parameter)) in written.enumerate() {
        let default = parameter.default;
        let of_other = |(other, same): &(&str, String)| Some(*other) == default && same == value;
        if default == Some(value.as_str()) || arguments.iter().any(of_other) {
            continue;
        }
        shown.push(match index {
            0 => value.clone(),
            _ => format!("{name} = {value}"),
        });
    }
    match shown.is_empty() {
        true => signature.name.into(),
        false => format!("{}({})", signature.name, shown.join(", ")),
    }
}

/// `input`, and how long a sequence can be.
fn input_text(input: &Input) -> String {
    let Some(Sequence { vocabulary }) = input.sequence else {
        return "input".into();
    };
    let steps = input.shape.0.first().copied().unwrap_or(1);
    match vocabulary {
        None => format!("input, at most {}", counted(steps, "step", "steps")),
        Some(size) => format!(
            "input, at most {} of {} tokens",
            thousands(steps),
            thousands(size)
        ),
    }
}

/// As a file may write it at its shortest: a pair of equal numbers is one.
fn constant(value: &Constant) -> String {
    match value {
        Constant::Pair([a, b]) if a == b => a.to_string(),
        Constant::Triple([a, b, c]) if a == b && b == c => a.to_string(),
        Constant::Cells(cells) if cells.iter().all(|of| *of == cells[0]) => cells[0].to_string(),
        other => other.to_string(),
    }
}

fn parameters(inference: &Inference) -> Vec<ParameterRow> {
    let row = |(handle, tensor): (Handle<Tensor>, Fitted)| {
        let (estimator, pretrained) = (tensor.estimator, tensor.posterior.pretrained.as_ref());
        ParameterRow {
            name: tensor.name.clone(),
            shape: tensor.shape.0.clone(),
            count: tensor.shape.len(),
            prior: tensor.prior.as_ref().map(|prior| match prior.local {
                // As the file has it: its local scales stand in a row of their own.
                Some(_) => prior.written.clone(),
                None => inference.prior_text(prior),
            }),
            prior_written: tensor.prior.as_ref().map(|prior| prior.written.clone()),
            posterior: match tensor.role {
                Role::State(_) => "kept".into(),
                _ => tensor.posterior.family.signature().name.into(),
            },
            largest_scale: tensor.posterior.largest_scale(),
            estimator: estimator.map(|estimator| estimator.signature().name.into()),
            remark: inference.remark(handle).map(Into::into),
            from: pretrained.map(|from| from.file.clone()),
            from_tensor: pretrained
                .map(|from| from.tensor.clone())
                .filter(|name| name.strip_suffix(".loc").unwrap_or(name) != tensor.name),
        }
    };
    inference.all_fitted().map(row).collect()
}

impl Check {
    /// As JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("plain data")
    }
}
