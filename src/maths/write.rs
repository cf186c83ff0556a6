//! The one walk over a formula. A [`Style`] says how each part is set.

use super::symbol::{Class, Symbol};
use super::{Brackets, Maths};

/// How the parts of a formula are set: [`super::plain`] and [`super::latex`].
pub(super) trait Style {
    fn number(&self, digits: &str) -> String;
    fn letter(&self, letter: char) -> String;
    fn name(&self, name: &str) -> String;
    fn symbol(&self, symbol: &'static Symbol) -> &'static str;
    fn nothing(&self) -> &'static str;
    fn fraction(&self, above: &Maths, below: &Maths) -> String;
    fn root(&self, under: &Maths) -> String;
    fn script(&self, base: &Maths, below: Option<&Maths>, above: Option<&Maths>) -> String;
    fn group(&self, brackets: Brackets, inner: &Maths) -> String;
    /// An operator between two operands.
    fn operator(&self, text: &str) -> String {
        format!(" {text} ")
    }
    /// What stands after a comma after which another clause begins.
    fn clause_gap(&self) -> &'static str {
        " "
    }
    /// What stands between two factors.
    fn gap(&self, before: &Maths, next: &Maths) -> &'static str;
    /// Adds `piece` to `out`, apart from it where they would be read as one.
    fn append(&self, out: &mut String, piece: &str) {
        out.push_str(piece);
    }
}

/// A part of a formula.
pub(super) fn write(maths: &Maths, style: &dyn Style) -> String {
    match maths {
        Maths::Row(items) if items.is_empty() => style.nothing().into(),
        Maths::Row(items) => row(items, &[], style),
        Maths::Number(digits) => style.number(digits),
        Maths::Letter(letter) => style.letter(*letter),
        Maths::Name(name) => style.name(name),
        Maths::Symbol(symbol) => style.symbol(symbol).into(),
        Maths::Fraction(above, below) => style.fraction(above, below),
        Maths::Root(under) => style.root(under),
        Maths::Script { base, below, above } => {
            style.script(base, below.as_deref(), above.as_deref())
        }
        Maths::Group(brackets, inner) => style.group(*brackets, inner),
    }
}

/// A whole formula, whose clauses stand apart.
pub(super) fn whole(maths: &Maths, style: &dyn Style) -> String {
    match maths {
        Maths::Row(items) if !items.is_empty() => {
            row(items, &super::lines::clause_ends(items), style)
        }
        _ => write(maths, style),
    }
}

fn row(items: &[Maths], clause_ends: &[usize], style: &dyn Style) -> String {
    let mut out = String::new();
    let mut before: Option<&Maths> = None;
    // Whether an operand comes next: what stands there instead is a sign.
    let mut operand = true;
    for (at, item) in items.iter().enumerate() {
        let (class, text) = (item.class(), write(item, style));
        match class {
            Class::Binary if operand => out += &text,
            Class::Binary | Class::Relation => out += &style.operator(&text),
            Class::Punctuation if clause_ends.contains(&at) => {
                out += &text;
                out += style.clause_gap();
            }
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
    /// Whether a point must stand between two factors: a number after another would be one with it.
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
