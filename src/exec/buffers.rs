//! Every buffer of an interpreter, allocated once.

use super::profile::Laps;
use super::{BLOCK, zeros};
use crate::estimator::{Estimator, NoiseSource, Saved};
use crate::layer::{AnyLinear, Operation};
use crate::plan::{DrawKind, Family, Plan, Segment, SegmentKind, TensorPlan};
use crate::tensor::{Aligned, Real};
use std::collections::BTreeMap;
use std::ops::Range;

/// Accumulated gradients of the chunks take at most about this many numbers.
const ACCUMULATORS: usize = 16 << 20;
/// The most chunks a minibatch is cut into.
const CHUNKS: usize = 16;

/// The buffers.
pub(super) struct Buffers<T> {
    /// Scale of every entry of every parameter, and the ε of each parameter's draw.
    pub scale: Aligned<T>,
    pub noise: Aligned<T>,
    /// Gradients by the marginal scales of families that draw whole tensors.
    pub d_scale: Aligned<T>,
    /// The two arrays that estimators prepare, and the gradients by them, of every entry.
    pub first: Aligned<T>,
    pub second: Aligned<T>,
    pub d_first: Aligned<T>,
    pub d_second: Aligned<T>,
    /// Where those gradients are added to; elsewhere they are written by the first who has any.
    pub cleared: Vec<Range<usize>>,
    /// Gradients by the learned numbers themselves.
    pub d_learned: Vec<f64>,
    /// The blocks' parts of one term.
    pub parts: Vec<Part>,
    /// Example-wise draws by tensor and kind.
    pub draws: BTreeMap<(usize, DrawKind), Aligned<T>>,
    /// Where the ε of each example are from, and how many each has, by tensor.
    pub sources: BTreeMap<usize, (NoiseSource<T>, usize)>,
    /// The bias each example adds, by tensor, where examples differ in it; and factors.
    pub bias_rows: BTreeMap<usize, Aligned<T>>,
    /// Values and gradients of the shared storages; empty for the others.
    pub values: Vec<Aligned<T>>,
    pub gradients: Vec<Aligned<T>>,
    /// What the estimator of a whole-batch layer keeps, by node.
    pub saved: BTreeMap<usize, Saved<Aligned<T>>>,
    /// Working memory of whole-batch layers.
    pub work: Work<T>,
    /// Working memory of the chunks of examples.
    pub chunks: Vec<Chunk<T>>,
    /// Examples a chunk takes.
    pub chunk_len: usize,
    /// The nll of each example, and gradients by each argument of the likelihood.
    pub nll: Aligned<T>,
    pub d_arguments: Vec<Aligned<T>>,
}

/// A part of a term's value, with the derivatives by the prior's parameters.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub value: f64,
    /// None where they are not wanted: a step writes and reads a part for every block of every parameter.
    pub d_prior: Vec<f64>,
    /// Whether the gradient there is finite, if somebody looked.
    pub finite: bool,
}

impl Default for Part {
    fn default() -> Self {
        Part {
            value: 0.0,
            d_prior: Vec::new(),
            finite: true,
        }
    }
}

impl Part {
    /// Adds another part.
    pub fn add(&mut self, other: &Part) {
        self.value += other.value;
        self.finite &= other.finite;
        if self.d_prior.is_empty() {
            self.d_prior.clone_from(&other.d_prior);
            return;
        }
        let sums = self.d_prior.iter_mut().zip(&other.d_prior);
        sums.for_each(|(sum, d)| *sum += d);
    }
}

/// Working memory of one worker.
pub(super) struct Work<T> {
    pub layer: Aligned<T>,
    pub kernels: Aligned<T>,
    pub inputs: Aligned<T>,
    pub outputs: Aligned<T>,
    /// A gradient by an input that is added to one already there.
    pub extra: Aligned<T>,
    /// Gradients by the factors of the examples at hand.
    pub factors: Aligned<T>,
}

/// What one chunk of examples owns.
pub(super) struct Chunk<T> {
    pub work: Work<T>,
    /// Values of the private storages, a row an example; empty for shared ones.
    pub values: Vec<Aligned<T>>,
    /// Gradients of the private storages, one row; empty for shared ones.
    pub gradients: Vec<Aligned<T>>,
    /// What estimators keep, by node.
    pub saved: BTreeMap<usize, Aligned<T>>,
    /// Gradients by the arrays that estimators prepare, by tensor.
    pub d_first: BTreeMap<usize, Aligned<T>>,
    pub d_second: BTreeMap<usize, Aligned<T>>,
    /// A gradient by one example's bias.
    pub d_row: Aligned<T>,
    /// Where its time goes.
    pub laps: Laps,
}

/// Examples that a layer for the whole batch takes at once where its estimator needs scratch arrays as long as
/// theirs: enough for products at full speed, few enough that the arrays stay in cache between its passes. A test
/// in `tests/it/gradients.rs` has more.
const AT_ONCE: usize = 256;

/// The examples of a whole-batch layer in order, those that are taken at once.
pub(super) fn at_once(
    estimator: &dyn Estimator,
    positions: usize,
    examples: usize,
) -> impl Iterator<Item = Range<usize>> {
    let most = match estimator.row_scratch(positions) {
        true => AT_ONCE,
        false => examples.max(1),
    };
    (0..examples)
        .step_by(most)
        .map(move |start| start..examples.min(start + most))
}

/// Numbers of scratch that the products of a layer need for so many examples in one call.
pub(super) fn layer_scratch(
    estimator: &dyn Estimator,
    linear: &dyn AnyLinear,
    examples: usize,
) -> usize {
    let products = match linear.positions() {
        1 => estimator.products(1) as usize,
        _ => 1,
    };
    products * linear.scratch(examples)
}

/// Sizes of a worker's memory, the largest over some nodes.
#[derive(Default)]
struct Need {
    layer: usize,
    kernels: usize,
    inputs: usize,
    outputs: usize,
    extra: usize,
    factors: usize,
    bias: usize,
}

impl Need {
    fn of(plan: &Plan, kind: SegmentKind, examples: usize) -> Need {
        let mut need = Need::default();
        let nodes: Vec<_> = plan.model.nodes.iter().map(|(_, n)| n).collect();
        for &index in plan
            .segments
            .iter()
            .filter(|s| s.kind == kind)
            .flat_map(|s| &s.nodes)
        {
            let node = nodes[index];
            let call = node.call.as_ref().expect("only the input has no call");
            let input = nodes[plan.nodes[index].input].shape.len();
            if !plan.nodes[index].writes_first {
                need.extra = need.extra.max(examples * input);
            }
            if let Operation::Linear(linear) = &call.operation {
                let kernel = call.kernel.expect("a linear layer has a kernel").index();
                let estimator = plan.tensors[kernel].estimator;
                let kernels = estimator.kernel_scratch(linear.positions());
                let at_once = at_once(estimator, linear.positions(), examples);
                let at_once = at_once.map(|at| at.len()).max().unwrap_or(0);
                need.layer = need.layer.max(layer_scratch(estimator, &**linear, at_once));
                need.kernels = need.kernels.max(kernels * linear.kernel().len());
                let rows = examples.min(AT_ONCE);
                if let Some(factors) = plan.tensors[kernel].factors {
                    let channels = factors.map(|f| plan.tensors[f].entries.len());
                    let channels: usize = channels.iter().sum();
                    need.factors = need.factors.max(rows * channels);
                }
                if estimator.row_scratch(linear.positions()) {
                    // What is made of the inputs is saved in its own place, if it is.
                    let saved = kind == SegmentKind::WholeBatch
                        && estimator.saved_input(linear.positions()) > 0;
                    if !saved || plan.nodes[index].input_gradient {
                        need.inputs = need.inputs.max(rows * input);
                    }
                    need.outputs = need.outputs.max(rows * node.shape.len());
                }
            }
            if let Some(bias) = plan.nodes[index].bias {
                need.bias = need.bias.max(plan.tensors[bias].entries.len());
            }
        }
        need
    }

    fn work<T: Real>(&self) -> Work<T> {
        Work {
            layer: zeros(self.layer),
            kernels: zeros(self.kernels),
            inputs: zeros(self.inputs),
            outputs: zeros(self.outputs),
            extra: zeros(self.extra),
            factors: zeros(self.factors),
        }
    }
}

impl<T: Real> Buffers<T> {
    pub fn new(plan: &Plan, batch: usize) -> Self {
        let entries = plan.tensors.last().map_or(0, |t| t.entries.end);
        let longest = plan.tensors.iter().map(|t| t.entries.len());
        let longest = longest.max().unwrap_or(0);
        let mut draws = BTreeMap::new();
        let mut bias_rows = BTreeMap::new();
        for index in 0..plan.tensors.len() {
            for (kind, shape) in plan.draws_of(index, batch) {
                // Those of every entry have an array with the parameter's own, others are made when wanted.
                let of_bias = plan
                    .model
                    .tensors
                    .iter()
                    .nth(index)
                    .is_some_and(|(_, t)| t.shape.rank() == 1);
                let kept = match kind {
                    DrawKind::Noise | DrawKind::ExampleNoise => false,
                    DrawKind::Activation => of_bias,
                    DrawKind::SignIn | DrawKind::SignOut | DrawKind::Mask => true,
                };
                if kept {
                    // A mask that examples share is kept in a row for each of them.
                    let rows = match kind {
                        DrawKind::Mask if shape.rank() == 1 => batch,
                        _ => 1,
                    };
                    draws.insert((index, kind), zeros(rows * shape.len()));
                }
            }
        }
        let mut saved = BTreeMap::new();
        let mut by_example: Vec<usize> = Vec::new(); // tensors
        let nodes: Vec<_> = plan.model.nodes.iter().map(|(_, n)| n).collect();
        for segment in &plan.segments {
            for &index in &segment.nodes {
                let call = nodes[index]
                    .call
                    .as_ref()
                    .expect("only the input has no call");
                if let Some(bias) = call.bias.map(|bias| bias.index())
                    && plan.tensors[bias].estimator.draws().of_examples()
                {
                    let len = plan.tensors[bias].entries.len();
                    bias_rows.insert(bias, zeros(batch * len));
                }
                let Some(kernel) = call.kernel else { continue };
                let factors = plan.tensors[kernel.index()].factors;
                for factor in factors.into_iter().flatten() {
                    let len = plan.tensors[factor].entries.len();
                    bias_rows.insert(factor, zeros(batch * len));
                }
                if segment.kind == SegmentKind::ByExample {
                    by_example.extend(
                        [kernel.index()]
                            .into_iter()
                            .chain(call.bias.map(|b| b.index()))
                            .chain(factors.into_iter().flatten()),
                    );
                } else {
                    let estimator = plan.tensors[kernel.index()].estimator;
                    let input = nodes[plan.nodes[index].input].shape.len();
                    let output = nodes[index].shape.len();
                    let kept = Saved {
                        input: zeros(estimator.saved_input(1) * input * batch),
                        output: zeros(estimator.saved() * output * batch),
                    };
                    saved.insert(index, kept);
                }
            }
        }
        let shared = |flag: fn(&crate::plan::Storage) -> bool| {
            plan.storages
                .iter()
                .map(|s| {
                    if s.shared && flag(s) {
                        zeros(batch * s.len)
                    } else {
                        Aligned::default()
                    }
                })
                .collect::<Vec<_>>()
        };
        let accumulator: usize = by_example
            .iter()
            .map(|&t| {
                let tensor = &plan.tensors[t];
                let arrays = 1 + usize::from(tensor.estimator.has_second());
                arrays * tensor.entries.len()
            })
            .sum();
        let chunks = (ACCUMULATORS / accumulator.max(1)).clamp(2, CHUNKS);
        let chunk_len = batch.div_ceil(chunks).max(1);
        let need = Need::of(plan, SegmentKind::ByExample, 1);
        let chunks = (0..batch.div_ceil(chunk_len))
            .map(|_| Chunk::new(plan, &need, chunk_len, &by_example))
            .collect();
        let widths = plan.argument_widths();
        Buffers {
            scale: zeros(entries),
            noise: zeros(plan.tensors.last().map_or(0, |t| t.noise.end)),
            d_scale: zeros(plan.tensors.last().map_or(0, |t| t.d_scale.end)),
            first: zeros(entries),
            second: zeros(entries),
            d_first: zeros(entries),
            d_second: zeros(entries),
            cleared: cleared(plan),
            d_learned: vec![0.0; plan.learned.len()],
            parts: vec![Part::default(); longest.div_ceil(BLOCK)],
            draws,
            sources: BTreeMap::new(),
            bias_rows,
            values: shared(|_| true),
            gradients: shared(|s| s.gradient),
            saved,
            work: Need::of(plan, SegmentKind::WholeBatch, batch).work(),
            chunks,
            chunk_len,
            nll: zeros(batch),
            d_arguments: widths
                .iter()
                .map(|w| zeros(w.map_or(1, |w| w * batch)))
                .collect(),
        }
    }

    /// Forgets the last sample's gradients.
    pub fn start_sample(&mut self) {
        for range in &self.cleared {
            self.d_first[range.clone()].fill(T::zero());
            self.d_second[range.clone()].fill(T::zero());
        }
    }

    /// Forgets the last step's gradients.
    pub fn start_step(&mut self) {
        self.d_learned.fill(0.0);
        self.d_scale.fill(T::zero());
    }
}

/// The entries of parameters whose gradient no node writes.
fn cleared(plan: &Plan) -> Vec<Range<usize>> {
    let nodes: Vec<_> = plan.model.nodes.iter().map(|(_, n)| n).collect();
    let mut cleared: Vec<Range<usize>> = plan.tensors.iter().map(|t| t.entries.clone()).collect();
    for (node, step) in nodes.iter().zip(&plan.nodes) {
        let kernel = node.call.as_ref().and_then(|call| call.kernel);
        if let (Some(kernel), true) = (kernel, step.writes_kernel) {
            cleared[kernel.index()] = 0..0;
        }
    }
    cleared.retain(|range| !range.is_empty());
    cleared
}

impl<T: Real> Chunk<T> {
    fn new(plan: &Plan, need: &Need, examples: usize, tensors: &[usize]) -> Self {
        let private = |flag: fn(&crate::plan::Storage) -> bool, rows: usize| {
            plan.storages
                .iter()
                .map(|s| {
                    if !s.shared && flag(s) {
                        zeros(rows * s.len)
                    } else {
                        Aligned::default()
                    }
                })
                .collect::<Vec<_>>()
        };
        let mut saved = BTreeMap::new();
        for &index in plan
            .segments
            .iter()
            .filter(|s| s.kind == SegmentKind::ByExample)
            .flat_map(|s| &s.nodes)
        {
            let node = plan
                .model
                .nodes
                .iter()
                .nth(index)
                .expect("a node of the model")
                .1;
            if let Some(kernel) = node.call.as_ref().and_then(|c| c.kernel) {
                let kept =
                    plan.tensors[kernel.index()].estimator.saved() * node.shape.len() * examples;
                saved.insert(index, zeros(kept));
            }
        }
        let accumulators = |of: &dyn Fn(&TensorPlan) -> usize| {
            let zeros = |&t: &usize| (t, zeros(of(&plan.tensors[t])));
            tensors.iter().map(zeros).collect()
        };
        Chunk {
            work: need.work(),
            values: private(|_| true, examples),
            gradients: private(|s| s.gradient, 1),
            saved,
            d_first: accumulators(&|t| t.entries.len()),
            d_second: accumulators(&|t| match t.estimator.has_second() {
                true => t.entries.len(),
                false => 0,
            }),
            d_row: zeros(need.bias),
            laps: Laps::default(),
        }
    }
}

/// Numbers that a product of matrices copies at most, so that they lie in the order it reads them in: of its
/// second operand, as many of the inner axis as are taken at once. Counted for two threads: each copies what it
/// needs, and with more of them it is a part of the whole that matters less.
fn packed(plan: &Plan, batch: usize) -> usize {
    const INNER: usize = 512;
    let whole = plan.segments.iter();
    let whole = whole.filter(|segment| segment.kind == SegmentKind::WholeBatch);
    let nodes: Vec<_> = plan.model.nodes.iter().map(|(_, node)| node).collect();
    // The first node; others are activations.
    let of_layer = |segment: &Segment| {
        let index = segment.nodes[0];
        let input = nodes[plan.nodes[index].input].shape.len();
        let output = nodes[index].shape.len();
        // forward, by the input, by the kernel
        let products = [[input, output], [output, input], [batch, output]];
        products
            .map(|[inner, columns]| inner.min(INNER) * columns)
            .into_iter()
            .max()
    };
    2 * whole.filter_map(of_layer).max().unwrap_or(0)
}

/// Bytes that training with minibatches of `batch` examples takes in float32 beside the program and the data
/// set: a minibatch, variables, what is kept of their
/// gradient, two moments of Adam, every buffer of the interpreter, and what
/// matrix products pack. Within 15 % of what a process grows by on Linux; `tests/costs.rs` measures it.
pub fn memory(plan: &Plan, batch: usize) -> usize {
    // Buffers are zeroed pages until they are written, so making them to count them costs next to nothing.
    let b = Buffers::<f32>::new(plan, batch);
    let table = |t: &[Aligned<f32>]| t.iter().map(|v| v.len()).sum::<usize>();
    let map = |m: &BTreeMap<usize, Aligned<f32>>| m.values().map(|v| v.len()).sum::<usize>();
    let work = |w: &Work<f32>| {
        let of_rows = w.inputs.len() + w.outputs.len();
        w.layer.len() + w.kernels.len() + of_rows + w.extra.len() + w.factors.len()
    };
    let saved = |s: &Saved<Aligned<f32>>| s.input.len() + s.output.len();
    let chunk = |c: &Chunk<f32>| {
        work(&c.work)
            + table(&c.values)
            + table(&c.gradients)
            + map(&c.saved)
            + map(&c.d_first)
            + map(&c.d_second)
            + c.d_row.len()
    };
    // Of the arrays that hold every parameter once, what is never touched takes no memory.
    let touched = |tensor: &TensorPlan| {
        let (entries, estimator) = (tensor.entries.len(), tensor.estimator);
        let random = !matches!(tensor.family, Family::Point);
        let drawn = !estimator.first_is_loc();
        let arrays = 1 + usize::from(random) + usize::from(drawn);
        let noise = if tensor.draws.noise {
            tensor.noise.len()
        } else {
            0
        };
        noise + entries * (arrays + 2 * usize::from(estimator.has_second()))
    };
    // Of the gradient, what is not used up as it comes ([`Interpreter::train`](super::Interpreter::train)).
    let written = match plan.inference.objective.samples {
        1 => super::weights::apart(plan, &super::weights::collected_by_entries(plan))
            .iter()
            .map(Range::len)
            .sum(),
        _ => plan.trainable(),
    };
    // The noise of outputs, while the run is evaluated.
    let held = |index: usize| {
        let draws = plan.draws_of(index, batch).into_iter();
        draws
            .filter(|(kind, _)| *kind == DrawKind::Activation)
            .filter(|(kind, _)| !b.draws.contains_key(&(index, *kind)))
            .map(|(_, shape)| shape.len())
            .sum::<usize>()
    };
    let numbers = plan.tensors.iter().map(touched).sum::<usize>()
        + (0..plan.tensors.len()).map(held).sum::<usize>()
        + b.d_scale.len()
        + b.draws.values().map(|v| v.len()).sum::<usize>()
        + map(&b.bias_rows)
        + table(&b.values)
        + table(&b.gradients)
        + b.saved.values().map(saved).sum::<usize>()
        + work(&b.work)
        + b.chunks.iter().map(chunk).sum::<usize>()
        + b.nll.len()
        + table(&b.d_arguments)
        + 3 * plan.trainable()
        + written
        + batch * plan.model.input.shape.len()
        + packed(plan, batch);
    numbers * std::mem::size_of::<f32>()
}
