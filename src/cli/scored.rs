//! A run with its scores on some data: what `evaluate`, `report`, `plot` and `compare` start from.

use super::arguments::DataSource;
use super::beyond::warn_of_far_inputs;
use super::lints::warn_of_one_draw;
use super::open::{Chosen, Opened, open};
use super::parts::PartArgs;
use crate::diagnostic::Result;
use crate::evaluate::{Elbo, Scores, elbo, outcomes, scored};
use crate::likelihood::Detail;
use crate::score::{Measured, Outcomes, measure};
use std::path::{Path, PathBuf};

/// How a run is scored.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The data.
    pub data: &'a DataSource,
    /// Which part of it.
    pub part: PartArgs,
    /// Draws of the weights.
    pub samples: usize,
    /// Of the draws; else the run's.
    pub seed: Option<u64>,
    /// Resamples of the bootstrap; 0 for none.
    pub resamples: usize,
}

/// A run, scored.
pub struct ScoredRun {
    /// Its directory.
    pub path: PathBuf,
    /// The run.
    pub run: Opened,
    /// Draws of the weights that were averaged: 1 where nothing is random.
    pub samples: usize,
    /// Of the draws.
    pub seed: u64,
    /// Each of its targets.
    pub targets: Vec<ScoredTarget>,
    /// The terms of the loss, with the nll of these examples.
    pub elbo: Elbo,
}

/// One target of a run, scored.
pub struct ScoredTarget {
    /// The run, as one of this target alone.
    pub run: Opened,
    /// The examples.
    pub chosen: Chosen,
    /// What was predicted of each; not kept of targets with a value at each of several places.
    pub outcomes: Option<Outcomes>,
    /// The likelihood's scores.
    pub scores: Scores,
    /// Every score, with its resamples; none where outcomes are not kept.
    pub measured: Vec<Measured>,
}

/// Opens the run in `path` and scores it.
///
/// # Errors
///
/// A run or data that cannot be read; predictions that are not finite.
pub fn score_run(path: &Path, asked: Asked) -> Result<ScoredRun> {
    let (run, mut interpreter) = open(path)?;
    let alone = run.of_targets(asked.data)?;
    let chosen = run.choose_all(&alone, asked.data, asked.part, true)?;
    // Where nothing is random, every draw is the same.
    let random = run.inference.is_random();
    let samples = if random { asked.samples } else { 1 };
    warn_of_one_draw(&run.inference, samples);
    let seed = asked.seed.unwrap_or(run.config.seed);
    let mut targets = vec![];
    for (own, chosen) in alone.into_iter().zip(chosen) {
        let part = own.part(&chosen);
        let (outcomes, scores) = match part.kind.axes() {
            None => {
                let found = outcomes(&mut interpreter, &part, samples, seed, Detail::Scores)?;
                let scores = Scores::of(&found);
                (Some(found), scores)
            }
            Some(_) => {
                let scores = scored(&mut interpreter, &part, samples, seed, Detail::Levels)?;
                (None, scores)
            }
        };
        let measured = outcomes
            .as_ref()
            .map_or(vec![], |found| measure(found, asked.resamples));
        targets.push(ScoredTarget {
            run: own,
            chosen,
            outcomes,
            scores,
            measured,
        });
    }
    warn_of_far_inputs(&targets[0].run, &targets[0].chosen);
    let n = run.record.training_examples;
    let scores: Vec<Scores> = targets.iter().map(|t| t.scores.clone()).collect();
    let elbo = elbo(&mut interpreter, &run.inference, &scores, n, samples, seed);
    let elbo = match targets[0].chosen.split {
        "train" => elbo,
        _ => elbo.of_others(),
    };
    Ok(ScoredRun {
        path: path.into(),
        run,
        samples,
        seed,
        targets,
        elbo,
    })
}
