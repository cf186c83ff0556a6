//! Likelihoods: `Model.nll`, and `Model.fits`, how good predictions are.

use super::{Context, refused, scalar};
use crate::diagnostic::Result;
use crate::emit::python::{Code, number, quoted};
use crate::expression::{self, Dialect, Expression, Operand};
use crate::ir::{Argument, Numbers, Observe, TermKind};
use crate::likelihood::TargetKind;
use crate::signature::Kind;

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
    if observe.likelihood.has_components() {
        // Beside the components of each entry.
        code.line("y = y.unsqueeze(-1)");
    }
    let nll = arguments(context, code, (kind, observe), nll)?;
    let start = format!("{variable} = ");
    let names = |name: &str| match name {
        // That of the label.
        "logits_y" => Operand::tensor("logits.gather(-1, y.unsqueeze(-1)).squeeze(-1)"),
        "cutpoints_y" => Operand::tensor("cutpoints[y]"),
        "cutpoints_j" => Operand::tensor("cutpoints[y + 1]"),
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
            None if is_ordered(observe) => {
                let of = |name: &str| Expression::Name(name.into());
                arguments(context, code, (kind, observe), of("cutpoints"))?;
                let eta = match arguments(context, code, (kind, observe), of("eta"))? {
                    Expression::Number(fixed) => number(fixed),
                    _ => "eta.unsqueeze(-1)".into(),
                };
                let probabilities = format!("torch.sigmoid(cutpoints - {eta}).diff(dim=-1)");
                code.line(format!(
                    "{variable} = ({probabilities}.argmax(-1) == y).sum()"
                ));
            }
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
                format!("values[{name}]{}", of_values(kind, rank, observe))
            }
            Argument::Numbers(numbers) if parameter.kind == Kind::Ordered => {
                ordered(context, numbers)?
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
        // Of a mixture a number that all components have.
        let (_, number) =
            all.find(|(known, _)| *known == name || name.strip_suffix("_k") == Some(known))?;
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

/// Whether the classes have an order, with numbers between them.
fn is_ordered(observe: &Observe) -> bool {
    let mut parameters = observe.likelihood.signature().parameters.iter();
    parameters.any(|parameter| parameter.kind == Kind::Ordered)
}

/// What makes a value of the network of so many axes, beside the batch, fit that.
fn of_values(kind: &TargetKind, rank: usize, observe: &Observe) -> String {
    match kind {
        _ if observe.likelihood.has_components() => {
            format!(".reshape(-1, {}, {})", kind.entries(), observe.components)
        }
        TargetKind::Category(_) if is_ordered(observe) => ".flatten()".into(),
        TargetKind::Categories { .. } if is_ordered(observe) => ".flatten(1)".into(),
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

/// Numbers in ascending order between infinite ends.
fn ordered(context: &Context, numbers: &Numbers) -> Result<String> {
    let each = numbers.each.iter();
    let each: Result<Vec<String>> = each.map(|n| scalar::python(context, n, None)).collect();
    Ok(format!("between_ends(values, {})", each?.join(", ")))
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
