//! Likelihoods: `Model.nll`.

use super::{Context, refused};
use crate::diagnostic::Result;
use crate::emit::python::{Code, quoted};
use crate::expression::{self, Dialect, Expression, Operand};
use crate::ir::{Argument, Observe, TermKind};
use crate::likelihood::TargetKind;

/// The lines of `Model.nll`.
pub(super) fn body(context: &Context, code: &mut Code) -> Result<()> {
    let model = &context.plan.model;
    let mut terms = vec![];
    for (index, (target, observe)) in model.observed().enumerate() {
        let variable = match model.others.is_empty() {
            true => "nll".into(),
            false => format!("nll_{index}"),
        };
        code.comment(&observe.text);
        one(context, code, (index, &target.kind, observe), &variable)?;
        let term = TermKind::Nll(index).name(model);
        terms.push(format!("{}: {variable}.sum()", quoted(&term)));
    }
    code.call("return {", &terms, "}");
    Ok(())
}

/// The lines that set `variable` to the nll of each entry of a target.
fn one(
    context: &Context,
    code: &mut Code,
    (index, kind, observe): (usize, &TargetKind, &Observe),
    variable: &str,
) -> Result<()> {
    let nll = expression::nll(observe.likelihood).map_err(refused)?;
    code.line(format!("y = targets[{index}]{}", of_entries(kind)));
    let parameters = observe.likelihood.signature().parameters.iter();
    let mut fixed: Vec<(&str, f64)> = vec![];
    for (parameter, argument) in parameters.zip(&observe.arguments) {
        let value = match argument {
            Argument::Node(node) => {
                let (rank, name) = {
                    let node = &context.plan.model.nodes[*node];
                    (node.shape.rank(), quoted(&node.name))
                };
                format!("values[{name}]{}", of_values(kind, rank))
            }
            Argument::Numbers(numbers) => match numbers.fixed() {
                Some(number) => {
                    fixed.push((parameter.name, number));
                    continue;
                }
                None => {
                    return Err(refused("learned and latent numbers have no PyTorch yet").into());
                }
            },
        };
        code.statement(&format!("{} = {value}", parameter.name));
    }
    let number = |name: &str| {
        let mut all = fixed.iter();
        let (_, number) = all.find(|(known, _)| *known == name)?;
        Some(Expression::Number(*number))
    };
    let nll = nll.with(&number);
    let start = format!("{variable} = ");
    let names = |name: &str| match name {
        // That of the label.
        "logits_y" => Operand::tensor("logits.gather(-1, y.unsqueeze(-1)).squeeze(-1)"),
        name => Operand::tensor(name),
    };
    code.placed(|indent| nll.statement(Dialect::Torch, &names, indent, &start));
    Ok(())
}

/// What makes a target a row of its entries for each example; a label is a number for each.
fn of_entries(kind: &TargetKind) -> &'static str {
    match kind {
        TargetKind::Category(_) | TargetKind::Binary | TargetKind::Real(_) | TargetKind::Count => {
            ""
        }
        TargetKind::Categories { .. } | TargetKind::Reals(_) | TargetKind::Binaries(_) => {
            ".flatten(1)"
        }
    }
}

/// What makes a value of the network of so many axes, beside the batch, fit that.
fn of_values(kind: &TargetKind, rank: usize) -> String {
    match kind {
        TargetKind::Categories { classes, places } => {
            format!(".reshape(-1, {}, {classes})", places.len())
        }
        TargetKind::Binary => ".flatten()".into(),
        _ if rank > 1 => ".flatten(1)".into(),
        _ => String::new(),
    }
}
