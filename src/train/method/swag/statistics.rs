//! Batch norms under SWAG. The means and variances that such a layer keeps are those of the weights that training went
//! through; at other weights its inputs have others. So at the end of training the mean and each of so many draws are
//! given their own: averages over minibatches of training examples, passed through the network with these weights
//! (Izmailov et al. 2018, "Averaging weights leads to wider optima and better generalization", section 3.2; Maddox et al.
//! 2019, algorithm 1). Only these draws can predict.
//!
//! A checkpoint has them as `swag.statistics`, a row for the mean and one for each draw, and the point that the descent
//! has come to as `swag.current/…`, which predicts before they are known.

use crate::data::order::epoch_order;
use crate::diagnostic::Result;
use crate::engine::{Numbers, Section, sections};
use crate::examples::{Buffers, Part};
use crate::exec::Interpreter;
use crate::ir::Role;
pub(super) use crate::ir::method::swag::DRAWS_WITH_STATISTICS as DRAWS;
use crate::plan::Plan;
use crate::tensor::Shape;
use std::ops::Range;

/// The most training examples that statistics are averaged over.
const EXAMPLES: usize = 10_000;
/// The seed of these draws.
pub(super) const SEED: u64 = 0;

/// What batch norms keep, of the mean and of each draw.
pub(super) struct Statistics {
    /// Where it lies among the variables; nowhere in a model without such a layer.
    places: Vec<Range<usize>>,
    /// A row for the mean, then one for each draw.
    rows: Vec<f32>,
    /// 1 once the rows are known, as a section holds it.
    are_known: [f32; 1],
    /// Where the descent is.
    current: Vec<f32>,
}

impl Statistics {
    /// Of a plan, not known yet.
    pub(super) fn new(plan: &Plan) -> Statistics {
        let tensors = plan.tensors.iter();
        let kept = tensors.filter(|(handle, _)| {
            let role = plan.model.tensors[*handle].role;
            matches!(role, Role::State(_))
        });
        let places: Vec<Range<usize>> = kept.map(|(_, tensor)| tensor.loc.clone()).collect();
        let width: usize = places.iter().map(Range::len).sum();
        let current = if places.is_empty() {
            0
        } else {
            plan.trainable()
        };
        Statistics {
            rows: vec![0.0; (DRAWS + 1) * width],
            places,
            are_known: [0.0],
            current: vec![0.0; current],
        }
    }

    /// Whether the model has such a layer.
    pub(super) fn are_needed(&self) -> bool {
        !self.places.is_empty()
    }

    /// Whether the rows are known.
    pub(super) fn are_known(&self) -> bool {
        self.are_known[0] > 0.0
    }

    /// The descent is at a point.
    pub(super) fn stand(&mut self, point: &[f32]) {
        if self.are_needed() {
            self.current.copy_from_slice(point);
            self.are_known = [0.0];
        }
    }

    /// Where the descent is.
    pub(super) fn current(&self) -> &[f32] {
        &self.current
    }

    fn width(&self) -> usize {
        self.places.iter().map(Range::len).sum()
    }

    /// Puts a row, 0 of the mean and s + 1 of draw s, among the variables.
    pub(super) fn put(&self, row: usize, variables: &mut [f32]) {
        let width = self.width();
        let mut rest = &self.rows[row * width..][..width];
        for place in &self.places {
            let (own, others) = rest.split_at(place.len());
            variables[place.clone()].copy_from_slice(own);
            rest = others;
        }
    }

    /// Works out a row, at the weights that the interpreter has; the number of examples.
    ///
    /// # Errors
    ///
    /// Where training examples cannot be read.
    pub(super) fn take(
        &mut self,
        row: usize,
        interpreter: &mut Interpreter<f32>,
        training: &Part,
    ) -> Result<usize> {
        let part = Part {
            with_targets: false,
            others: &[],
            ..*training
        };
        let order = epoch_order(part.len(), SEED, 0);
        let taken = &order[..part.len().min(EXAMPLES)];
        let mut buffers = Buffers::<f32>::default();
        // Parts of nearly the same size, each as large as the interpreter takes.
        let count = taken.len().div_ceil(interpreter.batch());
        for number in 0..count {
            let [from, to] = [number, number + 1].map(|n| n * taken.len() / count);
            let places = taken[from..to].iter().map(|place| *place as usize);
            let batch = part.gather(places, &mut buffers)?;
            interpreter.average_statistics(batch.inputs, batch.len, number);
        }
        let width = self.width();
        let variables = interpreter.variables();
        let found = self
            .places
            .iter()
            .flat_map(|place| &variables[place.clone()]);
        let row = &mut self.rows[row * width..][..width];
        row.iter_mut().zip(found).for_each(|(to, x)| *to = *x);
        Ok(taken.len())
    }

    /// All rows have been taken.
    pub(super) fn settle(&mut self) {
        self.are_known = [1.0];
    }

    /// What a checkpoint keeps of them.
    pub(super) fn sections(&mut self, plan: &Plan) -> Vec<Section<'_>> {
        if !self.are_needed() {
            return vec![];
        }
        let width = self.width();
        let mut all = sections("swag.current/", &plan.variables, &mut self.current[..]);
        all.push(Section {
            name: "swag.statistics".into(),
            shape: Shape::new(&[DRAWS + 1, width]),
            values: Numbers::F32(&mut self.rows),
        });
        all.push(Section::number(
            "swag.statistics_known",
            &mut self.are_known,
        ));
        all
    }
}
