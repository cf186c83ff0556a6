//! A linear layer that takes the whole minibatch at once, with the activations over its values.

use super::super::super::kernels::KernelGradients;
use super::super::super::{Kernels, Number};
use super::super::pass::Pass;
use super::super::slots::{GradientSlots, Slot, Slots, by_rows, rows, rows_mut};
use super::super::work::{Work, at_once, layer_scratch};
use crate::estimator::{KernelGradient, Saved, Scratch, Site};
use crate::ir::{Handle, Node, Tensor};
use crate::layer::Operation;
use crate::plan::NodePlan;
use crate::tensor::share::join;
use crate::tensor::simd::SHARE;
use crate::tensor::{Aligned, Share};
use rayon::prelude::*;
use std::mem;
use std::ops::Range;

/// What a whole-batch layer uses, and where its gradients go.
pub struct Whole<'a, T> {
    /// The gradients by kernels and biases.
    pub gradients: &'a mut KernelGradients<T>,
    /// Working memory.
    pub work: &'a mut Work<Aligned<T>>,
    /// What the estimator kept.
    pub saved: Saved<&'a [T]>,
}

/// The layer, and what is the same for all examples.
struct Layer<'a, T> {
    pass: Pass<'a, T>,
    step: &'a NodePlan,
    kernel: Handle<Tensor>,
    /// The activations over its values, in forward order.
    activations: &'a [Handle<Node>],
    site: Site<'a, T>,
}

/// Examples that the layer takes at once.
struct Examples<'a, T> {
    at: Range<usize>,
    x: &'a [T],
    y: &'a [T],
    dy: &'a mut [T],
    dx: &'a mut [T],
    saved: Saved<&'a [T]>,
}

/// The whole minibatch back through a segment.
pub fn layer<T: Number>(
    pass: Pass<T>,
    nodes: &[Handle<Node>],
    values: &Slots<T>,
    gradients: &mut GradientSlots<T>,
    into: Whole<T>,
    examples: usize,
) {
    let (graph, handle) = (pass.kernels.graph, nodes[0]);
    let (node, call) = pass.node(handle);
    let step = &graph.nodes[handle];
    let Operation::Linear(linear) = &call.operation else {
        unreachable!("a whole-batch segment is linear")
    };
    let kernel = call.kernel().expect("a linear layer has a kernel");
    let storage = step.storage.expect("a computed value has a storage");
    let len = node.shape.len();
    let (x, x_len) = pass.input(values, handle, 0);
    let place = graph.storages[storage]
        .place
        .expect("a gradient has a place");
    let mut out = gradients[place].take();
    let y = values[storage].read();
    let from = graph.nodes[step.input().node].storage;
    let towards = from.and_then(|s| graph.storages[s].place);
    let mut slot = towards.map_or(Slot::Absent, |place| gradients[place].take());
    let dx = rows_mut(slot.write(), 0, examples, x_len);
    let Whole {
        gradients: by_kernels,
        work,
        saved,
    } = into;
    let mut extra = mem::take(&mut work.extra);
    let (dx, sum) = match step.input().writes_first {
        true => (dx, None),
        false => (&mut extra[..examples * x_len], Some(dx)),
    };
    let layer = Layer {
        pass,
        step,
        kernel,
        activations: &nodes[1..],
        site: pass.site(node, &**linear, x_len),
    };
    let estimator = graph.kernels[kernel].estimator;
    for at in at_once(estimator, examples) {
        let (start, count) = (at.start, at.len());
        let examples = Examples {
            x: rows(x, start, count, x_len),
            y: rows(y, start, count, len),
            dy: rows_mut(out.write(), start, count, len),
            dx: rows_mut(dx, start, count, x_len),
            saved: Saved {
                input: rows(saved.input, start, count, x_len),
                output: rows(saved.output, start, count, len),
            },
            at,
        };
        // Fewer examples than a minibatch may ask for scratch that a whole one does not use.
        let needed = layer_scratch(estimator, &**linear, count).min(work.layer.len());
        layer.backward(examples, needed, work, by_kernels);
    }
    if let (Some(sum), true) = (sum, step.input().gradient) {
        T::add_to(sum, dx);
    }
    work.extra = extra;
    if let Some(towards) = towards {
        gradients[towards] = slot;
    }
    gradients[place] = out;
}

impl<T: Number> Layer<'_, T> {
    /// Some examples back through the activations and the layer.
    fn backward(
        &self,
        of: Examples<T>,
        needed: usize,
        work: &mut Work<Aligned<T>>,
        into: &mut KernelGradients<T>,
    ) {
        let (kernels, count) = (&self.pass.kernels, of.at.len());
        let channels = kernels.factor_channels(self.kernel);
        let mut scratch =
            work.of_examples(needed, count, [self.site.input, self.site.output, channels]);
        self.activations(&of.at, of.y, of.dy, of.saved.output, scratch.outputs);
        self.products(&of.at, of.x, of.dy, of.dx, of.saved, &mut scratch, into);
        let mut by_factors = &*scratch.factors;
        let graph = kernels.graph;
        for factor in graph.kernels[self.kernel].factors.into_iter().flatten() {
            let entries = graph.kernels[factor].entries.clone();
            let (rows, rest) = by_factors.split_at(count * entries.len());
            by_factors = rest;
            let gradient = KernelGradient {
                first: &mut into.first[entries.clone()],
                second: &mut into.second[entries],
                add: true,
            };
            add_rows(kernels, factor, &of.at, rows, gradient);
        }
    }

    /// Turns `dy` into the gradient by the layer's own outputs, a few examples at a time.
    fn activations(
        &self,
        at: &Range<usize>,
        y: &[T],
        dy: &mut [T],
        saved: &[T],
        outputs: &mut [T],
    ) {
        let (kernels, len) = (&self.pass.kernels, self.site.output);
        let few = (SHARE / len).max(1);
        let parts = by_rows([dy, outputs], at.len(), few);
        let parts = parts.into_par_iter().enumerate();
        parts.share(|(part, [dy, outputs])| {
            let (first, count) = (part * few, dy.len() / len);
            let y = rows(y, first, count, len);
            for map in self.pass.maps(self.activations).rev() {
                T::map(map).backward_in_place(&[], y, dy);
            }
            let saved = rows(saved, first, count, len);
            let second = self
                .pass
                .second_outputs(self.kernel, &self.site, outputs, dy.len());
            let draws = kernels.draws(self.kernel, self.step.kernel_use, at.start + first, count);
            kernels
                .estimate(self.kernel)
                .branch(&self.site, draws, dy, saved, second);
        });
    }

    /// The gradients by the kernel, the bias and the inputs.
    #[allow(clippy::too_many_arguments)]
    fn products(
        &self,
        at: &Range<usize>,
        x: &[T],
        dy: &[T],
        dx: &mut [T],
        saved: Saved<&[T]>,
        scratch: &mut Scratch<T>,
        into: &mut KernelGradients<T>,
    ) {
        let (kernels, graph) = (&self.pass.kernels, self.pass.kernels.graph);
        let entries = graph.kernels[self.kernel].entries.clone();
        let bias = self.step.bias;
        let of_bias = bias.map_or(0..0, |bias| graph.kernels[bias].entries.clone());
        let [first, second] = [&mut into.first, &mut into.second].map(|d| {
            d.get_disjoint_mut([entries.clone(), of_bias.clone()])
                .expect("a kernel and a bias are different parameters")
        });
        let [first, bias_first] = first;
        let [second, bias_second] = second;
        let scratch = Scratch {
            layer: &mut *scratch.layer,
            kernels: &mut *scratch.kernels,
            inputs: &mut *scratch.inputs,
            outputs: &mut *scratch.outputs,
            factors: &mut *scratch.factors,
        };
        let products = || {
            let gradient = KernelGradient {
                first,
                second,
                add: !self.step.writes_kernel || at.start > 0,
            };
            let dx = self.step.input().gradient.then_some(dx);
            let draws = kernels.draws(self.kernel, self.step.kernel_use, at.start, at.len());
            let kernel = kernels.kernel(self.kernel);
            let estimate = kernels.estimate(self.kernel);
            estimate.backward(
                &self.site, kernel, draws, x, dy, saved, dx, gradient, scratch,
            );
        };
        match bias {
            None => products(),
            // While one thread waits for the last piece of a product, another adds up the bias's gradient.
            Some(bias) => join(products, || {
                let gradient = KernelGradient {
                    first: bias_first,
                    second: bias_second,
                    add: true,
                };
                add_rows(kernels, bias, at, dy, gradient);
            }),
        }
    }
}

/// Adds the gradients by the rows that some examples have of a bias or factor.
pub(in super::super) fn add_rows<T: Number>(
    kernels: &Kernels<T>,
    tensor: Handle<Tensor>,
    at: &Range<usize>,
    rows: &[T],
    gradient: KernelGradient<T>,
) {
    let draws = kernels.draws(tensor, 0, at.start, at.len());
    let estimate = kernels.estimate(tensor);
    estimate.bias_backward(kernels.kernel(tensor), draws, rows, gradient);
}
