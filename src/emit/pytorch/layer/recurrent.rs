//! Recurrences: a loop over steps, on weights that are drawn before it.

use super::{Site, estimator};
use crate::diagnostic::Result;
use crate::emit::python::number;
use crate::layer::Geometry;

/// The line of a recurrence: its cell, and the kernel with one draw for all steps.
pub(super) fn expressions(site: &Site, geometry: Geometry) -> Result<Vec<String>> {
    let context = site.context;
    let name = site.call.layer.map_or("", |layer| layer.signature().name);
    let kernel = site.call.kernel().expect("a recurrence has a kernel");
    let tensor = &context.plan.tensors[kernel];
    // What a matrix of ones on its diagonal is multiplied to are the weights that each example sees.
    let weights = match tensor.estimator.signature().name {
        "point" | "reparameterization" => format!("{}.w", context.draw(kernel)),
        _ => {
            let ones = format!("diagonal(x, {})", geometry.units);
            estimator::apply(context, site.handle, "matmul", &ones)?
        }
    };
    let cell = match site.arguments().number_if_any("forget_bias") {
        Some(bias) if bias != 1.0 => format!("partial({name}, forget_bias={})", number(bias)),
        _ => name.into(),
    };
    let mut arguments = vec![cell, site.x().into(), weights];
    if let Some(bias) = site.call.bias() {
        arguments.push(format!("bias={}", estimator::row(context, bias)?));
    }
    if let Some(length) = site.inputs.get(1) {
        arguments.push(format!("length={length}"));
    }
    if geometry.backward {
        arguments.push("backward=True".into());
    }
    if geometry.last {
        arguments.push("last=True".into());
    }
    Ok(vec![format!("recurrence({})", arguments.join(", "))])
}
