//! The plan as text: `bnnc check --emit plan`.

use super::{DrawKind, Plan, SegmentKind};
use crate::ir::{Handle, Node};
use crate::layer::Operation;
use std::fmt::Write;

/// The whole plan: variables, draws and steps for minibatches of `batch`, and the bytes a run takes.
pub fn text(plan: &Plan, batch: usize, bytes: u64) -> String {
    let mut out = format!(
        "plan {}\n\nvariables  {} numbers, in this order\n",
        plan.model.name,
        plan.trainable()
    );
    for variable in &plan.variables {
        writeln!(
            out,
            "  {:<34} {:<18} from {}",
            variable.name,
            variable.shape.to_string(),
            variable.range.start
        )
        .expect("writing to a string");
    }
    out += "\ndraws  each step, from streams keyed by seed, step, parameter and use\n";
    for (handle, _) in plan.model.tensors.iter() {
        for draw in plan.draws_of(handle, batch) {
            let (name, shape) = (plan.draw_name(handle, draw.kind, draw.of_use), draw.shape);
            let law = match draw.kind {
                DrawKind::SignIn | DrawKind::SignOut => "±1".into(),
                DrawKind::Mask => "0 or 1".into(),
                DrawKind::Noise | DrawKind::ExampleNoise => {
                    format!("{}(0, 1)", plan.tensors[handle].law().name())
                }
                DrawKind::Activation => "Normal(0, 1)".to_string(),
            };
            writeln!(out, "  {name:<34} {:<18} {law}", shape.to_string())
                .expect("writing to a string");
        }
    }
    out += "\nforward  backward runs the same steps in reverse\n";
    for segment in plan.segments.values() {
        out += match segment.kind {
            SegmentKind::ByExample => "  example by example\n",
            SegmentKind::WholeBatch | SegmentKind::Statistics => "  whole minibatch\n",
            SegmentKind::Scan => "  step by step, several examples at a time\n",
        };
        for &node in &segment.nodes {
            out += &step(plan, node);
        }
    }
    writeln!(
        out,
        "\nmemory  {:.1} MiB at batch {batch}, float32, Adam",
        bytes as f64 / f64::from(1 << 20)
    )
    .expect("writing to a string");
    out
}

/// One node: what it is, how, where to.
fn step(plan: &Plan, handle: Handle<Node>) -> String {
    let (node, step) = (&plan.model.nodes[handle], &plan.nodes[handle]);
    let call = node.call.as_ref().expect("only the input has no call");
    let mut how = match (&call.operation, call.kernel()) {
        (Operation::Linear(linear), Some(kernel)) => {
            let estimator = plan.tensors[kernel].estimator;
            let products = match estimator.products(linear.whole_batch()) {
                1 => "one product".to_string(),
                n => format!("{n} products"),
            };
            format!("{}, {products}", estimator.signature().name)
        }
        (Operation::Scan(_), Some(kernel)) => {
            let estimator = plan.tensors[kernel].estimator.signature().name;
            format!("{estimator}, a product a step")
        }
        _ if step.in_place => "in place".into(),
        _ => String::new(),
    };
    let storage = step.storage.expect("a computed value has a storage");
    let from = &plan.model.nodes[step.input().node];
    if let (Some(_), None) = (step.bias, call.bias()) {
        how += &format!("bias of `{}` added; ", from.name);
    }
    if !step.in_place {
        let kept = if plan.storages[storage].shared {
            "shared"
        } else {
            "in its chunk"
        };
        let and = if how.is_empty() || how.ends_with(' ') {
            ""
        } else {
            "; "
        };
        how += &format!("{and}kept {kept}");
    }
    // What is written over its input may come after a pool that it stands before.
    let shape = match step.in_place {
        true => &from.shape,
        false => &node.shape,
    };
    let from = &from.name;
    format!(
        "    {:<16} <- {from:<16} {:<18} {how}\n",
        node.name,
        shape.to_string()
    )
}
