//! Attention, and what tells steps apart.

use super::Site;
use crate::diagnostic::Result;

pub(super) fn expressions(site: &Site, name: &str) -> Result<Option<Vec<String>>> {
    let x = site.x();
    let text = match name {
        "dot_product_attention" => attention(site),
        "positions" => format!("{x} + {}", site.row(0)?.unwrap_or_default()),
        "sinusoidal_positions" => format!("{x} + sinusoidal_positions({x})"),
        _ => return Ok(None),
    };
    Ok(Some(vec![text]))
}

fn attention(site: &Site) -> String {
    let mut arguments = site.inputs[..3].to_vec();
    arguments.push(site.arguments().count("heads").to_string());
    if site.arguments().word("causal") == "true" {
        arguments.push("causal=True".into());
    }
    if let Some(length) = site.inputs.get(3) {
        arguments.push(format!("length={length}"));
    }
    format!("dot_product_attention({})", arguments.join(", "))
}
