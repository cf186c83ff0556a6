//! What plain text and LaTeX have in common: how the items of a row are put side by side.

use super::Maths;
use super::symbol::Class;

/// How formulas are set: [`super::plain`] and [`super::latex`].
pub(super) trait Style {
    /// A part of a formula.
    fn part(&self, maths: &Maths) -> String;
    /// An operator between two operands.
    fn operator(&self, text: &str) -> String {
        format!(" {text} ")
    }
    /// What stands between two factors.
    fn gap(&self, before: &Maths, next: &Maths) -> &'static str;
    /// Adds `piece` to `out`, with a blank where they would be read as one.
    fn append(&self, out: &mut String, piece: &str) {
        out.push_str(piece);
    }
}

pub(super) fn row(items: &[Maths], style: &impl Style) -> String {
    let mut out = String::new();
    let mut before: Option<&Maths> = None;
    // Whether an operand comes next: an operator in its place is a sign.
    let mut operand = true;
    for item in items {
        let (class, text) = (item.class(), style.part(item));
        match class {
            Class::Binary if operand => out += &text,
            Class::Binary | Class::Relation => out += &style.operator(&text),
            Class::Punctuation => out += &format!("{text} "),
            _ => {
                out += before.map_or("", |before| style.gap(before, item));
                style.append(&mut out, &text);
            }
        }
        operand = class > Class::Big;
        before = Some(item).filter(|_| !operand);
    }
    out.trim().into()
}

impl Maths {
    /// Whether a point must stand between two factors: two numbers side by side would be read as one.
    pub(super) fn needs_dot(&self, next: &Maths) -> bool {
        next.starts_with_digit()
            && self.class() == Class::Factor
            && !matches!(self, Maths::Fraction(..))
    }

    fn starts_with_digit(&self) -> bool {
        match self {
            Maths::Number(_) => true,
            Maths::Script { base, .. } => base.starts_with_digit(),
            _ => false,
        }
    }
}
