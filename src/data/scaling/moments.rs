//! Means and deviations of channels, from examples that are shown some at a time.

use super::{Fitted, Span, Transform};
use crate::data::{Piece, Values};
use crate::likelihood::Observed;
use rayon::prelude::*;
use std::ops::Range;

/// The mean and the population's standard deviation of one channel, or what stands for them; the latter is 0
/// exactly where all values are the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moments {
    mean: f64,
    deviation: f64,
}

/// A part of each example.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) span: Span,
    pub(super) width: usize,
    /// Numbers of a step, of a sequence.
    pub(super) step: usize,
    pub(super) channels: usize,
}

/// What was seen of each channel of a part.
pub(super) enum Looked {
    /// A histogram: whole numbers, so that the order of adding does not matter.
    Bytes(Vec<[u64; 256]>),
    Reals(Vec<Sums>),
    All(Vec<Vec<f64>>),
}

impl Part {
    /// Where what counts of the part of an example is in the values of a piece.
    fn place(&self, piece: &Piece, row: usize) -> Range<usize> {
        let start = piece.place(row, self.span.row).start + self.span.start;
        let there = match self.span.is_sequence {
            true => piece.values.get(start + self.width) as usize * self.step,
            false => self.width,
        };
        start..start + there
    }

    /// Looks at the examples `indices` of a piece.
    pub(super) fn look(&self, piece: &Piece, indices: &[usize], looked: &mut Looked) {
        match (looked, piece.values) {
            (Looked::Bytes(counts), Values::U8(bytes)) => {
                self.count(piece, piece.among(indices), bytes, counts)
            }
            (Looked::Bytes(_), _) => {}
            (Looked::Reals(sums), _) => {
                self.each_row(piece, indices, |channel, value| sums[channel].add(value))
            }
            (Looked::All(all), _) => {
                self.each_row(piece, indices, |channel, value| all[channel].push(value))
            }
        }
    }

    /// The second pass.
    pub(super) fn look_again(&self, piece: &Piece, indices: &[usize], looked: &mut Looked) {
        if let Looked::Reals(sums) = looked {
            self.each_row(piece, indices, |channel, value| sums[channel].spread(value));
        }
    }

    /// `f(channel, value)` of each value of the examples `indices` that a piece has, in their order.
    fn each_row(&self, piece: &Piece, indices: &[usize], mut f: impl FnMut(usize, f64)) {
        fn each<V: Copy>(
            row: &[V],
            channels: usize,
            of: impl Fn(V) -> f64,
            f: &mut impl FnMut(usize, f64),
        ) {
            for pixel in row.chunks_exact(channels) {
                pixel
                    .iter()
                    .enumerate()
                    .for_each(|(channel, value)| f(channel, of(*value)));
            }
        }
        for &index in piece.among(indices) {
            let place = self.place(piece, index);
            match piece.values {
                Values::U8(v) => each(&v[place], self.channels, f64::from, &mut f),
                Values::F32(v) => each(&v[place], self.channels, f64::from, &mut f),
                Values::F64(v) => each(&v[place], self.channels, |x| x, &mut f),
                // A piece is in memory.
                Values::Stored(_) => {}
            }
        }
    }

    fn count(&self, piece: &Piece, indices: &[usize], bytes: &[u8], counts: &mut [[u64; 256]]) {
        let empty = || vec![[0u64; 256]; self.channels];
        let counted = indices.par_chunks(1024).map(|chunk| {
            let mut counts = empty();
            for index in chunk {
                for row in bytes[self.place(piece, *index)].chunks_exact(self.channels) {
                    row.iter()
                        .zip(&mut counts)
                        .for_each(|(&byte, count)| count[usize::from(byte)] += 1);
                }
            }
            counts
        });
        let add = |all: &mut [[u64; 256]], part: &[[u64; 256]]| {
            all.iter_mut()
                .flatten()
                .zip(part.iter().flatten())
                .for_each(|(a, b)| *a += b);
        };
        let counted = counted.reduce(empty, |mut all, part| {
            add(&mut all, &part);
            all
        });
        add(counts, &counted);
    }
}

impl Looked {
    pub(super) fn begin(channels: usize, quartiles: bool, bytes: bool) -> Looked {
        match (quartiles, bytes) {
            (true, _) => Looked::All(vec![vec![]; channels]),
            (false, true) => Looked::Bytes(vec![[0; 256]; channels]),
            (false, false) => Looked::Reals(vec![Sums::default(); channels]),
        }
    }

    /// Ends the first pass; whether a second one is needed.
    pub(super) fn settle(&mut self) -> bool {
        match self {
            Looked::Bytes(_) | Looked::All(_) => false,
            Looked::Reals(sums) => {
                sums.iter_mut()
                    .filter_map(|sums| sums.settle().then_some(()))
                    .count()
                    > 0
            }
        }
    }

    pub(super) fn fitted(&self) -> Fitted {
        let all: Vec<Moments> = match self {
            Looked::Bytes(counts) => counts.iter().map(of_histogram).collect(),
            Looked::Reals(sums) => sums.iter().map(Sums::moments).collect(),
            Looked::All(all) => all.iter().map(|all| of_quartiles(all)).collect(),
        };
        let constant = (0..all.len())
            .filter(|c| all[*c].deviation == 0.0)
            .collect();
        let scale = all
            .iter()
            .map(|m| if m.deviation == 0.0 { 1.0 } else { m.deviation })
            .collect();
        let offset = all.iter().map(|m| m.mean).collect();
        Fitted {
            transform: Transform {
                offset,
                scale,
                padded: vec![],
            },
            constant,
        }
    }
}

fn of_histogram(counts: &[u64; 256]) -> Moments {
    let power = |p: u32| {
        counts
            .iter()
            .zip(0u128..)
            .map(|(&n, v)| u128::from(n) * v.pow(p))
            .sum::<u128>()
    };
    let (n, sum, squares) = (power(0).max(1), power(1), power(2));
    // n^2 times the variance, exactly.
    let variance = (n * squares - sum * sum) as f64;
    Moments {
        mean: sum as f64 / n as f64,
        deviation: variance.sqrt() / n as f64,
    }
}

/// The median in place of the mean, the spread in place of the deviation.
fn of_quartiles(values: &[f64]) -> Moments {
    let found = Observed::of(values.iter().copied());
    Moments {
        mean: found.map_or(0.0, |found| found.median),
        deviation: found
            .filter(|found| found.low < found.high)
            .map_or(0.0, |found| found.spread()),
    }
}

/// The moments of one channel in two passes, the second about the mean of the first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    count: u64,
    low: f64,
    high: f64,
    sum: f64,
    /// Once the first pass is over.
    mean: f64,
    /// Of the distances from the mean, and of their squares.
    about: [f64; 2],
}

impl Default for Sums {
    fn default() -> Sums {
        Sums {
            count: 0,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            sum: 0.0,
            mean: 0.0,
            about: [0.0; 2],
        }
    }
}

impl Sums {
    /// NaN stands for numbers that are missing.
    fn add(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        self.count += 1;
        (self.low, self.high) = (self.low.min(value), self.high.max(value));
        self.sum += value;
    }

    /// Ends the first pass; whether a second one is needed.
    fn settle(&mut self) -> bool {
        self.mean = self.sum / self.count.max(1) as f64;
        !self.are_alike()
    }

    fn spread(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        let distance = value - self.mean;
        self.about[0] += distance;
        self.about[1] += distance * distance;
    }

    /// Whether all values are the same.
    fn are_alike(&self) -> bool {
        self.low >= self.high
    }

    fn moments(&self) -> Moments {
        let Sums {
            low,
            high,
            mean,
            about,
            ..
        } = *self;
        if self.are_alike() {
            return Moments {
                mean: if low == high { low } else { 0.0 },
                deviation: 0.0,
            };
        }
        let n = self.count.max(1) as f64;
        let [first, second] = about;
        let deviation = ((second - first * first / n) / n).max(0.0).sqrt();
        Moments {
            mean: mean + first / n,
            deviation,
        }
    }
}
