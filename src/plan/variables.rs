//! The flat vector of trainable numbers: a parameter's loc, then its rho, in the model's order; learned
//! numbers last.

use crate::ir::{Fitted, Inference, Initializer, Learned, Table};
use crate::posterior::{LEAST_SCALE, rho_from_scale};
use crate::signature::Domain;
use crate::tensor::Shape;
use std::ops::Range;
use std::sync::Arc;

/// One trainable tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Its name in checkpoints: `conv1.kernel.loc`, `conv1.kernel.rho`, `y.scale.rho`.
    pub name: String,
    /// Its shape; `[]` for a single number.
    pub shape: Shape,
    /// Where its entries lie in the flat vector.
    pub range: Range<usize>,
    /// How it starts.
    pub initializer: Initializer,
    /// What its entries start with in place of that, where they are given one by one.
    pub given: Option<Arc<[f64]>>,
}

/// A learned number, or one for each entry of the target: variables kept in their domain by a transform.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnedPlan {
    /// Their places in the flat vector.
    pub range: Range<usize>,
    /// The domain.
    pub domain: Domain,
}

impl LearnedPlan {
    /// The place of an entry's number in the flat vector; a single number serves all entries.
    pub fn place(&self, entry: usize) -> usize {
        self.range.start + entry.min(self.range.len() - 1)
    }

    /// The number, from its variable: softplus where it must be positive, sigmoid where it must lie
    /// between 0 and 1.
    pub fn value(&self, raw: f64) -> f64 {
        match self.domain {
            Domain::Real => raw,
            Domain::Positive | Domain::NonNegative => {
                LEAST_SCALE + raw.max(0.0) + (-raw.abs()).exp().ln_1p()
            }
            Domain::Unit | Domain::OpenUnit => 1.0 / (1.0 + (-raw).exp()),
        }
    }

    /// The derivative of [`LearnedPlan::value`].
    pub fn slope(&self, raw: f64) -> f64 {
        let sigmoid = 1.0 / (1.0 + (-raw).exp());
        match self.domain {
            Domain::Real => 1.0,
            Domain::Positive | Domain::NonNegative => sigmoid,
            Domain::Unit | Domain::OpenUnit => sigmoid * (1.0 - sigmoid),
        }
    }
}

/// The variable of a learned number: its suffix.
fn suffix(domain: Domain) -> &'static str {
    match domain {
        Domain::Real => "value",
        Domain::Positive | Domain::NonNegative => "rho",
        Domain::Unit | Domain::OpenUnit => "logit",
    }
}

/// The variable of a learned number that starts from `initial`.
fn variable(domain: Domain, initial: f64) -> f64 {
    match domain {
        Domain::Real => initial,
        Domain::Positive | Domain::NonNegative => rho_from_scale(initial, LEAST_SCALE),
        Domain::Unit | Domain::OpenUnit => (initial / (1.0 - initial)).ln(),
    }
}

/// Where the next variable of this shape lies in the flat vector.
fn next(variables: &[Variable], shape: &Shape) -> Range<usize> {
    let start = variables.last().map_or(0, |v| v.range.end);
    start..start + shape.len()
}

/// Appends the variables of a parameter. Returns where the first, its loc, and where all of them lie.
pub(super) fn of_tensor(tensor: &Fitted, variables: &mut Vec<Variable>) -> [Range<usize>; 2] {
    let (posterior, first) = (tensor.posterior, variables.len());
    for variable in posterior.variables(&tensor.shape) {
        let range = next(variables, &variable.shape);
        variables.push(Variable {
            name: format!("{}.{}", tensor.name, variable.name),
            range,
            initializer: posterior.start(&variable),
            given: posterior.given(&variable),
            shape: variable.shape,
        });
    }
    let loc = variables[first].range.clone();
    let all = loc.start..next(variables, &Shape::default()).start;
    [loc, all]
}

/// Appends the variables of the learned numbers.
pub(super) fn of_learned(
    inference: &Inference,
    variables: &mut Vec<Variable>,
) -> Table<Learned, LearnedPlan> {
    inference.learned.map(|_, learned| {
        let domain = learned.domain;
        let shape = learned.shape();
        let range = next(variables, &shape);
        let starts = learned.initial.iter().map(|start| variable(domain, *start));
        let starts: Vec<f64> = starts.collect();
        variables.push(Variable {
            name: format!("{}.{}", learned.name, suffix(domain)),
            shape,
            range: range.clone(),
            initializer: Initializer::Constant(starts[0]),
            given: (starts.len() > 1).then(|| starts.into()),
        });
        LearnedPlan { range, domain }
    })
}
