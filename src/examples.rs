//! Examples of a data set, scaled as a model takes them and gathered into minibatches.

use crate::data::scaling::Transform;
use crate::data::{Dataset, Padded, Piece, Split, Values, batch, is_missing};
use crate::diagnostic::Result;
use crate::exec::Batch;
use crate::ir::Model;
use crate::likelihood::{OwnedTargets, Storage, Summary, TargetKind, Targets, Units};
use crate::tensor::Real;
use serde::{Deserialize, Serialize};

/// How the numbers of a data set reach a model: kept with its run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scales {
    /// Of the inputs, by channel or feature.
    pub inputs: Transform,
    /// Of real targets, by entry, of images by channel; the identity for labels.
    pub targets: Transform,
}

impl Scales {
    /// Leaves everything as it is.
    pub fn identity(model: &Model) -> Self {
        let channels = model.input.shape.0.last().copied().unwrap_or(1);
        Scales {
            inputs: Transform {
                padded: padded(model),
                ..Transform::identity(channels)
            },
            targets: Transform::identity(model.target.kind.channels()),
        }
    }

    /// The units of the targets.
    pub fn units(&self) -> Units<'_> {
        Units {
            offset: &self.targets.offset,
            scale: &self.targets.scale,
        }
    }

    /// What turns the negative log density of these `examples` examples' scaled targets into that of targets in their own
    /// units: Σ ln scale over all entries that are there.
    pub fn log_scale<T: Real>(
        &self,
        kind: TargetKind,
        targets: Targets<T>,
        examples: usize,
    ) -> f64 {
        let logs = self.targets.scale.iter().map(|scale| scale.ln());
        let Targets::Reals(values) = targets else {
            return 0.0;
        };
        if !kind.may_miss_entries() {
            return examples as f64 * logs.sum::<f64>();
        }
        let channels = self.targets.channels();
        let of_channel = |channel: usize| values.iter().skip(channel).step_by(channels);
        let there = |channel| of_channel(channel).filter(|y| !y.is_nan()).count() as f64;
        logs.enumerate()
            .map(|(channel, log)| log * there(channel))
            .sum()
    }
}

/// Where the sequences of real numbers lie in a row of a model's inputs.
pub fn padded(model: &Model) -> Vec<Padded> {
    let (mut all, mut start) = (vec![], 0);
    for input in &model.inputs {
        let sequence = input.sequence.filter(|of| of.vocabulary.is_none());
        if let (Some(_), [steps, axes @ ..]) = (sequence, &input.shape.0[..]) {
            all.push(Padded {
                start,
                steps: *steps,
                width: axes.iter().product(),
            });
        }
        start += input.row_len();
    }
    all
}

/// Some examples of a split.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    /// The split.
    pub split: &'a Split,
    /// Which of the model's targets they have.
    pub target: usize,
    /// Where their targets are, if not in it.
    pub targets: Option<&'a Split>,
    /// Further targets that training takes along.
    pub others: &'a [OtherTarget],
    /// Which of its rows.
    pub rows: &'a [usize],
    /// How they are scaled.
    pub scales: &'a Scales,
    /// What their targets are.
    pub kind: TargetKind,
    /// How predictions of them are averaged, written and scored.
    pub summary: Summary,
    /// Whether they have targets.
    pub with_targets: bool,
}

/// A further target of the examples of a data set.
pub struct OtherTarget {
    /// Which of the model's targets it is.
    pub number: usize,
    /// The data with this target; without inputs, which are those of the first.
    pub data: Dataset,
    /// How it is scaled.
    pub scales: Scales,
    /// What it is.
    pub kind: TargetKind,
    /// How predictions of it are averaged, written and scored.
    pub summary: Summary,
}

/// One minibatch in memory.
#[derive(Default)]
pub struct Buffers<T> {
    rows: Vec<usize>,
    inputs: Vec<T>,
    targets: OwnedTargets<T>,
    others: Vec<OwnedTargets<T>>,
}

impl<'a> Part<'a> {
    /// Number of examples.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The minibatch of the examples at these places of [`Part::rows`].
    ///
    /// # Errors
    ///
    /// `E0509` for a target that is not one of the model's; a file of stored inputs that cannot be read.
    pub fn gather<'b, T: Real>(
        &self,
        places: impl Iterator<Item = usize>,
        into: &'b mut Buffers<T>,
    ) -> Result<Batch<'b, T>> {
        into.rows.clear();
        into.rows.extend(places.map(|place| self.rows[place]));
        let scales = &self.scales.inputs;
        batch::gather(self.split, &into.rows, scales, &mut into.inputs)?;
        if self.with_targets {
            let split = self.of_targets();
            gather_targets(split, &into.rows, self.kind, self.scales, &mut into.targets)?;
        }
        into.others.resize_with(self.others.len(), Default::default);
        for (other, targets) in self.others.iter().zip(&mut into.others) {
            gather_targets(
                &other.data.train,
                &into.rows,
                other.kind,
                &other.scales,
                targets,
            )?;
        }
        Ok(Batch {
            inputs: &into.inputs,
            targets: into.targets.targets(),
            others: &into.others,
            len: into.rows.len(),
        })
    }

    /// Says which places will be gathered next: stored inputs are read meanwhile.
    pub fn expect(&self, places: impl Iterator<Item = usize>) {
        if let Values::Stored(stored) = &self.split.inputs {
            let rows: Vec<usize> = places.map(|place| self.rows[place]).collect();
            stored.expect(&rows);
        }
    }

    /// What is added to the nll of a minibatch of these examples, of each of the targets: [`Scales::log_scale`].
    pub fn log_scales<T: Real>(&self, batch: &Batch<T>) -> Vec<f64> {
        let others = self.others.iter().zip(batch.others);
        let others = others.map(|(other, targets)| {
            (other.scales).log_scale(other.kind, targets.targets(), batch.len)
        });
        let first = self.scales.log_scale(self.kind, batch.targets, batch.len);
        std::iter::once(first).chain(others).collect()
    }

    /// The entry of the input at `place` that is farthest from 0 once it is scaled, and how far.
    pub fn farthest_input(&self, place: usize) -> Option<(usize, f64)> {
        let (width, channels) = (self.split.input_shape.len(), self.scales.inputs.channels());
        let values = self
            .split
            .inputs
            .of_rows(&self.rows[place..=place], width)
            .ok()?;
        let scaled = (0..width).map(|entry| {
            let value = values.get(entry);
            let scaled = self.scales.inputs.apply(entry % channels, value);
            (entry, scaled.abs())
        });
        scaled.max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The split with their targets.
    pub fn of_targets(&self) -> &'a Split {
        self.targets.unwrap_or(self.split)
    }

    /// Target entry `entry` of the example at `place`, as the data has it; NaN where it is missing.
    pub fn target(&self, place: usize, entry: usize) -> f64 {
        let split = self.of_targets();
        let width = split.target_shape.len();
        let value = split.targets.get(self.rows[place] * width + entry);
        match is_missing(self.kind, &split.targets, value) {
            true => f64::NAN,
            false => value,
        }
    }
}

/// The targets of these rows of a split, scaled.
fn gather_targets<T: Real>(
    split: &Split,
    rows: &[usize],
    kind: TargetKind,
    scales: &Scales,
    into: &mut OwnedTargets<T>,
) -> Result<()> {
    match kind.storage() {
        Storage::Labels { .. } => batch::gather_labels(split, rows, kind, into.labels_mut()),
        Storage::Reals => batch::gather_targets(split, rows, &scales.targets, into.reals_mut()),
    }
}

/// A number that tells one data set from another: of every input and target and their shapes.
///
/// # Errors
///
/// A file of stored inputs that cannot be read.
pub fn fingerprint(split: &Split) -> Result<String> {
    let mut fingerprint = Fingerprint::begin(split)?;
    split
        .inputs
        .show(split.len, &mut |piece| fingerprint.look(piece))?;
    Ok(fingerprint.finish())
}

/// The same of the targets alone.
pub fn fingerprint_of_targets(split: &Split) -> String {
    Fingerprint::of(split).finish()
}

/// The number in the making: it is shown all inputs in their order.
pub struct Fingerprint<'a> {
    split: &'a Split,
    state: u64,
    /// Bytes that are yet to be taken in words of eight.
    left: usize,
    /// Those of a word that is not whole yet.
    word: Vec<u8>,
}

impl<'a> Fingerprint<'a> {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

    fn of(split: &'a Split) -> Self {
        Fingerprint {
            split,
            state: split.len as u64 ^ Self::ODD,
            left: 0,
            word: vec![],
        }
    }

    /// That of a split whose inputs are about to be shown.
    ///
    /// # Errors
    ///
    /// A file of stored inputs that cannot be read.
    pub fn begin(split: &'a Split) -> Result<Self> {
        let mut own = Fingerprint::of(split);
        if split.inputs.are_bytes() {
            // The last bytes, which are no whole word, come first.
            let (all, width) = (split.inputs.len(), split.input_shape.len().max(1));
            let rest = all % 8;
            let rows: Vec<usize> = (split.len - rest.div_ceil(width)..split.len).collect();
            if let Values::U8(bytes) = split.inputs.of_rows(&rows, width)? {
                let rest = &bytes[bytes.len() - rest..];
                rest.iter().for_each(|byte| own.take(u64::from(*byte)));
            }
            own.left = all - rest;
        }
        Ok(own)
    }

    fn take(&mut self, word: u64) {
        self.state = (self.state.rotate_left(5) ^ word).wrapping_mul(Self::ODD);
    }

    fn take_all(&mut self, values: &Values) {
        match values {
            Values::U8(bytes) => {
                let words = bytes.chunks_exact(8);
                let rest = words.remainder();
                rest.iter().for_each(|&byte| self.take(u64::from(byte)));
                words.for_each(|word| self.take_word(word));
            }
            Values::F32(v) => v.iter().for_each(|x| self.take(u64::from(x.to_bits()))),
            Values::F64(v) => v.iter().for_each(|x| self.take(x.to_bits())),
            // Targets and pieces are in memory.
            Values::Stored(_) => {}
        }
    }

    fn take_word(&mut self, word: &[u8]) {
        self.take(u64::from_le_bytes(word.try_into().expect("eight bytes")));
    }

    /// Takes the inputs of a piece.
    pub fn look(&mut self, piece: &Piece) {
        let Values::U8(bytes) = piece.values else {
            return self.take_all(piece.values);
        };
        let bytes = &bytes[piece.range(self.split.input_shape.len())];
        let mut bytes = &bytes[..bytes.len().min(self.left)];
        self.left -= bytes.len();
        if !self.word.is_empty() {
            let (more, rest) = bytes.split_at(bytes.len().min(8 - self.word.len()));
            self.word.extend(more);
            bytes = rest;
            if self.word.len() == 8 {
                let word = std::mem::take(&mut self.word);
                self.take_word(&word);
            }
        }
        let words = bytes.chunks_exact(8);
        self.word.extend(words.remainder());
        words.for_each(|word| self.take_word(word));
    }

    /// The number, in hexadecimal digits.
    pub fn finish(mut self) -> String {
        let split = self.split;
        self.take_all(&split.targets);
        let axes = split.input_shape.0.iter().chain(&split.target_shape.0);
        axes.for_each(|&axis| self.take(axis as u64));
        format!("{:016x}", self.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Shape;

    #[test]
    fn a_fingerprint_sees_every_value() {
        let split = |inputs, targets| Split {
            inputs,
            input_shape: Shape::new(&[3]),
            targets,
            target_shape: Shape::default(),
            len: 3,
        };
        let bytes: Vec<u8> = (0..9).collect();
        let one = split(Values::U8(bytes.clone()), Values::F64(vec![0.0, 1.0, 2.0]));
        assert_eq!(fingerprint(&one), fingerprint(&one.clone()));
        for i in 0..9 {
            let mut other = bytes.clone();
            other[i] ^= 1;
            assert_ne!(
                fingerprint(&one),
                fingerprint(&split(Values::U8(other), one.targets.clone()))
            );
        }
        assert_ne!(
            fingerprint(&one),
            fingerprint(&split(one.inputs.clone(), Values::F64(vec![0.0, 1.0, 2.5])))
        );
    }
}
