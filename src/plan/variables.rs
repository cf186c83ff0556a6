//! The flat vector of trainable numbers, and what each parameter needs of it.

use super::Plan;
use crate::estimator::{Draws, Estimator, POINT};
use crate::ir::{Form, Handle, Initializer, Learned, Model, Tensor, Term, TermKind};
use crate::kl::{self, AnyTerm};
use crate::posterior::{Entries, rho_from_scale};
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
}

/// What a parameter needs at each step.
pub struct TensorPlan {
    /// Its loc in the flat vector; its rho, if it has one, follows directly.
    pub loc: Range<usize>,
    /// Whether it has a rho.
    pub random: bool,
    /// How its draws reach the examples.
    pub estimator: &'static dyn Estimator,
    /// The random numbers it draws: its estimator's, and ε where its term is Monte Carlo.
    pub draws: Draws,
    /// Where its entries lie in vectors that hold every parameter once.
    pub entries: Range<usize>,
}

impl TensorPlan {
    /// Where its rho lies in the flat vector; empty for a point estimate.
    pub fn rho(&self) -> Range<usize> {
        self.loc.end..self.end()
    }

    /// The end of its variables in the flat vector.
    pub fn end(&self) -> usize {
        self.loc.end + if self.random { self.loc.len() } else { 0 }
    }
}

/// A learned number: one variable, kept in its domain by a transform.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnedPlan {
    /// Its place in the flat vector.
    pub place: usize,
    /// The domain.
    pub domain: Domain,
}

impl LearnedPlan {
    /// The number, from its variable: softplus where it must be positive, sigmoid where it must lie
    /// between 0 and 1.
    pub fn value(&self, raw: f64) -> f64 {
        match self.domain {
            Domain::Real => raw,
            Domain::Positive | Domain::NonNegative => {
                f64::EPSILON + raw.max(0.0) + (-raw.abs()).exp().ln_1p()
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

/// The variable of a learned number: its suffix and first value.
fn learned_variable(learned: &Learned) -> (&'static str, f64) {
    match learned.domain {
        Domain::Real => ("value", learned.initial),
        Domain::Positive | Domain::NonNegative => {
            ("rho", rho_from_scale(learned.initial, f64::EPSILON))
        }
        Domain::Unit | Domain::OpenUnit => {
            ("logit", (learned.initial / (1.0 - learned.initial)).ln())
        }
    }
}

/// Lays the variables out: a parameter's loc, then its rho, in the model's order; learned numbers last.
pub(super) fn lay_out(model: &Model) -> (Vec<Variable>, Vec<TensorPlan>, Vec<LearnedPlan>) {
    let mut variables: Vec<Variable> = Vec::new();
    let mut push = |name: String, shape: Shape, initializer: Initializer| -> Range<usize> {
        let start = variables.last().map_or(0, |v| v.range.end);
        let range = start..start + shape.len();
        variables.push(Variable {
            name,
            shape,
            range: range.clone(),
            initializer,
        });
        range
    };
    let mut tensors = Vec::new();
    let mut entries = 0;
    for (handle, tensor) in model.tensors.iter() {
        let ranges: Vec<_> = tensor
            .posterior
            .family
            .variables()
            .iter()
            .zip(&tensor.posterior.initializers)
            .map(|(name, initializer)| {
                push(
                    format!("{}.{name}", tensor.name),
                    tensor.shape.clone(),
                    *initializer,
                )
            })
            .collect();
        let random = tensor.posterior.family.entries() == Entries::Normal;
        let estimator: &'static dyn Estimator = if random {
            tensor.estimator.unwrap_or(&POINT)
        } else {
            &POINT
        };
        let mut draws = estimator.draws();
        draws.noise |= has_monte_carlo_term(model, handle);
        let len = tensor.shape.len();
        tensors.push(TensorPlan {
            loc: ranges[0].clone(),
            random,
            estimator,
            draws,
            entries: entries..entries + len,
        });
        entries += len;
    }
    let learned = model
        .learned
        .iter()
        .map(|(_, learned)| {
            let (suffix, initial) = learned_variable(learned);
            let range = push(
                format!("{}.{suffix}", learned.name),
                Shape::default(),
                Initializer::Constant(initial),
            );
            LearnedPlan {
                place: range.start,
                domain: learned.domain,
            }
        })
        .collect();
    (variables, tensors, learned)
}

fn has_monte_carlo_term(model: &Model, tensor: Handle<Tensor>) -> bool {
    let mut terms = model.loss.terms.iter();
    terms.any(|term| term.kind.is_monte_carlo() && term.kind.tensor() == Some(tensor))
}

/// How a term over the weights is computed.
pub struct TermPlan {
    /// Its arithmetic.
    pub computation: Arc<dyn AnyTerm>,
    /// Whether it is taken at each draw: Monte Carlo, or an expectation over a latent variable that its
    /// prior depends on.
    pub per_draw: bool,
}

/// How a term is computed; `None` for the data term.
pub(super) fn term(model: &Model, term: &Term) -> Option<TermPlan> {
    Some(TermPlan {
        computation: computation(model, term)?,
        per_draw: term.kind.is_monte_carlo() || !model.latents_of(term).is_empty(),
    })
}

fn computation(model: &Model, term: &Term) -> Option<Arc<dyn AnyTerm>> {
    let prior = |tensor: Handle<Tensor>| {
        model.tensors[tensor]
            .prior
            .as_ref()
            .expect("a term has a prior")
            .distribution
    };
    match term.kind {
        TermKind::Nll => None,
        TermKind::Kl(tensor, Form::ClosedForm(_)) => kl::closed_form(prior(tensor)),
        TermKind::Kl(tensor, Form::Quadrature) => Some(kl::quadrature(prior(tensor))),
        TermKind::Kl(tensor, Form::MonteCarlo { .. }) => Some(kl::monte_carlo(prior(tensor))),
        TermKind::Surrogate(_) => unreachable!("no posterior has one yet"),
        TermKind::NegLogPrior(tensor) => Some(kl::negative_log_prior(prior(tensor))),
    }
}

/// One of a step's random draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DrawKind {
    /// ε of the parameter's shape.
    Noise,
    /// Signs per example and input channel.
    SignIn,
    /// Signs per example and output channel.
    SignOut,
    /// Standard normal per example and output entry.
    Activation,
}

impl DrawKind {
    /// Its name in a noise file: `conv1.kernel.noise`.
    pub fn word(self) -> &'static str {
        match self {
            DrawKind::Noise => "noise",
            DrawKind::SignIn => "sign_in",
            DrawKind::SignOut => "sign_out",
            DrawKind::Activation => "activation_noise",
        }
    }
}

impl Plan {
    /// The draws that tensor number `index` makes for each sample of the weights: kind and shape, the
    /// leading axis of example-wise ones being `batch`.
    pub fn draws_of(&self, index: usize, batch: usize) -> Vec<(DrawKind, Shape)> {
        let (tensor, draws) = (&self.tensors[index], self.tensors[index].draws);
        let (_, declared) = self
            .model
            .tensors
            .iter()
            .nth(index)
            .expect("a tensor of the model");
        let axes = &declared.shape.0;
        let channels_out = axes.last().copied().unwrap_or(1);
        let mut found = Vec::new();
        if draws.noise {
            found.push((DrawKind::Noise, declared.shape.clone()));
        }
        if draws.signs {
            if axes.len() > 1 {
                found.push((DrawKind::SignIn, Shape::new(&[batch, axes[axes.len() - 2]])));
            }
            found.push((DrawKind::SignOut, Shape::new(&[batch, channels_out])));
        }
        if draws.activation {
            let mut shape = vec![batch];
            match self.owner(index) {
                Some(output) if axes.len() > 1 => shape.extend(&output.0),
                _ => shape.push(channels_out),
            }
            found.push((DrawKind::Activation, Shape(shape)));
        }
        debug_assert!(tensor.random || found.is_empty());
        found
    }

    /// Every draw of a step by its name in a noise file. With more than one sample of the weights each
    /// has a leading axis for them.
    pub fn draws(&self, batch: usize) -> Vec<(String, Shape)> {
        let samples = self.model.objective.samples;
        let of = |index| {
            self.draws_of(index, batch)
                .into_iter()
                .map(move |(kind, shape)| (index, kind, shape))
        };
        (0..self.tensors.len())
            .flat_map(of)
            .map(|(index, kind, shape)| {
                let mut axes = if samples > 1 { vec![samples] } else { vec![] };
                axes.extend(&shape.0);
                (self.draw_name(index, kind), Shape(axes))
            })
            .collect()
    }

    /// A draw's name in a noise file: `conv1.kernel.noise`.
    pub fn draw_name(&self, index: usize, kind: DrawKind) -> String {
        let (_, tensor) = self
            .model
            .tensors
            .iter()
            .nth(index)
            .expect("a tensor of the model");
        format!("{}.{}", tensor.name, kind.word())
    }

    /// The output shape of the layer whose kernel tensor number `index` is.
    fn owner(&self, index: usize) -> Option<&Shape> {
        self.model.nodes.iter().find_map(|(_, node)| {
            let kernel = node.call.as_ref()?.kernel?;
            (kernel.index() == index).then_some(&node.shape)
        })
    }
}
