//! ```text
//! h_t = tanh(x_t + h_{t-1}·R), x_t of u numbers        d = dh·(1 − h_t²), for both
//! ```
//!
//! Elman 1990.

use super::composed::Block;
use super::scan::{
    self, Cell, DIRECTION, DIRECTIONS, RETURNS, SEQUENCES, StepBack, StepForward, UNITS,
};
use super::{Layer, Operation, Sequences, ShapeError, Slot};
use crate::signature::{Constants, Signature};
use crate::tensor::{Math, Shape};

/// A plain recurrent layer: products of the inputs, and the recurrence on them.
pub struct Rnn;

impl Layer for Rnn {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "rnn",
            summary: "a plain recurrent layer along a sequence; one draw of its weights for all steps",
            parameters: &[UNITS, RETURNS, DIRECTIONS],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "a recurrent layer [@elman1990]"
    }

    fn block(&self) -> Option<Block> {
        Some(|arguments| match arguments.word("direction") {
            "both" => {
                "block rnn {
                   forward  = rnn(units, returns = returns) on input
                   backward = rnn(units, returns = returns, direction = backward) on input
                   concat on (forward, backward)
                 }"
            }
            _ => {
                "block rnn {
                   input     = dense(units)
                   recurrent = rnn_cell(returns = returns, direction = direction)
                 }"
            }
        })
    }
}

/// The recurrence of a plain recurrent layer.
pub struct RnnCell;

impl Layer for RnnCell {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "rnn_cell",
            summary: "the recurrence of `rnn`, on inputs of a number a unit",
            parameters: &[RETURNS, DIRECTION],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "$h_t = tanh(x_t + h_(t - 1) R)$ [@elman1990]"
    }

    fn slots(&self) -> &'static [Slot] {
        const { &[Slot::kernel("[units, units]")] }
    }

    fn sequences(&self) -> Sequences {
        SEQUENCES
    }

    fn join(&self, arguments: &Constants, shapes: &[Shape]) -> Result<Operation, ShapeError> {
        self.build(arguments, &shapes[0])
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        scan::operation(Tanh, arguments, shape)
    }
}

#[derive(Clone)]
struct Tanh;

impl Cell for Tanh {
    const GATES: usize = 1;
    const MEMORY: usize = 0;
    /// h_t.
    const SAVED: usize = 1;
    const BIAS: bool = false;

    #[inline(always)]
    fn step<T: Math>(&self, step: StepForward<T>) {
        let values = step.x.iter().zip(step.product).zip(&mut *step.state);
        for ((&x, &product), state) in values {
            *state = (x + product).fast_tanh();
        }
        step.saved.copy_from_slice(step.state);
    }

    #[inline(always)]
    fn back<T: Math>(&self, step: StepBack<T>) {
        let values = step.saved.iter().zip(&mut *step.d_state);
        for ((&h, d_state), d_product) in values.zip(&mut *step.d_product) {
            *d_product = *d_state * (T::one() - h * h);
            *d_state = T::zero();
        }
        step.dx.copy_from_slice(step.d_product);
    }
}
