//! Expressions: operators by their precedence, and what they stand between.

use super::{Builder, Parts, ident, next, parts, span, take};
use crate::diagnostic::Diagnostic;
use crate::syntax::ast::*;
use crate::syntax::brackets::too_deep;
use crate::syntax::parser::{MAX_NESTING, Rule};
use pest::iterators::Pair;

/// The levels of brackets, and as many operators again in each of a few of them.
const MAX_EXPRESSION_DEPTH: usize = 4 * MAX_NESTING;

/// Between products and powers: `-2 ^ 2` is `-(2 ^ 2)`, and `-2 * 3` is `(-2) * 3`.
const MINUS_STRENGTH: u8 = 3;

fn operator(symbol: &str) -> Operator {
    match symbol {
        "+" => Operator::Add,
        "-" => Operator::Subtract,
        "*" => Operator::Multiply,
        "/" => Operator::Divide,
        _ => Operator::Power,
    }
}

impl Builder {
    /// An expression that stands under `depth` others. Each operator counts as a level, since a
    /// chain of them becomes a tree as deep.
    pub(super) fn expression(&mut self, pair: Pair<Rule>, depth: usize) -> Expr {
        let operators = parts(&pair)
            .filter(|part| part.as_rule() != Rule::operand)
            .count();
        let depth = depth + operators + 1;
        if depth > MAX_EXPRESSION_DEPTH {
            if !self.errors.iter().any(|error| error.code == "E0103") {
                self.errors
                    .push(too_deep(span(&pair), MAX_EXPRESSION_DEPTH));
            }
            return Expr {
                kind: ExprKind::Number(0.0),
                span: span(&pair),
            };
        }
        let mut p = parts(&pair);
        self.climb(&mut p, 0, depth)
    }

    /// Precedence climbing: the longest expression whose operators bind more tightly than `floor`.
    fn climb(&mut self, p: &mut Parts, floor: u8, depth: usize) -> Expr {
        let mut left = match take(p, Rule::minus) {
            Some(minus) => {
                let value = self.climb(p, MINUS_STRENGTH, depth);
                let span = span(&minus).to(value.span);
                Expr {
                    kind: ExprKind::Negate(Box::new(value)),
                    span,
                }
            }
            None => self.operand(next(p), depth),
        };
        while let Some(pair) = p.peek() {
            let operator = operator(pair.as_str());
            let strength = operator.strength();
            if strength <= floor {
                break;
            }
            p.next();
            // `^` takes another `^` on its right; the others do not take their own kind.
            let right_floor = if operator == Operator::Power {
                strength - 1
            } else {
                strength
            };
            let right = self.climb(p, right_floor, depth);
            let span = left.span.to(right.span);
            let (left_side, right_side) = (Box::new(left), Box::new(right));
            let kind = ExprKind::Binary {
                operator,
                left: left_side,
                right: right_side,
            };
            left = Expr { kind, span };
        }
        left
    }

    fn operand(&mut self, pair: Pair<Rule>, depth: usize) -> Expr {
        let mut p = parts(&pair);
        let atom = next(&mut p);
        let place = span(&atom);
        let indices = p.len();
        let kind = match atom.as_rule() {
            Rule::number => ExprKind::Number(self.number(&atom)),
            Rule::list => ExprKind::List(
                parts(&atom)
                    .map(|entry| self.expression(entry, depth + indices))
                    .collect(),
            ),
            Rule::parenthesised => {
                self.expression(next(&mut parts(&atom)), depth + indices)
                    .kind
            }
            Rule::call => match atom
                .clone()
                .into_inner()
                .any(|inner| inner.as_rule() == Rule::arguments)
            {
                true => ExprKind::Call(self.call(atom, depth + indices)),
                false => ExprKind::Name(ident(next(&mut parts(&atom)))),
            },
            other => unreachable!("{other:?} is no value"),
        };
        let mut value = Expr { kind, span: place };
        for index in p {
            let span = place.to(span(&index));
            let base = Box::new(value);
            let mut inside = parts(&index);
            let start = inside.next_if(|part| part.as_rule() != Rule::slice_end);
            let start = start.map(|start| Box::new(self.expression(start, depth + indices)));
            let kind = match (start, inside.next()) {
                (Some(index), None) => ExprKind::Index { base, index },
                (start, end) => {
                    let end = end.and_then(|end| parts(&end).next());
                    let end = end.map(|end| Box::new(self.expression(end, depth + indices)));
                    ExprKind::Slice { base, start, end }
                }
            };
            value = Expr { kind, span };
        }
        if depth + indices > MAX_EXPRESSION_DEPTH {
            self.flatten(value)
        } else {
            value
        }
    }

    /// Gives up on a value that is too deep, and drops it without recursion.
    fn flatten(&mut self, value: Expr) -> Expr {
        let span = value.span;
        if !self.errors.iter().any(|error| error.code == "E0103") {
            self.errors.push(too_deep(span, MAX_EXPRESSION_DEPTH));
        }
        let mut rest = value;
        while let ExprKind::Index { base, .. } | ExprKind::Slice { base, .. } = rest.kind {
            rest = *base;
        }
        Expr {
            kind: ExprKind::Number(0.0),
            span,
        }
    }

    fn number(&mut self, pair: &Pair<Rule>) -> f64 {
        let value: f64 = pair
            .as_str()
            .replace('_', "")
            .parse()
            .unwrap_or(f64::INFINITY);
        if !value.is_finite() {
            self.errors.push(
                Diagnostic::error("E0105", "the number is too large")
                    .at(span(pair), format!("above {:e}", f64::MAX)),
            );
            return 0.0;
        }
        value
    }
}
