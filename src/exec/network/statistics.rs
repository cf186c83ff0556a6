//! A layer that normalises by the minibatch's statistics, the whole minibatch at once.

use super::super::kernels::KernelGradients;
use super::super::{Kernels, Number};
use super::backward::add_rows;
use super::buffers::Buffers;
use super::pass::Pass;
use super::slots::{deal, deal_gradients, rows, rows_mut};
use crate::estimator::KernelGradient;
use crate::ir::{Call, Handle, Node, Tensor};
use crate::layer::{AnyStatistics, Moments, Operation};
use crate::plan::{Segment, Storage};
use crate::tensor::Aligned;

/// The layer of a segment.
fn layer<'a, T: Number>(
    pass: &Pass<'a, T>,
    segment: &Segment,
) -> (Handle<Node>, &'a Call, &'a dyn AnyStatistics) {
    let handle = segment.nodes[0];
    let (_, call) = pass.node(handle);
    match &call.operation {
        Operation::Statistics(statistics) => (handle, call, &**statistics),
        _ => unreachable!("a segment of statistics has such a layer"),
    }
}

/// The gain and the shift, where they are not left out.
fn gain_and_shift(call: &Call) -> [Option<Handle<Tensor>>; 2] {
    [call.parameters[0], call.parameters[1]]
}

/// A row for all examples, or one for each; none where it is left out.
fn of_examples<'a, T: Number>(
    kernels: &Kernels<'a, T>,
    tensor: Option<Handle<Tensor>>,
    examples: usize,
) -> &'a [T] {
    let Some(tensor) = tensor else { return &[] };
    let each = kernels.bias_rows(tensor, 0, examples);
    each.unwrap_or_else(|| kernels.kernel(tensor).first)
}

/// The whole minibatch through the layer.
pub fn forward<T: Number>(
    pass: Pass<T>,
    segment: &Segment,
    buffers: &mut Buffers<Aligned<T>>,
    examples: usize,
) {
    let (handle, call, statistics) = layer(&pass, segment);
    let graph = pass.kernels.graph;
    let storage = graph.nodes[handle].storage.expect("a computed value");
    let Buffers {
        values, moments, ..
    } = buffers;
    let mut tables = deal(graph, values, &[storage], examples.max(1), examples);
    let Some(slots) = tables.first_mut() else {
        return;
    };
    let mut out = slots[storage].take();
    let y = rows_mut(out.write(), 0, examples, graph.storages[storage].len);
    let (x, len) = pass.input(slots, handle, 0);
    let of = gain_and_shift(call).map(|tensor| of_examples(&pass.kernels, tensor, examples));
    let [mean, variance] = moments.get_mut(&handle).expect("room for moments");
    let moments = Moments { mean, variance };
    T::statistics(statistics).forward(rows(x, 0, examples, len), of, moments, y);
}

/// The whole minibatch back through it.
pub fn backward<T: Number>(
    pass: Pass<T>,
    segment: &Segment,
    buffers: &mut Buffers<Aligned<T>>,
    into: &mut KernelGradients<T>,
    examples: usize,
) {
    let (handle, call, statistics) = layer(&pass, segment);
    let (kernels, graph) = (&pass.kernels, pass.kernels.graph);
    let step = &graph.nodes[handle];
    let storage = step.storage.expect("a computed value");
    let from = graph.nodes[step.input().node].storage;
    let Buffers {
        values,
        gradients,
        moments,
        d_rows,
        ..
    } = buffers;
    let values = deal(graph, values, &[], examples.max(1), examples);
    let touched = graph.touched(segment);
    let mut gradients = deal_gradients(graph, gradients, touched, examples.max(1), examples);
    let (Some(values), Some(gradients)) = (values.first(), gradients.first_mut()) else {
        return;
    };
    let (x, len) = pass.input(values, handle, 0);
    let place = |storage: Handle<Storage>| graph.storages[storage].place;
    let own = place(storage).expect("a gradient has a place");
    let dy = gradients[own].take();
    let dy = rows(dy.read(), 0, examples, len);
    let mut towards = from
        .and_then(place)
        .map(|from| gradients[from].take())
        .unwrap_or_default();
    let dx = match step.input().gradient {
        true => rows_mut(towards.write(), 0, examples, len),
        false => &mut [],
    };
    let of = gain_and_shift(call).map(|tensor| of_examples(kernels, tensor, examples));
    let width = examples * statistics.channels();
    let [d_gain, d_shift] =
        (d_rows.each_mut()).map(|all| &mut all[..width + statistics.channels()]);
    let [mean, variance] = &moments[&handle];
    T::statistics(statistics).backward(
        rows(x, 0, examples, len),
        of,
        [mean, variance],
        dy,
        dx,
        !step.input().writes_first,
        [d_gain, d_shift],
    );
    for (tensor, rows) in gain_and_shift(call).into_iter().zip(&*d_rows) {
        let Some(tensor) = tensor else { continue };
        let entries = graph.kernels[tensor].entries.clone();
        let gradient = KernelGradient {
            first: &mut into.first[entries.clone()],
            second: &mut into.second[entries],
            add: true,
        };
        add_rows(kernels, tensor, &(0..examples), &rows[..width], gradient);
    }
}
