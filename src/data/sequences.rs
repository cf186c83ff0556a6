//! Inputs that are sequences: how many steps of each are there, and the row of numbers that a model takes.
//!
//! In an example's row of inputs, a sequence of up to T steps of C numbers is T·C numbers and then one more: how many of
//! the steps are there. A token v, counted from 0, is v + 1. The steps behind the length are padding, and 0.

pub(super) mod wide;

use super::stored::Kind;
use super::{TargetKind, Values, same_but_for_ones};
use crate::diagnostic::Diagnostic;
use crate::tensor::Shape;
use crate::words::{counted, thousands};
use serde::{Deserialize, Serialize};

/// An input of a model that is a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequenceInput {
    /// The input's name.
    pub name: String,
    /// T, the most steps.
    pub steps: usize,
    /// C, the numbers of a step; 1 of tokens.
    pub width: usize,
    /// How many different tokens there are, where the steps are tokens.
    pub vocabulary: Option<usize>,
}

impl SequenceInput {
    /// How many numbers of a row it is.
    pub fn row_len(&self) -> usize {
        self.steps * self.width + 1
    }

    /// The kind of the rows that a model takes of sequences of this kind.
    pub(super) fn kind(&self, stored: Kind) -> Kind {
        let largest = self.steps.max(self.vocabulary.unwrap_or(0));
        let is_narrow = self.vocabulary.is_some() || stored == Kind::F32;
        match stored {
            Kind::U8 if largest <= 255 => Kind::U8,
            Kind::U8 => Kind::F32,
            _ if is_narrow && largest < 1 << 24 => Kind::F32,
            _ => Kind::F64,
        }
    }

    /// Whether the data's sequences of so many steps fit: shorter ones are padded.
    ///
    /// # Errors
    ///
    /// `E0514` of longer ones. `what` is what holds them.
    pub(super) fn takes(&self, what: &str, stored: usize) -> Result<(), Diagnostic> {
        if stored <= self.steps {
            return Ok(());
        }
        let SequenceInput { name, steps, .. } = self;
        let title = format!(
            "{what} has {}, and the input `{name}` takes {steps}",
            counted(stored, "step", "steps")
        );
        Err(Diagnostic::error("E0514", title)
            .note("shorter sequences are padded; longer ones are not cut")
            .help(format!(
                "give `{name}` {stored} steps, or cut the sequences where it makes sense"
            )))
    }
}

/// Where a sequence of real numbers lies in a row: `steps` steps of `width` numbers from `start` on, then their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Padded {
    /// The place of its first number.
    pub start: usize,
    /// T, the most steps.
    pub steps: usize,
    /// C, the numbers of a step.
    pub width: usize,
}

impl Padded {
    /// The place of its length.
    pub fn length(&self) -> usize {
        self.start + self.steps * self.width
    }
}

/// Sequences as the data have them: `[examples, steps, width]`.
pub(super) struct Unpadded<'a> {
    /// What holds them, as messages call it.
    pub(super) what: &'a str,
    pub(super) values: &'a Values,
    pub(super) steps: usize,
    pub(super) width: usize,
    /// How many steps of each example are there; all of them where nothing says it.
    pub(super) lengths: Option<&'a [usize]>,
    /// Which rows of their array they are, where they are not all.
    pub(super) places: Option<&'a [usize]>,
    /// What the examples are called in messages; else they are rows, counted from 0.
    pub(super) names: Option<&'a dyn Fn(usize) -> String>,
}

impl Unpadded<'_> {
    /// How many examples there are.
    fn examples(&self) -> usize {
        self.values.len() / (self.steps * self.width).max(1)
    }

    /// The row of its array that an example is.
    fn row(&self, example: usize) -> usize {
        self.places.map_or(example, |rows| rows[example])
    }

    fn length(&self, example: usize) -> usize {
        self.lengths.map_or(self.steps, |lengths| lengths[example])
    }

    /// The rows that a model with the input `of` takes, one after the other.
    ///
    /// # Errors
    ///
    /// `E0514` for longer sequences than the model's, and for what is no token of its vocabulary.
    pub(super) fn rows(&self, of: &SequenceInput) -> Result<Values, Diagnostic> {
        of.takes(self.what, self.steps)?;
        if let Some(vocabulary) = of.vocabulary {
            self.refuse_tokens(of, vocabulary)?;
        }
        self.refuse_padding(of)?;
        let shift = f64::from(u8::from(of.vocabulary.is_some()));
        Ok(match of.kind(self.values.kind()) {
            Kind::U8 => Values::U8(self.each(of, shift, |x| x as u8)),
            Kind::F32 => Values::F32(self.each(of, shift, |x| x as f32)),
            Kind::F64 => Values::F64(self.each(of, shift, |x| x)),
        })
    }

    fn each<V: Copy>(&self, of: &SequenceInput, shift: f64, value: impl Fn(f64) -> V) -> Vec<V> {
        let mut rows = Vec::with_capacity(self.examples() * of.row_len());
        for example in 0..self.examples() {
            let first = example * self.steps * self.width;
            let length = self.length(example);
            let there = first..first + length * self.width;
            rows.extend(there.map(|at| value(self.values.get(at) + shift)));
            let padding = (of.steps - length) * of.width;
            rows.extend(std::iter::repeat_n(value(0.0), padding));
            rows.push(value(length as f64));
        }
        rows
    }

    /// Refuses sequences without lengths that end in NaN.
    fn refuse_padding(&self, of: &SequenceInput) -> Result<(), Diagnostic> {
        if self.lengths.is_some() || of.vocabulary.is_some() {
            return Ok(());
        }
        let row = self.steps * self.width;
        let ends = |example: usize| row > 0 && self.values.get(example * row + row - 1).is_nan();
        let Some(example) = (0..self.examples()).find(|example| ends(*example)) else {
            return Ok(());
        };
        let name = &of.name;
        let title = format!("{} holds sequences that end in NaN", self.what);
        Err(Diagnostic::error("E0510", title)
            .note(format!("the first is that of row {} (the first being 0)", self.row(example)))
            .help(format!(
                "an array `{name}_length` beside it says how many steps of each sequence are there; what stands behind them \
                 is not looked at"
            )))
    }

    /// Refuses what is no token.
    fn refuse_tokens(&self, of: &SequenceInput, vocabulary: usize) -> Result<(), Diagnostic> {
        let is_token =
            |value: f64| value.fract() == 0.0 && (0.0..vocabulary as f64).contains(&value);
        let place = |(example, step): (usize, usize)| self.values.get(example * self.steps + step);
        let there = (0..self.examples())
            .flat_map(|example| (0..self.length(example)).map(move |step| (example, step)));
        let mut bad = there.filter(|at| !is_token(place(*at)));
        let Some(first) = bad.next() else {
            return Ok(());
        };
        let value = place(first);
        let (others, largest) = bad.fold((0, value), |(others, largest), at| {
            (others + 1, place(at).max(largest))
        });
        let (example, step) = first;
        let row = self.row(example);
        let SequenceInput { name, .. } = of;
        let title = match value {
            _ if value.fract() != 0.0 || value.is_nan() => {
                format!("{} holds {value}, which is no token", self.what)
            }
            _ if value < 0.0 => {
                format!("{} holds {value}, and tokens are counted from 0", self.what)
            }
            _ => format!(
                "{} holds the token {value}, and the vocabulary of `{name}` has {}",
                self.what,
                thousands(vocabulary)
            ),
        };
        let mut message = Diagnostic::error("E0514", title)
            .note(match self.names {
                None => format!("it stands in row {row}, step {step} (the first of each being 0)"),
                Some(names) => {
                    format!(
                        "it stands in {}, step {step} (the first being 0)",
                        names(example)
                    )
                }
            })
            .note(format!(
                "a token of `{name}` is a whole number from 0 to {}",
                vocabulary.max(1) - 1
            ));
        if others > 0 {
            message = message.note(format!("and {} more", thousands(others)));
        }
        Err(match (value < 0.0, self.lengths) {
            (true, None) => message.help(format!(
                "if it stands for padding, an array `{name}_length` says how many steps of each sequence are there"
            )),
            (false, _) if value.fract() == 0.0 => {
                message.help(format!("`vocabulary = {}` has room for all", largest + 1.0))
            }
            _ => message,
        })
    }
}

/// What tells how many steps of each sequence are there.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    /// What it is called in messages.
    pub(super) what: &'a str,
    /// Whether it is a mask: 1 for each step that is there.
    pub(super) is_mask: bool,
    pub(super) shape: &'a [usize],
    pub(super) values: &'a Values,
}

impl Told<'_> {
    /// The lengths of so many sequences of so many steps, which `sequences` holds.
    ///
    /// # Errors
    ///
    /// `E0514` for another shape; a length below 1 or above the number of steps; a mask that is not some ones and then
    /// zeros.
    pub(super) fn lengths(
        &self,
        sequences: &str,
        [examples, steps]: [usize; 2],
    ) -> Result<Vec<usize>, Diagnostic> {
        let squeezed =
            |axes: &[usize]| -> Vec<usize> { axes.iter().copied().filter(|n| *n != 1).collect() };
        let expected = match self.is_mask {
            true => vec![examples, steps],
            false => vec![examples],
        };
        if squeezed(self.shape) != squeezed(&expected) {
            let title = format!(
                "{} does not go with {sequences}: it has the shape {:?}",
                self.what, self.shape
            );
            return Err(Diagnostic::error("E0514", title).note(format!(
                "expected {expected:?}: {}",
                match self.is_mask {
                    true => "1 for each step that is there and 0 behind them",
                    false => "the number of steps of each sequence",
                }
            )));
        }
        match self.is_mask {
            false => self.counted(sequences, [examples, steps]),
            true => self.masked([examples, steps]),
        }
    }

    fn counted(
        &self,
        sequences: &str,
        [examples, steps]: [usize; 2],
    ) -> Result<Vec<usize>, Diagnostic> {
        let is_length = |value: f64| value.fract() == 0.0 && (1.0..=steps as f64).contains(&value);
        let bad = (0..examples).find(|example| !is_length(self.values.get(*example)));
        let Some(row) = bad else {
            let lengths = (0..examples).map(|example| self.values.get(example) as usize);
            return Ok(lengths.collect());
        };
        let value = self.values.get(row);
        let title = match value {
            0.0 => format!(
                "row {row} (the first being 0) of {} is 0: a sequence has no step",
                self.what
            ),
            _ if value > steps as f64 => format!(
                "row {row} (the first being 0) of {} is {value}, and {sequences} has {steps} steps",
                self.what
            ),
            _ => format!(
                "row {row} (the first being 0) of {} is {value}, which is no length",
                self.what
            ),
        };
        Err(Diagnostic::error("E0514", title)
            .note(format!("a length is a whole number from 1 to {steps}"))
            .help(match value {
                0.0 => "leave such examples out: there is nothing to learn from or to predict with",
                _ => "a length is the number of steps of its own sequence, before any padding",
            }))
    }

    fn masked(&self, [examples, steps]: [usize; 2]) -> Result<Vec<usize>, Diagnostic> {
        let entry = |row: usize, step: usize| self.values.get(row * steps + step);
        let length = |row: usize| {
            let length = (0..steps)
                .take_while(|step| entry(row, *step) == 1.0)
                .count();
            let stray = (length..steps).find(|step| entry(row, *step) != 0.0);
            match stray {
                None => Ok(length),
                Some(step) => Err((row, step)),
            }
        };
        let lengths: Result<Vec<usize>, _> = (0..examples).map(length).collect();
        let fault = |title: String| {
            Diagnostic::error("E0514", title)
                .note("a mask is 1 for the first steps, and 0 for all behind them")
        };
        let lengths = lengths.map_err(|(row, step)| {
            let place = format!("row {row}, step {step} (the first of each being 0) of {}", self.what);
            match entry(row, step) {
                1.0 => fault(format!("{place} is 1 behind a 0"))
                    .help("missing steps inside a sequence cannot be masked: leave them out, so that what is there stands together"),
                value => fault(format!("{place} is {value}, neither 0 nor 1")),
            }
        })?;
        match lengths.iter().position(|length| *length == 0) {
            None => Ok(lengths),
            Some(row) => Err(fault(format!(
                "row {row} (the first being 0) of {} has no 1: a sequence has no step",
                self.what
            ))
            .help("leave such examples out: there is nothing to learn from or to predict with")),
        }
    }
}

/// Targets of each step, `[examples, stored, width]`, as a model of `steps` steps takes them: those at and behind a
/// sequence's length are missing, NaN.
pub(super) fn targets_of_steps(
    values: &Values,
    [stored, steps, width]: [usize; 3],
    lengths: Option<&[usize]>,
) -> Values {
    let is_whole = stored == steps && lengths.is_none_or(|all| all.iter().all(|n| *n == steps));
    if is_whole {
        return values.clone();
    }
    let examples = values.len() / (stored * width).max(1);
    let all = (0..examples).flat_map(|example| {
        let length = lengths.map_or(stored, |lengths| lengths[example]);
        let first = example * stored * width;
        (0..steps * width).map(move |entry| match entry < length * width {
            true => values.get(first + entry),
            false => f64::NAN,
        })
    });
    match values {
        Values::F64(_) => Values::F64(all.collect()),
        _ => Values::F32(all.map(|x| x as f32).collect()),
    }
}

/// The shape of a target that a model predicts: `[T]` is taken for `[T, 1]`.
pub(super) fn of_places(predicts: Option<TargetKind>, shape: Shape) -> Shape {
    let axes = predicts.and_then(TargetKind::axes);
    match axes.filter(|axes| same_but_for_ones(axes.sizes(), &shape.0)) {
        Some(axes) => Shape::new(axes.sizes()),
        None => shape,
    }
}

#[cfg(test)]
mod tests;
