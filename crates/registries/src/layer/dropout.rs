//! ```text
//! y = x·m/(1 − rate), m a row of zeros, with probability rate, and ones        dx = dy·m/(1 − rate)
//! ```
//!
//! In training each example of a step has a mask of its own; predictions leave nothing out: y = x. Srivastava et al.,
//! 2014. The posterior of that name is another thing: it takes the mask for a draw of the weights, in predictions too.

use super::{AnyFunction, Function, Layer, Mask, Operation, Reads, Sequences, ShapeError, Towards};
use crate::signature::{Constants, Domain, Kind, Parameter, Signature};
use crate::tensor::{Real, Shape};
use std::sync::Arc;

/// Entries left out at random in training.
pub struct Dropout;

/// The probability that a number is left out.
pub(super) const RATE: Parameter = Parameter {
    name: "rate",
    kind: Kind::Number {
        domain: Domain::OpenUnit,
        learnable: false,
    },
    default: None,
    summary: "the probability of being left out",
};

impl Layer for Dropout {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "dropout",
            summary: "in training each entry is left out at random, and the others made larger",
            parameters: &[RATE],
        };
        &SIGNATURE
    }

    fn sequences(&self) -> Sequences {
        Sequences::EachStep
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "in training $y = x m/(1 - r)$ with entries $m$ that are 0 with probability $r$, else 1; $y = x$ in \
         predictions [@srivastava2014]"
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        Ok(operation(arguments, shape, shape.len()))
    }
}

/// Dropout of an input's `parts`, each of the numbers that lie so many entries apart.
pub(super) fn operation(arguments: &Constants, shape: &Shape, parts: usize) -> Operation {
    Operation::Function(Arc::new(Masked {
        shape: shape.clone(),
        mask: Mask {
            len: parts,
            rate: arguments.number("rate"),
        },
    }))
}

struct Masked {
    shape: Shape,
    mask: Mask,
}

impl AnyFunction for Masked {
    fn output(&self) -> Shape {
        self.shape.clone()
    }

    fn needs_inputs(&self) -> bool {
        false
    }

    fn mask(&self) -> Option<Mask> {
        Some(self.mask)
    }
}

impl<T: Real> Function<T> for Masked {
    fn forward(&self, reads: Reads<T>, y: &mut [T], _: &mut [T]) {
        self.apply(reads.x[0], reads.mask, y, false);
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
        self.apply(dy, reads.mask, dx, *add);
    }
}

impl Masked {
    fn apply<T: Real>(&self, from: &[T], mask: &[T], to: &mut [T], add: bool) {
        let scale = T::of(1.0 / (1.0 - self.mask.rate));
        T::dispatch(
            #[inline(always)]
            || match (mask.is_empty(), add) {
                (true, false) => to.copy_from_slice(from),
                (true, true) => to.iter_mut().zip(from).for_each(|(to, &x)| *to += x),
                (false, _) => {
                    let rows = to.chunks_exact_mut(mask.len());
                    for (to, from) in rows.zip(from.chunks_exact(mask.len())) {
                        for ((to, &x), &m) in to.iter_mut().zip(from).zip(mask) {
                            let kept = x * (m * scale);
                            *to = if add { *to + kept } else { kept };
                        }
                    }
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::function;
    use super::*;
    use crate::signature::Constant;

    #[test]
    fn what_stays_is_larger_and_predictions_leave_nothing_out() {
        let arguments = Constants(vec![("rate", Constant::Number(0.75))]);
        let dropout = function(&Dropout, &arguments, &Shape::new(&[3]));
        let x = [1.0, 2.0, -3.0];
        let apply = |mask: &[f64]| {
            let reads = Reads {
                x: &[&x],
                parameters: &[],
                mask,
            };
            let mut y = [f64::NAN; 3];
            Function::forward(&*dropout, reads, &mut y, &mut []);
            y
        };
        assert_eq!(apply(&[0.0, 1.0, 1.0]), [0.0, 8.0, -12.0]);
        assert_eq!(apply(&[]), x);
    }
}
