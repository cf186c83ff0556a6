//! ```text
//! y = x₁ + x₂ + …        dx₁ = dx₂ = … = dy
//! ```
//!
//! The sum may be written over the first value, whose gradient then is dy without any work.

use super::joins::{alike, operation};
use super::{
    AnyFunction, Function, Layer, Operation, Reads, Sequences, ShapeError, Takes, Towards,
};
use crate::signature::{Constants, Signature};
use crate::tensor::{Real, Shape};

/// The sum of values of one shape.
pub struct Add;

impl Layer for Add {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "add",
            summary: "the sum of values of one shape, entry by entry",
            parameters: &[],
        };
        &SIGNATURE
    }

    fn sequences(&self) -> Sequences {
        Sequences::EachStep
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "the sum of its inputs, entry by entry"
    }

    fn takes(&self) -> Takes {
        Takes::Several
    }

    fn join(&self, _: &Constants, shapes: &[Shape]) -> Result<Operation, ShapeError> {
        Ok(operation(Sum(alike(shapes)?)))
    }
}

struct Sum(Shape);

impl AnyFunction for Sum {
    fn output(&self) -> Shape {
        self.0.clone()
    }

    fn needs_inputs(&self) -> bool {
        false
    }

    fn in_place(&self) -> bool {
        true
    }

    fn mean_square(&self, inputs: &[f64], _: &[Option<f64>]) -> Option<f64> {
        Some(inputs.iter().sum())
    }
}

impl<T: Real> Function<T> for Sum {
    fn forward(&self, reads: Reads<T>, y: &mut [T], _: &mut [T]) {
        let [first, rest @ ..] = reads.x else { return };
        if !first.is_empty() {
            y.copy_from_slice(first);
        }
        T::dispatch(
            #[inline(always)]
            || {
                for x in rest {
                    for (y, &x) in y.iter_mut().zip(*x) {
                        *y += x;
                    }
                }
            },
        );
    }

    fn backward(
        &self,
        _: Reads<T>,
        _: &[T],
        dy: &[T],
        towards: &mut [Towards<T>],
        _: &mut [&mut [T]],
    ) {
        for Towards { dx, add } in towards {
            if !*add && !dx.is_empty() {
                dx.copy_from_slice(dy);
                continue;
            }
            T::dispatch(
                #[inline(always)]
                || {
                    for (dx, &dy) in dx.iter_mut().zip(dy) {
                        *dx += dy;
                    }
                },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_and_refuses_other_shapes() {
        let shape = Shape::new(&[2]);
        let built = Add.join(&Constants::default(), &[shape.clone(), shape.clone()]);
        let Ok(Operation::Function(sum)) = built else {
            panic!("a function")
        };
        let reads = Reads {
            x: &[&[1.0, 2.0], &[10.0, 20.0]],
            parameters: &[],
            mask: &[],
        };
        let mut y = [0.0f64; 2];
        Function::forward(&*sum, reads, &mut y, &mut []);
        assert_eq!(y, [11.0, 22.0]);
        let others = [shape.clone(), Shape::new(&[2, 1])];
        assert!(Add.join(&Constants::default(), &others).is_err());
        assert!(Add.join(&Constants::default(), &[shape]).is_err());
    }
}
