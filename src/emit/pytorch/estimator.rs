//! How a layer takes a draw of its kernel, and of its rows.

use super::{Context, refused};
use crate::diagnostic::Result;
use crate::distribution::Law;
use crate::emit::python::{number, quoted};
use crate::ir::{Call, Handle, Node, Tensor};
use crate::plan::{DrawKind, Mask};

/// The examples of the minibatch at hand, in `network`.
const BATCH: &str = "x.shape[0]";

/// The value of a linear node: `map` is its function of (x, w), linear in w.
pub(super) fn apply(context: &Context, node: Handle<Node>, map: &str, x: &str) -> Result<String> {
    let plan = context.plan;
    let call = plan.model.nodes[node].call.as_ref();
    let kernel = call
        .and_then(Call::kernel)
        .expect("a linear node has a kernel");
    let (tensor, draw) = (&plan.tensors[kernel], context.draw(kernel));
    let name = |kind, of_use| quoted(&plan.draw_name(kernel, kind, of_use));
    let own = quoted(&plan.model.tensors[kernel].name);
    // What an estimator makes of tokens, which stand for rows of a one-hot matrix.
    let tokens = map == "embedding";
    let [by, square] = match tokens {
        true => [", by_tokens", ", torch.abs"],
        false => ["", ""],
    };
    Ok(match tensor.estimator.signature().name {
        "reparameterization" if tensor.is_independent() => {
            format!("reparameterized({map}, {x}, {draw})")
        }
        "point" | "reparameterization" => format!("{map}({x}, {draw}.w)"),
        "flipout" => {
            let channels = plan.model.nodes[plan.model.nodes[node].inputs[0]]
                .shape
                .0
                .last();
            let axes = &plan.model.tensors[kernel].shape.0;
            let grouped = axes.len() > 2 && axes.iter().nth_back(1) != channels;
            let function = if grouped {
                "flipout_in_groups"
            } else {
                "flipout"
            };
            format!("{function}({map}, {x}, {draw}, {own}, noise{by})")
        }
        "local_reparameterization" => {
            let noise = name(DrawKind::Activation, plan.nodes[node].kernel_use);
            format!("local_reparameterization({map}, {x}, {draw}, noise, {noise}{square})")
        }
        "per_example" => {
            let (noise, draws) = (name(DrawKind::ExampleNoise, 0), example_noise(tensor.law()));
            format!("per_example({map}, {x}, {draw}, {noise}, {draws})")
        }
        "scaled" => match (tensor.factors, tensor.mask) {
            (Some([r, s]), _) => {
                let (r, s) = (row(context, r)?, row(context, s)?);
                format!("scaled({map}, {x}, {draw}, {r}, {s})")
            }
            (None, Some(Mask { rate, per_example })) => {
                let (mask, rate) = (name(DrawKind::Mask, 0), number(rate));
                let channels = match tokens {
                    true => format!("{draw}.w"),
                    false => x.to_string(),
                };
                let axis = if tokens { 0 } else { -1 };
                let mask = match (per_example, tokens) {
                    (true, false) => {
                        format!("noise.example_keep({mask}, {rate}, {BATCH}, {x}.shape[-1:])")
                    }
                    (true, true) => {
                        format!("noise.example_keep({mask}, {rate}, {BATCH}, {channels}.shape[:1])")
                    }
                    (false, _) => {
                        format!("noise.keep({mask}, {rate}, [1, {channels}.shape[{axis}]])")
                    }
                };
                format!("masked({map}, {x}, {draw}, {mask}{by})")
            }
            (None, None) => format!("{map}({x}, {draw}.w)"),
        },
        other => return Err(refused(format!("the estimator `{other}` has no PyTorch yet")).into()),
    })
}

/// The method of `noise` that draws a parameter's deviates for each example.
fn example_noise(law: Law) -> &'static str {
    match law {
        Law::Normal => "noise.example_normal",
        Law::Laplace => "noise.example_laplace",
        Law::Cauchy => "noise.example_cauchy",
    }
}

/// A bias, or another row of parameters: [1, channels], or [B, channels] where each example has its own.
pub(super) fn row(context: &Context, tensor: Handle<Tensor>) -> Result<String> {
    let (plan, draw) = (&context.plan.tensors[tensor], context.draw(tensor));
    let name = |kind| quoted(&context.plan.draw_name(tensor, kind, 0));
    let own = quoted(&context.plan.model.tensors[tensor].name);
    Ok(match plan.estimator.signature().name {
        "point" | "reparameterization" => format!("{draw}.w[None]"),
        "flipout" => format!("flipout_row({draw}, {own}, noise, {BATCH})"),
        "local_reparameterization" => {
            let noise = name(DrawKind::Activation);
            format!("own_row({draw}, {noise}, noise.example_normal, {BATCH})")
        }
        "per_example" => {
            let (noise, draws) = (name(DrawKind::ExampleNoise), example_noise(plan.law()));
            format!("own_row({draw}, {noise}, {draws}, {BATCH})")
        }
        other => return Err(refused(format!("the estimator `{other}` has no PyTorch yet")).into()),
    })
}
