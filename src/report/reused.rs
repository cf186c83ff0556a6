//! Layers that are used more than once.

use crate::ir::{Handle, Inference, Node, Subject, Tensor};
use crate::words::join;
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// A layer that is used again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct ReusedRow {
    /// The layer whose parameters they are.
    pub layer: String,
    /// The values that are made with them, the layer's own first.
    pub by: Vec<String>,
    /// Whether some of its parameters are random: they are drawn once a step.
    pub drawn: bool,
    /// Whether some of its parameters have a term in the loss.
    pub has_terms: bool,
}

impl ReusedRow {
    /// `a is used 2 times, by a and b: one draw a step`
    pub fn text(&self) -> String {
        let drawn = self.drawn.then_some("one draw a step");
        let terms =
            (self.has_terms).then_some("one term in the loss for each parameter that has one");
        let said: Vec<&str> = drawn.into_iter().chain(terms).collect();
        let said = match &said[..] {
            [] => "with the same parameters".into(),
            said => said.join(", "),
        };
        let (times, by) = (self.by.len(), join(self.by.clone(), "and"));
        format!("{} is used {times} times, by {by}: {said}", self.layer)
    }
}

/// The layer whose parameters a node uses, where they are another's: the tensors are called after it.
pub fn again<'a>(inference: &'a Inference, node: &Node) -> Option<&'a str> {
    let tensor = node.call.as_ref()?.tensors().next()?;
    let (owner, _) = inference.tensors[tensor].name.rsplit_once('.')?;
    (owner != node.name).then_some(owner)
}

/// The layers that are used more than once.
pub fn reused(inference: &Inference) -> Vec<ReusedRow> {
    let absent = inference.loss.absent.iter().map(|absent| absent.subject);
    let absent: HashSet<Subject> = absent.collect();
    let is_drawn = |tensor: Handle<Tensor>| {
        let fitted = inference.fitted(tensor);
        fitted.posterior.family.entries().is_random()
    };
    let mut found: Vec<ReusedRow> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (_, node) in inference.nodes.iter() {
        let (Some(layer), Some(call)) = (again(inference, node), &node.call) else {
            continue;
        };
        let place = *places.entry(layer).or_insert(found.len());
        if place == found.len() {
            found.push(ReusedRow {
                layer: layer.into(),
                by: vec![layer.into()],
                drawn: call.tensors().any(is_drawn),
                has_terms: (call.tensors())
                    .any(|tensor| !absent.contains(&Subject::Tensor(tensor))),
            });
        }
        found[place].by.push(node.name.clone());
    }
    found
}
