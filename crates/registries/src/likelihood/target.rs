//! What is observed of one example: which values it can take, and how a batch stores them.

use std::fmt;
use std::ops::Range;

/// The values that a target can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// One of this many classes.
    Category(usize),
    /// This many real numbers.
    Real(usize),
    /// 0 or 1.
    Binary,
    /// A whole number from 0 to [`MOST_COUNTED`].
    Count,
}

/// Up to here float32, in which a count is stored, has every whole number.
pub const MOST_COUNTED: f64 = 16_777_216.0;

/// How the targets of a batch are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// Whole numbers below a number of classes: [`Targets::Labels`].
    Labels {
        /// The number of classes.
        classes: usize,
    },
    /// Rows of numbers: [`Targets::Reals`].
    Reals,
}

impl TargetKind {
    /// One of each, to show how a file declares them.
    pub const EXAMPLES: &[TargetKind] = &[
        TargetKind::Category(10),
        TargetKind::Real(1),
        TargetKind::Real(3),
        TargetKind::Binary,
        TargetKind::Count,
    ];

    /// How its values are stored.
    pub fn storage(self) -> Storage {
        match self {
            TargetKind::Category(classes) => Storage::Labels { classes },
            TargetKind::Binary => Storage::Labels { classes: 2 },
            TargetKind::Real(_) | TargetKind::Count => Storage::Reals,
        }
    }

    /// The number of classes, of targets that have them.
    pub fn classes(self) -> Option<usize> {
        match self.storage() {
            Storage::Labels { classes } => Some(classes),
            Storage::Reals => None,
        }
    }

    /// Numbers of one target.
    pub fn entries(self) -> usize {
        match self {
            TargetKind::Real(width) => width,
            TargetKind::Category(_) | TargetKind::Binary | TargetKind::Count => 1,
        }
    }

    /// Whether each entry of a target may have this value.
    pub fn holds(self, value: f64) -> bool {
        let whole = |most: f64| (0.0..=most).contains(&value) && value.fract() == 0.0;
        match self {
            TargetKind::Category(classes) => whole(classes as f64 - 1.0),
            TargetKind::Binary => whole(1.0),
            TargetKind::Count => whole(MOST_COUNTED),
            TargetKind::Real(_) => value.is_finite(),
        }
    }

    /// The kind that a file writes as a word and, in brackets, a size.
    pub fn of(word: &str, size: Option<usize>) -> Option<Self> {
        match (word, size) {
            ("category", Some(classes)) => Some(TargetKind::Category(classes)),
            ("real", width) => Some(TargetKind::Real(width.unwrap_or(1))),
            ("binary", None) => Some(TargetKind::Binary),
            ("count", None) => Some(TargetKind::Count),
            _ => None,
        }
    }

    /// In words, with an article: `a category`.
    pub fn words(self) -> &'static str {
        match self {
            TargetKind::Category(_) => "a category",
            TargetKind::Real(1) => "a real number",
            TargetKind::Real(_) => "real numbers",
            TargetKind::Binary => "a binary target",
            TargetKind::Count => "a count",
        }
    }

    /// What follows the name of a target that is short of entries: `has 10 classes`.
    pub fn size(self) -> String {
        match self {
            TargetKind::Category(classes) => format!("has {classes} classes"),
            TargetKind::Binary => "is one binary value".into(),
            TargetKind::Count => "is one count".into(),
            TargetKind::Real(1) => "is one number".into(),
            TargetKind::Real(width) => format!("has {width} numbers"),
        }
    }

    /// Where `y_n` lies, in the notation of `bnnc::maths`, within prose.
    pub fn notation(self) -> String {
        match self {
            TargetKind::Category(2) => "$y_n in {0, 1}$, one of two classes".into(),
            TargetKind::Category(classes) => format!(
                "$y_n in {{0, ..., {}}}$, one of {classes} classes",
                classes - 1
            ),
            TargetKind::Binary => "$y_n in {0, 1}$".into(),
            TargetKind::Count => "$y_n in {0, 1, 2, ...}$".into(),
            TargetKind::Real(1) => "$y_n in Reals$".into(),
            TargetKind::Real(width) => format!("$y_n in Reals^{width}$"),
        }
    }
}

impl fmt::Display for TargetKind {
    /// As a file declares it: `category[10]`, `real`, `real[3]`, `binary`, `count`.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            TargetKind::Category(classes) => write!(f, "category[{classes}]"),
            TargetKind::Real(1) => write!(f, "real"),
            TargetKind::Real(width) => write!(f, "real[{width}]"),
            TargetKind::Binary => write!(f, "binary"),
            TargetKind::Count => write!(f, "count"),
        }
    }
}

/// The observed targets of some examples.
#[derive(Debug, Clone, Copy)]
pub enum Targets<'a, T> {
    /// A class (or 0 and 1) per example.
    Labels(&'a [u32]),
    /// Rows of numbers: real ones, or counts.
    Reals(&'a [T]),
}

impl<'a, T> Targets<'a, T> {
    /// Those of some of the examples; a row of real numbers has `width`.
    pub fn of(self, examples: Range<usize>, width: usize) -> Self {
        match self {
            Targets::Labels(labels) => Targets::Labels(&labels[examples]),
            Targets::Reals(rows) => {
                Targets::Reals(&rows[examples.start * width..examples.end * width])
            }
        }
    }

    /// The labels, of targets that have them.
    pub(super) fn labels(&self) -> &'a [u32] {
        match self {
            Targets::Labels(labels) => labels,
            Targets::Reals(_) => panic!("labels are observed"),
        }
    }

    /// The numbers, of targets that have them.
    pub(super) fn reals(&self) -> &'a [T] {
        match self {
            Targets::Reals(reals) => reals,
            Targets::Labels(_) => panic!("real numbers are observed"),
        }
    }
}
