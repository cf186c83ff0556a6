//! The examples a model learns from, scaled as it takes them.

use super::config::Config;
use super::fitting;
use crate::data::scaling::{Scaling, Transform};
use crate::data::{Dataset, Split, Values, batch, split};
use crate::diagnostic::{Diagnostic, Result};
use crate::exec::Batch;
use crate::ir::Model;
use crate::likelihood::{TargetKind, Targets};
use crate::tensor::Real;
use serde::{Deserialize, Serialize};

/// How the numbers of a data set reach a model: kept with its run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scales {
    /// Of the inputs, by channel or feature.
    pub inputs: Transform,
    /// Of real targets, by entry; the identity for labels.
    pub targets: Transform,
}

impl Scales {
    /// Leaves everything as it is.
    pub fn identity(model: &Model) -> Self {
        let channels = model.input.shape.0.last().copied().unwrap_or(1);
        Scales {
            inputs: Transform::identity(channels),
            targets: Transform::identity(target_width(model.target.kind)),
        }
    }

    /// What turns a negative log density of scaled targets into one of targets in their own units:
    /// Σ ln scale.
    pub fn log_scale(&self) -> f64 {
        self.targets.scale.iter().map(|s| s.ln()).sum()
    }
}

/// Entries of a target.
pub fn target_width(kind: TargetKind) -> usize {
    if let TargetKind::Real(width) = kind {
        width
    } else {
        1
    }
}

/// The most steps of a run: twice as many are counted still, and written to a run file.
const MOST_STEPS: usize = usize::MAX / 4;

/// Some examples of a split.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    /// The split.
    pub split: &'a Split,
    /// Which of its rows.
    pub rows: &'a [usize],
    /// How they are scaled.
    pub scales: &'a Scales,
    /// What their targets are.
    pub kind: TargetKind,
    /// Whether they have targets.
    pub with_targets: bool,
}

/// One minibatch in memory.
#[derive(Default)]
pub struct Buffers<T> {
    rows: Vec<usize>,
    inputs: Vec<T>,
    labels: Vec<u32>,
    reals: Vec<T>,
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
    /// `E0509` for a target that is not one of the model's.
    pub fn gather<'b, T: Real>(
        &self,
        places: impl Iterator<Item = usize>,
        into: &'b mut Buffers<T>,
    ) -> Result<Batch<'b, T>> {
        into.rows.clear();
        into.rows.extend(places.map(|place| self.rows[place]));
        batch::gather(
            self.split,
            &into.rows,
            &self.scales.inputs,
            &mut into.inputs,
        );
        if self.with_targets {
            match self.kind {
                TargetKind::Category(classes) => {
                    batch::gather_labels(self.split, &into.rows, classes, &mut into.labels)?
                }
                TargetKind::Binary => {
                    batch::gather_labels(self.split, &into.rows, 2, &mut into.labels)?
                }
                TargetKind::Real(_) => batch::gather_targets(
                    self.split,
                    &into.rows,
                    &self.scales.targets,
                    &mut into.reals,
                ),
            }
        }
        let targets = match self.kind {
            TargetKind::Real(_) => Targets::Reals(&into.reals),
            _ => Targets::Labels(&into.labels),
        };
        Ok(Batch {
            inputs: &into.inputs,
            targets,
            len: into.rows.len(),
        })
    }

    /// Target entry `entry` of the example at `place`, as the data has it.
    pub fn target(&self, place: usize, entry: usize) -> f64 {
        self.split
            .targets
            .get(self.rows[place] * self.split.target_shape.len() + entry)
    }
}

/// Whether there are as many training examples as a batch takes.
///
/// # Errors
///
/// `E0603` where there are fewer.
pub fn batch_fits(batch: usize, examples: usize) -> Result<()> {
    if batch <= examples {
        return Ok(());
    }
    let title = format!("a batch of {batch} is larger than the {examples} training examples");
    Err(Diagnostic::error("E0603", title)
        .help(format!(
            "`--batch-size {examples}` takes all of them in one step"
        ))
        .into())
}

/// A data set ready to train on.
pub struct Prepared {
    /// As read.
    pub data: Dataset,
    /// How it is scaled.
    pub scales: Scales,
    /// The rows of the training split that are trained on.
    pub training: Vec<usize>,
    /// Those set aside.
    pub validation: Vec<usize>,
    /// Channels or features whose training values are all the same.
    pub constant: Vec<usize>,
    kind: TargetKind,
}

impl Prepared {
    /// Takes the validation part out and fits the scaling to what is left.
    ///
    /// # Errors
    ///
    /// Data that does not fit the model (`E0507`, `E0509`, `E0510`), no examples, a batch larger
    /// than their number, or more steps than can be counted (`E0603`).
    pub fn new(data: Dataset, model: &Model, config: &Config) -> Result<Prepared> {
        fitting::check(&data, model)?;
        if data.train.len == 0 {
            return Err(Diagnostic::error(
                "E0603",
                format!("{} has no training examples", data.name),
            )
            .into());
        }
        let (training, validation) =
            split::take_validation(&data.train, config.data.validation, config.seed)?;
        batch_fits(config.batch_size, training.len())?;
        let steps = training.len().div_ceil(config.batch_size);
        let most = MOST_STEPS / steps;
        if config.epochs > most {
            let title = format!(
                "{} epochs of {steps} steps are more than can be counted",
                config.epochs
            );
            return Err(Diagnostic::error("E0603", title)
                .help(format!("`--epochs {most}` is the most"))
                .into());
        }
        let scaling = match config.data.scaling {
            "standardize" => Scaling::Standardize,
            "symmetric" => Scaling::Symmetric,
            "unit" => Scaling::Unit,
            _ => Scaling::None,
        };
        // Of the model's shape: data may leave axes of 1 out, and its last axis is then not the channels.
        let inputs = scaling.fit(&data.train.inputs, &model.input.shape, &training);
        let kind = model.target.kind;
        let targets = match kind {
            TargetKind::Real(_) if config.data.targets == "standardize" => {
                Scaling::Standardize
                    .fit(&data.train.targets, &data.train.target_shape, &training)
                    .transform
            }
            _ => Transform::identity(target_width(kind)),
        };
        let scales = Scales {
            inputs: inputs.transform,
            targets,
        };
        Ok(Prepared {
            data,
            scales,
            training,
            validation,
            constant: inputs.constant,
            kind,
        })
    }

    /// The examples that are trained on.
    pub fn training(&self) -> Part<'_> {
        self.part(&self.data.train, &self.training)
    }

    /// Those set aside.
    pub fn validation(&self) -> Part<'_> {
        self.part(&self.data.train, &self.validation)
    }

    fn part<'a>(&'a self, split: &'a Split, rows: &'a [usize]) -> Part<'a> {
        Part {
            split,
            rows,
            scales: &self.scales,
            kind: self.kind,
            with_targets: true,
        }
    }
}

/// A number that tells one data set from another: of every input and target and their shapes.
pub fn fingerprint(split: &Split) -> String {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut state = split.len as u64 ^ ODD;
    let mut take = |word: u64| state = (state.rotate_left(5) ^ word).wrapping_mul(ODD);
    for values in [&split.inputs, &split.targets] {
        match values {
            Values::U8(bytes) => {
                let words = bytes.chunks_exact(8);
                words
                    .remainder()
                    .iter()
                    .for_each(|&byte| take(u64::from(byte)));
                words.for_each(|word| {
                    take(u64::from_le_bytes(word.try_into().expect("eight bytes")))
                });
            }
            Values::F32(v) => v.iter().for_each(|x| take(u64::from(x.to_bits()))),
            Values::F64(v) => v.iter().for_each(|x| take(x.to_bits())),
        }
    }
    split
        .input_shape
        .0
        .iter()
        .chain(&split.target_shape.0)
        .for_each(|&axis| take(axis as u64));
    format!("{state:016x}")
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
