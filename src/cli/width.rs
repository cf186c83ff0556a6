//! `input x: real[_]`: as wide as the data.

use crate::data::{self, Request};
use crate::diagnostic::Result;
use crate::source::Source;
use crate::syntax::{self, ast};

/// Where a model leaves the width of its input to the data, reads it off them, and keeps it among the constants that
/// are set. Where no data are named, the compiler says what is missing.
///
/// # Errors
///
/// As [`data::facts`].
pub(super) fn fill(
    source: &Source,
    set: &mut Vec<(String, String)>,
    request: Option<Request>,
) -> Result<()> {
    let is_known = set.iter().any(|(name, _)| name == ast::OF_DATA);
    let is_left = syntax::parse(source).is_ok_and(|file| leaves_width(&file));
    if is_known || !is_left {
        return Ok(());
    }
    let Some(request) = request else {
        return Ok(());
    };
    let width = data::facts(&request)?.input_shape.len();
    set.push((ast::OF_DATA.into(), width.to_string()));
    Ok(())
}

fn leaves_width(file: &ast::File) -> bool {
    file.items.iter().any(|item| match &item.kind {
        ast::ItemKind::Input { data_type, .. } => {
            let mut axes = data_type.axes.iter().flatten();
            axes.any(
                |axis| matches!(&axis.kind, ast::ExprKind::Name(name) if name.text == ast::OF_DATA),
            )
        }
        _ => false,
    })
}
