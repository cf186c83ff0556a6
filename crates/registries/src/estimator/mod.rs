//! Estimators: how draws of a kernel's posterior N(loc, scale²) reach the examples of a training minibatch.
//! Each is a file with its maths, forward, backward and what it needs of the posterior. Predictions need none:
//! they draw the weights.
//!
//! An estimator splits one step into kernel-sized work, done once ([`Estimate::prepare`], [`Slope`]), and the
//! two passes over examples, written against [`Linear`] alone, so that they serve dense layers and every
//! convolution alike.
//!
//! A bias is linear in its weight too: its input is 1. [`Estimate::bias_rows`] and
//! [`Estimate::bias_backward`] are the same maths for that case.

mod fixed;
mod flipout;
mod local_reparameterization;
mod passes;
mod per_example;
mod point;
mod reparameterization;
mod scaled;
mod slope;

pub use fixed::{FIXED_DRAW, FIXED_LOC};
pub use point::POINT;
pub use scaled::SCALED;
pub use slope::Slope;

use crate::distribution::Law;
use crate::layer::Linear;
use crate::posterior::Entries;
use crate::signature::Signature;
use crate::tensor::simd::par_add_rows;
use crate::tensor::{Real, Stream};

/// An entry of the registry.
pub trait Estimator: Estimate<f32> + Estimate<f64> + Sync {
    /// Its name and arguments.
    fn signature(&self) -> &'static Signature;
    /// How the draw is made, as the IR prints it.
    fn formula(&self) -> &'static str;
    /// What a paper says of it, a sentence with the marks of `bnnc::document`, μ and σ the posterior's
    /// means and scales and ε its noise.
    fn methods(&self) -> &'static str;
    /// Why it cannot estimate under this posterior, if it cannot.
    fn refuse(&self, entries: Entries) -> Option<&'static str>;
    /// What the IR remarks of it for a kernel that `positions` output positions share.
    fn remark(&self, positions: usize) -> Option<&'static str> {
        let _ = positions;
        None
    }
    /// Which random numbers it draws.
    fn draws(&self) -> Draws;
    /// Why it cannot estimate a kernel that a recurrence multiplies its state with at every step, if it cannot.
    fn refuse_recurrence(&self) -> Option<&'static str> {
        None
    }
    /// Products of the layer's own size in one forward pass: 2 where it runs the layer twice. Here and below,
    /// `whole_batch` is [`AnyLinear::whole_batch`](crate::layer::AnyLinear::whole_batch) of the layer.
    fn products(&self, whole_batch: bool) -> u64;
    /// Numbers per output entry that the forward pass keeps for the way back: 0 or 1.
    fn saved(&self) -> usize {
        0
    }
    /// Numbers per input entry that it keeps for the way back where it takes many examples at a time: 0 or 1.
    fn saved_input(&self, whole_batch: bool) -> usize {
        let _ = whole_batch;
        0
    }
    /// Whether it takes dense layers example by example, too.
    fn by_example(&self) -> bool {
        false
    }
    /// Whether the first of the two arrays is loc itself, which then is not copied.
    fn first_is_loc(&self) -> bool {
        false
    }
    /// Whether it has a second array.
    fn has_second(&self) -> bool {
        false
    }
    /// How the array that is made of scales depends on them, if one is. The gradient by loc is that by the first
    /// array.
    fn slope(&self) -> Option<Slope> {
        None
    }
    /// Whether it needs scratch arrays as long as the inputs and the outputs of the examples at hand: where it runs
    /// the layer twice, room for what the second product reads and writes.
    fn row_scratch(&self, whole_batch: bool) -> bool {
        let _ = whole_batch;
        false
    }
    /// Kernel-sized scratch arrays it needs for each worker.
    fn kernel_scratch(&self, whole_batch: bool) -> usize {
        let _ = whole_batch;
        0
    }
}

/// The random numbers of one kernel (or bias) and minibatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draws {
    /// ε, of the kernel's shape.
    pub noise: bool,
    /// Signs `[B, C_in]` and `[B, C_out]`.
    pub signs: bool,
    /// ζ, standard normal, of the output's shape for each example.
    pub activation: bool,
    /// ε of the kernel's shape for each example.
    pub example_noise: bool,
}

impl Draws {
    /// Whether examples have any of their own.
    pub fn of_examples(&self) -> bool {
        self.signs || self.activation || self.example_noise
    }

    /// None.
    pub const NONE: Draws = Draws {
        noise: false,
        signs: false,
        activation: false,
        example_noise: false,
    };
}

/// A kernel (or bias) ready for one draw.
#[derive(Clone, Copy)]
pub struct Kernel<'a, T> {
    /// The first of the two arrays that [`Estimate::prepare`] writes; loc, if [`Estimator::first_is_loc`].
    pub first: &'a [T],
    /// The second; empty for an estimator that has none.
    pub second: &'a [T],
}

/// The example-wise random numbers, those of the examples at hand only.
#[derive(Clone, Copy, Default)]
pub struct ExampleDraws<'a, T> {
    /// Input signs, C_in an example.
    pub sign_in: &'a [T],
    /// Output signs, C_out an example.
    pub sign_out: &'a [T],
    /// Activation noise of a bias, C_out an example.
    pub activation: &'a [T],
    /// ε of the kernel's shape for each example, or of the output's.
    pub noise: ExampleNoise<'a, T>,
}

/// The ε of each example of a kernel, made when they are wanted: B kernels would fill the memory. Those of B outputs
/// would fit, but would have to be written, and read again after they have left the cache.
#[derive(Clone, Copy, Default)]
pub struct ExampleNoise<'a, T> {
    /// Where they are from; none where no estimator asks for them.
    pub source: Option<&'a NoiseSource<T>>,
    /// How many are those of examples before the ones at hand.
    pub start: usize,
}

/// Where the ε of examples are from.
pub enum NoiseSource<T> {
    /// Drawn, an example's after the one's before.
    Stream(Stream, Law),
    /// Given from outside, likewise.
    Given(Vec<T>),
}

impl<T: Real> ExampleNoise<'_, T> {
    /// Writes the ε of the examples at hand from number `at` on.
    pub fn fill(&self, at: usize, out: &mut [T]) {
        let start = self.start + at;
        match self.source.expect("the draws that the estimator asks for") {
            NoiseSource::Stream(stream, law) => law.fill(stream, start, out),
            NoiseSource::Given(all) => out.copy_from_slice(&all[start..start + out.len()]),
        }
    }
}

/// Working memory of one worker.
pub struct Scratch<'a, T> {
    /// [`crate::layer::AnyLinear::scratch`] numbers for the layer itself; for each of its products, where it
    /// takes the whole minibatch.
    pub layer: &'a mut [T],
    /// [`Estimator::kernel_scratch`] kernels.
    pub kernels: &'a mut [T],
    /// Room for an input of the examples at hand ([`Estimator::row_scratch`]). Where what is made of one is saved
    /// there may be none but for the gradient by the input.
    pub inputs: &'a mut [T],
    /// Room for an output of them: that of the second of two products, and its gradient on the way back.
    pub outputs: &'a mut [T],
    /// Where the gradients by the factors of [`SCALED`] go, input channels of the examples at hand first,
    /// then output channels; empty where they are not wanted.
    pub factors: &'a mut [T],
}

/// What the forward pass keeps of the examples at hand for the way back.
#[derive(Clone, Copy)]
pub struct Saved<S> {
    /// [`Estimator::saved_input`] numbers an input entry; empty where examples are taken one by one.
    pub input: S,
    /// [`Estimator::saved`] numbers an output entry.
    pub output: S,
}

/// Where a backward pass adds the gradients by [`Kernel::first`] and [`Kernel::second`].
pub struct KernelGradient<'a, T> {
    /// By the first array.
    pub first: &'a mut [T],
    /// By the second; empty for an estimator that has none.
    pub second: &'a mut [T],
    /// Whether to add to what they hold; otherwise every entry is written.
    pub add: bool,
}

/// The arithmetic of an estimator. The passes that are written here are those of one kernel for all
/// examples, the first that [`Estimate::prepare`] writes.
///
/// An estimator of two products has each way in two parts, so that its caller can do what goes entry by entry in
/// one pass with what comes next to it, and for a few examples at a time: [`Estimate::forward`], then
/// [`Estimate::merge`]; [`Estimate::branch`], then [`Estimate::backward`].
pub trait Estimate<T: Real>: Sync {
    /// Writes the arrays that the passes use, entry by entry, from one block of loc, scale and ε. The first
    /// is empty if [`Estimator::first_is_loc`], the second unless [`Estimator::has_second`].
    fn prepare(&self, loc: &[T], scale: &[T], noise: &[T], first: &mut [T], second: &mut [T]);

    /// y of the examples in `x`, or the two outputs that [`Estimate::merge`] makes it of: the first in `y`, the
    /// second in [`Scratch::outputs`].
    #[allow(clippy::too_many_arguments)]
    fn forward(
        &self,
        site: &Site<T>,
        kernel: Kernel<T>,
        draws: ExampleDraws<T>,
        x: &[T],
        y: &mut [T],
        saved: Saved<&mut [T]>,
        scratch: Scratch<T>,
    ) {
        let _ = (draws, saved);
        site.linear.apply(x, kernel.first, y, scratch.layer);
    }

    /// Makes y, the first output as it comes, of itself and the `second`, entry by entry; `saved` is room for what is
    /// kept of each. `second` is empty where there is none.
    fn merge(
        &self,
        site: &Site<T>,
        draws: ExampleDraws<T>,
        second: &[T],
        y: &mut [T],
        saved: &mut [T],
    ) {
        let _ = (site, draws, second, y, saved);
    }

    /// The gradient by the second output from that by y and what [`Estimate::merge`] saved, entry by entry.
    /// `second` is empty where there is none.
    fn branch(
        &self,
        site: &Site<T>,
        draws: ExampleDraws<T>,
        dy: &[T],
        saved: &[T],
        second: &mut [T],
    ) {
        let _ = (site, draws, dy, saved, second);
    }

    /// From dy, and the gradient by the second output in [`Scratch::outputs`]: the kernel's gradient, and dx if asked
    /// for.
    #[allow(clippy::too_many_arguments)]
    fn backward(
        &self,
        site: &Site<T>,
        kernel: Kernel<T>,
        draws: ExampleDraws<T>,
        x: &[T],
        dy: &[T],
        saved: Saved<&[T]>,
        dx: Option<&mut [T]>,
        gradient: KernelGradient<T>,
        scratch: Scratch<T>,
    ) {
        let _ = (draws, saved);
        let KernelGradient { first, add, .. } = gradient;
        let mut by_kernel = |layer: &mut [T]| site.linear.weight_gradient(x, dy, add, first, layer);
        let Some(dx) = dx else {
            return by_kernel(scratch.layer);
        };
        site.gradients(scratch.layer, by_kernel, |layer| {
            site.linear.transpose(dy, kernel.first, dx, layer);
        });
    }

    /// y = x ∘ w_b of a row for each of the examples, and nothing kept: a step of a recurrence, at which an example's
    /// weights are those of all its steps. [`Scratch::inputs`] and [`Scratch::outputs`] have room for the rows.
    fn apply_rows(
        &self,
        site: &Site<T>,
        kernel: Kernel<T>,
        draws: ExampleDraws<T>,
        x: &[T],
        y: &mut [T],
        scratch: Scratch<T>,
    ) {
        let _ = draws;
        site.linear.apply(x, kernel.first, y, scratch.layer);
    }

    /// dx of [`Estimate::apply_rows`].
    fn transpose_rows(
        &self,
        site: &Site<T>,
        kernel: Kernel<T>,
        draws: ExampleDraws<T>,
        dy: &[T],
        dx: &mut [T],
        scratch: Scratch<T>,
    ) {
        let _ = draws;
        site.linear.transpose(dy, kernel.first, dx, scratch.layer);
    }

    /// The bias each example adds: writes one row an example.
    fn bias_rows(&self, bias: Kernel<T>, draws: ExampleDraws<T>, rows: &mut [T]) {
        let _ = draws;
        rows.chunks_exact_mut(bias.first.len())
            .for_each(|row| row.copy_from_slice(bias.first));
    }

    /// Adds the gradient by the bias rows, one an example, to the bias's gradient; `gradient.add` is set.
    fn bias_backward(
        &self,
        bias: Kernel<T>,
        draws: ExampleDraws<T>,
        d_rows: &[T],
        gradient: KernelGradient<T>,
    ) {
        let _ = (bias, draws);
        debug_assert!(gradient.add);
        par_add_rows(gradient.first, d_rows);
    }
}

/// The operation a kernel belongs to, with the facts of its geometry that estimators need.
#[derive(Clone, Copy)]
pub struct Site<'a, T> {
    /// The operation.
    pub linear: &'a dyn Linear<T>,
    /// Entries of an example's input.
    pub input: usize,
    /// Entries of an example's output.
    pub output: usize,
    /// Input channels.
    pub channels_in: usize,
    /// Output channels.
    pub channels_out: usize,
    /// Whether the layer takes the whole minibatch at once.
    pub whole_batch: bool,
}

/// What predictions draw weights with, whatever the estimator of training. As a trait object, so that its loops are
/// compiled here.
pub static REPARAMETERIZATION: &dyn Estimator = &reparameterization::Reparameterization;

/// Every estimator, in the order `bnnc list` prints.
pub static ESTIMATORS: &[&dyn Estimator] = &[
    REPARAMETERIZATION,
    &local_reparameterization::LocalReparameterization,
    &flipout::Flipout,
    &per_example::PerExample,
];

/// The estimator called `name`.
pub fn find(name: &str) -> Option<&'static dyn Estimator> {
    ESTIMATORS
        .iter()
        .copied()
        .find(|e| e.signature().name == name)
}
