//! Functions of one example: of several values, as joins are, or with rows of parameters, as norms are.

use super::ParameterShape;
use crate::tensor::Shape;

/// The most values that one function takes. Their places are kept on the stack.
pub const MOST_INPUTS: usize = 16;

/// A function of one example's values, in both number types.
///
/// Its parameters are rows: each example may have its own, as it may of a bias, so that every estimator that
/// serves a bias serves them.
pub trait AnyFunction: Function<f32> + Function<f64> + Send + Sync {
    /// The shape of one example's output.
    fn output(&self) -> Shape;
    /// The sizes of its parameters, in the order of its layer's slots.
    fn parameters(&self) -> Vec<ParameterShape> {
        vec![]
    }
    /// Whether `backward` reads its inputs.
    fn needs_inputs(&self) -> bool {
        true
    }
    /// Whether its output may be written over an input that it takes once, which then comes first and is empty; on the
    /// way back `dy` is the gradient by both. The order of its inputs must not matter, and it reads none of them on the
    /// way back.
    fn in_place(&self) -> bool {
        false
    }
    /// Numbers that an example keeps for the way back.
    fn saved(&self) -> usize {
        0
    }
    /// The mean square of its output, for independent inputs of these mean squares around 0 and rows of these; none of a
    /// row that is left out. `None` of a function that no such rule is near.
    fn mean_square(&self, inputs: &[f64], _rows: &[Option<f64>]) -> Option<f64> {
        Some(inputs[0])
    }
    /// What is left out of it at random in training.
    fn mask(&self) -> Option<Mask> {
        None
    }
}

/// Random zeros and ones, drawn anew for each example of a training step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mask {
    /// How many numbers an example has.
    pub len: usize,
    /// The probability of 0.
    pub rate: f64,
}

/// What a function reads of one example.
#[derive(Clone, Copy)]
pub struct Reads<'a, T> {
    /// Its inputs, in order; empty ones where it does not read them.
    pub x: &'a [&'a [T]],
    /// A row of each of its parameters; empty for one that is left out.
    pub parameters: &'a [&'a [T]],
    /// The example's mask; empty in predictions, which leave nothing out.
    pub mask: &'a [T],
}

/// Where the gradient by one input goes.
pub struct Towards<'a, T> {
    /// A number an entry; empty where it is not wanted.
    pub dx: &'a mut [T],
    /// Whether to add to what is there; otherwise every entry is written.
    pub add: bool,
}

/// The arithmetic of a function of one example.
pub trait Function<T> {
    /// Writes every entry of `y`, and of `saved`. `y` holds the first input where it is written over that.
    fn forward(&self, reads: Reads<T>, y: &mut [T], saved: &mut [T]);
    /// From `dy`, the gradient by the output: the gradients by the inputs, and added to `rows` those by the rows of its
    /// parameters (empty for those that are left out). The output itself is not read, and may be written over.
    fn backward(
        &self,
        reads: Reads<T>,
        saved: &[T],
        dy: &[T],
        towards: &mut [Towards<T>],
        rows: &mut [&mut [T]],
    );
}
