//! A recurrence. Some examples go through all steps together, so that the product of a step is one of matrices; several
//! such parts of a minibatch run in parallel.
//!
//! On the way back a kernel is turned over before the first step: a product that reads it turned would turn it at every
//! one, which takes longer than the product does.
//!
//! The gradient by the kernel is made once, of all steps: they are positions, which share it. Where the examples share
//! it too, those of a part are taken as one. An estimator that has weights of its own for each example takes the examples
//! one by one, each under its weights written out.

mod backward;
mod buffers;
mod examples;
mod forward;
mod gradients;
mod product;

pub use buffers::{ScanBuffers, buffers};

use super::super::Number;
use super::super::kernels::KernelGradients;
use super::backward::add_up;
use super::buffers::Buffers;
use super::pass::Pass;
use super::slots::{Slot, deal, deal_gradients, rows, rows_mut};
use crate::plan::{Graph, Segment};
use crate::tensor::{Aligned, Share};
use buffers::Part;
use examples::Recurrence;
use product::Turned;
use rayon::prelude::*;

/// The minibatch through a recurrence.
pub fn forward<T: Number>(
    pass: Pass<T>,
    segment: &Segment,
    buffers: &mut Buffers<Aligned<T>>,
    examples: usize,
) {
    let (of, graph) = (Recurrence::new(pass, segment.nodes[0]), pass.kernels.graph);
    let storage = of.step().storage.expect("a computed value");
    let y_len = graph.storages[storage].len;
    let room = buffers.scans.get_mut(&of.handle);
    let room = room.expect("room for a recurrence");
    let at_once = room.at_once;
    let tables = deal(graph, &mut buffers.values, &[storage], at_once, examples);
    let (kept, parts, _) = room.split(of.geometry, examples);
    let tasks = tables.into_par_iter().zip(kept).zip(parts).enumerate();
    tasks.share(|(part, ((mut slots, [cells, states]), room))| {
        let mut out = slots[storage].take();
        let y = out.write();
        let some = of.examples(&slots, part * at_once, y.len() / y_len);
        some.by_weights(false, room, |some, at, weights, room| {
            let y = rows_mut(y, at.start, at.len(), y_len);
            let [cells, states] = [
                rows_mut(cells, at.start, at.len(), of.cells()),
                rows_mut(states, at.start, at.len(), of.states()),
            ];
            let kernel = of.kernels().kernel(of.kernel);
            let product = some.product(T::linear(of.scan.product()), kernel, weights);
            some.forward(y, [cells, states], product, room);
        });
    });
}

/// The minibatch back through it.
pub fn backward<T: Number>(
    pass: Pass<T>,
    segment: &Segment,
    buffers: &mut Buffers<Aligned<T>>,
    into: &mut KernelGradients<T>,
    examples: usize,
) {
    let (of, graph) = (Recurrence::new(pass, segment.nodes[0]), pass.kernels.graph);
    let input = of.step().input();
    let storage = &graph.storages[of.step().storage.expect("a computed value")];
    let place = storage.place.expect("a gradient has a place");
    let from = graph.nodes[input.node].storage.filter(|_| input.gradient);
    let towards = from.and_then(|from| graph.storages[from].place);
    let room = buffers.scans.get_mut(&of.handle);
    let room = room.expect("room for a recurrence");
    let at_once = room.at_once;
    let values = deal(graph, &mut buffers.values, &[], at_once, examples);
    let touched = graph.touched(segment);
    let gradients = deal_gradients(graph, &mut buffers.gradients, touched, at_once, examples);
    room.turn(of.kernels().kernel(of.kernel), of.geometry);
    let (kept, parts, turned) = room.split(of.geometry, examples);
    let tasks = values.into_par_iter().zip(gradients).zip(kept);
    let tasks = tasks.zip(&mut *parts).enumerate();
    tasks.share(
        |(part, (((values, mut gradients), [cells, states]), room))| {
            room.clear_gradients();
            let dy = gradients[place].take();
            let dy = dy.read();
            let mut dx = towards.map_or(Slot::Absent, |place| gradients[place].take());
            let dx = dx.write();
            let some = of.examples(&values, part * at_once, dy.len() / storage.len);
            some.by_weights(true, room, |some, at, weights, room| {
                let dy = rows(dy, at.start, at.len(), storage.len);
                let dx = rows_mut(dx, at.start, at.len(), of.inputs());
                let [cells, states] = [
                    rows(cells, at.start, at.len(), of.cells()),
                    rows(states, at.start, at.len(), of.states()),
                ];
                let linear = Turned::new(of.scan);
                let product = some.product(&linear, turned, weights);
                some.backward(dy, dx, [cells, states], product, room);
                some.gradients(states, room);
            });
        },
    );
    add_parts(graph, parts, into);
}

/// Adds the parts' gradients, in the parts' order.
fn add_parts<T: Number>(graph: &Graph, parts: &[Part<Aligned<T>>], into: &mut KernelGradients<T>) {
    let Some(one) = parts.first() else { return };
    for (tensor, [_, second]) in &one.gradients {
        let entries = graph.kernels[*tensor].entries.clone();
        let of = |array: usize| -> Vec<&[T]> {
            let parts = parts.iter();
            parts
                .map(|part| &part.gradients[tensor][array][..])
                .collect()
        };
        add_up(&mut into.first[entries.clone()], &of(0));
        if !second.is_empty() {
            add_up(&mut into.second[entries], &of(1));
        }
    }
}
