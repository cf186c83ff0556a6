//! Numbers that a fit moves: `learned(0.1)`, a latent variable, and arithmetic of both.

use super::{Lower, scoped};
use crate::check::{Fans, Scope, arguments, words};
use crate::diagnostic::Diagnostic;
use crate::ir::Range;
use crate::ir::arena::Handle;
use crate::ir::model::{Learned, Tensor};
use crate::ir::scalar::{Function, Leaf, Scalar};
use crate::posterior::LEAST_SCALE;
use crate::show;
use crate::signature::Domain;
use crate::source::Span;
use crate::syntax::ast::{Argument, Call, Expr, ExprKind, Ident};
use crate::syntax::follow;

/// Where a number stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The parameter it is an argument for.
    pub parameter: &'a str,
    /// What it may be.
    pub domain: Domain,
    /// What a learned number in it is called.
    pub learned: &'a str,
    /// Whether that is a prior.
    pub of_prior: bool,
    /// How many numbers a learned one is unless it is shared: those of the target's entries.
    pub entries: usize,
    /// The fans that are known there: those of a kernel or bias.
    pub fans: Option<Fans>,
}

impl Lower<'_> {
    /// Whether a learned number or a latent variable stands in it.
    pub(super) fn varies(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Number(_) | ExprKind::Text(_) => false,
            ExprKind::Name(name) => self.is_latent(&name.text),
            ExprKind::Call(call) => {
                call.name.text == "learned" || call.arguments.iter().any(|a| self.varies(&a.value))
            }
            ExprKind::List(items) => items.iter().any(|item| self.varies(item)),
            ExprKind::Index { base, .. } | ExprKind::Slice { base, .. } => self.varies(base),
            ExprKind::Negate(inner) => self.varies(inner),
            ExprKind::Binary { left, right, .. } => self.varies(left) || self.varies(right),
        }
    }

    /// A number in its domain, whatever moves it.
    pub(super) fn scalar(&mut self, place: Place, expr: &Expr) -> Option<Scalar> {
        if place.of_prior
            && let Some(name) = self.of_posterior(expr)
        {
            self.report(follow::message(name.span, &name.text));
            return None;
        }
        if !self.varies(expr) {
            let (scope, messages) = scoped!(self, place.fans);
            let value = arguments::in_domain(place.parameter, expr, place.domain, scope, messages);
            return value.map(Scalar::Fixed);
        }
        let scalar = self.expression(place, expr)?;
        let range = scalar.range(&|leaf| self.range_of(leaf));
        if range.within(place.domain) {
            return Some(scalar);
        }
        let (parameter, wanted) = (place.parameter, place.domain.describe());
        let text = self.written(expr.span);
        let title = format!("`{parameter}` is {wanted}, and `{text}` need not be");
        let mut message = Diagnostic::error("E0408", title).at(expr.span, "");
        if place.domain == Domain::Positive {
            let positive = format!("softplus({text})");
            message = message.patch("softplus keeps it above 0", expr.span, positive);
        }
        for latent in scalar.latents() {
            let tensor = &self.tensors[latent];
            if let Some(span) = tensor.prior_from.span() {
                message = message.context(span, format!("what `{}` can be", tensor.name));
            }
        }
        self.report(message);
        None
    }

    /// A name in it that is none of the file's, and is meant for a variable of the posterior.
    fn of_posterior<'e>(&self, expr: &'e Expr) -> Option<&'e Ident> {
        match &expr.kind {
            ExprKind::Name(name) => {
                let known = self.constants.is_declared(&name.text) || self.is_latent(&name.text);
                (!known && follow::is_of_posterior(&name.text)).then_some(name)
            }
            ExprKind::Call(call) => {
                let mut arguments = call.arguments.iter();
                arguments.find_map(|argument| self.of_posterior(&argument.value))
            }
            ExprKind::Negate(inner) => self.of_posterior(inner),
            ExprKind::Binary { left, right, .. } => {
                self.of_posterior(left).or_else(|| self.of_posterior(right))
            }
            _ => None,
        }
    }

    fn expression(&mut self, place: Place, expr: &Expr) -> Option<Scalar> {
        if !self.varies(expr) {
            let (scope, messages) = scoped!(self, place.fans);
            let value = arguments::in_domain(place.parameter, expr, Domain::Real, scope, messages);
            return value.map(Scalar::Fixed);
        }
        match &expr.kind {
            ExprKind::Name(name) => self.latent_named(name).map(Scalar::Latent),
            ExprKind::Negate(inner) => {
                let inner = self.expression(place, inner)?;
                Some(Scalar::Negate(Box::new(inner)))
            }
            ExprKind::Binary {
                operator,
                left,
                right,
            } => {
                let (left, right) = (self.expression(place, left), self.expression(place, right));
                Some(Scalar::Binary(*operator, Box::new(left?), Box::new(right?)))
            }
            ExprKind::Call(call) if call.name.text == "learned" => self.learned(place, call),
            ExprKind::Call(call) => self.function(place, call),
            _ => {
                let title = format!("`{}` is one number", place.parameter);
                self.report(Diagnostic::error("E0206", title).at(expr.span, ""));
                None
            }
        }
    }

    fn function(&mut self, place: Place, call: &Call) -> Option<Scalar> {
        let word = call.name.text.as_str();
        let Some((_, function)) = Function::ALL.iter().find(|(name, _)| *name == word) else {
            let title = format!("`{word}` is not a function of the language");
            let known = Function::ALL.iter().map(|(word, _)| *word);
            self.report(words::unknown(
                "E0202",
                title,
                &call.name,
                known,
                "functions",
            ));
            return None;
        };
        let [argument] = &call.arguments[..] else {
            let title = format!("`{word}` takes one number");
            let given = format!("{} given", call.arguments.len());
            self.report(Diagnostic::error("E0204", title).at(call.span, given));
            return None;
        };
        let inner = self.expression(place, &argument.value)?;
        let range = inner.range(&|leaf| self.range_of(leaf));
        if matches!(function, Function::Sqrt | Function::Log) && !range.within(Domain::Positive) {
            let text = self.written(argument.value.span);
            let title = format!("`{word}` is of numbers above 0, and `{text}` need not be");
            self.report(Diagnostic::error("E0408", title).at(argument.value.span, ""));
            return None;
        }
        Some(Scalar::Apply(*function, Box::new(inner)))
    }

    /// `learned(0.1)`
    fn learned(&mut self, place: Place, call: &Call) -> Option<Scalar> {
        let (initial, entries) = self.learned_initial(place, call)?;
        // Those of one place are made one after the other.
        let taken = |name: &str| {
            let last = self.learned.iter().rev();
            last.take_while(|(_, learned)| learned.name.starts_with(place.learned))
                .any(|(_, learned)| learned.name == name)
        };
        let mut names = (2..).map(|n| format!("{}.{n}", place.learned));
        let name = match taken(place.learned) {
            false => place.learned.to_string(),
            true => names
                .find(|n| !taken(n))
                .expect("there is always a next number"),
        };
        Some(Scalar::Learned(self.learned.push(Learned {
            name,
            entries,
            initial,
            domain: place.domain,
            span: call.span,
        })))
    }

    /// Where a learned number starts, and how many numbers it is: `learned(0.1)`, `learned([0.1, 1])`,
    /// `learned(0.1, shared)`.
    fn learned_initial(&mut self, place: Place, call: &Call) -> Option<(Vec<f64>, usize)> {
        let (first, shared) = match &call.arguments[..] {
            [first] => (first, None),
            [first, shared] if is_shared(shared) => (first, Some(shared)),
            _ => {
                self.report(
                    Diagnostic::error("E0204", "`learned` takes one number: where it starts")
                        .at(call.span, "")
                        .help("such as `learned(0.1)`; `learned(0.1, shared)` is one number for all entries of a target"),
                );
                return None;
            }
        };
        if let Some(shared) = shared
            && place.of_prior
        {
            let text = format!("learned({})", self.written(first.span));
            self.report(
                Diagnostic::error("E0204", "in a prior, all entries share a learned number")
                    .at(shared.span, "says so once more")
                    .patch("leave it out", call.span, text),
            );
            return None;
        }
        let ExprKind::List(starts) = &first.value.kind else {
            let initial = self.learned_start(place, &first.value, first.span)?;
            let entries = if shared.is_some() { 1 } else { place.entries };
            return Some((vec![initial], entries));
        };
        if place.entries != starts.len() || shared.is_some() {
            let parameter = place.parameter;
            let title = match (shared, place.entries) {
                (Some(_), _) => "a shared number starts from one number".to_string(),
                (None, 1) => format!("`{parameter}` is one number here"),
                (None, entries) => format!("`{parameter}` has {entries} numbers here"),
            };
            let given = crate::words::count(starts.len(), "number", "numbers");
            self.report(Diagnostic::error("E0206", title).at(first.span, given));
            return None;
        }
        let starts = starts
            .iter()
            .map(|start| self.learned_start(place, start, start.span));
        let starts: Vec<Option<f64>> = starts.collect();
        Some((starts.into_iter().collect::<Option<_>>()?, place.entries))
    }

    /// The number that a learned one starts from.
    pub(super) fn learned_start(&mut self, place: Place, expr: &Expr, span: Span) -> Option<f64> {
        let Place {
            parameter, domain, ..
        } = place;
        let (scope, messages) = scoped!(self, place.fans);
        let initial = arguments::in_domain(parameter, expr, domain, scope, messages)?;
        // A transform keeps it inside; it cannot start on the edge.
        let edge = match domain {
            Domain::Unit => initial == 0.0 || initial == 1.0,
            Domain::NonNegative => initial == 0.0,
            Domain::Real | Domain::Positive | Domain::OpenUnit => false,
        };
        let positive = matches!(domain, Domain::Positive | Domain::NonNegative);
        let marked = match () {
            () if positive && initial > 0.0 && initial <= LEAST_SCALE => {
                format!("softplus keeps it above {}", show(LEAST_SCALE))
            }
            () if edge => "the edge of what it may be".to_string(),
            () => return Some(initial),
        };
        let title = format!("`{parameter}` cannot be learned from {} on", show(initial));
        self.report(Diagnostic::error("E0207", title).at(span, marked));
        None
    }

    pub(super) fn range_of(&self, leaf: Leaf) -> Range {
        match leaf {
            Leaf::Learned(learned) => Range::of(self.learned[learned].domain),
            Leaf::Latent(latent) => self.fits[latent].posterior.range(),
        }
    }

    /// Whether the file declares a latent variable of this name.
    pub(super) fn is_latent(&self, name: &str) -> bool {
        self.latents.iter().any(|(other, ..)| other.text == name)
    }

    /// The latent variable of this name; `None` once what is wrong with it has been said.
    fn latent_named(&mut self, name: &Ident) -> Option<Handle<Tensor>> {
        let (declared, latent) = self
            .latents
            .iter()
            .find(|(other, _)| other.text == name.text)?;
        if declared.span.start >= name.span.start {
            let title = format!("`{}` is used before it is declared", name.text);
            let message = Diagnostic::error("E0209", title)
                .at(name.span, "used here")
                .context(declared.span, "declared here");
            self.messages.push(message);
            return None;
        }
        *latent
    }
}

/// Whether an argument of `learned` is the word `shared`.
fn is_shared(argument: &Argument) -> bool {
    let word = argument.value.as_name().map(|name| name.text.as_str());
    argument.name.is_none() && word == Some("shared")
}
