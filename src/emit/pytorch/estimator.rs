//! How a layer takes a draw of its kernel, and of its rows.

use super::{Context, refused};
use crate::diagnostic::Result;
use crate::ir::{Handle, Node, Tensor};

/// The value of a linear node: `map` is its function of (x, w), linear in w.
pub(super) fn apply(context: &Context, node: Handle<Node>, map: &str, x: &str) -> Result<String> {
    let call = context.plan.model.nodes[node].call.as_ref();
    let kernel = call
        .and_then(|call| call.kernel())
        .expect("a linear node has a kernel");
    match context.plan.tensors[kernel].estimator.signature().name {
        "point" | "reparameterization" => Ok(format!("{map}({x}, {}.w)", context.draw(kernel))),
        other => Err(refused(format!("the estimator `{other}` has no PyTorch yet")).into()),
    }
}

/// A bias, or another row of parameters: [1, channels], or [B, channels] where each example has its own.
pub(super) fn row(context: &Context, tensor: Handle<Tensor>) -> Result<String> {
    Ok(format!("{}.w[None]", context.draw(tensor)))
}
