//! Priors, and numbers that may be learned.

use super::{Lower, scoped};
use crate::check::expression::show;
use crate::check::{Fans, Scope, arguments, bind, words};
use crate::diagnostic::Diagnostic;
use crate::distribution::{self, DISTRIBUTIONS, MAX_PARAMETERS};
use crate::ir::model::*;
use crate::posterior;
use crate::signature::{Domain, Kind};
use crate::syntax::ast::{Call, Expr, ExprKind, Ident};

impl Lower<'_> {
    /// `Normal(0, 1 / sqrt(fan_in))`, as the prior of `tensor`.
    pub(super) fn prior(&mut self, tensor: &str, value: &Expr, fans: Fans) -> Option<Prior> {
        let Some(call) = value.to_call() else {
            self.report(
                Diagnostic::error("E0206", "a prior is a distribution")
                    .at(value.span, "")
                    .help("such as `Normal(0, 1)`"),
            );
            return None;
        };
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
        let mut arguments = Vec::new();
        let mut whole = bound.complete;
        for (parameter, given) in bound.signature.parameters.iter().zip(&bound.values) {
            let Some(given) = given else { continue };
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
                if !learnable && is_learned(expr) {
                    let title = format!("`{}` is a constant", parameter.name);
                    self.report(
                        Diagnostic::error("E0216", title)
                            .at(expr.span, "cannot be learned")
                            .note("where the prior has mass is part of the model"),
                    );
                    whole = false;
                    continue;
                }
                match self.scalar(parameter.name, expr, domain, learned, Some(fans)) {
                    Some(scalar) => {
                        values.push(self.initial(scalar));
                        parameters.push(scalar);
                    }
                    None => whole = false,
                }
            }
            arguments.push(values);
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
        if let Some(reason) = distribution.refuse(&arguments) {
            self.report(Diagnostic::error("E0207", reason).at(call.span, ""));
            return None;
        }
        Some(Prior {
            distribution,
            parameters,
            written: self.written(value.span),
        })
    }

    pub(super) fn initial(&self, scalar: Scalar) -> f64 {
        match scalar {
            Scalar::Fixed(value) => value,
            Scalar::Learned(learned) => self.learned[learned].initial,
        }
    }

    fn unknown_prior(&mut self, name: &Ident) {
        let title = format!("`{}` is not a prior", name.text);
        let known: Vec<&str> = DISTRIBUTIONS.iter().map(|d| d.signature().name).collect();
        let message = match (name.text.as_str(), posterior::find(&name.text)) {
            (_, Some(_)) => Diagnostic::error("E0213", title)
                .at(name.span, "this is a posterior")
                .note(format!("priors: {}", known.join(", "))),
            ("Gaussian" | "gaussian", _) => Diagnostic::error("E0213", title)
                .at(name.span, "")
                .patch("here it is called `Normal`", name.span, "Normal"),
            _ => words::unknown("E0213", title, name, known, "priors"),
        };
        self.report(message);
    }

    /// A number, or `learned(…)`, which is called `learned`.
    pub(super) fn scalar(
        &mut self,
        parameter: &str,
        expr: &Expr,
        domain: Domain,
        learned: String,
        fans: Option<Fans>,
    ) -> Option<Scalar> {
        if let ExprKind::Call(call) = &expr.kind
            && is_learned(expr)
        {
            let initial = self.learned_initial(parameter, call, domain, fans)?;
            return Some(Scalar::Learned(self.learned.push(Learned {
                name: learned,
                initial,
                domain,
                span: call.span,
            })));
        }
        let (scope, messages) = scoped!(self, fans);
        arguments::in_domain(parameter, expr, domain, scope, messages).map(Scalar::Fixed)
    }

    fn learned_initial(
        &mut self,
        parameter: &str,
        call: &Call,
        domain: Domain,
        fans: Option<Fans>,
    ) -> Option<f64> {
        let [argument] = &call.arguments[..] else {
            self.report(
                Diagnostic::error("E0204", "`learned` takes one number: where it starts")
                    .at(call.span, "")
                    .help("such as `learned(0.1)`"),
            );
            return None;
        };
        let (scope, messages) = scoped!(self, fans);
        let initial = arguments::in_domain(parameter, &argument.value, domain, scope, messages)?;
        // A transform keeps it inside; it cannot start on the edge.
        let edge = match domain {
            Domain::Unit => initial == 0.0 || initial == 1.0,
            Domain::NonNegative => initial == 0.0,
            Domain::Real | Domain::Positive | Domain::OpenUnit => false,
        };
        if edge {
            let title = format!("`{parameter}` cannot be learned from {} on", show(initial));
            self.report(
                Diagnostic::error("E0207", title).at(argument.span, "the edge of what it may be"),
            );
            return None;
        }
        Some(initial)
    }
}

/// `learned(…)`
fn is_learned(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Call(call) if call.name.text == "learned")
}
