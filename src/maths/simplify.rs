//! Numbers and formulas put in place of names, and what can be worked out where numbers meet.

use super::symbol::Class;
use super::{Brackets, Maths};

pub(super) fn replace(maths: &Maths, of: &dyn Fn(&str) -> Option<Maths>) -> Maths {
    if let Some(found) = name(maths).and_then(|name| of(&name)) {
        return found;
    }
    let inside = |maths: &Maths| Box::new(replace(maths, of));
    match maths {
        Maths::Row(items) => row(items.iter().map(|item| replace(item, of)).collect()),
        Maths::Fraction(above, below) => Maths::Fraction(inside(above), inside(below)),
        Maths::Root(under) => Maths::Root(inside(under)),
        Maths::Script { base, below, above } => {
            let above = above.as_deref().map(inside);
            // `scales_1^2` is the square of what `scales_1` stands for.
            let indexed = Maths::Script {
                base: base.clone(),
                below: below.clone(),
                above: None,
            };
            match name(&indexed).and_then(|name| of(&name)) {
                Some(found) => script(found, None, above),
                None => script(replace(base, of), below.as_deref().map(inside), above),
            }
        }
        Maths::Group(brackets, inner) => Maths::Group(*brackets, inside(inner)),
        other => other.clone(),
    }
}

/// What a part is called: `scale`, `m`, `scales_1`.
fn name(maths: &Maths) -> Option<String> {
    match maths {
        Maths::Name(name) => Some(name.clone()),
        Maths::Letter(letter) => Some(letter.to_string()),
        Maths::Symbol(symbol) if symbol.class == Class::Factor => Some(symbol.word.into()),
        Maths::Script {
            base,
            below: Some(below),
            above: None,
        } => match (&**base, &**below) {
            (Maths::Name(name), Maths::Number(index)) => Some(format!("{name}_{index}")),
            _ => None,
        },
        _ => None,
    }
}

/// Items side by side, after some were replaced. A difference of two numbers is a number, 0 + a is a, and
/// ln exp(a) is a. A sum in the place of a factor gets brackets; a number in brackets loses them.
fn row(mut items: Vec<Maths>) -> Maths {
    if let [Maths::Number(a), minus, Maths::Number(b)] = &items[..]
        && minus.is_symbol("-")
        && let (Ok(a), Ok(b)) = (a.parse::<f64>(), b.parse::<f64>())
        && a >= b
    {
        return Maths::number(number(a - b));
    }
    let zero = Maths::number("0");
    while let Some(at) = (0..items.len()).find(|&at| {
        let begins = at == 0 || items[at - 1].class() > Class::Binary;
        items[at] == zero && begins && items.get(at + 1).is_some_and(|next| next.is_symbol("+"))
    }) {
        items.drain(at..at + 2);
    }
    let apart = |at: Option<usize>| {
        at.and_then(|at| items.get(at))
            .is_none_or(|item| item.class() >= Class::Relation)
    };
    let whole_side: Vec<bool> = (0..items.len())
        .map(|at| apart(at.checked_sub(1)) && apart(Some(at + 1)))
        .collect();
    let only_term = items.len() == 2;
    let mut out: Vec<Maths> = Vec::new();
    for (item, whole_side) in items.into_iter().zip(whole_side) {
        let function = out
            .last()
            .is_some_and(|last| last.class() == Class::Function);
        let argument = function || matches!(out.last(), Some(Maths::Name(_)));
        if let Some(inner) = item
            .exponential()
            .filter(|_| out.last().is_some_and(|o| o.is_symbol("ln")))
        {
            out.pop();
            out.push(inner.clone().bracketed_if(!only_term));
            continue;
        }
        out.push(match item {
            // ln of a quotient or a product, not of its first factor
            Maths::Row(_) | Maths::Fraction(..) if function && !item.is_one_factor() => {
                Maths::group(item)
            }
            Maths::Row(_) => item.bracketed_if(!whole_side),
            Maths::Group(Brackets::Round, ref inner)
                if !argument && matches!(**inner, Maths::Number(_)) =>
            {
                (**inner).clone()
            }
            other => other,
        });
    }
    Maths::row(out)
}

/// With as few decimals as leave nothing but rounding: sums of short numbers stay short.
fn number(value: f64) -> String {
    let error = 4e-16 * value.abs().max(1.0);
    let mut texts = (0..17).map(|decimals| format!("{value:.decimals$}"));
    let near = |text: &String| text.parse().is_ok_and(|n: f64| (n - value).abs() <= error);
    texts.find(near).unwrap_or_else(|| value.to_string())
}

impl Maths {
    /// In brackets, if it is a sum or the like and `factor`, its place, is that of a factor.
    fn bracketed_if(self, factor: bool) -> Maths {
        let operator = |item: &Maths| matches!(item.class(), Class::Binary | Class::Relation);
        match factor && self.items().iter().any(operator) {
            true => Maths::group(self),
            false => self,
        }
    }

    /// a of exp(a).
    fn exponential(&self) -> Option<&Maths> {
        match self.items() {
            [exp, Maths::Group(Brackets::Round, inner)] if exp.is_symbol("exp") => Some(inner),
            _ => None,
        }
    }
}

/// A power, in the simpler form that a number, a root, a fraction or another power has.
fn script(base: Maths, below: Option<Box<Maths>>, above: Option<Box<Maths>>) -> Maths {
    let squared = above.as_deref() == Some(&Maths::number("2"));
    if squared
        && below.is_none()
        && let Some(simple) = square(&base)
    {
        return simple;
    }
    match base {
        Maths::Script {
            base,
            below: index,
            above: None,
        } if below.is_none() => Maths::Script {
            base,
            below: index,
            above,
        },
        base => Maths::script(base, below, above),
    }
}

fn square(base: &Maths) -> Option<Maths> {
    let two = || Maths::number("2");
    if let Some(inner) = base.exponential() {
        let double = Maths::Row(vec![two(), inner.clone().bracketed_if(true)]);
        return Some(Maths::Row(vec![
            base.items()[0].clone(),
            Maths::group(double),
        ]));
    }
    match base {
        Maths::Number(one) if one == "1" || one == "0" => Some(base.clone()),
        Maths::Root(under) => Some((**under).clone()),
        Maths::Fraction(above, below) => {
            let Maths::Root(below) = &**below else {
                return None;
            };
            let above = script((**above).clone(), None, Some(Box::new(two())));
            Some(Maths::Fraction(Box::new(above), below.clone()))
        }
        Maths::Script {
            base,
            below: None,
            above: Some(power),
        } if **base == Maths::Letter('e') => {
            let double = |digits: &str| Some(number(2.0 * digits.parse::<f64>().ok()?));
            let double = match power.items() {
                [Maths::Number(digits)] => Maths::number(double(digits)?),
                [minus, Maths::Number(digits)] if minus.is_symbol("-") => {
                    Maths::Row(vec![minus.clone(), Maths::number(double(digits)?)])
                }
                _ => return None,
            };
            Some(Maths::power((**base).clone(), double))
        }
        _ => None,
    }
}
