//! Posteriors: the variables of each parameter, and its draw.

use super::{Context, refused};
use crate::diagnostic::Result;
use crate::emit::python::{Code, quoted, shape};

/// The lines of `Model.__init__`.
pub(super) fn declarations(context: &Context, code: &mut Code) -> Result<()> {
    for (handle, fitted) in context.plan.inference.all_fitted() {
        let family = fitted.posterior.family.signature().name;
        if family != "MeanField" {
            return Err(refused(format!("the posterior `{family}` has no PyTorch yet")).into());
        }
        let (name, shape) = (quoted(&fitted.name), shape(&fitted.shape.0));
        code.line(format!(
            "self.{} = MeanField({name}, {shape})",
            context.attribute(handle)
        ));
    }
    Ok(())
}

/// The lines of `Model.draw`.
pub(super) fn draws(context: &Context, code: &mut Code) -> Result<()> {
    code.line("return {");
    for (handle, tensor) in context.plan.model.tensors.iter() {
        code.line(format!(
            "    {}: self.{}.draw(noise),",
            quoted(&tensor.name),
            context.attribute(handle)
        ));
    }
    code.line("}");
    Ok(())
}
