//! Functions of each entry, and of the channels of each position.

use super::{Site, refused};
use crate::diagnostic::Result;
use crate::expression::{self, Dialect, Operand};

pub(super) fn expressions(site: &Site, name: &str) -> Result<Option<Vec<String>>> {
    let x = site.x();
    let layer = site.call.layer;
    if let Some(formula) = layer.and_then(|layer| expression::pointwise(layer, site.arguments())) {
        let text = formula.map_err(refused)?;
        let text = text.python(Dialect::Torch, &|_| Operand::tensor(x));
        return Ok(Some(vec![text]));
    }
    let text = match name {
        "softmax" => format!("torch.softmax({x}, -1)"),
        "log_softmax" => format!("torch.log_softmax({x}, -1)"),
        "prelu" => {
            let slope = site.row(0)?.unwrap_or_default();
            format!("torch.where({x} > 0, {x}, {slope} * {x})")
        }
        _ => return Ok(None),
    };
    Ok(Some(vec![text]))
}
