//! SWAG (Maddox et al. 2019): a descent at a constant learning rate, whose variables at each epoch's end are snapshots of
//! a normal distribution. With θ₁ … θₙ the snapshots, after each of them
//!
//! ```text
//! θ̄  ← ((n − 1)θ̄  + θₙ )/n            the mean
//! θ²̄ ← ((n − 1)θ²̄ + θₙ²)/n            the second moment
//! dₙ = θₙ − θ̄                         the deviation from the mean as it is now; the last K are kept
//! ```
//!
//! and a draw is
//!
//! ```text
//! θ̄ + (√max(θ²̄ − θ̄², 10⁻³⁰)·z₁ + D z₂/√(K − 1))/√2
//! ```
//!
//! where the columns of D are the deviations that are kept. z₁ has an entry for each variable. z₂ has one for each
//! deviation and is the same for all variables: the correlations between layers are in it.
//!
//! A checkpoint has the moments in float64 as `swag.mean/f.kernel.loc` and `swag.second_moment/…`, since the variance
//! is a small difference between them, and deviation k as `swag.deviation.k/…`.

mod statistics;

use super::points::{Gathered, Gathering, PointPredictor, Points};
use crate::diagnostic::{Diagnostic, Result};
use crate::engine::{EVALUATION_STEPS, Engine, Predictor, Section, Step, sections};
use crate::examples::Part;
use crate::exec::{self, Interpreter};
use crate::ir::method::swag::first_epoch;
use crate::memory;
use crate::plan::Plan;
use crate::tensor::simd::SHARE;
use crate::tensor::{Share, Stream};
use crate::train::Config;
use crate::words::{plural, thousands};
use rayon::prelude::*;
use statistics::{DRAWS, SEED, Statistics};
use std::ops::Range;
use std::sync::Arc;

/// The stream of z₁ and z₂: no parameter has this number.
const OF_DRAWS: u32 = u32::MAX - 1;

/// The moments of the snapshots.
struct Moments {
    mean: Vec<f64>,
    second_moment: Vec<f64>,
    /// Those of the last snapshots; snapshot n, from 0, is at n modulo their number.
    deviations: Vec<Vec<f32>>,
    /// How many snapshots there are, as a section holds it.
    snapshots: [f32; 1],
}

impl Moments {
    /// Of no snapshots yet.
    fn new(variables: usize, deviations: usize) -> Moments {
        Moments {
            mean: vec![0.0; variables],
            second_moment: vec![0.0; variables],
            deviations: vec![vec![0.0; variables]; deviations],
            snapshots: [0.0],
        }
    }

    /// Stands at a point until the first snapshot is there.
    fn stand(&mut self, point: &[f32]) {
        for (mean, point) in self.mean.iter_mut().zip(point) {
            *mean = f64::from(*point);
        }
    }

    /// Takes a snapshot.
    fn take(&mut self, snapshot: &[f32]) {
        let before = self.snapshots[0] as usize;
        let n = before as f64;
        let kept = self.deviations.len();
        let moments = self.mean.iter_mut().zip(&mut self.second_moment);
        let deviations = &mut self.deviations[before % kept];
        for (((mean, second), deviation), theta) in moments.zip(deviations).zip(snapshot) {
            let theta = f64::from(*theta);
            *mean = (n * *mean + theta) / (n + 1.0);
            *second = (n * *second + theta * theta) / (n + 1.0);
            *deviation = (theta - *mean) as f32;
        }
        self.snapshots = [(before + 1) as f32];
    }

    /// The deviations that there are by now.
    fn columns(&self) -> &[Vec<f32>] {
        let snapshots = self.snapshots[0] as usize;
        &self.deviations[..snapshots.min(self.deviations.len())]
    }

    /// The draw with these z₁ and z₂, of the variables from number `start` on.
    fn draw(&self, start: usize, z1: &[f64], z2: &[f64], out: &mut [f32]) {
        let columns = self.columns();
        let own = start..start + out.len();
        let mut sum = vec![0.0; out.len()];
        if let [_, _, ..] = columns {
            for (column, z2) in columns.iter().zip(z2) {
                let column = &column[own.clone()];
                let entries = sum.iter_mut().zip(column);
                entries.for_each(|(sum, deviation)| *sum += f64::from(*deviation) * z2);
            }
            let scale = ((columns.len() - 1) as f64).sqrt();
            for (entry, sum) in sum.iter_mut().enumerate() {
                *sum = (self.scale(start + entry) * z1[entry] + *sum / scale) * 0.5f64.sqrt();
            }
        }
        for ((out, mean), sum) in out.iter_mut().zip(&self.mean[own]).zip(&sum) {
            *out = (mean + sum) as f32;
        }
    }

    /// The standard deviation of a variable over the snapshots.
    fn scale(&self, variable: usize) -> f64 {
        let mean = self.mean[variable];
        (self.second_moment[variable] - mean * mean)
            .max(1e-30)
            .sqrt()
    }
}

/// The moments of a plan's variables.
struct Swag {
    plan: Arc<Plan>,
    moments: Moments,
    statistics: Statistics,
    /// Over how many examples the statistics were averaged.
    averaged: usize,
    /// The epochs, from 0, at whose ends snapshots are taken.
    epochs: Range<usize>,
}

impl Swag {
    fn new(plan: Arc<Plan>, config: &Config) -> Swag {
        let epochs = of_snapshots(&plan, config);
        let rank = plan.inference.method.arguments.count("rank");
        Swag {
            moments: Moments::new(plan.trainable(), rank.min(epochs.len())),
            statistics: Statistics::new(&plan),
            averaged: 0,
            epochs,
            plan,
        }
    }

    /// A draw of the normal distribution.
    fn draw_moments(&self, draw: usize, seed: u64, variables: &mut [f32]) {
        let moments = &self.moments;
        let stream = |use_| Stream::new(seed, EVALUATION_STEPS + draw as u64, OF_DRAWS, use_);
        let mut z2 = vec![0.0; moments.columns().len()];
        stream(1).fill_normal(0, &mut z2);
        let blocks = variables.par_chunks_mut(SHARE).enumerate();
        blocks.share(|(block, out)| {
            let mut z1 = vec![0.0; out.len()];
            stream(0).fill_normal(block * SHARE, &mut z1);
            moments.draw(block * SHARE, &z1, &z2, out);
        });
    }

    /// The mean of the snapshots.
    fn mean(&self, variables: &mut [f32]) {
        for (variable, mean) in variables.iter_mut().zip(&self.moments.mean) {
            *variable = *mean as f32;
        }
    }
}

/// The epochs, from 0, at whose ends snapshots are taken.
fn of_snapshots(plan: &Plan, config: &Config) -> Range<usize> {
    let epochs = config.epochs();
    first_epoch(&plan.inference.method.arguments, epochs)..epochs
}

/// The descent that gathers snapshots.
///
/// # Errors
///
/// `E0603` where there are fewer than two snapshots, or other settings choose the variables that predict; `E0613` where
/// the deviations take more memory than there is.
pub(super) fn engine(plan: Arc<Plan>, config: &Config, capacity: usize) -> Result<Box<dyn Engine>> {
    let arguments = &plan.inference.method.arguments;
    let snapshots = of_snapshots(&plan, config).len();
    let refused = if config.patience().is_some() {
        Some((
            "`early_stopping` keeps the variables of one epoch, and `swag` takes snapshots at the ends of the last",
            "leave `early_stopping` out",
        ))
    } else if config.ema_decay.is_some() {
        Some((
            "`ema_decay` averages the variables, and so does `swag`",
            "leave `ema_decay` out",
        ))
    } else {
        None
    };
    if let Some((title, help)) = refused {
        return Err(Diagnostic::error("E0603", title).help(help).into());
    }
    if snapshots < 2 {
        let title = format!(
            "`swag` takes {} in {} from `start = {}` of them on: it needs 2 at least",
            plural(snapshots, "snapshot"),
            plural(config.epochs(), "epoch"),
            arguments.get("start")
        );
        return Err(Diagnostic::error("E0603", title)
            .note("a snapshot is taken at the end of each epoch from there on")
            .help("more `epochs`, or an earlier `start`; 20 snapshots are usual")
            .into());
    }
    let columns = arguments.count("rank").min(snapshots);
    // Two moments in float64 beside the deviations.
    let each = 2 * size_of::<f64>() + columns * size_of::<f32>();
    let (of_batch_norms, more) = match plan.model.batch_statistics().next() {
        None => ("", 0),
        // The network once more, for their statistics.
        Some(_) => (" beside batch norms", exec::memory(&plan, capacity)),
    };
    memory::refuse(
        &format!(
            "`swag` with {} of all weights{of_batch_norms}",
            plural(columns, "deviation")
        ),
        (plan.trainable() as u64)
            .saturating_mul(each as u64)
            .saturating_add(more),
        "a lower `rank`, or beside batch norms a smaller `--batch-size`, takes less",
    )?;
    let points = Swag::new(plan.clone(), config);
    Ok(Box::new(Gathering::new(plan, config, capacity, points)?))
}

/// The distribution of a checkpoint.
pub(super) fn predictor(
    plan: Arc<Plan>,
    config: &Config,
    capacity: usize,
) -> Result<Box<dyn Predictor>> {
    let points = Swag::new(plan.clone(), config);
    Ok(Box::new(PointPredictor::new(plan, capacity, points)))
}

impl Points for Swag {
    fn draw(&mut self, draw: usize, seed: u64, variables: &mut [f32]) {
        match (self.statistics.are_needed(), self.statistics.are_known()) {
            (false, _) => self.draw_moments(draw, seed, variables),
            (true, false) => variables.copy_from_slice(self.statistics.current()),
            (true, true) => {
                let draw = draw % DRAWS;
                self.draw_moments(draw, SEED, variables);
                self.statistics.put(draw + 1, variables);
            }
        }
    }
    fn centre(&mut self, variables: &mut [f32]) {
        match (self.statistics.are_needed(), self.statistics.are_known()) {
            (true, false) => variables.copy_from_slice(self.statistics.current()),
            (needed, _) => {
                self.mean(variables);
                if needed {
                    self.statistics.put(0, variables);
                }
            }
        }
    }
    fn sections(&mut self) -> Vec<Section<'_>> {
        let (variables, moments) = (&self.plan.variables, &mut self.moments);
        let mut all = sections("swag.mean/", variables, &mut moments.mean[..]);
        let second = &mut moments.second_moment[..];
        all.extend(sections("swag.second_moment/", variables, second));
        for (number, deviation) in (1..).zip(&mut moments.deviations) {
            let prefix = format!("swag.deviation.{number}/");
            all.extend(sections(&prefix, variables, &mut deviation[..]));
        }
        all.push(Section::number("swag.snapshots", &mut moments.snapshots));
        all.extend(self.statistics.sections(&self.plan));
        all
    }
    fn draws(&self, asked: usize) -> usize {
        match self.moments.columns() {
            [_, _, ..] if !self.statistics.are_needed() => asked,
            [_, _, ..] if self.statistics.are_known() => asked.min(DRAWS),
            _ => 1,
        }
    }
}

impl Gathered for Swag {
    fn begin(&mut self, variables: &[f32]) {
        let (n, deviations) = (variables.len(), self.moments.deviations.len());
        self.moments = Moments::new(n, deviations);
        self.moments.stand(variables);
        self.statistics.stand(variables);
    }
    fn gather(&mut self, variables: &[f32], next: &Step) {
        self.statistics.stand(variables);
        let epoch = next.done as usize / next.at.batches - 1;
        match self.epochs.contains(&epoch) {
            true => self.moments.take(variables),
            false => self.moments.stand(variables),
        }
    }
    fn settle(&mut self, interpreter: &mut Interpreter<f32>, training: &Part) -> Result<()> {
        if !self.statistics.are_needed() {
            return Ok(());
        }
        for row in 0..=DRAWS {
            let variables = interpreter.variables_mut();
            match row.checked_sub(1) {
                None => self.mean(variables),
                Some(draw) => self.draw_moments(draw, SEED, variables),
            }
            self.averaged = self.statistics.take(row, interpreter, training)?;
        }
        self.statistics.settle();
        Ok(())
    }
    fn is_settled(&self) -> bool {
        !self.statistics.are_needed() || self.statistics.are_known()
    }
    fn said(&self) -> Vec<(&'static str, String)> {
        let text = format!(
            "{}, at the ends of epochs {} to {}; the covariance has the deviations of the last {}",
            self.moments.snapshots[0],
            self.epochs.start + 1,
            self.epochs.end,
            self.moments.columns().len()
        );
        let mut said = vec![("snapshots", text)];
        if self.statistics.are_known() {
            let text = format!(
                "the means and variances of batch norms, anew for the mean and each of {DRAWS} draws, over {} training \
                 examples",
                thousands(self.averaged)
            );
            said.push(("statistics", text));
        }
        said
    }
}

#[cfg(test)]
mod tests;
