//! Arrays that a program holds: pretrained weights.

use super::refused;
use crate::diagnostic::Result;
use crate::emit::python::shape;

/// The most numbers that a program's text holds in one array.
const MOST: usize = 20_000;

/// An array of this shape as an expression; `name` is whose it is.
pub(super) fn python(values: &[f64], axes: &[usize], name: &str) -> Result<String> {
    if values.len() > MOST {
        return Err(refused(format!(
            "`{name}` has {} pretrained weights, and a program's text holds {MOST} at most",
            values.len()
        ))
        .help("train this model with `bnnc train`; or leave out `from`, and start the program from a run with `--resume`")
        .into());
    }
    let bytes: String = values
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(format!("array(\"{bytes}\", {})", shape(axes)))
}
