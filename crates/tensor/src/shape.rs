//! The shape of one example, or of a parameter. The batch axis is never part of it.

use std::fmt;

/// Axis lengths, outermost first; empty for a single number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Shape(pub Vec<usize>);

impl Shape {
    /// A shape of these axes.
    pub fn new(axes: &[usize]) -> Self {
        Shape(axes.to_vec())
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.0.iter().product()
    }

    /// Whether an axis is 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of axes.
    pub fn rank(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Shape {
    /// `[32, 32, 3]`
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}
