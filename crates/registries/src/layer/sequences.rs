//! Sequences whose examples have lengths of their own. An example's steps from its length on are padding, which takes
//! no part in anything: a padded minibatch gives what its sequences give one by one.

use crate::signature::{Constant, Constants};
use crate::tensor::Real;

/// What is known of an input that is a sequence, beside its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sequence {
    /// How many tokens there are, of a sequence of tokens. In a row of inputs token v is v + 1, and padding 0.
    pub vocabulary: Option<usize>,
}

/// What a layer makes of sequences that have lengths of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sequences {
    /// Each step is made of that step alone, by the last axis or entry by entry: what it gives has the same lengths.
    EachStep,
    /// It looks tokens up: what it gives has their lengths. The size of the vocabulary is its argument
    /// [`VOCABULARY`].
    Tokens,
    /// It is given a length as one more value, of one number: that of its value `of`.
    Told {
        /// The place among its values, from 0.
        of: usize,
        /// Whether what it gives has the lengths of its first value.
        keeps: bool,
    },
    /// It mixes steps: padding is set to 0 before it.
    Zeroed {
        /// Whether what it gives has the same lengths.
        keeps: bool,
    },
    /// Padding would take part in what it gives; with what to do instead.
    Refused(&'static str),
}

/// The argument that a layer of [`Sequences::Tokens`] is given beside those of its signature.
pub const VOCABULARY: &str = "vocabulary";

/// What to do instead of a layer that makes one value of all steps.
pub(super) const MIXES_STEPS: &str = "make one value of the steps before it, by `lstm(64, returns = last)` or \
    `global_avg_pool1d`; or set padding to 0 and forget the lengths, by `flatten` or `reshape`";

/// [`Sequences::Told`] the length of its first value.
pub(super) const fn told(keeps: bool) -> Sequences {
    Sequences::Told { of: 0, keeps }
}

/// The number of steps that are there, out of the value of one number that tells it; all where it is not told.
pub fn length<T: Real>(told: Option<&&[T]>, steps: usize) -> usize {
    let length = told.and_then(|told| told.first());
    length.map_or(steps, |length| (length.wide() as usize).min(steps))
}

/// The size of the vocabulary that a layer of [`Sequences::Tokens`] is given; `None` where its value is none of tokens.
pub fn vocabulary(arguments: &Constants) -> Option<usize> {
    let mut all = arguments.0.iter();
    all.find_map(|(name, value)| match value {
        Constant::Count(size) if *name == VOCABULARY => Some(*size),
        _ => None,
    })
}
