//! How much memory training takes.

use super::{Network, Variational};
use crate::plan::{Graph, Plan, Segment, SegmentKind};
use std::sync::Arc;

/// Numbers that a product of matrices copies at most, so that they lie in the order it reads them in: of its
/// second operand, as many of the inner axis as are taken at once. Counted for two threads: each copies what it
/// needs, and with more of them it is a part of the whole that matters less.
fn packed(plan: &Graph, batch: usize) -> usize {
    const INNER: usize = 512;
    let whole = plan.segments.values();
    let whole = whole.filter(|segment| segment.kind == SegmentKind::WholeBatch);
    // The first node; others are activations.
    let of_layer = |segment: &Segment| {
        let layer = segment.nodes[0];
        let [input, output] =
            [plan.nodes[layer].input, layer].map(|node| plan.model.nodes[node].shape.len());
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
/// set: a minibatch, variables, what is kept of their gradient, two moments of Adam, every buffer of the
/// interpreter, and what matrix products pack. Within 15 % of what a process grows by on Linux;
/// `tests/costs.rs` measures it.
pub fn memory(plan: &Arc<Plan>, batch: usize) -> usize {
    // Buffers are zeroed pages until they are written, so making them to count them costs next to nothing.
    let numbers = Variational::<f32>::new(plan.clone(), batch).touched()
        + Network::<f32>::new(plan.graph.clone(), batch).numbers()
        + 2 * plan.trainable()
        + batch * plan.model.input.shape.len()
        + packed(plan, batch);
    numbers * std::mem::size_of::<f32>()
}
