//! What normalising layers share.

use super::{ParameterShape, ShapeError, Slot};
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

/// The positions and the channels, the last axis, of an input with several positions.
pub(super) fn positions(shape: &Shape) -> Result<[usize; 2], ShapeError> {
    let channels = shape.0.last().copied().unwrap_or(1);
    match shape.len() / channels.max(1) {
        0 | 1 => Err(ShapeError {
            expected: "an input of several positions, such as [height, width, channels]: it takes means over them"
                .into(),
            help: Some("`layer_norm` takes means over the channels of one position".into()),
        }),
        positions => Ok([positions, channels]),
    }
}

/// 1/√(mean + ε), from the sum of `count` numbers.
#[inline(always)]
pub(super) fn inverse<T: Real>(sum: T, count: usize, epsilon: f64) -> T {
    T::one() / (sum * T::of(1.0 / count as f64) + T::of(epsilon)).sqrt()
}
