//! Made-up examples: a rate depends on no value.

use crate::exec::Batch;
use crate::ir::{Lengths, Observe, Target};
use crate::likelihood::{OwnedTargets, Storage};
use crate::plan::Plan;
use crate::tensor::Stream;

/// Standard normal inputs, and targets that the likelihoods take.
pub struct Synthetic {
    /// One after the other.
    pub inputs: Vec<f32>,
    /// Of each target.
    targets: Vec<OwnedTargets<f32>>,
    len: usize,
    /// Numbers of one example's predictive distributions.
    pub columns: usize,
}

impl Synthetic {
    /// `len` examples of what `plan` takes.
    pub fn new(plan: &Plan, len: usize) -> Self {
        let mut inputs = normal(0, len * plan.model.input.shape.len());
        for row in inputs.chunks_exact_mut(plan.model.input.shape.len()) {
            plan.model.admit(row, Lengths::Full);
        }
        Synthetic {
            inputs,
            columns: plan.model.summaries().map(|summary| summary.row()).sum(),
            targets: (plan.model.observed())
                .map(|(target, observe)| targets_of(target, observe, len))
                .collect(),
            len,
        }
    }

    /// All of them.
    pub fn batch(&self) -> Batch<'_, f32> {
        let (first, others) = self.targets.split_first().expect("a model has a target");
        Batch {
            inputs: &self.inputs,
            targets: first.targets(),
            others,
            len: self.len,
        }
    }
}

fn normal(use_: u32, count: usize) -> Vec<f32> {
    let mut values = vec![0.0; count];
    Stream::new(0, u64::MAX, 0, use_).fill_normal(0, &mut values);
    values
}

fn targets_of(target: &Target, observe: &Observe, len: usize) -> OwnedTargets<f32> {
    let count = len * target.kind.entries();
    let summary = observe.summary(target.kind);
    match target.kind.storage() {
        Storage::Labels { classes } => {
            OwnedTargets::Labels((0..count).map(|i| (i % classes) as u32).collect())
        }
        Storage::Reals if summary.standardizes() => OwnedTargets::Reals(normal(1, count)),
        // Some distributions are of positive numbers only, or of counts.
        Storage::Reals => OwnedTargets::Reals(vec![1.0; count]),
    }
}
