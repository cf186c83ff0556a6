//! The backward pass: from the gradients by the likelihood's arguments to those by the arrays that
//! estimators prepared.

use super::buffers::{Chunk, Work, at_once, layer_scratch};
use super::forward::{Shared, site};
use super::profile::Laps;
use super::slots::{Slot, by_rows, deal, rows, rows_mut};
use super::{Interpreter, Number};
use crate::estimator::{KernelGradient, Saved, Scratch};
use crate::layer::Operation;
use crate::plan::SegmentKind;
use crate::tensor::Share;
use crate::tensor::share::join;
use crate::tensor::simd::SHARE;
use rayon::prelude::*;
use std::mem;
use std::time::Instant;

impl<T: Number> Interpreter<T> {
    /// Adds to `d_first` and `d_second` from the gradients by the observed values.
    pub(super) fn backward(&mut self, inputs: &[T], examples: usize) {
        let (batch, plan, buffers) = (self.batch, &*self.plan, &mut self.buffers);
        let lens: Vec<usize> = plan.storages.iter().map(|s| s.len).collect();
        for chunk in &mut buffers.chunks {
            chunk
                .d_first
                .values_mut()
                .chain(chunk.d_second.values_mut())
                .for_each(|d| d.fill(T::zero()));
        }
        let shared = Shared {
            plan,
            variables: &self.variables,
            first: &buffers.first,
            second: &buffers.second,
            draws: &buffers.draws,
            sources: &buffers.sources,
            bias_rows: &buffers.bias_rows,
            inputs,
            keep: true,
            timed: self.profile.is_some(),
        };
        let mut profile = self.profile.as_mut();
        for segment in plan.segments.iter().rev() {
            let begun = Instant::now();
            let inputs_of = |&n: &usize| plan.nodes[plan.nodes[n].input].storage;
            let outputs_of = |&n: &usize| plan.nodes[n].storage;
            let touched: Vec<usize> = segment
                .nodes
                .iter()
                .filter_map(inputs_of)
                .chain(segment.nodes.iter().filter_map(outputs_of))
                .collect();
            match segment.kind {
                SegmentKind::ByExample => {
                    let chunk_len = buffers.chunk_len;
                    let values = deal(&mut buffers.values, &lens, &[], chunk_len, examples);
                    let gradients =
                        deal(&mut buffers.gradients, &lens, &touched, chunk_len, examples);
                    let tasks = buffers
                        .chunks
                        .par_iter_mut()
                        .zip(values.into_par_iter().zip(gradients))
                        .enumerate();
                    tasks.share(|(index, (chunk, (values, gradients)))| {
                        let start = index * chunk_len;
                        let count = chunk_len.min(examples - start);
                        chunk_backward(
                            shared,
                            &segment.nodes,
                            batch,
                            chunk,
                            values,
                            gradients,
                            start,
                            count,
                        );
                    });
                    if let Some(profile) = &mut profile {
                        let used = &buffers.chunks[..examples.div_ceil(chunk_len)];
                        let laps = used.iter().map(|chunk| &chunk.laps);
                        Laps::share(laps, begun.elapsed(), &mut profile.backward);
                    }
                }
                SegmentKind::WholeBatch => {
                    let index = segment.nodes[0];
                    let values = deal(&mut buffers.values, &lens, &[], examples.max(1), examples);
                    let mut gradients = deal(
                        &mut buffers.gradients,
                        &lens,
                        &touched,
                        examples.max(1),
                        examples,
                    );
                    let (Some(values), Some(gradients)) = (values.first(), gradients.first_mut())
                    else {
                        continue;
                    };
                    let saved = buffers.saved.get(&index).map(|saved| Saved {
                        input: &saved.input[..],
                        output: &saved.output[..],
                    });
                    let saved = saved.expect("what a whole-batch layer keeps");
                    let into = Whole {
                        d_first: &mut buffers.d_first,
                        d_second: &mut buffers.d_second,
                        work: &mut buffers.work,
                        saved,
                    };
                    batch_backward(
                        shared,
                        &segment.nodes,
                        batch,
                        values,
                        gradients,
                        into,
                        examples,
                    );
                    if let Some(profile) = &mut profile {
                        profile.backward[index] += begun.elapsed();
                    }
                }
            }
        }
        // The chunks' gradients, added up in the chunks' order.
        let begun = Instant::now();
        let used = examples.div_ceil(buffers.chunk_len);
        let chunks = &buffers.chunks[..used];
        let tensors: Vec<usize> = chunks
            .first()
            .map_or(vec![], |c| c.d_first.keys().copied().collect());
        for tensor in tensors {
            let entries = plan.tensors[tensor].entries.clone();
            let first: Vec<&[T]> = chunks.iter().map(|c| &c.d_first[&tensor][..]).collect();
            add_up(&mut buffers.d_first[entries.clone()], &first);
            if plan.tensors[tensor].estimator.has_second() {
                let second: Vec<&[T]> = chunks.iter().map(|c| &c.d_second[&tensor][..]).collect();
                add_up(&mut buffers.d_second[entries], &second);
            }
        }
        if let Some(profile) = &mut profile {
            profile.add_up += begun.elapsed();
        }
    }
}

/// to += each of `parts`, in order.
fn add_up<T: Number>(to: &mut [T], parts: &[&[T]]) {
    to.par_chunks_mut(super::BLOCK)
        .enumerate()
        .share(|(block, to)| {
            for part in parts {
                let part = &part[block * super::BLOCK..][..to.len()];
                T::add_to(to, part);
            }
        });
}

/// One chunk of examples back through a segment, example by example.
#[allow(clippy::too_many_arguments)]
fn chunk_backward<'a, T: Number>(
    shared: Shared<T>,
    nodes: &[usize],
    batch: usize,
    chunk: &'a mut Chunk<T>,
    mut values: Vec<Slot<'a, T>>,
    mut gradients: Vec<Slot<'a, T>>,
    start: usize,
    count: usize,
) {
    let Chunk {
        work,
        values: own_values,
        gradients: own_gradients,
        saved,
        d_first,
        d_second,
        d_row,
        laps,
    } = chunk;
    laps.start(shared.timed, shared.plan.nodes.len());
    let plan = shared.plan;
    for (slot, own) in values.iter_mut().zip(&*own_values) {
        if !own.is_empty() {
            *slot = Slot::Read(own);
        }
    }
    for (slot, own) in gradients.iter_mut().zip(own_gradients) {
        if !own.is_empty() {
            *slot = Slot::Write(own);
        }
    }
    // A private gradient has one row, used anew for every example.
    let row_of = |storage: usize, example: usize| {
        if plan.storages[storage].shared {
            example
        } else {
            0
        }
    };
    for example in 0..count {
        for &index in nodes.iter().rev() {
            let (node, call) = shared.node(index);
            let step = &plan.nodes[index];
            let storage = step.storage.expect("a computed value has a storage");
            if !plan.storages[storage].gradient {
                continue;
            }
            let len = plan.storages[storage].len;
            let y = rows(values[storage].read(), example, 1, len);
            let (x, x_len) = shared.input(&values, index, start);
            let x = rows(x, example, 1, x_len);
            let mut out = gradients[storage].take();
            let dy = rows_mut(out.write(), row_of(storage, example), 1, len);
            if let Some(bias) = step.bias {
                let row = &mut d_row[..plan.tensors[bias].entries.len()];
                // the sum over positions
                row.fill(T::zero());
                T::add_rows(row, dy);
                let draws = shared.draws(bias, batch, start + example, 1);
                let gradient = KernelGradient {
                    first: d_first.get_mut(&bias).expect("an accumulator"),
                    second: d_second.get_mut(&bias).expect("an accumulator"),
                    add: true,
                };
                let (estimate, bias) = (shared.estimate(bias), shared.kernel(bias));
                estimate.bias_backward(bias, draws, row, gradient);
            }
            if step.in_place {
                if let Operation::Map(map) = &call.operation {
                    T::map(&**map).backward_in_place(&[], y, dy);
                }
                gradients[storage] = out;
                laps.lap(index);
                continue;
            }
            let from = plan.nodes[step.input].storage;
            let mut into = from.map_or(Slot::Absent, |s| gradients[s].take());
            let row = from.map_or(0, |s| row_of(s, example));
            let dx = rows_mut(into.write(), row, 1, x_len);
            let (dx, sum) = if step.writes_first {
                (dx, None)
            } else {
                (&mut work.extra[..x_len], Some(dx))
            };
            match &call.operation {
                Operation::View(_) => {}
                Operation::Map(map) if step.input_gradient => T::map(&**map).backward(x, y, dy, dx),
                Operation::Map(_) => {}
                Operation::Linear(linear) => {
                    let kernel = call.kernel.expect("a linear layer has a kernel").index();
                    let draws = shared.draws(kernel, batch, start + example, 1);
                    let saved = saved
                        .get(&index)
                        .map_or(&[][..], |s| rows(s, example, 1, len));
                    let gradient = KernelGradient {
                        first: d_first.get_mut(&kernel).expect("an accumulator"),
                        second: d_second.get_mut(&kernel).expect("an accumulator"),
                        add: true,
                    };
                    let site = site(plan, node, &**linear, x_len);
                    let estimate = shared.estimate(kernel);
                    let second = shared.second_outputs(kernel, &site, &mut work.outputs, len);
                    estimate.branch(draws, dy, saved, second);
                    let scratch = Scratch {
                        layer: &mut work.layer,
                        kernels: &mut work.kernels,
                        inputs: &mut work.inputs,
                        outputs: &mut work.outputs,
                        factors: &mut work.factors[..shared.factor_channels(kernel)],
                    };
                    estimate.backward(
                        &site,
                        shared.kernel(kernel),
                        draws,
                        x,
                        dy,
                        Saved {
                            input: &[],
                            output: saved,
                        },
                        step.input_gradient.then_some(&mut *dx),
                        gradient,
                        scratch,
                    );
                    let mut by_factors = &work.factors[..];
                    for factor in shared.plan.tensors[kernel].factors.into_iter().flatten() {
                        let len = shared.plan.tensors[factor].entries.len();
                        let (row, rest) = by_factors.split_at(len);
                        by_factors = rest;
                        let draws = shared.draws(factor, batch, start + example, 1);
                        let gradient = KernelGradient {
                            first: d_first.get_mut(&factor).expect("an accumulator"),
                            second: d_second.get_mut(&factor).expect("an accumulator"),
                            add: true,
                        };
                        shared.estimate(factor).bias_backward(
                            shared.kernel(factor),
                            draws,
                            row,
                            gradient,
                        );
                    }
                }
            }
            if let (Some(sum), true) = (sum, step.input_gradient) {
                T::add_to(sum, dx);
            }
            if let Some(from) = from {
                gradients[from] = into;
            }
            gradients[storage] = out;
            laps.lap(index);
        }
    }
}

/// Where a whole-batch layer's gradients go.
struct Whole<'a, T> {
    d_first: &'a mut [T],
    d_second: &'a mut [T],
    work: &'a mut Work<T>,
    saved: Saved<&'a [T]>,
}

/// The whole minibatch back through the activations over one linear layer's values and the layer.
fn batch_backward<T: Number>(
    shared: Shared<T>,
    nodes: &[usize],
    batch: usize,
    values: &[Slot<T>],
    gradients: &mut [Slot<T>],
    into: Whole<T>,
    examples: usize,
) {
    let (plan, index) = (shared.plan, nodes[0]);
    let (node, call) = shared.node(index);
    let step = &plan.nodes[index];
    let Operation::Linear(linear) = &call.operation else {
        unreachable!("a whole-batch segment is linear")
    };
    let kernel = call.kernel.expect("a linear layer has a kernel").index();
    let storage = step.storage.expect("a computed value has a storage");
    let len = node.shape.len();
    let (x, x_len) = shared.input(values, index, 0);
    let x = rows(x, 0, examples, x_len);
    let mut out = gradients[storage].take();
    let dy = rows_mut(out.write(), 0, examples, len);
    let y = rows(values[storage].read(), 0, examples, len);
    let from = plan.nodes[step.input].storage;
    let mut slot = from.map_or(Slot::Absent, |s| gradients[s].take());
    let dx = rows_mut(slot.write(), 0, examples, x_len);
    let work = into.work;
    let mut extra = mem::take(&mut work.extra);
    let (dx, sum) = if step.writes_first {
        (dx, None)
    } else {
        (&mut extra[..examples * x_len], Some(dx))
    };
    let tensor = &plan.tensors[kernel];
    let entries = tensor.entries.clone();
    let channels = shared.factor_channels(kernel);
    let (site, estimate) = (site(plan, node, &**linear, x_len), shared.estimate(kernel));
    let of_bias = step
        .bias
        .map_or(0..0, |bias| plan.tensors[bias].entries.clone());
    for at in at_once(tensor.estimator, site.positions, examples) {
        let (start, count) = (at.start, at.len());
        let (x, dy) = (
            rows(x, start, count, x_len),
            rows_mut(dy, start, count, len),
        );
        let dx = rows_mut(dx, start, count, x_len);
        let saved = Saved {
            input: rows(into.saved.input, start, count, x_len),
            output: rows(into.saved.output, start, count, len),
        };
        // Fewer examples than a minibatch may want what a whole one has no use for.
        let of_layer = layer_scratch(tensor.estimator, &**linear, count).min(work.layer.len());
        let scratch = work.of_examples(of_layer, count, [x_len, len, channels]);
        let few = (SHARE / len).max(1);
        let parts = by_rows([&mut *dy, &mut *scratch.outputs], count, few);
        let parts = parts.into_par_iter().enumerate();
        parts.share(|(part, [dy, outputs])| {
            let (first, count) = (part * few, dy.len() / len);
            let y = rows(y, start + first, count, len);
            for map in shared.maps(&nodes[1..]).rev() {
                T::map(map).backward_in_place(&[], y, dy);
            }
            let saved = rows(saved.output, first, count, len);
            let second = shared.second_outputs(kernel, &site, outputs, dy.len());
            let draws = shared.draws(kernel, batch, start + first, count);
            estimate.branch(draws, dy, saved, second);
        });
        let dy = &*dy;
        let [first, second] = [&mut *into.d_first, &mut *into.d_second].map(|d| {
            d.get_disjoint_mut([entries.clone(), of_bias.clone()])
                .expect("a kernel and a bias are different parameters")
        });
        let [first, bias_first] = first;
        let [second, bias_second] = second;
        let products = || {
            let gradient = KernelGradient {
                first,
                second,
                add: !step.writes_kernel || start > 0,
            };
            estimate.backward(
                &site,
                shared.kernel(kernel),
                shared.draws(kernel, batch, start, count),
                x,
                dy,
                saved,
                step.input_gradient.then_some(dx),
                gradient,
                scratch,
            );
        };
        match step.bias {
            None => products(),
            // Where one thread waits for the last piece of a product it has this to do.
            Some(bias) => join(products, || {
                let gradient = KernelGradient {
                    first: bias_first,
                    second: bias_second,
                    add: true,
                };
                let draws = shared.draws(bias, batch, start, count);
                let estimate = shared.estimate(bias);
                estimate.bias_backward(shared.kernel(bias), draws, dy, gradient);
            }),
        }
        let mut by_factors = &work.factors[..];
        for factor in tensor.factors.into_iter().flatten() {
            let entries = plan.tensors[factor].entries.clone();
            let (rows, rest) = by_factors.split_at(count * entries.len());
            by_factors = rest;
            let gradient = KernelGradient {
                first: &mut into.d_first[entries.clone()],
                second: &mut into.d_second[entries],
                add: true,
            };
            let draws = shared.draws(factor, batch, start, count);
            let estimate = shared.estimate(factor);
            estimate.bias_backward(shared.kernel(factor), draws, rows, gradient);
        }
    }
    if let (Some(sum), true) = (sum, step.input_gradient) {
        T::add_to(sum, dx);
    }
    work.extra = extra;
    if let Some(from) = from {
        gradients[from] = slot;
    }
    gradients[storage] = out;
}
