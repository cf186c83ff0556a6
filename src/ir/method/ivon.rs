//! `ivon(hess_init = 1)`: the improved variational online Newton method (Shen, Daheim, Cong, Nickl, Marconi, Bazan,
//! Yokota, Gurevych, Cremers, Khan and Möllenhoff 2024, "Variational learning is effective for large deep networks").
//!
//! It minimises the negative ELBO of independent normals, as `mean_field` does. The scale of an entry is no variable of
//! its own: it follows from a running estimate h of the curvature of the mean negative log-likelihood.
//!
//! ```text
//! scale² = 1/(λ(h + δ)),   λ = N/T,   δ = T/(N s²) under the prior Normal(loc, s)
//! ```
//!
//! The step stands in `train::method::ivon`.

use super::super::arena::Handle;
use super::super::inference::{Inference, Minibatch};
use super::super::loss::AbsentReason;
use super::super::model::{Prior, Role, Tensor};
use super::super::scalar::Scalar;
use super::{Method, MovedBy, Parameters};
use crate::diagnostic::Diagnostic;
use crate::distribution::{Distribution, Normal};
use crate::show;
use crate::signature::{Constants, Domain, Kind, Parameter, Signature};
use crate::words::list;

/// Where none is said.
const LEARNING_RATE: f64 = 0.1;

/// The method.
pub struct Ivon;

const fn number(
    name: &'static str,
    domain: Domain,
    default: &'static str,
    summary: &'static str,
) -> Parameter {
    Parameter {
        name,
        kind: Kind::Number {
            domain,
            learnable: false,
        },
        default: Some(default),
        summary,
    }
}

static SIGNATURE: Signature = Signature {
    name: "ivon",
    summary: "variational inference by online Newton steps: independent normals whose scales follow from the curvature",
    parameters: &[
        number(
            "hess_init",
            Domain::Positive,
            "1",
            "the curvature h before the first step",
        ),
        number(
            "beta1",
            Domain::OpenUnit,
            "0.9",
            "decay of the gradient's mean",
        ),
        number(
            "beta2",
            Domain::OpenUnit,
            "0.99999",
            "decay of the curvature's mean",
        ),
        Parameter {
            name: "clip_radius",
            kind: Kind::NumberOr {
                domain: Domain::Positive,
                word: "none",
            },
            default: Some("none"),
            summary: "the largest entry of a step before it is multiplied with the learning rate",
        },
    ],
};

/// Loc and scale of a prior that the update can carry: a normal whose numbers are fixed.
pub fn normal_prior(prior: &Prior) -> Option<[f64; 2]> {
    let normal: &'static dyn Distribution = &Normal;
    if prior.distribution != normal || prior.local.is_some() {
        return None;
    }
    let fixed: Option<Vec<f64>> = prior.parameters.iter().map(Scalar::fixed).collect();
    fixed?.try_into().ok()
}

impl Method for Ivon {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn parameters(&self) -> Parameters {
        Parameters::Normals
    }
    fn moved_by(&self) -> MovedBy {
        MovedBy::LearningRate {
            default: LEARNING_RATE,
        }
    }
    fn start_scale(
        &self,
        arguments: &Constants,
        inference: &Inference,
        tensor: Handle<Tensor>,
        n: usize,
    ) -> Option<f64> {
        let [_, scale] = normal_prior(inference.tensors[tensor].prior.as_ref()?)?;
        let precision = n as f64 / inference.objective.temperature * arguments.number("hess_init");
        Some((precision + scale.powi(-2)).powf(-0.5))
    }
    fn remarks_of(&self, arguments: &Constants, inference: &Inference) -> Vec<String> {
        let start = show(arguments.number("hess_init"));
        let (n, t) = match inference.objective.temperature {
            1.0 => ("N", "1"),
            _ => ("(N/T)", "T"),
        };
        let clip = match arguments.number_if_any("clip_radius") {
            None => "(m + delta (loc - prior loc)) / (h + delta)".into(),
            Some(most) => format!(
                "(m + delta (loc - prior loc)) / (h + delta), cut off at {} and -{0}",
                show(most)
            ),
        };
        let mut remarks = vec![
            format!(
                "scales are no variables: scale^2 = 1/({n} (h + delta)), h a running mean of the curvature of the nll, \
                 {start} at first"
            ),
            format!(
                "the update carries the prior: delta = {t}/(N s^2), so that the precision is that of the data, {n} h, \
                 and that of the prior, 1/s^2; s is {}",
                scales(inference)
            ),
            format!(
                "a step moves loc against {clip}, m a running mean of the nll's gradient, times the learning rate \
                 and (hess_init + delta)"
            ),
            format!(
                "`ivon` takes its own steps: of `[optimizer]` it uses `learning_rate` alone, {} where none is said, with \
                 the schedule",
                show(LEARNING_RATE)
            ),
        ];
        let absent = inference.loss.absent.iter();
        let moved = absent.filter(|absent| absent.reason != AbsentReason::Kept);
        let moved: Vec<&str> = moved
            .map(|absent| inference.subject_name(absent.subject))
            .collect();
        if !moved.is_empty() {
            remarks.push(format!(
                "without prior and noise: {} {} the same step with h kept at hess_init and delta = 0, the learning rate \
                 times m",
                match &moved[..] {
                    [_, _, _, _, ..] => format!("`{}` and {} more", moved[0], moved.len() - 1),
                    few => list(few),
                },
                if moved.len() == 1 { "takes" } else { "take" }
            ));
        }
        remarks
    }
    fn methods(&self, arguments: &Constants, _: &Inference) -> Option<String> {
        let [h, b1, b2] = ["hess_init", "beta1", "beta2"].map(|name| show(arguments.number(name)));
        let clipped = match arguments.number_if_any("clip_radius") {
            None => String::new(),
            Some(most) => format!(
                " The fraction is cut off at $-{}$ and ${0}$, entry by entry.",
                show(most)
            ),
        };
        Some(format!(
            "It is minimised by IVON, the improved variational online Newton method [@shen2024]. $q$ has an independent \
             normal for each entry, whose scale follows from a curvature $h$: with $lambda = N/T$, $T$ the temperature, and \
             $delta = 1/(lambda s^2)$ for a prior of scale $s$, \
             $$sigma_i^2 = 1/(lambda (h_i + delta)).$$ A step draws $w_i = mu_i + sigma_i epsilon_i$. With $g$ the \
             gradient of the mean negative log-likelihood of the minibatch at $w$, and \
             $f_i = lambda (h_i + delta) sigma_i epsilon_i g_i$ the estimate of its curvature, both averaged over the \
             step's draws, \
             $$m_i := beta_1 m_i + (1 - beta_1) g_i,$$ \
             $$h_i := beta_2 h_i + (1 - beta_2) f_i + 1/2 (1 - beta_2)^2 (h_i - f_i)^2/(h_i + delta),$$ \
             $$mu_i := mu_i - alpha (m_i/(1 - beta_1^t) + delta (mu_i - mu_0))/(h_i + delta),$$ with the prior's loc \
             $mu_0$, step $t$ and the learning rate times $h_0 + delta$ for $alpha$. The last term of $h$ keeps $h + delta$ \
             positive. Here $h_0 = {h}$, $beta_1 = {b1}$ and $beta_2 = {b2}$.{clipped} What has no prior takes the same step \
             without noise, with $h = h_0$ and $delta = 0$."
        ))
    }
    fn refuse(&self, _: &Constants, inference: &Inference) -> Vec<Diagnostic> {
        let refused = |title: String| Diagnostic::error("E0421", title);
        let mut found = vec![];
        let mut is_random = false;
        let mut told = vec![];
        for (_, tensor) in inference.all_fitted() {
            let Some(prior) = &tensor.prior else { continue };
            is_random = true;
            let name = &tensor.name;
            let (title, note) = match tensor.role {
                Role::Latent => (
                    format!("`ivon` does not fit the latent variable `{name}`"),
                    "its update carries priors whose scale is a number, of parameters of layers",
                ),
                // The prior whose scales they are is refused itself.
                Role::Local => continue,
                _ if normal_prior(prior).is_none() => (
                    format!("`ivon` does not fit `{name}` under `{}`", prior.written),
                    "its update carries the precision of a normal prior whose loc and scale are fixed numbers",
                ),
                _ => continue,
            };
            // One setting gives several parameters their prior.
            let span = tensor.prior_from.span();
            if span.is_some() && told.contains(&span) {
                continue;
            }
            told.push(span);
            let mut message = refused(title).note(note);
            if let Some(span) = span {
                message = message.at(span, "");
            }
            found.push(
                message.help(
                    "`prior = Normal(0, 1)`, or another method: `mean_field` fits every prior",
                ),
            );
        }
        let objective = &inference.objective;
        let moving = [
            ("annealing", objective.annealing.is_some()),
            ("minibatch", objective.minibatch == Minibatch::Blundell),
        ];
        for (option, _) in moving.into_iter().filter(|(_, is_set)| *is_set) {
            let title = format!(
                "`ivon` gives the prior the same weight at every step, and `{option}` changes it"
            );
            let mut spans = objective.option_spans.iter();
            let span = spans.find(|(name, _)| name == &option);
            let span = span.map_or(objective.span, |(_, span)| *span);
            found.push(refused(title).at(span, "").help("leave it out"));
        }
        if !is_random {
            let title = "`ivon` has nothing to fit a distribution of: no parameter has a prior";
            found.push(
                refused(title.into())
                    .at(objective.span, "")
                    .help("`default { prior = Normal(0, 1) }`, or `inference map`"),
            );
        }
        found
    }
}

/// The scale of each prior, with the parameters that have it where there are several.
fn scales(inference: &Inference) -> String {
    let mut scales: Vec<(f64, Vec<&str>)> = vec![];
    for (_, tensor) in inference.model.tensors.iter() {
        let Some([_, scale]) = tensor.prior.as_ref().and_then(normal_prior) else {
            continue;
        };
        match scales.iter_mut().find(|(known, _)| *known == scale) {
            Some((_, names)) => names.push(&tensor.name),
            None => scales.push((scale, vec![&tensor.name])),
        }
    }
    let of = |(scale, names): &(f64, Vec<&str>)| match &names[..] {
        [first, rest @ ..] if rest.len() > 2 => {
            format!("{} of `{first}` and {} more", show(*scale), rest.len())
        }
        few => format!("{} of {}", show(*scale), list(few)),
    };
    match &scales[..] {
        [(scale, _)] => format!("{} everywhere", show(*scale)),
        several => crate::words::join(several.iter().map(of).collect(), "and"),
    }
}
