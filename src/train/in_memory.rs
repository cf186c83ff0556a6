//! A run without its files: the same minibatches, steps and bits.

use super::augmentation::Buffers;
use super::config::Config;
use super::fit::step_after;
use super::prepared::Prepared;
use crate::data::order::epoch_order;
use crate::diagnostic::{Diagnostic, Result};
use crate::engine::Engine;

/// Starts `engine` from the configuration's seed and trains it on the training part for all epochs.
///
/// # Errors
///
/// `E0509` for a target that is not one of the model's, `E0603` where the run is to end early or to start from another.
pub fn in_memory(engine: &mut dyn Engine, prepared: &Prepared, config: &Config) -> Result<()> {
    if config.patience().is_some() {
        let title = "a fit in memory goes to its last epoch: it cannot end early";
        return Err(Diagnostic::error("E0603", title)
            .help("leave `early_stopping` off, or train with `bnnc train`")
            .into());
    }
    if config.from.is_some() {
        let title = "a fit in memory does not start from a run";
        return Err(Diagnostic::error("E0603", title)
            .help("leave `from` out, or train with `bnnc train`")
            .into());
    }
    engine.initialize(config.seed);
    let part = prepared.training();
    let (n, row) = (part.len(), part.summary.row());
    let mut buffers = Buffers::default();
    let mut predictive = vec![0.0; config.batch_size() * row];
    let mut done = 0;
    for _ in 0..config.all_epochs() {
        let first = step_after(config, n, done);
        let order = epoch_order(n, first.seed, first.at.epoch as u64);
        for places in order.chunks(config.batch_size()) {
            let step = step_after(config, n, done);
            let batch = (config.augmentation).gather(&part, places, &step, &mut buffers)?;
            engine.step(&batch, &step, &mut predictive[..batch.len * row]);
            done += 1;
        }
        engine.epoch_ended(&step_after(config, n, done));
    }
    engine.finish(&part).map(|_| ())
}
