//! Formulas as text: on one line, with the signs that a terminal has.

use super::symbol::Class;
use super::{Brackets, Maths};

pub(super) fn plain(maths: &Maths) -> String {
    match maths {
        Maths::Row(items) => row(items),
        Maths::Number(digits) => digits.clone(),
        Maths::Letter(letter) => letter.to_string(),
        Maths::Name(name) => name.clone(),
        Maths::Symbol(symbol) => symbol.plain.into(),
        Maths::Fraction(above, below) => fraction(above, below),
        Maths::Root(of) => match of.is_one_sign() {
            true => format!("√{}", plain(of)),
            false => format!("√({})", plain(of)),
        },
        Maths::Script { base, below, above } => script(base, below.as_deref(), above.as_deref()),
        Maths::Group(brackets, inner) => {
            let (open, close) = match brackets {
                Brackets::Round => ("(", ")"),
                Brackets::Square => ("[", "]"),
                Brackets::Curly => ("{", "}"),
                Brackets::Bars => ("|", "|"),
                Brackets::Norm => ("‖", "‖"),
            };
            format!("{open}{}{close}", plain(inner))
        }
    }
}

fn row(items: &[Maths]) -> String {
    let mut out = String::new();
    let mut before: Option<&Maths> = None;
    for item in items {
        let text = plain(item);
        let last = before.map(Maths::class);
        match item.class() {
            // Functions stand on both sides: it is no sign of the second.
            Class::Binary if text == "∘" => out += " ∘",
            // A sign stands close to what it is the sign of.
            Class::Binary if last.is_none_or(|last| last > Class::Big) => {
                if last.is_some_and(|last| last != Class::Punctuation) {
                    out.push(' ');
                }
                out += &text;
                before = None;
                continue;
            }
            Class::Binary if matches!(text.as_str(), "·" | "×") => {
                out += &text;
                before = None;
                continue;
            }
            Class::Binary | Class::Relation => out += &format!(" {text}"),
            Class::Punctuation => out += &text,
            _ => {
                out += before.map_or("", |before| before.gap(item));
                out += &text;
            }
        }
        before = Some(item);
    }
    out.trim().to_string()
}

impl Maths {
    /// What stands between it and the factor after it.
    fn gap(&self, next: &Maths) -> &'static str {
        let bracket = matches!(next, Maths::Group(..));
        match self.class() {
            Class::Function if bracket => "",
            Class::Factor if self.needs_dot(next) => "·",
            // `1/2σ` could be read as 1/(2σ).
            Class::Factor
                if matches!(self, Maths::Fraction(..)) && next.class() == Class::Factor =>
            {
                if plain(self).chars().count() == 1 {
                    " "
                } else {
                    "·"
                }
            }
            Class::Factor if bracket && !matches!(self, Maths::Number(_)) => "",
            Class::Factor if self.is_short() && (next.is_short() || bracket) => "",
            _ => " ",
        }
    }

    /// A number, or one letter with or without scripts: what reads well close to another.
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
            Maths::Number(_) | Maths::Name(_) => true,
            Maths::Letter(_) | Maths::Symbol(_) => true,
            Maths::Script {
                base, above: None, ..
            } => base.is_one_sign(),
            _ => false,
        }
    }

    /// Whether it is one factor, a function of a bracket being one.
    pub(super) fn is_one_factor(&self) -> bool {
        match self {
            Maths::Row(items) => match &items[..] {
                [name, Maths::Group(..)] => {
                    name.class() == Class::Function || matches!(name, Maths::Name(_))
                }
                _ => false,
            },
            Maths::Fraction(..) => false,
            Maths::Group(..) => true,
            other => other.class() != Class::Big,
        }
    }

    /// Whether it is a product: factors without a sum, and without another fraction.
    fn is_product(&self) -> bool {
        let factor = |item: &Maths| {
            let one = item.class() <= Class::Function && !matches!(item, Maths::Fraction(..));
            one || item.is_symbol("*")
        };
        self.items().iter().all(factor)
    }
}

fn fraction(above: &Maths, below: &Maths) -> String {
    match (plain(above).as_str(), plain(below).as_str()) {
        ("1", "2") => return "½".into(),
        ("1", "4") => return "¼".into(),
        _ => {}
    }
    let bracketed = |maths: &Maths, plainly: bool| match plainly {
        true => plain(maths),
        false => format!("({})", plain(maths)),
    };
    format!(
        "{}/{}",
        bracketed(above, above.is_product()),
        bracketed(below, below.is_one_factor())
    )
}

fn script(base: &Maths, below: Option<&Maths>, above: Option<&Maths>) -> String {
    let mut out = match base {
        Maths::Row(_) | Maths::Fraction(..) | Maths::Script { .. } => format!("({})", plain(base)),
        _ => plain(base),
    };
    if base.class() == Class::Big
        && let (Some(below), Some(above)) = (below, above)
    {
        return format!("{out}_({} … {})", plain(below), plain(above));
    }
    if let Some(below) = below {
        out += &match small(below, "0123456789+−", "₀₁₂₃₄₅₆₇₈₉₊₋") {
            Some(small) => small,
            None => raised('_', below),
        };
    }
    if let Some(above) = above {
        out += &match small(above, "0123456789+−T'", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵀ′") {
            Some(small) => small,
            None => raised('^', above),
        };
    }
    out
}

fn raised(mark: char, script: &Maths) -> String {
    let text = plain(script);
    let one = matches!(script, Maths::Group(Brackets::Round, _));
    match one
        || text
            .chars()
            .all(|c| c.is_ascii_digit() || c.is_alphabetic())
    {
        true => format!("{mark}{text}"),
        false => format!("{mark}({text})"),
    }
}

/// In small signs, where there is one for each of its own.
fn small(script: &Maths, signs: &str, small: &str) -> Option<String> {
    let text = plain(script);
    let sign = |c: char| signs.chars().position(|s| s == c);
    text.chars().map(|c| small.chars().nth(sign(c)?)).collect()
}
