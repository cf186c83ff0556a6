//! Made-up examples: a rate depends on no value.

use crate::exec::Batch;
use crate::likelihood::{Storage, Targets};
use crate::plan::Plan;
use crate::tensor::Stream;

/// Standard normal inputs, and targets that the likelihood takes.
pub struct Synthetic {
    /// One after the other.
    pub inputs: Vec<f32>,
    labels: Vec<u32>,
    reals: Vec<f32>,
    storage: Storage,
    len: usize,
    /// Numbers of one predictive distribution.
    pub columns: usize,
}

impl Synthetic {
    /// `len` examples of what `plan` takes.
    pub fn new(plan: &Plan, len: usize) -> Self {
        let normal = |use_: u32, count: usize| {
            let mut values = vec![0.0; count];
            Stream::new(0, u64::MAX, 0, use_).fill_normal(0, &mut values);
            values
        };
        let kind = plan.model.target.kind;
        let storage = kind.storage();
        let (classes, labels, reals) = match storage {
            Storage::Labels { classes } => (classes, kind.entries(), 0),
            Storage::Reals => (1, 0, kind.entries()),
        };
        Synthetic {
            inputs: normal(0, len * plan.model.input.shape.len()),
            labels: (0..len * labels).map(|i| (i % classes) as u32).collect(),
            reals: match plan.model.summary().standardizes() {
                true => normal(1, len * reals),
                // Some distributions are of positive numbers only, or of counts.
                false => vec![1.0; len * reals],
            },
            storage,
            len,
            columns: plan.model.summary().row(),
        }
    }

    /// All of them.
    pub fn batch(&self) -> Batch<'_, f32> {
        Batch {
            inputs: &self.inputs,
            targets: match self.storage {
                Storage::Reals => Targets::Reals(&self.reals),
                Storage::Labels { .. } => Targets::Labels(&self.labels),
            },
            len: self.len,
        }
    }
}
