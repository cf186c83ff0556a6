//! `bnnc`: a compiler and runner for Bayesian neural networks.
//!
//! ```text
//! source text -> syntax -> check -> ir (model, loss) -> plan -> exec -> train
//! ```
//!
//! Dependencies point one way; `layer`, `distribution`, `kl`, `posterior`, `estimator` and
//! `likelihood` are leaves. `ARCHITECTURE.md` is the map.

pub mod arrays;
pub mod bench;
pub mod bibliography;
pub mod calibrate;
pub mod check;
pub mod cli;
pub mod compare;
pub mod compile;
pub mod curvature;
pub mod data;
pub mod diagnostic;
pub mod document;
pub mod draft;
pub mod emit;
pub mod engine;
pub mod evaluate;
pub mod examples;
pub mod exec;
pub mod explain;
pub mod export;
pub mod expression;
pub(crate) mod files;
pub mod format;
pub mod ir;
pub mod lint;
pub mod loss;
pub mod maths;
pub(crate) mod memory;
pub mod plan;
pub mod plot;
pub mod predict;
pub mod pretrained;
pub mod prior_predictive;
pub mod report;
pub mod sampler;
pub mod score;
pub mod source;
pub mod spread;
pub mod sweep;
pub mod syntax;
pub mod terms;
pub mod train;
pub mod translate;
pub mod verify;
pub(crate) mod words;

pub use bnnc_registries::{
    distribution, estimator, fused_update, initializer, kl, layer, likelihood, number, optimizer,
    posterior, show, signature, with_all_digits,
};
pub use bnnc_tensor as tensor;
pub use ndarray;
