//! Predictions of numbers: mixtures over draws, by their moments, levels and quantiles.

use super::summary::{Column, Detail, Entries, Units};
use super::tally::NumberTally;
use super::{Marginal, Predictive, TargetKind, crps, mixture};

/// The central intervals whose coverage is told.
pub const INTERVALS: [f64; 3] = [0.5, 0.9, 0.95];

/// The summary of numbers. A row holds the numbers that describe each entry's distribution, the first of all entries, then
/// the second of all entries; in own units (`in_units`) an entry's stand together.
///
/// Columns: `mean`, `std`, `aleatoric_std` and `epistemic_std`, in the target's own units; the squares of the
/// last two add up to that of `std` (the law of total variance over the draws); the quantiles that are asked for, where
/// they are known; and `log_density` of the target (of a count: `log_probability`), where that is known.
///
/// | score | |
/// | --- | --- |
/// | `rmse` | the root of the mean squared error of the mixture's mean, in the target's own units |
/// | `rmse_by_entry` | that of each entry of the targets, where there are several and a target is no image |
/// | `nll` | −ln of the mixture's density at the target, or of a count's probability |
/// | `coverage` | the share of the targets in their central predictive intervals, where these are known |
#[derive(Debug, Clone, Copy)]
pub struct Numbers {
    /// What one draw predicts of one entry.
    pub marginal: &'static dyn Marginal,
    /// How many numbers describe it.
    pub each: usize,
    /// Entries of a target.
    pub entries: usize,
    /// Whether a target is an image: too many entries to tell of each.
    pub of_image: bool,
}

impl Numbers {
    pub(super) fn new(marginal: &'static dyn Marginal, target: &TargetKind, each: usize) -> Self {
        Numbers {
            marginal,
            each,
            entries: target.entries(),
            of_image: target.axes().is_some(),
        }
    }

    pub(super) fn row(&self) -> usize {
        self.entries * self.each
    }

    /// The numbers of one entry, from a row as [`super::Nll::predictive`] writes it.
    fn gather<T: Copy + Into<f64>>(&self, row: &[T], entry: usize, out: &mut [f64]) {
        for (j, out) in out.iter_mut().enumerate() {
            *out = row[j * self.entries + entry].into();
        }
    }

    pub(super) fn in_units(&self, row: &[f32], units: Units, out: &mut [f64]) {
        let each = out.chunks_exact_mut(self.each);
        for (entry, out) in each.enumerate() {
            self.gather(row, entry, out);
            let (offset, scale) = units.at(entry);
            self.marginal.in_units(out, offset, scale);
        }
    }

    /// The mean and variance of every entry, from a row as [`super::Nll::predictive`] writes it.
    pub fn moments(&self, row: &[f64]) -> Vec<(f64, f64)> {
        let mut numbers = vec![0.0; self.each];
        let mut of_entry = |entry| {
            self.gather(row, entry, &mut numbers);
            self.marginal.moments(&numbers)
        };
        (0..self.entries).map(&mut of_entry).collect()
    }

    /// The number below which a share `u` of one draw's distribution lies, of one entry, which these numbers describe: of
    /// `u` between 0 and 1 at random, a draw of the target.
    pub fn draw(&self, numbers: &[f64], u: f64) -> f64 {
        mixture::quantile(self.marginal, &[numbers], u)
    }

    pub(super) fn add(&self, into: &mut Predictive, place: usize, draw: usize, row: &[f64]) {
        let count = (draw + 1) as f64;
        for (entry, numbers) in row.chunks_exact(self.each).enumerate() {
            let (mean, variance) = self.marginal.moments(numbers);
            let at = place * self.entries + entry;
            // Welford: no digits are lost where the means are large. The sum of squares becomes a variance in
            // `Summary::finish`.
            let before = mean - into.mean[at];
            into.mean[at] += before / count;
            into.between[at] += before * (mean - into.mean[at]);
            let within = &mut into.within[at];
            match variance.is_finite() && within.is_finite() {
                true => *within += (variance - *within) / count,
                false => *within += variance,
            }
        }
    }

    pub(super) fn locate(
        &self,
        into: &mut Predictive,
        rows: &[f64],
        detail: Detail,
        target: Option<&dyn Fn(usize) -> f64>,
    ) {
        let each = self.each;
        for entry in 0..self.entries {
            let parts: Vec<&[f64]> = (rows.chunks_exact(self.row()))
                .map(|row| &row[entry * each..][..each])
                .collect();
            if let Some(target) = target {
                let levels = match target(entry) {
                    y if y.is_nan() => [f64::NAN; 2],
                    y => mixture::levels(self.marginal, &parts, y),
                };
                into.levels.push(levels);
            }
            if detail == Detail::Quantiles {
                let asked = into.asked.iter();
                let found = asked.map(|asked| mixture::quantile(self.marginal, &parts, asked.at));
                into.quantiles.extend(found);
            }
            if detail == Detail::Scores {
                let quantile = |p| mixture::quantile(self.marginal, &parts, p);
                let ends =
                    INTERVALS.map(|c| [quantile((1.0 - c) / 2.0), quantile((1.0 + c) / 2.0)]);
                let median = quantile(0.5);
                if let Some(target) = target {
                    let knots: Vec<f64> = (ends.into_iter().flatten()).chain([median]).collect();
                    let y = target(entry);
                    into.crps.push(crps::crps(self.marginal, &parts, y, &knots));
                }
                into.medians.push(median);
                into.ends.push(ends);
            }
        }
    }

    pub(super) fn columns(&self, predicted: &Predictive) -> Vec<Column> {
        let wide = |name: &str, values| Column {
            name: name.into(),
            entries: Entries::Targets,
            values,
        };
        let root = |values: &[f64]| values.iter().map(|v| v.sqrt()).collect::<Vec<_>>();
        let parts = predicted.within.iter().zip(&predicted.between);
        let total: Vec<f64> = parts.map(|(a, e)| a + e).collect();
        let mut columns = vec![
            wide("mean", predicted.mean.clone()),
            wide("std", root(&total)),
            wide("aleatoric_std", root(&predicted.within)),
            wide("epistemic_std", root(&predicted.between)),
        ];
        if !predicted.quantiles.is_empty() {
            let count = predicted.asked.len();
            for (index, asked) in predicted.asked.iter().enumerate() {
                let of = predicted.quantiles.iter().skip(index).step_by(count);
                columns.push(wide(&asked.name, of.copied().collect()));
            }
        }
        if !predicted.nll.is_empty() {
            columns.push(Column {
                name: match self.marginal.whole() {
                    true => "log_probability".into(),
                    false => "log_density".into(),
                },
                entries: Entries::One,
                values: predicted.nll.iter().map(|nll| -nll).collect(),
            });
        }
        columns
    }

    pub(super) fn tally(&self) -> NumberTally {
        let by_entry = if self.of_image || self.entries == 1 {
            0
        } else {
            self.entries
        };
        NumberTally::new(self.entries, by_entry, self.marginal.whole())
    }

    /// The sum of squared errors in own units, and how many entries of the targets there are.
    pub(super) fn squared_error(&self, rows: &[f32], targets: &[f32], units: Units) -> (f64, u64) {
        let mut own = vec![0.0; self.row()];
        let (mut sum, mut count) = (0.0, 0);
        let rows = rows.chunks_exact(self.row());
        for (row, target) in rows.zip(targets.chunks_exact(self.entries)) {
            self.in_units(row, units, &mut own);
            let entries = own.chunks_exact(self.each).zip(target);
            let of_row = entries.enumerate().filter(|(_, (_, y))| !y.is_nan());
            sum += of_row
                .map(|(k, (numbers, y))| {
                    let (offset, scale) = units.at(k);
                    let target = f64::from(*y) * scale + offset;
                    count += 1;
                    (self.marginal.moments(numbers).0 - target).powi(2)
                })
                .sum::<f64>();
        }
        (sum, count)
    }
}
