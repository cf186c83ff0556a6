//! Formulas in LaTeX with amsmath and amssymb, or in what of it MathJax and KaTeX know. No `|`, `\{` or
//! `\\` stands in it: Markdown gives them another meaning.

use super::symbol::Class;
use super::{Brackets, Maths};

/// A formula by itself.
pub(super) fn latex(maths: &Maths) -> String {
    let mut out = String::new();
    match maths {
        Maths::Row(items) if !items.is_empty() => row(items, true, &mut out),
        _ => write(maths, &mut out),
    }
    out
}

/// A part of a formula.
fn part(maths: &Maths) -> String {
    let mut out = String::new();
    write(maths, &mut out);
    out
}

/// Adds `piece`, apart from a control word before it.
fn push(out: &mut String, piece: &str) {
    let control = out.rfind('\\').is_some_and(|at| {
        out.len() > at + 1 && out[at + 1..].bytes().all(|b| b.is_ascii_alphabetic())
    });
    if control && piece.starts_with(|c: char| c.is_ascii_alphabetic()) {
        out.push(' ');
    }
    out.push_str(piece);
}

fn write(maths: &Maths, out: &mut String) {
    match maths {
        Maths::Row(items) if items.is_empty() => *out += "{}",
        Maths::Row(items) => row(items, false, out),
        Maths::Number(digits) => number(digits, out),
        Maths::Letter(letter) => push(out, &escape(&letter.to_string())),
        Maths::Name(name) => push(out, &format!(r"\mathrm{{{}}}", escape(name))),
        Maths::Symbol(symbol) => push(out, symbol.latex),
        Maths::Fraction(above, below) => {
            push(
                out,
                &format!(r"\frac{{{}}}{{{}}}", part(above), part(below)),
            );
        }
        Maths::Root(of) => push(out, &format!(r"\sqrt{{{}}}", part(of))),
        Maths::Script { base, below, above } => {
            match **base {
                Maths::Row(_) | Maths::Fraction(..) => group(Brackets::Round, base, out),
                Maths::Script { .. } => push(out, &format!("{{{}}}", part(base))),
                _ => write(base, out),
            }
            for (mark, script) in [('_', below), ('^', above)] {
                if let Some(script) = script {
                    *out += &format!("{mark}{{{}}}", part(script));
                }
            }
        }
        Maths::Group(brackets, inner) => group(*brackets, inner, out),
    }
}

/// The clauses of a whole formula stand apart.
fn row(items: &[Maths], whole: bool, out: &mut String) {
    let mut before: Option<&Maths> = None;
    let mut operand = true;
    let ends = if whole {
        super::clause_ends(items)
    } else {
        vec![]
    };
    for (at, item) in items.iter().enumerate() {
        let class = item.class();
        match class {
            Class::Binary if operand => write(item, out),
            Class::Binary | Class::Relation => {
                *out += " ";
                write(item, out);
                *out += " ";
            }
            Class::Punctuation => {
                write(item, out);
                *out += if ends.contains(&at) { r"\ " } else { " " };
            }
            _ => {
                *out += match before {
                    Some(before) if before.needs_dot(item) => r" \cdot ",
                    Some(before) if before.needs_space(item) => r"\,",
                    _ => "",
                };
                write(item, out);
            }
        }
        before = Some(item).filter(|_| class <= Class::Function);
        operand = class > Class::Big;
    }
    let kept = out.trim_end().len();
    out.truncate(kept);
    if out.ends_with('\\') {
        out.pop();
    }
}

fn group(brackets: Brackets, inner: &Maths, out: &mut String) {
    let (open, close) = match brackets {
        Brackets::Round => ("(", ")"),
        Brackets::Square => ("[", "]"),
        Brackets::Curly => (r"\lbrace ", r"\rbrace "),
        Brackets::Bars => (r"\lvert ", r"\rvert "),
        Brackets::Norm => (r"\lVert ", r"\rVert "),
    };
    let inside = part(inner);
    match inner.is_tall() {
        true => push(out, &format!(r"\left{open}{inside}\right{close}")),
        false => push(out, &format!("{open}{inside}{close}")),
    }
    let kept = out.trim_end().len();
    out.truncate(kept);
}

/// `1e-6` as a power of ten; commas of thousands without the blank that TeX puts after a comma.
fn number(digits: &str, out: &mut String) {
    let grouped = |digits: &str| digits.replace(',', "{,}");
    match digits.split_once('e') {
        Some((mantissa, exponent)) => push(
            out,
            &format!(r"{} \times 10^{{{exponent}}}", grouped(mantissa)),
        ),
        None => push(out, &grouped(digits)),
    }
}

/// A name for `\mathrm`: an underscore would be an index, and blanks are not seen.
fn escape(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        match c {
            'a'..='z'
            | 'A'..='Z'
            | '0'..='9'
            | '.'
            | ','
            | ':'
            | '('
            | ')'
            | '['
            | ']'
            | '+'
            | '='
            | '*'
            | '/'
            | '!'
            | '?'
            | '\'' => out.push(c),
            '-' => out += "{-}",
            '_' | ' ' => out += r"\,",
            'à'..='ÿ' => out.push(c),
            _ => out += &format!(r"\mathrm{{U{{+}}{:X}}}", u32::from(c)),
        }
    }
    out
}

impl Maths {
    /// Whether brackets around it must grow.
    fn is_tall(&self) -> bool {
        match self {
            Maths::Fraction(..) | Maths::Root(_) => true,
            Maths::Row(items) => items.iter().any(Maths::is_tall),
            Maths::Group(_, inner) => inner.is_tall(),
            Maths::Script { base, .. } => base.is_tall() || base.class() == Class::Big,
            Maths::Symbol(symbol) => symbol.class == Class::Big,
            _ => false,
        }
    }

    /// Whether a point must stand between two factors, since a number after another would be one with it.
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

    /// Whether two factors side by side would read as one word.
    fn needs_space(&self, next: &Maths) -> bool {
        let wordy = |maths: &Maths| match maths {
            Maths::Name(_) => true,
            Maths::Script { base, .. } => matches!(**base, Maths::Name(_)),
            _ => false,
        };
        let bracket = matches!(next, Maths::Group(..));
        (wordy(self) && !bracket) || (wordy(next) && self.class() == Class::Factor)
    }
}
