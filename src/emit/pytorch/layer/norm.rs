//! Norms, and the layers that leave numbers out at random.

use super::Site;
use crate::diagnostic::Result;
use crate::emit::python::{number, quoted};

pub(super) fn expressions(site: &Site, name: &str) -> Result<Option<Vec<String>>> {
    let (x, value) = (site.x(), &site.value);
    let channels = site.axes().last().copied().unwrap_or(1);
    let epsilon = || number(site.arguments().number("epsilon"));
    let first = match name {
        "layer_norm" => format!("F.layer_norm({x}, ({channels},), eps={})", epsilon()),
        "group_norm" => {
            let groups = site.arguments().count("groups");
            format!("group_norm({x}, {groups}, {})", epsilon())
        }
        "instance_norm" => format!("group_norm({x}, {channels}, {})", epsilon()),
        "filter_response_norm" => format!("filter_response_norm({x}, {})", epsilon()),
        "batch_norm" => batch_norm(site),
        "dropout" | "spatial_dropout" => return Ok(Some(vec![left_out(site, name)])),
        _ => return Ok(None),
    };
    let mut all = vec![first];
    if let Some(gain) = site.row(0)? {
        all.push(format!("{value} * {gain}"));
    }
    if let Some(shift) = site.row(1)? {
        all.push(format!("{value} + {shift}"));
    }
    if name == "filter_response_norm"
        && let Some(threshold) = site.row(2)?
    {
        // Of two that are the same the value has the gradient, not half of it.
        all.push(format!(
            "torch.where({value} < {threshold}, {threshold}, {value})"
        ));
    }
    Ok(Some(all))
}

fn batch_norm(site: &Site) -> String {
    let states = site
        .call
        .states()
        .map(|state| format!("self.{}.loc", site.context.attribute(state)));
    let mut arguments = vec![site.x().to_string()];
    arguments.extend(states);
    arguments.extend(["momentum", "epsilon"].map(|name| number(site.arguments().number(name))));
    arguments.push("self.training".into());
    let samples = site.context.plan.inference.objective.samples;
    if samples > 1 {
        arguments.push(format!("noise.number, {samples}"));
    }
    format!("batch_norm({})", arguments.join(", "))
}

/// Predictions leave nothing out.
fn left_out(site: &Site, name: &str) -> String {
    let (x, rate) = (site.x(), number(site.arguments().number("rate")));
    let mask = quoted(&site.context.plan.mask_name(site.handle));
    format!("{name}({x}, {rate}, {mask}, noise) if self.training else {x}")
}
