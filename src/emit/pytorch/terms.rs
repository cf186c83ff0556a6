//! The terms of the loss that are of the weights.

use super::{Context, refused};
use crate::diagnostic::Result;
use crate::emit::python::{Code, number, quoted};
use crate::ir::{Form, TermKind};

/// The lines of `Model.terms`.
pub(super) fn body(context: &Context, code: &mut Code) -> Result<()> {
    let inference = &context.plan.inference;
    code.line("return {");
    for (_, tensor, term) in inference.loss.of_weights() {
        let prior = inference.tensors[tensor]
            .prior
            .as_ref()
            .expect("a term has a prior");
        let numbers: Option<Vec<String>> = prior
            .parameters
            .iter()
            .map(|p| p.fixed().map(number))
            .collect();
        let form = match (&term.kind, numbers) {
            (TermKind::Kl(_, Form::ClosedForm(form)), Some(numbers))
                if form.names() == ["Normal", "Normal"] =>
            {
                format!(
                    "kl_normal_normal({}, {})",
                    context.draw(tensor),
                    numbers.join(", ")
                )
            }
            _ => return Err(refused("a term has no PyTorch yet").into()),
        };
        code.line(format!(
            "    {}: {form},",
            quoted(&term.kind.name(inference))
        ));
    }
    code.line("}");
    Ok(())
}
