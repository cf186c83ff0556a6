//! The graph: `Model.network`, a line or a few for each node.

use super::{Context, estimator, refused};
use crate::diagnostic::Result;
use crate::emit::python::{Code, quoted};
use crate::ir::{Argument, Call, Handle, Node};

/// The lines of `Model.network`.
pub(super) fn body(context: &Context, code: &mut Code) -> Result<()> {
    let model = &context.plan.model;
    for (handle, node) in model.nodes.iter() {
        if let Some(call) = &node.call {
            apply(context, code, handle, call)?;
        }
    }
    let mut values: Vec<String> = vec![];
    for node in model.arguments().filter_map(Argument::node) {
        let item = format!(
            "{}: {}",
            quoted(&model.nodes[node].name),
            context.value(node)
        );
        if !values.contains(&item) {
            values.push(item);
        }
    }
    code.call("return {", &values, "}");
    Ok(())
}

/// The lines that work out the value of one node.
fn apply(context: &Context, code: &mut Code, handle: Handle<Node>, call: &Call) -> Result<()> {
    let node = &context.plan.model.nodes[handle];
    let (value, x) = (context.value(handle), context.value(node.inputs[0]));
    match call.layer.map(|layer| layer.signature().name) {
        Some("dense") => {
            code.line(format!(
                "{value} = {}",
                estimator::apply(context, handle, "torch.matmul", &x)?
            ));
            if let Some(bias) = call.bias() {
                code.line(format!(
                    "{value} = {value} + {}",
                    estimator::row(context, bias)?
                ));
            }
        }
        Some("relu") => code.line(format!("{value} = torch.relu({x})")),
        other => {
            let name = other.unwrap_or("an entry of a value");
            return Err(refused(format!("`{name}` has no PyTorch yet"))
                .at(node.span, "here")
                .into());
        }
    }
    Ok(())
}
