//! What each parameter needs of the flat vectors, and how its draws are made.

use super::KernelPlan;
use super::variables::{self, Variable};
use crate::distribution::Law;
use crate::estimator::{Draws, Estimator, POINT, REPARAMETERIZATION, SCALED};
use crate::ir::{Fitted, Handle, Inference, Table, Tensor};
use crate::posterior::{AnyVariational, Dimensions, Transform, Variational};
use std::ops::{Deref, Range};
use std::sync::Arc;

/// What a parameter needs at each step.
pub struct TensorPlan {
    /// How the network takes it.
    pub kernel: KernelPlan,
    /// Its variables in the flat vector, loc first.
    pub variables: Range<usize>,
    /// How a draw of it comes out of them.
    pub family: Family,
    /// The random numbers it draws: its estimator's, and ε where its term is Monte Carlo.
    pub draws: Draws,
    /// Where its ε lies in the vector that holds every parameter's.
    pub noise: Range<usize>,
    /// Which input channels are left out, at random.
    pub mask: Option<Mask>,
    /// What its prior is of.
    pub frame: Frame,
    /// Where the gradient by its marginal scales lies, if it is not in the place of that by rho.
    pub d_scale: Range<usize>,
}

/// How a draw comes out of a parameter's variables.
#[derive(Clone)]
pub enum Family {
    /// It is loc.
    Point,
    /// loc + scale·ε, entry by entry: what estimators share out over the examples.
    Independent {
        /// The distribution of ε.
        law: Law,
        /// From rho to scale.
        transform: Transform,
        /// The largest rho that a step leaves, if there is one.
        largest_rho: Option<f64>,
    },
    /// A function of standard normal noise, for the whole tensor at once.
    Variational {
        /// That function.
        family: Arc<dyn AnyVariational>,
        /// Its tensor.
        at: Dimensions,
    },
}

/// Dropout's mask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mask {
    /// The probability that a channel is left out.
    pub rate: f64,
    /// Whether each example has its own, or all of a minibatch the same.
    pub per_example: bool,
}

/// Where a prior stands: it is of (w - anchor)/local instead of w.
#[derive(Clone, Default)]
pub struct Frame {
    anchor: Option<Arc<[f64]>>,
    local: Option<Handle<Tensor>>,
}

impl Frame {
    /// Whether it moves or stretches anything.
    pub fn is_some(&self) -> bool {
        self.anchor.is_some() || self.local.is_some()
    }

    /// One number an entry; none are all 0.
    pub fn anchor(&self) -> &[f64] {
        self.anchor.as_deref().unwrap_or_default()
    }

    /// The local scales, one for each place on the last axis; without them all are 1.
    pub fn local_tensor<'a>(
        &self,
        tensors: &'a Table<Tensor, TensorPlan>,
    ) -> Option<&'a TensorPlan> {
        self.local.map(|local| &tensors[local])
    }

    /// Where the local scales lie among all entries: one for each place on the last axis; none are all 1.
    pub fn local_entries(&self, tensors: &Table<Tensor, TensorPlan>) -> Range<usize> {
        self.local
            .map_or(0..0, |local| tensors[local].entries.clone())
    }
}

impl Deref for TensorPlan {
    type Target = KernelPlan;
    fn deref(&self) -> &KernelPlan {
        &self.kernel
    }
}

impl TensorPlan {
    /// Whether it has a rho for each entry that follows its loc directly and that estimators use.
    pub fn is_independent(&self) -> bool {
        matches!(self.family, Family::Independent { .. })
    }

    /// Whether every draw of it is its loc.
    pub fn is_constant(&self) -> bool {
        matches!(self.family, Family::Point) && self.mask.is_none() && self.factors.is_none()
    }

    /// The distribution of its ε.
    pub fn law(&self) -> Law {
        match self.family {
            Family::Independent { law, .. } => law,
            _ => Law::Normal,
        }
    }

    /// The largest rho that a step leaves an independent family, if there is one.
    pub fn largest_rho(&self) -> Option<f64> {
        match self.family {
            Family::Independent { largest_rho, .. } => largest_rho,
            _ => None,
        }
    }

    /// Where the rho of an independent family lies in the flat vector.
    pub fn rho(&self) -> Range<usize> {
        self.loc.end..self.loc.end + self.loc.len()
    }
}

/// How much of the vectors that hold every parameter's numbers the parameters so far take.
#[derive(Default)]
struct Taken {
    entries: usize,
    noise: usize,
    d_scale: usize,
}

/// The next `len` places of a vector.
fn take(taken: &mut usize, len: usize) -> Range<usize> {
    let start = *taken;
    *taken += len;
    start..*taken
}

/// Lays the parameters out in the model's order; appends their variables, loc first.
pub(super) fn lay_out(
    inference: &Inference,
    variables: &mut Vec<Variable>,
) -> Table<Tensor, TensorPlan> {
    let mut taken = Taken::default();
    let mut has_monte_carlo_term = inference.tensors.map(|_, _| false);
    inference
        .loss
        .terms
        .iter()
        .filter(|term| term.kind.is_monte_carlo())
        .filter_map(|term| term.kind.tensor())
        .for_each(|tensor| has_monte_carlo_term[tensor] = true);
    let all = inference.all_fitted();
    all.map(|(handle, tensor)| plan(&tensor, has_monte_carlo_term[handle], &mut taken, variables))
        .collect()
}

fn plan(
    tensor: &Fitted,
    has_monte_carlo_term: bool,
    taken: &mut Taken,
    variables: &mut Vec<Variable>,
) -> TensorPlan {
    let [loc, variables] = variables::of_tensor(tensor, variables);
    let (len, family) = (tensor.shape.len(), family(tensor));
    let mask = mask(tensor);
    let estimator: &'static dyn Estimator = match family {
        _ if mask.is_some() || tensor.factors.is_some() => &SCALED,
        Family::Point => &POINT,
        _ => tensor.estimator.unwrap_or(REPARAMETERIZATION),
    };
    let (noises, d_scales) = match &family {
        Family::Variational { family, at } => (Variational::<f64>::noise(&**family, at), len),
        _ => (len, 0),
    };
    let mut draws = estimator.draws();
    draws.noise |= has_monte_carlo_term;
    // A point that is no loc, but made of it, draws nothing.
    draws.noise &= noises > 0;
    let prior = tensor.prior.as_ref();
    TensorPlan {
        variables,
        kernel: KernelPlan {
            loc,
            entries: take(&mut taken.entries, len),
            estimator,
            by_example: tensor.estimator.is_some_and(|e| e.by_example()),
            factors: tensor.factors,
            masked: mask.is_some(),
        },
        family,
        draws,
        noise: take(&mut taken.noise, noises),
        mask,
        frame: prior.map_or_else(Frame::default, |prior| Frame {
            anchor: prior.anchor.clone(),
            local: prior.local,
        }),
        d_scale: take(&mut taken.d_scale, d_scales),
    }
}

fn family(tensor: &Fitted) -> Family {
    let posterior = tensor.posterior;
    let transform = posterior.transform;
    match posterior.family.variational(&posterior.arguments) {
        Some(family) => Family::Variational {
            family,
            at: Dimensions::of(&tensor.shape, transform),
        },
        None if posterior.family.entries().is_random() && mask(tensor).is_none() => {
            Family::Independent {
                law: posterior.family.law(),
                transform,
                largest_rho: posterior.largest_rho(),
            }
        }
        None => Family::Point,
    }
}

fn mask(tensor: &Fitted) -> Option<Mask> {
    let posterior = tensor.posterior;
    let rate = posterior.family.drop_rate(&posterior.arguments)?;
    Some(Mask {
        rate,
        per_example: tensor.estimator.is_some_and(|e| e.draws().example_noise),
    })
}
