//! Layers that are used more than once.

use crate::ir::{Inference, Node};
use serde::Serialize;

/// A layer that is used again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct ReusedRow {
    /// The layer whose parameters they are.
    pub layer: String,
    /// The values that are made with them, the layer's own first.
    pub by: Vec<String>,
}

/// The layer whose parameters a node uses, where they are another's: the tensors are called after it.
pub fn again<'a>(inference: &'a Inference, node: &Node) -> Option<&'a str> {
    let tensor = node.call.as_ref()?.tensors().next()?;
    let (owner, _) = inference.tensors[tensor].name.rsplit_once('.')?;
    (owner != node.name).then_some(owner)
}

/// The layers that are used more than once.
pub fn reused(inference: &Inference) -> Vec<ReusedRow> {
    let mut found: Vec<ReusedRow> = Vec::new();
    for (_, node) in inference.nodes.iter() {
        let Some(layer) = again(inference, node) else {
            continue;
        };
        match found.iter_mut().find(|row| row.layer == layer) {
            Some(row) => row.by.push(node.name.clone()),
            None => found.push(ReusedRow {
                layer: layer.into(),
                by: vec![layer.into(), node.name.clone()],
            }),
        }
    }
    found
}
