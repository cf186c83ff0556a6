//! Likelihoods: `Model.nll`, and `Model.fits`, how good predictions are.

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
    if kind.may_miss_entries() {
        // The gradient of what is computed in the place of a missing entry has to be finite: it is multiplied by 0.
        let (is_known, known) = match kind.classes() {
            Some(_) => ("y >= 0", "y.clamp(min=0)"),
            None => ("~y.isnan()", "torch.where(known, y, 1.0)"),
        };
        code.line(format!("known = {is_known}"));
        code.line(format!("y = {known}"));
    }
    let nll = arguments(context, code, (kind, observe), nll)?;
    let start = format!("{variable} = ");
    let names = |name: &str| match name {
        // That of the label.
        "logits_y" => Operand::tensor("logits.gather(-1, y.unsqueeze(-1)).squeeze(-1)"),
        name => Operand::tensor(name),
    };
    code.placed(|indent| nll.statement(Dialect::Torch, &names, indent, &start));
    if kind.may_miss_entries() {
        code.line(format!("{variable} = torch.where(known, {variable}, 0.0)"));
    }
    Ok(())
}

/// The lines of `Model.fits`.
pub(super) fn fits(context: &Context, code: &mut Code) -> Result<()> {
    let mut found = vec![];
    for (index, (target, observe)) in context.plan.model.observed().enumerate() {
        let kind = &target.kind;
        code.line(format!("y = targets[{index}]{}", of_entries(kind)));
        let variable = format!("fit_{index}");
        match expression::mean(observe.likelihood) {
            None => {
                let logits = Expression::Name("logits".into());
                arguments(context, code, (kind, observe), logits)?;
                let hit = match kind {
                    TargetKind::Category(_) | TargetKind::Categories { .. } => "logits.argmax(-1)",
                    _ => "(logits > 0)",
                };
                code.line(format!("{variable} = ({hit} == y).sum()"));
            }
            Some(mean) => {
                let mean = arguments(context, code, (kind, observe), mean.map_err(refused)?)?;
                let names = |name: &str| Operand::tensor(name);
                code.placed(|indent| mean.statement(Dialect::Torch, &names, indent, "mean = "));
                let sum = match kind.may_miss_entries() {
                    true => "nansum",
                    false => "sum",
                };
                code.line(format!("{variable} = (mean - y).square().{sum}(0)"));
            }
        }
        found.push(variable);
    }
    code.line(format!("return [{}]", found.join(", ")));
    Ok(())
}

/// The lines that set the arguments of a likelihood which `of` has; with those put in that are fixed numbers.
fn arguments(
    context: &Context,
    code: &mut Code,
    (kind, observe): (&TargetKind, &Observe),
    of: Expression,
) -> Result<Expression> {
    let parameters = observe.likelihood.signature().parameters.iter();
    let mut fixed: Vec<(&str, f64)> = vec![];
    for (parameter, argument) in parameters.zip(&observe.arguments) {
        // `logits_y` is made of `logits`.
        let own = |name: &str| name.split('_').next() == parameter.name.split('_').next();
        if !of.any(&|part| matches!(part, Expression::Name(name) if own(name))) {
            continue;
        }
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
    Ok(of.with(&number))
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
