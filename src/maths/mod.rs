//! Formulas, written once, in plain text, and set for the terminal and in LaTeX.
//!
//! ```text
//! ln(s/sigma) + (sigma^2 + (mu - m)^2)/(2 s^2) - 1/2
//! sum_(n=1)^N E_q[-ln p(y_n | x_n, w)] + KL(q || p)
//! ```
//!
//! - One letter is a variable, and `mu`, `sum`, `<=` and the like are the symbols of [`SYMBOLS`], which
//!   may be written as themselves, too: `μ`, `Σ`, `≤`. Any other word is a name, set upright; a name in
//!   quotes may hold anything: `"conv1.kernel"`.
//! - Factors stand side by side. `a/b` is a fraction of all factors before the stroke and the one after
//!   it, so that `1/2 x` is half of x and `2 a/b c` is (2a/b)·c; parentheses around a whole numerator,
//!   denominator, index or exponent only group. What follows a `sum` is its operand.
//! - `x_i^2` has index and exponent, `sqrt(…)` is a root, `|…|` and `abs(…)` an absolute value, `norm(…)`
//!   a norm, and a stroke where no factor can begin is a condition: `p(y | x)`.
//!
//! - `‹…›` groups and is not seen.
//!
//! `grammar/maths.pest` is its grammar. A text that does not follow it stands for itself as a name.

mod latex;
mod lines;
mod parse;
mod plain;
mod simplify;
mod source;
mod symbol;
mod write;

pub use lines::{Line, Start};
pub use symbol::{Class, SYMBOLS, Symbol};

/// A formula.
#[derive(Debug, Clone, PartialEq)]
pub enum Maths {
    /// Side by side: factors, and the operators between them.
    Row(Vec<Maths>),
    /// `0.5`
    Number(String),
    /// A variable of one letter.
    Letter(char),
    /// A word that stands for itself, upright.
    Name(String),
    /// An entry of [`SYMBOLS`].
    Symbol(&'static Symbol),
    /// Numerator and denominator.
    Fraction(Box<Maths>, Box<Maths>),
    /// A square root.
    Root(Box<Maths>),
    /// With an index below, an exponent above, or both.
    Script {
        /// What has them.
        base: Box<Maths>,
        /// The index.
        below: Option<Box<Maths>>,
        /// The exponent.
        above: Option<Box<Maths>>,
    },
    /// Between brackets.
    Group(Brackets, Box<Maths>),
}

/// A pair of brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brackets {
    /// `( )`
    Round,
    /// `[ ]`
    Square,
    /// `{ }`
    Curly,
    /// An absolute value.
    Bars,
    /// A norm.
    Norm,
}

impl Maths {
    /// The formula of a text.
    pub fn parse(text: &str) -> Maths {
        parse::parse(text)
    }

    /// In LaTeX, for math mode.
    pub fn latex(&self) -> String {
        let clauses = lines::clauses(self.items()).into_iter();
        let clauses: Vec<String> = clauses.map(latex::row).collect();
        clauses.join(r"\ ")
    }

    /// As text.
    pub fn plain(&self) -> String {
        plain::plain(self)
    }

    /// With what `of` gives in place of names and letters, simplified where numbers meet. A name with an
    /// index is asked for whole first: `scales_1`.
    pub fn replace(&self, of: &dyn Fn(&str) -> Option<Maths>) -> Maths {
        simplify::replace(self, of)
    }

    /// What it is among its neighbours.
    pub(crate) fn class(&self) -> Class {
        match self {
            Maths::Symbol(symbol) => symbol.class,
            Maths::Script { base, .. } => base.class(),
            _ => Class::Factor,
        }
    }

    pub(crate) fn is_symbol(&self, word: &str) -> bool {
        matches!(self, Maths::Symbol(symbol) if symbol.word == word)
    }

    /// Its items; those of a row, else itself.
    pub(crate) fn items(&self) -> &[Maths] {
        match self {
            Maths::Row(items) => items,
            other => std::slice::from_ref(other),
        }
    }

    fn number(digits: impl Into<String>) -> Maths {
        Maths::Number(digits.into())
    }

    fn group(inner: Maths) -> Maths {
        Maths::Group(Brackets::Round, Box::new(inner))
    }

    fn power(base: Maths, above: Maths) -> Maths {
        Maths::script(base, None, Some(Box::new(above)))
    }

    fn script(base: Maths, below: Option<Box<Maths>>, above: Option<Box<Maths>>) -> Maths {
        Maths::Script {
            base: Box::new(base),
            below,
            above,
        }
    }

    /// Items as one formula.
    fn row(mut items: Vec<Maths>) -> Maths {
        match items.len() {
            1 => items.remove(0),
            _ => Maths::Row(items),
        }
    }
}

#[cfg(test)]
mod tests;
