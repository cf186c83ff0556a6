//! A deep ensemble: members that a descent fits one after the other, each from a seed of its own. The loop sees one
//! long run of as many rounds as there are members. Draw s of the weights is member s.
//!
//! A checkpoint has member k's variables as `member.k/conv1.kernel.loc`, beside what the member under way needs to go on.

use super::points::{Gathered, Gathering, PointPredictor, Points};
use crate::diagnostic::{Diagnostic, Result};
use crate::engine::{Engine, Numbers, Predictor, Section, Step, sections};
use crate::memory;
use crate::plan::Plan;
use crate::tensor::Shape;
use crate::train::Config;
use std::sync::Arc;

/// The variables of every member at the end of its last epoch.
struct Members {
    plan: Arc<Plan>,
    variables: Vec<Vec<f32>>,
    /// Which predict, those with an epoch behind them that have not gone astray: 1 of each, as a section holds it.
    begun: Vec<f32>,
}

impl Members {
    fn new(plan: Arc<Plan>) -> Members {
        let members = plan.inference.method.rounds();
        Members {
            variables: vec![vec![0.0; plan.trainable()]; members],
            begun: vec![0.0; members],
            plan,
        }
    }

    /// The numbers of those that predict.
    fn predicting(&self) -> impl Iterator<Item = usize> {
        let begun = self.begun.iter().enumerate();
        begun
            .filter(|(_, begun)| **begun > 0.0)
            .map(|(member, _)| member)
    }
}

/// The ensemble in training.
///
/// # Errors
///
/// `E0603` where members would end early; `E0613` where they take more memory than there is.
pub(super) fn engine(plan: Arc<Plan>, config: &Config, capacity: usize) -> Result<Box<dyn Engine>> {
    if config.patience().is_some() {
        let title = "`early_stopping` is of one fit, and an ensemble has several";
        return Err(Diagnostic::error("E0603", title)
            .help("leave it out, and say for how many `epochs` each member is trained")
            .into());
    }
    let members = plan.inference.method.rounds();
    let bytes = (members as u64).saturating_mul((plan.trainable() * size_of::<f32>()) as u64);
    memory::refuse(
        "an ensemble of so many members",
        bytes,
        "take fewer `members`",
    )?;
    let points = Members::new(plan.clone());
    Ok(Box::new(Gathering::new(plan, config, capacity, points)?))
}

/// The ensemble of a checkpoint.
pub(super) fn predictor(
    plan: Arc<Plan>,
    _: &Config,
    capacity: usize,
) -> Result<Box<dyn Predictor>> {
    let points = Members::new(plan.clone());
    Ok(Box::new(PointPredictor::new(plan, capacity, points)))
}

impl Points for Members {
    fn draw(&mut self, draw: usize, _: u64, variables: &mut [f32]) {
        let predicting = self.predicting().count().max(1);
        // Before there is one, the start of the first.
        let member = self.predicting().nth(draw % predicting).unwrap_or(0);
        variables.copy_from_slice(&self.variables[member]);
    }
    fn centre(&mut self, variables: &mut [f32]) {
        let member = self.predicting().next().unwrap_or(0);
        variables.copy_from_slice(&self.variables[member]);
    }
    fn sections(&mut self) -> Vec<Section<'_>> {
        let plan = &self.plan;
        let members = self.variables.iter_mut().enumerate();
        let members = members.flat_map(|(member, values)| {
            sections(&format!("member.{}/", member + 1), &plan.variables, values)
        });
        let begun = Section {
            name: "members.begun".into(),
            shape: Shape::new(&[self.begun.len()]),
            values: Numbers::F32(&mut self.begun),
        };
        members.chain([begun]).collect()
    }
    fn draws(&self, asked: usize) -> usize {
        asked.min(self.predicting().count())
    }
}

impl Gathered for Members {
    fn begin(&mut self, variables: &[f32]) {
        self.variables[0].copy_from_slice(variables);
    }
    fn gather(&mut self, variables: &[f32], next: &Step) {
        // The next step may be the next member's first.
        let member = if next.done == 0 {
            next.round - 1
        } else {
            next.round
        };
        self.variables[member].copy_from_slice(variables);
        self.begun[member] = 1.0;
    }
    fn leave_out(&mut self, member: usize, variables: &[f32]) {
        self.begun[member] = 0.0;
        self.variables[member].copy_from_slice(variables);
    }
}
