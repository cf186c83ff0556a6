//! Layers: each a file with its signature, shape rule, forward, backward and test.
//!
//! A layer is one of six kinds of [`Operation`]: a view (no arithmetic), a map (of one value, without weights), a
//! function (of several values, or with rows of parameters), linear in a kernel, a normalisation by the statistics
//! of a minibatch, or a recurrence. Some are none of these, but written in the language, of others. Passes look at the kind, never at the layer: an estimator is written once against [`Linear`].

pub mod add;
pub mod attention;
pub mod avg_pool;
pub mod batch_norm;
pub mod composed;
pub mod concat;
pub mod conv;
pub mod conv_transpose;
pub mod dense;
mod depthwise;
pub mod dot_product_attention;
pub mod dropout;
pub mod elu;
pub mod embedding;
pub mod exp;
pub mod filter_response_norm;
pub mod flatten;
mod function;
pub mod gelu;
pub mod global_pool;
pub mod group_norm;
mod grouped;
mod gru;
pub mod hard_swish;
mod image_convolution;
pub mod instance_norm;
mod joins;
mod lanes;
pub mod layer_norm;
pub mod leaky_relu;
pub mod log_softmax;
mod lstm;
pub mod mask_padding;
pub mod max_pool;
pub mod mish;
pub mod multiply;
mod norms;
pub mod pad;
pub mod pad_channels;
mod pointwise;
pub mod positions;
pub mod prelu;
mod recurrent;
pub mod relu;
pub mod reshape;
mod rnn;
mod scalar;
mod scan;
pub mod select;
pub mod sequences;
pub mod sigmoid;
pub mod silu;
pub mod sinusoidal_positions;
pub mod softmax;
pub mod softplus;
pub mod spatial_dropout;
mod statistics;
pub mod tanh;
#[cfg(test)]
mod testing;
pub mod upsample;
mod windows;

use crate::signature::{Constants, Signature};
use crate::tensor::correlate::{Gradient, Weights};
use crate::tensor::{Real, Shape};
pub use function::{AnyFunction, Function, MOST_INPUTS, Mask, Reads, Towards};
use pointwise::Entry;
pub use scan::{AnyScan, Geometry, Scan, StepBack, StepForward};
use sequences::MIXES_STEPS;
pub use sequences::{Sequence, Sequences};
pub use statistics::{AnyStatistics, Moments, Statistics};
use std::sync::Arc;

/// Every layer, as `bnnc list` shows them.
pub static LAYERS: &[&dyn Layer] = &[
    &dense::Dense,
    &conv::Conv::<2>,
    &conv::Conv::<1>,
    &conv::Conv::<3>,
    &conv_transpose::ConvTranspose::<2>,
    &conv_transpose::ConvTranspose::<1>,
    &conv_transpose::ConvTranspose::<3>,
    &max_pool::MaxPool::<2>,
    &max_pool::MaxPool::<1>,
    &max_pool::MaxPool::<3>,
    &avg_pool::AvgPool::<2>,
    &avg_pool::AvgPool::<1>,
    &avg_pool::AvgPool::<3>,
    &global_pool::GlobalAvgPool::<2>,
    &global_pool::GlobalAvgPool::<1>,
    &global_pool::GlobalAvgPool::<3>,
    &global_pool::GlobalMaxPool::<2>,
    &global_pool::GlobalMaxPool::<1>,
    &global_pool::GlobalMaxPool::<3>,
    &upsample::Upsample::<2>,
    &upsample::Upsample::<1>,
    &upsample::Upsample::<3>,
    &pad::Pad,
    &pad::Crop,
    &flatten::Flatten,
    &reshape::Reshape,
    &filter_response_norm::FilterResponseNorm,
    &batch_norm::BatchNorm,
    &layer_norm::LayerNorm,
    &group_norm::GroupNorm,
    &instance_norm::InstanceNorm,
    &Entry::<relu::Relu>::NEW,
    &Entry::<leaky_relu::LeakyRelu>::NEW,
    &Entry::<elu::Elu>::NEW,
    &gelu::Gelu,
    &Entry::<silu::Silu>::NEW,
    &Entry::<tanh::Tanh>::NEW,
    &Entry::<sigmoid::Sigmoid>::NEW,
    &Entry::<softplus::Softplus>::NEW,
    &Entry::<exp::Exp>::NEW,
    &Entry::<hard_swish::HardSwish>::NEW,
    &Entry::<mish::Mish>::NEW,
    &prelu::Prelu,
    &softmax::Softmax,
    &log_softmax::LogSoftmax,
    &dropout::Dropout,
    &spatial_dropout::SpatialDropout,
    &add::Add,
    &multiply::Multiply,
    &concat::Concat,
    &recurrent::Entry::<lstm::Lstm>::NEW,
    &recurrent::CellEntry::<lstm::Lstm>::NEW,
    &recurrent::Entry::<gru::Gru>::NEW,
    &recurrent::CellEntry::<gru::Gru>::NEW,
    &recurrent::Entry::<rnn::Rnn>::NEW,
    &recurrent::CellEntry::<rnn::Rnn>::NEW,
    &mask_padding::MaskPadding,
    &pad_channels::PadChannels,
    &embedding::Embedding,
    &attention::Attention,
    &dot_product_attention::DotProductAttention,
    &positions::Positions,
    &sinusoidal_positions::SinusoidalPositions,
];

/// The layer called `name`.
pub fn find(name: &str) -> Option<&'static dyn Layer> {
    LAYERS
        .iter()
        .copied()
        .find(|layer| layer.signature().name == name)
}

/// An entry of the registry.
pub trait Layer: Sync {
    /// Its name and arguments.
    fn signature(&self) -> &'static Signature;

    /// What it makes of each entry x on its own, in the notation of `bnnc::maths`, of `x` and the arguments by their
    /// names; `None` of a layer that is no such function. Of equal forms, `a = b`, the first is the better one to compute.
    fn formula(&self, arguments: &Constants) -> Option<&'static str> {
        let _ = arguments;
        None
    }

    /// What a paper says of it with these arguments, a phrase with the marks of `bnnc::document`: y
    /// as a function of x. Of a layer with a formula what follows that, which may be nothing.
    fn methods(&self, arguments: &Constants) -> &'static str;

    /// What follows [`Layer::methods`] and depends on the values of arguments; mostly nothing.
    fn methods_of(&self, arguments: &Constants) -> String {
        let _ = arguments;
        String::new()
    }

    /// The parameters that it declares; what it builds takes them in this order.
    fn slots(&self) -> &'static [Slot] {
        &[]
    }

    /// How many values it takes.
    fn takes(&self) -> Takes {
        Takes::One
    }

    /// What it makes of sequences that have lengths of their own.
    fn sequences(&self) -> Sequences {
        Sequences::Refused(MIXES_STEPS)
    }

    /// The block of the language that it stands for, if it is written in other layers: they are what a model has. It
    /// knows its arguments by their names, the value it takes as [`composed::INPUT`], a second one as
    /// [`composed::MEMORY`], and how long the first one's last axis is as [`composed::WIDTH`].
    fn block(&self) -> Option<composed::Block> {
        None
    }

    /// The operation on values of these shapes, or why there is none. Only a layer that takes several is given more
    /// than one, and one that is told a length, of which the shape `[1]` is the last.
    fn join(&self, arguments: &Constants, shapes: &[Shape]) -> Result<Operation, ShapeError> {
        self.build(arguments, &shapes[0])
    }

    /// The operation on an input of `shape`, or why there is none: of a layer that takes several, that it is one.
    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let _ = (arguments, shape);
        Err(joins::one())
    }
}

impl dyn Layer + '_ {
    /// What a paper says of it: its formula, if it has one, and [`Layer::methods`].
    pub fn described(&self, arguments: &Constants) -> String {
        let methods = self.methods(arguments);
        let start = match self.formula(arguments) {
            Some(formula) if methods.is_empty() => format!("$y = {formula}$"),
            Some(formula) => format!("$y = {formula}$ {methods}"),
            None => methods.into(),
        };
        start + &self.methods_of(arguments)
    }
}

/// How many values a layer takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// The value above, or the one named after `on`.
    One,
    /// Two or more, named after `on`; at most [`MOST_INPUTS`].
    Several,
}

/// A parameter that a layer declares. Its settings, its name (`layer.slot`) and its variables in a
/// checkpoint follow from this.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slot {
    /// Its name after the layer's, and before the colon of a group of settings: `kernel`.
    pub name: &'static str,
    /// What the layer does with it.
    pub role: Role,
    /// Its axes, in words: `[in, units]`.
    pub axes: &'static str,
    /// Whether `slot = none` leaves it out.
    pub optional: bool,
    /// Where a row or a state starts: a layer that starts so leaves what it takes as it is.
    pub start: f64,
}

impl Slot {
    /// `kernel`: what the layer is linear in.
    pub const fn kernel(axes: &'static str) -> Self {
        Slot {
            name: "kernel",
            role: Role::Kernel,
            axes,
            optional: false,
            start: 0.0,
        }
    }

    /// `bias`: a number for each output channel.
    pub const fn bias(axes: &'static str) -> Self {
        Slot {
            name: "bias",
            role: Role::Bias,
            axes,
            optional: true,
            start: 0.0,
        }
    }

    /// `table`: a number for each number of the output, added to it as a bias is.
    pub const fn table(name: &'static str, axes: &'static str) -> Self {
        Slot {
            name,
            role: Role::Bias,
            axes,
            optional: false,
            start: 0.0,
        }
    }

    /// `gain`, `shift`, `slope`: numbers of which each example may have its own.
    pub const fn row(name: &'static str, axes: &'static str, start: f64, optional: bool) -> Self {
        Slot {
            name,
            role: Role::Row(name),
            axes,
            optional,
            start,
        }
    }

    /// `mean`, `variance`: what a layer keeps between steps.
    pub const fn state(name: &'static str, axes: &'static str, start: f64) -> Self {
        Slot {
            name,
            role: Role::State(name),
            axes,
            optional: false,
            start,
        }
    }
}

/// What a layer does with a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The operation is linear in it.
    Kernel,
    /// It is added to the output: a row to every position, or a number to each number.
    Bias,
    /// It is one of a function's rows, called so. A point without a prior unless its own group of settings says more.
    Row(&'static str),
    /// It is kept between steps and not trained.
    State(&'static str),
}

/// The slots of all layers, those of one name once.
pub fn slots() -> Vec<&'static Slot> {
    let mut all: Vec<&Slot> = Vec::new();
    for slot in LAYERS.iter().flat_map(|layer| layer.slots()) {
        if all.iter().all(|known| known.name != slot.name) {
            all.push(slot);
        }
    }
    all
}

/// The size of a parameter, once the input's shape is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterShape {
    /// Its shape.
    pub shape: Shape,
    /// Products that meet in one output entry (a bias has its kernel's).
    pub fan_in: usize,
    /// Outputs that one input entry takes part in.
    pub fan_out: usize,
    /// Places of one example's output that share its entries; 1 for a bias.
    pub positions: usize,
}

/// Why a layer cannot take an input of this shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShapeError {
    /// What the layer takes: `an input of 3 axes [height, width, channels]`.
    pub expected: String,
    /// What to do.
    pub help: Option<String>,
}

/// What a layer computes, geometry settled.
#[derive(Clone)]
pub enum Operation {
    /// The same numbers in another shape.
    View(Shape),
    /// A function of the input alone.
    Map(Arc<dyn AnyMap>),
    /// Linear in a kernel; a bias per output channel is added after it.
    Linear(Arc<dyn AnyLinear>),
    /// A function of one example: of several values, or with rows of parameters.
    Function(Arc<dyn AnyFunction>),
    /// A normalisation by the statistics of the minibatch.
    Statistics(Arc<dyn AnyStatistics>),
    /// A recurrence along the first axis, whose state is multiplied with a kernel at every step.
    Scan(Arc<dyn AnyScan>),
}

impl Operation {
    /// The shape of one example's output.
    pub fn output(&self) -> Shape {
        match self {
            Operation::View(shape) => shape.clone(),
            Operation::Map(map) => map.output(),
            Operation::Linear(linear) => linear.output(),
            Operation::Function(function) => function.output(),
            Operation::Statistics(statistics) => statistics.output(),
            Operation::Scan(scan) => scan.output(),
        }
    }

    /// The parameters it takes, in the order of its layer's [`Layer::slots`].
    pub fn parameters(&self) -> Vec<ParameterShape> {
        let linear = match self {
            Operation::View(_) | Operation::Map(_) => return vec![],
            Operation::Function(function) => return function.parameters(),
            Operation::Statistics(statistics) => return statistics.parameters(),
            Operation::Scan(scan) => return scan.parameters(),
            Operation::Linear(linear) => linear,
        };
        let channels = linear.output().0.last().copied();
        let bias = Shape(channels.into_iter().collect());
        let bias = linear.has_bias().then_some((bias, 1));
        [(linear.kernel(), linear.positions())]
            .into_iter()
            .chain(bias)
            .map(|(shape, positions)| ParameterShape {
                shape,
                fan_in: linear.fan_in(),
                fan_out: linear.fan_out(),
                positions,
            })
            .collect()
    }
}

/// A function of one example without weights, in both number types.
pub trait AnyMap: Map<f32> + Map<f64> + Send + Sync {
    /// The shape of one example's output.
    fn output(&self) -> Shape;
    /// Whether `backward` reads `x`. One that does not may write its output over its input.
    fn needs_input(&self) -> bool;
    /// Whether output entry i depends on input entry i alone.
    fn elementwise(&self) -> bool;
    /// Where its numbers lie, whatever its input: `None` where they lie between those of its input, or follow from
    /// each entry's.
    fn range(&self) -> Option<[f64; 2]> {
        None
    }
    /// Whether an output entry is the largest of some input entries of its channel. `backward` reads no `y`
    /// then: what is done after it may be written over that.
    fn takes_maxima(&self) -> bool {
        false
    }
    /// Whether this f may be done after maxima instead of before: it never falls, and where it makes different
    /// numbers equal its slope is 0, so that it does not matter which of them is the largest.
    fn after_maxima(&self) -> bool {
        false
    }
}

/// A function of one example without weights.
pub trait Map<T: Real> {
    /// Writes every entry of `y`. `x` and `y` hold one example (elementwise maps: any length).
    fn forward(&self, x: &[T], y: &mut [T]);
    /// [`Map::forward`] with `y` written over `x`; called only on an elementwise map.
    fn forward_in_place(&self, xy: &mut [T]) {
        let _ = xy;
        unreachable!("only a map that is elementwise is written over its input")
    }
    /// Writes every entry of `dx`, the gradient by `x`, from `dy`, the gradient by `y`. `x` is empty
    /// unless [`AnyMap::needs_input`].
    fn backward(&self, x: &[T], y: &[T], dy: &[T], dx: &mut [T]);
    /// [`Map::backward`] with `dx` written over `dy`; called only on an elementwise map.
    fn backward_in_place(&self, x: &[T], y: &[T], dxy: &mut [T]) {
        let _ = (x, y, dxy);
        unreachable!("only a map that is elementwise is written over its input")
    }
}

/// An operation linear in its kernel, in both number types. The kernel's last two axes are its input
/// and output channels: `[.., C_in, C_out]`, which is where Flipout's signs go. Of a kernel in groups the former is
/// the input channels of one group; signs are of all channels of the input, the last axis of its shape.
pub trait AnyLinear: Linear<f32> + Linear<f64> + Send + Sync {
    /// The shape of one example's output; its last axis is C_out.
    fn output(&self) -> Shape;
    /// `[in, out]` or `[kh, kw, C_in, C_out]`.
    fn kernel(&self) -> Shape;
    /// Products that meet in one output entry: kh·kw·C_in.
    fn fan_in(&self) -> usize;
    /// kh·kw·C_out.
    fn fan_out(&self) -> usize;
    /// Output positions that share the kernel in one example: 1 for dense.
    fn positions(&self) -> usize;
    /// How many input channels there are where the input holds tokens ([`Linear::tokens`]): the rows of the kernel.
    fn vocabulary(&self) -> Option<usize> {
        None
    }
    /// Whether a bias for each output channel can be added after it.
    fn has_bias(&self) -> bool {
        true
    }
    /// Whether it takes the whole minibatch in one call and shares it out itself. Calls of other layers take one
    /// example each, and examples run in parallel.
    fn whole_batch(&self) -> bool {
        false
    }
    /// Whether it is one product of matrices for each example, P·W, whose P [`Linear::unfold`] writes out.
    ///
    /// # Errors
    /// Why it is not, a sentence.
    fn unfolds(&self) -> Result<(), &'static str>;
    /// Multiplications of one pass over one example (forward; each of the two backward passes costs the same).
    fn multiplications(&self) -> u64;
    /// Numbers of scratch one worker needs for `examples` examples in one call.
    fn scratch(&self, examples: usize) -> usize;
}

/// An operation linear in its kernel. `x`, `y` hold one or more examples, one after the other, all
/// under the same kernel `w` (flat, C order). A convolution is called example by example; a dense
/// layer with the whole batch, which it may share out over the current rayon pool, in pieces that
/// depend on the shapes alone (results do not depend on the number of threads).
pub trait Linear<T: Real>: Sync {
    /// y = x ∘ w; every entry of `y` is written.
    fn apply(&self, x: &[T], w: &[T], y: &mut [T], scratch: &mut [T]);
    /// dx = the gradient by x of ⟨dy, x ∘ w⟩; every entry is written.
    fn transpose(&self, dy: &[T], w: &[T], dx: &mut [T], scratch: &mut [T]);
    /// dw = the gradient by w of ⟨dy, x ∘ w⟩, summed over the examples: added to what `dw` holds, or every
    /// entry is written.
    fn weight_gradient(&self, x: &[T], dy: &[T], add: bool, dw: &mut [T], scratch: &mut [T]);
    /// Writes the rows P of one example for which y = P·W, a row of [`AnyLinear::fan_in`] numbers for each of
    /// [`AnyLinear::positions`], W flat in its last axis. Called only where [`AnyLinear::unfolds`].
    fn unfold(&self, x: &[T], patches: &mut [T]) {
        let _ = (x, patches);
        unreachable!("only of a layer that unfolds")
    }
    /// Numbers of scratch that the gradient by w needs for itself, if with them it can be made beside that by x: a
    /// thread that waits for the last piece of one goes on with the other.
    fn gradients_beside(&self) -> Option<usize> {
        None
    }
    /// Whether `x` stands for a one-hot matrix with a row for each of its numbers: v + 1 for a 1 in channel v, −(v + 1)
    /// for −1 there, 0 for a row of zeros. What an estimator makes of an input is made of these numbers.
    fn tokens(&self) -> bool {
        false
    }
    /// The same under loc + P ⊙ (s_in s_outᵀ), where the operation need not have that written out.
    fn perturbed(&self) -> Option<&dyn Perturbed> {
        None
    }
}

/// The passes of [`Linear`] in float32, example by example, under a kernel that is worked out where it is
/// read, with a gradient that is added where it is collected.
pub trait Perturbed {
    /// y = x ∘ w
    fn apply(&self, x: &[f32], w: Weights, y: &mut [f32], scratch: &mut [f32]);
    /// dx = the gradient by x of ⟨dy, x ∘ w⟩
    fn transpose(&self, dy: &[f32], w: Weights, dx: &mut [f32], scratch: &mut [f32]);
    /// The gradient by w of ⟨dy, x ∘ w⟩.
    fn weight_gradient(&self, x: &[f32], dy: &[f32], into: Gradient, scratch: &mut [f32]);
}
