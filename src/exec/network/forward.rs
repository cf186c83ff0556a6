//! The forward pass.

use super::super::profile::{Laps, Profile};
use super::super::{Kernels, Number};
use super::buffers::{Buffers, Chunk};
use super::function::At;
use super::pass::Pass;
use super::slots::{Slot, Slots, by_rows, deal, rows, rows_mut};
use super::work::{Work, cut, layer_scratch, most_at_once};
use super::{Mode, Network, alike, scan, statistics};
use crate::estimator::{Saved, Scratch};
use crate::ir::{Handle, Node, Tensor};
use crate::layer::{AnyFunction, Operation};
use crate::plan::{Graph, Segment, SegmentKind, Storage};
use crate::tensor::simd::SHARE;
use crate::tensor::{Aligned, Share};
use rayon::prelude::*;
use std::time::Instant;

impl<T: Number> Network<T> {
    /// Runs the network on `examples` inputs. After [`Mode::Train`] [`Network::backward`] may follow.
    pub fn forward(
        &mut self,
        kernels: &Kernels<T>,
        inputs: &[T],
        examples: usize,
        mode: Mode,
        mut profile: Option<&mut Profile>,
    ) {
        assert!(
            examples <= self.batch,
            "at most {} examples fit",
            self.batch
        );
        self.examples = examples;
        let (graph, buffers) = (&*self.graph, &mut self.buffers);
        let pass = Pass {
            kernels: *kernels,
            inputs,
            mode,
            timed: profile.is_some(),
        };
        for segment in graph.segments.values() {
            let begun = Instant::now();
            match segment.kind {
                SegmentKind::ByExample => {
                    by_example(pass, segment, buffers, examples);
                    if let Some(profile) = &mut profile {
                        let used = &buffers.chunks[..examples.div_ceil(buffers.chunk_len)];
                        let laps = used.iter().map(|chunk| &chunk.laps);
                        Laps::share(laps, begun.elapsed(), &mut profile.forward);
                    }
                }
                SegmentKind::WholeBatch | SegmentKind::Statistics | SegmentKind::Scan => {
                    match segment.kind {
                        SegmentKind::Scan => scan::forward(pass, segment, buffers, examples),
                        SegmentKind::Statistics => {
                            statistics::forward(pass, segment, buffers, examples);
                        }
                        _ => whole_batch(pass, segment, buffers, examples),
                    }
                    if let Some(profile) = &mut profile {
                        profile.forward[segment.nodes[0]] += begun.elapsed();
                    }
                }
            }
        }
    }
}

/// The storages that a segment writes.
fn written(graph: &Graph, segment: &Segment) -> Vec<Handle<Storage>> {
    let nodes = segment.nodes.iter();
    nodes.filter_map(|&n| graph.nodes[n].storage).collect()
}

/// A segment example by example, chunks of examples in parallel.
fn by_example<T: Number>(
    pass: Pass<T>,
    segment: &Segment,
    buffers: &mut Buffers<Aligned<T>>,
    examples: usize,
) {
    let graph = pass.kernels.graph;
    let (chunk_len, writable) = (buffers.chunk_len, written(graph, segment));
    let tables = deal(graph, &mut buffers.values, &writable, chunk_len, examples);
    let tasks = buffers.chunks.par_iter_mut().zip(tables).enumerate();
    tasks.share(|(index, (chunk, slots))| {
        let start = index * chunk_len;
        let count = chunk_len.min(examples - start);
        chunk_forward(pass, &segment.nodes, chunk, slots, start, count);
    });
}

/// A segment for the whole minibatch at once.
fn whole_batch<T: Number>(
    pass: Pass<T>,
    segment: &Segment,
    buffers: &mut Buffers<Aligned<T>>,
    examples: usize,
) {
    let (graph, rows) = (pass.kernels.graph, examples.max(1));
    let writable = written(graph, segment);
    let mut table = deal(graph, &mut buffers.values, &writable, rows, examples);
    let Some(slots) = table.first_mut() else {
        return;
    };
    let saved = buffers.saved.get_mut(&segment.nodes[0]);
    let saved = saved.map(|Saved { input, output }| Saved {
        input: &mut input[..],
        output: &mut output[..],
    });
    let saved = saved.expect("room for what a whole-batch layer keeps");
    let work = &mut buffers.work;
    batch_forward(pass, &segment.nodes, slots, saved, work, examples);
}

/// Adds to the outputs of some examples from `start`, each of `len`, their biases: a row to every position.
fn add_biases<T: Number>(
    kernels: &Kernels<T>,
    bias: Handle<Tensor>,
    start: usize,
    y: &mut [T],
    len: usize,
) {
    if !kernels.example_wise.rows.contains_key(&bias) {
        return T::add_row(y, kernels.kernel(bias).first);
    }
    for (example, y) in y.chunks_exact_mut(len).enumerate() {
        let row = kernels.bias_rows(bias, start + example, 1);
        T::add_row(y, row.expect("a row for each example"));
    }
}

/// One chunk of examples through a segment, example by example.
fn chunk_forward<'a, T: Number>(
    pass: Pass<T>,
    nodes: &[Handle<Node>],
    chunk: &'a mut Chunk<Aligned<T>>,
    mut slots: Slots<'a, T>,
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
    let (kernels, graph) = (&pass.kernels, pass.kernels.graph);
    laps.start(pass.timed, &graph.nodes);
    for (slot, values) in slots.values_mut().zip(values.values_mut()) {
        if !values.is_empty() {
            *slot = Slot::Write(values);
        }
    }
    for example in 0..count {
        for &handle in nodes {
            let (node, call) = pass.node(handle);
            let step = &graph.nodes[handle];
            let storage = step.storage.expect("a computed value has a storage");
            let mut out = slots[storage].take();
            let len = graph.storages[storage].len;
            let row = pass.row_of(Some(storage), example);
            let y = rows_mut(out.write(), row, 1, len);
            let (x, x_len) = pass.input(&slots, handle, start);
            let from = graph.nodes[step.input().node].storage;
            let x = rows(x, pass.row_of(from, example), 1, x_len);
            let mut function = |function: &dyn AnyFunction| {
                let saved = saved
                    .get_mut(&handle)
                    .map_or(&mut [][..], |s| rows_mut(s, row, 1, function.saved()));
                let at = At {
                    pass,
                    handle,
                    call,
                    function,
                    start,
                    example,
                };
                at.forward(&slots, y, saved);
            };
            match &call.operation {
                Operation::View(_) => {}
                Operation::Function(of) => function(&**of),
                // By what was kept: by the minibatch's own it takes all at once.
                Operation::Statistics(of) => function(of.settled()),
                Operation::Map(map) if step.in_place => T::map(&**map).forward_in_place(y),
                Operation::Map(map) => T::map(&**map).forward(x, y),
                Operation::Scan(_) => unreachable!("a recurrence has a segment of its own"),
                Operation::Linear(linear) => {
                    let kernel = call.kernel().expect("a linear layer has a kernel");
                    let draws = kernels.draws(kernel, step.kernel_use, start + example, 1);
                    let saved = saved
                        .get_mut(&handle)
                        .map_or(&mut [][..], |s| rows_mut(s, row, 1, len));
                    let site = pass.site(node, &**linear, x_len);
                    let estimate = kernels.estimate(kernel);
                    let kept = Saved {
                        input: &mut [][..],
                        output: &mut *saved,
                    };
                    let prepared = kernels.kernel(kernel);
                    estimate.forward(&site, prepared, draws, x, y, kept, work.scratch(0));
                    let second = pass.second_outputs(kernel, &site, &mut work.outputs, len);
                    estimate.merge(&site, draws, second, y, saved);
                }
            }
            if let Some(bias) = step.bias {
                add_biases(kernels, bias, start + example, y, len);
            }
            slots[storage] = out;
            laps.lap(handle);
        }
    }
}

/// The whole minibatch through one linear layer, and the activations over its values.
fn batch_forward<T: Number>(
    pass: Pass<T>,
    nodes: &[Handle<Node>],
    slots: &mut Slots<T>,
    saved: Saved<&mut [T]>,
    work: &mut Work<Aligned<T>>,
    examples: usize,
) {
    let (handle, kernels) = (nodes[0], &pass.kernels);
    let (node, call) = pass.node(handle);
    let step = &kernels.graph.nodes[handle];
    let storage = step.storage.expect("a computed value has a storage");
    let Operation::Linear(linear) = &call.operation else {
        unreachable!("a whole-batch segment is linear")
    };
    let kernel = call.kernel().expect("a linear layer has a kernel");
    let len = node.shape.len();
    let mut out = slots[storage].take();
    let y = rows_mut(out.write(), 0, examples, len);
    let (x, x_len) = pass.input(slots, handle, 0);
    let x = rows(x, 0, examples, x_len);
    let site = pass.site(node, &**linear, x_len);
    let estimate = kernels.estimate(kernel);
    let estimator = kernels.graph.kernels[kernel].estimator;
    let most = match pass.mode {
        Mode::Train => most_at_once(estimator, examples),
        Mode::Predict => alike::most([x_len, len], examples),
    };
    for at in cut(examples, most) {
        let (start, count) = (at.start, at.len());
        let (x, y) = (rows(x, start, count, x_len), rows_mut(y, start, count, len));
        // Without a way back only the examples at hand are kept, so that they stay in cache.
        let kept = match pass.mode {
            Mode::Train => start,
            Mode::Predict => 0,
        };
        let kept = rows_mut(saved.input, kept, count, x_len);
        let saved = rows_mut(saved.output, start, count, len);
        let of_layer = layer_scratch(estimator, &**linear, count).min(work.layer.len());
        let scratch = work.of_examples(of_layer, count, [x_len, len, 0]);
        let outputs = scratch.outputs;
        let kept = Saved {
            input: kept,
            output: &mut *saved,
        };
        let scratch = Scratch {
            outputs: &mut *outputs,
            ..scratch
        };
        let draws = kernels.draws(kernel, step.kernel_use, start, count);
        let apply = |x: &[T], y: &mut [T]| {
            estimate.forward(&site, kernels.kernel(kernel), draws, x, y, kept, scratch);
        };
        match pass.mode {
            Mode::Train => apply(x, y),
            Mode::Predict => alike::product([x_len, len], x, y, apply),
        }
        let few = (SHARE / len).max(1);
        let parts = by_rows([y, saved, outputs], count, few);
        let parts = parts.into_par_iter().enumerate();
        parts.share(|(part, [y, saved, outputs])| {
            let (start, count) = (start + part * few, y.len() / len);
            let second = pass.second_outputs(kernel, &site, outputs, y.len());
            let draws = kernels.draws(kernel, step.kernel_use, start, count);
            estimate.merge(&site, draws, second, y, saved);
            if let Some(bias) = step.bias {
                add_biases(kernels, bias, start, y, len);
            }
            for map in pass.maps(&nodes[1..]) {
                T::map(map).forward_in_place(y);
            }
        });
    }
    slots[storage] = out;
}
