//! The model as text: `bnnc check --emit ir`.
//!
//! Column widths are fixed and nothing is numbered, so that a layer more is a few lines more and
//! moves no other.

use super::Facts;
use super::model::*;
use super::show::batched;
use std::fmt::Write;

/// A line of text; writing to a string does not fail.
macro_rules! line {
    ($out:expr, $($format:tt)*) => {
        writeln!($out, $($format)*).expect("writing to a string")
    };
}

/// The whole model.
pub fn text(model: &Model, facts: &Facts) -> String {
    let mut out = format!("model {}\n", model.name);
    for (name, value) in &facts.set {
        line!(out, "  set  {name} = {value}");
    }
    data(&mut out, model, facts);
    parameters(&mut out, model);
    graph(&mut out, model);
    loss(&mut out, model, facts);
    predict(&mut out, model);
    out
}

/// `    key     value`
fn field(out: &mut String, key: &str, value: impl std::fmt::Display) {
    line!(out, "    {key:<10}{value}");
}

fn data(out: &mut String, model: &Model, facts: &Facts) {
    let number = |n: Option<usize>| n.map_or(String::new(), |n| format!(" = {n}"));
    match &facts.data {
        Some(name) => line!(out, "\ndata  {name}"),
        None => line!(out, "\ndata"),
    }
    line!(
        out,
        "  {:<24}{:<22}{}",
        model.input.name,
        batched(&model.input.shape),
        "input"
    );
    line!(
        out,
        "  {:<24}{:<22}{}",
        model.target.name,
        model.target.kind.to_string(),
        "target"
    );
    let aside = match facts.validation_examples {
        0 => String::new(),
        n => format!("; {n} more are set aside"),
    };
    line!(
        out,
        "  N{}, training examples{aside}",
        number(facts.training_examples)
    );
    line!(out, "  B{}, examples of a minibatch", number(facts.batch));
}

fn parameters(out: &mut String, model: &Model) {
    line!(out, "\nparameters");
    for (handle, tensor) in model.tensors.iter() {
        line!(
            out,
            "  {:<24}real{:<18}fan_in {}, fan_out {}",
            tensor.name,
            tensor.shape.to_string(),
            tensor.fan_in,
            tensor.fan_out
        );
        if let Some(prior) = &tensor.prior {
            field(out, "prior", model.prior_text(prior));
            field(out, "from", tensor.prior_from.text("prior", &prior.written));
        }
        field(out, "posterior", tensor.posterior.formula());
        field(out, "start", tensor.posterior.start_text(&tensor.shape));
        field(out, "from", tensor.posterior_origin_text());
        if let Some(estimator) = tensor.estimator {
            let name = estimator.signature().name;
            field(out, "estimator", format!("{name}: {}", estimator.formula()));
            if let Some(remark) = estimator.remark(model.positions(handle)) {
                field(out, "remark", remark);
            }
            field(out, "from", tensor.estimator_from.text("estimator", name));
        }
    }
    for (_, learned) in model.learned.iter() {
        line!(out, "  {:<24}real", learned.name);
        field(
            out,
            "value",
            format!("{}, a point estimate", learned.domain.describe()),
        );
        field(out, "start", crate::show(learned.initial));
    }
}

fn graph(out: &mut String, model: &Model) {
    line!(out, "\ngraph");
    for (_, node) in model.nodes.iter() {
        let parameters = node
            .call
            .iter()
            .flat_map(|call| [call.kernel, call.bias])
            .flatten();
        let parameters: String = parameters
            .map(|tensor| format!(", {}", model.tensors[tensor].name))
            .collect();
        let above: String = node
            .inputs
            .iter()
            .map(|above| format!(" of {}", model.nodes[*above].name))
            .collect();
        let call = match node.call.as_ref().map(|call| call.layer.is_some()) {
            Some(true) => format!("{}{above}{parameters}", model.call_text(node)),
            _ => model.call_text(node),
        };
        line!(out, "  {:<24}{:<22}{call}", node.name, batched(&node.shape));
    }
}

fn loss(out: &mut String, model: &Model, facts: &Facts) {
    line!(out, "\nloss  {}", model.loss_head());
    for remark in model.loss_remarks() {
        line!(out, "  {:<10}{remark}", "remark");
    }
    for term in &model.loss.terms {
        line!(out, "  term {}", term.kind.name(model));
        field(out, "value", model.term_value(term));
        if let Some(noise) = model.term_noise(term) {
            field(out, "variance", noise);
        }
        field(
            out,
            "scale",
            term.scale
                .with_numbers(facts.training_examples, facts.batch),
        );
        field(out, "why", term.why);
        field(out, "from", model.term_origin(term));
    }
    for (index, text) in model.lambda_lines(facts).iter().enumerate() {
        let key = if index == 0 { "lambda" } else { "" };
        line!(out, "  {key:<10}{text}");
    }
    if !model.loss.absent.is_empty() {
        line!(out, "  absent");
        for absent in &model.loss.absent {
            line!(
                out,
                "    {:<22}{}",
                model.subject_name(absent.subject),
                absent.reason
            );
        }
    }
}

fn predict(out: &mut String, model: &Model) {
    let likelihood = model.likelihood_text();
    let drawn = model
        .tensors
        .iter()
        .any(|(_, t)| t.posterior.family.entries().is_random());
    line!(
        out,
        "\npredict  p({} | {})",
        model.target.name,
        model.input.name
    );
    if drawn {
        line!(
            out,
            "  {:<12}the mean over S draws of the weights of {likelihood}",
            "value"
        );
        line!(
            out,
            "  {:<12}made as the estimators make them in training",
            "draws"
        );
    } else {
        line!(out, "  {:<12}{likelihood} at the point estimates", "value");
    }
}
