//! Numbers and formulas put in place of names, and what can be worked out where numbers meet.

use super::symbol::Class;
use super::{Brackets, Maths};

pub(super) fn replace(maths: &Maths, of: &dyn Fn(&str) -> Option<Maths>) -> Maths {
    let found = name(maths).and_then(|name| of(&name));
    if let Some(found) = found {
        return found;
    }
    let inside = |maths: &Maths| Box::new(replace(maths, of));
    match maths {
        Maths::Row(items) => row(items.iter().map(|item| replace(item, of)).collect()),
        Maths::Fraction(above, below) => Maths::Fraction(inside(above), inside(below)),
        Maths::Root(under) => Maths::Root(inside(under)),
        Maths::Script { base, below, above } => {
            let above = above.as_ref().map(|above| inside(above));
            // `scales_1^2` is the square of what `scales_1` stands for.
            let indexed = Maths::Script {
                base: base.clone(),
                below: below.clone(),
                above: None,
            };
            if let Some(found) = name(&indexed).and_then(|name| of(&name)) {
                return script(found, None, above);
            }
            let below = below.as_ref().map(|below| inside(below));
            script(replace(base, of), below, above)
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

/// A difference of two numbers is a number; a sum that takes the place of a factor needs brackets, and
/// a number in brackets is a factor without them.
fn row(items: Vec<Maths>) -> Maths {
    if let [Maths::Number(a), Maths::Symbol(minus), Maths::Number(b)] = &items[..]
        && minus.word == "-"
        && let (Ok(a), Ok(b)) = (a.parse::<f64>(), b.parse::<f64>())
        && a >= b
    {
        return Maths::Number(number(a - b));
    }
    // 0 + a is a, on each side of a relation.
    let sum = |at: &usize| {
        let zero = items[*at] == Maths::Number("0".into());
        let begins = *at == 0 || items[*at - 1].class() > Class::Binary;
        zero && begins && items.get(*at + 1).is_some_and(|next| next.is_symbol("+"))
    };
    if let Some(at) = (0..items.len()).find(sum) {
        let rest = items[..at].iter().chain(&items[at + 2..]);
        return row(rest.cloned().collect());
    }
    let alone: Vec<bool> = (0..items.len())
        .map(|at| stands_alone(&items, at))
        .collect();
    let whole = items.len() == 2;
    let mut out: Vec<Maths> = Vec::new();
    for (item, alone) in items.into_iter().zip(alone) {
        let argument = out
            .last()
            .is_some_and(|last| last.class() == Class::Function || matches!(last, Maths::Name(_)));
        // ln exp(a) is a.
        if let Maths::Row(power) = &item
            && let [exp, Maths::Group(Brackets::Round, inner)] = &power[..]
            && exp.is_symbol("exp")
            && out.last().is_some_and(|last| last.is_symbol("ln"))
        {
            out.pop();
            // A sum has taken the place of one term.
            let term = match inner.has_operator() && !whole {
                true => Maths::Group(Brackets::Round, inner.clone()),
                false => (**inner).clone(),
            };
            out.push(term);
            continue;
        }
        let function = out
            .last()
            .is_some_and(|last| last.class() == Class::Function);
        out.push(match item {
            // ln of a quotient or a product, not of its first factor
            Maths::Row(_) | Maths::Fraction(..) if function && !item.is_one_factor() => {
                Maths::Group(Brackets::Round, Box::new(item))
            }
            Maths::Row(_) if !alone && item.has_operator() => {
                Maths::Group(Brackets::Round, Box::new(item))
            }
            Maths::Group(Brackets::Round, inner) if !argument => match *inner {
                number @ Maths::Number(_) => number,
                inner => Maths::Group(Brackets::Round, Box::new(inner)),
            },
            other => other,
        });
    }
    Maths::row(out)
}

/// Whether an item of a row is the whole of a side or of an argument.
fn stands_alone(items: &[Maths], at: usize) -> bool {
    let apart = |neighbour: Option<&Maths>| {
        neighbour.is_none_or(|n| matches!(n.class(), Class::Relation | Class::Punctuation))
    };
    let before = at.checked_sub(1).and_then(|at| items.get(at));
    apart(before) && apart(items.get(at + 1))
}

/// With as few decimals as leave nothing but rounding: of numbers with few, sums have few, too.
fn number(value: f64) -> String {
    let error = 4e-16 * value.abs().max(1.0);
    let mut texts = (0..17).map(|decimals| format!("{value:.decimals$}"));
    let near = |text: &String| {
        let number = text.parse::<f64>();
        number.is_ok_and(|number| (number - value).abs() <= error)
    };
    texts.find(near).unwrap_or_else(|| value.to_string())
}

impl Maths {
    fn has_operator(&self) -> bool {
        let operator = |item: &Maths| matches!(item.class(), Class::Binary | Class::Relation);
        self.items().iter().any(operator)
    }
}

/// A power, in the simpler form that a number, a root, a fraction or another power has.
fn script(base: Maths, below: Option<Box<Maths>>, above: Option<Box<Maths>>) -> Maths {
    let squared = above.as_deref() == Some(&Maths::Number("2".into()));
    if below.is_none()
        && squared
        && let Some(simple) = square(&base)
    {
        return simple;
    }
    match (base, below) {
        (
            Maths::Script {
                base,
                below: index,
                above: None,
            },
            None,
        ) => Maths::Script {
            base,
            below: index,
            above,
        },
        (base, below) => Maths::Script {
            base: Box::new(base),
            below,
            above,
        },
    }
}

fn square(base: &Maths) -> Option<Maths> {
    let two = || Maths::Number("2".into());
    match base {
        Maths::Number(one) if one == "1" || one == "0" => Some(base.clone()),
        Maths::Root(of) => Some((**of).clone()),
        Maths::Fraction(above, below) => match &**below {
            Maths::Root(of) => {
                let above = script((**above).clone(), None, Some(Box::new(two())));
                Some(Maths::Fraction(Box::new(above), of.clone()))
            }
            _ => None,
        },
        // exp(a)² is exp(2a), and so with powers of e.
        Maths::Row(items) => match &items[..] {
            [exp, Maths::Group(Brackets::Round, inner)] if exp.is_symbol("exp") => {
                let inner = match inner.has_operator() {
                    true => Maths::Group(Brackets::Round, inner.clone()),
                    false => (**inner).clone(),
                };
                let double = Maths::Row(vec![two(), inner]);
                let double = Maths::Group(Brackets::Round, Box::new(double));
                Some(Maths::Row(vec![exp.clone(), double]))
            }
            _ => None,
        },
        Maths::Script {
            base,
            below: None,
            above: Some(power),
        } if **base == Maths::Letter('e') => {
            let double = |digits: &str| {
                let power: f64 = digits.parse().ok()?;
                Some(Maths::Number(number(2.0 * power)))
            };
            let power = match &**power {
                Maths::Number(digits) => double(digits)?,
                Maths::Row(items) => match &items[..] {
                    [minus, Maths::Number(digits)] if minus.is_symbol("-") => {
                        Maths::Row(vec![minus.clone(), double(digits)?])
                    }
                    _ => return None,
                },
                _ => return None,
            };
            Some(Maths::Script {
                base: base.clone(),
                below: None,
                above: Some(Box::new(power)),
            })
        }
        _ => None,
    }
}
