//! The loss: its terms, each with form, scale and reason, and what is absent from it.

use super::arena::Handle;
use super::inference::Annealing;
use super::model::{Model, Tensor};
use crate::kl::ClosedForm;
use std::fmt;
use std::ops::Index;

/// What is minimised, per example.
#[derive(Clone, Default)]
pub struct Loss {
    /// The data terms first, one for each target, then one for each parameter that has one, in the parameters' order.
    pub terms: Vec<Term>,
    /// Parameters without a term.
    pub absent: Vec<Absent>,
}

/// One term.
#[derive(Clone)]
pub struct Term {
    /// What it is of.
    pub kind: TermKind,
    /// What it is multiplied with.
    pub scale: Scale,
    /// Why with that.
    pub why: Why,
}

/// What a term is.
#[derive(Clone)]
pub enum TermKind {
    /// −log p(target | network), of the target of this number.
    Nll(usize),
    /// KL(posterior ‖ prior) of a parameter.
    Kl(Handle<Tensor>, Form),
    /// −log p(loc) of a point estimate with a prior: MAP, not a KL.
    NegLogPrior(Handle<Tensor>),
    /// What is published in place of a KL that an implicit posterior does not have: dropout's.
    Surrogate(Handle<Tensor>),
}

impl TermKind {
    /// The parameter it is of; `None` for the data term.
    pub fn tensor(&self) -> Option<Handle<Tensor>> {
        match *self {
            TermKind::Nll(_) => None,
            TermKind::Kl(tensor, _)
            | TermKind::NegLogPrior(tensor)
            | TermKind::Surrogate(tensor) => Some(tensor),
        }
    }

    /// `nll`, `KL`, `penalty`, `surrogate`
    pub fn word(&self) -> &'static str {
        match self {
            TermKind::Nll(_) => "nll",
            TermKind::Kl(..) => "KL",
            TermKind::NegLogPrior(_) => "penalty",
            TermKind::Surrogate(_) => "surrogate",
        }
    }

    /// Whether it is evaluated at a draw of its own parameter.
    pub fn is_monte_carlo(&self) -> bool {
        matches!(self, TermKind::Kl(_, Form::MonteCarlo { .. }))
    }
}

/// How a KL is computed.
#[derive(Clone, Copy)]
pub enum Form {
    /// Exact.
    ClosedForm(&'static dyn ClosedForm),
    /// Gauss–Hermite; where the prior has a kink or a spike near the posterior, Gauss–Legendre on panels
    /// as narrow as it. Near exact, without variance.
    Quadrature,
    /// log q(w) − log p(w) at the draw: unbiased, noisy.
    MonteCarlo {
        /// Whether its gradient goes through the draw alone, without the score of q, whose expectation is
        /// 0: sticking the landing (Roeder, Wu and Duvenaud 2017).
        path: bool,
    },
}

/// A product of factors, symbolic until it is printed or run.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale(pub Vec<Factor>);

/// One factor of a scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Factor {
    /// 1/B
    PerBatch,
    /// 1/N
    PerExample,
    /// π_i/B, π_i = 2^(M−i)/(2^M−1)
    Blundell,
    /// T
    Temperature(f64),
    /// a, growing from 0 to 1
    Annealing(Annealing),
}

/// Where a step stands in its run: what turns a [`Scale`] into a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    /// N, the number of training examples.
    pub training_examples: usize,
    /// B, the examples in this minibatch.
    pub batch: usize,
    /// i, from 0: which minibatch of its epoch this is.
    pub batch_index: usize,
    /// M, the minibatches of an epoch.
    pub batches: usize,
    /// Epochs done before this step, fractional.
    pub epoch: f64,
}

impl Position {
    /// A whole pass in one batch of `examples`.
    pub fn full_batch(examples: usize) -> Self {
        Position {
            training_examples: examples,
            batch: examples,
            batch_index: 0,
            batches: 1,
            epoch: f64::INFINITY,
        }
    }
}

/// π_i = 2^(M−i)/(2^M−1) for i from 1 (Blundell et al. 2015, eq. 9), without overflow for large M.
pub fn blundell(batch_index: usize, batches: usize) -> f64 {
    // Both halves divided by 2^M.
    (-(batch_index as f64 + 1.0)).exp2() / (1.0 - (-(batches as f64)).exp2())
}

impl Scale {
    /// Its value at one step.
    pub fn value(&self, at: &Position) -> f64 {
        self.0
            .iter()
            .map(|factor| match factor {
                Factor::PerBatch => 1.0 / at.batch as f64,
                Factor::PerExample => 1.0 / at.training_examples as f64,
                Factor::Blundell => blundell(at.batch_index, at.batches) / at.batch as f64,
                Factor::Temperature(t) => *t,
                Factor::Annealing(annealing) => annealing.value(at.epoch),
            })
            .product()
    }

    /// λ at one step: its value against the ELBO's 1/N.
    pub fn lambda_at(&self, at: &Position) -> f64 {
        self.0
            .iter()
            .map(|factor| match factor {
                Factor::Blundell => at.training_examples as f64 * Scale(vec![*factor]).value(at),
                Factor::Temperature(t) => *t,
                Factor::Annealing(annealing) => annealing.value(at.epoch),
                Factor::PerExample | Factor::PerBatch => 1.0,
            })
            .product()
    }

    /// Whether it is the same at every step.
    pub fn is_steady(&self) -> bool {
        let moves = |factor: &Factor| matches!(factor, Factor::Blundell | Factor::Annealing(_));
        !self.0.iter().any(moves)
    }

    /// λ: the KL's effective weight against the ELBO once annealing has ended, summed over an epoch.
    pub fn lambda(&self) -> f64 {
        self.0
            .iter()
            .map(|factor| {
                if let Factor::Temperature(t) = factor {
                    *t
                } else {
                    1.0
                }
            })
            .product()
    }

    /// With its numbers: `1/N = 1/50000`.
    pub fn with_numbers(&self, training_examples: Option<usize>, batch: Option<usize>) -> String {
        let numbers: Vec<String> = self
            .0
            .iter()
            .map(|factor| {
                Some(match factor {
                    Factor::PerBatch => format!("1/{}", batch?),
                    Factor::PerExample => format!("1/{}", training_examples?),
                    Factor::Blundell => return None,
                    Factor::Temperature(t) => t.to_string(),
                    Factor::Annealing(_) => "a".into(),
                })
            })
            .collect::<Option<_>>()
            .unwrap_or_default();
        if numbers.is_empty() {
            self.to_string()
        } else {
            format!("{self} = {}", join(&numbers))
        }
    }
}

/// `[T, 1/N]` as `T/N`.
fn join(factors: &[String]) -> String {
    let mut text = String::new();
    for factor in factors {
        match factor.strip_prefix("1/") {
            Some(below) if !text.is_empty() => text += &format!("/{below}"),
            _ if !text.is_empty() => text += &format!("·{factor}"),
            _ => text += factor,
        }
    }
    text
}

impl fmt::Display for Scale {
    /// `1/N`, `T/N`, `T·a·π_i/B`
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let symbols: Vec<String> = self
            .0
            .iter()
            .map(|factor| match factor {
                Factor::PerBatch => "1/B".into(),
                Factor::PerExample => "1/N".into(),
                Factor::Blundell => "π_i/B".into(),
                Factor::Temperature(_) => "T".into(),
                Factor::Annealing(_) => "a".into(),
            })
            .collect();
        f.write_str(&join(&symbols))
    }
}

/// Why a term has the scale it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The data term.
    MinibatchMean,
    /// A KL under `minibatch = uniform`.
    OncePerDataSet,
    /// A KL under `minibatch = blundell`.
    OncePerEpoch,
    /// A penalty under either.
    PenaltyOncePerDataSet,
    /// A surrogate under `minibatch = uniform`.
    SurrogateOncePerDataSet,
}

impl Why {
    /// In words, formulas between dollars.
    pub fn marked(self) -> &'static str {
        match self {
            Why::MinibatchMean => {
                "a minibatch mean is an unbiased estimate of the mean over all $N$ examples"
            }
            Why::OncePerDataSet => {
                "the ELBO holds the KL once per data set, so each example carries $1/N$ of it"
            }
            Why::OncePerEpoch => {
                "batch $i$ of the epoch's $M$ carries the share $π_i = 2^(M-i)/(2^M-1)$; the shares add up to 1"
            }
            Why::SurrogateOncePerDataSet => {
                "it stands for the KL, which the ELBO holds once per data set"
            }
            Why::PenaltyOncePerDataSet => {
                "the log posterior holds $log p(w)$ once per data set, so each example carries its share of it"
            }
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.marked().replace('$', ""))
    }
}

/// A parameter without a term, and the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absent {
    /// The parameter.
    pub subject: Subject,
    /// The reason.
    pub reason: AbsentReason,
}

/// What is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A parameter of the network.
    Tensor(Handle<Tensor>),
    /// A number learned as a point estimate.
    Learned(Handle<super::model::Learned>),
}

/// Why a parameter has no term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbsentReason {
    /// `deterministic`.
    Deterministic,
    /// `learned(…)`.
    PointEstimate,
    /// What a layer keeps between steps.
    Kept,
}

impl fmt::Display for AbsentReason {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            AbsentReason::Deterministic => "deterministic, no prior",
            AbsentReason::PointEstimate => "a point estimate; it acts inside the terms that use it",
            AbsentReason::Kept => "kept between steps, not trained",
        })
    }
}

impl Index<Handle<Term>> for Loss {
    type Output = Term;
    fn index(&self, term: Handle<Term>) -> &Term {
        &self.terms[term.index()]
    }
}

impl Loss {
    /// The data term of the target of this number.
    pub fn nll(target: usize) -> Handle<Term> {
        Handle::at(target)
    }

    /// How many data terms there are: they come first.
    pub fn data_terms(&self) -> usize {
        let is_data = |term: &&Term| matches!(term.kind, TermKind::Nll(_));
        self.terms.iter().take_while(is_data).count()
    }

    /// The term of each parameter that has one.
    pub fn of_weights(&self) -> impl Iterator<Item = (Handle<Term>, Handle<Tensor>, &Term)> {
        let terms = self.terms.iter().enumerate();
        terms.filter_map(|(at, term)| Some((Handle::at(at), term.kind.tensor()?, term)))
    }

    /// Whether a KL is estimated at draws of the weights, so that not the data term alone is noisy.
    pub fn has_monte_carlo(&self) -> bool {
        self.terms.iter().any(|term| term.kind.is_monte_carlo())
    }
}

impl TermKind {
    /// `nll`, of several targets `nll(age)`; `kl(conv1.kernel)`, `neg_log_prior(conv1.kernel)`: the name in the IR, in
    /// metrics and in JSON.
    pub fn name(&self, model: &Model) -> String {
        match self {
            TermKind::Nll(_) if model.others.is_empty() => "nll".into(),
            TermKind::Nll(index) => {
                let target = model.observed().nth(*index);
                format!("nll({})", target.map_or("", |(target, _)| &target.name))
            }
            TermKind::Kl(tensor, _) => format!("kl({})", model.tensors[*tensor].name),
            TermKind::NegLogPrior(tensor) => {
                format!("neg_log_prior({})", model.tensors[*tensor].name)
            }
            TermKind::Surrogate(tensor) => format!("surrogate({})", model.tensors[*tensor].name),
        }
    }
}

/// Whether a term of this name is the data term of a target.
pub fn is_data_term(name: &str) -> bool {
    name == "nll" || name.starts_with("nll(")
}
