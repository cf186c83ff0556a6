//! The loop of a run without its files: the same minibatches, draws, learning rates and bits.

use super::config::Config;
use super::prepared::Prepared;
use crate::data::order::epoch_order;
use crate::diagnostic::Result;
use crate::engine::{Engine, Step};
use crate::examples::Buffers;
use crate::ir::Position;

/// Starts `engine` from the configuration's seed and trains it on the training part for all epochs.
///
/// # Errors
///
/// `E0509` for a target that is not one of the model's.
pub fn in_memory(engine: &mut dyn Engine, prepared: &Prepared, config: &Config) -> Result<()> {
    engine.initialize(config.seed);
    let part = prepared.training();
    let (n, row) = (part.len(), part.summary.row());
    let batches = n.div_ceil(config.batch_size);
    let mut buffers = Buffers::default();
    let mut predictive = vec![0.0; config.batch_size * row];
    let (schedule, settings) = &config.schedule;
    let mut done = 0;
    for epoch in 0..config.epochs {
        let order = epoch_order(n, config.seed, epoch as u64);
        for (batch_index, places) in order.chunks(config.batch_size).enumerate() {
            let batch = part.gather(places.iter().map(|&place| place as usize), &mut buffers)?;
            let at = Position {
                training_examples: n,
                batch: batch.len,
                batch_index,
                batches,
                epoch: done as f64 / batches as f64,
            };
            let factor = schedule.factor(settings, at.epoch, config.epochs as f64);
            let step = Step {
                seed: config.seed,
                done,
                learning_rate: config.learning_rate() * factor,
                at,
            };
            engine.step(&batch, &step, &mut predictive[..batch.len * row]);
            done += 1;
        }
    }
    Ok(())
}
