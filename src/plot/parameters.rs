//! What the parameters of a run are now: how far from 0, how uncertain, and what each costs.

use crate::engine::Predictor;
use crate::ir::{Inference, Role, TermKind};
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
    /// Over how many draws of the weights loc and scale are the mean and the standard deviation, of a run whose draws
    /// are points; else these are the posterior's own.
    pub draws: Option<usize>,
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
pub struct Marginals {
    /// The middle of its posterior.
    pub loc: Vec<f64>,
    /// Its scale; empty of a point estimate.
    pub scale: Vec<f64>,
}

/// The mean and the standard deviation of each entry over draws, added one by one.
#[derive(Debug, Clone, Default)]
pub struct OverDraws {
    draws: usize,
    mean: Vec<f64>,
    /// Sums of squared deviations from the mean.
    squares: Vec<f64>,
}

impl OverDraws {
    /// The moments of each tensor of a run whose draws are points, in the model's order, and over how many draws these
    /// are; `None` where the posteriors' variables say more.
    pub fn of_points(
        inference: &Inference,
        predictor: &mut dyn Predictor,
        asked: usize,
        seed: u64,
    ) -> Option<(usize, Vec<OverDraws>)> {
        let draws = predictor.draws(inference.draws_of_weights(asked));
        if !inference.method.has_points() || draws < 2 {
            return None;
        }
        let mut each = vec![OverDraws::default(); inference.tensors.len()];
        for draw in 0..draws {
            if predictor.is_stopped() {
                break;
            }
            predictor.draw_weights(draw, seed);
            // Tensors come first.
            for (over, drawn) in each.iter_mut().zip(predictor.drawn()) {
                over.add(&drawn.values);
            }
        }
        Some((draws, each))
    }

    /// Adds a draw, by Welford's update.
    pub fn add(&mut self, draw: &[f32]) {
        self.mean.resize(draw.len(), 0.0);
        self.squares.resize(draw.len(), 0.0);
        self.draws += 1;
        let entries = self.mean.iter_mut().zip(&mut self.squares);
        for ((mean, squares), x) in entries.zip(draw) {
            let off = f64::from(*x) - *mean;
            *mean += off / self.draws as f64;
            *squares += off * (f64::from(*x) - *mean);
        }
    }

    /// The standard deviation is that of a sample. Of a single draw there is none.
    pub fn marginals(self) -> Marginals {
        let scale = match self.draws {
            0 | 1 => vec![],
            draws => {
                let deviation = |squares: f64| (squares / (draws - 1) as f64).sqrt();
                self.squares.into_iter().map(deviation).collect()
            }
        };
        Marginals {
            loc: self.mean,
            scale,
        }
    }
}

impl Marginals {
    /// Of a posterior's variables, those of a plan laid out in `variables`.
    pub fn of(tensor: &TensorPlan, variables: &[f32]) -> Marginals {
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
        // 0 beside a scale of 0 has a ratio of 0.
        pairs
            .map(|(loc, scale)| loc.abs() / scale.max(f64::MIN_POSITIVE))
            .collect()
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
    /// Those of a plan at these variables; `terms` are the loss's, in their order. Of draws that are points, so many,
    /// `over_draws` has the moments of each tensor in the model's order.
    pub fn all(
        plan: &Plan,
        variables: &[f32],
        terms: &[Option<f64>],
        over_draws: Option<(usize, Vec<OverDraws>)>,
    ) -> Vec<Parameter> {
        let inference = &plan.inference;
        let term = |handle| {
            let all = inference.loss.terms.iter().zip(terms);
            let own = |kind: &TermKind| kind.tensor() == Some(handle);
            let (term, value) = all.into_iter().find(|(term, _)| own(&term.kind))?;
            Some((term.kind.word(), (*value)?))
        };
        let fitted = inference.all_fitted();
        let draws = over_draws.as_ref().map(|(draws, _)| *draws);
        let mut over_draws = over_draws.map(|(_, each)| each);
        let kept = fitted.filter(|(_, tensor)| !matches!(tensor.role, Role::State(_)));
        kept.map(|(handle, tensor)| {
            let marginals = match &mut over_draws {
                Some(each) => std::mem::take(&mut each[handle.index()]).marginals(),
                None => Marginals::of(&plan.tensors[handle], variables),
            };
            let located = draws.is_some() || is_located(tensor.posterior.family.entries());
            let random = !marginals.scale.is_empty();
            Parameter {
                name: tensor.name.clone(),
                entries: marginals.loc.len(),
                posterior: tensor.posterior.written.clone(),
                ratio: (located && random).then(|| Spread::of(marginals.ratios())),
                prior: prior_deviation(&tensor),
                draws,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 1, 2 and 6 have the mean 3 and the variance (4 + 1 + 9)/2 = 7.
    #[test]
    fn moments_over_draws_are_those_of_a_sample() {
        let mut over = OverDraws::default();
        [[1.0, 0.5], [2.0, 0.5], [6.0, 0.5]]
            .iter()
            .for_each(|draw| over.add(draw));
        let found = over.marginals();
        assert_eq!(found.loc, [3.0, 0.5]);
        assert!((found.scale[0] - 7f64.sqrt()).abs() < 1e-15 && found.scale[1] == 0.0);
        assert!((found.ratios()[0] - 3.0 / 7f64.sqrt()).abs() < 1e-15);
        let mut one = OverDraws::default();
        one.add(&[4.0]);
        assert!(one.marginals().scale.is_empty());
    }
}
