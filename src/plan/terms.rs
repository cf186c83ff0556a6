//! How each term over the weights is computed.

use crate::ir::{BoundPosterior, Form, Handle, Inference, Table, Tensor, Term, TermKind};
use crate::kl::{self, AnyTerm, PulledBack};
use std::sync::Arc;

/// How a term over the weights is computed.
pub struct TermPlan {
    /// Which of the loss's terms it is.
    pub term: Handle<Term>,
    /// Its arithmetic.
    pub computation: Arc<dyn AnyTerm>,
    /// Whether it is taken at each draw: Monte Carlo, of a point that is made of its loc, or with a prior that depends on a
    /// latent variable. Also
    /// where that variable is a point: its gradient is gathered with those of the draws.
    pub per_draw: bool,
}

/// How the term of each tensor is computed, where it has one.
pub(super) fn plan(inference: &Inference) -> Table<Tensor, Option<TermPlan>> {
    let mut plans = inference.tensors.map(|_, _| None);
    for (handle, tensor, term) in inference.loss.of_weights() {
        plans[tensor] = computation(inference, term).map(|computation| TermPlan {
            term: handle,
            computation,
            per_draw: term.kind.is_monte_carlo()
                || own_density(inference.fitted(tensor).posterior)
                    && matches!(term.kind, TermKind::NegLogPrior(_))
                || !inference.latents_of(term).is_empty(),
        });
    }
    plans
}

/// Whether a family draws the whole tensor at once, and so has a density of its own.
fn own_density(posterior: &BoundPosterior) -> bool {
    posterior.family.variational(&posterior.arguments).is_some()
}

fn computation(inference: &Inference, term: &Term) -> Option<Arc<dyn AnyTerm>> {
    let prior = |tensor: Handle<Tensor>| {
        inference.tensors[tensor]
            .prior
            .as_ref()
            .expect("a term has a prior")
            .distribution
    };
    match term.kind {
        TermKind::Nll(_) => None,
        TermKind::Kl(_, Form::ClosedForm(form)) => Some(kl::registered(form)),
        // Of the normal that a transformed posterior is made of, under the prior seen from there.
        TermKind::Kl(tensor, Form::Quadrature) => {
            let posterior = &inference.fitted(tensor).posterior;
            let prior = PulledBack::new(prior(tensor), posterior.made_of());
            Some(kl::quadrature(prior))
        }
        // A family of its own density adds it to -ln p(w).
        TermKind::Kl(tensor, Form::MonteCarlo { .. })
            if own_density(inference.fitted(tensor).posterior) =>
        {
            Some(kl::negative_log_prior(prior(tensor)))
        }
        TermKind::Kl(tensor, Form::MonteCarlo { path }) => {
            let law = inference.fitted(tensor).posterior.family.law();
            Some(Arc::new(kl::MonteCarlo {
                prior: prior(tensor).into(),
                law,
                path,
            }))
        }
        TermKind::Surrogate(tensor) => Some(Arc::new(kl::DropoutSurrogate {
            keep: 1.0 - inference.fitted(tensor).posterior.drop_rate(),
        })),
        TermKind::NegLogPrior(tensor) => Some(kl::negative_log_prior(prior(tensor))),
    }
}
