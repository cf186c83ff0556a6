//! One network of the prior: every parameter drawn from its prior, latent variables first.
//!
//! A number of a prior may be an expression of latent variables, at their draws, and of learned numbers,
//! where they start. A parameter without a prior is none of the prior's to draw: it starts as training
//! starts it, each network with a start of its own.

use crate::ir::{Argument, Handle, Inference, Leaf, Numbers, Scalar, Table, Tensor};
use crate::tensor::Stream;

/// The parameters of one network.
pub type Drawn = Table<Tensor, Vec<f64>>;

/// The uses of random numbers: the last part of a stream's key.
const PRIOR: u32 = 0;
const START: u32 = 1;
/// How many uniform numbers are made at a time.
const BLOCK: usize = 512;

/// Every parameter of network number `draw`. What a prior depends on stands before it in the model.
pub fn network(model: &Inference, draw: u64) -> Drawn {
    let mut drawn = Drawn::with_capacity(model.tensors.len());
    for tensor in model.tensors.handles() {
        drawn.push(parameter(model, tensor, draw, &drawn));
    }
    drawn
}

fn parameter(model: &Inference, handle: Handle<Tensor>, draw: u64, drawn: &Drawn) -> Vec<f64> {
    let tensor = &model.tensors[handle];
    let stream = |use_: u32| Stream::new(0, draw, handle.index() as u32, use_);
    let mut values = vec![0.0; tensor.shape.len()];
    let Some(prior) = &tensor.prior else {
        if let Some(start) = model.fitted(handle).posterior.initializer("loc") {
            start.fill(&tensor.shape, &stream(START), &mut values);
        }
        return values;
    };
    let parameters = prior.parameters.iter();
    let parameters: Vec<f64> = parameters.map(|s| value(model, s, 0, drawn)).collect();
    let (stream, mut block, mut next) = (stream(PRIOR), [0.0; BLOCK], 0);
    let mut uniform = || {
        let place = next % BLOCK;
        if place == 0 {
            stream.fill_uniform(next, &mut block);
        }
        next += 1;
        block[place]
    };
    values.fill_with(|| prior.distribution.sample(&parameters, &mut uniform));
    // What a prior is of is (w - anchor)/local, the local scales those of the last axis.
    if let Some(local) = prior.local {
        let locals = drawn[local].iter().cycle();
        values
            .iter_mut()
            .zip(locals)
            .for_each(|(w, local)| *w *= local);
    }
    if let Some(anchor) = &prior.anchor {
        let anchors = anchor.iter();
        values
            .iter_mut()
            .zip(anchors)
            .for_each(|(w, anchor)| *w += anchor);
    }
    values
}

/// A number, that of an entry of the target, at a network's latent variables.
fn value(model: &Inference, scalar: &Scalar, entry: usize, drawn: &Drawn) -> f64 {
    scalar.value(&|leaf| match leaf {
        Leaf::Learned(learned) => model.learned[learned].initial_at(entry),
        Leaf::Latent(latent) => drawn[latent][0],
    })
}

/// The weights of a network as [`Graph::of_weights`](crate::plan::Graph::of_weights) lays them out: each
/// kernel times the factors of its input and output channels, if it has any.
pub fn weights(model: &Inference, drawn: &Drawn) -> Vec<f64> {
    let mut weights = Vec::new();
    for (handle, tensor) in model.tensors.iter() {
        let own = &drawn[handle];
        let Some(factors) = tensor.factors else {
            weights.extend(own);
            continue;
        };
        let [r, s] = factors.map(|factor| &drawn[factor]);
        for (row, r) in own.chunks_exact(s.len()).zip(r.iter().cycle()) {
            weights.extend(row.iter().zip(s).map(|(w, s)| w * (r * s)));
        }
    }
    weights
}

/// The likelihood's arguments that are numbers, at a network's latent variables.
pub fn numbers(model: &Inference, drawn: &Drawn) -> Vec<f64> {
    let arguments = model.observe.arguments.iter();
    let all = arguments.filter_map(Argument::numbers);
    let of_entries = |numbers: &Numbers| {
        let entries = 0..numbers.width;
        let value = |entry| value(model, numbers.at(entry), entry, drawn);
        entries.map(value).collect::<Vec<f64>>()
    };
    all.flat_map(of_entries).collect()
}

/// The standard deviation of a parameter's prior at the middle of what it depends on; `None` for one that
/// is not finite, that of what it depends on included.
pub fn sd(model: &Inference, tensor: Handle<Tensor>) -> Option<f64> {
    let Some(prior) = &model.tensors[tensor].prior else {
        return Some(0.0);
    };
    let scalars = prior.parameters.iter();
    let mut latents = scalars.clone().flat_map(Scalar::latents).chain(prior.local);
    if latents.any(|latent| sd(model, latent).is_none()) {
        return None;
    }
    let parameters: Vec<f64> = scalars.map(|scalar| model.initial(scalar)).collect();
    prior.distribution.moments(&parameters).1
}
