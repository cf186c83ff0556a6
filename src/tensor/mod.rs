//! Numbers, shapes and the kernels that everything numeric is built from.

pub mod math;
mod real;
mod shape;

pub use math::Math;
pub use real::Real;
pub use shape::Shape;
