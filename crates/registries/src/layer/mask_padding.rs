//! ```text
//! y[t] = x[t] for t < L, 0 for t ≥ L        dx alike
//! ```
//!
//! L is the length of an example's sequence. The language puts it before layers that mix steps
//! ([`Sequences::Zeroed`]): they find zeros behind a sequence's end, as a convolution does beyond any edge.

use super::sequences::{length, told};
use super::{AnyFunction, Function, Layer, Operation, Reads, Sequences, ShapeError, Towards};
use crate::signature::{Constants, Signature};
use crate::tensor::{Real, Shape};
use std::sync::Arc;

/// A sequence with zeros from its length on.
pub struct MaskPadding;

impl Layer for MaskPadding {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "mask_padding",
            summary: "a sequence with zeros from its length on; of one that has no length, itself",
            parameters: &[],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "steps from a sequence's length on are set to 0"
    }

    fn sequences(&self) -> Sequences {
        told(true)
    }

    fn join(&self, _: &Constants, shapes: &[Shape]) -> Result<Operation, ShapeError> {
        self.build(&Constants::default(), &shapes[0])
    }

    fn build(&self, _: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        match shape.0.first() {
            Some(&steps) => Ok(Operation::Function(Arc::new(Zeros {
                shape: shape.clone(),
                steps,
            }))),
            None => Err(ShapeError {
                expected: "a sequence, of one axis or more".into(),
                help: None,
            }),
        }
    }
}

struct Zeros {
    shape: Shape,
    steps: usize,
}

impl Zeros {
    /// How many entries are those of steps that are there.
    fn there<T: Real>(&self, reads: &Reads<T>) -> usize {
        length(reads.x.get(1), self.steps) * (self.shape.len() / self.steps)
    }
}

impl AnyFunction for Zeros {
    fn output(&self) -> Shape {
        self.shape.clone()
    }

    fn needs_inputs(&self) -> bool {
        true
    }
}

impl<T: Real> Function<T> for Zeros {
    fn forward(&self, reads: Reads<T>, y: &mut [T], _: &mut [T]) {
        let (there, padding) = y.split_at_mut(self.there(&reads));
        there.copy_from_slice(&reads.x[0][..there.len()]);
        padding.fill(T::zero());
    }

    fn backward(
        &self,
        reads: Reads<T>,
        _: &[T],
        dy: &[T],
        towards: &mut [Towards<T>],
        _: &mut [&mut [T]],
    ) {
        let Towards { dx, add } = &mut towards[0];
        if dx.is_empty() {
            return;
        }
        let (there, padding) = dx.split_at_mut(self.there(&reads));
        let dy = &dy[..there.len()];
        match add {
            true => there.iter_mut().zip(dy).for_each(|(dx, &dy)| *dx += dy),
            false => {
                there.copy_from_slice(dy);
                padding.fill(T::zero());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_behind_the_length_is_0() {
        let shapes = [Shape::new(&[3, 2]), Shape::new(&[1])];
        let Ok(Operation::Function(mask)) = MaskPadding.join(&Constants::default(), &shapes) else {
            panic!("a function")
        };
        let x = [1.0f64, 2.0, 3.0, 4.0, 5.0, 6.0];
        for (length, there) in [(0.0, 0), (2.0, 4), (3.0, 6)] {
            let reads = Reads {
                x: &[&x, &[length]],
                parameters: &[],
                mask: &[],
            };
            let expected: Vec<f64> = x
                .iter()
                .enumerate()
                .map(|(i, x)| if i < there { *x } else { 0.0 })
                .collect();
            let mut y = [9.0; 6];
            Function::forward(&*mask, reads, &mut y, &mut []);
            assert_eq!(y[..], expected);
            for add in [false, true] {
                let mut dx = [1.0; 6];
                let towards = &mut [
                    Towards { dx: &mut dx, add },
                    Towards {
                        dx: &mut [],
                        add: false,
                    },
                ];
                Function::backward(&*mask, reads, &[], &x, towards, &mut []);
                let start = if add { 1.0 } else { 0.0 };
                let expected: Vec<f64> = expected.iter().map(|x| x + start).collect();
                assert_eq!(dx[..], expected);
            }
        }
    }
}
