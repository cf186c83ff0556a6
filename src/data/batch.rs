//! Batches: some examples, scaled, one after the other.

use super::scaling::Transform;
use super::{Split, TargetKind, Values, is_missing, same_but_for_ones};
use crate::diagnostic::{Diagnostic, Result};
use crate::likelihood::{Axes, MISSING, MOST_COUNTED};
use crate::tensor::simd::SHARE;
use crate::tensor::{Real, Share};
use rayon::prelude::*;

/// The scaled inputs of the examples `indices`; `out` is resized and overwritten.
///
/// # Errors
///
/// A file of stored inputs that cannot be read.
pub fn gather<T: Real>(
    split: &Split,
    indices: &[usize],
    transform: &Transform,
    out: &mut Vec<T>,
) -> Result<()> {
    let width = split.input_shape.len();
    scaled(&split.inputs, width, indices, transform, out)?;
    clear_padding(width, transform, out);
    Ok(())
}

/// Sets what stands behind the lengths of sequences to 0: scaling has moved it.
fn clear_padding<T: Real>(row: usize, transform: &Transform, out: &mut [T]) {
    if transform.padded.is_empty() {
        return;
    }
    for row in out.chunks_exact_mut(row) {
        for of in &transform.padded {
            let length = row[of.length()].wide() as usize;
            row[of.start + length * of.width..of.length()].fill(T::zero());
        }
    }
}

/// The scaled targets of the examples `indices`; `out` is resized and overwritten.
///
/// Targets of 0 or 1 are gathered by this too, with the identity.
///
/// # Errors
///
/// As [`gather`].
pub fn gather_targets<T: Real>(
    split: &Split,
    indices: &[usize],
    transform: &Transform,
    out: &mut Vec<T>,
) -> Result<()> {
    let width = split.target_shape.len();
    scaled(&split.targets, width, indices, transform, out)
}

/// The labels of the examples `indices`, of each all, [`MISSING`] where there is none; `out` is resized and overwritten.
///
/// # Errors
///
/// `E0509` for a target that `kind` does not hold; [`check_targets`] finds it before a
/// run.
pub fn gather_labels(
    split: &Split,
    indices: &[usize],
    kind: TargetKind,
    out: &mut Vec<u32>,
) -> Result<()> {
    out.clear();
    let width = split.target_shape.len();
    for &index in indices {
        for entry in index * width..(index + 1) * width {
            let value = split.targets.get(entry);
            if !kind.holds(value) {
                if is_missing(kind, &split.targets, value) {
                    out.push(MISSING);
                    continue;
                }
                return Err(bad_target(kind, "the data", index, value).into());
            }
            out.push(value as u32);
        }
    }
    Ok(())
}

/// A table of scaled bytes pays off while it stays in the nearest cache.
const MOST_TABLED_CHANNELS: usize = 16;

fn scaled<T: Real>(
    values: &Values,
    width: usize,
    indices: &[usize],
    transform: &Transform,
    out: &mut Vec<T>,
) -> Result<()> {
    out.resize(indices.len() * width, T::zero());
    let channels = transform.channels();
    let rows = Rows {
        width,
        indices,
        channels,
    };
    let apply = |channel, value| T::of(transform.apply(channel, value));
    match values {
        Values::U8(v) if channels <= MOST_TABLED_CHANNELS => {
            let of = |channel| std::array::from_fn(|byte| apply(channel, byte as f64));
            let tables: Vec<[T; 256]> = (0..channels).map(of).collect();
            rows.each(v, out, |channel, byte| tables[channel][usize::from(byte)])
        }
        Values::U8(v) => rows.each(v, out, |channel, x| apply(channel, f64::from(x))),
        Values::F32(v) => rows.each(v, out, |channel, x| apply(channel, f64::from(x))),
        Values::F64(v) => rows.each(v, out, apply),
        Values::Stored(stored) => {
            let read = stored.read(indices)?;
            let places: Vec<usize> = (0..indices.len()).collect();
            return scaled(&read, width, &places, transform, out);
        }
    }
    Ok(())
}

/// Some rows of values, each of so many, the channels one after the other.
struct Rows<'a> {
    width: usize,
    indices: &'a [usize],
    channels: usize,
}

impl Rows<'_> {
    /// `f(channel, value)` of every value, to `out`; shared out over the current rayon pool.
    fn each<V: Copy + Sync, T: Real>(
        &self,
        values: &[V],
        out: &mut [T],
        f: impl Fn(usize, V) -> T + Sync,
    ) {
        let &Rows {
            width, channels, ..
        } = self;
        if width == 0 {
            return;
        }
        out.par_chunks_mut(width)
            .zip(self.indices)
            .with_min_len(SHARE.div_ceil(width))
            .share(|(out, index)| {
                let row = &values[index * width..][..width];
                // A loop of one turn for each value would cost more than what is done to it.
                if channels == 1 {
                    let pairs = out.iter_mut().zip(row);
                    return pairs.for_each(|(out, &value)| *out = f(0, value));
                }
                let pixels = out.chunks_exact_mut(channels);
                for (out, pixel) in pixels.zip(row.chunks_exact(channels)) {
                    let pairs = out.iter_mut().zip(pixel).enumerate();
                    pairs.for_each(|(channel, (out, &value))| *out = f(channel, value));
                }
            });
    }
}

/// Whether every target of `split`, called `what` (`the training part`), is one that a model which
/// predicts `kind` can learn from. `refuse` says what its likelihood expects in the place of a value that it gives
/// no probability ([`crate::likelihood::Likelihood::refuse`]). `rows` are the rows of the file that the examples are, where these
/// are others.
///
/// # Errors
///
/// `E0509`, with the first target that is not, how many are not, and how labels may be recoded.
pub fn check_targets(
    split: &Split,
    kind: TargetKind,
    refuse: &dyn Fn(f64) -> Option<String>,
    what: &str,
    rows: Option<&[usize]>,
) -> Result<()> {
    let width = split.target_shape.len();
    let is_of = |axes: Axes| same_but_for_ones(&split.target_shape.0, axes.sizes());
    if kind.axes().is_some_and(|axes| !is_of(axes)) {
        let title = format!("a target of {what} has the shape {}", split.target_shape);
        let message = Diagnostic::error("E0509", title).note(format!("the model predicts {kind}"));
        return Err(message.into());
    }
    if width != kind.entries() || kind.axes().is_none() && split.target_shape.rank() > 1 {
        return Err(
            Diagnostic::error("E0509", format!("{what} has {width} numbers a target"))
                .note(format!("the model predicts {kind}"))
                .help("`--target NAME` names the target: a column of a table, several with commas between, or an array")
                .into(),
        );
    }
    let unfit = |value: f64| {
        let fits = kind.holds(value) && refuse(value).is_none();
        !fits && !is_missing(kind, &split.targets, value)
    };
    if let Some(message) = signs(split, kind, what) {
        return Err(message.into());
    }
    let mut bad = (0..split.targets.len()).filter(|i| unfit(split.targets.get(*i)));
    let Some(first) = bad.next() else {
        return Ok(());
    };
    let others = bad.count();
    let example = first / width;
    let row = rows.map_or(example, |rows| rows[example]);
    let value = split.targets.get(first);
    let mut message = match refuse(value).filter(|_| kind.holds(value)) {
        Some(expected) => {
            let title = format!("a target of {what} is none that the likelihood can have");
            unexpected(title, &expected, row, value)
        }
        None => bad_target(kind, what, row, value),
    };
    if others > 0 {
        message = message.note(format!("and {others} more of {}", split.targets.len()));
    }
    Err(match recoding(split, kind) {
        Some(help) => message.help(help),
        None => message,
    }
    .into())
}

const NO_WHOLE_NUMBERS: &str =
    "the targets are no whole numbers: a measurement is a `target` of `real`";

const NO_LABEL: &str = "a place without a label is -1 or NaN, or 255 in an array of bytes (uint8)";

/// Refuses labels of two classes that are all -1 and 1: it cannot be known whether a -1 is the other class or a place
/// without a label.
fn signs(split: &Split, kind: TargetKind, what: &str) -> Option<Diagnostic> {
    let mut all = (0..split.targets.len()).map(|i| split.targets.get(i));
    let are_signs = kind.may_miss_entries()
        && kind.classes() == Some(2)
        && all.clone().any(|value| value == -1.0)
        && all.all(|value| value == -1.0 || value == 1.0);
    let title = format!("the labels of {what} are -1 and 1, and none is 0");
    are_signs.then(|| {
        Diagnostic::error("E0509", title)
            .note("a -1 stands for a place without a label")
            .help("write 0 for the first class; NaN for a place without a label, if these are such")
    })
}

/// How targets that are no labels from 0 on can be made such, where it is plain what they are.
fn recoding(split: &Split, kind: TargetKind) -> Option<String> {
    let there = |value: &f64| !is_missing(kind, &split.targets, *value);
    let all = || {
        let all = (0..split.targets.len()).map(|i| split.targets.get(i));
        all.filter(there)
    };
    if kind == TargetKind::Count {
        return match all().any(|value| value.fract() != 0.0) {
            true => Some(NO_WHOLE_NUMBERS.into()),
            false if all().any(|value| value < 0.0) => {
                Some("a number that can be below 0 is a `target` of `real`".into())
            }
            false => None,
        };
    }
    let classes = kind.classes()?;
    if !all().all(f64::is_finite) {
        return None;
    }
    if all().all(|value| value == -1.0 || value == 1.0) {
        return Some("the labels are -1 and 1: write 0 for -1".into());
    }
    if all().any(|value| value.fract() != 0.0) {
        return Some(NO_WHOLE_NUMBERS.into());
    }
    let (low, high) = all().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let mut unfit = all().filter(|value| !kind.holds(*value));
    let stands_for_none = |value: f64| value < 0.0 || value == 255.0;
    if kind.may_miss_entries() && unfit.all(stands_for_none) {
        return Some(NO_LABEL.into());
    }
    if low < 0.0 || high > 1e6 {
        return None;
    }
    let wider = match kind {
        TargetKind::Binary => TargetKind::Category(high as usize + 1),
        TargetKind::Binaries(places) => TargetKind::Categories {
            classes: high as usize + 1,
            places,
        },
        other => other.with_classes(high as usize + 1),
    };
    let more = format!("`{wider}` takes labels from 0 to {high}");
    Some(match low >= 1.0 && high <= classes as f64 {
        true => format!(
            "the labels are {low} to {high}, and classes are counted from 0: subtract 1; or {more}"
        ),
        false => format!("the labels are {low} to {high}: {more}"),
    })
}

fn bad_target(kind: TargetKind, what: &str, row: usize, value: f64) -> Diagnostic {
    let (title, expected) = match kind {
        TargetKind::Category(classes) | TargetKind::Categories { classes, .. } => (
            format!("a label of {what} is out of range"),
            format!("a whole number from 0 to {}", classes.max(1) - 1),
        ),
        TargetKind::Binary | TargetKind::Binaries(_) => {
            (format!("a target of {what} is not 0 or 1"), "0 or 1".into())
        }
        TargetKind::Count => (
            format!("a target of {what} is not a count"),
            format!("a whole number from 0 to {MOST_COUNTED}"),
        ),
        TargetKind::Real(_) | TargetKind::Reals(_) => (
            format!("a target of {what} is not finite"),
            "a finite number".into(),
        ),
    };
    unexpected(title, &expected, row, value)
}

fn unexpected(title: String, expected: &str, row: usize, value: f64) -> Diagnostic {
    Diagnostic::error("E0509", title).note(format!(
        "expected {expected}, row {row} (the first being 0) has {value}"
    ))
}

/// Whether every input of `split`, called `what`, is finite.
///
/// # Errors
///
/// `E0510`, with the first that is not; a file of stored inputs that cannot be read.
pub fn check_inputs(split: &Split, what: &str) -> Result<()> {
    if split.inputs.are_bytes() {
        return Ok(());
    }
    let width = split.input_shape.len();
    let mut first = None;
    split.inputs.show(split.len, &mut |piece| {
        if first.is_some() {
            return;
        }
        let place = match piece.values {
            Values::F32(v) => v.iter().position(|x| !x.is_finite()),
            Values::F64(v) => v.iter().position(|x| !x.is_finite()),
            Values::U8(_) | Values::Stored(_) => None,
        };
        first = place.map(|at| {
            (
                piece.rows.start + at / width,
                at % width,
                piece.values.get(at),
            )
        });
    })?;
    let Some((row, entry, value)) = first else {
        return Ok(());
    };
    Err(
        Diagnostic::error("E0510", format!("an input of {what} is not finite"))
            .note(format!(
                "row {row} (the first being 0) has {value} at entry {entry}"
            ))
            .into(),
    )
}

#[cfg(test)]
mod tests;
