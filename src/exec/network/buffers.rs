//! Every buffer of a network, allocated once.

use super::super::profile::Laps;
use super::work::{Need, Work, zeros};
use crate::estimator::Saved;
use crate::ir::{Call, Handle, Node, Table, Tensor};
use crate::plan::{Graph, KernelPlan, Segment, SegmentKind, Storage};
use crate::tensor::{Aligned, Real};
use std::collections::BTreeMap;

/// The chunks' gradients together take at most about this many numbers.
const ACCUMULATORS: usize = 16 << 20;
/// The most chunks a minibatch is cut into.
const CHUNKS: usize = 16;

/// The buffers.
pub struct Buffers<T> {
    /// Values of the shared storages; empty for the others.
    pub values: Table<Storage, Aligned<T>>,
    /// Gradients of the shared storages; empty for the others.
    pub gradients: Table<Storage, Aligned<T>>,
    /// What the estimator of a whole-batch layer keeps, by node.
    pub saved: BTreeMap<Handle<Node>, Saved<Aligned<T>>>,
    /// Working memory of whole-batch layers.
    pub work: Work<T>,
    /// Working memory of the chunks of examples.
    pub chunks: Vec<Chunk<T>>,
    /// Examples in a chunk.
    pub chunk_len: usize,
    /// The nll of each example.
    pub nll: Aligned<T>,
    /// The gradient by each argument of the likelihood.
    pub d_arguments: Vec<Aligned<T>>,
}

/// What one chunk of examples owns.
pub struct Chunk<T> {
    /// Working memory.
    pub work: Work<T>,
    /// Values of the private storages, a row for each example; empty for shared ones.
    pub values: Table<Storage, Aligned<T>>,
    /// Gradients of the private storages, one row; empty for shared ones.
    pub gradients: Table<Storage, Aligned<T>>,
    /// What estimators keep, by node.
    pub saved: BTreeMap<Handle<Node>, Aligned<T>>,
    /// Gradients by the first of the arrays that estimators prepare, by tensor.
    pub d_first: BTreeMap<Handle<Tensor>, Aligned<T>>,
    /// By the second.
    pub d_second: BTreeMap<Handle<Tensor>, Aligned<T>>,
    /// A gradient by one example's bias.
    pub d_row: Aligned<T>,
    /// The time that each node takes.
    pub laps: Laps,
}

impl<T: Real> Buffers<T> {
    /// For minibatches of up to `batch` examples.
    pub fn new(graph: &Graph, batch: usize) -> Self {
        let tensors = tensors_by_example(graph);
        let accumulator: usize = tensors
            .iter()
            .map(|&t| {
                let tensor = &graph.kernels[t];
                let arrays = 1 + usize::from(tensor.estimator.has_second());
                arrays * tensor.entries.len()
            })
            .sum();
        let chunks = (ACCUMULATORS / accumulator.max(1)).clamp(2, CHUNKS);
        let chunk_len = batch.div_ceil(chunks).max(1);
        let need = Need::of(graph, SegmentKind::ByExample, 1);
        let chunks = (0..batch.div_ceil(chunk_len))
            .map(|_| Chunk::new(graph, &need, chunk_len, &tensors))
            .collect();
        let widths = graph.argument_widths();
        Buffers {
            values: storages(graph, batch, |s| s.shared),
            gradients: storages(graph, batch, |s| s.shared && s.gradient),
            saved: saved(graph, batch),
            work: Need::of(graph, SegmentKind::WholeBatch, batch).work(),
            chunks,
            chunk_len,
            nll: zeros(batch),
            d_arguments: widths
                .iter()
                .map(|w| zeros(w.map_or(1, |w| w * batch)))
                .collect(),
        }
    }

    /// Numbers in all buffers.
    pub fn len(&self) -> usize {
        let saved = |s: &Saved<Aligned<T>>| s.input.len() + s.output.len();
        numbers(self.values.values())
            + numbers(self.gradients.values())
            + self.saved.values().map(saved).sum::<usize>()
            + self.work.len()
            + self.chunks.iter().map(Chunk::len).sum::<usize>()
            + self.nll.len()
            + numbers(&self.d_arguments)
    }
}

impl<T: Real> Chunk<T> {
    fn new(graph: &Graph, need: &Need, examples: usize, tensors: &[Handle<Tensor>]) -> Self {
        let kept = calls(graph, SegmentKind::ByExample).filter_map(|(handle, node, call)| {
            let estimator = graph.kernels[call.kernel()?].estimator;
            let len = estimator.saved() * node.shape.len() * examples;
            Some((handle, zeros(len)))
        });
        let accumulators = |len: &dyn Fn(&KernelPlan) -> usize| {
            let zeros = |&t: &Handle<Tensor>| (t, zeros(len(&graph.kernels[t])));
            tensors.iter().map(zeros).collect()
        };
        Chunk {
            work: need.work(),
            values: storages(graph, examples, |s| !s.shared),
            gradients: storages(graph, 1, |s| !s.shared && s.gradient),
            saved: kept.collect(),
            d_first: accumulators(&|t| t.entries.len()),
            d_second: accumulators(&|t| match t.estimator.has_second() {
                true => t.entries.len(),
                false => 0,
            }),
            d_row: zeros(need.bias),
            laps: Laps::default(),
        }
    }

    fn len(&self) -> usize {
        self.work.len()
            + numbers(self.values.values())
            + numbers(self.gradients.values())
            + numbers(self.saved.values())
            + numbers(self.d_first.values())
            + numbers(self.d_second.values())
            + self.d_row.len()
    }
}

fn numbers<'a, T: 'a>(arrays: impl IntoIterator<Item = &'a Aligned<T>>) -> usize {
    arrays.into_iter().map(|array| array.len()).sum()
}

/// `rows` rows for each storage that is wanted; an empty array for the others.
fn storages<T: Real>(
    graph: &Graph,
    rows: usize,
    wanted: impl Fn(&Storage) -> bool,
) -> Table<Storage, Aligned<T>> {
    graph.storages.map(|_, s| match wanted(s) {
        true => zeros(rows * s.len),
        false => Aligned::default(),
    })
}

/// The nodes in segments of one kind.
pub fn calls(
    graph: &Graph,
    kind: SegmentKind,
) -> impl Iterator<Item = (Handle<Node>, &Node, &Call)> {
    let of_kind = move |segment: &&Segment| segment.kind == kind;
    let segments = graph.segments.values().filter(of_kind);
    segments.flat_map(|s| &s.nodes).map(|&handle| {
        let node = &graph.model.nodes[handle];
        let call = node.call.as_ref();
        (handle, node, call.expect("only the input has no call"))
    })
}

/// The tensors of layers that take one example at a time.
fn tensors_by_example(graph: &Graph) -> Vec<Handle<Tensor>> {
    let tensors = calls(graph, SegmentKind::ByExample).filter_map(|(_, _, call)| {
        let kernel = call.kernel()?;
        let factors = graph.kernels[kernel].factors.into_iter().flatten();
        Some([kernel].into_iter().chain(call.bias()).chain(factors))
    });
    tensors.flatten().collect()
}

/// What the estimators of whole-batch layers keep.
fn saved<T: Real>(graph: &Graph, batch: usize) -> BTreeMap<Handle<Node>, Saved<Aligned<T>>> {
    let kept = calls(graph, SegmentKind::WholeBatch).filter_map(|(handle, node, call)| {
        let estimator = graph.kernels[call.kernel()?].estimator;
        let input = &graph.model.nodes[graph.nodes[handle].input];
        let saved = Saved {
            input: zeros(estimator.saved_input(true) * input.shape.len() * batch),
            output: zeros(estimator.saved() * node.shape.len() * batch),
        };
        Some((handle, saved))
    });
    kept.collect()
}
