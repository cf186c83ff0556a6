//! Functions of each entry, and of the channels of each position.

use super::Site;
use crate::diagnostic::Result;
use crate::emit::python::number;

pub(super) fn expressions(site: &Site, name: &str) -> Result<Option<Vec<String>>> {
    let x = site.x();
    let of = |argument| number(site.arguments().number(argument));
    let text = match name {
        "relu" => format!("torch.relu({x})"),
        "leaky_relu" => format!("F.leaky_relu({x}, {})", of("slope")),
        "elu" => format!("F.elu({x}, {})", of("alpha")),
        "gelu" => match site.arguments().word("approximate") {
            "tanh" => format!("F.gelu({x}, approximate=\"tanh\")"),
            _ => format!("F.gelu({x})"),
        },
        "silu" => format!("F.silu({x})"),
        "tanh" => format!("torch.tanh({x})"),
        "sigmoid" => format!("torch.sigmoid({x})"),
        "softplus" => format!("softplus({x})"),
        "exp" => format!("torch.exp({x})"),
        "hard_swish" => format!("F.hardswish({x})"),
        "mish" => format!("F.mish({x})"),
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
