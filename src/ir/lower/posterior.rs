//! Posteriors and their initialisers.

use super::{Lower, scoped};
use crate::check::expression::show;
use crate::check::{Fans, Given, Scope, arguments, bind, words};
use crate::diagnostic::Diagnostic;
use crate::distribution;
use crate::ir::model::{BoundPosterior, FactorPrior, Initializer};
use crate::posterior::{self, POSTERIORS, Posterior, Transform, rho_from_scale};
use crate::signature::{Domain, Kind, Parameter, Signature};
use crate::source::Span;
use crate::syntax::ast::{Argument, Call, Expr, Ident};

const fn number(name: &'static str, domain: Domain, summary: &'static str) -> Parameter {
    Parameter {
        name,
        kind: Kind::Number {
            domain,
            learnable: false,
        },
        default: None,
        summary,
    }
}

static NORMAL: Signature = Signature {
    name: "Normal",
    summary: "independent normal draws",
    parameters: &[
        number("loc", Domain::Real, "their mean"),
        number("scale", Domain::NonNegative, "their standard deviation"),
    ],
};

static UNIFORM: Signature = Signature {
    name: "Uniform",
    summary: "independent uniform draws",
    parameters: &[
        number("low", Domain::Real, "the lower end"),
        number("high", Domain::Real, "the upper end"),
    ],
};

static SOFTPLUS: Signature = Signature {
    name: "Softplus",
    summary: "softplus(rho) = ln(1 + exp(rho)) of another initialiser",
    parameters: &[Parameter {
        name: "rho",
        kind: Kind::Initializer,
        default: None,
        summary: "how rho starts",
    }],
};

impl Lower<'_> {
    /// `MeanField(loc = …, scale = …)`
    pub(super) fn posterior(&mut self, value: &Expr, fans: Fans) -> Option<BoundPosterior> {
        let Some(call) = value.to_call() else {
            let known = POSTERIORS
                .iter()
                .map(|p| format!("`{}`", p.signature().name));
            let title = format!("a posterior is {}", words::join(known.collect(), "or"));
            self.report(Diagnostic::error("E0206", title).at(value.span, ""));
            return None;
        };
        let Some(family) = posterior::find(&call.name.text) else {
            self.unknown_posterior(&call.name, value.span);
            return None;
        };
        let written = self.written(value.span);
        self.bound_posterior(family, &written, &call.arguments, call.name.span, fans)
    }

    fn unknown_posterior(&mut self, name: &Ident, value: Span) {
        let title = format!("`{}` is not a posterior", name.text);
        let known: Vec<&str> = POSTERIORS.iter().map(|p| p.signature().name).collect();
        let plain = Diagnostic::error("E0214", title.clone());
        let message = match name.text.as_str() {
            "Normal" | "Gaussian" => plain
                .at(name.span, "")
                .patch("`MeanField` has an independent normal for each weight", value, "MeanField")
                .note("the arguments of `MeanField(loc, scale)` say how its loc and scale start"),
            "Deterministic" => plain.at(name.span, "").patch(
                "it is written in small letters",
                name.span,
                "deterministic",
            ),
            "true" | "false" => plain.at(name.span, "").help(
                "`bias = none` leaves the bias out; `bias = deterministic` keeps it without a prior",
            ),
            other if distribution::find(other).is_some() => plain
                .at(name.span, "this is a prior")
                .note(format!("posteriors: {}", known.join(", "))),
            _ => words::unknown("E0214", title, name, known, "posteriors"),
        };
        self.report(message);
    }

    /// A family with its initialisers.
    pub(super) fn bound_posterior(
        &mut self,
        family: &'static dyn Posterior,
        written: &str,
        arguments: &[Argument],
        span: Span,
        fans: Fans,
    ) -> Option<BoundPosterior> {
        let text = family.signature().name.into();
        let bound = bind(
            &Ident { text, span },
            arguments,
            family.signature(),
            &mut self.messages,
        );
        let mut posterior = BoundPosterior {
            family,
            initializers: Vec::new(),
            transform: Transform::default(),
            rank: 0,
            bounds: [0.0, 1.0],
            rate: 0.0,
            factor: FactorPrior {
                cauchy: false,
                scale: 0.1,
            },
            written: written.into(),
        };
        let mut whole = bound.complete;
        for (parameter, given) in bound.signature.parameters.iter().zip(&bound.values) {
            let Some(given) = given else { continue };
            let initializer = match parameter.kind {
                Kind::ScaleInitializer => self.scale_initializer(parameter.name, &given.expr, fans),
                Kind::Initializer => self.initializer(parameter.name, &given.expr, fans),
                _ => {
                    whole &= self.posterior_option(parameter, given, &mut posterior);
                    continue;
                }
            };
            match initializer {
                Some(initializer) => posterior.initializers.push((parameter.name, initializer)),
                None => whole = false,
            }
        }
        whole.then_some(posterior)
    }

    /// An argument that is no initialiser; whether it is right.
    fn posterior_option(
        &mut self,
        parameter: &Parameter,
        given: &Given,
        posterior: &mut BoundPosterior,
    ) -> bool {
        let (scope, messages) = scoped!(self, None);
        let name = parameter.name;
        match parameter.kind {
            Kind::Count => {
                let count = arguments::count(name, &given.expr, scope, messages);
                posterior.rank = count.unwrap_or(1);
                count.is_some()
            }
            Kind::Number { domain, .. } => {
                let value = arguments::in_domain(name, &given.expr, domain, scope, messages);
                match name {
                    "low" => posterior.bounds[0] = value.unwrap_or(0.0),
                    "high" => posterior.bounds[1] = value.unwrap_or(1.0),
                    "rate" => posterior.rate = value.unwrap_or(0.5),
                    "prior_scale" => posterior.factor.scale = value.unwrap_or(0.1),
                    _ => {}
                }
                value.is_some()
            }
            Kind::Choice(words) => {
                let word = arguments::choice(name, &given.expr, words, messages);
                posterior.factor.cauchy = word == Some("cauchy");
                word.is_some()
            }
            _ => unreachable!("no posterior takes such an argument"),
        }
    }

    /// `0.1`, `Normal(0, 0.1)`, `Uniform(-1, 1)`
    fn initializer(&mut self, name: &str, expr: &Expr, fans: Fans) -> Option<Initializer> {
        let signature = match family(expr) {
            Some(call) if call.name.text == "Normal" => &NORMAL,
            Some(call) if call.name.text == "Uniform" => &UNIFORM,
            Some(call) => {
                let title = format!("`{name}` cannot start from `{}`", call.name.text);
                self.report(
                    Diagnostic::error("E0206", title)
                        .at(expr.span, "")
                        .help("a number, `Normal(loc, scale)` or `Uniform(low, high)`"),
                );
                return None;
            }
            None => {
                let (scope, messages) = scoped!(self, Some(fans));
                return arguments::in_domain(name, expr, Domain::Real, scope, messages)
                    .map(Initializer::Constant);
            }
        };
        let call = expr.to_call()?;
        let bound = bind(&call.name, &call.arguments, signature, &mut self.messages);
        let (scope, messages) = scoped!(self, Some(fans));
        let constants = bound.constants(scope, messages)?;
        if signature.name == "Normal" {
            return Some(Initializer::Normal {
                loc: constants.number("loc"),
                scale: constants.number("scale"),
            });
        }
        let (low, high) = (constants.number("low"), constants.number("high"));
        if low >= high {
            let title = format!("`Uniform` from {} to {} is empty", show(low), show(high));
            self.report(Diagnostic::error("E0207", title).at(call.span, "low is not below high"));
            return None;
        }
        Some(Initializer::Uniform { low, high })
    }

    /// `Softplus(Normal(-3, 0.1))`, or a number: the scale itself.
    fn scale_initializer(&mut self, name: &str, expr: &Expr, fans: Fans) -> Option<Initializer> {
        let Some(call) = family(expr) else {
            let (scope, messages) = scoped!(self, Some(fans));
            let scale = arguments::in_domain(name, expr, Domain::Positive, scope, messages)?;
            return Some(Initializer::Constant(rho_from_scale(scale, f64::EPSILON)));
        };
        let plain = |title: String| Diagnostic::error("E0206", title).at(expr.span, "");
        let message = match call.name.text.as_str() {
            "Softplus" => {
                let bound = bind(&call.name, &call.arguments, &SOFTPLUS, &mut self.messages);
                let given = bound.values.into_iter().next()??;
                return self
                    .initializer("rho", &given.expr, fans)
                    .filter(|_| bound.complete);
            }
            "Normal" | "Uniform" => {
                let text = self.written(expr.span);
                plain(format!(
                    "`{name}` is above 0, and a draw from `{text}` need not be"
                ))
                .patch(
                    "Softplus makes a scale of any number (-3 gives 0.0486)",
                    expr.span,
                    format!("Softplus({text})"),
                )
            }
            other => plain(format!("`{name}` cannot start from `{other}`"))
                .help("a number above 0, or `Softplus(Normal(-3, 0.1))`"),
        };
        self.report(message);
        None
    }
}

/// A call of something in CamelCase: no constant expression.
fn family(expr: &Expr) -> Option<Call> {
    expr.to_call()
        .filter(|call| call.name.text.starts_with(|c: char| c.is_ascii_uppercase()))
}
