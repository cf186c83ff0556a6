//! Posteriors and their initialisers.

use super::{Lower, scoped};
use crate::check::{Fans, Scope, arguments, bind, words};
use crate::diagnostic::{Diagnostic, nearest};
use crate::distribution;
use crate::initializer::{self, INITIALIZERS, Initializer};
use crate::ir::model::BoundPosterior;
use crate::layer;
use crate::posterior::{
    self, LARGEST_SCALE, LEAST_SCALE, POSTERIORS, Posterior, TRANSFORMS, Transform,
};
use crate::show;
use crate::signature::{Domain, Kind};
use crate::source::Span;
use crate::syntax::ast::{Argument, Call, Expr, Ident};

impl Lower<'_> {
    /// `MeanField(loc = …, scale = …)`
    pub(super) fn posterior(&mut self, value: &Expr, fans: Option<Fans>) -> Option<BoundPosterior> {
        let Some(call) = value.to_call() else {
            let known = POSTERIORS
                .iter()
                .map(|p| format!("`{}`", p.signature().name));
            let title = format!(
                "a posterior is {}",
                crate::words::join(known.collect(), "or")
            );
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
        let short = self.short_for_posterior(value);
        let short = short.filter(|_| distribution::find(&name.text).is_some());
        if let Some(parameter) = short {
            let written = self.written(value);
            let note = format!("`{parameter} = …` is short for `{parameter}: posterior = …`");
            let message = plain.at(name.span, "this is a prior").note(note);
            return self.report(message.help(format!(
                "in a layer's braces, or in `default`: `{parameter}: prior = {written}`"
            )));
        }
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
            "true" | "false" | "True" | "False" => plain.at(name.span, "").help(
                "`bias = none` leaves the bias out; `bias = deterministic` keeps it without a prior",
            ),
            other if distribution::find(other).is_some() => plain
                .at(name.span, "this is a prior")
                .note(format!("posteriors: {}", known.join(", "))),
            _ => words::unknown("E0214", title, name, known, "posteriors"),
        };
        self.report(message);
    }

    /// The parameter of `bias = X`, where X is the value at `span`.
    fn short_for_posterior(&self, span: Span) -> Option<&'static str> {
        let before = self.source.text.get(..span.start)?.trim_end();
        let before = before.strip_suffix('=')?.trim_end();
        let mut parameters = layer::slots().into_iter().map(|slot| slot.name);
        parameters.find(|parameter| before.ends_with(parameter))
    }

    /// A family with its initialisers.
    pub(super) fn bound_posterior(
        &mut self,
        family: &'static dyn Posterior,
        written: &str,
        arguments: &[Argument],
        span: Span,
        fans: Option<Fans>,
    ) -> Option<BoundPosterior> {
        let text = family.signature().name.into();
        let bound = bind(
            &Ident { text, span },
            arguments,
            family.signature(),
            &mut self.messages,
        );
        let mut posterior = BoundPosterior::new(family, written.into());
        let mut whole = bound.complete;
        for (parameter, given) in bound.signature.parameters.iter().zip(&bound.values) {
            let Some(given) = given else { continue };
            let initializer = match parameter.kind {
                Kind::ScaleInitializer => self
                    .scale_initializer(parameter.name, &given.expr, fans)
                    .map(|(transform, initializer)| {
                        posterior.transform = transform;
                        initializer
                    }),
                Kind::Initializer => self.initializer(parameter.name, &given.expr, fans),
                _ => {
                    let (scope, messages) = scoped!(self, None);
                    match arguments::constant(parameter, given, scope, messages) {
                        Some(value) => posterior.arguments.set(parameter.name, value),
                        None => whole = false,
                    }
                    continue;
                }
            };
            match initializer {
                Some(initializer) => posterior.initializers.push((parameter.name, initializer)),
                None => whole = false,
            }
        }
        if whole && posterior.largest_rho().is_some() {
            let mut given = bound.signature.parameters.iter().zip(&bound.values);
            let given = given.find(|(parameter, _)| parameter.name == LARGEST_SCALE);
            let place = given.and_then(|(_, given)| given.as_ref());
            whole = self.starts_within(&posterior, place.map_or(span, |given| given.span));
        }
        whole.then_some(posterior)
    }

    /// Whether scales start at or below the largest; what says that they do not is at `place`. Single draws
    /// above it are set to it.
    fn starts_within(&mut self, posterior: &BoundPosterior, place: Span) -> bool {
        let (largest, start) = (posterior.largest_rho(), posterior.initializer("scale"));
        let start = start.map(|start| start.mean());
        let above = start
            .zip(largest)
            .filter(|(start, largest)| start > largest);
        let Some((start, _)) = above else {
            return true;
        };
        let start = show(posterior.transform.value(start));
        let largest = posterior.largest_scale().map_or(String::new(), show);
        let title =
            format!("scales start near {start}, above `{LARGEST_SCALE}`, which is {largest}");
        self.report(
            Diagnostic::error("E0207", title)
                .at(place, "")
                .help(format!(
                    "let them start lower, `scale = {largest}`, or leave `{LARGEST_SCALE}` out"
                )),
        );
        false
    }

    /// `0.1`, `Normal(0, 0.1)`, `GlorotUniform`
    fn initializer(&mut self, name: &str, expr: &Expr, fans: Option<Fans>) -> Option<Initializer> {
        let Some(call) = family(expr) else {
            let (scope, messages) = scoped!(self, fans);
            return arguments::in_domain(name, expr, Domain::Real, scope, messages)
                .map(Initializer::Constant);
        };
        let Some(scheme) = initializer::find(&call.name.text) else {
            self.no_initializer(name, &call, false);
            return None;
        };
        let signature = scheme.signature();
        let bound = bind(&call.name, &call.arguments, signature, &mut self.messages);
        let (scope, messages) = scoped!(self, fans);
        let constants = bound.constants(scope, messages)?;
        let of = |fans| scheme.resolve(&constants, fans);
        let resolved = match fans {
            Some(fans) => of([fans.fan_in, fans.fan_out]),
            None => of([1, 1]),
        };
        match resolved {
            Ok(initializer) if fans.is_none() => {
                // What is another with other fans, or with another shape, is of a kernel.
                if initializer.depends_on_shape() || of([2, 3]) != Ok(initializer) {
                    let title = format!("`{}` has no meaning here", call.name.text);
                    self.report(
                        Diagnostic::error("E0209", title)
                            .at(call.span, "a latent variable has no inputs and outputs")
                            .help("a number, or `Normal(0, 0.1)`"),
                    );
                    return None;
                }
                Some(initializer)
            }
            Ok(initializer) => Some(initializer),
            Err(refusal) => {
                let message = Diagnostic::error("E0207", refusal.title);
                self.report(message.at(call.span, refusal.label));
                None
            }
        }
    }

    /// `Softplus(Normal(-3, 0.1))`, `Exp(-3)`, or a number: the scale itself.
    fn scale_initializer(
        &mut self,
        name: &str,
        expr: &Expr,
        fans: Option<Fans>,
    ) -> Option<(Transform, Initializer)> {
        let Some(call) = family(expr) else {
            return self.scale(name, expr, fans);
        };
        if let Some(transform) = Transform::find(&call.name.text) {
            let signature = transform.signature();
            let bound = bind(&call.name, &call.arguments, signature, &mut self.messages);
            let given = bound.values.into_iter().next()??;
            let rho = self.initializer("rho", &given.expr, fans)?;
            return bound.complete.then_some((transform, rho));
        }
        let Some(scheme) = initializer::find(&call.name.text) else {
            self.no_initializer(name, &call, true);
            return None;
        };
        // `Constant(0.1)` is 0.1: the scale itself.
        if scheme.signature().name == "Constant" {
            let signature = scheme.signature();
            let bound = bind(&call.name, &call.arguments, signature, &mut self.messages);
            let given = bound.values.into_iter().next()??;
            let scale = self.scale(name, &given.expr, fans)?;
            return bound.complete.then_some(scale);
        }
        let text = self.written(expr.span);
        let title = format!("`{name}` is above 0, and a draw from `{text}` need not be");
        let message = Diagnostic::error("E0206", title).at(expr.span, "").patch(
            "Softplus makes a scale of any number (-3 gives 0.0486)",
            expr.span,
            format!("Softplus({text})"),
        );
        self.report(message);
        None
    }

    /// The scale itself.
    fn scale(
        &mut self,
        name: &str,
        expr: &Expr,
        fans: Option<Fans>,
    ) -> Option<(Transform, Initializer)> {
        let (scope, messages) = scoped!(self, fans);
        let scale = arguments::in_domain(name, expr, Domain::Positive, scope, messages)?;
        let transform = Transform::default();
        if scale <= LEAST_SCALE {
            let title = format!(
                "`{name}` cannot start from {}: softplus makes none below {}",
                show(scale),
                show(LEAST_SCALE)
            );
            let exponent = show(scale.ln());
            let message = Diagnostic::error("E0207", title).at(expr.span, "").patch(
                "Exp makes one of any size",
                expr.span,
                format!("Exp({exponent})"),
            );
            self.report(message);
            return None;
        }
        let rho = transform.raw(scale, LEAST_SCALE);
        Some((transform, Initializer::Constant(rho)))
    }

    /// A word that is no initialiser, where one must stand.
    fn no_initializer(&mut self, name: &str, call: &Call, scale: bool) {
        let word = &call.name;
        let title = format!("`{name}` cannot start from `{}`", word.text);
        let plain = Diagnostic::error("E0206", title.clone()).at(word.span, "");
        let message = if scale {
            let transforms = TRANSFORMS.iter().map(|t| t.name());
            match nearest(&word.text, transforms) {
                Some(near) => plain.patch(format!("there is `{near}`"), word.span, near),
                None => plain.help(
                    "a number above 0, `Softplus(Normal(-3, 0.1))` or `Exp(Normal(-3, 0.1))`",
                ),
            }
        } else if Transform::find(&word.text).is_some()
            && let [inside] = &call.arguments[..]
        {
            let inside = self.written(inside.value.span);
            plain.patch(
                format!("`{name}` is any number: no transform is wanted"),
                call.span,
                inside,
            )
        } else {
            let known = INITIALIZERS.iter().map(|s| s.signature().name);
            words::unknown("E0206", title, word, known, "initialisers")
        };
        self.report(message);
    }
}

/// A call of something in CamelCase: no constant expression.
fn family(expr: &Expr) -> Option<Call> {
    expr.to_call()
        .filter(|call| call.name.text.starts_with(|c: char| c.is_ascii_uppercase()))
}
