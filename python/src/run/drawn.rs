//! Draws of the weights, and of what they predict.

use bnnc::data::Dataset;
use bnnc::diagnostic::Result;
use bnnc::engine::Predictor;
use bnnc::export::{self, Array, in_chains};
use bnnc::train::opened::Opened;

/// Draws of the weights, and of what they predict of some data, with the number of chains in which they lie.
pub(super) fn collect(
    run: &Opened,
    alone: &[Opened],
    predictor: &mut dyn Predictor,
    loaded: &[Dataset],
    (samples, seed): (usize, Option<u64>),
    (parameters, weights, log_likelihood): (Vec<String>, bool, bool),
) -> Result<(usize, Vec<Array>)> {
    if run.inference.closed_form().is_some() {
        predictor.predict_by_draws();
    }
    let draws = predictor
        .draws(run.inference.draws_of_weights(samples))
        .max(1);
    let mut asked = export::Asked {
        weights,
        latent: weights,
        predictions: !loaded.is_empty(),
        log_likelihood,
        inputs: false,
        prior: false,
        prior_draws: 0,
        parameters,
        draws,
        seed: seed.unwrap_or(run.config.seed),
        order: vec![],
    };
    let mut chains = 1;
    if let Some((order, count)) = in_chains(predictor, draws) {
        (asked.draws, asked.order, chains) = (order.len(), order, count);
    }
    let rows: Vec<usize> = (0..loaded.first().map_or(0, |data| data.train.len)).collect();
    let targets = alone.iter().zip(loaded).map(|(own, data)| export::Target {
        name: &own.inference.target.name,
        part: own.examples(&data.train, &rows),
        labels: match own.record.class_names.is_empty() {
            true => own.target_names(),
            false => &own.record.class_names,
        },
    });
    let targets: Vec<_> = targets.collect();
    let arrays = export::collect(predictor, &run.inference, &targets, &rows, &asked)?;
    Ok((chains, arrays))
}
