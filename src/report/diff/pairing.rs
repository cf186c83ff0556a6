//! Which parts of two models are the same part.
//!
//! A name that the file gives is what a layer is known by. An unnamed layer is known by its place: the
//! two networks are aligned as two texts would be, so that the sum of [`likeness`] over the pairs is
//! the largest there is (Needleman and Wunsch 1970), and a layer put in between is one layer more and
//! not a change of all that are numbered after it. Parameters, learned numbers and terms follow their
//! layers.
//!
//! What `observe` takes out of a value or makes of it is no layer: it is compared with the likelihood.

use crate::ir::{Handle, Inference, Learned, Node, Tensor};
use std::collections::{HashMap, HashSet};

/// A part of the first model, of the second, or of both.
pub type Pair<T> = (Option<Handle<T>>, Option<Handle<T>>);

/// The parts of two models, in the order of both.
pub struct Pairing {
    /// Layers, the input first.
    pub nodes: Vec<Pair<Node>>,
    /// Latent variables, then the parameters of each layer.
    pub tensors: Vec<Pair<Tensor>>,
    /// Learned numbers.
    pub learned: Vec<Pair<Learned>>,
}

impl Pairing {
    /// What corresponds to what.
    pub fn new(a: &Inference, b: &Inference) -> Self {
        let nodes = nodes(a, b);
        let tensors = tensors(a, b, &nodes);
        let learned = learned(a, b, &tensors);
        Pairing {
            nodes,
            tensors,
            learned,
        }
    }

    /// The counterpart of a layer of the first model.
    pub fn node(&self, a: Handle<Node>) -> Option<Handle<Node>> {
        self.nodes.iter().find(|(first, _)| *first == Some(a))?.1
    }

    /// The counterpart of a parameter of the first model.
    pub fn tensor(&self, a: Handle<Tensor>) -> Option<Handle<Tensor>> {
        self.tensors.iter().find(|(first, _)| *first == Some(a))?.1
    }
}

/// Whether a layer has the number that the language gives to unnamed ones: `relu_2`.
pub fn is_numbered(node: &Node) -> bool {
    let Some(layer) = node.call.as_ref().and_then(|call| call.layer) else {
        return false;
    };
    let name = node.name.rsplit('.').next().unwrap_or_default();
    let number = name
        .strip_prefix(layer.signature().name)
        .and_then(|rest| rest.strip_prefix('_'));
    number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether it is written in `observe` and no layer: `out[0]`, `softplus(out)`.
pub fn is_of_likelihood(node: &Node) -> bool {
    node.call.is_some() && node.name.contains(['(', '['])
}

/// The layers, the input first.
fn layers(model: &Inference) -> impl Iterator<Item = (Handle<Node>, &Node)> {
    let nodes = model.nodes.iter();
    nodes.filter(|(_, node)| !is_of_likelihood(node))
}

/// The layer's word.
fn word(node: &Node) -> &str {
    let layer = node.call.as_ref().and_then(|call| call.layer);
    layer.map_or("input", |layer| layer.signature().name)
}

/// All that a layer is but its name.
fn text(model: &Inference, node: &Node) -> String {
    let settings = |tensor: Handle<Tensor>| {
        let tensor = model.fitted(tensor);
        let prior = tensor.prior.as_ref().map(|prior| model.prior_text(prior));
        let family = tensor.posterior.family.signature().name;
        let start = tensor.posterior.start_text(&tensor.shape);
        let estimator = tensor.estimator.map(|e| e.signature().name);
        format!("{prior:?} {family} {start} {estimator:?}")
    };
    let parameters = node.call.iter().flat_map(|call| [call.kernel, call.bias]);
    let parameters: Vec<String> = parameters.flatten().map(settings).collect();
    let call = model.call_text(node);
    format!("{call} {:?} {parameters:?}", node.shape)
}

/// How much speaks for two layers being the same one; 0 where they cannot be.
fn likeness(x: &Side, y: &Side) -> u32 {
    if x.named && y.named && x.name == y.name {
        return 100;
    }
    if x.kept || y.kept || x.word != y.word {
        return 0;
    }
    let same_name = u32::from(x.name == y.name);
    match (x.named || y.named, x.text == y.text) {
        (true, true) => 40,
        (true, false) => 0,
        (false, true) => 20 + same_name,
        (false, false) => 4 + same_name,
    }
}

/// A layer as [`likeness`] sees it.
struct Side<'a> {
    name: &'a str,
    word: &'a str,
    text: String,
    /// Whether the file names it.
    named: bool,
    /// Whether the file names it and the other model has that name, too.
    kept: bool,
}

fn sides<'a>(model: &'a Inference, other: &Inference) -> Vec<Side<'a>> {
    let named = |model: &Inference| -> HashSet<String> {
        let nodes = layers(model).map(|(_, node)| node);
        let named = nodes.filter(|node| node.call.is_some() && !is_numbered(node));
        named.map(|node| node.name.clone()).collect()
    };
    let (own, theirs) = (named(model), named(other));
    let side = |node: &'a Node| Side {
        name: &node.name,
        word: word(node),
        text: text(model, node),
        named: own.contains(&node.name),
        kept: own.contains(&node.name) && theirs.contains(&node.name),
    };
    layers(model).skip(1).map(|(_, node)| side(node)).collect()
}

fn nodes(a: &Inference, b: &Inference) -> Vec<Pair<Node>> {
    let handles = |model: &Inference| layers(model).map(|(h, _)| h).collect::<Vec<_>>();
    let (of_a, of_b) = (handles(a), handles(b));
    let (xs, ys) = (sides(a, b), sides(b, a));
    // best[i][j]: the largest sum over the layers from i and from j on.
    let mut best = vec![vec![0; ys.len() + 1]; xs.len() + 1];
    for i in (0..xs.len()).rev() {
        for j in (0..ys.len()).rev() {
            let both = match likeness(&xs[i], &ys[j]) {
                0 => 0,
                likeness => likeness + best[i + 1][j + 1],
            };
            best[i][j] = both.max(best[i + 1][j]).max(best[i][j + 1]);
        }
    }
    // The input is the input, whatever its name.
    let mut pairs: Vec<Pair<Node>> = vec![(of_a.first().copied(), of_b.first().copied())];
    let (mut i, mut j) = (0, 0);
    while i < xs.len() || j < ys.len() {
        let like = match (xs.get(i), ys.get(j)) {
            (Some(x), Some(y)) => likeness(x, y),
            _ => 0,
        };
        if like > 0 && best[i][j] == like + best[i + 1][j + 1] {
            pairs.push((Some(of_a[i + 1]), Some(of_b[j + 1])));
            (i, j) = (i + 1, j + 1);
        } else if i < xs.len() && (j == ys.len() || best[i][j] == best[i + 1][j]) {
            pairs.push((Some(of_a[i + 1]), None));
            i += 1;
        } else {
            pairs.push((None, Some(of_b[j + 1])));
            j += 1;
        }
    }
    moved(a, b, pairs)
}

/// Layers of one name that an alignment cannot hold, as another went before them, are pairs all the same.
fn moved(a: &Inference, b: &Inference, mut pairs: Vec<Pair<Node>>) -> Vec<Pair<Node>> {
    let mut alone: HashMap<&str, usize> = HashMap::new();
    for (place, pair) in pairs.iter().enumerate() {
        if let (Some(first), None) = *pair
            && !is_numbered(&a.nodes[first])
        {
            alone.insert(&a.nodes[first].name, place);
        }
    }
    let mut gone = Vec::new();
    for place in 0..pairs.len() {
        if let (None, Some(second)) = pairs[place]
            && !is_numbered(&b.nodes[second])
            && let Some(&other) = alone.get(b.nodes[second].name.as_str())
        {
            pairs[place].0 = pairs[other].0;
            gone.push(other);
        }
    }
    let mut place = 0;
    pairs.retain(|_| {
        place += 1;
        !gone.contains(&(place - 1))
    });
    pairs
}

fn tensors(a: &Inference, b: &Inference, nodes: &[Pair<Node>]) -> Vec<Pair<Tensor>> {
    let mut pairs = latents(a, b);
    for (first, second) in nodes {
        let of = |model: &Inference, node: &Option<Handle<Node>>| {
            let call = node.and_then(|node| model.nodes[node].call.as_ref());
            let (kernel, bias) = call.map_or((None, None), |call| (call.kernel, call.bias));
            // What a kernel brings with it goes before it.
            let of_kernel = kernel.map(|kernel| &model.tensors[kernel]);
            let [r, s] = match of_kernel.and_then(|kernel| kernel.factors) {
                Some(factors) => factors.map(Some),
                None => [None, None],
            };
            let local = |tensor: Option<Handle<Tensor>>| {
                tensor.and_then(|t| model.tensors[t].prior.as_ref()?.local)
            };
            [r, s, local(kernel), kernel, local(bias), bias]
        };
        let both = of(a, first).into_iter().zip(of(b, second));
        pairs.extend(both.filter(|(x, y)| x.is_some() || y.is_some()));
    }
    pairs
}

/// Latent variables by their names; of those left over, by what they are.
fn latents(a: &Inference, b: &Inference) -> Vec<Pair<Tensor>> {
    let all = |model: &Inference| {
        let latents = model.tensors.iter();
        let latents = latents.filter(|(_, t)| t.role == crate::ir::Role::Latent);
        latents.map(|(handle, _)| handle).collect::<Vec<_>>()
    };
    let (firsts, mut seconds) = (all(a), all(b));
    let mut pairs: Vec<Pair<Tensor>> = Vec::new();
    let mut left = Vec::new();
    for first in firsts {
        let named = |second: &Handle<Tensor>| b.tensors[*second].name == a.tensors[first].name;
        match seconds.iter().position(named) {
            Some(place) => pairs.push((Some(first), Some(seconds.remove(place)))),
            None => left.push(first),
        }
    }
    let what = |model: &Inference, tensor: Handle<Tensor>| {
        let tensor = model.fitted(tensor);
        let prior = tensor.prior.as_ref().map(|prior| model.prior_text(prior));
        let start = tensor.posterior.start_text(&tensor.shape);
        (prior, tensor.posterior.family.signature().name, start)
    };
    for first in left {
        let same = |second: &Handle<Tensor>| what(a, first) == what(b, *second);
        let second = seconds
            .iter()
            .position(same)
            .map(|place| seconds.remove(place));
        pairs.push((Some(first), second));
    }
    pairs.extend(seconds.into_iter().map(|second| (None, Some(second))));
    pairs
}

/// A learned number is known by what it stands in: `conv1.kernel.prior.scale`, `label.scale`.
fn learned(a: &Inference, b: &Inference, tensors: &[Pair<Tensor>]) -> Vec<Pair<Learned>> {
    let renamed = |name: &str| -> Option<String> {
        let owner = |(first, second): &Pair<Tensor>| {
            let rest = name.strip_prefix(a.tensors[(*first)?].name.as_str())?;
            rest.starts_with('.')
                .then(|| Some(format!("{}{rest}", b.tensors[(*second)?].name)))
        };
        if let Some(found) = tensors.iter().find_map(owner) {
            return found;
        }
        let rest = name.strip_prefix(a.target.name.as_str())?;
        Some(format!("{}{rest}", b.target.name))
    };
    let mut seconds: Vec<Handle<Learned>> = b.learned.iter().map(|(handle, _)| handle).collect();
    let mut pairs: Vec<Pair<Learned>> = Vec::new();
    for (first, learned) in a.learned.iter() {
        let name = renamed(&learned.name);
        let same = |second: &Handle<Learned>| Some(&b.learned[*second].name) == name.as_ref();
        let second = seconds
            .iter()
            .position(same)
            .map(|place| seconds.remove(place));
        pairs.push((Some(first), second));
    }
    pairs.extend(seconds.into_iter().map(|second| (None, Some(second))));
    pairs
}
