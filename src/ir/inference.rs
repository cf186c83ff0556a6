//! How a model is fitted: each parameter's posterior and estimator, the objective, and the loss worked
//! out from them. The model itself is [`Model`] and knows none of this.

use super::arena::{Handle, Table};
use super::loss::Loss;
use super::method::{InferenceMethod, Unused};
use super::model::{BoundPosterior, Model, Origin, Tensor};
use crate::estimator::Estimator;
use crate::source::Span;
use std::ops::Deref;
use std::sync::Arc;

/// A model and how it is fitted. What is asked of the model can be asked of it, too.
#[derive(Clone)]
pub struct Inference {
    /// What is fitted.
    pub model: Arc<Model>,
    /// By which method.
    pub method: InferenceMethod,
    /// One for each of the model's tensors.
    pub fits: Table<Tensor, Fit>,
    /// What is minimised.
    pub objective: Objective,
    /// Its terms.
    pub loss: Loss,
    /// What the file says and the method does not use.
    pub unused: Vec<Unused>,
}

/// How a tensor is fitted.
#[derive(Clone)]
pub struct Fit {
    /// The variational family with its initialisers.
    pub posterior: BoundPosterior,
    /// How draws of it reach the examples; `None` for a point estimate.
    pub estimator: Option<&'static dyn Estimator>,
    /// Who supplied the posterior.
    pub posterior_from: Origin,
    /// Who supplied the estimator.
    pub estimator_from: Origin,
}

/// A tensor of the model together with how it is fitted.
#[derive(Clone, Copy)]
pub struct Fitted<'a> {
    /// The tensor.
    pub tensor: &'a Tensor,
    /// [`Fit::posterior`]
    pub posterior: &'a BoundPosterior,
    /// [`Fit::estimator`]
    pub estimator: Option<&'static dyn Estimator>,
    /// [`Fit::posterior_from`]
    pub posterior_from: &'a Origin,
    /// [`Fit::estimator_from`]
    pub estimator_from: &'a Origin,
}

impl Inference {
    /// One of the model's tensors.
    pub fn fitted(&self, tensor: Handle<Tensor>) -> Fitted<'_> {
        let fit = &self.fits[tensor];
        Fitted {
            tensor: &self.model.tensors[tensor],
            posterior: &fit.posterior,
            estimator: fit.estimator,
            posterior_from: &fit.posterior_from,
            estimator_from: &fit.estimator_from,
        }
    }

    /// What is fitted to each target, seen by itself: the model of that target alone, its data term and the terms of
    /// the weights. One of one target is itself.
    pub fn of_targets(&self) -> Vec<Inference> {
        if self.model.others.is_empty() {
            return vec![self.clone()];
        }
        let of = |target: usize| {
            let mut alone = self.clone();
            alone.model = Arc::new(self.model.of_target(target));
            alone.loss.terms.drain(1..alone.loss.data_terms());
            alone
        };
        (0..=self.model.others.len()).map(of).collect()
    }

    /// All of the model's tensors, in their order.
    pub fn all_fitted(&self) -> impl DoubleEndedIterator<Item = (Handle<Tensor>, Fitted<'_>)> {
        let tensors = self.model.tensors.iter();
        tensors.map(|(handle, _)| (handle, self.fitted(handle)))
    }
}

impl Deref for Inference {
    type Target = Model;
    fn deref(&self) -> &Model {
        &self.model
    }
}

impl Deref for Fitted<'_> {
    type Target = Tensor;
    fn deref(&self) -> &Tensor {
        self.tensor
    }
}

/// `objective elbo { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    /// Whether the file says `map`.
    pub map: bool,
    /// `kl =`
    pub kl: KlChoice,
    /// Monte-Carlo samples of the weights a step.
    pub samples: usize,
    /// How the KL is shared out over minibatches.
    pub minibatch: Minibatch,
    /// Multiplies the KL; 1 for the ELBO.
    pub temperature: f64,
    /// How the KL's weight grows from 0 to 1, if it does.
    pub annealing: Option<Annealing>,
    /// Where it is written.
    pub span: Span,
    /// Where each option that is written stands.
    pub option_spans: Vec<(&'static str, Span)>,
}

impl Objective {
    /// Without an option, as if it stood at `span`.
    pub(super) fn plain(span: Span) -> Objective {
        Objective {
            map: false,
            kl: KlChoice::Auto,
            samples: 1,
            minibatch: Minibatch::Uniform,
            temperature: 1.0,
            annealing: None,
            span,
            option_spans: Vec::new(),
        }
    }
}

/// `kl = auto | closed_form | monte_carlo | quadrature`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KlChoice {
    /// The best form there is for each pair.
    Auto,
    /// Closed forms only.
    ClosedForm,
    /// Monte Carlo everywhere; its gradient along the draw's path alone, or whole.
    MonteCarlo {
        /// Whether the score of q is left out.
        path: bool,
    },
    /// Quadrature everywhere.
    Quadrature,
}

/// `minibatch = uniform | blundell`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Minibatch {
    /// KL/N on every minibatch's mean.
    Uniform,
    /// π_i/B on batch i of M, π_i = 2^(M−i)/(2^M−1) (Blundell et al. 2015, eq. 9).
    Blundell,
}

/// `annealing = linear(epochs = 10)`
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Annealing {
    /// Epochs until the KL has its whole weight.
    pub epochs: f64,
}

impl Annealing {
    /// The KL's weight after `epoch` epochs, fractional: min(1, epoch / epochs).
    pub fn value(&self, epoch: f64) -> f64 {
        (epoch / self.epochs).min(1.0)
    }
}
