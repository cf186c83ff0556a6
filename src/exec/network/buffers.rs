//! Every buffer of a network, allocated once.

use super::super::memory::Array;
use super::super::profile::Laps;
use super::scan::{self, ScanBuffers};
use super::work::{Need, Work};
use crate::estimator::Saved;
use crate::ir::{Call, Handle, Node, Table, Tensor};
use crate::layer::Operation;
use crate::plan::{Graph, KernelPlan, Place, Segment, SegmentKind, Storage};
use std::collections::{BTreeMap, BTreeSet};

/// The chunks' gradients together take at most about this many numbers.
const ACCUMULATORS: usize = 16 << 20;
/// The most chunks a minibatch is cut into.
const CHUNKS: usize = 16;

/// The buffers, as arrays of numbers or as their lengths alone.
pub struct Buffers<A> {
    /// Values of the shared storages; empty for the others.
    pub values: Table<Storage, A>,
    /// Gradients in the shared places; empty for the others.
    pub gradients: Table<Place, A>,
    /// What the estimator of a whole-batch layer keeps, by node.
    pub saved: BTreeMap<Handle<Node>, Saved<A>>,
    /// What recurrences need.
    pub scans: BTreeMap<Handle<Node>, ScanBuffers<A>>,
    /// The means and variances that layers normalised the minibatch by.
    pub moments: BTreeMap<Handle<Node>, [A; 2]>,
    /// Each example's gradients by the gain and the shift of such a layer.
    pub d_rows: [A; 2],
    /// Working memory of whole-batch layers.
    pub work: Work<A>,
    /// Working memory of the chunks of examples.
    pub chunks: Vec<Chunk<A>>,
    /// Examples in a chunk.
    pub chunk_len: usize,
    /// The nll of each example.
    pub nll: A,
    /// The gradient by each argument of the likelihood.
    pub d_arguments: Vec<A>,
}

/// What one chunk of examples owns.
pub struct Chunk<A> {
    /// Working memory.
    pub work: Work<A>,
    /// Values of the private storages, a row for each example; empty for shared ones.
    pub values: Table<Storage, A>,
    /// Gradients in the private places, one row; empty for shared ones.
    pub gradients: Table<Place, A>,
    /// What estimators keep, by node.
    pub saved: BTreeMap<Handle<Node>, A>,
    /// Gradients by the first of the arrays that estimators prepare, by tensor.
    pub d_first: BTreeMap<Handle<Tensor>, A>,
    /// By the second.
    pub d_second: BTreeMap<Handle<Tensor>, A>,
    /// The gradients by one example's bias, or by the rows of a function.
    pub d_row: A,
    /// The time that each node takes.
    pub laps: Laps,
}

impl<A: Array> Buffers<A> {
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
        let chunk_len = chunk_len(batch, accumulator);
        let need = Need::of(graph, SegmentKind::ByExample, 1);
        let chunks = (0..batch.div_ceil(chunk_len))
            .map(|_| Chunk::new(graph, &need, chunk_len, &tensors))
            .collect();
        let lengths = graph.argument_lengths(batch);
        let statistics = || {
            let layers = calls(graph, SegmentKind::Statistics);
            layers.filter_map(|(node, _, call)| match &call.operation {
                Operation::Statistics(statistics) => Some((node, statistics.channels())),
                _ => None,
            })
        };
        let widest = statistics().map(|(_, channels)| channels).max();
        Buffers {
            values: storages(graph, batch, |s| s.shared),
            gradients: places(graph, batch, true),
            saved: saved(graph, batch),
            scans: scan::buffers(graph, batch),
            moments: statistics()
                .map(|(node, channels)| (node, [channels; 2].map(A::zeros)))
                .collect(),
            d_rows: [(batch + 1) * widest.unwrap_or(0); 2].map(A::zeros),
            work: Need::of(graph, SegmentKind::WholeBatch, batch).work(),
            chunks,
            chunk_len,
            nll: A::zeros(batch),
            d_arguments: lengths.into_iter().map(A::zeros).collect(),
        }
    }

    /// Numbers in all buffers.
    pub fn numbers(&self) -> u128 {
        let saved = |s: &Saved<A>| s.input.numbers() + s.output.numbers();
        numbers(self.values.values())
            + numbers(self.gradients.values())
            + self.saved.values().map(saved).sum::<u128>()
            + self.scans.values().map(ScanBuffers::numbers).sum::<u128>()
            + numbers(self.moments.values().flatten())
            + numbers(&self.d_rows)
            + self.work.numbers()
            + self.chunks.iter().map(Chunk::numbers).sum::<u128>()
            + self.nll.numbers()
            + numbers(&self.d_arguments)
    }
}

impl<A: Array> Chunk<A> {
    fn new(graph: &Graph, need: &Need, examples: usize, tensors: &[Handle<Tensor>]) -> Self {
        let kept = calls(graph, SegmentKind::ByExample).filter_map(|(handle, node, call)| {
            let len = match &call.operation {
                Operation::Function(function) => function.saved(),
                Operation::Statistics(statistics) => statistics.settled().saved(),
                _ => graph.kernels[call.kernel()?].estimator.saved() * node.shape.len(),
            };
            Some((handle, A::zeros(len * examples)))
        });
        let accumulators = |len: &dyn Fn(&KernelPlan) -> usize| {
            let zeros = |&t: &Handle<Tensor>| (t, A::zeros(len(&graph.kernels[t])));
            tensors.iter().map(zeros).collect()
        };
        Chunk {
            work: need.work(),
            values: storages(graph, examples, |s| !s.shared),
            gradients: places(graph, 1, false),
            saved: kept.collect(),
            d_first: accumulators(&|t| t.entries.len()),
            d_second: accumulators(&|t| match t.estimator.has_second() {
                true => t.entries.len(),
                false => 0,
            }),
            d_row: A::zeros(need.rows),
            laps: Laps::default(),
        }
    }

    fn numbers(&self) -> u128 {
        self.work.numbers()
            + numbers(self.values.values())
            + numbers(self.gradients.values())
            + numbers(self.saved.values())
            + numbers(self.d_first.values())
            + numbers(self.d_second.values())
            + self.d_row.numbers()
    }
}

/// Examples in a chunk of a minibatch, where each chunk has gradients of so many numbers.
pub fn chunk_len(batch: usize, gradients: usize) -> usize {
    let chunks = (ACCUMULATORS / gradients.max(1)).clamp(2, CHUNKS);
    batch.div_ceil(chunks).max(1)
}

fn numbers<'a, A: Array + 'a>(arrays: impl IntoIterator<Item = &'a A>) -> u128 {
    arrays.into_iter().map(A::numbers).sum()
}

/// `rows` rows for each storage that is wanted; an empty array for the others.
fn storages<A: Array>(
    graph: &Graph,
    rows: usize,
    wanted: impl Fn(&Storage) -> bool,
) -> Table<Storage, A> {
    graph.storages.map(|_, s| match wanted(s) {
        true => A::zeros(rows * s.len),
        false => A::zeros(0),
    })
}

/// `rows` rows for each place that is shared, or for each that is not; an empty array for the others.
fn places<A: Array>(graph: &Graph, rows: usize, shared: bool) -> Table<Place, A> {
    graph.places.map(|_, place| match place.shared == shared {
        true => A::zeros(rows * place.len),
        false => A::zeros(0),
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
    let tensors = calls(graph, SegmentKind::ByExample).flat_map(|(_, _, call)| {
        let kernel = call.kernel();
        let factors = kernel.and_then(|kernel| graph.kernels[kernel].factors);
        let factors = factors.into_iter().flatten();
        kernel.into_iter().chain(call.rows()).chain(factors)
    });
    let all: BTreeSet<Handle<Tensor>> = tensors.collect();
    all.into_iter().collect()
}

/// What the estimators of whole-batch layers keep.
fn saved<A: Array>(graph: &Graph, batch: usize) -> BTreeMap<Handle<Node>, Saved<A>> {
    let kept = calls(graph, SegmentKind::WholeBatch).filter_map(|(handle, node, call)| {
        let estimator = graph.kernels[call.kernel()?].estimator;
        let input = &graph.model.nodes[graph.nodes[handle].input().node];
        let saved = Saved {
            input: A::zeros(estimator.saved_input(true) * input.shape.len() * batch),
            output: A::zeros(estimator.saved() * node.shape.len() * batch),
        };
        Some((handle, saved))
    });
    kept.collect()
}
