//! Numbers, shapes and the kernels that everything numeric is built from.

pub mod gemm;
pub mod im2col;
mod real;
mod shape;
pub mod simd;

pub use real::Real;
pub use shape::Shape;
