//! Data sets: what they hold, where they are found, how they are read.

use crate::tensor::Shape;

/// A data set as read: nothing scaled, nothing left out.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// `cifar10`, or the path it was read from.
    pub name: String,
    /// The examples to learn from.
    pub train: Split,
    /// Held-out examples, where the data set names them.
    pub test: Option<Split>,
    /// The names of the classes, in the order of their labels, where the data set has them.
    pub class_names: Vec<String>,
}

/// Some examples.
#[derive(Debug, Clone)]
pub struct Split {
    /// `len` examples, one after the other, channels last.
    pub inputs: Values,
    /// The shape of one example's input.
    pub input_shape: Shape,
    /// `len` targets, one after the other.
    pub targets: Values,
    /// The shape of one example's target; `[]` for a label or a single number.
    pub target_shape: Shape,
    /// Number of examples.
    pub len: usize,
}

/// Numbers as the file has them.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Bytes: pixels and labels.
    U8(Vec<u8>),
    /// float32 arrays.
    F32(Vec<f32>),
    /// float64 arrays, csv cells, wider integers.
    F64(Vec<f64>),
}
