//! Priors.

use super::Lower;
use super::scalar::Place;
use crate::check::{Fans, bind, words};
use crate::diagnostic::Diagnostic;
use crate::distribution::{self, DISTRIBUTIONS};
use crate::ir::model::*;
use crate::ir::scalar::{Leaf, Scalar};
use crate::posterior;
use crate::signature::{Domain, Kind};
use crate::syntax::ast::{Expr, ExprKind, Ident};

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
        let mut whole = bound.complete;
        for (parameter, given) in bound.signature.parameters.iter().zip(&bound.values) {
            let Some(given) = given else { continue };
            let (domain, items): (Domain, Vec<(&Expr, String)>) =
                match (parameter.kind, &given.expr.kind) {
                    (Kind::Number { domain, .. }, _) => {
                        (domain, vec![(&given.expr, parameter.name.into())])
                    }
                    (Kind::Numbers { domain, .. }, ExprKind::List(items)) => {
                        let name = |i| format!("{}.{i}", parameter.name);
                        (
                            domain,
                            items
                                .iter()
                                .enumerate()
                                .map(|(i, e)| (e, name(i)))
                                .collect(),
                        )
                    }
                    _ => {
                        let title = format!("`{}` is a list of numbers", parameter.name);
                        self.report(
                            Diagnostic::error("E0206", title)
                                .at(given.span, "")
                                .help("such as `[1, 0.1]`"),
                        );
                        whole = false;
                        continue;
                    }
                };
            for (expr, name) in items {
                let learned = format!("{tensor}.prior.{name}");
                let place = Place {
                    parameter: parameter.name,
                    domain,
                    learned: &learned,
                    fans: Some(fans),
                };
                match self.scalar(place, expr) {
                    Some(scalar) => parameters.push(scalar),
                    None => whole = false,
                }
            }
        }
        if !whole {
            return None;
        }
        let values: Vec<f64> = parameters
            .iter()
            .map(|scalar| self.initial(scalar))
            .collect();
        if let Some(reason) = distribution.refuse(&values) {
            self.report(Diagnostic::error("E0207", reason).at(call.span, ""));
            return None;
        }
        Some(Prior {
            distribution,
            parameters,
            anchor: None,
            local: None,
            written: self.written(value.span),
        })
    }

    /// A number before the first step; of a latent variable, its posterior's middle.
    fn initial(&self, scalar: &Scalar) -> f64 {
        scalar.value(&|leaf| match leaf {
            Leaf::Learned(learned) => self.learned[learned].initial,
            Leaf::Latent(latent) => self.tensors[latent].posterior.middle(),
        })
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
}
