//! One network of the prior: every parameter drawn from its prior, latent variables first.
//!
//! A number of a prior may be an expression of latent variables, at their draws, and of learned numbers,
//! where they start. A parameter without a prior is none of the prior's to draw: it starts as training
//! starts it, each network with a start of its own.

use crate::distribution::Distribution;
use crate::ir::{Argument, Handle, Inference, Leaf, Prior, Scalar, Tensor};
use crate::tensor::Stream;

/// The priors of a model, some of them replaced.
pub struct Priors<'a> {
    /// The model.
    pub model: &'a Inference,
    /// In place of a parameter's own, by its place in the model; as many as there are parameters.
    pub instead: &'a [Option<Prior>],
}

/// The uses of random numbers: the last part of a stream's key.
const PRIOR: u32 = 0;
const START: u32 = 1;

impl<'a> Priors<'a> {
    /// The prior of a parameter.
    pub fn of(&self, tensor: Handle<Tensor>) -> Option<&Prior> {
        let own = self.model.tensors[tensor].prior.as_ref();
        self.instead[tensor.index()].as_ref().or(own)
    }

    /// Every parameter of network number `draw`, by its place in the model.
    pub fn network(&self, draw: u64) -> Vec<Vec<f64>> {
        let mut drawn: Vec<Option<Vec<f64>>> = vec![None; self.model.tensors.len()];
        for (tensor, _) in self.model.tensors.iter() {
            self.draw(tensor, draw, &mut drawn);
        }
        drawn.into_iter().map(Option::unwrap_or_default).collect()
    }

    /// The weights of a network as [`Graph::of_weights`](crate::plan::Graph::of_weights) lays them out: each
    /// kernel times the factors of its input and output channels, if it has any.
    pub fn weights(&self, drawn: &[Vec<f64>]) -> Vec<f64> {
        let mut weights = drawn.concat();
        let mut start = 0;
        for (_, tensor) in self.model.tensors.iter() {
            let w = &mut weights[start..][..tensor.shape.len()];
            start += w.len();
            if let Some(factors) = tensor.factors {
                let [r, s] = factors.map(|factor| &drawn[factor.index()]);
                for (row, r) in w.chunks_exact_mut(s.len()).zip(r.iter().cycle()) {
                    row.iter_mut().zip(s).for_each(|(w, s)| *w *= r * s);
                }
            }
        }
        weights
    }

    /// The likelihood's arguments that are numbers, at a network's latent variables.
    pub fn numbers(&self, drawn: &[Vec<f64>]) -> Vec<f64> {
        let leaf = |leaf: Leaf| match leaf {
            Leaf::Learned(learned) => self.model.learned[learned].initial,
            Leaf::Latent(latent) => drawn[latent.index()][0],
        };
        let number = |argument: &Argument| match argument {
            Argument::Scalar(scalar) => scalar.value(&leaf),
            Argument::Node(_) => 0.0,
        };
        self.model.observe.arguments.iter().map(number).collect()
    }

    /// Draws a parameter, and before it what its prior depends on.
    fn draw(&self, handle: Handle<Tensor>, draw: u64, drawn: &mut Vec<Option<Vec<f64>>>) {
        let index = handle.index();
        if drawn[index].is_some() {
            return;
        }
        let tensor = &self.model.tensors[handle];
        let stream = |use_: u32| Stream::new(0, draw, index as u32, use_);
        let mut values = vec![0.0; tensor.shape.len()];
        let Some(prior) = self.of(handle) else {
            if let Some(start) = self.model.fitted(handle).posterior.initializer("loc") {
                start.fill(&tensor.shape, &stream(START), &mut values);
            }
            drawn[index] = Some(values);
            return;
        };
        for latent in prior
            .parameters
            .iter()
            .flat_map(Scalar::latents)
            .chain(prior.local)
        {
            self.draw(latent, draw, drawn);
        }
        let leaf = |leaf: Leaf| match leaf {
            Leaf::Learned(learned) => self.model.learned[learned].initial,
            Leaf::Latent(latent) => drawn[latent.index()].as_ref().map_or(0.0, |value| value[0]),
        };
        let parameters: Vec<f64> = prior
            .parameters
            .iter()
            .map(|scalar| scalar.value(&leaf))
            .collect();
        fill(prior.distribution, &parameters, &stream(PRIOR), &mut values);
        // What a prior is of is (w - anchor)/local, the local scales those of the last axis.
        if let Some(local) = prior.local.and_then(|local| drawn[local.index()].as_ref()) {
            for row in values.chunks_mut(local.len().max(1)) {
                row.iter_mut()
                    .zip(local)
                    .for_each(|(value, local)| *value *= local);
            }
        }
        if let Some(anchor) = &prior.anchor {
            values
                .iter_mut()
                .zip(anchor.iter())
                .for_each(|(value, anchor)| *value += anchor);
        }
        drawn[index] = Some(values);
    }

    /// The moments of a parameter's prior at the middle of what it depends on; `None` for a standard
    /// deviation that is not finite, that of what it depends on included.
    pub fn sd(&self, tensor: Handle<Tensor>) -> Option<f64> {
        let Some(prior) = self.of(tensor) else {
            return Some(0.0);
        };
        let mut latents = prior
            .parameters
            .iter()
            .flat_map(Scalar::latents)
            .chain(prior.local);
        latents
            .all(|latent| self.sd(latent).is_some())
            .then_some(())?;
        let parameters: Vec<f64> = prior
            .parameters
            .iter()
            .map(|s| self.model.initial(s))
            .collect();
        prior.distribution.moments(&parameters).1
    }
}

fn fill(distribution: &dyn Distribution, parameters: &[f64], stream: &Stream, out: &mut [f64]) {
    let mut uniform = Uniform {
        stream,
        next: 0,
        block: [0.0; BLOCK],
    };
    for value in out {
        *value = distribution.sample(parameters, &mut || uniform.next());
    }
}

const BLOCK: usize = 512;

/// The uniform numbers of a stream, one after the other.
struct Uniform<'a> {
    stream: &'a Stream,
    next: usize,
    block: [f64; BLOCK],
}

impl Uniform<'_> {
    fn next(&mut self) -> f64 {
        if self.next.is_multiple_of(BLOCK) {
            self.stream.fill_uniform(self.next, &mut self.block);
        }
        self.next += 1;
        self.block[(self.next - 1) % BLOCK]
    }
}
