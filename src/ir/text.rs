//! A model and how it is fitted as text: `bnnc check --emit ir`.
//!
//! Column widths are fixed and nothing is numbered, so that a layer more is a few lines more and
//! moves no other.

use super::model::*;
use super::show::batched;
use super::{Facts, Fitted, Inference, InferenceMethod, KlChoice, Minibatch};
use std::fmt::Write;

/// A line of text; writing to a string does not fail.
macro_rules! line {
    ($out:expr, $($format:tt)*) => {
        writeln!($out, $($format)*).expect("writing to a string")
    };
}

/// The model and how it is fitted.
pub fn text(inference: &Inference, facts: &Facts) -> String {
    let model = &*inference.model;
    let mut out = head(model, facts);
    line!(out, "\nparameters");
    for (_, tensor) in inference.all_fitted() {
        parameter(&mut out, model, &tensor);
        fit(&mut out, tensor);
    }
    learned(&mut out, model);
    graph(&mut out, model);
    objective(&mut out, inference);
    loss(&mut out, inference, facts);
    predict(&mut out, inference);
    out
}

/// The model alone: p(y, w | x).
pub fn model_text(model: &Model, facts: &Facts) -> String {
    let mut out = head(model, facts);
    line!(out, "\nparameters");
    for (_, tensor) in model.tensors.iter() {
        parameter(&mut out, model, tensor);
    }
    learned(&mut out, model);
    graph(&mut out, model);
    line!(out, "");
    for target in 0..=model.others.len() {
        line!(out, "observe  {}", model.likelihood_text_of(target));
    }
    out
}

fn head(model: &Model, facts: &Facts) -> String {
    let mut out = format!("model {}\n", model.name);
    for (name, value) in &facts.set {
        line!(out, "  set  {name} = {value}");
    }
    data(&mut out, model, facts);
    pretrained(&mut out, model);
    out
}

/// `    key     value`
fn field(out: &mut String, key: &str, value: impl std::fmt::Display) {
    line!(out, "    {key:<10}{value}");
}

/// The characters of a column of types.
const TYPE_WIDTH: usize = 20;

/// `  name                    shape                 rest`, with two blanks between columns of any length:
/// `bnnc diff` splits there.
fn columns(out: &mut String, [name, shape, rest]: [&str; 3]) {
    line!(out, "  {name:<22}  {shape:<TYPE_WIDTH$}  {rest}");
}

fn data(out: &mut String, model: &Model, facts: &Facts) {
    let number = |n: Option<usize>| n.map_or(String::new(), |n| format!(" = {n}"));
    match &facts.data {
        Some(name) => line!(out, "\ndata  {name}"),
        None => line!(out, "\ndata"),
    }
    let inputs = model.inputs.iter();
    let inputs = inputs.map(|input| (&input.name, input.data_type("B"), "input"));
    let targets = model.observed();
    let targets = targets.map(|(target, _)| (&target.name, target.kind.to_string(), "target"));
    let rows: Vec<(&String, String, &str)> = inputs.chain(targets).collect();
    // The type of a sequence is longer than most.
    let longest = rows.iter().map(|(_, data_type, _)| data_type.len()).max();
    let width = longest.unwrap_or(0).max(TYPE_WIDTH);
    for (name, data_type, what) in &rows {
        line!(out, "  {name:<22}  {data_type:<width$}  {what}");
    }
    let aside = match facts.validation_examples {
        0 => String::new(),
        n => format!("; {n} more are set aside"),
    };
    line!(
        out,
        "  N{}, training examples{}{aside}",
        number(facts.training_examples),
        facts
            .counted
            .as_ref()
            .map_or(String::new(), |counted| counted.to_string())
    );
    line!(out, "  B{}, examples of a minibatch", number(facts.batch));
}

/// The files that parameters start from.
fn pretrained(out: &mut String, model: &Model) {
    if !model.pretrained.is_empty() {
        line!(out, "\npretrained");
    }
    for file in &model.pretrained {
        line!(out, "  {:<22}  sha256 {}", file.written, file.sha256);
    }
}

fn parameter(out: &mut String, model: &Model, tensor: &Tensor) {
    let shape = format!("real{}", tensor.shape);
    let fans = format!("fan_in {}, fan_out {}", tensor.fan_in, tensor.fan_out);
    columns(out, [&tensor.name, &shape, &fans]);
    if let Some(prior) = &tensor.prior {
        field(out, "prior", model.prior_text(prior));
        field(out, "from", tensor.prior_from.text("prior", &prior.written));
    }
}

fn fit(out: &mut String, tensor: Fitted) {
    field(out, "posterior", tensor.posterior.formula());
    let options = tensor.posterior.options_text();
    if !options.is_empty() {
        field(out, "options", options);
    }
    field(out, "start", tensor.posterior.start_text(&tensor.shape));
    field(out, "from", tensor.posterior_origin_text());
    if let Some(estimator) = tensor.estimator {
        let name = estimator.signature().name;
        field(out, "estimator", format!("{name}: {}", estimator.formula()));
        if let Some(remark) = estimator.remark(tensor.positions) {
            field(out, "remark", remark);
        }
        field(out, "from", tensor.estimator_from.text("estimator", name));
    }
}

fn learned(out: &mut String, model: &Model) {
    for (_, learned) in model.learned.iter() {
        let (domain, axes) = (learned.domain.describe(), learned.shape());
        let (shape, value) = match learned.entries {
            1 => ("real".to_string(), format!("{domain}, a point estimate")),
            _ => (
                format!("real{axes}"),
                format!(
                    "{domain}, a point estimate for each entry of {}",
                    learned.name.split('.').next().unwrap_or_default()
                ),
            ),
        };
        line!(out, "  {:<22}  {shape}", learned.name);
        field(out, "value", value);
        field(out, "start", learned.initial_text());
    }
}

fn graph(out: &mut String, model: &Model) {
    line!(out, "\ngraph");
    for (_, node) in model.nodes.iter() {
        let parameters = node.call.iter().flat_map(|call| call.tensors());
        let parameters: String = parameters
            .map(|tensor| format!(", {}", model.tensors[tensor].name))
            .collect();
        let above = node.inputs.iter();
        let above: Vec<&str> = above
            .map(|above| model.nodes[*above].name.as_str())
            .collect();
        let above = above.join(", ");
        let call = match node.call.as_ref().map(|call| call.layer.is_some()) {
            Some(true) => format!("{} of {above}{parameters}", model.call_text(node)),
            _ => model.call_text(node),
        };
        columns(out, [&node.name, &batched(&node.shape), &call]);
    }
}

/// What the file asks for, every option with its value.
fn objective(out: &mut String, inference: &Inference) {
    let objective = &inference.objective;
    let kl = match objective.kl {
        KlChoice::Auto => "auto",
        KlChoice::ClosedForm => "closed_form",
        KlChoice::Quadrature => "quadrature",
        KlChoice::MonteCarlo { path: false } => "monte_carlo",
        KlChoice::MonteCarlo { path: true } => "monte_carlo(gradient = path)",
    };
    let minibatch = match objective.minibatch {
        Minibatch::Uniform => "uniform",
        Minibatch::Blundell => "blundell",
    };
    let annealing = match objective.annealing {
        None => "none".into(),
        Some(annealing) => format!("linear(epochs = {})", crate::show(annealing.epochs)),
    };
    line!(
        out,
        "\nobjective  {}",
        if objective.map { "map" } else { "elbo" }
    );
    // The one that `objective` itself stands for goes without saying.
    if inference.method != InferenceMethod::mean_field() {
        line!(out, "  inference    {}", inference.method);
    }
    line!(out, "  kl           {kl}");
    line!(out, "  minibatch    {minibatch}");
    line!(out, "  samples      {}", objective.samples);
    line!(out, "  temperature  {}", crate::show(objective.temperature));
    line!(out, "  annealing    {annealing}");
}

fn loss(out: &mut String, inference: &Inference, facts: &Facts) {
    line!(out, "\nloss  {}", inference.loss_head());
    for remark in inference.loss_remarks() {
        line!(out, "  {:<10}{remark}", "remark");
    }
    for term in &inference.loss.terms {
        line!(out, "  term {}", term.kind.name(inference));
        field(out, "value", inference.term_value(term));
        if let Some(noise) = inference.term_noise(term) {
            field(out, "variance", noise);
        }
        field(
            out,
            "scale",
            term.scale
                .with_numbers(facts.training_examples, facts.batch),
        );
        field(out, "why", term.why);
        field(out, "from", inference.term_origin(term));
    }
    for (index, text) in inference.lambda_lines(facts).iter().enumerate() {
        let key = if index == 0 { "lambda" } else { "" };
        line!(out, "  {key:<10}{text}");
    }
    if !inference.loss.absent.is_empty() {
        line!(out, "  absent");
        for absent in &inference.loss.absent {
            line!(
                out,
                "    {:<20}  {}",
                inference.subject_name(absent.subject),
                absent.reason
            );
        }
    }
}

fn predict(out: &mut String, inference: &Inference) {
    let targets: Vec<&str> = (inference.observed())
        .map(|(target, _)| &target.name[..])
        .collect();
    let of = |target| inference.likelihood_text_of(target);
    let likelihood: Vec<String> = (0..targets.len()).map(of).collect();
    let likelihood = likelihood.join(" · ");
    line!(
        out,
        "\npredict  p({} | {})",
        targets.join(", "),
        inference.input.name
    );
    if inference.is_random() {
        line!(
            out,
            "  {:<12}the mean over S draws of the weights of {likelihood}",
            "value"
        );
        line!(
            out,
            "  {:<12}of the weights, one set for all examples",
            "draws"
        );
    } else {
        match inference.closed_form() {
            Some(what) => line!(out, "  {:<12}{what}, of {likelihood}", "value"),
            None => line!(out, "  {:<12}{likelihood} at the point estimates", "value"),
        }
    }
}
