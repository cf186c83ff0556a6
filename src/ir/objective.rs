//! Which terms join the loss, in which form, at which scale, and why.
//!
//! | the parameter | its term | form |
//! | --- | --- | --- |
//! | a posterior with a density | KL(q ‖ p) | the closed form of the pair if one is known, else quadrature; what `kl = …` says instead |
//! | `Delta` | −log p(w) | exact |
//! | `deterministic` | none | |
//! | what a layer keeps between steps | none | |
//! | `learned(…)` | none | it acts inside the terms that use it |
//!
//! A parameter has one term, summed over its entries once. The data term is a mean over the
//! minibatch; a term of a parameter carries T·a/N, or T·a·π_i/B under `minibatch = blundell`.

use super::arena::Handle;
use super::inference::*;
use super::loss::*;
use super::model::*;
use super::scalar::Scalar;
use crate::check::Messages;
use crate::diagnostic::Diagnostic;
use crate::distribution::{Distribution, Normal};
use crate::kl::{self, CLOSED_FORMS, Transform};
use crate::posterior::Entries;

/// The loss of an inference.
///
/// # Errors
///
/// A form that the file asks for and the pair does not have; `objective map` on a posterior that is
/// not a point.
pub(super) fn loss(inference: &Inference) -> Result<Loss, Vec<Diagnostic>> {
    let mut messages = Messages::default();
    let mut loss = Loss::default();
    let targets = inference.observed().enumerate();
    loss.terms.extend(targets.map(|(target, _)| Term {
        kind: TermKind::Nll(target),
        scale: Scale(vec![Factor::PerBatch]),
        why: Why::MinibatchMean,
    }));
    let scale = scale(&inference.objective);
    for (handle, tensor) in inference.all_fitted() {
        let subject = Subject::Tensor(handle);
        match (tensor.posterior.family.entries(), &tensor.prior) {
            (Entries::Masked, Some(prior)) => {
                if inference.objective.map {
                    messages.push(not_a_point(inference, tensor));
                }
                match no_surrogate(tensor, prior) {
                    Some(message) => messages.push(message),
                    None => loss
                        .terms
                        .push(term(TermKind::Surrogate(handle), &scale, inference)),
                }
            }
            (entries, Some(prior)) if entries.is_random() => {
                if inference.objective.map {
                    messages.push(not_a_point(inference, tensor));
                }
                match form(inference, tensor, prior) {
                    Ok(form) => {
                        loss.terms
                            .push(term(TermKind::Kl(handle, form), &scale, inference))
                    }
                    Err(message) => messages.push(*message),
                }
            }
            (Entries::Point | Entries::Scaled, Some(_)) => {
                loss.terms
                    .push(term(TermKind::NegLogPrior(handle), &scale, inference));
            }
            _ => loss.absent.push(Absent {
                subject,
                reason: match tensor.role {
                    Role::State(_) => AbsentReason::Kept,
                    _ => AbsentReason::Deterministic,
                },
            }),
        }
    }
    for (handle, _) in inference.learned.iter() {
        loss.absent.push(Absent {
            subject: Subject::Learned(handle),
            reason: AbsentReason::PointEstimate,
        });
    }
    if messages.failed() {
        Err(messages.sorted())
    } else {
        Ok(loss)
    }
}

fn term(kind: TermKind, scale: &Scale, inference: &Inference) -> Term {
    let why = match (&kind, inference.objective.minibatch) {
        (TermKind::NegLogPrior(_), _) => Why::PenaltyOncePerDataSet,
        (TermKind::Surrogate(_), Minibatch::Uniform) => Why::SurrogateOncePerDataSet,
        (_, Minibatch::Uniform) => Why::OncePerDataSet,
        (_, Minibatch::Blundell) => Why::OncePerEpoch,
    };
    Term {
        kind,
        scale: scale.clone(),
        why,
    }
}

/// T and a stand in a scale only where they deviate from the ELBO's 1.
fn scale(objective: &Objective) -> Scale {
    let mut factors = Vec::new();
    if objective.temperature != 1.0 {
        factors.push(Factor::Temperature(objective.temperature));
    }
    factors.extend(objective.annealing.map(Factor::Annealing));
    factors.push(match objective.minibatch {
        Minibatch::Uniform => Factor::PerExample,
        Minibatch::Blundell => Factor::Blundell,
    });
    Scale(factors)
}

fn form(inference: &Inference, tensor: Fitted, prior: &Prior) -> Result<Form, Box<Diagnostic>> {
    let name = prior.distribution.signature().name;
    let entries = tensor.posterior.family.entries();
    // Local scales stretch w, and these forms are of the normal that a transformed w is made of.
    let apart = prior.local.is_some() && tensor.posterior.made_of() != Transform::Identity;
    let normal: &'static dyn Distribution = &Normal;
    let closed = match entries {
        _ if apart => None,
        // Mean and variance of its entries are all that a normal prior asks of a posterior.
        Entries::Radial if prior.distribution == normal => kl::find(normal, normal),
        _ => entries
            .marginal()
            .and_then(|marginal| kl::find(marginal, prior.distribution)),
    };
    let quadrature = (entries.has_quadrature() && !apart).then_some(Form::Quadrature);
    match inference.objective.kl {
        KlChoice::Auto => {
            let exact = closed.map(Form::ClosedForm).or(quadrature);
            Ok(exact.unwrap_or(Form::MonteCarlo { path: false }))
        }
        KlChoice::MonteCarlo { path } => Ok(Form::MonteCarlo { path }),
        KlChoice::Quadrature => {
            let message = || Box::new(no_form(inference, tensor, "quadrature", name));
            quadrature.ok_or_else(message)
        }
        KlChoice::ClosedForm => {
            let message = || Box::new(no_form(inference, tensor, "closed form", name));
            closed.map(Form::ClosedForm).ok_or_else(message)
        }
    }
}

fn no_form(inference: &Inference, tensor: Fitted, form: &str, prior: &str) -> Diagnostic {
    let entries = tensor.posterior.family.entries();
    let family = tensor.posterior.family.signature().name;
    let posterior = entries.marginal().map_or(family, |m| m.signature().name);
    let title = format!("no {form} is known of KL({posterior} ‖ {prior})");
    let mut message = Diagnostic::error("E0405", title);
    if let Some(span) = tensor.prior_from.span() {
        message = message.at(span, format!("the prior of `{}`", tensor.name));
    }
    let option = inference
        .objective
        .option_spans
        .iter()
        .find(|(option, _)| *option == "kl");
    if let Some((_, span)) = option {
        message = message.context(*span, "asked for here");
    }
    let known = CLOSED_FORMS.iter().map(|form| form.names().join(" ‖ "));
    let message = message.note(format!(
        "closed forms: {}",
        known.collect::<Vec<_>>().join(", ")
    ));
    match entries.has_quadrature() {
        true => message
            .help("`kl = auto` takes quadrature where there is none: near exact, without noise"),
        false => message.help("`kl = auto` takes Monte Carlo where there is none: unbiased, noisy"),
    }
}

/// Dropout's surrogate is of a normal prior whose scale is a number.
fn no_surrogate(tensor: Fitted, prior: &Prior) -> Option<Diagnostic> {
    let fixed = prior
        .parameters
        .iter()
        .all(|scalar| scalar.fixed().is_some());
    let normal = prior.distribution.signature().name == "Normal";
    if normal && fixed && prior.local.is_none() {
        return None;
    }
    let title = match normal {
        true => "dropout's surrogate has no minimum in its prior's scale",
        false => "dropout's surrogate is known under a normal prior alone",
    };
    let mut message = Diagnostic::error("E0412", title);
    if let Some(span) = tensor.prior_from.span() {
        message = message.at(span, format!("the prior of `{}`", tensor.name));
    }
    if let Some(span) = tensor.posterior_from.span() {
        message = message.context(span, "its posterior");
    }
    Some(message.help("a prior such as `Normal(0, 1)`, its numbers fixed"))
}

fn not_a_point(inference: &Inference, tensor: Fitted) -> Diagnostic {
    let title = "`objective map` is of point estimates, and this posterior is not a point";
    let message = Diagnostic::error("E0409", title);
    let objective = inference.objective.span;
    let message = match tensor.posterior_from.span() {
        Some(span) => message
            .at(span, format!("the posterior of `{}`", tensor.name))
            .context(objective, "maximum a posteriori"),
        None => message
            .at(
                objective,
                format!("`{}` has the posterior MeanField", tensor.name),
            )
            .note("where no posterior is set, it is MeanField"),
    };
    message.help("`posterior = Delta` for every parameter, or `objective elbo`")
}

impl Inference {
    /// Whether every parameter with a prior is a point estimate, so that what is minimised is the
    /// negative log posterior and not an ELBO.
    pub fn is_map(&self) -> bool {
        self.has_penalty()
            && !self.has_term(|kind| matches!(kind, TermKind::Kl(..) | TermKind::Surrogate(_)))
    }

    /// Whether no parameter has a term: maximum likelihood.
    pub fn is_maximum_likelihood(&self) -> bool {
        self.loss.of_weights().next().is_none()
    }

    /// Whether something other than a KL stands for one.
    pub fn has_surrogate(&self) -> bool {
        self.has_term(|kind| matches!(kind, TermKind::Surrogate(_)))
    }

    /// Whether a point estimate is penalised by its prior.
    pub fn has_penalty(&self) -> bool {
        self.has_term(|kind| matches!(kind, TermKind::NegLogPrior(_)))
    }

    fn has_term(&self, is: impl Fn(&TermKind) -> bool) -> bool {
        self.loss.terms.iter().any(|term| is(&term.kind))
    }

    /// How many draws of the weights an average over `asked` of them takes: one, where all are the same.
    pub fn draws(&self, asked: usize) -> usize {
        match self.closed_form() {
            Some(_) => 1,
            None => self.draws_of_weights(asked),
        }
    }

    /// What a prediction is that needs no draws of weights that are random: their average in closed form.
    pub fn closed_form(&self) -> Option<&'static str> {
        self.method.entry.closed_form(&self.method.arguments)
    }

    /// How many of `asked` draws of the weights there are, whatever predictions are made of.
    pub fn draws_of_weights(&self, asked: usize) -> usize {
        let mut fits = self.fits.values();
        match fits.any(|fit| fit.posterior.family.entries().is_random()) {
            true => asked,
            false => self.method.entry.draws(&self.method.arguments, self, asked),
        }
    }

    /// Why a prediction takes one draw, where it does: each weight is a point, or what the method says.
    pub fn says_of_one_draw(&self) -> &'static str {
        self.closed_form()
            .unwrap_or("every weight is a point, and predicts once")
    }

    /// Whether a parameter or a latent variable is drawn, so that predictions differ from draw to draw.
    pub fn is_random(&self) -> bool {
        self.draws(2) > 1
    }

    /// Whether a term over the weights is taken at draws: its own, or those of latent variables.
    pub fn is_noisy(&self, term: &Term) -> bool {
        let drawn = |latent| self.fits[latent].posterior.family.entries().is_random();
        let of_points = self.method.has_points() && self.is_random();
        of_points || term.kind.is_monte_carlo() || self.latents_of(term).into_iter().any(drawn)
    }

    /// The latent variables that a term's prior depends on: it is an expectation over them.
    pub fn latents_of(&self, term: &Term) -> Vec<Handle<Tensor>> {
        let prior = term
            .kind
            .tensor()
            .and_then(|t| self.tensors[t].prior.as_ref());
        let scalars = prior.iter().flat_map(|prior| &prior.parameters);
        let mut found: Vec<Handle<Tensor>> = Vec::new();
        let local = prior.and_then(|prior| prior.local);
        for latent in scalars.flat_map(Scalar::latents).chain(local) {
            if !found.contains(&latent) {
                found.push(latent);
            }
        }
        found
    }
}
