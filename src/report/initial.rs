//! What a term is before the first step: its expectation over the initialisers, by a product of
//! Gaussian rules, one for loc and one for rho.

use crate::ir::{Form, Model, TermKind};
use crate::kl::{self, Entries, Gradients, Term};

/// Nodes for loc, and for rho: what a term is moves slowly with rho, and with loc as fast as the prior does.
const NODES: [usize; 2] = [40, 6];

/// The expected value of each term of the loss, unscaled, in nats; `None` for the data term.
pub fn initial_terms(model: &Model) -> Vec<Option<f64>> {
    // Parameters with the same settings share their value an entry.
    let mut known: Vec<(String, f64)> = Vec::new();
    let mut terms = Vec::new();
    for term in &model.loss.terms {
        terms.push(match term.kind {
            TermKind::Nll => None,
            TermKind::Surrogate(_) => None,
            TermKind::Kl(tensor, _) | TermKind::NegLogPrior(tensor) => {
                let tensor = &model.tensors[tensor];
                let prior = tensor
                    .prior
                    .as_ref()
                    .map_or(String::new(), |p| model.prior_text(p));
                let posterior = &tensor.posterior;
                let mut starts = posterior.initializers.iter();
                let by_shape = starts.any(|(_, initializer)| initializer.depends_on_shape());
                let key = format!(
                    "{prior} {:?} {:?} {:?} {}",
                    posterior.initializers,
                    posterior.transform,
                    by_shape.then_some(&tensor.shape),
                    kind(&term.kind)
                );
                let value = match known.iter().find(|(other, _)| *other == key) {
                    Some((_, value)) => *value,
                    None => {
                        let value = per_entry(model, &term.kind).unwrap_or(f64::NAN);
                        known.push((key, value));
                        value
                    }
                };
                Some(value * tensor.shape.len() as f64)
            }
        });
    }
    terms
}

fn kind(kind: &TermKind) -> &'static str {
    match kind {
        TermKind::Nll => "nll",
        TermKind::Kl(_, Form::ClosedForm(_)) => "closed",
        // The expectation over the draw is the integral.
        TermKind::Kl(..) => "integral",
        TermKind::NegLogPrior(_) | TermKind::Surrogate(_) => "penalty",
    }
}

/// The term of one entry, averaged over the draws.
fn per_entry(model: &Model, kind: &TermKind) -> Option<f64> {
    let (handle, computation) = match kind {
        TermKind::Nll | TermKind::Surrogate(_) => return None,
        TermKind::Kl(tensor, form) => {
            let prior = model.tensors[*tensor].prior.as_ref()?.distribution;
            let computation = match form {
                Form::ClosedForm(form) => kl::closed_form(*form),
                _ => kl::quadrature(prior),
            };
            (*tensor, computation)
        }
        TermKind::NegLogPrior(tensor) => {
            let prior = model.tensors[*tensor].prior.as_ref()?.distribution;
            (*tensor, kl::negative_log_prior(prior))
        }
    };
    let tensor = &model.tensors[handle];
    let prior: Vec<f64> = tensor
        .prior
        .as_ref()?
        .parameters
        .iter()
        .map(|scalar| model.initial(scalar))
        .collect();
    let posterior = &tensor.posterior;
    let locs = posterior.initializer("loc")?;
    let locs = locs.rule(&tensor.shape, NODES[0]);
    let rhos = posterior
        .initializer("scale")
        .map(|initializer| initializer.rule(&tensor.shape, NODES[1]));
    let mut expected = 0.0;
    for loc in &locs {
        let value = |scale: &[f64]| {
            let entries = Entries {
                loc: &[loc.at],
                scale,
                noise: &[],
            };
            let (mut d_loc, mut d_scale) = ([0.0], vec![0.0; scale.len()]);
            let gradients = Gradients {
                loc: &mut d_loc,
                scale: &mut d_scale,
                prior: &mut [],
            };
            Term::<f64>::accumulate(&*computation, entries, &prior, 0.0, gradients)
        };
        expected += loc.weight
            * match &rhos {
                Some(rhos) => rhos
                    .iter()
                    .map(|rho| rho.weight * value(&[posterior.transform.value(rho.at)]))
                    .sum(),
                None => value(&[]),
            };
    }
    Some(expected)
}
