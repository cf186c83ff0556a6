//! `bnnc check`: the model at a glance.

use super::initial::initial_terms;
use super::table::{short, table, thousands};
use crate::ir::{Facts, Form, Model, Node, Position, Scale, TermKind};
use crate::layer::Operation;
use crate::signature::Constant;
use serde::Serialize;
use std::fmt::Write;

/// Columns of a terminal that the tables keep within.
const WIDTH: usize = 100;

/// What there is to say about a model.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// Its name.
    pub model: String,
    /// The data set, if one is named.
    pub data: Option<String>,
    /// N
    pub training_examples: Option<usize>,
    /// B
    pub batch_size: usize,
    /// The values of the network, in order.
    pub layers: Vec<LayerRow>,
    /// The parameters.
    pub parameters: Vec<ParameterRow>,
    /// What is minimised.
    pub loss: String,
    /// What is to be known of it as a whole.
    pub remarks: Vec<String>,
    /// Its terms.
    pub terms: Vec<TermRow>,
    /// Parameters without a term.
    pub absent: Vec<AbsentRow>,
    /// Before the first step.
    pub initial: Initial,
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
    /// Numbers in its kernel and bias.
    pub weights: usize,
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
    /// Its posterior's family.
    pub posterior: String,
    /// How it is drawn.
    pub estimator: Option<String>,
    /// What is to be known of that.
    pub remark: Option<String>,
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
    /// All terms but the data's, expected over the initialisers.
    pub kl: f64,
    /// That per training example, at the weight it has once annealing has ended.
    pub kl_per_example: Option<f64>,
    /// The NLL of a network that knows nothing; `None` where it depends on the data.
    pub nll_per_example: Option<f64>,
}

/// What one training step costs.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// Floating-point operations of the network without randomness, forward and backward.
    pub operations: u64,
    /// Trainable numbers.
    pub trainable: usize,
    /// Bytes held, in float32 with Adam.
    pub memory: usize,
}

/// Looks at a model. `memory` are the bytes that training it holds, `trainable` its trainable numbers.
pub fn check(model: &Model, facts: &Facts, batch: usize, trainable: usize, memory: usize) -> Check {
    let n = facts.training_examples;
    let initial = initial_terms(model);
    let position = n.map(|n| Position {
        batch,
        batches: n.div_ceil(batch),
        ..Position::full_batch(n)
    });
    let lambda = model.objective.temperature;
    let terms: Vec<TermRow> = model
        .loss
        .terms
        .iter()
        .zip(&initial)
        .map(|(term, initial)| TermRow {
            name: term.kind.name(model),
            form: form(model, &term.kind),
            scale: term.scale.to_string(),
            scale_with_numbers: term.scale.with_numbers(n, Some(batch)),
            scale_value: position
                .filter(|_| steady(&term.scale))
                .map(|at| term.scale.value(&at)),
            why: term.why.to_string(),
            initial: *initial,
            initial_per_example: initial.zip(n).map(|(value, n)| lambda * value / n as f64),
        })
        .collect();
    let kl: f64 = initial.iter().flatten().sum();
    Check {
        model: model.name.clone(),
        data: facts.data.clone(),
        training_examples: n,
        batch_size: batch,
        layers: model
            .nodes
            .iter()
            .map(|(_, node)| layer(model, node))
            .collect(),
        parameters: parameters(model),
        loss: model.loss_head(),
        remarks: model.loss_remarks(),
        terms,
        absent: model
            .loss
            .absent
            .iter()
            .map(|absent| AbsentRow {
                name: model.subject_name(absent.subject).into(),
                reason: absent.reason.to_string(),
            })
            .collect(),
        initial: Initial {
            kl,
            kl_per_example: n.map(|n| lambda * kl / n as f64),
            nll_per_example: model.observe.likelihood.uninformed(&model.target.kind),
        },
        step: Step {
            operations: operations(model) * (batch * model.objective.samples) as u64,
            trainable,
            memory,
        },
    }
}

/// Whether a scale is the same at every step.
fn steady(scale: &Scale) -> bool {
    use crate::ir::Factor;
    scale
        .0
        .iter()
        .all(|factor| !matches!(factor, Factor::Blundell | Factor::Annealing(_)))
}

fn form(model: &Model, kind: &TermKind) -> String {
    match kind {
        TermKind::Nll => format!("-log {}", model.likelihood_text()),
        TermKind::Kl(_, Form::MonteCarlo) => "Monte Carlo, noisy".into(),
        TermKind::Kl(_, form) => form.words().into(),
        TermKind::NegLogPrior(_) => "penalty -log p, no KL".into(),
    }
}

fn layer(model: &Model, node: &Node) -> LayerRow {
    let parameters = node
        .call
        .iter()
        .flat_map(|call| [call.kernel, call.bias])
        .flatten();
    LayerRow {
        name: node.name.clone(),
        layer: call(model, node),
        shape: node.shape.0.clone(),
        weights: parameters
            .map(|tensor| model.tensors[tensor].shape.len())
            .sum(),
    }
}

/// `conv2d(64, kernel = 5, padding = same)`: what is not the default.
fn call(model: &Model, node: &Node) -> String {
    let Some((layer, arguments)) = node
        .call
        .as_ref()
        .and_then(|call| Some((call.layer?, &call.arguments.0)))
    else {
        return model.call_text(node);
    };
    let signature = layer.signature();
    let mut shown = Vec::new();
    for (index, (name, value)) in arguments.iter().enumerate() {
        let default = signature.parameters[index].default;
        let value = constant(value);
        let of_other = arguments.iter().find(|(other, _)| Some(*other) == default);
        if default == Some(&value) || of_other.is_some_and(|(_, other)| constant(other) == value) {
            continue;
        }
        shown.push(if index == 0 {
            value
        } else {
            format!("{name} = {value}")
        });
    }
    match shown.is_empty() {
        true => signature.name.into(),
        false => format!("{}({})", signature.name, shown.join(", ")),
    }
}

fn constant(value: &Constant) -> String {
    match value {
        Constant::Count(n) => n.to_string(),
        Constant::Pair([a, b]) if a == b => a.to_string(),
        Constant::Pair(pair) => format!("{pair:?}"),
        Constant::Counts(axes) => format!("{axes:?}"),
        Constant::Word(word) => (*word).into(),
        Constant::Number(value) => crate::check::expression::show(*value),
    }
}

fn parameters(model: &Model) -> Vec<ParameterRow> {
    let row = |(handle, tensor): (crate::ir::Handle<_>, &crate::ir::Tensor)| ParameterRow {
        name: tensor.name.clone(),
        shape: tensor.shape.0.clone(),
        count: tensor.shape.len(),
        prior: tensor.prior.as_ref().map(|prior| model.prior_text(prior)),
        posterior: tensor.posterior.family.signature().name.into(),
        estimator: tensor
            .estimator
            .map(|estimator| estimator.signature().name.into()),
        remark: tensor
            .estimator
            .and_then(|estimator| estimator.remark(model.positions(handle)))
            .map(Into::into),
    };
    model.tensors.iter().map(row).collect()
}

/// Operations for one example, forward and backward: 2 for each multiplication of a pass. The first
/// layer needs no gradient by its input.
fn operations(model: &Model) -> u64 {
    let linears = model
        .nodes
        .iter()
        .filter_map(|(_, node)| match &node.call.as_ref()?.operation {
            Operation::Linear(linear) => Some(linear.multiplications()),
            _ => None,
        });
    linears
        .enumerate()
        .map(|(index, products)| 2 * products * if index == 0 { 2 } else { 3 })
        .sum()
}

impl Check {
    /// As JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("plain data")
    }

    /// As text, within 100 columns.
    pub fn text(&self) -> String {
        let mut out = format!("{}\n", self.model);
        self.head(&mut out);
        self.layers(&mut out);
        self.parameters(&mut out);
        self.loss(&mut out);
        self.start(&mut out);
        out
    }

    fn head(&self, out: &mut String) {
        let b = self.batch_size;
        let line = match (&self.data, self.training_examples) {
            (Some(data), Some(n)) => {
                let batches = n.div_ceil(b);
                let last = match n % b {
                    0 => String::new(),
                    rest => format!(", the last of {rest}"),
                };
                let batches = thousands(batches as u64);
                format!(
                    "{data}: N = {} training examples, {batches} minibatches of B = {b}{last}",
                    thousands(n as u64)
                )
            }
            _ => format!("no data named: N is not known, B = {b}  (--data NAME gives the numbers)"),
        };
        *out += &format!("  {line}\n");
    }

    fn layers(&self, out: &mut String) {
        let mut rows = vec![row(["layer", "", "shape", "weights"])];
        for layer in &self.layers {
            let weights = match layer.weights {
                0 => String::new(),
                n => thousands(n as u64),
            };
            rows.push(vec![
                layer.name.clone(),
                layer.layer.clone(),
                format!("{:?}", layer.shape),
                weights,
            ]);
        }
        *out += "\n";
        *out += &table(&rows, &[3], WIDTH);
    }

    fn parameters(&self, out: &mut String) {
        let mut rows = vec![row([
            "parameter",
            "shape",
            "count",
            "prior",
            "posterior",
            "estimator",
        ])];
        for parameter in &self.parameters {
            let mark = if parameter.remark.is_some() { " *" } else { "" };
            rows.push(vec![
                parameter.name.clone(),
                format!("{:?}", parameter.shape),
                thousands(parameter.count as u64),
                parameter.prior.clone().unwrap_or("-".into()),
                parameter.posterior.clone(),
                parameter
                    .estimator
                    .as_ref()
                    .map_or("-".into(), |e| format!("{e}{mark}")),
            ]);
        }
        *out += "\n";
        *out += &table(&rows, &[2], WIDTH);
        let mut remarks: Vec<&String> = self.parameters.iter().flat_map(|p| &p.remark).collect();
        remarks.dedup();
        for remark in remarks {
            *out += &wrapped("  * ", remark);
        }
    }

    fn loss(&self, out: &mut String) {
        *out += &format!("\nloss  {}\n", self.loss);
        for remark in &self.remarks {
            *out += &wrapped("  ! ", remark);
        }
        let known = self.training_examples.is_some();
        let last = if known {
            "nats/example at the start"
        } else {
            "nats at the start"
        };
        let mut rows = vec![row(["term", "form", "scale", last])];
        for term in &self.terms {
            let initial = match (term.initial, term.initial_per_example) {
                (_, Some(value)) | (Some(value), None) => short(value),
                (None, None) => self
                    .initial
                    .nll_per_example
                    .map_or("depends on the data".into(), short),
            };
            rows.push(vec![
                term.name.clone(),
                term.form.clone(),
                term.scale_with_numbers.clone(),
                initial,
            ]);
        }
        *out += &table(&rows, &[3], WIDTH);
        let mut whys: Vec<(&str, &str)> = Vec::new();
        for term in &self.terms {
            if !whys.contains(&(&term.scale, &term.why)) {
                whys.push((&term.scale, &term.why));
            }
        }
        for (scale, why) in whys {
            *out += &wrapped(&format!("  {scale:<8}"), why);
        }
        let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
        for absent in &self.absent {
            match reasons
                .iter_mut()
                .find(|(reason, _)| *reason == absent.reason)
            {
                Some((_, names)) => names.push(&absent.name),
                None => reasons.push((&absent.reason, vec![&absent.name])),
            }
        }
        for (reason, names) in reasons {
            *out += &wrapped("  absent  ", &format!("{}: {reason}", names.join(", ")));
        }
    }

    fn start(&self, out: &mut String) {
        let line = |out: &mut String, key: &str, text: String| {
            *out += &wrapped(&format!("{key:<8}"), &text);
        };
        *out += "\n";
        if self.terms.len() > 1 {
            let what = if self.parameters.iter().any(|p| p.estimator.is_some()) {
                "KL"
            } else {
                "penalty"
            };
            let mut text = match self.initial.kl_per_example {
                Some(value) => format!(
                    "expected {what} {} nats/example = {} nats / N",
                    short(value),
                    short(self.initial.kl)
                ),
                None => format!(
                    "expected {what} {} nats, over N once that is known",
                    short(self.initial.kl)
                ),
            };
            if let Some(nll) = self.initial.nll_per_example {
                write!(text, "; NLL {} of a network that knows nothing", short(nll))
                    .expect("writing to a string");
            }
            line(out, "start", text);
        }
        let Step {
            operations,
            trainable,
            memory,
        } = self.step;
        let text = format!(
            "{} operations, {:.0} MiB in float32, {} trainable numbers",
            giga(operations),
            (memory as f64 / f64::from(1 << 20)).ceil(),
            thousands(trainable as u64)
        );
        line(out, "step", text);
    }
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.iter().map(ToString::to_string).collect()
}

fn giga(operations: u64) -> String {
    let operations = operations as f64;
    match operations {
        x if x >= 1e9 => format!("{} G", short(x / 1e9)),
        x if x >= 1e6 => format!("{} M", short(x / 1e6)),
        x => thousands(x as u64),
    }
}

/// Text within the terminal's width, further lines under the first.
fn wrapped(head: &str, text: &str) -> String {
    let indent = head.chars().count();
    let mut out = head.to_string();
    let mut column = indent;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > indent && column + 1 + length > WIDTH {
            out += &format!("\n{}", " ".repeat(indent));
            column = indent;
        } else if column > indent {
            out.push(' ');
            column += 1;
        }
        out += word;
        column += length;
    }
    out.push('\n');
    out
}
