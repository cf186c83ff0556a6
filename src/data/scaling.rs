//! Scaling: what is subtracted from, and divides, every value of a channel or feature.

use super::Values;
use super::sequences::Padded;
use crate::likelihood::Observed;
use crate::tensor::Shape;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How inputs, or real targets, are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// As they are.
    #[default]
    None,
    /// x / 255: bytes to 0..1.
    Unit,
    /// 2 x / 255 - 1: bytes to -1..1.
    Symmetric,
    /// (x - mean) / standard deviation of the training examples, per channel of images (the last axis),
    /// per feature of rows.
    Standardize,
    /// (x - median) / spread of the training examples, in the same way, the spread being the interquartile
    /// range/1.349: for numbers of which a few far ones make the standard deviation.
    Quartiles,
}

/// x becomes (x - offset) / scale, with one offset and scale for each entry of the last axis.
///
/// Stored with a model: JSON keeps every bit of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transform {
    /// What is subtracted.
    pub offset: Vec<f64>,
    /// What then divides; never 0.
    pub scale: Vec<f64>,
    /// The sequences of real numbers in a row: what stands behind their lengths stays 0. Where there are any, offsets
    /// and scales are those of every entry of the row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub padded: Vec<Padded>,
}

/// A transform, and the channels whose training values are all the same: they get the scale 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// What to apply.
    pub transform: Transform,
    /// Indices on the last axis.
    pub constant: Vec<usize>,
}

impl Transform {
    /// Leaves every value as it is.
    pub fn identity(channels: usize) -> Self {
        Transform {
            offset: vec![0.0; channels],
            scale: vec![1.0; channels],
            padded: vec![],
        }
    }

    /// The length of the last axis.
    pub fn channels(&self) -> usize {
        self.offset.len()
    }

    /// By how much of a scale the other moves or stretches values, at most over the channels; `None`
    /// where it has another number of them.
    pub fn distance(&self, other: &Transform) -> Option<f64> {
        let channels = (0..self.channels()).map(|channel| {
            let moved = (self.offset[channel] - other.offset[channel]) / self.scale[channel];
            let stretched = other.scale[channel] / self.scale[channel] - 1.0;
            moved.abs().max(stretched.abs())
        });
        let comparable =
            self.channels() == other.channels() && other.scale.len() == other.offset.len();
        comparable.then(|| channels.fold(0.0, f64::max))
    }

    /// The scaled value of channel `channel`.
    #[inline]
    pub fn apply(&self, channel: usize, value: f64) -> f64 {
        (value - self.offset[channel]) / self.scale[channel]
    }

    /// The value that [`apply`](Self::apply) makes `scaled` of.
    #[inline]
    pub fn invert(&self, channel: usize, scaled: f64) -> f64 {
        scaled * self.scale[channel] + self.offset[channel]
    }
}

/// Where the numbers lie that are fitted to: from `start` on in each row of `row` numbers.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Numbers of an example.
    pub row: usize,
    /// The first that counts.
    pub start: usize,
    /// Whether they are a sequence: the number behind them says how many of its steps, which are entries of all but the
    /// first axis, are there and count.
    pub is_sequence: bool,
}

impl Scaling {
    /// The transform of examples of `shape`, its statistics taken from the examples `indices` alone, in
    /// float64; the standard deviation is the population's.
    pub fn fit(self, values: &Values, shape: &Shape, indices: &[usize]) -> Fitted {
        let row = shape.len();
        let span = Span {
            row,
            start: 0,
            is_sequence: false,
        };
        self.fit_span(values, span, shape, indices)
    }

    /// The same of a part of each example, which is of `shape`.
    pub fn fit_span(self, values: &Values, span: Span, shape: &Shape, indices: &[usize]) -> Fitted {
        let channels = shape.0.last().copied().unwrap_or(1);
        let same = |offset: f64, scale: f64| Fitted {
            transform: Transform {
                offset: vec![offset; channels],
                scale: vec![scale; channels],
                padded: vec![],
            },
            constant: vec![],
        };
        match self {
            Scaling::None => same(0.0, 1.0),
            Scaling::Unit => same(0.0, 255.0),
            Scaling::Symmetric => same(127.5, 127.5),
            Scaling::Standardize | Scaling::Quartiles => {
                let steps = shape.0.first().copied().unwrap_or(1);
                let part = Part {
                    span,
                    width: shape.len(),
                    step: shape.len() / steps.max(1),
                    channels,
                    indices,
                    values,
                };
                let places = |channel| part.positions(channel);
                let each = 0..channels;
                let all: Vec<Moments> = match (self, values) {
                    (Scaling::Quartiles, _) => each
                        .map(|c| of_quartiles(places(c).map(|i| values.get(i))))
                        .collect(),
                    (_, Values::U8(bytes)) => of_bytes(bytes, part),
                    (_, Values::F32(v)) => each
                        .map(|c| of_reals(places(c).map(|i| f64::from(v[i]))))
                        .collect(),
                    (_, Values::F64(v)) => {
                        each.map(|c| of_reals(places(c).map(|i| v[i]))).collect()
                    }
                };
                let constant = (0..channels).filter(|c| all[*c].deviation == 0.0).collect();
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
    }
}

/// The mean and the population's standard deviation of one channel, or what stands for them; the latter is 0
/// exactly where all values are the same.
#[derive(Debug, Clone, Copy)]
struct Moments {
    mean: f64,
    deviation: f64,
}

/// A part of some examples.
#[derive(Clone, Copy)]
struct Part<'a> {
    span: Span,
    width: usize,
    /// Numbers of a step, of a sequence.
    step: usize,
    channels: usize,
    indices: &'a [usize],
    values: &'a Values,
}

impl<'a> Part<'a> {
    fn start(self, index: usize) -> usize {
        index * self.span.row + self.span.start
    }

    /// How many numbers of an example count.
    fn there(self, start: usize) -> usize {
        match self.span.is_sequence {
            true => self.values.get(start + self.width) as usize * self.step,
            false => self.width,
        }
    }

    /// The places of one channel's values.
    fn positions(self, channel: usize) -> impl Iterator<Item = usize> + Clone + 'a {
        let starts = self.indices.iter().map(move |index| self.start(*index));
        starts.flat_map(move |start| {
            (start + channel..start + self.there(start)).step_by(self.channels)
        })
    }
}

/// From a histogram for each channel: whole numbers, so that the order of adding does not matter.
fn of_bytes(bytes: &[u8], part: Part) -> Vec<Moments> {
    let empty = || vec![[0u64; 256]; part.channels];
    let counted = part.indices.par_chunks(1024).map(|chunk| {
        let mut counts = empty();
        for index in chunk {
            let start = part.start(*index);
            for row in bytes[start..][..part.there(start)].chunks_exact(part.channels) {
                row.iter()
                    .zip(&mut counts)
                    .for_each(|(&byte, count)| count[usize::from(byte)] += 1);
            }
        }
        counts
    });
    let counts = counted.reduce(empty, |mut all, part| {
        all.iter_mut()
            .flatten()
            .zip(part.iter().flatten())
            .for_each(|(a, b)| *a += b);
        all
    });
    counts.iter().map(of_histogram).collect()
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
fn of_quartiles(values: impl Iterator<Item = f64> + Clone) -> Moments {
    let found = Observed::of(values);
    Moments {
        mean: found.map_or(0.0, |found| found.median),
        deviation: found
            .filter(|found| found.low < found.high)
            .map_or(0.0, |found| found.spread()),
    }
}

/// In two passes, the second about the mean of the first. NaN stands for numbers that are missing.
fn of_reals(values: impl Iterator<Item = f64> + Clone) -> Moments {
    let values = values.filter(|v| !v.is_nan());
    let n = values.clone().count().max(1) as f64;
    let (low, high) = (values.clone())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        });
    if low >= high {
        return Moments {
            mean: if low == high { low } else { 0.0 },
            deviation: 0.0,
        };
    }
    let mean = values.clone().sum::<f64>() / n;
    let (first, second) = values
        .map(|v| v - mean)
        .fold((0.0, 0.0), |(s, q), d| (s + d, q + d * d));
    let deviation = ((second - first * first / n) / n).max(0.0).sqrt();
    Moments {
        mean: mean + first / n,
        deviation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_each_example_is_fitted_as_if_it_stood_alone() {
        let row = |n: u8| [n, 7 * n, 100 - n, 3, 2 * n + 1];
        let bytes: Vec<u8> = (0..9).flat_map(row).collect();
        let alone: Vec<u8> = (0..9).flat_map(|n| row(n)[1..].to_vec()).collect();
        let kinds = [
            |bytes: &[u8]| Values::U8(bytes.to_vec()),
            |bytes: &[u8]| Values::F32(bytes.iter().map(|b| f32::from(*b)).collect()),
            |bytes: &[u8]| Values::F64(bytes.iter().map(|b| f64::from(*b)).collect()),
        ];
        let (shape, indices, span) = (
            Shape::new(&[2, 2]),
            [1, 2, 4, 8],
            Span {
                row: 5,
                start: 1,
                is_sequence: false,
            },
        );
        for kind in kinds {
            for scaling in [Scaling::Standardize, Scaling::Quartiles, Scaling::Unit] {
                let whole = scaling.fit_span(&kind(&bytes), span, &shape, &indices);
                assert_eq!(whole, scaling.fit(&kind(&alone), &shape, &indices));
            }
        }
    }

    /// Three examples of up to three steps of two numbers; what stands behind a length is no number of the data.
    #[test]
    fn of_sequences_only_the_steps_that_are_there_count() {
        let rows = [
            [1, 10, 3, 20, 5, 60, 3],
            [7, 30, 99, 99, 99, 99, 1],
            [9, 0, 2, 40, 99, 99, 2],
        ];
        let there = vec![1, 10, 3, 20, 5, 60, 7, 30, 9, 0, 2, 40];
        let kinds = [
            |bytes: Vec<u8>| Values::U8(bytes),
            |bytes: Vec<u8>| Values::F32(bytes.into_iter().map(f32::from).collect()),
        ];
        let span = Span {
            row: 7,
            start: 0,
            is_sequence: true,
        };
        for kind in kinds {
            for scaling in [Scaling::Standardize, Scaling::Quartiles] {
                let found =
                    scaling.fit_span(&kind(rows.concat()), span, &Shape::new(&[3, 2]), &[0, 1, 2]);
                let steps: Vec<usize> = (0..6).collect();
                let expected = scaling.fit(&kind(there.clone()), &Shape::new(&[2]), &steps);
                assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn statistics_are_of_the_given_examples_and_channels_alone() {
        let values = Values::F64(vec![1.0, 10.0, 3.0, 10.0, 99.0, 99.0, 5.0, 10.0]);
        let fitted = Scaling::Standardize.fit(&values, &Shape::new(&[2]), &[0, 1, 3]);
        assert_eq!(fitted.transform.offset, [3.0, 10.0]);
        assert!((fitted.transform.scale[0] - (8.0f64 / 3.0).sqrt()).abs() < 1e-15);
        assert_eq!((fitted.transform.scale[1], fitted.constant), (1.0, vec![1]));

        let images = Values::U8(vec![0, 9, 2, 9, 4, 9, 6, 9, 255, 255, 255, 255]);
        let fitted = Scaling::Standardize.fit(&images, &Shape::new(&[2, 1, 2]), &[0, 1]);
        assert_eq!(
            fitted.transform,
            Transform {
                offset: vec![3.0, 9.0],
                scale: vec![5.0f64.sqrt(), 1.0],
                padded: vec![]
            }
        );
        assert_eq!(fitted.constant, [1]);
    }

    /// Of a table of two columns, one of which has a number far out; the other one is all the same.
    #[test]
    fn quartiles_take_no_notice_of_a_number_far_out() {
        let scales = [5.0, 1e9].map(|far| {
            let values = [1.0, 7.0, 3.0, 7.0, 2.0, 7.0, 4.0, 7.0, far, 7.0];
            let fitted = Scaling::Quartiles.fit(
                &Values::F64(values.to_vec()),
                &Shape::new(&[2]),
                &[0, 1, 2, 3, 4],
            );
            assert_eq!(fitted.transform.offset, [3.0, 7.0]);
            assert_eq!((fitted.transform.scale[1], fitted.constant), (1.0, vec![1]));
            fitted.transform.scale[0]
        });
        // 2 is the interquartile range, 1.349 that of N(0, 1).
        assert!((scales[0] - 2.0 / 1.349).abs() < 1e-4, "{scales:?}");
        assert_eq!(scales[0], scales[1]);
    }

    #[test]
    fn a_constant_that_no_float_holds_exactly_is_constant() {
        let fitted = Scaling::Standardize.fit(
            &Values::F64(vec![0.1; 1000]),
            &Shape::default(),
            &(0..1000).collect::<Vec<_>>(),
        );
        assert_eq!(
            (fitted.transform.offset[0], fitted.constant),
            (0.1, vec![0])
        );
    }

    /// A place that a target has no number for counts neither for its mean nor for its spread.
    #[test]
    fn missing_numbers_are_left_out() {
        let (whole, all) = (vec![1.0, 10.0, 3.0, 20.0, 8.0, 60.0], [0, 1, 2]);
        let with_gaps = [1.0, 10.0, f64::NAN, f64::NAN, 3.0, 20.0, 8.0, 60.0];
        let shape = Shape::new(&[2]);
        for scaling in [Scaling::Standardize, Scaling::Quartiles] {
            let of = |values: &[f64], indices: &[usize]| {
                scaling.fit(&Values::F64(values.to_vec()), &shape, indices)
            };
            assert_eq!(of(&with_gaps, &[0, 1, 2, 3]), of(&whole, &all));
            // Of no number at all nothing is scaled.
            let none = of(&[f64::NAN, 1.0, f64::NAN, 2.0], &[0, 1]);
            assert_eq!(none.transform.scale[0], 1.0);
            assert_eq!(none.transform.offset[0], 0.0);
        }
    }

    #[test]
    fn a_large_offset_costs_no_digits() {
        let values: Vec<f64> = (0..1000).map(|i| 1e9 + f64::from(i % 2)).collect();
        let fitted = Scaling::Standardize.fit(
            &Values::F64(values),
            &Shape::default(),
            &(0..1000).collect::<Vec<_>>(),
        );
        assert_eq!(
            (fitted.transform.offset[0], fitted.transform.scale[0]),
            (1e9 + 0.5, 0.5)
        );
    }

    #[test]
    fn fixed_scalings_map_bytes_to_their_range() {
        let ends = |scaling: Scaling| {
            let transform = scaling
                .fit(&Values::U8(vec![]), &Shape::new(&[4, 4, 1]), &[])
                .transform;
            (transform.apply(0, 0.0), transform.apply(0, 255.0))
        };
        assert_eq!(ends(Scaling::None), (0.0, 255.0));
        assert_eq!(ends(Scaling::Unit), (0.0, 1.0));
        assert_eq!(ends(Scaling::Symmetric), (-1.0, 1.0));
    }

    #[test]
    fn json_keeps_every_bit() {
        let transform = Transform {
            offset: vec![0.1 + 0.2, 1.0 / 3.0],
            scale: vec![f64::MIN_POSITIVE, 1e300 / 7.0],
            padded: vec![Padded {
                start: 1,
                steps: 2,
                width: 3,
            }],
        };
        let text = serde_json::to_string(&transform).unwrap();
        assert_eq!(serde_json::from_str::<Transform>(&text).unwrap(), transform);
        assert_eq!(
            serde_json::to_string(&Scaling::Standardize).unwrap(),
            "\"standardize\""
        );
    }

    #[test]
    fn scalings_are_as_far_apart_as_their_farthest_channel() {
        let of = |offset: &[f64], scale: &[f64]| Transform {
            offset: offset.to_vec(),
            scale: scale.to_vec(),
            padded: vec![],
        };
        let one = of(&[1.0, 2.0], &[2.0, 4.0]);
        assert_eq!(one.distance(&one), Some(0.0));
        assert_eq!(one.distance(&of(&[1.0, 4.0], &[2.0, 4.0])), Some(0.5));
        assert_eq!(one.distance(&of(&[1.0, 2.0], &[1.0, 4.0])), Some(0.5));
        assert_eq!(one.distance(&Transform::identity(3)), None);
    }

    #[test]
    fn inverting_undoes() {
        let transform = Transform {
            offset: vec![3.5],
            scale: vec![0.3],
            padded: vec![],
        };
        assert!((transform.invert(0, transform.apply(0, 7.25)) - 7.25).abs() < 1e-14);
    }
}
