//! A function of one example's values: what it reads, and where its gradients go.

use super::super::Number;
use super::pass::Pass;
use super::slots::{GradientSlots, Slot, Slots, rows, rows_mut};
use crate::ir::{Call, Handle, Node};
use crate::layer::{AnyFunction, MOST_INPUTS, Reads, Towards};
use crate::plan::{Graph, NodePlan, Storage};

/// The most parameters that a function has.
const MOST_ROWS: usize = 4;

/// One function at one example.
pub struct At<'a, T: Number> {
    /// The pass.
    pub pass: Pass<'a, T>,
    /// The node.
    pub handle: Handle<Node>,
    /// Its layer.
    pub call: &'a Call,
    /// Its function.
    pub function: &'a dyn AnyFunction,
    /// The first example of the chunk.
    pub start: usize,
    /// The example's place in its chunk.
    pub example: usize,
}

impl<'a, T: Number> At<'a, T> {
    fn step(&self) -> &'a NodePlan {
        &self.pass.kernels.graph.nodes[self.handle]
    }

    /// The values it takes; an empty one where it is written over it.
    fn inputs<'s>(&self, slots: &'s Slots<T>) -> [&'s [T]; MOST_INPUTS]
    where
        'a: 's,
    {
        let graph = self.pass.kernels.graph;
        let mut x: [&[T]; MOST_INPUTS] = [&[]; MOST_INPUTS];
        for (x, input) in x.iter_mut().zip(&self.step().inputs) {
            let storage = graph.nodes[input.node].storage;
            let (all, len) = self.pass.values(slots, input.node, self.start);
            *x = rows(all, self.pass.row_of(storage, self.example), 1, len);
        }
        x
    }

    /// The example's rows of its parameters.
    fn rows(&self) -> [&'a [T]; MOST_ROWS] {
        let mut found: [&[T]; MOST_ROWS] = [&[]; MOST_ROWS];
        for (row, tensor) in found.iter_mut().zip(&self.call.parameters) {
            if let Some(tensor) = *tensor {
                *row = self.pass.kernels.row(tensor, self.start + self.example);
            }
        }
        found
    }

    /// Writes `y` and what is kept.
    pub fn forward(&self, slots: &Slots<T>, y: &mut [T], saved: &mut [T]) {
        let (x, parameters) = (self.inputs(slots), self.rows());
        let reads = Reads {
            x: &x[..self.step().inputs.len()],
            parameters: &parameters[..self.call.parameters.len()],
            mask: self
                .pass
                .kernels
                .mask(self.handle, self.start + self.example),
        };
        T::function(self.function).forward(reads, y, saved);
    }

    /// From `dy`, whose slot is taken out of `gradients`: the gradients by the inputs, and those by the rows to
    /// `d_rows`, one parameter's after the other's. `extra` has room for inputs that lie where an earlier one does.
    #[allow(clippy::too_many_arguments)]
    pub fn backward<'g>(
        &self,
        values: &Slots<T>,
        gradients: &mut GradientSlots<'g, T>,
        saved: &[T],
        dy: &[T],
        d_rows: &mut [T],
        extra: &mut [T],
    ) {
        let (step, graph) = (self.step(), self.pass.kernels.graph);
        let (x, parameters) = match self.function.needs_inputs() {
            true => (self.inputs(values), self.rows()),
            false => ([&[][..]; MOST_INPUTS], self.rows()),
        };
        let reads = Reads {
            x: &x[..step.inputs.len()],
            parameters: &parameters[..self.call.parameters.len()],
            mask: self
                .pass
                .kernels
                .mask(self.handle, self.start + self.example),
        };
        let mut taken: [Slot<'g, T>; MOST_INPUTS] = std::array::from_fn(|_| Slot::Absent);
        for (at, slot) in taken.iter_mut().enumerate().take(step.inputs.len()) {
            if let Some(storage) = wanted(graph, step, at)
                && let Some(place) = graph.storages[storage].place
            {
                *slot = gradients[place].take();
            }
        }
        d_rows.fill(T::zero());
        {
            let mut towards: [Towards<T>; MOST_INPUTS] = std::array::from_fn(|_| Towards {
                dx: &mut [],
                add: false,
            });
            let mut rest = &mut *extra;
            let all = towards.iter_mut().zip(&mut taken).zip(&step.inputs);
            for (at, ((towards, slot), input)) in all.enumerate() {
                let Some(storage) = wanted(graph, step, at) else {
                    continue;
                };
                let storage = &graph.storages[storage];
                if is_again(graph, step, at) {
                    let (own, others) = rest.split_at_mut(storage.len);
                    (towards.dx, rest) = (own, others);
                } else {
                    let row = if storage.shared { self.example } else { 0 };
                    towards.dx = rows_mut(slot.write(), row, 1, storage.len);
                    towards.add = !input.writes_first;
                }
            }
            let mut by_rows: [&mut [T]; MOST_ROWS] = std::array::from_fn(|_| &mut [][..]);
            let mut rest = d_rows;
            for (row, parameter) in by_rows.iter_mut().zip(reads.parameters) {
                let (own, others) = rest.split_at_mut(parameter.len());
                (*row, rest) = (own, others);
            }
            T::function(self.function).backward(
                reads,
                saved,
                dy,
                &mut towards[..step.inputs.len()],
                &mut by_rows[..reads.parameters.len()],
            );
        }
        let mut rest = &*extra;
        for at in 0..step.inputs.len() {
            if let Some(storage) = wanted(graph, step, at)
                && is_again(graph, step, at)
            {
                let len = graph.storages[storage].len;
                let first = (0..at).find(|&other| wanted(graph, step, other) == Some(storage));
                let row = if graph.storages[storage].shared {
                    self.example
                } else {
                    0
                };
                let slot = &mut taken[first.expect("the first of them")];
                T::add_to(rows_mut(slot.write(), row, 1, len), &rest[..len]);
                rest = &rest[len..];
            }
        }
        for (at, slot) in taken.into_iter().enumerate().take(step.inputs.len()) {
            if let Some(storage) = wanted(graph, step, at)
                && let Some(place) = graph.storages[storage].place
                && !is_again(graph, step, at)
            {
                gradients[place] = slot;
            }
        }
    }
}

/// The storage of an input whose gradient is wanted and lies elsewhere than the output's.
fn wanted(graph: &Graph, step: &NodePlan, at: usize) -> Option<Handle<Storage>> {
    let input = &step.inputs[at];
    let over = step.in_place && at == 0;
    graph.nodes[input.node]
        .storage
        .filter(|_| input.gradient && !over)
}

/// Whether an earlier input lies in the same storage.
fn is_again(graph: &Graph, step: &NodePlan, at: usize) -> bool {
    let own = wanted(graph, step, at);
    own.is_some() && (0..at).any(|other| wanted(graph, step, other) == own)
}

/// How long the gradients of inputs are together that lie where an earlier input's does.
pub fn again(graph: &Graph, step: &NodePlan) -> usize {
    let all = 0..step.inputs.len();
    all.filter(|&at| is_again(graph, step, at))
        .filter_map(|at| Some(graph.storages[wanted(graph, step, at)?].len))
        .sum()
}
