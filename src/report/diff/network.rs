//! Data and layers.

use super::pairing::is_numbered;
use super::{Change, Section, Two};
use crate::ir::{Handle, Inference, Node};
use crate::report::check::{call, constant};

/// What an example is.
pub fn data(two: &Two, out: &mut Vec<Change>) {
    let (a, b) = (two.a, two.b);
    let pairs = [
        (
            &b.input.name,
            "name",
            a.input.name.clone(),
            b.input.name.clone(),
        ),
        (
            &b.input.name,
            "shape",
            a.input.shape.to_string(),
            b.input.shape.to_string(),
        ),
        (
            &b.target.name,
            "name",
            a.target.name.clone(),
            b.target.name.clone(),
        ),
        (
            &b.target.name,
            "kind",
            a.target.kind.to_string(),
            b.target.kind.to_string(),
        ),
    ];
    for (subject, field, before, after) in pairs {
        out.extend(Change::new(Section::Data, subject, field).changed(before, after));
    }
}

/// The layers.
pub fn network(two: &Two, out: &mut Vec<Change>) {
    for pair in &two.pairing.nodes {
        match *pair {
            (Some(first), Some(second)) => both(two, first, second, out),
            (Some(first), None) => {
                let change = Change::new(Section::Network, &two.a.nodes[first].name, "");
                out.push(change.removed(whole(two.a, first)));
            }
            (None, Some(second)) => {
                let change = Change::new(Section::Network, &two.b.nodes[second].name, "");
                out.push(change.added(whole(two.b, second)));
            }
            (None, None) => {}
        }
    }
}

/// `tanh after hidden1`
fn whole(model: &Inference, node: Handle<Node>) -> String {
    let node = &model.nodes[node];
    let above: Vec<&str> = node
        .inputs
        .iter()
        .map(|n| model.nodes[*n].name.as_str())
        .collect();
    format!("{} after {}", call(model, node), above.join(", "))
}

fn both(two: &Two, first: Handle<Node>, second: Handle<Node>, out: &mut Vec<Change>) {
    let (a, b) = (&two.a.nodes[first], &two.b.nodes[second]);
    let (Some(call_a), Some(call_b)) = (&a.call, &b.call) else {
        return;
    };
    let change = |field| Change::new(Section::Network, &b.name, field);
    let field = match is_numbered(a) && is_numbered(b) {
        true => "number",
        false => "name",
    };
    out.extend(change(field).changed(a.name.as_str(), b.name.as_str()));
    let word = |layer: Option<&'static dyn crate::layer::Layer>| layer.map(|l| l.signature().name);
    if word(call_a.layer) != word(call_b.layer) {
        let (before, after) = (call(two.a, a), call(two.b, b));
        out.extend(change("layer").changed(before, after));
    } else {
        for ((name, x), (_, y)) in call_a.arguments.0.iter().zip(&call_b.arguments.0) {
            out.extend(change(name).changed(constant(x), constant(y)));
        }
    }
    let (before, after) = (origin_a(two, a), origin_b(two, b));
    if before != after {
        let name = |model: &Inference, node: &[Handle<Node>]| {
            let names = node.iter().map(|n| model.nodes[*n].name.clone());
            names.collect::<Vec<_>>().join(", ")
        };
        out.extend(change("input").changed(name(two.a, &a.inputs), name(two.b, &b.inputs)));
    }
}

/// What a layer of the first model is computed from, as layers of the second: where one is gone, what
/// that one was computed from.
fn origin_a(two: &Two, node: &Node) -> Vec<Handle<Node>> {
    let mut found = Vec::new();
    for input in &node.inputs {
        match two.pairing.node(*input) {
            Some(second) => found.push(second),
            None => found.extend(origin_a(two, &two.a.nodes[*input])),
        }
    }
    found
}

/// The same in the second model, past layers that are new.
fn origin_b(two: &Two, node: &Node) -> Vec<Handle<Node>> {
    let mut found = Vec::new();
    for input in &node.inputs {
        let old = two
            .pairing
            .nodes
            .iter()
            .any(|pair| matches!(pair, (Some(_), Some(b)) if b == input));
        match old {
            true => found.push(*input),
            false => found.extend(origin_b(two, &two.b.nodes[*input])),
        }
    }
    found
}
