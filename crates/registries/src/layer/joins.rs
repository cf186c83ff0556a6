//! Joins whose values all have one shape, entry by entry: `add`, `multiply`.

use super::{AnyFunction, MOST_INPUTS, ShapeError};
use crate::tensor::Shape;
use std::sync::Arc;

/// The shape that all values have.
pub(super) fn alike(shapes: &[Shape]) -> Result<Shape, ShapeError> {
    several(shapes)?;
    let first = &shapes[0];
    match shapes.iter().all(|shape| shape == first) {
        true => Ok(first.clone()),
        false => Err(ShapeError {
            expected: "values of one shape".into(),
            help: None,
        }),
    }
}

/// Refuses one value, and more than can be joined.
pub(super) fn several(shapes: &[Shape]) -> Result<(), ShapeError> {
    match shapes.len() {
        2..=MOST_INPUTS => Ok(()),
        found => Err(not_several(found)),
    }
}

/// What is wrong with one value.
pub(super) fn one() -> ShapeError {
    not_several(1)
}

fn not_several(found: usize) -> ShapeError {
    ShapeError {
        expected: format!("2 to {MOST_INPUTS} values, not {found}"),
        help: Some("name them after it: `on (a, b)`".into()),
    }
}

/// A join as an operation.
pub(super) fn operation(function: impl AnyFunction + 'static) -> super::Operation {
    super::Operation::Function(Arc::new(function))
}
