//! The intermediate representation: the model with its loss worked out. Nothing after it reads the
//! source, and after [`validate`] nothing downstream can panic on a model.

mod arena;
mod describe;
mod facts;
mod lambda;
mod loss;
mod lower;
mod model;
mod objective;
mod range;
mod scalar;
mod show;
mod text;
mod validate;

pub use crate::initializer::Initializer;
pub use arena::{Arena, Handle};
pub use facts::{Facts, Method, Training};
pub use lambda::{Lambda, LambdaFactor};
pub use loss::*;
pub use lower::lower;
pub use model::*;
pub use range::Range;
pub use scalar::{Function, Leaf, Scalar};
pub use text::text;
pub use validate::validate;
