//! A formula as the text that it can be read from again.

use super::{Brackets, Maths};

pub(super) fn source(maths: &Maths) -> String {
    match maths {
        Maths::Row(items) => items.iter().map(part).collect::<Vec<_>>().join(" "),
        Maths::Number(digits) => digits.clone(),
        Maths::Letter(letter) => letter.to_string(),
        Maths::Name(name) => format!("\"{name}\""),
        Maths::Symbol(symbol) => symbol.word.into(),
        Maths::Fraction(above, below) => format!("({})/({})", source(above), source(below)),
        Maths::Root(of) => format!("sqrt({})", source(of)),
        Maths::Script { base, below, above } => {
            let mut out = match **base {
                Maths::Script { .. } => format!("‹{}›", source(base)),
                _ => part(base),
            };
            for (mark, script) in [('_', below), ('^', above)] {
                if let Some(script) = script {
                    out += &format!("{mark}({})", source(script));
                }
            }
            out
        }
        Maths::Group(brackets, inner) => {
            let (open, close) = match brackets {
                Brackets::Round => ("(", ")"),
                Brackets::Square => ("[", "]"),
                Brackets::Curly => ("{", "}"),
                Brackets::Bars => ("abs(", ")"),
                Brackets::Norm => ("norm(", ")"),
            };
            format!("{open}{}{close}", source(inner))
        }
    }
}

/// Between brackets that are not seen, where its neighbours would be taken into it.
fn part(maths: &Maths) -> String {
    match maths {
        Maths::Row(_) | Maths::Fraction(..) => format!("‹{}›", source(maths)),
        _ => source(maths),
    }
}
