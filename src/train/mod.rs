//! Training: the run file, the loop, what is shown and logged, and what is kept.
//!
//! | code | what |
//! | --- | --- |
//! | `E0421` | the inference method cannot fit the model: its posterior is singular |
//! | `E0601` | a file cannot be read or written |
//! | `E0602` | a run file has a key or value that does not fit |
//! | `E0603` | the settings do not fit the data |
//! | `E0604` | the run directory is in use, or is none |
//! | `E0605` | a checkpoint is missing or damaged |
//! | `E0606` | a checkpoint is of another model |
//! | `E0607` | a run is resumed with other settings or other data, or is finished |
//! | `E0608` | the loss is not finite |
//! | `E0609` | a tensor of a weights or noise file, or of the run to start from, is missing, unknown or of another shape |
//! | `E0611` | the data is not what the run was trained on |
//! | `E0612` | a prediction is not finite |
//! | `E0614` | a minibatch's statistics would be of one number |

pub mod asked;
pub mod augmentation;
mod begin;
pub mod checkpoint;
pub mod choice;
pub mod config;
pub mod course;
pub mod data_record;
pub mod descent;
pub(crate) mod files;
pub mod fit;
pub mod fitting;
mod known;
pub mod lock;
mod lone;
pub mod method;
pub mod metrics;
pub mod opened;
pub mod prepared;
pub mod progress;
pub mod rows;
pub mod run_dir;
pub mod settings;
pub mod start;
mod sums;
pub mod tensorboard;
pub(crate) mod toml_table;
pub mod warm;
pub mod warm_start;
pub mod width;

pub use config::Config;
pub use known::{Known, facts, facts_of_run, known, training};
