//! Numbers, shapes and the kernels that everything numeric is built from.

mod aligned;
mod blocks;
pub mod correlate;
pub mod gemm;
pub mod im2col;
mod lanes;
pub mod math;
pub mod random;
mod real;
mod shape;
pub mod share;
pub mod simd;
pub mod special;
mod transpose;
pub mod volume;
mod window;

pub use aligned::Aligned;
pub use blocks::{Blocks, blocks};
pub use math::Math;
pub use random::Stream;
pub use real::Real;
pub use shape::Shape;
pub use share::Share;
pub use transpose::transpose;
