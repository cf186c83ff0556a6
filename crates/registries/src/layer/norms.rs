//! What normalising layers share.

use super::{ParameterShape, Sequences, ShapeError, Slot};
use crate::signature::{Domain, Kind, Parameter};
use crate::tensor::{Real, Shape};

/// What is added to a variance before its root is taken; Keras' default.
pub(super) const EPSILON: Parameter = Parameter {
    name: "epsilon",
    kind: Kind::Number {
        domain: Domain::Positive,
        learnable: false,
    },
    default: Some("1e-3"),
    summary: "added to the mean square before its root is taken",
};

/// One that takes means over positions takes those over padding, too.
pub(super) const OVER_STEPS: Sequences =
    Sequences::Refused("`layer_norm` normalises each step by itself");

/// γ
pub(super) const GAIN: Slot = Slot::row("gain", "[channels]", 1.0, true);
/// β
pub(super) const SHIFT: Slot = Slot::row("shift", "[channels]", 0.0, true);

/// The sizes of `count` rows of a number a channel.
pub(super) fn rows(channels: usize, count: usize) -> Vec<ParameterShape> {
    let row = ParameterShape {
        shape: Shape(vec![channels]),
        fan_in: 1,
        fan_out: 1,
        positions: 1,
    };
    vec![row; count]
}

/// The channels: the last axis.
pub(super) fn channels(shape: &Shape) -> usize {
    shape.0.last().copied().unwrap_or(1)
}

/// The positions and the channels of an input that has several positions to take means over.
pub(super) fn positions(shape: &Shape) -> Result<[usize; 2], ShapeError> {
    positions_of(
        shape,
        "over which it takes means",
        "`layer_norm` takes means over the channels of a position",
    )
}

/// The positions and the channels; `why` it takes several of the former.
pub(super) fn positions_of(shape: &Shape, why: &str, help: &str) -> Result<[usize; 2], ShapeError> {
    let channels = channels(shape);
    match shape.len() / channels.max(1) {
        0 | 1 => Err(ShapeError {
            expected: format!("several positions, [height, width, channels], {why}"),
            help: Some(help.into()),
        }),
        positions => Ok([positions, channels]),
    }
}

/// The mean square of what has mean square 1, times the gain, plus the shift.
pub(super) fn mean_square(rows: &[Option<f64>]) -> f64 {
    rows[0].unwrap_or(1.0) + rows[1].unwrap_or(0.0)
}

/// 1/√(mean + ε), from the sum of `count` numbers.
#[inline(always)]
pub(super) fn inverse<T: Real>(sum: T, count: usize, epsilon: f64) -> T {
    T::one() / (sum * T::of(1.0 / count as f64) + T::of(epsilon)).sqrt()
}
