//! Likelihoods: `Model.nll`.

use super::{Context, refused};
use crate::diagnostic::Result;
use crate::emit::python::{Code, number, quoted};
use crate::ir::{Argument, TermKind};

/// The lines of `Model.nll`.
pub(super) fn body(context: &Context, code: &mut Code) -> Result<()> {
    let model = &context.plan.model;
    let mut terms = vec![];
    for (index, (_, observe)) in model.observed().enumerate() {
        let name = observe.likelihood.signature().name;
        if name != "Normal" {
            return Err(refused(format!("the likelihood `{name}` has no PyTorch yet")).into());
        }
        let mut arguments = vec![];
        for argument in &observe.arguments {
            arguments.push(match argument {
                Argument::Node(node) => format!("values[{}]", quoted(&model.nodes[*node].name)),
                Argument::Numbers(numbers) => numbers
                    .fixed()
                    .map(number)
                    .ok_or_else(|| refused("a learned number"))?,
            });
        }
        let term = TermKind::Nll(index).name(model);
        terms.push(format!(
            "{}: normal_nll({}, targets[{index}]).sum()",
            quoted(&term),
            arguments.join(", ")
        ));
    }
    code.call("return {", &terms, "}");
    Ok(())
}
