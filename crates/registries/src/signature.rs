//! What a registry entry is called and which arguments it takes: one table that drives the checking
//! of arguments, the notes of its errors, `bnnc list` and the documentation's check.

use crate::show;
use crate::tensor::Shape;
use std::fmt;

/// A name, its arguments, and a line of what it is.
#[derive(Debug)]
pub struct Signature {
    /// The word in a `.bnn` file.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// In the order in which positional arguments are taken.
    pub parameters: &'static [Parameter],
}

/// One argument.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Its value where the file gives none, as it would be written; `None` if it must be given. The
    /// name of a parameter before it stands for that parameter's value (`stride` of a pool: `size`).
    pub default: Option<&'static str>,
    /// One line.
    pub summary: &'static str,
}

/// What an argument takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A whole number, at least 1.
    Count,
    /// One count for both axes, or two in brackets: `3` or `[3, 5]`.
    Pair,
    /// One count for all three axes, or three in brackets: `3` or `[1, 3, 3]`.
    Triple,
    /// One of these words, or whole numbers from 0: one for all axes, or a list with one for each.
    Cells {
        /// The words.
        words: &'static [&'static str],
        /// How many axes there are; 0 where the input says it.
        axes: usize,
    },
    /// A list of counts.
    Counts,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// One of these words, or names of layers in brackets: `[hidden, logits]`.
    Names(&'static [&'static str]),
    /// A number in the domain: a constant expression, or `learned(…)` where `learnable`.
    Number {
        /// Which values are allowed.
        domain: Domain,
        /// Whether `learned(…)` may stand here.
        learnable: bool,
    },
    /// A number in the domain, or a word in its place: `none` where there need be no number.
    NumberOr {
        /// Which values are allowed.
        domain: Domain,
        /// The word.
        word: &'static str,
    },
    /// Numbers in the domain, in brackets; one may stand without.
    Numbers {
        /// Which values are allowed.
        domain: Domain,
        /// Whether `learned(…)` may stand in it.
        learnable: bool,
    },
    /// An initialiser: a number or a distribution to draw from, such as `Normal(0, 0.1)`.
    Initializer,
    /// A transformed initialiser: `Softplus(Normal(-3, 0.1))`.
    ScaleInitializer,
    /// A value of the network with this many entries a target (likelihood arguments), a number or
    /// `learned(…)`.
    Value {
        /// Which values are allowed where it is a number.
        domain: Domain,
    },
    /// Several numbers in ascending order that all examples share (a likelihood's cutpoints), constant, latent or
    /// `learned(…)`.
    Ordered,
}

/// Which numbers are allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Domain {
    /// Any finite number.
    Real,
    /// Above 0.
    Positive,
    /// 0 or above.
    NonNegative,
    /// From 0 to 1, both included.
    Unit,
    /// Above 0 and below 1.
    OpenUnit,
}

impl Domain {
    /// Whether `value` is in it.
    pub fn holds(self, value: f64) -> bool {
        value.is_finite()
            && match self {
                Domain::Real => true,
                Domain::Positive => value > 0.0,
                Domain::NonNegative => value >= 0.0,
                Domain::Unit => (0.0..=1.0).contains(&value),
                Domain::OpenUnit => value > 0.0 && value < 1.0,
            }
    }

    /// In words: `a number above 0`.
    pub fn describe(self) -> &'static str {
        match self {
            Domain::Real => "a number",
            Domain::Positive => "a number above 0",
            Domain::NonNegative => "a number that is 0 or above",
            Domain::Unit => "a number from 0 to 1",
            Domain::OpenUnit => "a number above 0 and below 1",
        }
    }
}

/// A checked argument of a layer, an initialiser or a posterior: a constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    /// [`Kind::Count`]
    Count(usize),
    /// [`Kind::Pair`]
    Pair([usize; 2]),
    /// [`Kind::Triple`]
    Triple([usize; 3]),
    /// [`Kind::Cells`] in numbers
    Cells(Vec<usize>),
    /// [`Kind::Counts`]
    Counts(Vec<usize>),
    /// [`Kind::Choice`], or a word of [`Kind::NumberOr`] or [`Kind::Names`]
    Word(&'static str),
    /// [`Kind::Names`] in brackets
    Names(Vec<String>),
    /// [`Kind::Number`] or [`Kind::NumberOr`]
    Number(f64),
}

impl fmt::Display for Constant {
    /// As a file would write it.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Constant::Count(n) => write!(f, "{n}"),
            Constant::Pair([a, b]) => write!(f, "[{a}, {b}]"),
            Constant::Triple(axes) => write!(f, "{axes:?}"),
            Constant::Counts(axes) | Constant::Cells(axes) => write!(f, "{axes:?}"),
            Constant::Word(word) => f.write_str(word),
            Constant::Names(names) => write!(f, "[{}]", names.join(", ")),
            Constant::Number(value) => f.write_str(&show(*value)),
        }
    }
}

/// Checked arguments, every default filled in, in the signature's order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Constants(pub Vec<(&'static str, Constant)>);

impl Constants {
    /// Gives an argument its value, in place of one that it has.
    pub fn set(&mut self, name: &'static str, value: Constant) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// The argument called `name`.
    pub fn get(&self, name: &str) -> &Constant {
        &self
            .0
            .iter()
            .find(|(n, _)| *n == name)
            .expect("an argument of the signature")
            .1
    }

    /// The argument called `name`, if the layer has it.
    pub fn find(&self, name: &str) -> Option<&Constant> {
        self.0.iter().find(|(n, _)| *n == name).map(|(_, of)| of)
    }

    /// The [`Constant::Count`] called `name`.
    pub fn count(&self, name: &str) -> usize {
        match self.get(name) {
            Constant::Count(n) => *n,
            other => panic!("{name} is {other:?}, not a count"),
        }
    }

    /// The count of each of `N` axes: a [`Constant::Count`], [`Constant::Pair`] or [`Constant::Triple`].
    pub fn axes<const N: usize>(&self, name: &str) -> [usize; N] {
        let given = match self.get(name) {
            Constant::Count(n) => &[*n][..],
            Constant::Pair(pair) => pair,
            Constant::Triple(triple) => triple,
            other => panic!("{name} is {other:?}, not counts"),
        };
        given.try_into().expect("a count for each axis")
    }

    /// The [`Constant::Cells`] called `name`, one for each of `axes`: one that is alone is for all. `None` where there
    /// are more or fewer.
    pub fn cells(&self, name: &str, axes: usize) -> Option<Vec<usize>> {
        match self.get(name) {
            Constant::Cells(cells) if cells.len() == axes => Some(cells.clone()),
            Constant::Cells(cells) => match cells[..] {
                [cells] => Some(vec![cells; axes]),
                _ => None,
            },
            other => panic!("{name} is {other:?}, not cells"),
        }
    }

    /// The [`Constant::Counts`] called `name`, as a shape.
    pub fn shape(&self, name: &str) -> Shape {
        match self.get(name) {
            Constant::Counts(axes) => Shape(axes.clone()),
            other => panic!("{name} is {other:?}, not a list"),
        }
    }

    /// The [`Constant::Word`] called `name`.
    pub fn word(&self, name: &str) -> &'static str {
        match self.get(name) {
            Constant::Word(w) => w,
            other => panic!("{name} is {other:?}, not a word"),
        }
    }

    /// The number of the [`Kind::NumberOr`] called `name`; `None` where it is the word, or not there.
    pub fn number_if_any(&self, name: &str) -> Option<f64> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        match found?.1 {
            Constant::Number(limit) => Some(limit),
            _ => None,
        }
    }

    /// The [`Constant::Number`] called `name`.
    pub fn number(&self, name: &str) -> f64 {
        match self.get(name) {
            Constant::Number(x) => *x,
            other => panic!("{name} is {other:?}, not a number"),
        }
    }
}
