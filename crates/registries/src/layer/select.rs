//! One entry of the last axis: `out[0]` in an `observe` statement. Not a layer of the registry: the
//! language writes it as an index.
//!
//! ```text
//! y[…] = x[…, i]        dx[…, k] = dy[…] where k = i, else 0
//! ```

use super::{AnyMap, Map};
use crate::tensor::{Real, Shape};

/// Entry `index` of the last axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    output: Shape,
    last: usize,
    index: usize,
}

impl Select {
    /// Entry `index` of the last axis of inputs of `shape`; the axis stays, with length 1, if `keep`.
    /// `None` where there is no such entry.
    pub fn new(shape: &Shape, index: usize, keep: bool) -> Option<Self> {
        let (&last, rest) = shape.0.split_last()?;
        let mut output = rest.to_vec();
        if keep {
            output.push(1);
        }
        (index < last).then_some(Select {
            output: Shape(output),
            last,
            index,
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
        for (y, x) in y.iter_mut().zip(x.chunks_exact(self.last)) {
            *y = x[self.index];
        }
    }

    fn backward(&self, _: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        dx.fill(T::zero());
        for (&dy, dx) in dy.iter().zip(dx.chunks_exact_mut(self.last)) {
            dx[self.index] = dy;
        }
    }

    fn forward_in_place(&self, _: &mut [T]) {
        unreachable!("an entry is not elementwise")
    }

    fn backward_in_place(&self, _: &[T], _: &[T], _: &mut [T]) {
        unreachable!("an entry is not elementwise")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_entry_and_its_gradient() {
        let select = Select::new(&Shape::new(&[2, 3]), 1, false).unwrap();
        assert_eq!(select.output(), Shape::new(&[2]));
        let (mut y, mut dx) = ([0.0f32; 2], [9.0f32; 6]);
        select.forward(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &mut y);
        assert_eq!(y, [2.0, 5.0]);
        select.backward(&[], &y, &[7.0, 8.0], &mut dx);
        assert_eq!(dx, [0.0, 7.0, 0.0, 0.0, 8.0, 0.0]);
    }

    #[test]
    fn the_axis_may_stay() {
        let select = |index, keep| Select::new(&Shape::new(&[2]), index, keep).map(|s| s.output());
        assert_eq!(select(0, true), Some(Shape::new(&[1])));
        assert_eq!(select(1, false), Some(Shape::default()));
        assert_eq!(select(2, false), None);
    }
}
