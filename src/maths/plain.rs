//! Formulas as text: on one line, with the signs that a terminal has.

use super::symbol::Class;
use super::write::{Style, row};
use super::{Brackets, Maths};

pub(super) struct Plain;

impl Style for Plain {
    fn part(&self, maths: &Maths) -> String {
        match maths {
            Maths::Row(items) => row(items, self),
            Maths::Number(text) | Maths::Name(text) => text.clone(),
            Maths::Letter(letter) => letter.to_string(),
            Maths::Symbol(symbol) => symbol.plain.into(),
            Maths::Fraction(above, below) => fraction(above, below),
            Maths::Root(under) => format!("√{}", bracketed(under, under.is_one_sign())),
            Maths::Script { base, below, above } => {
                script(base, below.as_deref(), above.as_deref())
            }
            Maths::Group(brackets, inner) => {
                let [_, (open, close), _] = brackets.marks();
                format!("{open}{}{close}", plain(inner))
            }
        }
    }

    fn operator(&self, text: &str) -> String {
        match text {
            "·" | "×" => text.into(),
            _ => format!(" {text} "),
        }
    }

    fn gap(&self, before: &Maths, next: &Maths) -> &'static str {
        let bracket = matches!(next, Maths::Group(..));
        match before.class() {
            Class::Function if bracket => "",
            Class::Factor if before.needs_dot(next) => "·",
            // `1/2σ` could be read as 1/(2σ).
            Class::Factor
                if matches!(before, Maths::Fraction(..)) && next.class() == Class::Factor =>
            {
                if plain(before).chars().count() == 1 {
                    " "
                } else {
                    "·"
                }
            }
            Class::Factor if bracket && !matches!(before, Maths::Number(_)) => "",
            Class::Factor if before.is_short() && (next.is_short() || bracket) => "",
            _ => " ",
        }
    }
}

pub(super) fn plain(maths: &Maths) -> String {
    Plain.part(maths)
}

/// In brackets, unless it can do without.
fn bracketed(maths: &Maths, without: bool) -> String {
    match without {
        true => plain(maths),
        false => format!("({})", plain(maths)),
    }
}

fn fraction(above: &Maths, below: &Maths) -> String {
    let (top, bottom) = (above.is_product(), below.is_one_factor());
    match (
        bracketed(above, top).as_str(),
        bracketed(below, bottom).as_str(),
    ) {
        ("1", "2") => "½".into(),
        ("1", "4") => "¼".into(),
        (above, below) => format!("{above}/{below}"),
    }
}

fn script(base: &Maths, below: Option<&Maths>, above: Option<&Maths>) -> String {
    let simple = !matches!(
        base,
        Maths::Row(_) | Maths::Fraction(..) | Maths::Script { .. } | Maths::Root(_)
    );
    let mut out = bracketed(base, simple);
    if let (Class::Big, Some(below), Some(above)) = (base.class(), below, above) {
        return format!("{out}_({} … {})", plain(below), plain(above));
    }
    for (mark, script, signs, small) in [
        ('_', below, "0123456789+−", "₀₁₂₃₄₅₆₇₈₉₊₋"),
        ('^', above, "0123456789+−T'", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵀ′"),
    ] {
        let Some(script) = script else { continue };
        let text = plain(script);
        let small_sign = |c| small.chars().nth(signs.chars().position(|sign| sign == c)?);
        let one_word = text
            .chars()
            .all(|c| c.is_ascii_digit() || c.is_alphabetic());
        out += &match text.chars().map(small_sign).collect::<Option<String>>() {
            Some(small) => small,
            None if one_word || matches!(script, Maths::Group(Brackets::Round, _)) => {
                format!("{mark}{text}")
            }
            None => format!("{mark}({text})"),
        };
    }
    out
}

impl Maths {
    /// A number, or one letter with or without an exponent: what reads well close to another.
    fn is_short(&self) -> bool {
        match self {
            Maths::Number(_) | Maths::Letter(_) | Maths::Root(_) => true,
            Maths::Symbol(symbol) => {
                symbol.class == Class::Factor && symbol.plain.chars().count() == 1
            }
            Maths::Script {
                base, below: None, ..
            } => base.is_short(),
            _ => false,
        }
    }

    fn is_one_sign(&self) -> bool {
        match self {
            Maths::Number(_) | Maths::Name(_) | Maths::Letter(_) | Maths::Symbol(_) => true,
            Maths::Script {
                base, above: None, ..
            } => base.is_one_sign(),
            _ => false,
        }
    }

    /// Whether it is one factor. A function of a bracket is one.
    pub(super) fn is_one_factor(&self) -> bool {
        match self {
            Maths::Row(items) => {
                matches!(&items[..], [name, Maths::Group(..)]
                    if name.class() == Class::Function || matches!(name, Maths::Name(_)))
            }
            Maths::Fraction(..) => false,
            Maths::Group(..) => true,
            other => other.class() != Class::Big,
        }
    }

    /// Whether it is a product: factors without a sum, and without another fraction.
    fn is_product(&self) -> bool {
        self.items().iter().all(|item| {
            let fraction = matches!(item, Maths::Fraction(..));
            item.class() <= Class::Function && !fraction || item.is_symbol("*")
        })
    }
}
