//! Which layers of two models are the same layer, where their names do not say so.
//!
//! A name that the file gives is what a layer is known by. Unnamed layers are numbered, so one layer more renumbers
//! those after it. The two networks are therefore aligned like two texts, such that the sum of [`likeness`] over the
//! pairs is the largest there is (Needleman and Wunsch 1970), and the first model is printed under the second's names.

use crate::ir::{Inference, Model, Node, Role, Tensor};
use std::collections::HashSet;
use std::sync::Arc;

/// The first model with the second's names, and the layers whose names this changed: before, after.
pub fn under_names_of(a: &Inference, b: &Inference) -> (Inference, Vec<(String, String)>) {
    let (xs, ys) = (items(a), items(b));
    let mut names = aligned(&xs, &ys);
    let mut all = names.clone();
    // A number that the second model gives to another layer.
    for x in xs.iter().filter(|x| x.numbered) {
        let paired = names.iter().any(|(before, _)| before == x.name);
        if !paired && ys.iter().any(|y| y.name == x.name) {
            all.push((x.name.to_owned(), format!("{}(first)", x.name)));
        }
    }
    names.retain(|(before, after)| before != after);
    // One target is the same whatever its name; learned numbers of the likelihood follow it.
    let one_target = a.others.is_empty() && b.others.is_empty();
    if one_target {
        all.push((a.target.name.clone(), b.target.name.clone()));
    }
    let mut renamed = a.clone();
    let model = Arc::make_mut(&mut renamed.model);
    for node in model.nodes.values_mut() {
        node.name = substituted(&node.name, &all);
    }
    for tensor in model.tensors.values_mut() {
        tensor.name = substituted(&tensor.name, &all);
    }
    for learned in model.learned.values_mut() {
        learned.name = substituted(&learned.name, &all);
    }
    for input in model.inputs.iter_mut().chain([&mut model.input]) {
        input.name = substituted(&input.name, &all);
    }
    if one_target && a.target.name != b.target.name {
        model.target.name.clone_from(&b.target.name);
        names.push((a.target.name.clone(), b.target.name.clone()));
    }
    (renamed, names)
}

/// A latent variable, the input or a layer.
struct Item<'a> {
    name: &'a str,
    /// The layer's word.
    kind: &'a str,
    /// All that it is but its name.
    text: String,
    /// Whether the language numbered it: `relu_2`.
    numbered: bool,
}

fn items(model: &Model) -> Vec<Item<'_>> {
    let latents = model.tensors.iter().map(|(_, tensor)| tensor);
    let latents = latents.filter(|tensor| tensor.role == Role::Latent);
    let prior = |latent: &Tensor| latent.prior.as_ref().map(|prior| model.prior_text(prior));
    let latents = latents.map(|latent| Item {
        name: &latent.name,
        kind: "latent",
        text: prior(latent).unwrap_or_default(),
        numbered: false,
    });
    let nodes = model.nodes.iter().map(|(_, node)| node);
    // What `observe` computes, `softplus(out[1])`, is named after its layer.
    let nodes = nodes.filter(|node| !node.name.contains(['(', '[']));
    let nodes = nodes.map(|node| {
        let layer = node.call.as_ref().and_then(|call| call.layer);
        let kind = layer.map_or("input", |layer| layer.signature().name);
        Item {
            name: &node.name,
            kind,
            text: match node.call {
                // There is one input, whatever its shape.
                None => String::new(),
                Some(_) => format!("{} {}", model.call_text(node), node.shape),
            },
            numbered: is_numbered(node, kind),
        }
    });
    latents.chain(nodes).collect()
}

fn is_numbered(node: &Node, kind: &str) -> bool {
    let name = node.name.rsplit('.').next().unwrap_or_default();
    let number = name
        .strip_prefix(kind)
        .and_then(|rest| rest.strip_prefix('_'));
    number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// How much speaks for two being the same; 0 where they cannot be.
fn likeness(x: &Item, y: &Item, common: &HashSet<&str>) -> u32 {
    let named = |item: &Item| !item.numbered;
    let in_both = |item: &Item| named(item) && common.contains(item.name);
    match () {
        () if named(x) && named(y) && x.name == y.name => 100,
        () if in_both(x) || in_both(y) || x.kind != y.kind => 0,
        () if named(x) || named(y) => 40 * u32::from(x.text == y.text),
        () => 4 + 16 * u32::from(x.text == y.text) + u32::from(x.name == y.name),
    }
}

/// The pairs of the alignment: the name in the first model, the name in the second.
fn aligned(xs: &[Item], ys: &[Item]) -> Vec<(String, String)> {
    let mut common: HashSet<&str> = xs.iter().filter(|x| !x.numbered).map(|x| x.name).collect();
    common.retain(|name| ys.iter().any(|y| !y.numbered && y.name == *name));
    // best[i][j]: the largest sum over the items from i and from j on.
    let mut best = vec![vec![0; ys.len() + 1]; xs.len() + 1];
    for i in (0..xs.len()).rev() {
        for j in (0..ys.len()).rev() {
            let paired = match likeness(&xs[i], &ys[j], &common) {
                0 => 0,
                likeness => likeness + best[i + 1][j + 1],
            };
            best[i][j] = paired.max(best[i + 1][j]).max(best[i][j + 1]);
        }
    }
    let mut pairs = vec![];
    let (mut i, mut j) = (0, 0);
    while i < xs.len() && j < ys.len() {
        if best[i][j] == best[i + 1][j] {
            i += 1;
        } else if best[i][j] == best[i][j + 1] {
            j += 1;
        } else {
            pairs.push((xs[i].name.to_owned(), ys[j].name.to_owned()));
            (i, j) = (i + 1, j + 1);
        }
    }
    pairs
}

/// A name with its layer's part replaced: `relu_1`, `dense_1.kernel`, `softplus(out[1])`.
fn substituted(name: &str, names: &[(String, String)]) -> String {
    let inside = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let start = name
        .find(['(', '['])
        .filter(|at| name[*at..].starts_with('('));
    let (function, rest) = name.split_at(start.map_or(0, |at| at + 1));
    let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
    let (own, after) = rest.split_at(end);
    let layer = |(before, _): &&(String, String)| {
        let rest = own.strip_prefix(before.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    match names
        .iter()
        .filter(layer)
        .max_by_key(|(before, _)| before.len())
    {
        Some((before, new)) => format!("{function}{new}{}{after}", &own[before.len()..]),
        None => name.into(),
    }
}
