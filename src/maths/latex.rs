//! Formulas in LaTeX with amsmath and amssymb, limited to what MathJax and KaTeX know, too. They hold no
//! `|`, `\{` or `\\`, to which Markdown gives another meaning.

use super::symbol::Class;
use super::write::{self, Style};
use super::{Brackets, Maths};

pub(super) struct Latex;

impl Style for Latex {
    fn part(&self, maths: &Maths) -> String {
        match maths {
            Maths::Row(items) => row(items),
            Maths::Number(digits) => number(digits),
            Maths::Letter(letter) => escape(*letter),
            Maths::Name(name) => {
                let text: String = name.chars().map(escape).collect();
                format!(r"\mathrm{{{text}}}")
            }
            Maths::Symbol(symbol) => symbol.latex.into(),
            Maths::Fraction(above, below) => {
                format!(r"\frac{{{}}}{{{}}}", latex(above), latex(below))
            }
            Maths::Root(under) => format!(r"\sqrt{{{}}}", latex(under)),
            Maths::Script { base, below, above } => {
                let mut out = match **base {
                    Maths::Row(_) | Maths::Fraction(..) => group(Brackets::Round, base),
                    Maths::Script { .. } => format!("{{{}}}", latex(base)),
                    _ => latex(base),
                };
                for (mark, script) in [('_', below), ('^', above)] {
                    if let Some(script) = script {
                        out += &format!("{mark}{{{}}}", latex(script));
                    }
                }
                out
            }
            Maths::Group(brackets, inner) => group(*brackets, inner),
        }
    }

    fn gap(&self, before: &Maths, next: &Maths) -> &'static str {
        let bracket = matches!(next, Maths::Group(..));
        let words = before.is_wordy() && !bracket;
        match before.needs_dot(next) {
            true => r" \cdot ",
            false if words || next.is_wordy() && before.class() == Class::Factor => r"\,",
            false => "",
        }
    }

    /// A control word ends where no letter follows.
    fn append(&self, out: &mut String, piece: &str) {
        let word = out.rsplit_once('\\').map_or("", |(_, word)| word);
        let control = !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphabetic());
        if control && piece.starts_with(|c: char| c.is_ascii_alphabetic()) {
            out.push(' ');
        }
        out.push_str(piece);
    }
}

/// The items of a row. An empty one is a group, which may stand where math mode asks for something.
pub(super) fn row(items: &[Maths]) -> String {
    match items {
        [] => "{}".into(),
        items => write::row(items, &Latex),
    }
}

pub(super) fn latex(maths: &Maths) -> String {
    Latex.part(maths)
}

/// `1e-6` is a power of ten. No blank follows the commas of thousands.
fn number(digits: &str) -> String {
    let digits = digits.replace(',', "{,}");
    match digits.split_once('e') {
        Some((mantissa, exponent)) => format!(r"{mantissa} \times 10^{{{exponent}}}"),
        None => digits,
    }
}

fn group(brackets: Brackets, inner: &Maths) -> String {
    let [_, _, (open, close)] = brackets.marks();
    let (left, right) = match inner.is_tall() {
        true => (r"\left", r"\right"),
        false => ("", ""),
    };
    format!("{left}{open}{}{right}{close}", latex(inner))
}

/// A character of a name for `\mathrm`: an underscore would be an index, and blanks are not seen.
fn escape(c: char) -> String {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | 'à'..='ÿ' => c.into(),
        c if ".,:()[]+=*/!?'".contains(c) => c.into(),
        '-' => "{-}".into(),
        '_' | ' ' => r"\,".into(),
        _ => format!(r"\mathrm{{U{{+}}{:X}}}", u32::from(c)),
    }
}

impl Maths {
    /// Whether brackets around it must grow.
    fn is_tall(&self) -> bool {
        match self {
            Maths::Fraction(..) | Maths::Root(_) => true,
            Maths::Row(items) => items.iter().any(Maths::is_tall),
            Maths::Group(_, inner) => inner.is_tall(),
            Maths::Script { base, .. } => base.is_tall() || base.class() == Class::Big,
            other => other.class() == Class::Big,
        }
    }

    /// Whether it is set as a word, which a factor beside it would be read as a part of.
    fn is_wordy(&self) -> bool {
        match self {
            Maths::Name(_) => true,
            Maths::Script { base, .. } => matches!(**base, Maths::Name(_)),
            _ => false,
        }
    }
}
