//! What each parameter of a likelihood is given: a value of the network, or numbers.

use super::super::items::Items;
use super::super::scalar::Place;
use super::super::{Lower, scoped};
use crate::check::{Scope, arguments};
use crate::diagnostic::Diagnostic;
use crate::ir::model::{Argument, Numbers};
use crate::ir::scalar::{Leaf, Scalar};
use crate::signature::{Kind, Parameter};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Ident};

impl Lower<'_> {
    /// What a parameter of a target's likelihood is given, which has `width` entries.
    pub(super) fn argument(
        &mut self,
        (target, parameter): (&Ident, &Parameter),
        width: usize,
        expr: &Expr,
        items: &Items,
    ) -> Option<Argument> {
        let domain = match parameter.kind {
            Kind::Value { domain } => domain,
            Kind::Ordered => return self.ordered((target, parameter), width, expr),
            // A constant, such as a number of trials.
            _ => {
                let (scope, messages) = scoped!(self, None);
                let count = arguments::count(parameter.name, expr, scope, messages)?;
                return Some(Argument::Numbers(Numbers::one(Scalar::Fixed(count as f64))));
            }
        };
        if self.of_network(expr) {
            return self.value(expr).map(Argument::Node);
        }
        let target = target.text.as_str();
        if let Some(name) = expr.as_name()
            && !self.is_latent(&name.text)
            && self.constants.find(&name.text).is_none()
            && name.text != "pi"
        {
            self.unknown_value(name, items);
            return None;
        }
        let learned = format!("{target}.{}", parameter.name);
        let place = Place {
            parameter: parameter.name,
            domain,
            learned: &learned,
            of_prior: false,
            entries: width,
            fans: None,
        };
        let numbers = match &expr.kind {
            ExprKind::List(items) => self.list(place, items, expr.span),
            _ => self.number_or_numbers(place, expr),
        };
        numbers.map(Argument::Numbers)
    }

    /// One expression: a number for all entries of the target, or one for each where a learned number is.
    fn number_or_numbers(&mut self, place: Place, expr: &Expr) -> Option<Numbers> {
        let scalar = self.scalar(place, expr)?;
        let widths = scalar.leaves().into_iter().map(|leaf| match leaf {
            Leaf::Learned(learned) => self.learned[learned].entries,
            Leaf::Latent(_) => 1,
        });
        let width = widths.max().unwrap_or(1);
        let each = vec![scalar];
        Some(Numbers { each, width })
    }

    /// `[learned(0.5), n2]`: a number for each entry of the target.
    pub(in super::super) fn list(
        &mut self,
        place: Place,
        items: &[Expr],
        span: Span,
    ) -> Option<Numbers> {
        let (parameter, width) = (place.parameter, place.entries);
        if items.len() != width {
            let wanted = match width {
                1 => "one number".to_string(),
                _ => format!("one number, or {width}: one for each entry of the target"),
            };
            let given = crate::words::count(items.len(), "number", "numbers");
            let title = format!("`{parameter}` is {wanted}");
            self.report(Diagnostic::error("E0206", title).at(span, format!("a list of {given}")));
            return None;
        }
        let each = items.iter().enumerate().map(|(entry, item)| {
            let learned = match width {
                1 => place.learned.to_string(),
                _ => format!("{}.{entry}", place.learned),
            };
            let place = Place {
                learned: &learned,
                entries: 1,
                ..place
            };
            self.scalar(place, item)
        });
        let each: Vec<Option<Scalar>> = each.collect();
        let each = each.into_iter().collect::<Option<_>>()?;
        Some(Numbers { each, width })
    }

    fn unknown_value(&mut self, name: &Ident, items: &Items) {
        let mut targets = items.targets.iter();
        let is_target = targets.any(|(own, _)| own.text == name.text);
        let message = if is_target {
            let title = format!("`{}` is not a value of the network", name.text);
            Diagnostic::error("E0202", title)
                .at(name.span, "this is the target, which the network predicts")
        } else if !self.layers {
            return;
        } else {
            self.unknown(name)
        };
        // The output of the network lacks the name.
        let last = items.network.and_then(|(steps, _)| steps.last());
        let unnamed = last.filter(|step| step.name.is_none() && !is_target);
        self.report(match unnamed {
            Some(step) if message.helps.is_empty() => {
                let start = Span::new(step.span.start, step.span.start);
                message.patch(
                    "name the network's output",
                    start,
                    format!("{} = ", name.text),
                )
            }
            _ => message,
        });
    }
}
