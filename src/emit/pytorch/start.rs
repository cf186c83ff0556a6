//! Where variables start: `initialize`.

use super::{Context, array};
use crate::diagnostic::Result;
use crate::emit::python::{Code, number, quoted};
use crate::ir::Initializer;

/// The function that sets every variable.
pub(super) fn text(context: &Context, code: &mut Code) -> Result<()> {
    let variables = &context.plan.variables;
    code.block("def initialize(model, seed):", |code| {
        code.docstring(
            "Sets every variable to where it starts, the same as bnnc's for this seed.",
            "",
        );
        code.line("variables = dict(named_variables(model))");
        code.line("start = Start(variables, seed)");
        code.block("with torch.no_grad():", |code| {
            for variable in variables {
                let name = quoted(&variable.name);
                let of = format!("variables[{name}]");
                if let Some(given) = &variable.given {
                    code.line(format!(
                        "{of}.copy_({})",
                        array::python(given, &variable.shape.0, &variable.name)?
                    ));
                    continue;
                }
                let (rule, numbers) = match variable.initializer {
                    Initializer::Constant(value) => {
                        code.line(format!("{of}.fill_({})", number(value)));
                        continue;
                    }
                    Initializer::Normal { loc, scale } => ("normal", vec![loc, scale]),
                    Initializer::Uniform { low, high } => ("uniform", vec![low, high]),
                    Initializer::TruncatedNormal { loc, scale } => {
                        ("truncated_normal", vec![loc, scale])
                    }
                    Initializer::Orthogonal { gain } => ("orthogonal", vec![gain]),
                };
                let numbers: Vec<String> = numbers.into_iter().map(number).collect();
                code.line(format!(
                    "{of}.copy_(start.{rule}({name}, {of}.shape, {}))",
                    numbers.join(", ")
                ));
            }
            Ok::<_, crate::diagnostic::Failure>(())
        })?;
        code.line("limit(model)");
        Ok(())
    })
}
