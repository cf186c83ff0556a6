//! What the language knows, a registry a room and a file an entry: its maths, its arithmetic and its test.
//!
//! The registries are leaves. They know each other and [`tensor`]; nothing in them knows the language, the plan or
//! the interpreter. They are a crate of their own because their loops are compiled for several instruction sets:
//! a change elsewhere does not compile them again.

pub mod distribution;
pub mod estimator;
pub mod initializer;
pub mod kl;
pub mod layer;
pub mod likelihood;
pub mod number;
pub mod optimizer;
pub mod posterior;
mod show;
pub mod signature;

pub use bnnc_tensor as tensor;
pub use number::fused_update;
pub use show::{show, with_all_digits};

#[cfg(test)]
mod testing;
