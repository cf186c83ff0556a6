//! What is observed of one example: which values it can take, and how a batch stores them.

use crate::tensor::Real;
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
    /// One of some classes at each place of an image, a sequence or a volume.
    Categories {
        /// The number of classes.
        classes: usize,
        /// The places.
        places: Axes,
    },
    /// An image, a sequence or a volume of real numbers, channels last.
    Reals(Axes),
    /// One of 0 and 1 at each place.
    Binaries(Axes),
}

/// The axes of a target that is an image, a sequence or a volume: from 1 to 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axes {
    sizes: [usize; 4],
    rank: usize,
}

impl Axes {
    /// `None` of no axes, and of more than four.
    pub fn new(sizes: &[usize]) -> Option<Self> {
        let rank = sizes.len();
        let mut all = [0; 4];
        all.get_mut(..rank)?.copy_from_slice(sizes);
        (rank > 0).then_some(Axes { sizes: all, rank })
    }

    /// The size of each.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes[..self.rank]
    }

    /// Their product.
    pub fn len(&self) -> usize {
        self.sizes().iter().product()
    }

    /// Whether the product is 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The size of the last one.
    pub fn channels(&self) -> usize {
        self.sizes[self.rank - 1]
    }
}

impl fmt::Display for Axes {
    /// `[64, 64]`
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:?}", self.sizes())
    }
}

/// Stands among [`Targets::Labels`] for a label that is not there.
pub const MISSING: u32 = u32::MAX;

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
        TargetKind::Categories {
            classes: 3,
            places: Axes {
                sizes: [64, 64, 0, 0],
                rank: 2,
            },
        },
    ];

    /// How its values are stored.
    pub fn storage(self) -> Storage {
        match self {
            TargetKind::Category(classes) | TargetKind::Categories { classes, .. } => {
                Storage::Labels { classes }
            }
            TargetKind::Binary | TargetKind::Binaries(_) => Storage::Labels { classes: 2 },
            TargetKind::Real(_) | TargetKind::Count | TargetKind::Reals(_) => Storage::Reals,
        }
    }

    /// The number of classes, of targets that have them.
    pub fn classes(self) -> Option<usize> {
        match self.storage() {
            Storage::Labels { classes } => Some(classes),
            Storage::Reals => None,
        }
    }

    /// The same kind with another number of classes, of a category.
    pub fn with_classes(self, classes: usize) -> Self {
        match self {
            TargetKind::Categories { places, .. } => TargetKind::Categories { classes, places },
            TargetKind::Category(_) => TargetKind::Category(classes),
            other => other,
        }
    }

    /// Numbers of one target.
    pub fn entries(self) -> usize {
        match self {
            TargetKind::Real(width) => width,
            TargetKind::Category(_) | TargetKind::Binary | TargetKind::Count => 1,
            TargetKind::Categories { places, .. } => places.len(),
            TargetKind::Reals(axes) | TargetKind::Binaries(axes) => axes.len(),
        }
    }

    /// The axes of one target that is an image, a sequence or a volume.
    pub fn axes(self) -> Option<Axes> {
        match self {
            TargetKind::Categories { places, .. } => Some(places),
            TargetKind::Reals(axes) | TargetKind::Binaries(axes) => Some(axes),
            TargetKind::Category(_)
            | TargetKind::Real(_)
            | TargetKind::Binary
            | TargetKind::Count => None,
        }
    }

    /// Whether single entries of a target may be missing: of an image, a sequence or a volume. A target that is one
    /// label or one row of numbers is there as a whole.
    pub fn may_miss_entries(self) -> bool {
        self.axes().is_some()
    }

    /// How many real numbers a target has, of targets of real numbers.
    pub fn reals(self) -> Option<usize> {
        match self {
            TargetKind::Real(width) => Some(width),
            TargetKind::Reals(axes) => Some(axes.len()),
            _ => None,
        }
    }

    /// Numbers of one target that are scaled each by its own: the channels of an image, all entries of a row.
    pub fn channels(self) -> usize {
        match self {
            TargetKind::Reals(axes) => axes.channels(),
            TargetKind::Categories { .. } | TargetKind::Binaries(_) => 1,
            other => other.entries(),
        }
    }

    /// Whether each entry of a target may have this value.
    pub fn holds(self, value: f64) -> bool {
        let whole = |most: f64| (0.0..=most).contains(&value) && value.fract() == 0.0;
        match self {
            TargetKind::Category(classes) | TargetKind::Categories { classes, .. } => {
                whole(classes as f64 - 1.0)
            }
            TargetKind::Binary | TargetKind::Binaries(_) => whole(1.0),
            TargetKind::Count => whole(MOST_COUNTED),
            TargetKind::Real(_) | TargetKind::Reals(_) => value.is_finite(),
        }
    }

    /// The kind that a file writes as a word and, in brackets, sizes: of a category the number of classes and, in
    /// brackets of their own, the axes of the places.
    pub fn of(word: &str, sizes: Option<&[usize]>, places: Option<&[usize]>) -> Option<Self> {
        let axes = || Axes::new(sizes?);
        match (word, sizes, places) {
            ("category", Some(&[classes]), None) => Some(TargetKind::Category(classes)),
            ("category", Some(&[classes]), Some(places)) => Some(TargetKind::Categories {
                classes,
                places: Axes::new(places)?,
            }),
            ("real", None, None) => Some(TargetKind::Real(1)),
            ("real", Some(&[width]), None) => Some(TargetKind::Real(width)),
            ("real", Some(_), None) => axes().map(TargetKind::Reals),
            ("binary", None, None) => Some(TargetKind::Binary),
            ("binary", Some(_), None) => axes().map(TargetKind::Binaries),
            ("count", None, None) => Some(TargetKind::Count),
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
            TargetKind::Categories { .. } => "a category at each place",
            TargetKind::Reals(_) => "an image of real numbers",
            TargetKind::Binaries(_) => "a binary value at each place",
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
            TargetKind::Categories { classes, places } => {
                format!("has {classes} classes at each place of {places}")
            }
            TargetKind::Reals(axes) | TargetKind::Binaries(axes) => format!("is {axes}"),
        }
    }

    /// Where `y_n` lies, in the notation of `bnnc::maths`, within prose.
    pub fn notation(self) -> String {
        match self {
            TargetKind::Category(2) => "$y_n in {0, 1}$, one of two classes".into(),
            TargetKind::Category(classes) => {
                format!("$y_n in {}$, one of {classes} classes", numbers(classes))
            }
            TargetKind::Binary => "$y_n in {0, 1}$".into(),
            TargetKind::Count => "$y_n in {0, 1, 2, ...}$".into(),
            TargetKind::Real(1) => "$y_n in Reals$".into(),
            TargetKind::Real(width) => format!("$y_n in Reals^{width}$"),
            TargetKind::Categories { classes, places } => format!(
                "$y_n in {}^{}$, one of {classes} classes at each place of {places}",
                numbers(classes),
                places.len()
            ),
            TargetKind::Reals(axes) => format!("$y_n in Reals^{}$, of {axes}", axes.len()),
            TargetKind::Binaries(axes) => format!("$y_n in {{0, 1}}^{}$, of {axes}", axes.len()),
        }
    }
}

/// `{0, ..., 9}`: the whole numbers from 0 on, so many, in the notation of `bnnc::maths`.
pub fn numbers(count: usize) -> String {
    match count {
        0 | 1 => "{0}".into(),
        2 => "{0, 1}".into(),
        _ => format!("{{0, ..., {}}}", count - 1),
    }
}

impl fmt::Display for TargetKind {
    /// As a file declares it: `category[10]`, `real`, `real[3]`, `binary`, `count`, `category[3][64, 64]`.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            TargetKind::Category(classes) => write!(f, "category[{classes}]"),
            TargetKind::Real(1) => write!(f, "real"),
            TargetKind::Real(width) => write!(f, "real[{width}]"),
            TargetKind::Binary => write!(f, "binary"),
            TargetKind::Count => write!(f, "count"),
            TargetKind::Categories { classes, places } => write!(f, "category[{classes}]{places}"),
            TargetKind::Reals(axes) => write!(f, "real{axes}"),
            TargetKind::Binaries(axes) => write!(f, "binary{axes}"),
        }
    }
}

/// The observed targets of some examples.
#[derive(Debug, Clone, Copy)]
pub enum Targets<'a, T> {
    /// A class (or 0 and 1) per example, or for each place of an example after the other; [`MISSING`] where a place has
    /// none.
    Labels(&'a [u32]),
    /// Rows of numbers: real ones, or counts; NaN where a place has none.
    Reals(&'a [T]),
}

/// Targets in memory of their own.
#[derive(Debug, Clone)]
pub enum OwnedTargets<T> {
    /// As [`Targets::Labels`].
    Labels(Vec<u32>),
    /// As [`Targets::Reals`].
    Reals(Vec<T>),
}

impl<T> Default for OwnedTargets<T> {
    fn default() -> Self {
        OwnedTargets::Labels(vec![])
    }
}

impl<T> OwnedTargets<T> {
    /// The labels, to write; what is there of numbers is gone.
    pub fn labels_mut(&mut self) -> &mut Vec<u32> {
        if let OwnedTargets::Reals(_) = self {
            *self = OwnedTargets::Labels(vec![]);
        }
        match self {
            OwnedTargets::Labels(labels) => labels,
            OwnedTargets::Reals(_) => unreachable!("they are labels now"),
        }
    }

    /// The numbers, to write; what is there of labels is gone.
    pub fn reals_mut(&mut self) -> &mut Vec<T> {
        if let OwnedTargets::Labels(_) = self {
            *self = OwnedTargets::Reals(vec![]);
        }
        match self {
            OwnedTargets::Reals(reals) => reals,
            OwnedTargets::Labels(_) => unreachable!("they are numbers now"),
        }
    }

    /// As a likelihood takes them.
    pub fn targets(&self) -> Targets<'_, T> {
        match self {
            OwnedTargets::Labels(labels) => Targets::Labels(labels),
            OwnedTargets::Reals(rows) => Targets::Reals(rows),
        }
    }
}

impl<T: Real> Targets<'_, T> {
    /// How many entries there are, the missing ones with them.
    pub fn len(&self) -> usize {
        match self {
            Targets::Labels(labels) => labels.len(),
            Targets::Reals(rows) => rows.len(),
        }
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether each entry, one after the other, is there.
    pub fn observed(&self) -> Vec<bool> {
        match self {
            Targets::Labels(labels) => labels.iter().map(|label| *label != MISSING).collect(),
            Targets::Reals(rows) => rows.iter().map(|y| !y.is_nan()).collect(),
        }
    }
}

impl<'a, T> Targets<'a, T> {
    /// Those of some of the examples, each of `width` entries.
    pub fn of(self, examples: Range<usize>, width: usize) -> Self {
        let entries = examples.start * width..examples.end * width;
        match self {
            Targets::Labels(labels) => Targets::Labels(&labels[entries]),
            Targets::Reals(rows) => Targets::Reals(&rows[entries]),
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
