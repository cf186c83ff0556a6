//! ```text
//! y[t, c] = x[t, c] + table[t, c]        dx = dy        dtable = dy
//! ```
//!
//! A network whose layers treat all steps alike, as attention does, sees no order without it.

use super::{
    AnyFunction, Function, Layer, Operation, ParameterShape, Reads, Sequences, ShapeError, Slot,
    Towards,
};
use crate::signature::{Constants, Signature};
use crate::tensor::simd::add_row;
use crate::tensor::{Real, Shape};
use std::sync::Arc;

/// A number for each step and channel that is learned, and added.
pub struct Positions;

impl Layer for Positions {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "positions",
            summary: "a number for each step and channel that is learned, added to it",
            parameters: &[],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "learned position embeddings, $y_t = x_t + P_t$ at step $t$"
    }

    fn slots(&self) -> &'static [Slot] {
        const { &[Slot::table("table", "[steps, channels]")] }
    }

    fn sequences(&self) -> Sequences {
        Sequences::EachStep
    }

    fn build(&self, _: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        steps(shape)?;
        Ok(Operation::Function(Arc::new(Table(shape.clone()))))
    }
}

/// Refuses what has no steps.
pub(super) fn steps(shape: &Shape) -> Result<[usize; 2], ShapeError> {
    match shape.0[..] {
        [steps, channels] => Ok([steps, channels]),
        _ => Err(ShapeError {
            expected: "an input of 2 axes [steps, channels]".into(),
            help: Some("`reshape` gives numbers other axes".into()),
        }),
    }
}

/// The one value that has another added to it, number by number.
struct Table(Shape);

impl AnyFunction for Table {
    fn output(&self) -> Shape {
        self.0.clone()
    }

    fn parameters(&self) -> Vec<ParameterShape> {
        vec![ParameterShape {
            shape: self.0.clone(),
            fan_in: 1,
            fan_out: 1,
            positions: 1,
        }]
    }

    fn needs_inputs(&self) -> bool {
        false
    }

    fn in_place(&self) -> bool {
        true
    }

    fn mean_square(&self, inputs: &[f64], rows: &[Option<f64>]) -> Option<f64> {
        Some(inputs[0] + rows[0].unwrap_or(0.0))
    }
}

impl<T: Real> Function<T> for Table {
    fn forward(&self, reads: Reads<T>, y: &mut [T], _: &mut [T]) {
        let x = reads.x[0];
        if !x.is_empty() {
            y.copy_from_slice(x);
        }
        add_row(y, reads.parameters[0]);
    }

    fn backward(
        &self,
        _: Reads<T>,
        _: &[T],
        dy: &[T],
        towards: &mut [Towards<T>],
        rows: &mut [&mut [T]],
    ) {
        add_row(rows[0], dy);
        let Towards { dx, add } = &mut towards[0];
        match (dx.is_empty(), *add) {
            (true, _) => {}
            (false, true) => add_row(dx, dy),
            (false, false) => dx.copy_from_slice(dy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{function, numbers};
    use super::*;

    #[test]
    fn each_step_has_its_own_row() {
        let shape = Shape::new(&[3, 2]);
        let built = function(&Positions, &Constants::default(), &shape);
        let (x, table) = (numbers(6, 1), numbers(6, 2));
        let reads = Reads {
            x: &[&x],
            parameters: &[&table],
            mask: &[],
        };
        let mut y = [0.0f64; 6];
        Function::forward(&*built, reads, &mut y, &mut []);
        for at in 0..6 {
            assert_eq!(y[at], x[at] + table[at]);
        }
        assert!(
            Positions
                .build(&Constants::default(), &Shape::new(&[6]))
                .is_err()
        );
    }
}
