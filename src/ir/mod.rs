//! The intermediate representation: the model with its loss worked out. Nothing after it reads the
//! source, and after [`validate`] nothing downstream can panic on a model.

mod arena;
mod loss;
mod model;

pub use arena::{Arena, Handle};
pub use loss::*;
pub use model::*;
