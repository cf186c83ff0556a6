//! What a term is before the first step: its expectation over the initialisers.

use crate::ir::{Form, Initializer, Model, Scalar, TermKind};
use crate::kl::{self, Entries, Gradients};
use crate::posterior::scale_from_rho;
use std::f64::consts::TAU;

/// Draws of (loc, rho): in antithetic pairs, so that what is odd in them cancels exactly.
const DRAWS: usize = 4096;

/// The expected value of each term of the loss, unscaled, in nats; `None` for the data term.
pub fn initial_terms(model: &Model) -> Vec<Option<f64>> {
    // Parameters with the same settings share their value an entry.
    let mut known: Vec<(String, f64)> = Vec::new();
    let mut terms = Vec::new();
    for term in &model.loss.terms {
        terms.push(match term.kind {
            TermKind::Nll => None,
            TermKind::Kl(tensor, _) | TermKind::NegLogPrior(tensor) => {
                let tensor = &model.tensors[tensor];
                let prior = tensor.prior.as_ref().map_or(String::new(), |p| model.prior_text(p));
                let key = format!("{prior} {:?} {}", tensor.posterior.initializers, kind(&term.kind));
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
        TermKind::NegLogPrior(_) => "penalty",
    }
}

/// The term of one entry, averaged over the draws.
fn per_entry(model: &Model, kind: &TermKind) -> Option<f64> {
    let (handle, computation) = match kind {
        TermKind::Nll => return None,
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
        .map(|scalar| match scalar {
            Scalar::Fixed(value) => *value,
            Scalar::Learned(learned) => model.learned[*learned].initial,
        })
        .collect();
    let mut stream = Stream(0);
    let mut initializers = tensor.posterior.initializers.iter();
    let constant = tensor.posterior.initializers.iter().all(|i| matches!(i, Initializer::Constant(_)));
    let draws = if constant { 1 } else { DRAWS };
    let loc = draw(initializers.next()?, draws, &mut stream);
    let scale: Vec<f64> = match initializers.next() {
        Some(rho) => draw(rho, draws, &mut stream).into_iter().map(scale_from_rho).collect(),
        None => vec![],
    };
    let mut d_loc = vec![0.0; loc.len()];
    let mut d_scale = vec![0.0; scale.len()];
    let mut d_prior = vec![0.0; prior.len()];
    let entries = Entries {
        loc: &loc,
        scale: &scale,
        noise: &[],
    };
    let gradients = Gradients {
        loc: &mut d_loc,
        scale: &mut d_scale,
        prior: &mut d_prior,
    };
    let total = kl::Term::<f64>::accumulate(&*computation, entries, &prior, 0.0, gradients);
    Some(total / draws as f64)
}

fn draw(initializer: &Initializer, draws: usize, stream: &mut Stream) -> Vec<f64> {
    match *initializer {
        Initializer::Constant(value) => vec![value; draws],
        Initializer::Uniform { low, high } => {
            // Midpoints of equal parts, in an order that has nothing to do with the other variable's.
            let mut values: Vec<f64> =
                (0..draws).map(|i| low + (high - low) * (i as f64 + 0.5) / draws as f64).collect();
            for i in (1..draws).rev() {
                values.swap(i, (stream.unit() * (i + 1) as f64) as usize);
            }
            values
        }
        Initializer::Normal { loc, scale } => {
            let mut values = Vec::with_capacity(draws);
            while values.len() < draws {
                let radius = (-2.0 * stream.unit().ln()).sqrt();
                let angle = TAU * stream.unit();
                for z in [radius * angle.cos(), radius * angle.sin()] {
                    values.extend([loc + scale * z, loc - scale * z]);
                }
            }
            // The average of the squares is the variance, which is most of what a KL depends on.
            let spread = values.iter().map(|v| (v - loc).powi(2)).sum::<f64>() / draws as f64;
            if spread > 0.0 {
                let correct = scale / spread.sqrt();
                values.iter_mut().for_each(|v| *v = loc + (*v - loc) * correct);
            }
            values
        }
    }
}

/// SplitMix64.
struct Stream(u64);

impl Stream {
    /// In (0, 1).
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }
}
