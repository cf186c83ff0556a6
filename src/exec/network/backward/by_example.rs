//! A segment of layers that take one example at a time.

use super::super::super::{Kernels, Number};
use super::super::buffers::Chunk;
use super::super::function::At;
use super::super::pass::Pass;
use super::super::slots::{GradientSlots, Slot, Slots, rows, rows_mut};
use super::super::work::Work;
use crate::estimator::{KernelGradient, Saved};
use crate::ir::{Call, Handle, Node, Tensor};
use crate::layer::{AnyFunction, AnyLinear, Operation};
use crate::plan::Storage;
use crate::tensor::Aligned;
use std::collections::BTreeMap;
use std::ops::Range;

/// A chunk's gradients by the arrays that estimators prepare.
struct Accumulators<'a, T> {
    first: &'a mut BTreeMap<Handle<Tensor>, Aligned<T>>,
    second: &'a mut BTreeMap<Handle<Tensor>, Aligned<T>>,
}

impl<T: Number> Accumulators<'_, T> {
    fn of(&mut self, tensor: Handle<Tensor>) -> KernelGradient<'_, T> {
        KernelGradient {
            first: self.first.get_mut(&tensor).expect("an accumulator"),
            second: self.second.get_mut(&tensor).expect("an accumulator"),
            add: true,
        }
    }

    /// Adds the gradient by one row that an example has of a bias or factor.
    fn add_row(&mut self, kernels: &Kernels<T>, tensor: Handle<Tensor>, example: usize, row: &[T]) {
        let draws = kernels.draws(tensor, 0, example, 1);
        let estimate = kernels.estimate(tensor);
        estimate.bias_backward(kernels.kernel(tensor), draws, row, self.of(tensor));
    }
}

/// One chunk of examples back through a segment, example by example. The slots are those of values and of
/// gradients.
pub fn chunk<'a, T: Number>(
    pass: Pass<T>,
    nodes: &[Handle<Node>],
    chunk: &'a mut Chunk<Aligned<T>>,
    (mut values, mut gradients): (Slots<'a, T>, GradientSlots<'a, T>),
    examples: Range<usize>,
) {
    let (kernels, graph) = (&pass.kernels, pass.kernels.graph);
    chunk.laps.start(pass.timed, &graph.nodes);
    for (slot, own) in values.values_mut().zip(chunk.values.values()) {
        if !own.is_empty() {
            *slot = Slot::Read(own);
        }
    }
    for (slot, own) in gradients.values_mut().zip(chunk.gradients.values_mut()) {
        if !own.is_empty() {
            *slot = Slot::Write(own);
        }
    }
    let (work, d_row, laps) = (&mut chunk.work, &mut chunk.d_row, &mut chunk.laps);
    let mut into = Accumulators {
        first: &mut chunk.d_first,
        second: &mut chunk.d_second,
    };
    // A private gradient has one row, used anew for every example.
    let row_of = |storage: Handle<Storage>, example: usize| {
        let shared = graph.storages[storage].shared;
        if shared { example } else { 0 }
    };
    for example in 0..examples.len() {
        for &handle in nodes.iter().rev() {
            let (node, call) = pass.node(handle);
            let step = &graph.nodes[handle];
            let storage = step.storage.expect("a computed value has a storage");
            if !graph.storages[storage].gradient {
                continue;
            }
            let len = graph.storages[storage].len;
            let y = rows(values[storage].read(), example, 1, len);
            let (x, x_len) = pass.input(&values, handle, examples.start);
            let x = rows(x, example, 1, x_len);
            let place = graph.storages[storage]
                .place
                .expect("a gradient has a place");
            let mut out = gradients[place].take();
            let dy = rows_mut(out.write(), row_of(storage, example), 1, len);
            if let Some(bias) = step.bias {
                let row = &mut d_row[..graph.kernels[bias].entries.len()];
                // the sum over positions
                row.fill(T::zero());
                T::add_rows(row, dy);
                into.add_row(kernels, bias, examples.start + example, row);
            }
            let function: Option<&dyn AnyFunction> = match &call.operation {
                Operation::Function(function) => Some(&**function),
                // By the statistics that it keeps: by those of the minibatch it takes all examples at once.
                Operation::Statistics(statistics) => Some(statistics.settled()),
                _ => None,
            };
            if let Some(function) = function {
                let saved = chunk.saved.get(&handle);
                let saved = saved.map_or(&[][..], |s| rows(s, example, 1, function.saved()));
                let lens = call.tensors().map(|row| graph.kernels[row].entries.len());
                let d_rows = &mut d_row[..lens.sum()];
                let at = At {
                    pass,
                    handle,
                    call,
                    function,
                    start: examples.start,
                    example,
                };
                let extra = &mut work.extra;
                at.backward(&values, &mut gradients, saved, dy, d_rows, extra);
                let mut rest = &*d_rows;
                for tensor in call.rows() {
                    let (row, others) = rest.split_at(graph.kernels[tensor].entries.len());
                    rest = others;
                    into.add_row(kernels, tensor, examples.start + example, row);
                }
                gradients[place] = out;
                laps.lap(handle);
                continue;
            }
            if step.in_place {
                if let Operation::Map(map) = &call.operation {
                    T::map(&**map).backward_in_place(&[], y, dy);
                }
                gradients[place] = out;
                laps.lap(handle);
                continue;
            }
            let from = graph.nodes[step.input().node].storage;
            let towards = from.and_then(|s| graph.storages[s].place);
            let mut slot = towards.map_or(Slot::Absent, |place| gradients[place].take());
            let row = from.map_or(0, |s| row_of(s, example));
            let dx = rows_mut(slot.write(), row, 1, x_len);
            let saved = chunk.saved.get(&handle);
            let values = Values {
                x,
                y,
                dy,
                saved: saved.map_or(&[][..], |s| rows(s, example, 1, len)),
            };
            let example = examples.start + example;
            let mut extra = std::mem::take(&mut work.extra);
            let own = if step.input().writes_first {
                &mut *dx
            } else {
                &mut extra[..x_len]
            };
            one(
                &pass,
                (handle, node, call),
                example,
                values,
                own,
                work,
                &mut into,
            );
            if !step.input().writes_first && step.input().gradient {
                T::add_to(dx, &extra[..x_len]);
            }
            work.extra = extra;
            if let Some(towards) = towards {
                gradients[towards] = slot;
            }
            gradients[place] = out;
            laps.lap(handle);
        }
    }
}

/// What one node's backward pass reads of one example.
struct Values<'a, T> {
    x: &'a [T],
    y: &'a [T],
    dy: &'a [T],
    saved: &'a [T],
}

/// One example back through one node: writes `dx` where it is wanted, adds to the kernel's gradient.
fn one<T: Number>(
    pass: &Pass<T>,
    (handle, node, call): (Handle<Node>, &Node, &Call),
    example: usize,
    of: Values<T>,
    dx: &mut [T],
    work: &mut Work<Aligned<T>>,
    into: &mut Accumulators<T>,
) {
    let wanted = pass.kernels.graph.nodes[handle].input().gradient;
    match &call.operation {
        Operation::Map(map) if wanted => T::map(&**map).backward(of.x, of.y, of.dy, dx),
        Operation::Linear(linear) => {
            let dx = wanted.then_some(dx);
            layer(
                pass,
                (handle, node, call, &**linear),
                example,
                of,
                dx,
                work,
                into,
            );
        }
        Operation::View(_) | Operation::Map(_) => {}
        Operation::Function(_) | Operation::Statistics(_) | Operation::Scan(_) => {
            unreachable!("a function has its own way back, and so has a recurrence")
        }
    }
}

/// One example back through a linear layer, and to the factors of its channels.
fn layer<T: Number>(
    pass: &Pass<T>,
    (handle, node, call, linear): (Handle<Node>, &Node, &Call, &dyn AnyLinear),
    example: usize,
    of: Values<T>,
    dx: Option<&mut [T]>,
    work: &mut Work<Aligned<T>>,
    into: &mut Accumulators<T>,
) {
    let kernels = &pass.kernels;
    let kernel = call.kernel().expect("a linear layer has a kernel");
    let of_use = kernels.graph.nodes[handle].kernel_use;
    let draws = kernels.draws(kernel, of_use, example, 1);
    let site = pass.site(node, linear, of.x.len());
    let estimate = kernels.estimate(kernel);
    let second = pass.second_outputs(kernel, &site, &mut work.outputs, of.dy.len());
    estimate.branch(&site, draws, of.dy, of.saved, second);
    let saved = Saved {
        input: &[][..],
        output: of.saved,
    };
    let scratch = work.scratch(kernels.factor_channels(kernel));
    estimate.backward(
        &site,
        kernels.kernel(kernel),
        draws,
        of.x,
        of.dy,
        saved,
        dx,
        into.of(kernel),
        scratch,
    );
    let mut by_factors = &work.factors[..];
    for factor in kernels.graph.kernels[kernel].factors.into_iter().flatten() {
        let len = kernels.graph.kernels[factor].entries.len();
        let (row, rest) = by_factors.split_at(len);
        by_factors = rest;
        into.add_row(kernels, factor, example, row);
    }
}
