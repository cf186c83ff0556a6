//! Examples of a recurrence, and what they read.

use super::super::super::{Kernels, Number};
use super::super::pass::Pass;
use super::super::slots::{Slots, rows};
use super::buffers::Part;
use crate::estimator::{ExampleDraws, Site};
use crate::ir::{Call, Handle, Node, Tensor};
use crate::layer::{AnyScan, Geometry, Operation, sequences};
use crate::plan::{Graph, KernelPlan, NodePlan};
use crate::tensor::{Aligned, transpose};
use std::mem;
use std::ops::Range;

/// A recurrence in a pass.
#[derive(Clone, Copy)]
pub struct Recurrence<'a, T: Number> {
    pub pass: Pass<'a, T>,
    pub handle: Handle<Node>,
    pub scan: &'a dyn AnyScan,
    pub geometry: Geometry,
    pub kernel: Handle<Tensor>,
}

/// A node's recurrence.
pub fn scan_of(graph: &Graph, handle: Handle<Node>) -> (&Call, &dyn AnyScan) {
    let call = graph.model.nodes[handle].call.as_ref();
    let call = call.expect("only the input has no call");
    match &call.operation {
        Operation::Scan(scan) => (call, &**scan),
        _ => unreachable!("a segment of a recurrence has one"),
    }
}

impl<'a, T: Number> Recurrence<'a, T> {
    pub fn new(pass: Pass<'a, T>, handle: Handle<Node>) -> Self {
        let (call, scan) = scan_of(pass.kernels.graph, handle);
        Recurrence {
            pass,
            handle,
            scan,
            geometry: scan.geometry(),
            kernel: call.kernel().expect("a recurrence has a kernel"),
        }
    }

    pub fn kernels(&self) -> &Kernels<'a, T> {
        &self.pass.kernels
    }

    pub fn step(&self) -> &'a NodePlan {
        &self.kernels().graph.nodes[self.handle]
    }

    pub fn plan(&self) -> &'a KernelPlan {
        &self.kernels().graph.kernels[self.kernel]
    }

    /// Numbers of an example's input.
    pub fn inputs(&self) -> usize {
        self.geometry.steps * self.geometry.products
    }

    /// Numbers that the cell keeps of an example.
    pub fn cells(&self) -> usize {
        self.geometry.steps * self.geometry.saved
    }

    /// Numbers of an example's states.
    pub fn states(&self) -> usize {
        self.geometry.steps * self.geometry.units
    }

    /// The steps in the order in which they are taken, and whether each is the first.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = (bool, usize)> + use<T> {
        let Geometry {
            steps, backward, ..
        } = self.geometry;
        (0..steps).map(move |at| match backward {
            true => (at == 0, steps - 1 - at),
            false => (at == 0, at),
        })
    }

    /// The product of so many steps of an example.
    pub fn site(&self, steps: usize) -> Site<'a, T> {
        let Geometry {
            units, products, ..
        } = self.geometry;
        Site {
            linear: T::linear(self.scan.product()),
            input: steps * units,
            output: steps * products,
            channels_in: units,
            channels_out: products,
            whole_batch: false,
        }
    }

    /// Some examples from `start`, whose inputs and lengths lie in the slots.
    pub fn examples<'s>(&self, slots: &'s Slots<T>, start: usize, count: usize) -> Examples<'s, T>
    where
        'a: 's,
    {
        let values = |at: usize| match self.step().inputs.get(at) {
            None => &[][..],
            Some(input) => {
                let (all, len) = self.pass.values(slots, input.node, start);
                rows(all, 0, count, len)
            }
        };
        Examples {
            of: *self,
            start,
            count,
            x: values(0),
            lengths: values(1),
        }
    }
}

/// Some examples of a recurrence.
#[derive(Clone, Copy)]
pub struct Examples<'a, T: Number> {
    pub of: Recurrence<'a, T>,
    /// The first of them in the minibatch.
    pub start: usize,
    pub count: usize,
    /// The inputs of each.
    pub x: &'a [T],
    /// Their lengths; empty where there are none.
    lengths: &'a [T],
}

impl<'a, T: Number> Examples<'a, T> {
    /// Their places in the minibatch.
    pub fn at(&self) -> Range<usize> {
        self.start..self.start + self.count
    }

    /// How many steps an example has.
    pub fn length(&self, example: usize) -> usize {
        let told = rows(self.lengths, example, 1, 1);
        sequences::length(Some(&told), self.of.geometry.steps)
    }

    /// Those at some places among them.
    pub fn some(&self, at: &Range<usize>) -> Self {
        Examples {
            start: self.start + at.start,
            count: at.len(),
            x: rows(self.x, at.start, at.len(), self.of.inputs()),
            lengths: rows(self.lengths, at.start, at.len(), 1),
            ..*self
        }
    }

    /// Their draws of the kernel.
    pub fn draws(&self) -> ExampleDraws<'a, T> {
        let of_use = self.of.step().kernel_use;
        (self.of.kernels()).draws(self.of.kernel, of_use, self.start, self.count)
    }

    /// The row of the bias of an example; empty where there is none.
    pub fn bias(&self, example: usize) -> &'a [T] {
        let bias = self.of.step().bias;
        bias.map_or(&[], |bias| {
            self.of.kernels().row(bias, self.start + example)
        })
    }

    /// Calls `f` with all of them, their places and no weights. Under an estimator that has weights of its own for each
    /// example it is called with one after the other, and its weights, `turned` over or as they lie.
    pub fn by_weights(
        &self,
        turned: bool,
        part: &mut Part<Aligned<T>>,
        mut f: impl FnMut(&Self, Range<usize>, &[T], &mut Part<Aligned<T>>),
    ) {
        if !self.of.plan().estimator.by_example() {
            return f(self, 0..self.count, &[], part);
        }
        let [mut as_drawn, mut weights] = mem::take(&mut part.weights);
        for example in 0..self.count {
            let at = example..example + 1;
            let one = self.some(&at);
            match turned {
                true => {
                    one.write_weights(&mut as_drawn, &mut part.work);
                    transpose(&as_drawn, self.of.geometry.products, &mut weights);
                }
                false => one.write_weights(&mut weights, &mut part.work),
            }
            f(&one, at, &weights, part);
        }
        part.weights = [as_drawn, weights];
    }
}
