//! Priors.

use super::Lower;
use super::pretrained::is_moped;
use super::scalar::Place;
use crate::check::{Fans, arguments, bind, words};
use crate::diagnostic::Diagnostic;
use crate::distribution::{self, DISTRIBUTIONS, MAX_PARAMETERS};
use crate::ir::model::*;
use crate::ir::scalar::{Leaf, Scalar};
use crate::posterior;
use crate::pretrained::moped;
use crate::signature::{Constant, Constants, Kind};
use crate::syntax::ast::{Expr, ExprKind, Ident};

impl Lower<'_> {
    /// `Normal(0, 1 / sqrt(fan_in))`, as the prior of `tensor`.
    /// `fans` are those of a kernel or bias; a latent variable has none.
    pub(super) fn prior(
        &mut self,
        tensor: &str,
        value: &Expr,
        fans: Option<Fans>,
    ) -> Option<Prior> {
        let Some(call) = value.to_call() else {
            self.report(
                Diagnostic::error("E0206", "a prior is a distribution")
                    .at(value.span, "")
                    .help("such as `Normal(0, 1)`"),
            );
            return None;
        };
        if is_moped(value) {
            // Of a parameter it has been taken out; a latent variable has no weights.
            self.no_weights(value.span);
            return None;
        }
        let Some(distribution) = distribution::find(&call.name.text) else {
            self.unknown_prior(&call.name);
            return None;
        };
        let bound = bind(
            &call.name,
            &call.arguments,
            distribution.signature(),
            &mut self.messages,
        );
        let mut parameters = Vec::new();
        let mut lists = Vec::new();
        let mut whole = bound.complete;
        let mut words = Constants::default();
        for (parameter, given) in bound.signature.parameters.iter().zip(&bound.values) {
            let Some(given) = given else { continue };
            if let Kind::Choice(known) = parameter.kind {
                let word =
                    arguments::choice(parameter.name, &given.expr, known, &mut self.messages);
                match word {
                    Some(word) => words.set(parameter.name, Constant::Word(word)),
                    None => whole = false,
                }
                continue;
            }
            let (Kind::Number { domain, learnable } | Kind::Numbers { domain, learnable }) =
                parameter.kind
            else {
                continue;
            };
            let items: Vec<(&Expr, String)> = match (parameter.kind, &given.expr.kind) {
                (Kind::Numbers { .. }, ExprKind::List(items)) => {
                    let name = |(i, e)| (e, format!("{}.{i}", parameter.name));
                    items.iter().enumerate().map(name).collect()
                }
                _ => vec![(&given.expr, parameter.name.into())],
            };
            let mut values = Vec::new();
            for (expr, name) in items {
                let learned = format!("{tensor}.prior.{name}");
                if !learnable && self.varies(expr) {
                    let title = format!("`{}` is a constant", parameter.name);
                    self.report(
                        Diagnostic::error("E0216", title)
                            .at(expr.span, "cannot be learned, nor random")
                            .note("where the prior has mass is part of the model"),
                    );
                    whole = false;
                    continue;
                }
                let place = Place {
                    parameter: parameter.name,
                    domain,
                    learned: &learned,
                    of_prior: true,
                    entries: 1,
                    fans,
                };
                match self.scalar(place, expr) {
                    Some(scalar) => {
                        values.push(self.initial(&scalar));
                        parameters.push(scalar);
                    }
                    None => whole = false,
                }
            }
            lists.push(values);
        }
        if !whole {
            return None;
        }
        if parameters.len() > MAX_PARAMETERS {
            let title = format!(
                "a prior has {MAX_PARAMETERS} numbers at most, not {}",
                parameters.len()
            );
            self.report(Diagnostic::error("E0207", title).at(call.span, ""));
            return None;
        }
        if let Some(reason) = distribution.refuse(&lists) {
            self.report(Diagnostic::error("E0207", reason).at(call.span, ""));
            return None;
        }
        Some(Prior {
            words,
            ..Prior::new(distribution, parameters, self.written(value.span))
        })
    }

    /// A number before the first step; of a latent variable, its posterior's middle.
    pub(super) fn initial(&self, scalar: &Scalar) -> f64 {
        scalar.value(&|leaf| match leaf {
            Leaf::Learned(learned) => self.learned[learned].initial_at(0),
            Leaf::Latent(latent) => self.fits[latent].posterior.middle(),
        })
    }

    fn unknown_prior(&mut self, name: &Ident) {
        let title = format!("`{}` is not a prior", name.text);
        let known = DISTRIBUTIONS.iter().map(|d| d.signature().name);
        let known: Vec<&str> = known.chain([moped::SIGNATURE.name]).collect();
        let message = match (name.text.as_str(), posterior::find(&name.text)) {
            (_, Some(_)) => Diagnostic::error("E0213", title)
                .at(name.span, "this is a posterior")
                .note(format!("priors: {}", known.join(", "))),
            ("none", _) => Diagnostic::error("E0213", title)
                .at(name.span, "")
                .help("`posterior = deterministic` is a parameter without a prior"),
            ("Gaussian" | "gaussian", _) => Diagnostic::error("E0213", title)
                .at(name.span, "")
                .patch("here it is called `Normal`", name.span, "Normal"),
            _ => words::unknown("E0213", title, name, known, "priors"),
        };
        self.report(message);
    }
}
