//! Text to formula, by the grammar in `grammar/maths.pest`.

use super::symbol::{self, Class};
use super::{Brackets, Maths};
use pest::Parser;
use pest::iterators::Pair;
use pest_derive::Parser;

#[derive(Parser)]
#[grammar = "grammar/maths.pest"]
struct Grammar;

/// The formula of a text. A text that is none stands for itself as a name; tests/it/explain.rs asserts that no
/// registry has one.
pub(super) fn parse(text: &str) -> Maths {
    match Grammar::parse(Rule::formula, text) {
        Ok(mut parts) => row(parts.next().expect("a formula is a row")),
        Err(_) => Maths::Name(text.trim().into()),
    }
}

fn row(pair: Pair<Rule>) -> Maths {
    let mut items: Vec<Maths> = Vec::new();
    // Where the term begins, which is the numerator of a fraction.
    let mut start = 0;
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::over => {
                let above = ungrouped(Maths::row(items.split_off(start)));
                let below = ungrouped(scripted(inside(part)));
                items.push(Maths::Fraction(Box::new(above), Box::new(below)));
            }
            Rule::dot => items.push(atom(part)),
            _ => {
                let item = scripted(part);
                let begins = item.class() >= Class::Big;
                items.push(item);
                start = if begins { items.len() } else { start };
            }
        }
    }
    Maths::row(items)
}

/// What a rule with one part has inside; of a root, what stands under its sign.
fn inside(pair: Pair<Rule>) -> Pair<Rule> {
    pair.into_inner().last().expect("the rule has a part")
}

/// A part with what stands below and above it.
fn scripted(pair: Pair<Rule>) -> Maths {
    let mut parts = pair.into_inner();
    let base = atom(parts.next().expect("scripts have a base"));
    let (mut below, mut above) = (None, None);
    for part in parts {
        match part.as_rule() {
            Rule::below => below = Some(Box::new(script(part))),
            _ => above = Some(Box::new(script(part))),
        }
    }
    match (&below, &above) {
        (None, None) => base,
        _ => Maths::script(base, below, above),
    }
}

/// One atom, or what parentheses hold; a minus sign may stand before it.
fn script(pair: Pair<Rule>) -> Maths {
    let mut items = Vec::new();
    for part in pair.into_inner() {
        if part.as_rule() == Rule::above {
            let base = items.pop().expect("an exponent has a base");
            items.push(Maths::power(base, script(part)));
        } else {
            items.push(ungrouped(atom(part)));
        }
    }
    Maths::row(items)
}

fn atom(pair: Pair<Rule>) -> Maths {
    let brackets = match pair.as_rule() {
        Rule::round => Brackets::Round,
        Rule::square => Brackets::Square,
        Rule::curly => Brackets::Curly,
        Rule::absolute | Rule::absolute_call => Brackets::Bars,
        Rule::norm => Brackets::Norm,
        Rule::hidden => return row(inside(pair)),
        Rule::root => return Maths::Root(Box::new(ungrouped(scripted(inside(pair))))),
        Rule::number => return Maths::number(pair.as_str()),
        Rule::quoted => return Maths::Name(pair.as_str().trim_matches('"').into()),
        _ => return word(pair.as_str()),
    };
    Maths::Group(brackets, Box::new(row(inside(pair))))
}

/// A symbol, a letter or a name.
fn word(text: &str) -> Maths {
    let mut letters = text.chars();
    match (symbol::find(text), letters.next(), letters.next()) {
        (Some(symbol), ..) => Maths::Symbol(symbol),
        (None, Some(letter), None) if letter.is_alphabetic() => Maths::Letter(letter),
        _ => Maths::Name(text.into()),
    }
}

/// Without the parentheses around the whole.
fn ungrouped(maths: Maths) -> Maths {
    match maths {
        Maths::Group(Brackets::Round, inner) => *inner,
        other => other,
    }
}
