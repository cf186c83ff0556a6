//! The network in JAX, a line or two for each node.

use super::{Context, line, refused};
use crate::diagnostic::Result;
use crate::emit::python::{Code, shape};
use crate::expression;
use crate::ir::Call;
use crate::layer::Operation;
use crate::signature::{Constant, Constants};

/// The lines of the graph.
pub(super) fn network(context: &mut Context, code: &mut Code) -> Result<()> {
    let model = context.model;
    for (handle, node) in model.nodes.iter() {
        let Some(call) = &node.call else { continue };
        let inputs: Vec<String> = node
            .inputs
            .iter()
            .map(|input| context.value(*input))
            .collect();
        let axes = &model.nodes[node.inputs[0]].shape.0;
        let Some(mut text) = value(context, call, &inputs, axes)? else {
            let layer = call
                .layer
                .map_or("an entry of a value", |layer| layer.signature().name);
            return Err(refused(format!("`{layer}` has no NumPyro here"))
                .at(node.span, "this layer")
                .into());
        };
        if let Some(bias) = call.bias() {
            text += &format!(" + {}", context.tensor(bias));
        }
        line(code, format!("{} = {text}", context.value(handle)))?;
    }
    line(code, String::new())
}

/// A node's value without its bias; `None` of a layer that has none here.
fn value(
    context: &mut Context,
    call: &Call,
    inputs: &[String],
    axes: &[usize],
) -> Result<Option<String>> {
    let (x, arguments) = (&inputs[0], &call.arguments);
    if let Operation::View(to) = &call.operation {
        return Ok(Some(format!("{x}.reshape({})", shape_of(&to.0))));
    }
    let Some(layer) = call.layer else {
        return Ok(None);
    };
    if let Some(entry) = expression::pointwise(layer, arguments) {
        let entry = entry.map_err(refused)?;
        return Ok(Some(context.print(&entry, x)));
    }
    let kernel = call.kernel().map(|kernel| context.tensor(kernel));
    let rank = axes.len() - 1;
    Ok(Some(match (layer.signature().name, kernel) {
        ("dense", Some(kernel)) => format!("{x} @ {kernel}"),
        ("conv1d" | "conv2d" | "conv3d", Some(kernel)) => {
            let places = &"DHW"[3 - rank..];
            let numbers = |name: &str| tuple(&numbers(arguments, name, rank));
            format!(
                "jax.lax.conv_general_dilated({x}, {kernel}, {}, {}, rhs_dilation={}, \
                 dimension_numbers=(\"N{places}C\", \"{places}IO\", \"N{places}C\"), feature_group_count={})",
                numbers("stride"),
                padding(arguments, rank),
                numbers("dilation"),
                arguments.count("groups"),
            )
        }
        ("max_pool1d" | "max_pool2d" | "max_pool3d", _) => {
            window(arguments, x, rank, "-jnp.inf, jax.lax.max")
        }
        ("avg_pool1d" | "avg_pool2d" | "avg_pool3d", _) => {
            let sum = |of: &str| window(arguments, of, rank, "0.0, jax.lax.add");
            format!("{} / {}", sum(x), sum(&format!("jnp.ones_like({x})")))
        }
        ("global_avg_pool1d" | "global_avg_pool2d" | "global_avg_pool3d", _) => {
            format!("{x}.mean({})", tuple(&(1..=rank).collect::<Vec<_>>()))
        }
        ("global_max_pool1d" | "global_max_pool2d" | "global_max_pool3d", _) => {
            format!("{x}.max({})", tuple(&(1..=rank).collect::<Vec<_>>()))
        }
        ("softmax", _) => format!("jax.nn.softmax({x})"),
        ("log_softmax", _) => format!("jax.nn.log_softmax({x})"),
        ("add", _) => inputs.join(" + "),
        ("multiply", _) => inputs.join(" * "),
        ("dot_product_attention", _) if inputs.len() == 3 => attention(arguments, inputs),
        // What it adds is added below, as a bias.
        ("positions", _) => x.clone(),
        ("sinusoidal_positions", _) => sinusoidal(x, axes),
        ("concat", _) => format!("jnp.concatenate([{}], -1)", inputs.join(", ")),
        _ => return Ok(None),
    }))
}

fn shape_of(axes: &[usize]) -> String {
    let of = shape(axes);
    format!("-1, {}", of.trim_matches(['[', ']']))
}

fn attention(arguments: &Constants, inputs: &[String]) -> String {
    let heads = arguments.count("heads");
    let parts = inputs
        .iter()
        .map(|x| format!("{x}.reshape(*{x}.shape[:-1], {heads}, -1)"));
    let causal = match arguments.word("causal") {
        "true" => ", is_causal=True",
        _ => "",
    };
    let parts: Vec<String> = parts.collect();
    let query = &inputs[0];
    format!(
        "jax.nn.dot_product_attention({}{causal}).reshape(*{query}.shape[:-1], -1)",
        parts.join(", ")
    )
}

/// A cosine is a sine a quarter of a turn on.
fn sinusoidal(x: &str, axes: &[usize]) -> String {
    let (steps, channels) = (axes[0], axes[1]);
    let channel = format!("jnp.arange({channels})");
    format!(
        "{x} + jnp.sin(jnp.arange({steps})[:, None] / 10000.0 ** ({channel} // 2 * 2 / {channels}) \
         + {channel} % 2 * (jnp.pi / 2))"
    )
}

/// `(2, 2)`, `(2,)`
fn tuple(numbers: &[usize]) -> String {
    match numbers {
        [only] => format!("({only},)"),
        all => format!("({})", shape(all).trim_matches(['[', ']'])),
    }
}

/// An argument with a number for each axis.
fn numbers(arguments: &Constants, name: &str, rank: usize) -> Vec<usize> {
    match rank {
        1 => arguments.axes::<1>(name).to_vec(),
        2 => arguments.axes::<2>(name).to_vec(),
        _ => arguments.axes::<3>(name).to_vec(),
    }
}

/// JAX's words are TensorFlow's, as ours are.
fn padding(arguments: &Constants, rank: usize) -> String {
    match arguments.get("padding") {
        Constant::Word(word) => format!("\"{}\"", word.to_uppercase()),
        _ => {
            let cells = arguments.cells("padding", rank).unwrap_or_default();
            let pairs: Vec<String> = cells.iter().map(|n| format!("({n}, {n})")).collect();
            format!("[{}]", pairs.join(", "))
        }
    }
}

/// A sum or maximum over windows.
fn window(arguments: &Constants, x: &str, rank: usize, of: &str) -> String {
    let around = |name: &str| {
        let all = [vec![1], numbers(arguments, name, rank), vec![1]].concat();
        tuple(&all)
    };
    let padding = match padding(arguments, rank) {
        word if word.starts_with('"') => word,
        pairs => pairs
            .replacen('[', "[(0, 0), ", 1)
            .replace(']', ", (0, 0)]"),
    };
    format!(
        "jax.lax.reduce_window({x}, {of}, {}, {}, {padding})",
        around("size"),
        around("stride")
    )
}
