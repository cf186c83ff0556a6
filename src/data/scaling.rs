//! Scaling: what is subtracted from, and divides, every value of a channel or feature.

mod moments;

use super::sequences::Padded;
use super::{Piece, Values};
use crate::diagnostic::Result;
use crate::tensor::Shape;
use moments::{Looked, Part};
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
    /// The transform of examples of `shape`, its statistics taken from the examples `indices` alone, in ascending
    /// order, in float64; the standard deviation is the population's.
    ///
    /// # Errors
    ///
    /// A file of stored values that cannot be read.
    pub fn fit(self, values: &Values, shape: &Shape, indices: &[usize]) -> Result<Fitted> {
        let row = shape.len();
        let span = Span {
            row,
            start: 0,
            is_sequence: false,
        };
        let mut fitted = self.fit_spans(values, &[(span, shape)], indices, None)?;
        Ok(fitted.remove(0))
    }

    /// The same of parts of each example, each of which is of its shape. Stored values are read once, or twice for the
    /// standard deviation of numbers that are no bytes; `also` is shown all of them on the way.
    ///
    /// # Errors
    ///
    /// As [`Scaling::fit`].
    pub fn fit_spans(
        self,
        values: &Values,
        spans: &[(Span, &Shape)],
        indices: &[usize],
        mut also: Option<&mut dyn FnMut(&Piece)>,
    ) -> Result<Vec<Fitted>> {
        let rows = spans
            .first()
            .map_or(0, |(span, _)| values.len() / span.row.max(1));
        let part = |(span, shape): &(Span, &Shape)| Part {
            span: *span,
            width: shape.len(),
            step: shape.len() / shape.0.first().copied().unwrap_or(1).max(1),
            channels: shape.0.last().copied().unwrap_or(1),
        };
        let parts: Vec<Part> = spans.iter().map(part).collect();
        let fixed = match self {
            Scaling::None => Some((0.0, 1.0)),
            Scaling::Unit => Some((0.0, 255.0)),
            Scaling::Symmetric => Some((127.5, 127.5)),
            Scaling::Standardize | Scaling::Quartiles => None,
        };
        if let Some((offset, scale)) = fixed {
            if let Some(also) = also {
                values.show(rows, also)?;
            }
            let same = |part: &Part| Fitted {
                transform: Transform {
                    offset: vec![offset; part.channels],
                    scale: vec![scale; part.channels],
                    padded: vec![],
                },
                constant: vec![],
            };
            return Ok(parts.iter().map(same).collect());
        }
        let begun = parts.iter().map(|part| {
            let quartiles = self == Scaling::Quartiles;
            Looked::begin(part.channels, quartiles, values.are_bytes())
        });
        let mut looked: Vec<Looked> = begun.collect();
        values.show(rows, &mut |piece| {
            for (part, looked) in parts.iter().zip(&mut looked) {
                part.look(piece, indices, looked);
            }
            if let Some(also) = &mut also {
                also(piece);
            }
        })?;
        let vary = looked
            .iter_mut()
            .filter_map(|looked| looked.settle().then_some(()));
        if vary.count() > 0 {
            values.show(rows, &mut |piece| {
                for (part, looked) in parts.iter().zip(&mut looked) {
                    part.look_again(piece, indices, looked);
                }
            })?;
        }
        Ok(looked.iter().map(Looked::fitted).collect())
    }
}

#[cfg(test)]
mod tests;
