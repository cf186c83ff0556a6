//! Numbers, shapes and the kernels that everything numeric is built from.

mod real;
mod shape;

pub use real::Real;
pub use shape::Shape;
