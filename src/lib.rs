//! `bnnc`: a compiler and runner for Bayesian neural networks.
//!
//! ```text
//! source text -> syntax -> check -> ir (model, loss) -> plan -> exec -> train
//! ```
//!
//! Dependencies point one way; `layer`, `distribution`, `kl`, `posterior`, `estimator` and
//! `likelihood` are leaves. `ARCHITECTURE.md` is the map.

pub mod bench;
pub mod bibliography;
pub mod check;
pub mod cli;
pub mod compile;
pub mod data;
pub mod diagnostic;
pub mod distribution;
pub mod document;
pub mod estimator;
pub mod evaluate;
pub mod exec;
pub mod explain;
pub mod initializer;
pub mod ir;
pub mod kl;
pub mod layer;
pub mod likelihood;
pub mod lint;
pub mod loss;
pub mod maths;
pub mod optimizer;
pub mod plan;
pub mod posterior;
pub mod predict;
pub mod pretrained;
pub mod prior_predictive;
pub mod report;
pub mod signature;
pub mod source;
pub mod syntax;
pub mod tensor;
pub mod train;

#[cfg(test)]
mod testing;
