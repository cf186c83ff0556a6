//! Pools.

use super::window::{self, Windows};
use super::{Site, of_any_rank, of_axes, tuple};
use crate::diagnostic::Result;

pub(super) fn expressions(site: &Site, name: &str) -> Result<Option<Vec<String>>> {
    let x = site.x();
    let positions = site.axes().len() - usize::from(!site.axes().is_empty());
    if let (Some(length), true) = (site.inputs.get(1), name.starts_with("global_")) {
        let of = name
            .trim_start_matches("global_")
            .trim_end_matches("_pool1d");
        return Ok(Some(vec![format!("padded_{of}({x}, {length})")]));
    }
    let text = match of_any_rank(name) {
        "max_pool" => windows(site, "max_pool", |windows, axis, cells| {
            2 * cells <= windows.size[axis]
        }),
        // Cells around the input are not counted: they are added by hand.
        "avg_pool" => windows(site, "avg_pool", |_, _, _| false),
        "global_avg_pool" => match positions {
            1 => format!("{x}.mean(1)"),
            _ => format!(
                "{x}.mean({})",
                tuple((1..=positions).map(|axis| axis.to_string()))
            ),
        },
        "global_max_pool" => format!("global_max_pool({x})"),
        _ => return Ok(None),
    };
    Ok(Some(vec![text]))
}

fn windows(site: &Site, function: &str, alike: impl Fn(&Windows, usize, usize) -> bool) -> String {
    let windows = Windows::of(site, "size");
    let padding = windows.padding(site, site.axes(), &site.node.shape.0);
    let padding = window::argument(&padding, |axis, cells| alike(&windows, axis, cells));
    let (size, stride) = (of_axes(&windows.size), of_axes(&windows.stride));
    let padding = padding.map_or(String::new(), |padding| format!(", {padding}"));
    format!("{function}({}, {size}, {stride}{padding})", site.x())
}
