//! The random draws of a step: which each parameter makes, their shapes and their names.

use super::Plan;
use crate::ir::{Handle, Node, Role, Tensor};
use crate::layer::{self, Operation};
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

/// How many uses of random numbers a sample of the weights has: the kinds of draws take the first of them.
const USES: u32 = 8;
/// Later uses of a tensor have keys from here on, a part for each.
const LATER_USES: u32 = 1 << 16;
/// The masks of nodes have keys from here on, by sample: with the node in place of the parameter.
const MASKS: u32 = 1 << 31;

impl DrawKind {
    /// The last part of the key of its stream, for a use of the tensor and a sample of the weights.
    pub fn key(self, of_use: usize, sample: usize) -> u32 {
        of_use as u32 * LATER_USES + sample as u32 * USES + self as u32
    }
}

/// The last part of the key of a node's mask, for a sample of the weights.
pub fn mask_key(sample: usize) -> u32 {
    MASKS | sample as u32
}

/// Where the random numbers of a draw come from, beside the seed and the step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawStream {
    /// The draw's name in a noise file.
    pub name: String,
    /// The number of its parameter, or of the node whose mask it is.
    pub parameter: usize,
    /// The last part of its key, for the first sample of the weights.
    pub of_use: u32,
    /// How much larger that is for each further sample.
    pub stride: u32,
}

/// A draw that a tensor makes for each sample of the weights.
pub struct TensorDraw {
    /// Of which kind.
    pub kind: DrawKind,
    /// For which use of the tensor, from 0: noise of activations is drawn for each, all else once.
    pub of_use: usize,
    /// The leading axis of an example-wise one is the batch.
    pub shape: Shape,
}

impl Plan {
    /// The draws that a tensor makes for each sample of the weights.
    pub fn draws_of(&self, handle: Handle<Tensor>, batch: usize) -> Vec<TensorDraw> {
        let (tensor, declared) = (&self.tensors[handle], &self.inference.tensors[handle]);
        let draws = tensor.draws;
        let axes = &declared.shape.0;
        let is_kernel = declared.role == Role::Kernel;
        // Of all else each example has its own row: a number an entry.
        let channels_out = match is_kernel {
            true => axes.last().copied().unwrap_or(1),
            false => declared.shape.len(),
        };
        let mut found: Vec<(DrawKind, Shape)> = Vec::new();
        if draws.noise {
            let shape = match tensor.noise.len() == declared.shape.len() {
                true => declared.shape.clone(),
                false => Shape(vec![tensor.noise.len()]),
            };
            found.push((DrawKind::Noise, shape));
        }
        if let Some(mask) = tensor.mask {
            let channels_in = self.channels_in(handle);
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
            if is_kernel {
                found.push((
                    DrawKind::SignIn,
                    Shape::new(&[batch, self.channels_in(handle)]),
                ));
            }
            found.push((DrawKind::SignOut, Shape::new(&[batch, channels_out])));
        }
        let mut found: Vec<TensorDraw> = found
            .into_iter()
            .map(|(kind, shape)| TensorDraw {
                kind,
                of_use: 0,
                shape,
            })
            .collect();
        if draws.activation {
            let row = Shape(vec![channels_out]);
            let uses: Vec<&Shape> = match is_kernel {
                false => vec![&row],
                true => self.uses[handle]
                    .iter()
                    .map(|&node| &self.model.nodes[node].shape)
                    .collect(),
            };
            found.extend(
                uses.into_iter()
                    .enumerate()
                    .map(|(of_use, output)| TensorDraw {
                        kind: DrawKind::Activation,
                        of_use,
                        shape: Shape([&[batch], &output.0[..]].concat()),
                    }),
            );
        }
        found
    }

    /// The nodes that leave entries out at random in training, with what they leave out.
    pub fn masks(&self) -> impl Iterator<Item = (Handle<Node>, layer::Mask)> {
        let nodes = self.model.nodes.iter();
        nodes.filter_map(|(handle, node)| match &node.call.as_ref()?.operation {
            Operation::Function(function) => Some((handle, function.mask()?)),
            _ => None,
        })
    }

    /// Every draw of a step by its name in a noise file. With more than one sample of the weights each
    /// has a leading axis for them.
    pub fn draws(&self, batch: usize) -> Vec<(String, Shape)> {
        let samples = self.inference.objective.samples;
        let with_samples = |shape: Shape| match samples {
            1 => shape,
            _ => Shape([&[samples], &shape.0[..]].concat()),
        };
        let of = |handle| {
            let draws = self.draws_of(handle, batch).into_iter();
            draws.map(move |draw| (self.draw_name(handle, draw.kind, draw.of_use), draw.shape))
        };
        let of_tensors = self.tensors.handles().flat_map(of);
        let masks = self.masks();
        let masks = masks.map(|(node, mask)| (self.mask_name(node), Shape(vec![batch, mask.len])));
        let all = of_tensors.chain(masks);
        all.map(|(name, shape)| (name, with_samples(shape)))
            .collect()
    }

    /// The streams of a step's random draws.
    pub fn streams(&self) -> Vec<DrawStream> {
        let of = |handle: Handle<Tensor>| {
            let draws = self.draws_of(handle, 1).into_iter();
            draws.map(move |draw| DrawStream {
                name: self.draw_name(handle, draw.kind, draw.of_use),
                parameter: handle.index(),
                of_use: draw.kind.key(draw.of_use, 0),
                stride: USES,
            })
        };
        let of_node = |(node, _): (Handle<Node>, _)| DrawStream {
            name: self.mask_name(node),
            parameter: node.index(),
            of_use: mask_key(0),
            stride: 1,
        };
        let of_tensors = self.tensors.handles().flat_map(of);
        of_tensors.chain(self.masks().map(of_node)).collect()
    }

    /// A draw's name in a noise file: `conv1.kernel.noise`. Later uses of a tensor are called by their nodes.
    pub fn draw_name(&self, tensor: Handle<Tensor>, kind: DrawKind, of_use: usize) -> String {
        let declared = &self.inference.tensors[tensor];
        match (of_use, self.uses[tensor].get(of_use)) {
            (1.., Some(&node)) => {
                let node = &self.model.nodes[node].name;
                format!("{node}.{}.{}", declared.role.word(), kind.word())
            }
            _ => format!("{}.{}", declared.name, kind.word()),
        }
    }

    /// The name of a node's mask in a noise file: `dropout_1.mask`.
    pub fn mask_name(&self, node: Handle<Node>) -> String {
        format!("{}.{}", self.model.nodes[node].name, DrawKind::Mask.word())
    }

    /// The channels of the values that a kernel is applied to. A kernel in groups has fewer itself; tokens stand for as
    /// many as there are in the vocabulary.
    fn channels_in(&self, kernel: Handle<Tensor>) -> usize {
        let Some(&node) = self.uses[kernel].first() else {
            return 1;
        };
        let node = &self.model.nodes[node];
        let operation = node.call.as_ref().map(|call| &call.operation);
        let tokens = match operation {
            Some(Operation::Linear(linear)) => linear.vocabulary(),
            Some(Operation::Scan(scan)) => return scan.geometry().units,
            _ => None,
        };
        let axes = &self.model.nodes[node.inputs[0]].shape.0;
        tokens.or(axes.last().copied()).unwrap_or(1)
    }
}
