//! `cutpoints = learned(0)`: numbers in ascending order, as the cutpoints of classes are.
//!
//! Learned ones are the first of them and the distance from each to the next, which softplus keeps above 0: a cutpoint is
//! an expression of learned numbers, and nothing else has to know of an order. Of other expressions it is looked at
//! whether their values can be out of order.

use super::Lower;
use super::scalar::Place;
use crate::diagnostic::Diagnostic;
use crate::ir::Range;
use crate::ir::model::{Argument, Learned, Numbers};
use crate::ir::scalar::{Leaf, Scalar};
use crate::signature::{Domain, Parameter};
use crate::source::Span;
use crate::syntax::ast::{Call, Expr, ExprKind, Ident, Operator};

/// Points of the leaves at which the order is looked at.
const TRIED: usize = 64;

impl Lower<'_> {
    /// What an argument of a target's likelihood is given that is `count` numbers in ascending order.
    pub(super) fn ordered(
        &mut self,
        (target, parameter): (&Ident, &Parameter),
        count: usize,
        expr: &Expr,
    ) -> Option<Argument> {
        let name = parameter.name;
        let learned = format!("{}.{name}", target.text);
        let place = Place {
            parameter: name,
            domain: Domain::Real,
            learned: &learned,
            of_prior: false,
            entries: count,
            fans: None,
        };
        let numbers = match &expr.kind {
            _ if self.of_network(expr) => {
                let title = format!("`{name}` are numbers that all examples share");
                let message =
                    Diagnostic::error("E0206", title).at(expr.span, "a value of the network");
                self.report(message.help(format!("`{name} = learned(0)` learns them")));
                return None;
            }
            ExprKind::Call(call) if call.name.text == "learned" => {
                self.learned_in_order(place, call)?
            }
            ExprKind::List(items) => self.list(place, items, expr.span)?,
            _ if count == 1 => Numbers::one(self.scalar(place, expr)?),
            _ => {
                let title = format!("`{name}` is {count} numbers in ascending order");
                let message = Diagnostic::error("E0206", title).at(expr.span, "one number");
                self.report(message.help(format!(
                    "`{name} = learned(0)` learns them; known ones stand in brackets"
                )));
                return None;
            }
        };
        self.check_order(&numbers, name, expr.span)?;
        Some(Argument::Numbers(numbers))
    }

    /// `learned(0)` or `learned([-1, 0, 2])`.
    fn learned_in_order(&mut self, place: Place, call: &Call) -> Option<Numbers> {
        let count = place.entries;
        let [given] = &call.arguments[..] else {
            let title = "`learned` takes one number, or one for each: where they start";
            let message = Diagnostic::error("E0204", title).at(call.span, "");
            self.report(message.help("such as `learned(0)`"));
            return None;
        };
        let starts: Vec<f64> = match &given.value.kind {
            ExprKind::List(items) if items.len() == count => {
                let starts = items
                    .iter()
                    .map(|item| self.learned_start(place, item, item.span));
                let starts: Vec<Option<f64>> = starts.collect();
                starts.into_iter().collect::<Option<_>>()?
            }
            ExprKind::List(items) => {
                let numbers = |count| crate::words::count(count, "number", "numbers");
                let title = format!("`{}` is {} here", place.parameter, numbers(count));
                let message =
                    Diagnostic::error("E0206", title).at(given.span, numbers(items.len()));
                self.report(message);
                return None;
            }
            _ => {
                let middle = self.learned_start(place, &given.value, given.span)?;
                // Where all classes are as likely.
                let share = |k: usize| k as f64 / (count + 1) as f64;
                (1..=count)
                    .map(|k| middle + (share(k) / (1.0 - share(k))).ln())
                    .collect()
            }
        };
        if starts.windows(2).any(|pair| pair[0] >= pair[1]) {
            let title = format!("`{}` start in ascending order", place.parameter);
            self.report(Diagnostic::error("E0207", title).at(given.span, "these do not"));
            return None;
        }
        let mut learned = |name: String, initial: f64, domain: Domain| {
            Scalar::Learned(self.learned.push(Learned {
                name,
                entries: 1,
                initial: vec![initial],
                domain,
                span: call.span,
            }))
        };
        let mut each = vec![learned(
            format!("{}.first", place.learned),
            starts[0],
            Domain::Real,
        )];
        for (k, pair) in starts.windows(2).enumerate() {
            let name = format!("{}.distance_{}", place.learned, k + 1);
            let distance = learned(name, pair[1] - pair[0], Domain::Positive);
            let before = each[k].clone();
            each.push(Scalar::Binary(
                Operator::Add,
                Box::new(before),
                Box::new(distance),
            ));
        }
        Some(Numbers { each, width: count })
    }

    /// Reports numbers that need not be in ascending order, by their values at many points of what they depend on.
    fn check_order(&mut self, numbers: &Numbers, name: &str, span: Span) -> Option<()> {
        let range = |leaf| self.range_of(leaf);
        let is_ordered = |point: usize| {
            let value = |scalar: &Scalar| scalar.value(&|leaf| at(range(leaf), leaf, point));
            numbers
                .each
                .windows(2)
                .all(|pair| value(&pair[0]) < value(&pair[1]))
        };
        if (0..TRIED).all(is_ordered) {
            return Some(());
        }
        let title = format!("`{name}` are in ascending order, and these need not be");
        self.report(Diagnostic::error("E0408", title).at(span, "").help(format!(
            "`{name} = learned([-1, 0, 1])` keeps them so; of latent variables `[c, c + d, c + d + e]` does where `d` and \
             `e` have priors on positive numbers, `latent d ~ HalfNormal(1)`"
        )));
        None
    }
}

/// A value of a leaf in its range, another one at each point and of each leaf.
fn at(range: Range, leaf: Leaf, point: usize) -> f64 {
    let number = match leaf {
        Leaf::Learned(learned) => 2 * learned.index(),
        Leaf::Latent(latent) => 2 * latent.index() + 1,
    };
    // Weyl's sequence: the points are spread evenly, those of two leaves by different steps.
    let step = (0.5 + number as f64).sqrt();
    let share = ((point + 1) as f64 * step).fract().clamp(1e-6, 1.0 - 1e-6);
    let far = (share / (1.0 - share)).ln();
    match (range.low.is_finite(), range.high.is_finite()) {
        (true, true) => range.low + share * (range.high - range.low),
        (true, false) => range.low + far.exp(),
        (false, true) => range.high - far.exp(),
        (false, false) => 3.0 * far,
    }
}
