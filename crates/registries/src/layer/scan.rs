//! Recurrences: a state that goes along the first axis of a value, multiplied with a kernel at every step.
//!
//! ```text
//! p_t = h_{t-1}·R        h_t, c_t = step(x_t, p_t, h_{t-1}, c_{t-1})
//! ```
//!
//! A cell (`lstm`) is `step` and its way back, entry by entry. The products are an estimator's: R has one draw for
//! an example's whole sequence, and with Flipout signs that stay for all steps. What x_t is made of is no affair of a
//! cell's: the layer puts a dense layer before it, whose products of all steps are one.

use super::{AnyLinear, Operation, ParameterShape, ShapeError, dense};
use crate::signature::Constants;
use crate::tensor::{Math, Real, Shape};
use std::sync::Arc;

/// A recurrence, in both number types.
pub trait AnyScan: Scan<f32> + Scan<f64> + Send + Sync {
    /// The shape of one example's output.
    fn output(&self) -> Shape;
    /// Its parameters: the kernel, and the bias of a cell that has one.
    fn parameters(&self) -> Vec<ParameterShape>;
    /// Its sizes.
    fn geometry(&self) -> Geometry;
    /// The product of a state with the kernel.
    fn product(&self) -> &dyn AnyLinear;
    /// That of a gradient by a product with the kernel turned over, `[products, units]`.
    fn product_back(&self) -> &dyn AnyLinear;
}

/// The sizes of a recurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// The most steps that an example has: T.
    pub steps: usize,
    /// Numbers of the state that is multiplied, and of a step's output: u.
    pub units: usize,
    /// Numbers of a product, and of a step's input: a multiple of u.
    pub products: usize,
    /// Numbers of the state that is not multiplied.
    pub memory: usize,
    /// Numbers that a step keeps for the way back.
    pub saved: usize,
    /// Whether it goes from the last step to the first.
    pub backward: bool,
    /// Whether its output is the last state alone, and not all of them.
    pub last: bool,
}

/// One step of one example.
pub struct StepForward<'a, T> {
    /// x_t.
    pub x: &'a [T],
    /// h_{t-1}·R.
    pub product: &'a [T],
    /// The bias; empty where there is none.
    pub bias: &'a [T],
    /// h_{t-1}, written over by h_t.
    pub state: &'a mut [T],
    /// The same of the state that is not multiplied.
    pub memory: &'a mut [T],
    /// What is kept for the way back.
    pub saved: &'a mut [T],
}

/// One step of one example back.
pub struct StepBack<'a, T> {
    /// What the step kept.
    pub saved: &'a [T],
    /// h_{t-1}.
    pub before: &'a [T],
    /// The gradient by h_t, written over by that by h_{t-1} but for the share of the product.
    pub d_state: &'a mut [T],
    /// The gradient by c_t, written over by that by c_{t-1}.
    pub d_memory: &'a mut [T],
    /// The gradient by x_t is written here.
    pub dx: &'a mut [T],
    /// That by the product.
    pub d_product: &'a mut [T],
    /// To that by the bias is added; empty where there is none.
    pub d_bias: &'a mut [T],
}

/// The arithmetic of a step.
pub trait Scan<T> {
    /// One step on.
    fn step(&self, step: StepForward<T>);
    /// One step back.
    fn back(&self, step: StepBack<T>);
}

/// What a cell computes at a step.
pub(super) trait Cell: Clone + Send + Sync + 'static {
    /// Products for each unit.
    const GATES: usize;
    /// Numbers of a second state for each unit.
    const MEMORY: usize;
    /// Numbers that a step keeps, for each unit.
    const SAVED: usize;
    /// Whether it has a bias, of a number for each unit.
    const BIAS: bool;

    /// One step on.
    fn step<T: Math>(&self, step: StepForward<T>);
    /// One step back.
    fn back<T: Math>(&self, step: StepBack<T>);
}

/// The recurrence of a cell on a value of `[T, gates·u]`.
pub(super) fn operation<C: Cell>(
    cell: C,
    arguments: &Constants,
    shape: &Shape,
) -> Result<Operation, ShapeError> {
    let of = C::GATES;
    let [steps, products] = shape.0[..] else {
        return Err(ShapeError {
            expected: "a sequence of 2 axes, [steps, channels]".into(),
            help: Some("a sequence is an input as `real[100, 3]`".into()),
        });
    };
    if products % of > 0 {
        return Err(ShapeError {
            expected: format!("a last axis of {of} numbers for each unit"),
            help: Some("a dense layer makes them: `dense(4 * units)`".into()),
        });
    }
    let units = products / of;
    Ok(Operation::Scan(Arc::new(Recurrence {
        cell,
        geometry: Geometry {
            steps,
            units,
            products,
            memory: C::MEMORY * units,
            saved: C::SAVED * units,
            backward: arguments.word("direction") == "backward",
            last: arguments.word("returns") == "last",
        },
        product: dense::product(units, products),
        product_back: dense::product(products, units),
    })))
}

struct Recurrence<C> {
    cell: C,
    geometry: Geometry,
    product: Arc<dyn AnyLinear>,
    product_back: Arc<dyn AnyLinear>,
}

impl<C: Cell> AnyScan for Recurrence<C> {
    fn output(&self) -> Shape {
        match self.geometry.last {
            true => Shape::new(&[self.geometry.units]),
            false => Shape::new(&[self.geometry.steps, self.geometry.units]),
        }
    }

    fn parameters(&self) -> Vec<ParameterShape> {
        let Geometry {
            units, products, ..
        } = self.geometry;
        let of = |shape: &[usize], positions| ParameterShape {
            shape: Shape::new(shape),
            fan_in: units,
            fan_out: products,
            positions,
        };
        let mut all = vec![of(&[units, products], self.geometry.steps)];
        all.extend(C::BIAS.then(|| of(&[units], 1)));
        all
    }

    fn geometry(&self) -> Geometry {
        self.geometry
    }

    fn product(&self) -> &dyn AnyLinear {
        &*self.product
    }

    fn product_back(&self) -> &dyn AnyLinear {
        &*self.product_back
    }
}

impl<C: Cell, T: Math> Scan<T> for Recurrence<C> {
    fn step(&self, step: StepForward<T>) {
        T::dispatch(
            #[inline(always)]
            || self.cell.step(step),
        );
    }

    fn back(&self, step: StepBack<T>) {
        T::dispatch(
            #[inline(always)]
            || self.cell.back(step),
        );
    }
}

/// A row of several numbers for each unit as a row for each of them.
#[inline(always)]
pub(super) fn parts<const N: usize, T: Real>(row: &[T]) -> [&[T]; N] {
    let units = row.len() / N;
    std::array::from_fn(|part| &row[part * units..][..units])
}

/// [`parts`], to write.
#[inline(always)]
pub(super) fn parts_mut<const N: usize, T: Real>(row: &mut [T]) -> [&mut [T]; N] {
    let units = row.len() / N;
    let mut rest = row.chunks_exact_mut(units);
    std::array::from_fn(|_| rest.next().expect("as many rows as parts"))
}
