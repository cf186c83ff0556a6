//! The random draws of a step: which each parameter makes, their shapes and their names.

use super::Plan;
use crate::ir::{Handle, Tensor};
use crate::tensor::Shape;

/// One of a step's random draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DrawKind {
    /// ε of the parameter's shape.
    Noise,
    /// Signs per example and input channel.
    SignIn,
    /// Signs per example and output channel.
    SignOut,
    /// Standard normal per example and output entry.
    Activation,
    /// ε of the parameter's shape per example.
    ExampleNoise,
    /// 0 with the rate's probability, else 1, per input channel (and example).
    Mask,
}

impl DrawKind {
    /// Its name in a noise file: `conv1.kernel.noise`.
    pub fn word(self) -> &'static str {
        match self {
            DrawKind::Noise => "noise",
            DrawKind::SignIn => "sign_in",
            DrawKind::SignOut => "sign_out",
            DrawKind::Activation => "activation_noise",
            DrawKind::ExampleNoise => "example_noise",
            DrawKind::Mask => "mask",
        }
    }
}

impl Plan {
    /// The draws that a tensor makes for each sample of the weights: kind and shape, the leading axis of
    /// example-wise ones being `batch`.
    pub fn draws_of(&self, handle: Handle<Tensor>, batch: usize) -> Vec<(DrawKind, Shape)> {
        let (tensor, declared) = (&self.tensors[handle], &self.inference.tensors[handle]);
        let draws = tensor.draws;
        let axes = &declared.shape.0;
        let channels_out = axes.last().copied().unwrap_or(1);
        let mut found = Vec::new();
        if draws.noise {
            let shape = match tensor.noise.len() == declared.shape.len() {
                true => declared.shape.clone(),
                false => Shape(vec![tensor.noise.len()]),
            };
            found.push((DrawKind::Noise, shape));
        }
        if let Some(mask) = tensor.mask {
            let channels_in = axes[axes.len() - 2];
            let shape = match mask.per_example {
                true => vec![batch, channels_in],
                false => vec![channels_in],
            };
            found.push((DrawKind::Mask, Shape(shape)));
        }
        if draws.example_noise {
            let axes = [batch].into_iter().chain(axes.iter().copied());
            found.push((DrawKind::ExampleNoise, Shape(axes.collect())));
        }
        if draws.signs {
            if axes.len() > 1 {
                found.push((DrawKind::SignIn, Shape::new(&[batch, axes[axes.len() - 2]])));
            }
            found.push((DrawKind::SignOut, Shape::new(&[batch, channels_out])));
        }
        if draws.activation {
            let mut shape = vec![batch];
            match self.output_of(handle) {
                Some(output) if axes.len() > 1 => shape.extend(&output.0),
                _ => shape.push(channels_out),
            }
            found.push((DrawKind::Activation, Shape(shape)));
        }
        found
    }

    /// Every draw of a step by its name in a noise file. With more than one sample of the weights each
    /// has a leading axis for them.
    pub fn draws(&self, batch: usize) -> Vec<(String, Shape)> {
        let samples = self.inference.objective.samples;
        let of = |handle| {
            let draws = self.draws_of(handle, batch).into_iter();
            draws.map(move |(kind, shape)| (handle, kind, shape))
        };
        let all = self.tensors.handles().flat_map(of);
        all.map(|(handle, kind, shape)| {
            let mut axes = if samples > 1 { vec![samples] } else { vec![] };
            axes.extend(&shape.0);
            (self.draw_name(handle, kind), Shape(axes))
        })
        .collect()
    }

    /// A draw's name in a noise file: `conv1.kernel.noise`.
    pub fn draw_name(&self, tensor: Handle<Tensor>, kind: DrawKind) -> String {
        format!("{}.{}", self.inference.tensors[tensor].name, kind.word())
    }

    /// The output shape of the layer whose kernel this is.
    fn output_of(&self, tensor: Handle<Tensor>) -> Option<&Shape> {
        Some(&self.model.nodes[self.layers[tensor]?].shape)
    }
}
