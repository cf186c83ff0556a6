//! One network on some inputs, value by value, in float64.

use crate::ir::{Call, Handle, Model, Node};
use crate::layer::{AnyLinear, AnyMap, Linear, Map, Operation};

/// Given a node, the value that it is computed from, and its own.
pub type See<'a> = dyn FnMut(Handle<Node>, &[f64], &[f64]) + 'a;

/// Runs the network with these weights, by their places in the model; `see` is given each value of the
/// graph as soon as it is there.
pub fn walk(model: &Model, weights: &[Vec<f64>], inputs: &[f64], examples: usize, see: &mut See) {
    let last = last_uses(model);
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); model.nodes.len()];
    for (handle, node) in model.nodes.iter() {
        let Some(call) = &node.call else {
            see(handle, &[], inputs);
            values[handle.index()] = inputs.to_vec();
            continue;
        };
        let above = node.inputs[0];
        let x = &values[above.index()];
        let y = apply(
            model,
            weights,
            call,
            x,
            examples * node.shape.len(),
            examples,
        );
        see(handle, x, &y);
        values[handle.index()] = y;
        for input in &node.inputs {
            if last[input.index()] == handle.index() {
                values[input.index()] = Vec::new();
            }
        }
    }
}

/// Which node is the last to read each.
fn last_uses(model: &Model) -> Vec<usize> {
    let mut last = vec![0; model.nodes.len()];
    for (handle, node) in model.nodes.iter() {
        node.inputs
            .iter()
            .for_each(|input| last[input.index()] = handle.index());
    }
    last
}

fn apply(
    model: &Model,
    weights: &[Vec<f64>],
    call: &Call,
    x: &[f64],
    length: usize,
    examples: usize,
) -> Vec<f64> {
    let mut y = vec![0.0; length];
    match &call.operation {
        Operation::View(_) => y.copy_from_slice(x),
        Operation::Map(map) => apply_map(&**map, x, &mut y, examples),
        Operation::Linear(linear) => {
            let kernel = call.kernel.map(|kernel| effective(model, weights, kernel));
            apply_linear(&**linear, x, &kernel.unwrap_or_default(), &mut y, examples);
            if let Some(bias) = call.bias {
                let bias = &weights[bias.index()];
                for row in y.chunks_exact_mut(bias.len()) {
                    row.iter_mut().zip(bias).for_each(|(y, bias)| *y += bias);
                }
            }
        }
    }
    y
}

fn apply_map(map: &dyn AnyMap, x: &[f64], y: &mut [f64], examples: usize) {
    let (each_x, each_y) = (x.len() / examples, y.len() / examples);
    if each_x > 0 && each_y > 0 {
        for (x, y) in x.chunks_exact(each_x).zip(y.chunks_exact_mut(each_y)) {
            Map::<f64>::forward(map, x, y);
        }
    }
}

fn apply_linear(linear: &dyn AnyLinear, x: &[f64], w: &[f64], y: &mut [f64], examples: usize) {
    // A dense layer takes all examples at once, a convolution one.
    let at_once = if linear.kernel().rank() == 2 {
        examples
    } else {
        1
    };
    let (each_x, each_y) = (x.len() / examples, y.len() / examples);
    let mut scratch = vec![0.0; linear.scratch(at_once)];
    let xs = x.chunks_exact(each_x * at_once);
    for (x, y) in xs.zip(y.chunks_exact_mut(each_y * at_once)) {
        Linear::<f64>::apply(linear, x, w, y, &mut scratch);
    }
}

/// A kernel times the factors of its input and output channels, if it has any.
fn effective(model: &Model, weights: &[Vec<f64>], kernel: Handle<crate::ir::Tensor>) -> Vec<f64> {
    let mut w = weights[kernel.index()].clone();
    if let Some(factors) = model.tensors[kernel].factors {
        let [r, s] = factors.map(|factor| &weights[factor.index()]);
        for (row, r) in w.chunks_exact_mut(s.len()).zip(r.iter().cycle()) {
            row.iter_mut().zip(s).for_each(|(w, s)| *w *= r * s);
        }
    }
    w
}
