//! Entries of the last axis that follow each other: `out[0]` and `out[0:2]` in an `observe` statement. Not a
//! layer of the registry: the language writes it as an index.
//!
//! ```text
//! y[…, j] = x[…, first + j]        dx[…, first + j] = dy[…, j], 0 elsewhere
//! ```

use super::{AnyMap, Map};
use crate::tensor::{Real, Shape};
use std::ops::Range;

/// Some entries of the last axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    output: Shape,
    last: usize,
    entries: Range<usize>,
}

impl Select {
    /// These entries of the last axis of inputs of `shape`. `None` where one of them is not there, or there is
    /// none.
    pub fn new(shape: &Shape, entries: Range<usize>) -> Option<Self> {
        let (&last, rest) = shape.0.split_last()?;
        let mut output = rest.to_vec();
        output.push(entries.len());
        (!entries.is_empty() && entries.end <= last).then_some(Select {
            output: Shape(output),
            last,
            entries,
        })
    }
}

impl AnyMap for Select {
    fn output(&self) -> Shape {
        self.output.clone()
    }

    fn needs_input(&self) -> bool {
        false
    }

    fn elementwise(&self) -> bool {
        false
    }
}

impl<T: Real> Map<T> for Select {
    fn forward(&self, x: &[T], y: &mut [T]) {
        let rows = y.chunks_exact_mut(self.entries.len());
        for (y, x) in rows.zip(x.chunks_exact(self.last)) {
            y.copy_from_slice(&x[self.entries.clone()]);
        }
    }

    fn backward(&self, _: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        dx.fill(T::zero());
        let rows = dy.chunks_exact(self.entries.len());
        for (dy, dx) in rows.zip(dx.chunks_exact_mut(self.last)) {
            dx[self.entries.clone()].copy_from_slice(dy);
        }
    }
}

/// One of several inputs, which stand in a row one after the other, in its own shape.
///
/// ```text
/// y[i] = x[first + i]        dx[first + i] = dy[i], 0 elsewhere
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    first: usize,
    output: Shape,
}

impl Part {
    /// The entries from `first` on, as many as `output` has; the row has to hold them.
    pub fn new(first: usize, output: Shape) -> Self {
        Part { first, output }
    }
}

impl AnyMap for Part {
    fn output(&self) -> Shape {
        self.output.clone()
    }

    fn needs_input(&self) -> bool {
        false
    }

    fn elementwise(&self) -> bool {
        false
    }
}

impl<T: Real> Map<T> for Part {
    fn forward(&self, x: &[T], y: &mut [T]) {
        let len = y.len();
        y.copy_from_slice(&x[self.first..][..len]);
    }

    fn backward(&self, _: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        dx.fill(T::zero());
        dx[self.first..][..dy.len()].copy_from_slice(dy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_entry_and_its_gradient() {
        let select = Select::new(&Shape::new(&[2, 3]), 1..2).unwrap();
        assert_eq!(select.output(), Shape::new(&[2, 1]));
        let (mut y, mut dx) = ([0.0f32; 2], [9.0f32; 6]);
        select.forward(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &mut y);
        assert_eq!(y, [2.0, 5.0]);
        select.backward(&[], &y, &[7.0, 8.0], &mut dx);
        assert_eq!(dx, [0.0, 7.0, 0.0, 0.0, 8.0, 0.0]);
    }

    #[test]
    fn several_entries_and_their_gradient() {
        let select = Select::new(&Shape::new(&[2, 3]), 1..3).unwrap();
        assert_eq!(select.output(), Shape::new(&[2, 2]));
        let (mut y, mut dx) = ([0.0f32; 4], [9.0f32; 6]);
        select.forward(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &mut y);
        assert_eq!(y, [2.0, 3.0, 5.0, 6.0]);
        select.backward(&[], &y, &[1.0, 2.0, 3.0, 4.0], &mut dx);
        assert_eq!(dx, [0.0, 1.0, 2.0, 0.0, 3.0, 4.0]);
    }

    #[test]
    fn entries_that_are_not_there_are_refused() {
        let select = |entries| Select::new(&Shape::new(&[2]), entries).map(|s| s.output());
        assert_eq!(select(0..1), Some(Shape::new(&[1])));
        assert_eq!(select(0..2), Some(Shape::new(&[2])));
        assert_eq!(select(1..1), None);
        assert_eq!(select(1..3), None);
        assert_eq!(select(2..3), None);
    }
}
