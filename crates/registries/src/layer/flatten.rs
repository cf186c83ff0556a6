//! One axis out of all: `[a, b, c]` becomes `[a·b·c]`, the numbers in the same order.

use super::{Layer, Operation, Sequences, ShapeError};
use crate::signature::{Constants, Signature};
use crate::tensor::Shape;

/// All axes into one.
pub struct Flatten;

impl Layer for Flatten {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "flatten",
            summary: "all axes of an example into one, in order",
            parameters: &[],
        };
        &SIGNATURE
    }

    fn sequences(&self) -> Sequences {
        Sequences::Zeroed { keeps: false }
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "the same numbers in one axis, the last of their axes fastest"
    }

    fn build(&self, _: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        Ok(Operation::View(Shape(vec![shape.len()])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_axis_is_left() {
        for (axes, len) in [(vec![4, 4, 64], 1024), (vec![7], 7), (vec![], 1)] {
            let output = Flatten
                .build(&Constants::default(), &Shape(axes))
                .unwrap()
                .output();
            assert_eq!(output, Shape(vec![len]));
        }
    }
}
