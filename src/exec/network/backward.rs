//! The backward pass: from the gradients by the likelihood's arguments to those by the arrays that
//! estimators prepared.

mod by_example;
mod whole_batch;

use super::super::kernels::KernelGradients;
use super::super::profile::{Laps, Profile};
use super::super::{BLOCK, Kernels, Number};
use super::buffers::{Buffers, Chunk};
use super::pass::Pass;
use super::slots::{deal, deal_gradients};
use super::{Mode, Network, scan, statistics};
use crate::estimator::Saved;
use crate::plan::{Graph, Segment, SegmentKind};
use crate::tensor::{Aligned, Share};
use rayon::prelude::*;
use std::time::Instant;
use whole_batch::Whole;
pub(super) use whole_batch::add_rows;

impl<T: Number> Network<T> {
    /// Adds to `into`, from the gradients by the likelihood's arguments, or writes what [`KernelGradients`]
    /// says. `kernels` and `inputs` are those of the last forward pass.
    pub fn backward(
        &mut self,
        kernels: &Kernels<T>,
        inputs: &[T],
        into: &mut KernelGradients<T>,
        mut profile: Option<&mut Profile>,
    ) {
        let examples = self.examples;
        let (graph, buffers) = (&*self.graph, &mut self.buffers);
        for chunk in &mut buffers.chunks {
            let accumulators = chunk
                .d_first
                .values_mut()
                .chain(chunk.d_second.values_mut());
            accumulators.for_each(|d| d.fill(T::zero()));
        }
        let pass = Pass {
            kernels: *kernels,
            inputs,
            mode: Mode::Train,
            timed: profile.is_some(),
        };
        for segment in graph.segments.values().rev() {
            let storage = |node| graph.nodes[node].storage;
            let mut storages = segment.nodes.iter().filter_map(|&node| storage(node));
            if !storages.any(|storage| graph.storages[storage].gradient) {
                continue;
            }
            let begun = Instant::now();
            match segment.kind {
                SegmentKind::ByExample => {
                    by_example(pass, segment, buffers, examples);
                    if let Some(profile) = &mut profile {
                        let used = &buffers.chunks[..examples.div_ceil(buffers.chunk_len)];
                        let laps = used.iter().map(|chunk| &chunk.laps);
                        Laps::share(laps, begun.elapsed(), &mut profile.backward);
                    }
                }
                SegmentKind::WholeBatch | SegmentKind::Statistics | SegmentKind::Scan => {
                    match segment.kind {
                        SegmentKind::Scan => {
                            scan::backward(pass, segment, buffers, into, examples);
                        }
                        SegmentKind::Statistics => {
                            statistics::backward(pass, segment, buffers, into, examples);
                        }
                        _ => whole_batch(pass, segment, buffers, into, examples),
                    }
                    if let Some(profile) = &mut profile {
                        profile.backward[segment.nodes[0]] += begun.elapsed();
                    }
                }
            }
        }
        let begun = Instant::now();
        let used = examples.div_ceil(buffers.chunk_len);
        add_chunks(graph, &buffers.chunks[..used], into);
        if let Some(profile) = &mut profile {
            profile.add_up += begun.elapsed();
        }
    }
}

/// A segment example by example, chunks of examples in parallel.
fn by_example<T: Number>(
    pass: Pass<T>,
    segment: &Segment,
    buffers: &mut Buffers<Aligned<T>>,
    examples: usize,
) {
    let graph = pass.kernels.graph;
    let (chunk_len, touched) = (buffers.chunk_len, graph.touched(segment));
    let values = deal(graph, &mut buffers.values, &[], chunk_len, examples);
    let places = &mut buffers.gradients;
    let gradients = deal_gradients(graph, places, touched, chunk_len, examples);
    let tables = values.into_par_iter().zip(gradients);
    let tasks = buffers.chunks.par_iter_mut().zip(tables).enumerate();
    tasks.share(|(index, (chunk, slots))| {
        let start = index * chunk_len;
        let examples = start..examples.min(start + chunk_len);
        by_example::chunk(pass, &segment.nodes, chunk, slots, examples);
    });
}

/// A segment for the whole minibatch at once.
fn whole_batch<T: Number>(
    pass: Pass<T>,
    segment: &Segment,
    buffers: &mut Buffers<Aligned<T>>,
    gradients: &mut KernelGradients<T>,
    examples: usize,
) {
    let (graph, rows) = (pass.kernels.graph, examples.max(1));
    let touched = graph.touched(segment);
    let values = deal(graph, &mut buffers.values, &[], rows, examples);
    let places = &mut buffers.gradients;
    let mut slots = deal_gradients(graph, places, touched, rows, examples);
    let (Some(values), Some(slots)) = (values.first(), slots.first_mut()) else {
        return;
    };
    let saved = buffers.saved.get(&segment.nodes[0]);
    let saved = saved.map(|Saved { input, output }| Saved {
        input: &input[..],
        output: &output[..],
    });
    let into = Whole {
        gradients,
        work: &mut buffers.work,
        saved: saved.expect("what a whole-batch layer keeps"),
    };
    whole_batch::layer(pass, &segment.nodes, values, slots, into, examples);
}

/// Adds the chunks' gradients, in the chunks' order.
fn add_chunks<T: Number>(
    graph: &Graph,
    chunks: &[Chunk<Aligned<T>>],
    into: &mut KernelGradients<T>,
) {
    let Some(one) = chunks.first() else { return };
    for &tensor in one.d_first.keys() {
        let entries = graph.kernels[tensor].entries.clone();
        let first: Vec<&[T]> = chunks.iter().map(|c| &c.d_first[&tensor][..]).collect();
        add_up(&mut into.first[entries.clone()], &first);
        if graph.kernels[tensor].estimator.has_second() {
            let second: Vec<&[T]> = chunks.iter().map(|c| &c.d_second[&tensor][..]).collect();
            add_up(&mut into.second[entries], &second);
        }
    }
}

/// to += each of `parts`, in order.
pub(super) fn add_up<T: Number>(to: &mut [T], parts: &[&[T]]) {
    to.par_chunks_mut(BLOCK).enumerate().share(|(block, to)| {
        for part in parts {
            let part = &part[block * BLOCK..][..to.len()];
            T::add_to(to, part);
        }
    });
}
