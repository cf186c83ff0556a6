//! A recurrence: a few examples at a time go through all steps together, so that the product of a step is one of
//! matrices, and several such parts run in parallel.
//!
//! The kernel's gradient is made once, of all steps: they are positions, which share the kernel. An estimator that has
//! weights of its own for each example takes the examples one by one, each under its weights written out.

use super::super::kernels::KernelGradients;
use super::super::memory::Array;
use super::super::{Kernels, Number};
use super::Mode;
use super::alike;
use super::backward::add_rows;
use super::buffers::{Buffers, calls};
use super::pass::Pass;
use super::slots::{GradientSlots, Slot, Slots, deal, deal_gradients, rows, rows_mut};
use super::work::Work;
use crate::estimator::{
    Estimate, Estimator, ExampleDraws, Kernel, KernelGradient, POINT, Saved, Scratch, Site,
};
use crate::ir::{Handle, Node, Tensor};
use crate::layer::{AnyScan, Geometry, Linear, Operation, StepBack, StepForward};
use crate::plan::{Graph, Segment, SegmentKind};
use crate::tensor::{Aligned, Real, Share};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::mem;

/// Examples that go through the steps together: enough rows for products at full speed.
const AT_ONCE: usize = 32;

/// What a recurrence needs.
pub struct ScanBuffers<A> {
    /// What an example keeps: of each step what the cell does, then the state before each step.
    saved: A,
    /// One for each part of the minibatch.
    parts: Vec<Part<A>>,
}

/// Working memory of one part.
struct Part<A> {
    state: A,
    memory: A,
    product: A,
    /// What a step keeps where none is gone back.
    kept: A,
    d_state: A,
    d_memory: A,
    through: A,
    /// The gradients by all products, an example's after the one's before.
    d_products: A,
    dx: A,
    /// An example's own weights.
    weights: A,
    d_bias: A,
    work: Work<A>,
    /// Gradients by the arrays that estimators prepare, by tensor.
    gradients: BTreeMap<Handle<Tensor>, [A; 2]>,
}

impl<A: Array> ScanBuffers<A> {
    fn new(graph: &Graph, handle: Handle<Node>, batch: usize) -> Self {
        let (call, scan) = of(graph, handle);
        let Geometry {
            steps,
            units,
            products,
            memory,
            saved,
            ..
        } = scan.geometry();
        let kernel = call.kernel().expect("a recurrence has a kernel");
        let plan = &graph.kernels[kernel];
        let estimator = plan.estimator;
        let at_once = AT_ONCE.min(batch.max(1));
        let own = usize::from(estimator.by_example()) * units * products;
        let rows = at_once.max(steps);
        let factors = plan.factors.into_iter().flatten();
        let tensors: Vec<Handle<Tensor>> = call.tensors().chain(factors).collect();
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
            weights: A::zeros(own),
            d_bias: A::zeros(at_once * units),
            work: Work {
                layer: A::zeros(scan.product().scratch(at_once)),
                kernels: A::zeros(estimator.kernel_scratch(false) * units * products),
                inputs: A::zeros(rows * units),
                outputs: A::zeros(rows * products),
                extra: A::zeros(estimator.saved() * rows * products),
                factors: A::zeros(units + products),
            },
            gradients: (tensors.iter())
                .map(|&tensor| {
                    let len = graph.kernels[tensor].entries.len();
                    let second = usize::from(graph.kernels[tensor].estimator.has_second());
                    (tensor, [A::zeros(len), A::zeros(second * len)])
                })
                .collect(),
        };
        ScanBuffers {
            saved: A::zeros(batch * steps * (saved + units)),
            parts: (0..batch.div_ceil(at_once)).map(|_| part()).collect(),
        }
    }

    /// Numbers in all arrays.
    pub fn numbers(&self) -> u128 {
        let of_part = |part: &Part<A>| {
            let arrays = [
                &part.state,
                &part.memory,
                &part.product,
                &part.kept,
                &part.d_state,
                &part.d_memory,
                &part.through,
                &part.d_products,
                &part.dx,
                &part.weights,
                &part.d_bias,
            ];
            let arrays = arrays.into_iter().chain(part.gradients.values().flatten());
            arrays.map(A::numbers).sum::<u128>() + part.work.numbers()
        };
        self.saved.numbers() + self.parts.iter().map(of_part).sum::<u128>()
    }
}

/// Of all recurrences.
pub fn buffers<A: Array>(graph: &Graph, batch: usize) -> BTreeMap<Handle<Node>, ScanBuffers<A>> {
    let nodes = calls(graph, SegmentKind::Scan);
    nodes
        .map(|(handle, _, _)| (handle, ScanBuffers::new(graph, handle, batch)))
        .collect()
}

/// A node's recurrence.
fn of(graph: &Graph, handle: Handle<Node>) -> (&crate::ir::Call, &dyn AnyScan) {
    let call = graph.model.nodes[handle].call.as_ref();
    let call = call.expect("only the input has no call");
    match &call.operation {
        Operation::Scan(scan) => (call, &**scan),
        _ => unreachable!("a segment of a recurrence has one"),
    }
}

/// The product of a step, as an estimator takes it.
struct Product<'a, T: Number> {
    estimator: &'static dyn Estimator,
    site: Site<'a, T>,
    kernel: Kernel<'a, T>,
    draws: ExampleDraws<'a, T>,
}

impl<T: Number> Product<'_, T> {
    fn estimate(&self) -> &'static dyn Estimate<T> {
        T::estimate(self.estimator)
    }
}

/// A layer whose output is its weights: what an estimator runs it under is seen.
struct Itself;

impl<T: Real> Linear<T> for Itself {
    fn apply(&self, _: &[T], w: &[T], y: &mut [T], _: &mut [T]) {
        y.copy_from_slice(w);
    }
    fn transpose(&self, _: &[T], _: &[T], dx: &mut [T], _: &mut [T]) {
        dx.fill(T::zero());
    }
    fn weight_gradient(&self, _: &[T], dy: &[T], _: bool, dw: &mut [T], _: &mut [T]) {
        dw.copy_from_slice(dy);
    }
}

/// Some examples of a recurrence.
#[derive(Clone, Copy)]
struct Examples<'a, T: Number> {
    pass: Pass<'a, T>,
    handle: Handle<Node>,
    scan: &'a dyn AnyScan,
    kernel: Handle<Tensor>,
    /// The first of them in the minibatch.
    start: usize,
    count: usize,
    /// The inputs of each, and their lengths; empty where there are none.
    x: &'a [T],
    lengths: &'a [T],
}

impl<'a, T: Number> Examples<'a, T> {
    /// How many steps an example has.
    fn length(&self, example: usize) -> usize {
        let steps = self.scan.geometry().steps;
        let length = self.lengths.get(example);
        length.map_or(steps, |length| (length.wide() as usize).min(steps))
    }

    /// The steps, in the order in which they are taken.
    fn steps(&self) -> impl DoubleEndedIterator<Item = (bool, usize)> + use<T> {
        let Geometry {
            steps, backward, ..
        } = self.scan.geometry();
        (0..steps).map(move |at| match backward {
            true => (at == 0, steps - 1 - at),
            false => (at == 0, at),
        })
    }

    fn estimator(&self) -> &'static dyn Estimator {
        self.kernels().graph.kernels[self.kernel].estimator
    }

    fn kernels(&self) -> &Kernels<'a, T> {
        &self.pass.kernels
    }

    /// One of them.
    fn one(&self, example: usize) -> Self {
        let geometry = self.scan.geometry();
        Examples {
            start: self.start + example,
            count: 1,
            x: rows(self.x, example, 1, geometry.steps * geometry.products),
            lengths: rows(self.lengths, example, 1, 1),
            ..*self
        }
    }

    fn site(&self, positions: usize) -> Site<'a, T> {
        let Geometry {
            units, products, ..
        } = self.scan.geometry();
        Site {
            linear: T::linear(self.scan.product()),
            input: positions * units,
            output: positions * products,
            channels_in: units,
            channels_out: products,
            whole_batch: false,
        }
    }

    fn draws(&self) -> ExampleDraws<'a, T> {
        let of_use = self.kernels().graph.nodes[self.handle].kernel_use;
        self.kernels()
            .draws(self.kernel, of_use, self.start, self.count)
    }

    /// The product of a step; under the weights that are written out, where there are such.
    fn product<'w>(&self, weights: &'w [T]) -> Product<'w, T>
    where
        'a: 'w,
    {
        match weights {
            [] => Product {
                estimator: self.estimator(),
                site: self.site(1),
                kernel: self.kernels().kernel(self.kernel),
                draws: self.draws(),
            },
            weights => Product {
                estimator: &POINT,
                site: self.site(1),
                kernel: Kernel {
                    first: weights,
                    second: &[],
                },
                draws: ExampleDraws::default(),
            },
        }
    }

    /// Writes out the weights of one example.
    fn weigh(&self, weights: &mut [T], work: &mut Work<Aligned<T>>) {
        let site = Site {
            linear: &Itself,
            input: weights.len(),
            output: weights.len(),
            ..self.site(1)
        };
        let estimate = self.kernels().estimate(self.kernel);
        let kernel = self.kernels().kernel(self.kernel);
        let nothing = Saved {
            input: &mut [][..],
            output: &mut [][..],
        };
        // It reads no inputs: any row as long is one.
        let x = kernel.first;
        estimate.forward(
            &site,
            kernel,
            self.draws(),
            x,
            weights,
            nothing,
            work.scratch(0),
        );
    }

    /// The row of the bias of an example; empty where there is none.
    fn bias(&self, example: usize) -> &'a [T] {
        let bias = self.kernels().graph.nodes[self.handle].bias;
        bias.map_or(&[], |bias| self.kernels().row(bias, self.start + example))
    }

    /// All steps. `saved` is empty where none is gone back.
    fn forward(&self, y: &mut [T], saved: &mut [T], part: &mut Part<Aligned<T>>, own: &[T]) {
        let geometry = self.scan.geometry();
        let Geometry {
            steps,
            units,
            products,
            memory: of_memory,
            last,
            ..
        } = geometry;
        let cell = T::scan(self.scan);
        let of_product = self.product(own);
        let state = &mut part.state[..self.count * units];
        let memory = &mut part.memory[..self.count * of_memory];
        let product = &mut part.product[..self.count * products];
        state.fill(T::zero());
        memory.fill(T::zero());
        let len = steps * (geometry.saved + units);
        for (is_first, step) in self.steps() {
            match is_first {
                true => product.fill(T::zero()),
                false => {
                    let mut apply = |x: &[T], y: &mut [T]| {
                        let rows = x.len() / units;
                        let scratch = part.work.of_examples(
                            self.scan.product().scratch(rows).min(part.work.layer.len()),
                            rows,
                            [units, products, 0],
                        );
                        let Product {
                            site,
                            kernel,
                            draws,
                            ..
                        } = &of_product;
                        of_product
                            .estimate()
                            .apply_rows(site, *kernel, *draws, x, y, scratch);
                    };
                    match self.pass.mode {
                        Mode::Train => apply(state, product),
                        Mode::Predict => alike::product([units, products], state, product, apply),
                    }
                }
            }
            for example in 0..self.count {
                let state = rows_mut(state, example, 1, units);
                let row = (!last).then(|| example * steps + step);
                if step >= self.length(example) {
                    row.iter()
                        .for_each(|&row| rows_mut(y, row, 1, units).fill(T::zero()));
                    continue;
                }
                let of_example = rows_mut(saved, example, 1, len);
                let kept = match of_example.is_empty() {
                    true => &mut part.kept[..],
                    false => {
                        let (cells, states) = of_example.split_at_mut(steps * geometry.saved);
                        rows_mut(states, step, 1, units).copy_from_slice(state);
                        rows_mut(cells, step, 1, geometry.saved)
                    }
                };
                cell.step(StepForward {
                    x: rows(self.x, example * steps + step, 1, products),
                    product: rows(product, example, 1, products),
                    bias: self.bias(example),
                    state: &mut *state,
                    memory: rows_mut(memory, example, 1, of_memory),
                    saved: kept,
                });
                if let Some(row) = row {
                    rows_mut(y, row, 1, units).copy_from_slice(state);
                }
            }
        }
        if last {
            y.copy_from_slice(state);
        }
    }

    /// All steps back. `dx` is empty where it is not wanted.
    fn backward(
        &self,
        dy: &[T],
        dx: &mut [T],
        add: bool,
        saved: &[T],
        part: &mut Part<Aligned<T>>,
        own: &[T],
    ) {
        let geometry = self.scan.geometry();
        let Geometry {
            steps,
            units,
            products,
            memory: of_memory,
            last,
            ..
        } = geometry;
        let cell = T::scan(self.scan);
        let of_product = self.product(own);
        let d_state = &mut part.d_state[..self.count * units];
        let d_memory = &mut part.d_memory[..self.count * of_memory];
        let d_products = &mut part.d_products[..self.count * steps * products];
        let through = &mut part.through[..self.count * units];
        let d_bias = match self.kernels().graph.nodes[self.handle].bias {
            Some(_) => &mut part.d_bias[..self.count * units],
            None => &mut [],
        };
        d_bias.fill(T::zero());
        d_memory.fill(T::zero());
        match last {
            true => d_state.copy_from_slice(dy),
            false => d_state.fill(T::zero()),
        }
        let len = steps * (geometry.saved + units);
        for (is_first, step) in self.steps().rev() {
            for example in 0..self.count {
                let row = example * steps + step;
                let d_product = rows_mut(d_products, row, 1, products);
                let to_x = rows_mut(dx, row, 1, products);
                if step >= self.length(example) {
                    d_product.fill(T::zero());
                    if !add {
                        to_x.fill(T::zero());
                    }
                    continue;
                }
                let d_state = rows_mut(d_state, example, 1, units);
                if !last {
                    T::add_to(d_state, rows(dy, row, 1, units));
                }
                let (cells, states) = rows(saved, example, 1, len).split_at(steps * geometry.saved);
                let direct = !add && !to_x.is_empty();
                cell.back(StepBack {
                    saved: rows(cells, step, 1, geometry.saved),
                    before: rows(states, step, 1, units),
                    d_state,
                    d_memory: rows_mut(d_memory, example, 1, of_memory),
                    dx: match direct {
                        true => &mut *to_x,
                        false => &mut part.dx,
                    },
                    d_product,
                    d_bias: rows_mut(d_bias, example, 1, units),
                });
                if !direct && !to_x.is_empty() {
                    T::add_to(to_x, &part.dx);
                }
            }
            if is_first {
                continue;
            }
            let product = &mut part.product[..self.count * products];
            for example in 0..self.count {
                let row = rows(d_products, example * steps + step, 1, products);
                rows_mut(product, example, 1, products).copy_from_slice(row);
            }
            let layer = self.scan.product().scratch(self.count);
            let layer = layer.min(part.work.layer.len());
            let scratch = part
                .work
                .of_examples(layer, self.count, [units, products, 0]);
            let Product {
                site,
                kernel,
                draws,
                ..
            } = &of_product;
            of_product
                .estimate()
                .transpose_rows(site, *kernel, *draws, product, through, scratch);
            T::add_to(d_state, through);
        }
    }

    /// The gradients by the kernel and the bias, of all steps.
    fn gradients(&self, saved: &[T], part: &mut Part<Aligned<T>>) {
        let geometry = self.scan.geometry();
        let Geometry {
            steps,
            units,
            products,
            ..
        } = geometry;
        let (kernels, graph) = (self.kernels(), self.kernels().graph);
        let len = steps * (geometry.saved + units);
        let estimate = kernels.estimate(self.kernel);
        let (site, kernel) = (self.site(steps), kernels.kernel(self.kernel));
        let factors: Vec<Handle<Tensor>> = graph.kernels[self.kernel]
            .factors
            .into_iter()
            .flatten()
            .collect();
        for example in 0..self.count {
            let one = self.one(example);
            let states = &rows(saved, example, 1, len)[steps * geometry.saved..];
            let dy = rows(&part.d_products, example, 1, steps * products);
            let outputs = &mut part.work.extra[..];
            if !outputs.is_empty() {
                // What it reads of the outputs before their factors is made once more.
                let mut y = mem::take(&mut part.work.outputs);
                let kept = Saved {
                    input: &mut [][..],
                    output: &mut outputs[..steps * products],
                };
                let scratch = Scratch {
                    layer: &mut part.work.layer,
                    kernels: &mut part.work.kernels,
                    inputs: &mut part.work.inputs,
                    outputs: &mut [],
                    factors: &mut [],
                };
                let y_of = &mut y[..steps * products];
                estimate.forward(&site, kernel, one.draws(), states, y_of, kept, scratch);
                part.work.outputs = y;
            }
            let channels = kernels.factor_channels(self.kernel);
            let scratch = Scratch {
                layer: &mut part.work.layer,
                kernels: &mut part.work.kernels,
                inputs: &mut part.work.inputs,
                outputs: &mut part.work.outputs,
                factors: &mut part.work.factors[..channels],
            };
            let kept = Saved {
                input: &[][..],
                output: match part.work.extra.is_empty() {
                    true => &[][..],
                    false => &part.work.extra[..steps * products],
                },
            };
            let [first, second] = part.gradients.get_mut(&self.kernel).expect("its kernel's");
            let into = KernelGradient {
                first,
                second,
                add: true,
            };
            estimate.backward(
                &site,
                kernel,
                one.draws(),
                states,
                dy,
                kept,
                None,
                into,
                scratch,
            );
            let mut by_factors = &part.work.factors[..channels];
            for &factor in &factors {
                let (row, rest) = by_factors.split_at(graph.kernels[factor].entries.len());
                by_factors = rest;
                one.add_row(factor, row, &mut part.gradients);
            }
            if let Some(bias) = graph.nodes[self.handle].bias {
                let row = rows(&part.d_bias, example, 1, units);
                one.add_row(bias, row, &mut part.gradients);
            }
        }
    }

    /// Adds the gradient by the row that the one example has of a bias or factor.
    fn add_row(
        &self,
        tensor: Handle<Tensor>,
        row: &[T],
        gradients: &mut BTreeMap<Handle<Tensor>, [Aligned<T>; 2]>,
    ) {
        let [first, second] = gradients.get_mut(&tensor).expect("its parameter's");
        let into = KernelGradient {
            first,
            second,
            add: true,
        };
        let at = self.start..self.start + 1;
        add_rows(self.kernels(), tensor, &at, row, into);
    }
}

/// The rows of `saved` of each part.
fn cut<T>(saved: &mut [T], examples: usize, batch_len: usize) -> Vec<&mut [T]> {
    let len = batch_len.max(1);
    let used = &mut saved[..examples * len];
    used.chunks_mut(AT_ONCE * len).collect()
}

/// The minibatch through a recurrence.
pub fn forward<T: Number>(
    pass: Pass<T>,
    segment: &Segment,
    buffers: &mut Buffers<Aligned<T>>,
    examples: usize,
) {
    let (handle, graph) = (segment.nodes[0], pass.kernels.graph);
    let (call, scan) = of(graph, handle);
    let storage = graph.nodes[handle].storage.expect("a computed value");
    let tables = deal(graph, &mut buffers.values, &[storage], AT_ONCE, examples);
    let of_scan = buffers
        .scans
        .get_mut(&handle)
        .expect("room for a recurrence");
    let geometry = scan.geometry();
    let len = geometry.steps * (geometry.saved + geometry.units);
    let saved = cut(&mut of_scan.saved, examples, len);
    let kernel = call.kernel().expect("a recurrence has a kernel");
    let own = graph.kernels[kernel].estimator.by_example();
    let tasks = tables.into_par_iter().zip(saved).zip(&mut of_scan.parts);
    tasks
        .enumerate()
        .share(|(index, ((mut slots, saved), part))| {
            let start = index * AT_ONCE;
            let count = AT_ONCE.min(examples - start);
            let mut out = slots[storage].take();
            let y_len = graph.storages[storage].len;
            let y = rows_mut(out.write(), 0, count, y_len);
            let of = gather(pass, handle, scan, kernel, &slots, start, count);
            let saved = match pass.mode {
                Mode::Train => saved,
                Mode::Predict => &mut [],
            };
            if !own {
                return of.forward(y, saved, part, &[]);
            }
            let mut weights = mem::take(&mut part.weights);
            for example in 0..count {
                let one = of.one(example);
                one.weigh(&mut weights, &mut part.work);
                let (y, saved) = (
                    rows_mut(y, example, 1, y_len),
                    rows_mut(saved, example, 1, len),
                );
                one.forward(y, saved, part, &weights);
            }
            part.weights = weights;
        });
}

/// What some examples read.
fn gather<'a, T: Number>(
    pass: Pass<'a, T>,
    handle: Handle<Node>,
    scan: &'a dyn AnyScan,
    kernel: Handle<Tensor>,
    slots: &'a Slots<T>,
    start: usize,
    count: usize,
) -> Examples<'a, T> {
    let inputs = &pass.kernels.graph.nodes[handle].inputs;
    let values = |at: usize| match inputs.get(at) {
        None => &[][..],
        Some(input) => {
            let (all, len) = pass.values(slots, input.node, start);
            rows(all, 0, count, len)
        }
    };
    Examples {
        pass,
        handle,
        scan,
        kernel,
        start,
        count,
        x: values(0),
        lengths: values(1),
    }
}

/// The minibatch back through it.
pub fn backward<T: Number>(
    pass: Pass<T>,
    segment: &Segment,
    buffers: &mut Buffers<Aligned<T>>,
    into: &mut KernelGradients<T>,
    examples: usize,
) {
    let (handle, graph) = (segment.nodes[0], pass.kernels.graph);
    let (call, scan) = of(graph, handle);
    let step = &graph.nodes[handle];
    let storage = step.storage.expect("a computed value");
    let values = deal(graph, &mut buffers.values, &[], AT_ONCE, examples);
    let touched = graph.touched(segment);
    let gradients = deal_gradients(graph, &mut buffers.gradients, touched, AT_ONCE, examples);
    let of_scan = buffers
        .scans
        .get_mut(&handle)
        .expect("room for a recurrence");
    let geometry = scan.geometry();
    let len = geometry.steps * (geometry.saved + geometry.units);
    let saved = cut(&mut of_scan.saved, examples, len);
    let kernel = call.kernel().expect("a recurrence has a kernel");
    let own = graph.kernels[kernel].estimator.by_example();
    let place = graph.storages[storage]
        .place
        .expect("a gradient has a place");
    let from = graph.nodes[step.input().node].storage;
    let towards = from.filter(|_| step.input().gradient);
    let towards = towards.and_then(|storage| graph.storages[storage].place);
    let used = examples.div_ceil(AT_ONCE);
    let tasks = values
        .into_par_iter()
        .zip(gradients)
        .zip(saved)
        .zip(&mut of_scan.parts);
    tasks
        .enumerate()
        .share(|(index, (((values, mut gradients), saved), part))| {
            let start = index * AT_ONCE;
            let count = AT_ONCE.min(examples - start);
            for by in part.gradients.values_mut().flatten() {
                by.fill(T::zero());
            }
            let gradients: &mut GradientSlots<T> = &mut gradients;
            let dy = gradients[place].take();
            let y_len = graph.storages[storage].len;
            let dy = rows(dy.read(), 0, count, y_len);
            let mut towards = towards.map_or(Slot::Absent, |place| gradients[place].take());
            let x_len = geometry.steps * geometry.products;
            let dx = rows_mut(towards.write(), 0, count, x_len);
            let add = !step.input().writes_first;
            let of = gather(pass, handle, scan, kernel, &values, start, count);
            if !own {
                of.backward(dy, dx, add, saved, part, &[]);
                return of.gradients(saved, part);
            }
            let mut weights = mem::take(&mut part.weights);
            for example in 0..count {
                let one = of.one(example);
                one.weigh(&mut weights, &mut part.work);
                let dx = rows_mut(dx, example, 1, x_len);
                let saved = rows(saved, example, 1, len);
                one.backward(rows(dy, example, 1, y_len), dx, add, saved, part, &weights);
                one.gradients(saved, part);
            }
            part.weights = weights;
        });
    for part in &of_scan.parts[..used] {
        for (&tensor, [first, second]) in &part.gradients {
            let entries = graph.kernels[tensor].entries.clone();
            T::add_to(&mut into.first[entries.clone()], first);
            if !second.is_empty() {
                T::add_to(&mut into.second[entries], second);
            }
        }
    }
}
