//! Layers that normalise by the statistics of the whole minibatch, channel by channel.

use super::{AnyFunction, ParameterShape};
use crate::tensor::Shape;

/// A layer that normalises by the statistics of the minibatch in training, and by those it has kept in predictions,
/// in both number types.
///
/// It has two parameters that are rows, for all channels: what it multiplies with, and what it adds. The two that
/// follow are state: the means and the variances that it keeps.
pub trait AnyStatistics: Statistics<f32> + Statistics<f64> + Send + Sync {
    /// The shape of one example's output and input.
    fn output(&self) -> Shape;
    /// The sizes of its parameters, in the order of its layer's slots.
    fn parameters(&self) -> Vec<ParameterShape>;
    /// Its channels: the last axis.
    fn channels(&self) -> usize;
    /// The share of what was kept that stays at each step.
    fn momentum(&self) -> f64;
    /// The same with the kept statistics: a function of one example and of all four parameters.
    fn settled(&self) -> &dyn AnyFunction;
}

/// The statistics of a minibatch, a number a channel each.
pub struct Moments<'a, T> {
    /// The mean.
    pub mean: &'a mut [T],
    /// The mean square of the distance from it.
    pub variance: &'a mut [T],
}

/// The arithmetic in training. Arrays hold all examples, one after the other; the loops are shared out over threads
/// in pieces that depend on the shapes alone.
pub trait Statistics<T> {
    /// Writes the moments of `x`, and every entry of `y`. `rows` are the gain and the shift: a row for all examples,
    /// one for each, or none where they are left out.
    fn forward(&self, x: &[T], rows: [&[T]; 2], moments: Moments<T>, y: &mut [T]);
    /// From `dy`, the gradient by `y`: that by `x`, every entry written, or added to what is there; and each
    /// example's gradient by its rows, every entry written. Each of `d_rows` has room for one row more.
    #[allow(clippy::too_many_arguments)]
    fn backward(
        &self,
        x: &[T],
        rows: [&[T]; 2],
        moments: [&[T]; 2],
        dy: &[T],
        dx: &mut [T],
        add: bool,
        d_rows: [&mut [T]; 2],
    );
}
