//! ```text
//! y[t] = W[x[t]]        dW[v] = Σ_n Σ_t dyₙ[t] where xₙ[t] = v
//! ```
//!
//! The product of a one-hot matrix and the kernel `[vocabulary, units]`, which picks rows of it. Rows are copied and
//! gradients are added where a token occurs: nothing goes over all of the kernel for an example.
//!
//! Token v is the number v + 1, and 0 is padding, a row of zeros in the one-hot matrix. The sign of a number is that of
//! the one in its row ([`Linear::tokens`]): under −(v + 1) a row is taken with the other sign, which is what an estimator
//! that flips the signs of input channels needs.

use super::{AnyLinear, Layer, Linear, Operation, Sequences, ShapeError, Slot, sequences};
use crate::signature::{Constants, Kind, Parameter, Signature};
use crate::tensor::simd::add_row;
use crate::tensor::{Real, Shape, Share};
use rayon::prelude::*;
use std::sync::Arc;

/// A row of the kernel for each token.
pub struct Embedding;

impl Layer for Embedding {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "embedding",
            summary: "a row of weights for each token",
            parameters: &[Parameter {
                name: "units",
                kind: Kind::Count,
                default: None,
                summary: "the number of outputs of each token",
            }],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "an embedding, $y_t = W_(x_t)$, the row of token $x_t$"
    }

    fn slots(&self) -> &'static [Slot] {
        const { &[Slot::kernel("[vocabulary, units]")] }
    }

    fn sequences(&self) -> Sequences {
        Sequences::Tokens
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let Some(vocabulary) = sequences::vocabulary(arguments) else {
            return Err(ShapeError {
                expected: "an input of tokens".into(),
                help: Some("`input words: token[64, vocabulary = 20_000]` declares one".into()),
            });
        };
        Ok(Operation::Linear(Arc::new(Lookup {
            vocabulary,
            units: arguments.count("units"),
            positions: shape.0.clone(),
        })))
    }
}

struct Lookup {
    vocabulary: usize,
    units: usize,
    /// The axes of the tokens.
    positions: Vec<usize>,
}

/// Positions that a thread takes at a time.
const AT_ONCE: usize = 256;
/// Into how many blocks of rows the gradient is cut, that threads add to.
const BLOCKS: usize = 16;

impl Lookup {
    /// The row of a token and its sign; `None` of padding.
    #[inline(always)]
    fn row<T: Real>(&self, token: T) -> Option<(usize, bool)> {
        let number = token.wide();
        let row = number.abs() as usize;
        (1..=self.vocabulary)
            .contains(&row)
            .then(|| (row - 1, number < 0.0))
    }
}

impl AnyLinear for Lookup {
    fn output(&self) -> Shape {
        Shape([&self.positions[..], &[self.units]].concat())
    }

    fn kernel(&self) -> Shape {
        Shape(vec![self.vocabulary, self.units])
    }

    /// One: of the products of a one-hot row all but one are 0.
    fn fan_in(&self) -> usize {
        1
    }

    fn fan_out(&self) -> usize {
        self.units
    }

    fn positions(&self) -> usize {
        self.positions.iter().product()
    }

    fn vocabulary(&self) -> Option<usize> {
        Some(self.vocabulary)
    }

    fn has_bias(&self) -> bool {
        false
    }

    /// So that the gradient is written once: one for each chunk of examples would be as long as the kernel.
    fn whole_batch(&self) -> bool {
        true
    }

    fn unfolds(&self) -> Result<(), &'static str> {
        Err(
            "its layer takes tokens, and the factor of its inputs would have a row and a column for each of the vocabulary",
        )
    }

    fn multiplications(&self) -> u64 {
        0
    }

    fn scratch(&self, _: usize) -> usize {
        0
    }
}

impl<T: Real> Linear<T> for Lookup {
    fn apply(&self, x: &[T], w: &[T], y: &mut [T], _: &mut [T]) {
        let parts = x
            .par_chunks(AT_ONCE)
            .zip(y.par_chunks_mut(AT_ONCE * self.units));
        parts.share(|(x, y)| {
            for (&token, y) in x.iter().zip(y.chunks_exact_mut(self.units)) {
                let Some((row, negative)) = self.row(token) else {
                    y.fill(T::zero());
                    continue;
                };
                y.copy_from_slice(&w[row * self.units..][..self.units]);
                if negative {
                    y.iter_mut().for_each(|y| *y = -*y);
                }
            }
        });
    }

    /// Nothing reads the gradient by tokens.
    fn transpose(&self, _: &[T], _: &[T], dx: &mut [T], _: &mut [T]) {
        dx.fill(T::zero());
    }

    fn weight_gradient(&self, x: &[T], dy: &[T], add: bool, dw: &mut [T], _: &mut [T]) {
        let rows = self.vocabulary.div_ceil(BLOCKS);
        let blocks = dw.par_chunks_mut(rows * self.units).enumerate();
        blocks.share(|(block, dw)| {
            if !add {
                dw.fill(T::zero());
            }
            let first = block * rows;
            for (&token, dy) in x.iter().zip(dy.chunks_exact(self.units)) {
                let found = self
                    .row(token)
                    .filter(|(row, _)| (first..first + rows).contains(row));
                let Some((row, negative)) = found else {
                    continue;
                };
                let dw = &mut dw[(row - first) * self.units..][..self.units];
                match negative {
                    false => add_row(dw, dy),
                    true => dw.iter_mut().zip(dy).for_each(|(dw, &dy)| *dw -= dy),
                }
            }
        });
    }

    fn tokens(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::sequences::VOCABULARY;
    use super::super::testing::{linear, numbers};
    use super::*;
    use crate::signature::Constant;

    fn words(vocabulary: usize, units: usize, steps: usize) -> Arc<dyn AnyLinear> {
        let arguments = vec![
            ("units", Constant::Count(units)),
            (VOCABULARY, Constant::Count(vocabulary)),
        ];
        linear(&Embedding, &Constants(arguments), &Shape(vec![steps]))
    }

    #[test]
    fn tokens_have_their_rows_and_padding_zeros() {
        let layer = words(5, 2, 3);
        let w = numbers(10, 1);
        let (x, mut y) = ([2.0, 0.0, 5.0, -1.0, 2.0, 1.0], [f64::NAN; 12]);
        Linear::<f64>::apply(&*layer, &x, &w, &mut y, &mut []);
        let expected = [
            w[2], w[3], 0.0, 0.0, w[8], w[9], -w[0], -w[1], w[2], w[3], w[0], w[1],
        ];
        assert_eq!(y, expected);
    }

    /// The same as of a dense layer on one-hot inputs, whatever the number of rows in a block.
    #[test]
    fn a_gradient_is_that_of_one_hot_inputs() {
        for vocabulary in [3, 16, 50] {
            let (units, steps, n) = (3, 4, 40);
            let layer = words(vocabulary, units, steps);
            let tokens = (0..n * steps).map(|i| (i * 7 % (vocabulary + 1)) as f64);
            let x: Vec<f64> = tokens
                .map(|x| if x % 3.0 == 1.0 { -x } else { x })
                .collect();
            let dy = numbers(x.len() * units, 2);
            let mut expected = vec![0.0; vocabulary * units];
            for (x, dy) in x.iter().zip(dy.chunks(units)).filter(|(x, _)| **x != 0.0) {
                for (unit, dy) in dy.iter().enumerate() {
                    expected[(x.abs() as usize - 1) * units + unit] += x.signum() * dy;
                }
            }
            for start in [f64::NAN, 1.0] {
                let mut dw = vec![start; expected.len()];
                let add = !start.is_nan();
                Linear::<f64>::weight_gradient(&*layer, &x, &dy, add, &mut dw, &mut []);
                for (dw, expected) in dw.iter().zip(&expected) {
                    assert!((dw - expected - f64::from(u8::from(add))).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let arguments = Constants(vec![("units", Constant::Count(2))]);
        let Err(error) = Embedding.build(&arguments, &Shape::new(&[4])) else {
            panic!("numbers")
        };
        assert_eq!(error.expected, "an input of tokens");
    }
}
