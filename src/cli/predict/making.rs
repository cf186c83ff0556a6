//! Predictions in the making: some rows at a time, from the network to the file.

use crate::calibrate::Calibration;
use crate::data::Identifier;
use crate::diagnostic::{Failure, Result};
use crate::engine::Predictor;
use crate::evaluate::{Wanted, not_finite, predict_some};
use crate::examples::Part;
use crate::likelihood::{Detail, Quantile};
use crate::predict::samples::Samples;
use crate::predict::{Names, Out, Sink, Steps, Target, columns};
use crate::train::asked::PlaceOfLength;
use indicatif::ProgressBar;
use std::collections::HashMap;
use std::io;
use std::ops::Range;

/// The most rows that are predicted at a time, and the most numbers of inputs and predictions.
const ROWS: usize = 8192;
const NUMBERS: usize = 1 << 23;

/// One of a run's targets, and examples with it.
pub(super) struct OfTarget<'a> {
    /// Its name, where there are several.
    pub(super) name: Option<&'a str>,
    pub(super) part: Part<'a>,
    pub(super) names: Names<'a>,
    /// Whether the target of each is yet to come; empty where all are there, or none.
    pub(super) to_come: Vec<bool>,
}

impl<'a> OfTarget<'a> {
    /// The same of some of the examples.
    pub(super) fn of(&self, places: Range<usize>) -> OfTarget<'a> {
        OfTarget {
            name: self.name,
            names: self.names,
            to_come: self
                .to_come
                .get(places.clone())
                .unwrap_or_default()
                .to_vec(),
            part: Part {
                rows: &self.part.rows[places],
                ..self.part
            },
        }
    }
}

/// How many rows are predicted at a time, of so many inputs and predicted numbers a row; of the latter each of `draws`
/// is kept.
pub(super) fn at_once(input: usize, predicted: usize, draws: usize) -> usize {
    let numbers = input.max(predicted.saturating_mul(draws)).max(1);
    (NUMBERS / numbers).clamp(1, ROWS)
}

/// Some rows of the data.
pub(super) struct Chunk<'a> {
    /// The rows with each of the run's targets.
    pub(super) targets: &'a [OfTarget<'a>],
    /// Their numbers, from 0.
    pub(super) rows: &'a [usize],
    /// What else says which row each is.
    pub(super) identifiers: &'a [Identifier],
    /// Where each row stands among these.
    pub(super) at: &'a [usize],
    /// The rows of the file that the steps of sequences are, by the first of each.
    pub(super) of_steps: Option<&'a HashMap<usize, Vec<usize>>>,
}

/// What predicts, and where it goes.
pub(super) struct Making<'a> {
    pub(super) predictor: &'a mut dyn Predictor,
    /// Draws of the weights.
    pub(super) samples: usize,
    /// Their seed.
    pub(super) seed: u64,
    pub(super) quantiles: Vec<Quantile>,
    /// What each target's predictions are calibrated by.
    pub(super) calibrations: Vec<Calibration>,
    pub(super) bar: ProgressBar,
    pub(super) sink: Box<dyn Sink>,
    pub(super) out: &'a Out,
    /// Where the length is of the sequences whose steps are predicted.
    pub(super) steps: Option<PlaceOfLength>,
    /// Rows so far.
    pub(super) done: usize,
    /// Where single draws go.
    pub(super) samples_out: Option<Samples>,
    /// Whether what is written has no reader any more.
    pub(super) is_unread: bool,
    /// Predictions that are not finite.
    pub(super) broken: Option<Broken>,
}

/// Predictions that are not finite: how many, the place of the first, and the input there that is farthest out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Broken {
    count: usize,
    first: usize,
    farthest: Option<(usize, f64)>,
}

impl Making<'_> {
    /// Predicts the next rows and writes them; `false` where nothing of further ones is wanted: what is written has no
    /// reader any more, and single draws are not kept.
    pub(super) fn take(&mut self, chunk: &Chunk) -> Result<bool> {
        let mut targets = vec![];
        for (number, of) in chunk.targets.iter().enumerate() {
            let (samples, row) = (self.samples, of.part.summary.row());
            let keeps = self.samples_out.is_some();
            let mut kept = vec![
                0.0;
                if keeps {
                    of.part.len() * samples * row
                } else {
                    0
                }
            ];
            let mut watch = |place: usize, draw: usize, own: &[f64]| {
                kept[(place * samples + draw) * row..][..row].copy_from_slice(own);
            };
            // Quantiles of every entry of an image take more than all else.
            let detail = match of.part.kind.axes() {
                Some(_) if self.steps.is_none() => Detail::Moments,
                _ => Detail::Quantiles,
            };
            let wanted = Wanted {
                quantiles: self.quantiles.clone(),
                watch: keeps.then_some(&mut watch),
                ..Wanted::new(self.samples, self.seed, detail)
            };
            let (mut predicted, broken) = predict_some(self.predictor, &of.part, wanted)?;
            if let Some(&first) = broken.first() {
                let found = self.broken.get_or_insert_with(|| Broken {
                    count: 0,
                    first: self.done + first,
                    farthest: of.part.farthest_input(first),
                });
                found.count += broken.len();
            }
            if let (Some(samples), None) = (&mut self.samples_out, &self.broken) {
                samples.take(number, self.done, chunk.rows, &kept)?;
            }
            let calibration = &self.calibrations[number];
            calibration.apply(&mut predicted, None);
            targets.push(Target {
                further: calibration.columns(&predicted),
                name: of.name,
                predicted,
                part: of.part,
                names: of.names,
                to_come: &of.to_come,
            });
        }
        self.done += chunk.rows.len();
        self.bar.set_position(self.done as u64);
        if self.broken.is_some() {
            // Those that come are counted; of rows that come as they are made, there may be no end.
            return match self.out {
                Out::Stdout => Err(self.not_finite()),
                Out::File(..) => Ok(true),
            };
        }
        if self.is_unread {
            return Ok(true);
        }
        let first = &chunk.targets[0];
        let lengths = self
            .steps
            .map(|of| of.lengths(first.part.split, first.part.rows));
        let steps = self.steps.zip(lengths.transpose()?);
        let steps = steps.map(|(place, lengths)| Steps {
            places: place.steps,
            lengths,
            rows: chunk.of_steps,
            classes: first.names.classes,
        });
        let steps = steps.as_ref();
        let by_step = steps.filter(|_| self.out.is_table());
        let mut columns = columns(&targets, chunk.rows, chunk.identifiers, chunk.at, by_step);
        if let (Some(steps), None) = (steps, by_step) {
            columns.iter_mut().for_each(|column| steps.mask(column));
            columns.insert(1, steps.lengths());
        }
        match self.sink.write(columns) {
            Err(error) if self.has_no_reader(&error) => {
                self.is_unread = true;
                Ok(self.samples_out.is_some())
            }
            written => written
                .map(|()| true)
                .map_err(|error| self.out.failed(&error)),
        }
    }

    /// Whether the program that reads standard output has ended, which is no fault.
    fn has_no_reader(&self, error: &io::Error) -> bool {
        *self.out == Out::Stdout && error.kind() == io::ErrorKind::BrokenPipe
    }

    fn not_finite(&self) -> Failure {
        let broken = self.broken.expect("there are such predictions");
        not_finite(broken.count, broken.first, self.done, broken.farthest)
    }

    /// Ends the file, after `warn`; how many rows it has.
    ///
    /// # Errors
    ///
    /// `E0612` where a prediction is not finite; `E0601` where the file cannot be written; what `warn` finds.
    pub(super) fn finish(mut self, warn: impl FnOnce() -> Result<()>) -> Result<usize> {
        self.bar.finish_and_clear();
        if self.broken.is_some() {
            return Err(self.not_finite());
        }
        warn()?;
        match self.sink.finish() {
            Err(error) if !self.has_no_reader(&error) => return Err(self.out.failed(&error)),
            _ => {}
        }
        if let Some(samples) = self.samples_out {
            samples.finish()?;
        }
        Ok(self.done)
    }
}
