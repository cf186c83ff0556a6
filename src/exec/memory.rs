//! How much memory training takes.

use super::{network, variational};
use crate::plan::{Graph, Plan, Segment, SegmentKind};
use crate::tensor::{Aligned, Real};

/// A zeroed array, or its length alone: what a network takes is counted by the code that allocates it.
pub trait Array {
    /// An array of this length.
    fn zeros(len: usize) -> Self;
    /// Its length.
    fn numbers(&self) -> u128;
}

impl<T: Real> Array for Aligned<T> {
    fn zeros(len: usize) -> Self {
        Aligned::zeros(len)
    }
    fn numbers(&self) -> u128 {
        self.len() as u128
    }
}

/// The length of an array that is not there.
pub struct Length(usize);

impl Array for Length {
    fn zeros(len: usize) -> Self {
        Length(len)
    }
    fn numbers(&self) -> u128 {
        self.0 as u128
    }
}

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
            [plan.nodes[layer].input().node, layer].map(|node| plan.model.nodes[node].shape.len());
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
/// interpreter, and what matrix products pack; a forward pass's buffers for the predictions of an epoch's validation
/// or of the test part come on top. Within 15 % of what a process grows by on most machines with
/// Linux, and within 25 % on all so far: how much is packed follows the machine's caches. `tests/costs/` measures
/// it. Works the lengths out and allocates nothing; the largest number there is where the sum does not fit.
pub fn memory(plan: &Plan, batch: usize) -> u64 {
    let numbers = variational::touched(plan, batch)
        + network::numbers(&plan.graph, batch)
        + 2 * plan.trainable() as u128
        + (batch * plan.model.input.shape.len()) as u128
        + packed(plan, batch) as u128;
    u64::try_from(numbers * size_of::<f32>() as u128).unwrap_or(u64::MAX)
}
