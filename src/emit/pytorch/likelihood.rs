//! Likelihoods: `Model.nll`.

use super::{Context, refused, scalar};
use crate::diagnostic::Result;
use crate::emit::python::{Code, quoted};
use crate::expression::{self, Dialect, Expression, Operand};
use crate::ir::{Argument, Numbers, Observe, TermKind};
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
            Argument::Numbers(numbers) => match fixed_for_all(numbers) {
                Some(number) => {
                    fixed.push((parameter.name, number));
                    continue;
                }
                None => numbers_of(context, numbers)?,
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

/// The number, if one that nothing moves serves all entries of the target.
fn fixed_for_all(numbers: &Numbers) -> Option<f64> {
    match &numbers.each[..] {
        [all] if all.leaves().is_empty() => Some(all.value(&|_| 0.0)),
        _ => None,
    }
}

/// A number that all entries of the target have, or one for each.
fn numbers_of(context: &Context, numbers: &Numbers) -> Result<String> {
    match (&numbers.each[..], numbers.width) {
        ([all], _) => scalar::python(context, all, None),
        (each, _) => {
            let each = each.iter().enumerate();
            let each = each.map(|(entry, number)| scalar::python(context, number, Some(entry)));
            let each: Result<Vec<String>> = each.collect();
            Ok(format!("row_of(y, {})", each?.join(", ")))
        }
    }
}
