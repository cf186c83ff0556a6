//! ```text
//! y[o] = Σ_i x[i]·w[i, o]
//!
//! dx = dy·wᵀ        dw = Σ_n xₙᵀ·dyₙ
//! ```
//!
//! The kernel is `[in, out]`, as in Keras. The products take the whole batch: X is `[n, in]`. Of a value of more axes
//! than one the last are the inputs, and the others positions: rows of X, an example at a time.
//!
//! dX = dY·Wᵀ has its inner axis along the rows of W, and a product reads its second operand across them: it would
//! copy all of W for that. Where W is larger than dX and dY, these are turned over instead, and
//! dXᵀ = W·dYᵀ reads W as it lies.
//!
//! A product makes vectors of C's rows. Those of dW, a number a unit, fill a part of a vector where there are few
//! units: dWᵀ = dYᵀ·X has rows of a number an input, and is turned over when it is made. With 10 units 21 → 9 µs for
//! 128 examples of 400 inputs.

use super::{AnyLinear, Layer, Linear, Operation, Sequences, ShapeError, Slot};
use crate::signature::{Constants, Kind, Parameter, Signature};
use crate::tensor::gemm::{MatrixMut, MatrixRef, gemm, parallel_gemm};
use crate::tensor::{Real, Shape, transpose};
use std::sync::Arc;

/// A fully connected layer.
pub struct Dense;

impl Layer for Dense {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "dense",
            summary: "a weighted sum of all inputs for each unit; of the last axis, at each position of the others",
            parameters: &[Parameter {
                name: "units",
                kind: Kind::Count,
                default: None,
                summary: "the number of outputs",
            }],
        };
        &SIGNATURE
    }

    fn sequences(&self) -> Sequences {
        Sequences::EachStep
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "$y_o = sum_i x_i W_(i o) + b_o$"
    }

    fn slots(&self) -> &'static [Slot] {
        const { &[Slot::kernel("[in, units]"), Slot::bias("[units]")] }
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let Some((&inputs, positions)) = shape.0.split_last() else {
            return Err(ShapeError {
                expected: "an input of 1 axis or more, features last".into(),
                help: Some("`reshape([1])` makes a vector of a number".into()),
            });
        };
        Ok(Operation::Linear(Arc::new(Product {
            inputs,
            units: arguments.count("units"),
            positions: positions.to_vec(),
        })))
    }
}

/// Examples from which on their numbers fill the vectors of a product.
const LEAST_TURNED: usize = 32;

/// Units up to which the gradient by the weights is turned over: in float32 they fill the widest of vectors, or less.
const MOST_TURNED: usize = 16;

/// The product of vectors of so many inputs with a kernel, each a position of its own.
pub(super) fn product(inputs: usize, units: usize) -> Arc<dyn AnyLinear> {
    Arc::new(Product {
        inputs,
        units,
        positions: vec![1],
    })
}

struct Product {
    inputs: usize,
    units: usize,
    /// The axes before the inputs; none of a vector.
    positions: Vec<usize>,
}

impl Product {
    /// Whether the gradient by the weights is made by its transpose.
    fn few_units(&self) -> bool {
        self.units <= MOST_TURNED && self.inputs > self.units
    }

    /// Whether the gradient by the input of so many rows is made by the transposes.
    fn turns(&self, rows: usize) -> bool {
        rows >= LEAST_TURNED && self.inputs * self.units > rows * (self.inputs + self.units)
    }

    /// A product shared out over threads, or on this one where examples are.
    fn product<T: Real>(&self, a: MatrixRef<T>, b: MatrixRef<T>, beta: T, c: MatrixMut<T>) {
        match self.positions[..] {
            [] => parallel_gemm(T::one(), a, b, beta, c),
            _ => gemm(T::one(), a, b, beta, c),
        }
    }
}

impl AnyLinear for Product {
    fn output(&self) -> Shape {
        Shape([&self.positions[..], &[self.units]].concat())
    }

    fn kernel(&self) -> Shape {
        Shape(vec![self.inputs, self.units])
    }

    fn fan_in(&self) -> usize {
        self.inputs
    }

    fn fan_out(&self) -> usize {
        self.units
    }

    fn positions(&self) -> usize {
        self.positions.iter().product()
    }

    fn whole_batch(&self) -> bool {
        self.positions.is_empty()
    }

    fn unfolds(&self) -> Result<(), &'static str> {
        Ok(())
    }

    fn multiplications(&self) -> u64 {
        AnyLinear::positions(self) as u64 * self.inputs as u64 * self.units as u64
    }

    fn scratch(&self, examples: usize) -> usize {
        let rows = examples * AnyLinear::positions(self);
        let by_input = match self.turns(rows) {
            true => rows * (self.inputs + self.units),
            false => 0,
        };
        let by_weight = match self.few_units() && rows >= LEAST_TURNED {
            true => self.inputs * self.units,
            false => 0,
        };
        by_input + by_weight
    }
}

impl<T: Real> Linear<T> for Product {
    fn apply(&self, x: &[T], w: &[T], y: &mut [T], _: &mut [T]) {
        let n = x.len() / self.inputs;
        let x = MatrixRef::row_major(x, n, self.inputs);
        let w = MatrixRef::row_major(w, self.inputs, self.units);
        self.product(x, w, T::zero(), MatrixMut::row_major(y, n, self.units));
    }

    fn transpose(&self, dy: &[T], w: &[T], dx: &mut [T], scratch: &mut [T]) {
        let n = dy.len() / self.units;
        // Where more rows than these need no scratch there is none for them.
        if self.turns(n) && scratch.len() >= dy.len() + dx.len() {
            let (turned, dx_turned) = scratch.split_at_mut(dy.len());
            let dx_turned = &mut dx_turned[..dx.len()];
            transpose(dy, self.units, turned);
            self.product(
                MatrixRef::row_major(w, self.inputs, self.units),
                MatrixRef::row_major(turned, self.units, n),
                T::zero(),
                MatrixMut::row_major(dx_turned, self.inputs, n),
            );
            return transpose(dx_turned, n, dx);
        }
        let dy = MatrixRef::row_major(dy, n, self.units);
        let w = MatrixRef::row_major(w, self.inputs, self.units).transposed();
        self.product(dy, w, T::zero(), MatrixMut::row_major(dx, n, self.inputs));
    }

    fn unfold(&self, x: &[T], patches: &mut [T]) {
        patches.copy_from_slice(x);
    }

    fn gradients_beside(&self) -> Option<usize> {
        // Of examples that are taken one by one, the threads have others to go on with.
        let of_kernel = match self.few_units() {
            true => self.inputs * self.units,
            false => 0,
        };
        self.positions.is_empty().then_some(of_kernel)
    }

    fn weight_gradient(&self, x: &[T], dy: &[T], add: bool, dw: &mut [T], scratch: &mut [T]) {
        let n = x.len() / self.inputs;
        let x = MatrixRef::row_major(x, n, self.inputs).transposed();
        let dy = MatrixRef::row_major(dy, n, self.units);
        // Added to something, of few examples or without scratch it is made as it lies.
        if self.few_units() && n >= LEAST_TURNED && !add && scratch.len() >= dw.len() {
            let turned = &mut scratch[..dw.len()];
            let target = MatrixMut::new(turned, [self.inputs, self.units], [1, self.inputs]);
            self.product(x, dy, T::zero(), target);
            return transpose(turned, self.inputs, dw);
        }
        let dw = MatrixMut::row_major(dw, self.inputs, self.units);
        let beta = if add { T::one() } else { T::zero() };
        self.product(x, dy, beta, dw);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{linear, numbers};
    use super::*;
    use crate::signature::Constant;

    fn units(units: usize) -> Constants {
        Constants(vec![("units", Constant::Count(units))])
    }

    #[test]
    fn each_unit_is_a_weighted_sum() {
        for (n, inputs, outputs) in [(1, 1, 1), (1, 5, 3), (7, 5, 3), (128, 300, 65)] {
            let dense = linear(&Dense, &units(outputs), &Shape(vec![inputs]));
            let (x, w) = (numbers(n * inputs, 1), numbers(inputs * outputs, 2));
            let mut y = vec![f64::NAN; n * outputs];
            Linear::<f64>::apply(&*dense, &x, &w, &mut y, &mut []);
            for (i, y) in y.iter().enumerate() {
                let (row, unit) = (i / outputs, i % outputs);
                let sum: f64 = (0..inputs)
                    .map(|k| x[row * inputs + k] * w[k * outputs + unit])
                    .sum();
                assert!((y - sum).abs() < 1e-12, "{y} {sum}");
            }
        }
    }

    /// By itself and turned over, with the scratch of the most examples that the second is turned over for.
    #[test]
    fn an_inputs_gradient_is_a_weighted_sum_of_the_units() {
        for (inputs, outputs) in [(5, 3), (300, 200), (70, 90)] {
            let dense = linear(&Dense, &units(outputs), &Shape(vec![inputs]));
            let w = numbers(inputs * outputs, 2);
            let mut scratch = vec![f64::NAN; dense.scratch(119)];
            for n in [1, 31, 32, 40, 119, 120, 200] {
                let dy = numbers(n * outputs, 1);
                let mut dx = vec![f64::NAN; n * inputs];
                Linear::<f64>::transpose(&*dense, &dy, &w, &mut dx, &mut scratch);
                for (at, dx) in dx.iter().enumerate() {
                    let (row, input) = (at / inputs, at % inputs);
                    let sum: f64 = (0..outputs)
                        .map(|o| dy[row * outputs + o] * w[input * outputs + o])
                        .sum();
                    assert!((dx - sum).abs() < 1e-12, "{n}: {dx} {sum}");
                }
            }
        }
    }

    /// Written, with scratch to turn it over and without, and added to.
    #[test]
    fn a_weights_gradient_is_the_inputs_weighted_by_the_units() {
        for (n, inputs, outputs) in [(1, 5, 3), (128, 70, 10), (40, 300, 16), (33, 50, 17)] {
            let dense = linear(&Dense, &units(outputs), &Shape(vec![inputs]));
            let (x, dy) = (numbers(n * inputs, 1), numbers(n * outputs, 2));
            let mut scratch = vec![f64::NAN; dense.scratch(n)];
            for (add, scratch) in [(false, &mut scratch[..]), (false, &mut []), (true, &mut [])] {
                let mut dw = vec![if add { 1.0 } else { f64::NAN }; inputs * outputs];
                Linear::<f64>::weight_gradient(&*dense, &x, &dy, add, &mut dw, scratch);
                for (at, dw) in dw.iter().enumerate() {
                    let (input, unit) = (at / outputs, at % outputs);
                    let of = |row| x[row * inputs + input] * dy[row * outputs + unit];
                    let sum = (0..n).map(of).sum::<f64>() + f64::from(u8::from(add));
                    assert!((dw - sum).abs() < 1e-12, "{add}: {dw} {sum}");
                }
            }
        }
    }

    #[test]
    fn other_axes_than_the_last_are_positions() {
        let dense = linear(&Dense, &units(3), &Shape::new(&[2, 4, 5]));
        assert_eq!(dense.output(), Shape::new(&[2, 4, 3]));
        assert_eq!(dense.kernel(), Shape::new(&[5, 3]));
        assert_eq!((dense.fan_in(), dense.fan_out()), (5, 3));
        assert_eq!(
            (AnyLinear::positions(&*dense), dense.whole_batch()),
            (8, false)
        );
        assert_eq!(dense.multiplications(), 120);
        let (x, w) = (numbers(40, 1), numbers(15, 2));
        let mut y = vec![f64::NAN; 24];
        Linear::<f64>::apply(&*dense, &x, &w, &mut y, &mut []);
        for (at, y) in y.iter().enumerate() {
            let sum: f64 = (0..5).map(|k| x[at / 3 * 5 + k] * w[k * 3 + at % 3]).sum();
            assert!((y - sum).abs() < 1e-12, "{y} {sum}");
        }
    }
}
