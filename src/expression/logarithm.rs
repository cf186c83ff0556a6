//! Logarithms that neither overflow nor cancel where the number itself would.

use super::build::{call, negative, number, product, sum};
use super::{Expression, Function};
use Expression::{Call, Number, Over, Power, Product, Quotient, Sum, Within};

/// The logarithm of a positive expression, taken apart.
pub(super) fn ln(whole: &Expression) -> Expression {
    match whole {
        Within {
            conditions,
            inside,
            outside,
        } => Within {
            conditions: conditions.clone(),
            inside: Box::new(ln(inside)),
            outside: outside.ln(),
        },
        Product(factors) => of_product(factors),
        Quotient(above, below) if !(is_plain(above) && is_plain(below)) => {
            sum(vec![ln(above), negative(ln(below))])
        }
        Power(base, exponent) => product(vec![(**exponent).clone(), ln(base)]),
        Call(Function::Sqrt, inner) => product(vec![number(0.5), ln(&inner[0])]),
        Sum(terms) if terms.iter().all(is_exponential) => {
            call(Function::LogSumExp, terms.iter().map(ln).collect())
        }
        other => named(other.clone()),
    }
}

/// The plain factors stay together under one logarithm.
fn of_product(factors: &[Expression]) -> Expression {
    let mut terms: Vec<Expression> = Vec::new();
    let mut plain = Vec::new();
    let mut place = None;
    for factor in factors {
        if is_plain(factor) {
            place = place.or(Some(terms.len()));
            plain.push(factor.clone());
        } else {
            terms.push(ln(factor));
        }
    }
    if let Some(place) = place {
        terms.insert(place, named(product(plain)));
    }
    sum(terms)
}

/// ln a as a formula writes it: one function where there is one, and the formula's own ln otherwise.
pub(super) fn named(inner: Expression) -> Expression {
    match inner {
        Number(1.0) => number(0.0),
        Call(Function::Exp, inner) => inner[0].clone(),
        Call(Function::Gamma, inner) => call(Function::LogGamma, inner),
        Quotient(above, below) if *above == Number(1.0) => negative(named(*below)),
        Sum(terms) if terms[0] == Number(1.0) => {
            let rest = sum(terms[1..].to_vec());
            match is_exponential(&rest) {
                true => call(Function::Softplus, vec![ln(&rest)]),
                false => call(Function::Log1p, vec![rest]),
            }
        }
        Over {
            function: Function::Sum,
            index,
            inner,
        } => Over {
            function: Function::LogSumExp,
            index,
            inner: Box::new(ln(&inner)),
        },
        other => Call(Function::Ln, vec![other]),
    }
}

/// Whether it is a number, a constant or its power, a name, or a product or quotient of such.
fn is_plain(a: &Expression) -> bool {
    match a {
        Number(_) | Expression::Pi | Expression::E | Expression::Name(_) => true,
        Product(factors) => factors.iter().all(is_plain),
        Quotient(above, below) => is_plain(above) && is_plain(below),
        Power(base, exponent) => {
            matches!(**base, Expression::Pi | Expression::E) && matches!(**exponent, Number(_))
        }
        _ => false,
    }
}

/// Whether an exponential is a factor of it.
fn is_exponential(a: &Expression) -> bool {
    match a {
        Call(Function::Exp, _) => true,
        Product(factors) => factors.iter().any(is_exponential),
        Quotient(above, below) => is_exponential(above) || is_exponential(below),
        _ => false,
    }
}
