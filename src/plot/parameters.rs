//! What the parameters of a run are now: how far from 0, how uncertain, and what each costs.

use crate::ir::{Role, TermKind};
use crate::plan::{Family, Plan, TensorPlan};
use crate::posterior::{Entries, Variational};

/// A parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// How many numbers it has.
    pub entries: usize,
    /// Its posterior, as the model has it.
    pub posterior: String,
    /// How far its entries' middles are from 0.
    pub loc: Spread,
    /// Their scales; none of a point estimate.
    pub scale: Option<Spread>,
    /// |loc| over scale; none of a point estimate, nor of a family whose draws are a function of these.
    pub ratio: Option<Spread>,
    /// The standard deviation of its prior, if it is known and finite.
    pub prior: Option<f64>,
    /// What it adds to the loss, unscaled, and what that is called: `KL`, `penalty`.
    pub term: Option<(&'static str, f64)>,
}

/// Some numbers by their quantiles: 5, 25, 50, 75 and 95 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread(pub [f64; 5]);

impl Spread {
    /// Of these numbers, of which there is at least one.
    pub fn of(mut numbers: Vec<f64>) -> Spread {
        numbers.sort_by(f64::total_cmp);
        let at = |p: f64| numbers[(p * (numbers.len() - 1) as f64).round() as usize];
        Spread([0.05, 0.25, 0.5, 0.75, 0.95].map(at))
    }
}

/// Each entry's loc and scale.
pub(super) struct Marginals {
    pub loc: Vec<f64>,
    /// Empty of a point estimate.
    pub scale: Vec<f64>,
}

impl Marginals {
    pub(super) fn of(tensor: &TensorPlan, variables: &[f32]) -> Marginals {
        let wide = |range: std::ops::Range<usize>| -> Vec<f64> {
            variables[range].iter().map(|x| f64::from(*x)).collect()
        };
        let loc = wide(tensor.loc.clone());
        let scale = match &tensor.family {
            Family::Point => vec![],
            Family::Independent { transform, .. } => {
                let rho = wide(tensor.rho());
                rho.into_iter().map(|rho| transform.value(rho)).collect()
            }
            Family::Variational { family, at } if Variational::<f64>::noise(&**family, at) == 0 => {
                vec![]
            }
            Family::Variational { family, at } => {
                let mut scale = vec![0.0; loc.len()];
                let values = wide(tensor.variables.clone());
                Variational::<f64>::marginal_scales(&**family, at, &values, &mut scale);
                scale
            }
        };
        Marginals { loc, scale }
    }

    /// |loc| over scale, entry by entry.
    pub(super) fn ratios(&self) -> Vec<f64> {
        let pairs = self.loc.iter().zip(&self.scale);
        pairs.map(|(loc, scale)| loc.abs() / scale).collect()
    }
}

/// Whether loc and scale are those of the entry itself, so that their ratio says how well its sign is known.
pub(super) fn is_located(entries: Entries) -> bool {
    matches!(
        entries,
        Entries::Normal
            | Entries::Laplace
            | Entries::Cauchy
            | Entries::Correlated
            | Entries::Radial
    )
}

impl Parameter {
    /// Those of a plan at these variables; `terms` are the loss's, in their order.
    pub fn all(plan: &Plan, variables: &[f32], terms: &[Option<f64>]) -> Vec<Parameter> {
        let inference = &plan.inference;
        let term = |handle| {
            let all = inference.loss.terms.iter().zip(terms);
            let own = |kind: &TermKind| kind.tensor() == Some(handle);
            let (term, value) = all.into_iter().find(|(term, _)| own(&term.kind))?;
            Some((term.kind.word(), (*value)?))
        };
        let fitted = inference.all_fitted();
        let kept = fitted.filter(|(_, tensor)| !matches!(tensor.role, Role::State(_)));
        kept.map(|(handle, tensor)| {
            let marginals = Marginals::of(&plan.tensors[handle], variables);
            let located = is_located(tensor.posterior.family.entries());
            let random = !marginals.scale.is_empty();
            Parameter {
                name: tensor.name.clone(),
                entries: marginals.loc.len(),
                posterior: tensor.posterior.written.clone(),
                ratio: (located && random).then(|| Spread::of(marginals.ratios())),
                prior: prior_deviation(&tensor),
                term: term(handle),
                loc: Spread::of(marginals.loc.iter().map(|x| x.abs()).collect()),
                scale: random.then(|| Spread::of(marginals.scale)),
            }
        })
        .collect()
    }
}

/// The standard deviation of a prior whose parameters are fixed numbers.
fn prior_deviation(tensor: &crate::ir::Tensor) -> Option<f64> {
    let prior = tensor
        .prior
        .as_ref()
        .filter(|prior| prior.local.is_none())?;
    let fixed: Option<Vec<f64>> = prior.parameters.iter().map(|p| p.fixed()).collect();
    let (_, deviation) = prior.distribution.moments(&fixed?);
    deviation.filter(|x| x.is_finite() && *x > 0.0)
}
