//! The forward pass.

use super::buffers::{Chunk, Work, at_once, layer_scratch};
use super::profile::Laps;
use super::slots::{Slot, by_rows, deal, rows, rows_mut};
use super::{Interpreter, Number};
use crate::estimator::{
    Estimate, ExampleDraws, ExampleNoise, Kernel, NoiseSource, Saved, Scratch, Site,
};
use crate::ir::{Call, Node};
use crate::layer::{AnyLinear, AnyMap, Operation};
use crate::plan::{DrawKind, Plan, SegmentKind, TensorPlan};
use crate::tensor::simd::SHARE;
use crate::tensor::{Aligned, Share};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::time::Instant;

/// What the passes read of the interpreter besides values.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a, T> {
    pub plan: &'a Plan,
    pub variables: &'a [T],
    pub first: &'a [T],
    pub second: &'a [T],
    pub draws: &'a BTreeMap<(usize, DrawKind), Aligned<T>>,
    pub sources: &'a BTreeMap<usize, (NoiseSource<T>, usize)>,
    pub bias_rows: &'a BTreeMap<usize, Aligned<T>>,
    /// The minibatch's inputs.
    pub inputs: &'a [T],
    /// Whether the values of every example are kept, for the way back. Where they are not, each example of a
    /// chunk is written over the one before, and its values stay in cache.
    pub keep: bool,
    /// Whether the time that layers take is measured.
    pub timed: bool,
}

/// The first of the arrays that an estimator reads: loc itself, or what it made of a draw.
pub(super) fn first<'a, T>(tensor: &TensorPlan, variables: &'a [T], drawn: &'a [T]) -> &'a [T] {
    match tensor.estimator.first_is_loc() {
        true => &variables[tensor.loc.clone()],
        false => &drawn[tensor.entries.clone()],
    }
}

impl<'a, T: Number> Shared<'a, T> {
    pub fn node(&self, index: usize) -> (&'a Node, &'a Call) {
        let node = self
            .plan
            .model
            .nodes
            .iter()
            .nth(index)
            .expect("a node of the model")
            .1;
        (
            node,
            node.call.as_ref().expect("only the input has no call"),
        )
    }

    /// What nodes that are written over their input compute.
    pub fn maps(&self, nodes: &'a [usize]) -> impl DoubleEndedIterator<Item = &'a dyn AnyMap> {
        let shared = *self;
        let operations = nodes
            .iter()
            .map(move |&index| &shared.node(index).1.operation);
        operations.filter_map(|operation| match operation {
            Operation::Map(map) => Some(&**map),
            _ => None,
        })
    }

    pub fn kernel(&self, tensor: usize) -> Kernel<'a, T> {
        let tensor = &self.plan.tensors[tensor];
        Kernel {
            first: first(tensor, self.variables, self.first),
            second: match tensor.estimator.has_second() {
                true => &self.second[tensor.entries.clone()],
                false => &[],
            },
        }
    }

    /// Factors that one example has of a kernel's channels.
    pub fn factor_channels(&self, kernel: usize) -> usize {
        let factors = self.plan.tensors[kernel].factors.into_iter().flatten();
        factors
            .map(|factor| self.plan.tensors[factor].entries.len())
            .sum()
    }

    pub fn estimate(&self, tensor: usize) -> &'static dyn Estimate<T> {
        T::estimate(self.plan.tensors[tensor].estimator)
    }

    /// The draws of `count` examples from `start`.
    pub fn draws(
        &self,
        tensor: usize,
        batch: usize,
        start: usize,
        count: usize,
    ) -> ExampleDraws<'a, T> {
        let of = |kind| {
            let all: &'a [T] = self
                .draws
                .get(&(tensor, kind))
                .map_or(&[], |values| &values[..]);
            rows(all, start, count, all.len() / batch)
        };
        let plan = &self.plan.tensors[tensor];
        let factor = |factor: usize| {
            let len = self.plan.tensors[factor].entries.len();
            rows(&self.bias_rows[&factor], start, count, len)
        };
        let [sign_in, sign_out] = match (plan.factors, plan.mask) {
            (Some(factors), _) => factors.map(factor),
            (None, Some(_)) => [of(DrawKind::Mask), &[]],
            (None, None) => [DrawKind::SignIn, DrawKind::SignOut].map(of),
        };
        ExampleDraws {
            sign_in,
            sign_out,
            activation: of(DrawKind::Activation),
            noise: match self.sources.get(&tensor) {
                Some((source, width)) => ExampleNoise {
                    source: Some(source),
                    start: start * width,
                },
                None => ExampleNoise {
                    source: None,
                    start: 0,
                },
            },
        }
    }

    /// Adds to the outputs of some examples from `start`, each of `len`, their biases: to every position a row.
    fn add_biases(&self, bias: usize, start: usize, y: &mut [T], len: usize) {
        let Some(of_examples) = self.bias_rows.get(&bias) else {
            return T::add_row(y, self.kernel(bias).first);
        };
        let width = self.plan.tensors[bias].entries.len();
        for (example, y) in y.chunks_exact_mut(len).enumerate() {
            T::add_row(y, rows(of_examples, start + example, 1, width));
        }
    }

    /// So many numbers of the room for the output of the second of two products, where there are two.
    pub fn second_outputs<'o>(
        &self,
        kernel: usize,
        site: &Site<T>,
        outputs: &'o mut [T],
        len: usize,
    ) -> &'o mut [T] {
        let estimator = self.plan.tensors[kernel].estimator;
        match estimator.products(site.positions) {
            2 => &mut outputs[..len],
            _ => &mut [],
        }
    }

    /// The row that an example of a chunk has in a storage.
    fn row_of(&self, storage: Option<usize>, example: usize) -> usize {
        match storage {
            Some(storage) if !self.keep && !self.plan.storages[storage].shared => 0,
            _ => example,
        }
    }

    /// The rows of a node's input: the minibatch's inputs, or a slot's.
    pub fn input<'s>(&self, slots: &'s [Slot<T>], node: usize, start: usize) -> (&'s [T], usize)
    where
        'a: 's,
    {
        match self.plan.nodes[self.plan.nodes[node].input].storage {
            Some(storage) => (slots[storage].read(), self.plan.storages[storage].len),
            None => {
                let len = self.plan.model.input.shape.len();
                (&self.inputs[start * len..], len)
            }
        }
    }
}

/// A linear layer with its geometry's facts. They are read from the model, where they lie ready: this is
/// asked for example by example, and the layer would make shapes anew each time.
pub(super) fn site<'a, T: Number>(
    plan: &Plan,
    node: &Node,
    linear: &'a dyn AnyLinear,
    input: usize,
) -> Site<'a, T> {
    let kernel = node.call.as_ref().and_then(|call| call.kernel);
    let kernel = &plan.model.tensors[kernel.expect("a linear layer has a kernel")]
        .shape
        .0;
    Site {
        linear: T::linear(linear),
        input,
        output: node.shape.len(),
        channels_in: kernel[kernel.len() - 2],
        channels_out: kernel[kernel.len() - 1],
        positions: linear.positions(),
    }
}

impl<T> Work<T> {
    /// Room for so many numbers of the layer's, and for the inputs, outputs and factors of `count` examples of so
    /// many each, as far as there is any.
    pub fn of_examples(
        &mut self,
        of_layer: usize,
        count: usize,
        [input, output, factors]: [usize; 3],
    ) -> Scratch<'_, T> {
        let (inputs, outputs) = (self.inputs.len(), self.outputs.len());
        Scratch {
            layer: &mut self.layer[..of_layer],
            kernels: &mut self.kernels,
            inputs: &mut self.inputs[..inputs.min(count * input)],
            outputs: &mut self.outputs[..outputs.min(count * output)],
            factors: &mut self.factors[..count * factors],
        }
    }

    pub fn scratch(&mut self) -> Scratch<'_, T> {
        Scratch {
            layer: &mut self.layer,
            kernels: &mut self.kernels,
            inputs: &mut self.inputs,
            outputs: &mut self.outputs,
            factors: &mut [],
        }
    }
}

impl<T: Number> Interpreter<T> {
    /// Runs the network on `examples` inputs; with `keep`, so that [`Interpreter::backward`] may follow.
    pub(super) fn forward(&mut self, inputs: &[T], examples: usize, keep: bool) {
        assert!(
            examples <= self.batch,
            "at most {} examples fit",
            self.batch
        );
        self.examples = examples;
        let (batch, plan, buffers) = (self.batch, &*self.plan, &mut self.buffers);
        let lens: Vec<usize> = plan.storages.iter().map(|s| s.len).collect();
        let shared = Shared {
            plan,
            variables: &self.variables,
            first: &buffers.first,
            second: &buffers.second,
            draws: &buffers.draws,
            sources: &buffers.sources,
            bias_rows: &buffers.bias_rows,
            inputs,
            keep,
            timed: self.profile.is_some(),
        };
        let mut profile = self.profile.as_mut();
        for segment in &plan.segments {
            let begun = Instant::now();
            let writable: Vec<usize> = segment
                .nodes
                .iter()
                .filter_map(|&n| plan.nodes[n].storage)
                .collect();
            match segment.kind {
                SegmentKind::ByExample => {
                    let chunk_len = buffers.chunk_len;
                    let tables = deal(&mut buffers.values, &lens, &writable, chunk_len, examples);
                    let tasks = buffers.chunks.par_iter_mut().zip(tables).enumerate();
                    tasks.share(|(index, (chunk, table))| {
                        let start = index * chunk_len;
                        let count = chunk_len.min(examples - start);
                        chunk_forward(shared, &segment.nodes, batch, chunk, table, start, count);
                    });
                    if let Some(profile) = &mut profile {
                        let used = &buffers.chunks[..examples.div_ceil(chunk_len)];
                        let laps = used.iter().map(|chunk| &chunk.laps);
                        Laps::share(laps, begun.elapsed(), &mut profile.forward);
                    }
                }
                SegmentKind::WholeBatch => {
                    let mut table = deal(
                        &mut buffers.values,
                        &lens,
                        &writable,
                        examples.max(1),
                        examples,
                    );
                    let Some(table) = table.first_mut() else {
                        continue;
                    };
                    let saved = buffers.saved.get_mut(&segment.nodes[0]);
                    let saved = saved.map(|Saved { input, output }| Saved {
                        input: &mut input[..],
                        output: &mut output[..],
                    });
                    let saved = saved.expect("room for what a whole-batch layer keeps");
                    batch_forward(
                        shared,
                        &segment.nodes,
                        batch,
                        table,
                        saved,
                        &mut buffers.work,
                        examples,
                    );
                    if let Some(profile) = &mut profile {
                        profile.forward[segment.nodes[0]] += begun.elapsed();
                    }
                }
            }
        }
    }
}

/// One chunk of examples through a segment, example by example.
fn chunk_forward<'a, T: Number>(
    shared: Shared<T>,
    nodes: &[usize],
    batch: usize,
    chunk: &'a mut Chunk<T>,
    mut slots: Vec<Slot<'a, T>>,
    start: usize,
    count: usize,
) {
    let Chunk {
        work,
        values,
        saved,
        laps,
        ..
    } = chunk;
    laps.start(shared.timed, shared.plan.nodes.len());
    for (slot, values) in slots.iter_mut().zip(values) {
        if !values.is_empty() {
            *slot = Slot::Write(values);
        }
    }
    for example in 0..count {
        for &index in nodes {
            let (node, call) = shared.node(index);
            let plan = &shared.plan.nodes[index];
            let storage = plan.storage.expect("a computed value has a storage");
            let mut out = slots[storage].take();
            let len = shared.plan.storages[storage].len;
            let row = shared.row_of(Some(storage), example);
            let y = rows_mut(out.write(), row, 1, len);
            let (x, x_len) = shared.input(&slots, index, start);
            let from = shared.plan.nodes[plan.input].storage;
            let x = rows(x, shared.row_of(from, example), 1, x_len);
            match &call.operation {
                Operation::View(_) => {}
                Operation::Map(map) if plan.in_place => T::map(&**map).forward_in_place(y),
                Operation::Map(map) => T::map(&**map).forward(x, y),
                Operation::Linear(linear) => {
                    let kernel = call.kernel.expect("a linear layer has a kernel").index();
                    let draws = shared.draws(kernel, batch, start + example, 1);
                    let saved = saved
                        .get_mut(&index)
                        .map_or(&mut [][..], |s| rows_mut(s, row, 1, len));
                    let site = site(shared.plan, node, &**linear, x_len);
                    let estimate = shared.estimate(kernel);
                    let kept = Saved {
                        input: &mut [][..],
                        output: &mut *saved,
                    };
                    estimate.forward(
                        &site,
                        shared.kernel(kernel),
                        draws,
                        x,
                        y,
                        kept,
                        work.scratch(),
                    );
                    let second = shared.second_outputs(kernel, &site, &mut work.outputs, len);
                    estimate.merge(draws, second, y, saved);
                }
            }
            if let Some(bias) = plan.bias {
                shared.add_biases(bias, start + example, y, len);
            }
            slots[storage] = out;
            laps.lap(index);
        }
    }
}

/// The whole minibatch through one linear layer without positions, and the activations over its values.
fn batch_forward<T: Number>(
    shared: Shared<T>,
    nodes: &[usize],
    batch: usize,
    slots: &mut [Slot<T>],
    saved: Saved<&mut [T]>,
    work: &mut Work<T>,
    examples: usize,
) {
    let index = nodes[0];
    let (node, call) = shared.node(index);
    let storage = shared.plan.nodes[index]
        .storage
        .expect("a computed value has a storage");
    let Operation::Linear(linear) = &call.operation else {
        unreachable!("a whole-batch segment is linear")
    };
    let kernel = call.kernel.expect("a linear layer has a kernel").index();
    let len = node.shape.len();
    let mut out = slots[storage].take();
    let y = rows_mut(out.write(), 0, examples, len);
    let (x, x_len) = shared.input(slots, index, 0);
    let x = rows(x, 0, examples, x_len);
    let (site, estimate) = (
        site(shared.plan, node, &**linear, x_len),
        shared.estimate(kernel),
    );
    let estimator = shared.plan.tensors[kernel].estimator;
    for at in at_once(estimator, site.positions, examples) {
        let (start, count) = (at.start, at.len());
        let (x, y) = (rows(x, start, count, x_len), rows_mut(y, start, count, len));
        // Without a way back it is kept for the examples at hand, and stays in cache.
        let kept = if shared.keep { start } else { 0 };
        let kept = rows_mut(saved.input, kept, count, x_len);
        let saved = rows_mut(saved.output, start, count, len);
        let of_layer = layer_scratch(estimator, &**linear, count).min(work.layer.len());
        let scratch = work.of_examples(of_layer, count, [x_len, len, 0]);
        let outputs = scratch.outputs;
        estimate.forward(
            &site,
            shared.kernel(kernel),
            shared.draws(kernel, batch, start, count),
            x,
            y,
            Saved {
                input: kept,
                output: &mut *saved,
            },
            Scratch {
                outputs: &mut *outputs,
                ..scratch
            },
        );
        let few = (SHARE / len).max(1);
        let parts = by_rows([y, saved, outputs], count, few);
        let parts = parts.into_par_iter().enumerate();
        parts.share(|(part, [y, saved, outputs])| {
            let (start, count) = (start + part * few, y.len() / len);
            let second = shared.second_outputs(kernel, &site, outputs, y.len());
            let draws = shared.draws(kernel, batch, start, count);
            estimate.merge(draws, second, y, saved);
            if let Some(bias) = shared.plan.nodes[index].bias {
                shared.add_biases(bias, start, y, len);
            }
            for map in shared.maps(&nodes[1..]) {
                T::map(map).forward_in_place(y);
            }
        });
    }
    slots[storage] = out;
}
