//! Made-up examples: a rate depends on no value.

use crate::exec::Batch;
use crate::likelihood::{TargetKind, Targets};
use crate::plan::Plan;
use crate::tensor::Stream;

/// Standard normal inputs, and targets that the likelihood takes.
pub struct Synthetic {
    /// One after the other.
    pub inputs: Vec<f32>,
    labels: Vec<u32>,
    reals: Vec<f32>,
    kind: TargetKind,
    len: usize,
    /// Numbers of one predictive distribution.
    pub columns: usize,
}

impl Synthetic {
    /// `len` examples of what `plan` takes.
    pub fn new(plan: &Plan, len: usize) -> Self {
        let kind = plan.model.target.kind;
        let normal = |use_: u32, count: usize| {
            let mut values = vec![0.0; count];
            Stream::new(0, u64::MAX, 0, use_).fill_normal(0, &mut values);
            values
        };
        let (classes, reals, columns) = match kind {
            TargetKind::Category(classes) => (classes, 0, classes),
            TargetKind::Binary => (2, 0, 1),
            TargetKind::Real(width) => (1, width, 2 * width),
        };
        Synthetic {
            inputs: normal(0, len * plan.model.input.shape.len()),
            labels: (0..len).map(|i| (i % classes) as u32).collect(),
            reals: normal(1, len * reals),
            kind,
            len,
            columns,
        }
    }

    /// All of them.
    pub fn batch(&self) -> Batch<'_, f32> {
        Batch {
            inputs: &self.inputs,
            targets: match self.kind {
                TargetKind::Real(_) => Targets::Reals(&self.reals),
                _ => Targets::Labels(&self.labels),
            },
            len: self.len,
        }
    }
}
