//! What a term is before the first step: its expectation over the initialisers, by a product of
//! Gaussian rules, one for loc and one for rho; where a term is no sum of the like over entries, its
//! mean over some starts.

use crate::exec::{Draw, Interpreter};
use crate::ir::{Fitted, Form, Handle, Inference, Initializer, Tensor, TermKind};
use crate::kl::{self, AnyTerm, Entries, Gradients, Term};
use crate::plan::{Plan, TensorPlan};
use crate::posterior::{self, LEAST_SCALE};
use std::collections::HashMap;
use std::sync::Arc;

/// Nodes for loc, and for rho: what a term is moves slowly with rho, and with loc as fast as the prior does.
const NODES: [usize; 2] = [40, 6];
/// Starts that are averaged at most where a term is no sum over entries.
const STARTS: u64 = 16;
/// Operations that all starts may take: some tenths of a second.
const OPERATIONS: u64 = 1 << 26;

/// The expected value of each term of the loss, unscaled, in nats; `None` for the data term, and where the
/// inference method sets the scales at the start by the number `n` of training examples, which is not known. Latent
/// variables are taken at their posteriors' middles, where the term is a sum over entries.
pub fn initial_terms(plan: &Arc<Plan>, n: Option<usize>) -> Vec<Option<f64>> {
    let inference = &plan.inference;
    // Parameters with the same settings share their value an entry.
    let mut known: HashMap<String, f64> = HashMap::new();
    let mut sampled: Option<Vec<Option<f64>>> = None;
    let terms = inference.loss.terms.iter().enumerate();
    let values = terms.map(|(index, term)| {
        let handle = term.kind.tensor()?;
        let tensor = inference.fitted(handle);
        let variables = tensor.posterior.variables(&tensor.shape);
        let mut variables = variables.iter();
        let own = match variables.any(|variable| tensor.posterior.starts_by_method(variable)) {
            true => Some(inference.method.start_scale(inference, handle, n?)?),
            false => None,
        };
        let Some(computation) = entrywise(plan, handle, tensor, &term.kind) else {
            return sampled.get_or_insert_with(|| sample(plan))[index];
        };
        let posterior = tensor.posterior;
        let mut starts = posterior.initializers.iter();
        let by_shape = starts.any(|(_, initializer)| initializer.depends_on_shape());
        let form = match &term.kind {
            // The expectation over the draw is the integral.
            TermKind::Kl(_, Form::MonteCarlo { .. }) => Form::Quadrature.words(),
            TermKind::Kl(_, form) => form.words(),
            kind => kind.word(),
        };
        let key = format!(
            "{:?} {} {:?} {:?} {:?} {:?} {form}",
            tensor
                .prior
                .as_ref()
                .map(|prior| inference.prior_text(prior)),
            posterior.family.signature().name,
            posterior.initializers,
            posterior.transform,
            posterior.arguments,
            by_shape.then_some(&tensor.shape),
        );
        let value = || per_entry(inference, tensor, own, &*computation).unwrap_or(f64::NAN);
        Some(*known.entry(key).or_insert_with(value) * tensor.shape.len() as f64)
    });
    values.collect()
}

/// The arithmetic of a term that is a sum over entries of a function of loc and scale before the first
/// step: correlations start at 0.
fn entrywise(
    plan: &Plan,
    handle: Handle<Tensor>,
    tensor: Fitted,
    kind: &TermKind,
) -> Option<Arc<dyn AnyTerm>> {
    use posterior::Entries as Of;
    let computed = plan.terms[handle].as_ref()?;
    let prior = tensor.prior.as_ref()?;
    let given = tensor.posterior.pretrained.is_some();
    if given || prior.anchor.is_some() || prior.local.is_some() {
        return None;
    }
    match (tensor.posterior.family.entries(), kind) {
        // A point that is made of its loc: the term is of both.
        (Of::Point, _) if tensor.posterior.made_of() != kl::Transform::Identity => return None,
        (_, TermKind::NegLogPrior(_) | TermKind::Surrogate(_)) => {}
        (Of::Normal, TermKind::Kl(_, Form::MonteCarlo { .. })) => {
            return Some(kl::quadrature(prior.distribution));
        }
        (_, TermKind::Kl(_, Form::MonteCarlo { .. })) => return None,
        _ if !tensor.posterior.family.starts_factorized() => return None,
        _ => {}
    }
    Some(computed.computation.clone())
}

/// Every term's mean over some starts and draws; none of a network that takes too long even once.
fn sample(plan: &Arc<Plan>) -> Vec<Option<f64>> {
    let starts = (OPERATIONS / operations(plan).max(1)).min(STARTS);
    if starts == 0 {
        return vec![None; plan.inference.loss.terms.len()];
    }
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), 1);
    let mut total: Vec<Option<f64>> = vec![None; plan.inference.loss.terms.len()];
    for seed in 0..starts {
        interpreter.initialize(seed);
        let (step, given) = (0, None);
        let values = interpreter.weight_terms(&Draw { seed, step, given });
        for (total, value) in total.iter_mut().zip(values) {
            *total = value.map(|value| total.unwrap_or(0.0) + value / starts as f64);
        }
    }
    total
}

/// Operations of one draw: an entry with some numbers of its own, as a low-rank factor has, takes their square.
fn operations(plan: &Plan) -> u64 {
    let of = |tensor: &TensorPlan| {
        let variables = tensor.variables.len() as u64;
        variables.saturating_mul(variables / (tensor.entries.len() as u64).max(1))
    };
    let all = plan.tensors.values().map(of);
    all.fold(0, u64::saturating_add)
}

/// The term of one entry, averaged over the starts; `own` is the scale that the inference method starts with, if it does.
fn per_entry(
    inference: &Inference,
    tensor: Fitted,
    own: Option<f64>,
    computation: &dyn AnyTerm,
) -> Option<f64> {
    let prior = tensor.prior.as_ref()?.parameters.iter();
    let prior: Vec<f64> = prior.map(|scalar| inference.initial(scalar)).collect();
    let posterior = tensor.posterior;
    let value = |loc: f64, scale: &[f64]| {
        let (loc, noise) = (&[loc][..], &[][..]);
        let (mut d_loc, mut d_scale) = ([0.0], vec![0.0; scale.len()]);
        let gradients = Gradients {
            loc: &mut d_loc,
            scale: &mut d_scale,
            prior: &mut [],
        };
        Term::<f64>::accumulate(
            computation,
            Entries { loc, scale, noise },
            &prior,
            0.0,
            gradients,
        )
    };
    let locs = posterior.initializer("loc")?.rule(&tensor.shape, NODES[0]);
    let own = own.map(|scale| Initializer::Constant(posterior.transform.raw(scale, LEAST_SCALE)));
    let rhos = posterior.initializer("scale").or(own);
    let rhos = rhos.filter(|_| posterior.family.entries().is_random());
    let rhos = rhos.map(|rhos| rhos.rule(&tensor.shape, NODES[1]));
    let start = |rho: f64| posterior.largest_rho().map_or(rho, |most| rho.min(most));
    let of_loc = |loc: f64| match &rhos {
        Some(rhos) => {
            let values = rhos
                .iter()
                .map(|rho| rho.weight * value(loc, &[posterior.transform.value(start(rho.at))]));
            values.sum()
        }
        None => value(loc, &[]),
    };
    Some(locs.iter().map(|loc| loc.weight * of_loc(loc.at)).sum())
}
