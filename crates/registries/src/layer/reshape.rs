//! The same numbers, in the same order (the last axis fastest), under other axes.

use super::{Layer, Operation, Sequences, ShapeError};
use crate::signature::{Constants, Kind, Parameter, Signature};
use crate::tensor::Shape;

/// Other axes over the same numbers.
pub struct Reshape;

impl Layer for Reshape {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "reshape",
            summary: "the same numbers under other axes, the last axis fastest",
            parameters: &[Parameter {
                name: "shape",
                kind: Kind::Counts,
                default: None,
                summary: "the axes of one example; as many numbers as the input has",
            }],
        };
        &SIGNATURE
    }

    fn sequences(&self) -> Sequences {
        Sequences::Zeroed { keeps: false }
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "the same numbers in other axes, the last axis fastest"
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let wanted = arguments.shape("shape");
        if wanted.len() == shape.len() {
            return Ok(Operation::View(wanted));
        }
        Err(ShapeError {
            expected: format!(
                "an input of {} numbers for the shape {wanted}",
                wanted.len()
            ),
            help: Some(format!("the input {shape} has {} numbers", shape.len())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::Constant;

    #[test]
    fn the_number_of_entries_stays() {
        let arguments = Constants(vec![("shape", Constant::Counts(vec![28, 28, 1]))]);
        let build = |axes: &[usize]| Reshape.build(&arguments, &Shape::new(axes));
        assert_eq!(build(&[784]).unwrap().output(), Shape::new(&[28, 28, 1]));
        assert_eq!(
            build(&[785]).err().unwrap().expected,
            "an input of 784 numbers for the shape [28, 28, 1]"
        );
    }
}
