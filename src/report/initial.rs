//! What a term is before the first step: its expectation over the initialisers.

use crate::ir::{Form, Initializer, Model, Scalar, TermKind};
use crate::kl::{self, Entries, Gradients};
use crate::posterior::scale_from_rho;

/// Draws of (loc, rho): the quantiles of each, paired at random.
const DRAWS: usize = 4096;

/// As many where each costs an integral: three digits of the average are still right.
const INTEGRALS: usize = 256;

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
    let constant = tensor
        .posterior
        .initializers
        .iter()
        .all(|i| matches!(i, Initializer::Constant(_)));
    let integral = matches!(kind, TermKind::Kl(_, Form::Quadrature | Form::MonteCarlo));
    let draws = match (constant, integral) {
        (true, _) => 1,
        (_, true) => INTEGRALS,
        _ => DRAWS,
    };
    let loc = draw(initializers.next()?, draws, &mut stream);
    let scale: Vec<f64> = match initializers.next() {
        Some(rho) => draw(rho, draws, &mut stream)
            .into_iter()
            .map(scale_from_rho)
            .collect(),
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
            quantiles(draws, stream, |share| low + (high - low) * share)
        }
        Initializer::Normal { loc, scale } => {
            quantiles(draws, stream, |share| loc + scale * normal_quantile(share))
        }
    }
}

/// The middles of equal shares, in an order that has nothing to do with the other variable's.
fn quantiles(draws: usize, stream: &mut Stream, quantile: impl Fn(f64) -> f64) -> Vec<f64> {
    let share = |i: usize| (i as f64 + 0.5) / draws as f64;
    let mut values: Vec<f64> = (0..draws).map(|i| quantile(share(i))).collect();
    for i in (1..draws).rev() {
        values.swap(i, (stream.unit() * (i + 1) as f64) as usize);
    }
    values
}

/// The number below which a standard normal falls with this probability: bisection of its
/// distribution function.
fn normal_quantile(share: f64) -> f64 {
    let (mut low, mut high) = (-9.0, 9.0);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if 0.5 * libm::erfc(-middle / std::f64::consts::SQRT_2) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
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
