//! ```text
//! h_t = tanh(x_t + h_{t-1}·R), x_t of u numbers        d = dh·(1 − h_t²), for both
//! ```
//!
//! Elman 1990.

use super::Slot;
use super::recurrent::{DIRECTION, DIRECTIONS, RETURNS, Recurrent, UNITS};
use super::scan::{Cell, StepBack, StepForward};
use crate::signature::{Constants, Signature};
use crate::tensor::Math;

/// The cell of a plain recurrent layer.
#[derive(Clone)]
pub(super) struct Rnn;

impl Recurrent for Rnn {
    const LAYER: &'static Signature = &Signature {
        name: "rnn",
        summary: "a plain recurrent layer along a sequence; one draw of its weights for all steps",
        parameters: &[UNITS, RETURNS, DIRECTIONS],
    };
    const CELL: &'static Signature = &Signature {
        name: "rnn_cell",
        summary: "the recurrence of `rnn`, on inputs of a number a unit",
        parameters: &[RETURNS, DIRECTION],
    };
    const METHODS: [&'static str; 2] = [
        "a recurrent layer [@elman1990]",
        "$h_t = tanh(x_t + h_(t - 1) R)$ [@elman1990]",
    ];
    const SLOTS: &'static [Slot] = &[Slot::kernel("[units, units]")];

    fn new(_: &Constants) -> Self {
        Rnn
    }
}

impl Cell for Rnn {
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
