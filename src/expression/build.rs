//! Expressions from parts, in the simplest form that needs no thought: zeros and ones go, signs come to the front,
//! numbers meet where the result is as short.

use super::{Condition, Expression, Function, logarithm};
use Expression::{Call, Name, Negative, Number, Over, Power, Product, Quotient, Sum, Within};

pub(super) fn number(x: f64) -> Expression {
    Number(x)
}

pub(super) fn name(text: impl Into<String>) -> Expression {
    Name(text.into())
}

/// −a
pub(super) fn negative(a: Expression) -> Expression {
    match a {
        Number(x) => Number(if x == 0.0 { 0.0 } else { -x }),
        Negative(inner) => *inner,
        other => Negative(Box::new(other)),
    }
}

/// a + b + …; the terms of a sum among them, and of one that is subtracted, are terms of the whole.
pub(super) fn sum(terms: Vec<Expression>) -> Expression {
    let mut flat = Vec::new();
    for term in terms {
        match term {
            Sum(inner) => flat.extend(inner),
            Negative(inner) => match *inner {
                Sum(inner) => flat.extend(inner.into_iter().map(negative)),
                other => flat.push(negative(other)),
            },
            Number(0.0) => {}
            other => flat.push(other),
        }
    }
    if let Some(folded) = fold(&flat, f64::sum_of) {
        return folded;
    }
    match &flat[..] {
        [Call(Function::Exp, inner), Number(-1.0)] => call(Function::Expm1, inner.clone()),
        _ => one_or(flat, 0.0, Sum),
    }
}

/// a · b · …
pub(super) fn product(factors: Vec<Expression>) -> Expression {
    let (mut flat, mut minus) = (Vec::new(), false);
    for factor in factors {
        let factor = unsigned(factor, &mut minus);
        match factor {
            Product(inner) => flat.extend(inner),
            Number(1.0) => {}
            // eᵃ E₁(a): neither factor need be a number that float64 holds.
            Call(Function::E1, inner)
                if flat.last() == Some(&Call(Function::Exp, inner.clone())) =>
            {
                flat.pop();
                flat.push(Call(Function::ExpE1, inner));
            }
            other => flat.push(other),
        }
    }
    if flat.contains(&Number(0.0)) {
        return Number(0.0);
    }
    let whole = fold(&flat, f64::product_of).unwrap_or_else(|| one_or(flat, 1.0, Product));
    if minus { negative(whole) } else { whole }
}

/// a / b
pub(super) fn quotient(above: Expression, below: Expression) -> Expression {
    let mut minus = false;
    let (above, below) = (unsigned(above, &mut minus), unsigned(below, &mut minus));
    let whole = match (above, below) {
        (above, Number(1.0)) => above,
        (Number(0.0), _) => Number(0.0),
        (Number(a), Number(b)) if is_short(a / b) => Number(a / b),
        (Number(1.0), Sum(terms)) => logistic(&terms)
            .unwrap_or_else(|| Quotient(Box::new(Number(1.0)), Box::new(Sum(terms)))),
        (above, below) => Quotient(Box::new(above), Box::new(below)),
    };
    if minus { negative(whole) } else { whole }
}

/// 1/(1 + e⁻ᵃ), of the terms below the stroke.
fn logistic(terms: &[Expression]) -> Option<Expression> {
    match terms {
        [Number(1.0), Call(Function::Exp, inner)] => {
            Some(call(Function::Sigmoid, vec![negative(inner[0].clone())]))
        }
        _ => None,
    }
}

/// aᵇ
pub(super) fn power(base: Expression, exponent: Expression) -> Expression {
    match (base, exponent) {
        (base, Number(1.0)) => base,
        (Number(1.0), _) => Number(1.0),
        (Number(a), Number(b)) if is_short(a.powf(b)) => Number(a.powf(b)),
        // an even power has no sign
        (Negative(base), exponent @ Number(2.0)) => power(*base, exponent),
        (Expression::E, exponent) => call(Function::Exp, vec![exponent]),
        (base, exponent) => Power(Box::new(base), Box::new(exponent)),
    }
}

pub(super) fn call(function: Function, arguments: Vec<Expression>) -> Expression {
    if let (Function::Ln, [only]) = (function, &arguments[..]) {
        return logarithm::named(only.clone());
    }
    match arguments[..] {
        [Number(x)] if is_short(function.value(&[x])) => Number(function.value(&[x])),
        _ => Call(function, arguments),
    }
}

/// One of them alone, or `many` of them.
fn one_or(
    mut all: Vec<Expression>,
    none: f64,
    many: fn(Vec<Expression>) -> Expression,
) -> Expression {
    match all.len() {
        0 => Number(none),
        1 => all.remove(0),
        _ => many(all),
    }
}

/// Without the minus sign in front, which turns `minus`.
fn unsigned(a: Expression, minus: &mut bool) -> Expression {
    match a {
        Number(x) if x < 0.0 => {
            *minus = !*minus;
            Number(-x)
        }
        Negative(inner) => {
            *minus = !*minus;
            *inner
        }
        other => other,
    }
}

/// The number that numbers make together, where it is short.
fn fold(all: &[Expression], of: fn(&[f64]) -> f64) -> Option<Expression> {
    let numbers = all.iter().map(|part| match part {
        Number(x) => Some(*x),
        _ => None,
    });
    let numbers: Vec<f64> = numbers.collect::<Option<_>>()?;
    let whole = of(&numbers);
    (is_short(whole) && numbers.len() > 1).then_some(Number(whole))
}

/// Whether it is written in a few digits: 1/2 is 0.5, and 1/3 stays a quotient.
fn is_short(x: f64) -> bool {
    x.is_finite() && x.to_string().len() <= 6
}

/// What a list of numbers makes.
trait Whole {
    fn sum_of(all: &[f64]) -> f64;
    fn product_of(all: &[f64]) -> f64;
}

impl Whole for f64 {
    fn sum_of(all: &[f64]) -> f64 {
        all.iter().sum()
    }
    fn product_of(all: &[f64]) -> f64 {
        all.iter().product()
    }
}

/// With what `of` gives in place of names.
pub(super) fn with(whole: &Expression, of: &dyn Fn(&str) -> Option<Expression>) -> Expression {
    rebuild(whole, &|part| match part {
        Name(name) => of(name),
        _ => None,
    })
}

/// With sums over an index written out.
pub(super) fn expand(whole: &Expression, index: &str, count: usize) -> Expression {
    rebuild(whole, &|part| match part {
        Over {
            function,
            index: own,
            inner,
        } if own == index => {
            let suffix = format!("_{index}");
            let entry = |k: usize| {
                with(inner, &|name| {
                    let list = name.strip_suffix(&suffix)?;
                    Some(Name(format!("{list}_{k}")))
                })
            };
            let all = (1..=count).map(entry).collect();
            Some(match function {
                Function::Sum => sum(all),
                other => call(*other, all),
            })
        }
        _ => None,
    })
}

/// Built anew, with what `replaced` gives in place of parts.
fn rebuild(whole: &Expression, replaced: &dyn Fn(&Expression) -> Option<Expression>) -> Expression {
    if let Some(found) = replaced(whole) {
        return found;
    }
    let again = |part: &Expression| rebuild(part, replaced);
    let all = |parts: &[Expression]| parts.iter().map(again).collect();
    match whole {
        Negative(inner) => negative(again(inner)),
        Sum(terms) => sum(all(terms)),
        Product(factors) => product(all(factors)),
        Quotient(above, below) => quotient(again(above), again(below)),
        Power(base, exponent) => power(again(base), again(exponent)),
        Call(function, arguments) => call(*function, all(arguments)),
        Over {
            function,
            index,
            inner,
        } => Over {
            function: *function,
            index: index.clone(),
            inner: Box::new(again(inner)),
        },
        Within {
            conditions,
            inside,
            outside,
        } => Within {
            conditions: conditions
                .iter()
                .map(|condition| Condition {
                    left: again(&condition.left),
                    right: again(&condition.right),
                    equal: condition.equal,
                })
                .collect(),
            inside: Box::new(again(inside)),
            outside: *outside,
        },
        other => other.clone(),
    }
}
