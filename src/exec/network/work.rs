//! Working memory of one worker: how much the layers need, and how a layer takes its part.

use super::super::memory::Array;
use super::buffers::calls;
use super::function;
use crate::estimator::{Estimator, Scratch};
use crate::layer::{AnyLinear, Operation};
use crate::plan::{Graph, KernelPlan, SegmentKind};
use crate::tensor::Aligned;
use std::ops::Range;

/// Working memory of one worker.
pub struct Work<A> {
    /// For the layer itself.
    pub layer: A,
    /// Kernel-sized arrays.
    pub kernels: A,
    /// Input-sized arrays of the examples at hand.
    pub inputs: A,
    /// Output-sized arrays of them.
    pub outputs: A,
    /// A gradient by an input that is added to one already there.
    pub extra: A,
    /// Gradients by the factors of the examples at hand.
    pub factors: A,
}

impl<T> Work<Aligned<T>> {
    /// Scratch for `count` examples with so many entries of inputs, outputs and factors each; empty where the
    /// layers need none.
    pub fn of_examples(
        &mut self,
        layer: usize,
        count: usize,
        [input, output, factors]: [usize; 3],
    ) -> Scratch<'_, T> {
        let (inputs, outputs) = (self.inputs.len(), self.outputs.len());
        Scratch {
            layer: &mut self.layer[..layer],
            kernels: &mut self.kernels,
            inputs: &mut self.inputs[..inputs.min(count * input)],
            outputs: &mut self.outputs[..outputs.min(count * output)],
            factors: &mut self.factors[..count * factors],
        }
    }

    /// Scratch for one example, with `factors` gradients by factors.
    pub fn scratch(&mut self, factors: usize) -> Scratch<'_, T> {
        Scratch {
            layer: &mut self.layer,
            kernels: &mut self.kernels,
            inputs: &mut self.inputs,
            outputs: &mut self.outputs,
            factors: &mut self.factors[..factors],
        }
    }
}

impl<A: Array> Work<A> {
    /// Numbers in all arrays.
    pub fn numbers(&self) -> u128 {
        let rows = self.inputs.numbers() + self.outputs.numbers();
        let others = self.extra.numbers() + self.factors.numbers();
        self.layer.numbers() + self.kernels.numbers() + rows + others
    }
}

/// Examples that a layer for the whole batch takes at once where its estimator needs scratch arrays as long as
/// theirs: enough for products at full speed, few enough that the arrays stay in cache between its passes. A test
/// in `tests/it/gradients.rs` has more.
const AT_ONCE: usize = 256;

/// The examples of a whole-batch layer in order, cut into those that are taken at once.
pub fn at_once(estimator: &dyn Estimator, examples: usize) -> impl Iterator<Item = Range<usize>> {
    cut(examples, most_at_once(estimator, examples))
}

/// How many of so many examples a whole-batch layer takes at once.
pub fn most_at_once(estimator: &dyn Estimator, examples: usize) -> usize {
    match estimator.row_scratch(true) {
        true => AT_ONCE,
        false => examples.max(1),
    }
}

/// Examples in order, up to `most` at once.
pub fn cut(examples: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    (0..examples)
        .step_by(most)
        .map(move |start| start..examples.min(start + most))
}

/// Numbers of scratch that the products of a layer need for so many examples in one call.
pub fn layer_scratch(estimator: &dyn Estimator, linear: &dyn AnyLinear, examples: usize) -> usize {
    // Products of the whole minibatch run concurrently.
    let products = match linear.whole_batch() {
        true => estimator.products(true) as usize,
        false => 1,
    };
    products * linear.scratch(examples)
}

/// Sizes of a worker's memory, the largest over some nodes.
#[derive(Default)]
pub struct Need {
    layer: usize,
    kernels: usize,
    inputs: usize,
    outputs: usize,
    extra: usize,
    factors: usize,
    /// Entries of the largest bias, or of all rows of a function.
    pub rows: usize,
}

impl Need {
    /// Of the nodes in segments of one kind, for so many examples at once.
    pub fn of(graph: &Graph, kind: SegmentKind, examples: usize) -> Need {
        let mut need = Need::default();
        for (handle, node, call) in calls(graph, kind) {
            let step = &graph.nodes[handle];
            let input = graph.model.nodes[step.input().node].shape.len();
            match &call.operation {
                Operation::Function(_) | Operation::Statistics(_) => {
                    need.extra = need.extra.max(function::again(graph, step));
                    let rows = call.tensors().map(|row| graph.kernels[row].entries.len());
                    need.rows = need.rows.max(rows.sum());
                }
                _ if !step.input().writes_first => {
                    need.extra = need.extra.max(examples * input);
                }
                _ => {}
            }
            if let Some(bias) = step.bias {
                need.rows = need.rows.max(graph.kernels[bias].entries.len());
            }
            if let Operation::Linear(linear) = &call.operation {
                let kernel = call.kernel().expect("a linear layer has a kernel");
                let kernel = &graph.kernels[kernel];
                need.add_layer(graph, kernel, &**linear, examples);
                // What is made of the inputs has its own place, if it is saved.
                let saved = kind == SegmentKind::WholeBatch
                    && kernel.estimator.saved_input(linear.whole_batch()) > 0;
                if kernel.estimator.row_scratch(linear.whole_batch()) {
                    let rows = examples.min(AT_ONCE);
                    if !saved || step.input().gradient {
                        need.inputs = need.inputs.max(rows * input);
                    }
                    need.outputs = need.outputs.max(rows * node.shape.len());
                }
            }
        }
        need
    }

    /// What a linear layer and the factors of its channels need.
    fn add_layer(
        &mut self,
        graph: &Graph,
        kernel: &KernelPlan,
        linear: &dyn AnyLinear,
        examples: usize,
    ) {
        let (estimator, whole_batch) = (kernel.estimator, linear.whole_batch());
        let at_once = examples.min(most_at_once(estimator, examples));
        let layer = layer_scratch(estimator, linear, at_once);
        self.layer = self.layer.max(layer);
        let kernels = estimator.kernel_scratch(whole_batch) * linear.kernel().len();
        self.kernels = self.kernels.max(kernels);
        let factors = kernel.factors.into_iter().flatten();
        let channels: usize = factors.map(|f| graph.kernels[f].entries.len()).sum();
        self.factors = self.factors.max(examples.min(AT_ONCE) * channels);
    }

    /// Memory of these sizes.
    pub fn work<A: Array>(&self) -> Work<A> {
        Work {
            layer: A::zeros(self.layer),
            kernels: A::zeros(self.kernels),
            inputs: A::zeros(self.inputs),
            outputs: A::zeros(self.outputs),
            extra: A::zeros(self.extra),
            factors: A::zeros(self.factors),
        }
    }
}
