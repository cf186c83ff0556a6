//! What recurrences need.

use super::super::super::memory::Array;
use super::super::buffers::{calls, chunk_len};
use super::super::slots::by_rows;
use super::super::work::Work;
use super::examples::scan_of;
use crate::estimator::Kernel;
use crate::ir::{Handle, Node, Tensor};
use crate::layer::Geometry;
use crate::plan::{Graph, SegmentKind};
use crate::tensor::{Aligned, Real, transpose};
use std::collections::BTreeMap;

/// The fewest examples that go through the steps together, unless the minibatch has fewer: a row of a product takes about
/// as long among 4 as among many.
const LEAST_AT_ONCE: usize = 4;

/// What a recurrence needs.
pub struct ScanBuffers<A> {
    /// Examples that go through the steps together. It depends on the size of the minibatch alone, and so do the results.
    pub at_once: usize,
    /// What the cell keeps, of each example and step.
    cells: A,
    /// The state before each step.
    states: A,
    /// The kernel's two arrays turned over, unless each example has its own.
    turned: [A; 2],
    /// Working memory of each part of the minibatch.
    parts: Vec<Part<A>>,
}

/// Working memory of one part.
pub struct Part<A> {
    pub state: A,
    pub memory: A,
    pub product: A,
    /// What a cell keeps where none is gone back.
    pub kept: A,
    pub d_state: A,
    pub d_memory: A,
    /// The gradient by a state through the product.
    pub through: A,
    /// The gradients by all products, an example's after the one's before.
    pub d_products: A,
    pub dx: A,
    /// An example's own weights, twice: as they are drawn, and as a product takes them.
    pub weights: [A; 2],
    pub d_bias: A,
    pub work: Work<A>,
    /// Gradients by the arrays that estimators prepare, by tensor.
    pub gradients: BTreeMap<Handle<Tensor>, [A; 2]>,
}

/// What [`ScanBuffers::split`] gives.
type Split<'a, T> = (
    Vec<[&'a mut [T]; 2]>,
    &'a mut [Part<Aligned<T>>],
    Kernel<'a, T>,
);

/// Of all recurrences.
pub fn buffers<A: Array>(graph: &Graph, batch: usize) -> BTreeMap<Handle<Node>, ScanBuffers<A>> {
    let nodes = calls(graph, SegmentKind::Scan);
    nodes
        .map(|(handle, _, _)| (handle, ScanBuffers::new(graph, handle, batch)))
        .collect()
}

impl<A: Array> ScanBuffers<A> {
    fn new(graph: &Graph, handle: Handle<Node>, batch: usize) -> Self {
        let (call, scan) = scan_of(graph, handle);
        let kernel = call.kernel().expect("a recurrence has a kernel");
        let factors = graph.kernels[kernel].factors.into_iter().flatten();
        let tensors: Vec<Handle<Tensor>> = call.tensors().chain(factors).collect();
        let lengths = |tensor: Handle<Tensor>| {
            let tensor = &graph.kernels[tensor];
            let second = usize::from(tensor.estimator.has_second());
            [1, second].map(|arrays| arrays * tensor.entries.len())
        };
        let numbers = tensors.iter().flat_map(|tensor| lengths(*tensor)).sum();
        let at_once = chunk_len(batch, numbers);
        let at_once = at_once.max(LEAST_AT_ONCE.min(batch));
        let Geometry {
            steps,
            units,
            products,
            memory,
            saved,
            ..
        } = scan.geometry();
        let estimator = graph.kernels[kernel].estimator;
        let own = usize::from(estimator.by_example()) * units * products;
        let rows = at_once.max(steps);
        let part = || Part {
            state: A::zeros(at_once * units),
            memory: A::zeros(at_once * memory),
            product: A::zeros(at_once * products),
            kept: A::zeros(saved),
            d_state: A::zeros(at_once * units),
            d_memory: A::zeros(at_once * memory),
            through: A::zeros(at_once * units),
            d_products: A::zeros(at_once * steps * products),
            dx: A::zeros(products),
            weights: [own; 2].map(A::zeros),
            d_bias: A::zeros(at_once * units),
            work: Work {
                layer: A::zeros(0),
                kernels: A::zeros(estimator.kernel_scratch(false) * units * products),
                inputs: A::zeros(rows * units),
                outputs: A::zeros(rows * products),
                extra: A::zeros(estimator.saved() * rows * products),
                factors: A::zeros(units + products),
            },
            gradients: (tensors.iter())
                .map(|&tensor| (tensor, lengths(tensor).map(A::zeros)))
                .collect(),
        };
        ScanBuffers {
            at_once,
            cells: A::zeros(batch * steps * saved),
            states: A::zeros(batch * steps * units),
            turned: match estimator.by_example() {
                true => [0; 2].map(A::zeros),
                false => lengths(kernel).map(A::zeros),
            },
            parts: (0..batch.div_ceil(at_once)).map(|_| part()).collect(),
        }
    }

    /// Numbers in all arrays.
    pub fn numbers(&self) -> u128 {
        let parts = self.parts.iter().map(Part::numbers);
        let kept = self.cells.numbers() + self.states.numbers();
        kept + self.turned.iter().map(A::numbers).sum::<u128>() + parts.sum::<u128>()
    }
}

impl<T: Real> ScanBuffers<Aligned<T>> {
    /// Turns a kernel over for the way back.
    pub fn turn(&mut self, kernel: Kernel<T>, of: Geometry) {
        let arrays = [kernel.first, kernel.second].into_iter();
        for (array, turned) in arrays.zip(&mut self.turned) {
            if !turned.is_empty() {
                transpose(array, of.products, turned);
            }
        }
    }

    /// For each part of so many examples what is kept of its cells and states, and its working memory; and the kernel as it
    /// was turned last.
    pub fn split(&mut self, of: Geometry, examples: usize) -> Split<'_, T> {
        let cells = &mut self.cells[..examples * of.steps * of.saved];
        let states = &mut self.states[..examples * of.steps * of.units];
        let kept = by_rows([cells, states], examples, self.at_once);
        let parts = &mut self.parts[..kept.len()];
        let [first, second] = &self.turned;
        (kept, parts, Kernel { first, second })
    }
}

impl<A: Array> Part<A> {
    fn numbers(&self) -> u128 {
        let arrays = [
            &self.state,
            &self.memory,
            &self.product,
            &self.kept,
            &self.d_state,
            &self.d_memory,
            &self.through,
            &self.d_products,
            &self.dx,
            &self.d_bias,
        ];
        let others = self.weights.iter().chain(self.gradients.values().flatten());
        let arrays = arrays.into_iter().chain(others);
        arrays.map(A::numbers).sum::<u128>() + self.work.numbers()
    }
}

impl<T: Real> Part<Aligned<T>> {
    /// Sets the gradients to 0.
    pub fn clear_gradients(&mut self) {
        let arrays = self.gradients.values_mut().flatten();
        arrays.for_each(|array| array.fill(T::zero()));
    }
}
