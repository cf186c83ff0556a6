//! What a term is before the first step: its expectation over the initialisers, by a product of
//! Gaussian rules, one for loc and one for rho.

use crate::ir::{Form, Initializer, Model, TermKind};
use crate::kl::rules::{Node, hermite, legendre};
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
                let key = format!(
                    "{prior} {:?} {}",
                    tensor.posterior.initializers,
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
            let exact = kl::closed_form(prior).filter(|_| matches!(form, Form::ClosedForm(_)));
            (*tensor, exact.unwrap_or_else(|| kl::quadrature(prior)))
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
    let locs = rule(&posterior.initializer("loc")?, NODES[0]);
    let rhos = posterior
        .initializer("scale")
        .map(|initializer| rule(&initializer, NODES[1]));
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

/// The rule whose weighted sum of a function is the function's mean over the initialiser.
pub fn rule(initializer: &Initializer, nodes: usize) -> Vec<Node> {
    match *initializer {
        Initializer::Constant(at) => vec![Node { at, weight: 1.0 }],
        Initializer::Uniform { low, high } => legendre(nodes)
            .into_iter()
            .map(|n| Node {
                at: 0.5 * (low + high + (high - low) * n.at),
                weight: 0.5 * n.weight,
            })
            .collect(),
        Initializer::Normal { loc, scale } => hermite(nodes)
            .into_iter()
            .map(|n| Node {
                at: loc + scale * n.at,
                weight: n.weight * (-0.5 * n.at * n.at).exp() / std::f64::consts::TAU.sqrt(),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_has_its_initializers_moments() {
        for (initializer, mean, second) in [
            (
                Initializer::Normal {
                    loc: -3.0,
                    scale: 0.1,
                },
                -3.0,
                9.01,
            ),
            (
                Initializer::Uniform {
                    low: -1.0,
                    high: 2.0,
                },
                0.5,
                1.0,
            ),
            (Initializer::Constant(0.7), 0.7, 0.49),
        ] {
            for nodes in NODES {
                let rule = rule(&initializer, nodes);
                let moment = |k: i32| rule.iter().map(|n| n.weight * n.at.powi(k)).sum::<f64>();
                assert!((moment(0) - 1.0).abs() < 1e-12);
                assert!((moment(1) - mean).abs() < 1e-12);
                assert!((moment(2) - second).abs() < 1e-12);
            }
        }
    }
}
