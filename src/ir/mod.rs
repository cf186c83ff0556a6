//! The intermediate representation: a [`Model`], and an [`Inference`] that says how it is fitted. Nothing
//! after it reads the source, and after [`validate`] nothing downstream can panic on a model.

mod arena;
mod composition;
mod describe;
mod facts;
mod inference;
mod lambda;
mod largest;
mod loss;
mod lower;
mod made_inputs;
pub mod method;
mod model;
mod objective;
mod range;
mod scalar;
mod show;
mod text;
mod validate;

pub use crate::initializer::Initializer;
pub use arena::{Arena, Handle, Table};
pub use composition::{Composition, Compositions};
pub use facts::{Counted, Facts, Method, TargetFacts, Training};
pub use inference::*;
pub use lambda::{Lambda, LambdaFactor};
pub use largest::Largest;
pub use loss::*;
pub use lower::lower;
pub use made_inputs::Lengths;
pub use method::{InferenceMethod, METHODS, Unused};
pub use model::*;
pub use range::Range;
pub use scalar::{Function, Leaf, Scalar};
pub use text::{model_text, text};
pub use validate::validate;
