//! Made inputs: numbers that a model takes, where there are no data.

use super::model::Model;
use crate::layer::Sequence;
use crate::tensor::Real;

/// How long made sequences are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lengths {
    /// As long as they can be.
    Full,
    /// From one step on.
    Any,
}

impl Model {
    /// Turns any numbers into the inputs of an example: sequences have a length and zeros behind it, and tokens are of
    /// the vocabulary. Other inputs stay.
    pub fn admit<T: Real>(&self, row: &mut [T], lengths: Lengths) {
        let mut rest = row;
        for input in &self.inputs {
            let (own, others) = rest.split_at_mut(input.row_len());
            rest = others;
            let Some(Sequence { vocabulary }) = input.sequence else {
                continue;
            };
            let (values, length) = own.split_at_mut(input.shape.len());
            let steps = input.shape.0[0];
            // Digits behind the first few are as good as any other numbers.
            let any = |x: T, most: usize| (x.wide().abs() * 9973.0) as usize % most;
            let there = match lengths {
                Lengths::Full => steps,
                Lengths::Any => 1 + any(length[0], steps),
            };
            length[0] = T::of(there as f64);
            let (there, padding) = values.split_at_mut(there * (input.shape.len() / steps));
            padding.fill(T::zero());
            if let Some(size) = vocabulary {
                let tokens = there.iter_mut();
                tokens.for_each(|token| *token = T::of((1 + any(*token, size)) as f64));
            }
        }
    }
}
