//! The flat vector of trainable numbers, and what each parameter needs of it.

use super::{KernelPlan, Plan};
use crate::distribution::Law;
use crate::estimator::{Draws, Estimator, POINT, SCALED};
use crate::ir::{
    BoundPosterior, Form, Handle, Inference, Initializer, Learned, Tensor, Term, TermKind,
};
use crate::kl::{self, AnyTerm, PulledBack};
use crate::posterior::{
    AnyVariational, Dimensions, LEAST_SCALE, Transform, Variational, rho_from_scale,
};
use crate::signature::Domain;
use crate::tensor::Shape;
use std::ops::{Deref, Range};
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
    /// What its entries start with in place of that, where they are given one by one.
    pub given: Option<Arc<[f64]>>,
}

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
    local: Option<usize>,
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
    pub fn local_tensor<'a>(&self, tensors: &'a [TensorPlan]) -> Option<&'a TensorPlan> {
        self.local.map(|local| &tensors[local])
    }

    /// Where the local scales lie among all entries: one for each place on the last axis; none are all 1.
    pub fn local_entries(&self, tensors: &[TensorPlan]) -> Range<usize> {
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

    /// The distribution of its ε.
    pub fn law(&self) -> Law {
        match self.family {
            Family::Independent { law, .. } => law,
            _ => Law::Normal,
        }
    }

    /// Where the rho of an independent family lies in the flat vector.
    pub fn rho(&self) -> Range<usize> {
        self.loc.end..self.loc.end + self.loc.len()
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
                LEAST_SCALE + raw.max(0.0) + (-raw.abs()).exp().ln_1p()
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
            ("rho", rho_from_scale(learned.initial, LEAST_SCALE))
        }
        Domain::Unit | Domain::OpenUnit => {
            ("logit", (learned.initial / (1.0 - learned.initial)).ln())
        }
    }
}

/// Lays the variables out: a parameter's loc, then its rho, in the model's order; learned numbers last.
pub(super) fn lay_out(inference: &Inference) -> (Vec<Variable>, Vec<TensorPlan>, Vec<LearnedPlan>) {
    let mut variables: Vec<Variable> = Vec::new();
    let mut push = |name: String, shape: Shape, initializer, given| -> Range<usize> {
        let start = variables.last().map_or(0, |v| v.range.end);
        let range = start..start + shape.len();
        variables.push(Variable {
            name,
            shape,
            range: range.clone(),
            initializer,
            given,
        });
        range
    };
    let mut tensors = Vec::new();
    let (mut entries, mut noise, mut d_scale) = (0, 0, 0);
    for (handle, tensor) in inference.all_fitted() {
        let posterior = tensor.posterior;
        let ranges: Vec<_> = posterior
            .variables(&tensor.shape)
            .into_iter()
            .map(|variable| {
                let (initializer, given) = (posterior.start(&variable), posterior.given(&variable));
                let name = format!("{}.{}", tensor.name, variable.name);
                push(name, variable.shape, initializer, given)
            })
            .collect();
        let len = tensor.shape.len();
        let entries_are = posterior.family.entries();
        let drop_rate = posterior.family.drop_rate(&posterior.arguments);
        let (family, noises) = match posterior.family.variational(&posterior.arguments) {
            Some(family) => {
                let at = Dimensions::of(&tensor.shape, posterior.transform);
                let noises = Variational::<f64>::noise(&*family, &at);
                (Family::Variational { family, at }, noises)
            }
            None if entries_are.is_random() && drop_rate.is_none() => {
                let transform = posterior.transform;
                let law = posterior.family.law();
                (Family::Independent { law, transform }, len)
            }
            None => (Family::Point, len),
        };
        let mask = drop_rate.map(|rate| Mask {
            rate,
            per_example: tensor.estimator.is_some_and(|e| e.draws().example_noise),
        });
        let factors = tensor.factors.map(|factors| factors.map(Handle::index));
        let estimator: &'static dyn Estimator = match family {
            _ if mask.is_some() || factors.is_some() => &SCALED,
            Family::Point => &POINT,
            _ => tensor.estimator.unwrap_or(&POINT),
        };
        let mut draws = estimator.draws();
        draws.noise |= has_monte_carlo_term(inference, handle);
        let d_scales = match family {
            Family::Variational { .. } => len,
            _ => 0,
        };
        tensors.push(TensorPlan {
            variables: ranges[0].start..ranges.last().expect("a variable").end,
            kernel: KernelPlan {
                loc: ranges[0].clone(),
                entries: entries..entries + len,
                estimator,
                by_example: tensor.estimator.is_some_and(|e| e.by_example()),
                factors,
                masked: mask.is_some(),
            },
            family,
            draws,
            noise: noise..noise + noises,
            mask,
            frame: tensor
                .prior
                .as_ref()
                .map_or_else(Frame::default, |prior| Frame {
                    anchor: prior.anchor.clone(),
                    local: prior.local.map(Handle::index),
                }),
            d_scale: d_scale..d_scale + d_scales,
        });
        entries += len;
        noise += noises;
        d_scale += d_scales;
    }
    let learned = inference
        .learned
        .iter()
        .map(|(_, learned)| {
            let (suffix, initial) = learned_variable(learned);
            let range = push(
                format!("{}.{suffix}", learned.name),
                Shape::default(),
                Initializer::Constant(initial),
                None,
            );
            LearnedPlan {
                place: range.start,
                domain: learned.domain,
            }
        })
        .collect();
    (variables, tensors, learned)
}

fn has_monte_carlo_term(inference: &Inference, tensor: Handle<Tensor>) -> bool {
    let mut terms = inference.loss.terms.iter();
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
pub(super) fn term(inference: &Inference, term: &Term) -> Option<TermPlan> {
    Some(TermPlan {
        computation: computation(inference, term)?,
        per_draw: inference.is_noisy(term),
    })
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
        TermKind::Nll => None,
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
    /// ε of the parameter's shape per example.
    ExampleNoise,
    /// 0 with the rate's probability, else 1, per input channel (and example).
    Mask,
}

impl DrawKind {
    /// Its name in a noise file: `conv1.kernel.noise`.
    pub fn word(self) -> &'static str {
        match self {
            DrawKind::Noise => "noise",
            DrawKind::SignIn => "sign_in",
            DrawKind::SignOut => "sign_out",
            DrawKind::Activation => "activation_noise",
            DrawKind::ExampleNoise => "example_noise",
            DrawKind::Mask => "mask",
        }
    }
}

impl Plan {
    /// The draws that tensor number `index` makes for each sample of the weights: kind and shape, the
    /// leading axis of example-wise ones being `batch`.
    pub fn draws_of(&self, index: usize, batch: usize) -> Vec<(DrawKind, Shape)> {
        let (tensor, draws) = (&self.tensors[index], self.tensors[index].draws);
        let (_, declared) = self
            .inference
            .tensors
            .iter()
            .nth(index)
            .expect("a tensor of the model");
        let axes = &declared.shape.0;
        let channels_out = axes.last().copied().unwrap_or(1);
        let mut found = Vec::new();
        if draws.noise {
            let shape = match tensor.noise.len() == declared.shape.len() {
                true => declared.shape.clone(),
                false => Shape(vec![tensor.noise.len()]),
            };
            found.push((DrawKind::Noise, shape));
        }
        if let Some(mask) = tensor.mask {
            let channels_in = axes[axes.len() - 2];
            let shape = match mask.per_example {
                true => vec![batch, channels_in],
                false => vec![channels_in],
            };
            found.push((DrawKind::Mask, Shape(shape)));
        }
        if draws.example_noise {
            let axes = [batch].into_iter().chain(axes.iter().copied());
            found.push((DrawKind::ExampleNoise, Shape(axes.collect())));
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
        found
    }

    /// Every draw of a step by its name in a noise file. With more than one sample of the weights each
    /// has a leading axis for them.
    pub fn draws(&self, batch: usize) -> Vec<(String, Shape)> {
        let samples = self.inference.objective.samples;
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
            .inference
            .tensors
            .iter()
            .nth(index)
            .expect("a tensor of the model");
        format!("{}.{}", tensor.name, kind.word())
    }

    /// The output shape of the layer whose kernel tensor number `index` is.
    fn owner(&self, index: usize) -> Option<&Shape> {
        self.model.nodes.iter().find_map(|(_, node)| {
            let kernel = node.call.as_ref()?.kernel()?;
            (kernel.index() == index).then_some(&node.shape)
        })
    }
}
