//! What a network runs: the graph cut into segments, where each value is kept, and where its kernels are.

use crate::estimator::Estimator;
use crate::ir::{Arena, Handle, Model, Node, Table, Tensor};
use std::ops::Range;
use std::sync::Arc;

/// A network ready to run on given kernels.
pub struct Graph {
    /// The model.
    pub model: Arc<Model>,
    /// One for each of the model's tensors.
    pub kernels: Table<Tensor, KernelPlan>,
    /// One for each of the model's nodes.
    pub nodes: Table<Node, NodePlan>,
    /// Which statistics normalise: those of the minibatch at hand, or those that were kept.
    pub statistics: Statistics,
    /// Where values are kept.
    pub storages: Arena<Storage>,
    /// Where gradients by them are kept.
    pub places: Arena<Place>,
    /// In forward order.
    pub segments: Arena<Segment>,
}

/// What a batch norm normalises by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistics {
    /// The means and variances of the minibatch at hand.
    OfBatch,
    /// Those kept over training: then it takes one example at a time.
    Kept,
}

/// How a network takes a tensor.
#[derive(Clone)]
pub struct KernelPlan {
    /// Where its loc lies among the variables.
    pub loc: Range<usize>,
    /// Where its entries lie in vectors that hold every parameter once.
    pub entries: Range<usize>,
    /// How its draws reach the examples.
    pub estimator: &'static dyn Estimator,
    /// Whether its layer takes one example at a time although it could take the whole minibatch.
    pub by_example: bool,
    /// The parameters whose rows each example multiplies its channels with, in and out.
    pub factors: Option<[Handle<Tensor>; 2]>,
    /// Whether input channels are left out, at random.
    pub masked: bool,
}

/// A run of nodes executed together.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// How.
    pub kind: SegmentKind,
    /// Nodes in forward order; views are left out.
    pub nodes: Vec<Handle<Node>>,
}

/// How a segment takes its examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentKind {
    /// One after the other, through all of its nodes; several workers.
    ByExample,
    /// All at once: one linear layer without positions, and the activations that are written over its values.
    WholeBatch,
    /// All at once: one layer that normalises by the minibatch's statistics.
    Statistics,
    /// Several examples at a time, step by step: one recurrence.
    Scan,
}

/// A place for values of a fixed length per example.
#[derive(Debug, Clone, PartialEq)]
pub struct Storage {
    /// Entries an example.
    pub len: usize,
    /// Whether the whole minibatch's values are kept together, because another segment or the
    /// likelihood reads them; otherwise each chunk of examples keeps its own.
    pub shared: bool,
    /// Whether a gradient flows through it.
    pub gradient: bool,
    /// Where that gradient is kept.
    pub place: Option<Handle<Place>>,
}

/// Room for gradients by values: for one after the other of several storages, whose gradients are wanted at different
/// times of a backward pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Entries an example, of the longest.
    pub len: usize,
    /// Whether it holds the whole minibatch's, as [`Storage::shared`] says; otherwise one example's of each chunk.
    pub shared: bool,
}

/// What a node needs at run time.
#[derive(Debug, Clone, PartialEq)]
pub struct NodePlan {
    /// Where its value is kept; `None` for the minibatch's inputs (and views of them).
    pub storage: Option<Handle<Storage>>,
    /// The values it takes, in the order that its function has them; none of an input.
    pub inputs: Vec<InputPlan>,
    /// The bias that is added to what it gives: a linear layer's own, unless that comes later.
    pub bias: Option<Handle<Tensor>>,
    /// Whether it is written over its first input.
    pub in_place: bool,
    /// Which use of its kernel it is, from 0: a kernel can be applied in several places.
    pub kernel_use: usize,
    /// Whether it is the first, going backwards, to have a gradient by its kernel and has it for the whole
    /// minibatch: it writes it, others add.
    pub writes_kernel: bool,
}

/// A value that a node takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InputPlan {
    /// The node whose value it is: the input's, or that of a node behind it where a bias or a map is left for later.
    pub node: Handle<Node>,
    /// Whether the gradient by it is wanted.
    pub gradient: bool,
    /// Whether the node is the first, going backwards, to write that gradient; later ones add.
    pub writes_first: bool,
}

impl NodePlan {
    /// Its only value, or the first of several.
    pub fn input(&self) -> &InputPlan {
        &self.inputs[0]
    }
}

impl Graph {
    /// Number of entries of all parameters: the length of vectors that hold every parameter once.
    pub fn entries(&self) -> usize {
        self.kernels.last().map_or(0, |kernel| kernel.entries.end)
    }
}
