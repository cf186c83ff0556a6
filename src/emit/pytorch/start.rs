//! Where variables start: `START`.

use super::{Context, array};
use crate::diagnostic::Result;
use crate::emit::python::{Code, number, quoted};
use crate::ir::Initializer;

/// The table of how each variable starts.
pub(super) fn text(context: &Context, code: &mut Code) -> Result<()> {
    code.comment(
        "How each variable starts; `initialize` draws the numbers that bnnc draws for a seed.",
    );
    code.block("START = {", |code| {
        for variable in &context.plan.variables {
            let start = match (&variable.given, variable.initializer) {
                (Some(given), _) => {
                    format!(
                        "given, {}",
                        array::python(given, &variable.shape.0, &variable.name)?
                    )
                }
                (None, Initializer::Constant(value)) => format!("constant, {}", number(value)),
                (None, Initializer::Normal { loc, scale }) => {
                    format!("normal, {}, {}", number(loc), number(scale))
                }
                (None, Initializer::Uniform { low, high }) => {
                    format!("uniform, {}, {}", number(low), number(high))
                }
                (None, Initializer::TruncatedNormal { loc, scale }) => {
                    format!("truncated_normal, {}, {}", number(loc), number(scale))
                }
                (None, Initializer::Orthogonal { gain }) => format!("orthogonal, {}", number(gain)),
            };
            code.statement(&format!("{}: (Start.{start}),", quoted(&variable.name)));
        }
        Ok::<_, crate::diagnostic::Failure>(())
    })?;
    code.line("}");
    Ok(())
}
