//! `input x: real[_]`: as wide as the data.

use crate::data::{self, Request};
use crate::diagnostic::Result;
use crate::likelihood::TargetKind;
use crate::source::Source;
use crate::syntax::{self, ast};

/// Where a model leaves the width of its input to the data, reads it off them, and keeps it among the constants that
/// are set. Where no data are named, the compiler says what is missing.
///
/// # Errors
///
/// As [`data::facts`].
pub fn fill(
    source: &Source,
    set: &mut Vec<(String, String)>,
    request: Option<Request>,
) -> Result<()> {
    let is_known = set.iter().any(|(name, _)| name == ast::OF_DATA);
    let file = syntax::parse(source).ok().filter(leaves_width);
    let (Some(file), Some(mut request), false) = (file, request, is_known) else {
        return Ok(());
    };
    request.targets = targets(&file);
    if let [_, _, ..] = &request.targets[..] {
        let of_first = request.of_targets()?.swap_remove(0);
        request = Request {
            predicts: None,
            ..of_first
        };
    }
    let found = data::facts(&request)?.input_shape;
    let width = match place_of_width(&file) {
        // Sequences, or windows of a time series: steps of so many numbers.
        Some((axes, place)) if axes > 1 && axes == found.rank() => found.0[place],
        _ => found.len(),
    };
    set.push((ast::OF_DATA.into(), width.to_string()));
    Ok(())
}

/// The targets of a file, each as one number or as several.
fn targets(file: &ast::File) -> Vec<(String, TargetKind)> {
    let target = |item: &ast::Item| match &item.kind {
        ast::ItemKind::Target { name, data_type } => {
            let several = data_type.name.text == "real" && data_type.axes.is_some();
            Some((
                name.text.clone(),
                TargetKind::Real(1 + usize::from(several)),
            ))
        }
        _ => None,
    };
    file.items.iter().filter_map(target).collect()
}

/// How many axes the first input has whose width is left to the data, and which of them that is.
fn place_of_width(file: &ast::File) -> Option<(usize, usize)> {
    file.items.iter().find_map(|item| match &item.kind {
        ast::ItemKind::Input { data_type, .. } => {
            let axes = data_type.axes.as_ref()?;
            let place = axes.iter().position(|axis| is_called(axis, ast::OF_DATA))?;
            let is_axis = |axis: &&ast::Expr| !is_called(axis, ast::PADDED);
            Some((axes.iter().filter(is_axis).count(), place))
        }
        _ => None,
    })
}

fn is_called(axis: &ast::Expr, called: &str) -> bool {
    matches!(&axis.kind, ast::ExprKind::Name(name) if name.text == called)
}

/// Whether a model leaves the width of an input to the data.
pub fn leaves_width(file: &ast::File) -> bool {
    place_of_width(file).is_some()
}
