//! Batches: some examples, scaled, one after the other.

use super::scaling::Transform;
use super::{Split, TargetKind, Values, same_but_for_ones};
use crate::diagnostic::{Diagnostic, Result};
use crate::likelihood::{Axes, MOST_COUNTED};
use crate::tensor::simd::SHARE;
use crate::tensor::{Real, Share};
use rayon::prelude::*;

/// The scaled inputs of the examples `indices`; `out` is resized and overwritten.
pub fn gather<T: Real>(split: &Split, indices: &[usize], transform: &Transform, out: &mut Vec<T>) {
    scaled(
        &split.inputs,
        split.input_shape.len(),
        indices,
        transform,
        out,
    );
}

/// The scaled targets of the examples `indices`; `out` is resized and overwritten.
///
/// Targets of 0 or 1 are gathered by this too, with the identity.
pub fn gather_targets<T: Real>(
    split: &Split,
    indices: &[usize],
    transform: &Transform,
    out: &mut Vec<T>,
) {
    scaled(
        &split.targets,
        split.target_shape.len(),
        indices,
        transform,
        out,
    );
}

/// The labels of the examples `indices`, of each all; `out` is resized and overwritten.
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
) {
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
    }
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
    let unfit = |value: f64| !kind.holds(value) || refuse(value).is_some();
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

/// How targets that are no labels from 0 on can be made such, where it is plain what they are.
fn recoding(split: &Split, kind: TargetKind) -> Option<String> {
    let all = || (0..split.targets.len()).map(|i| split.targets.get(i));
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
/// `E0510`, with the first that is not.
pub fn check_inputs(split: &Split, what: &str) -> Result<()> {
    let first = match &split.inputs {
        Values::U8(_) => None,
        Values::F32(v) => v.iter().position(|x| !x.is_finite()),
        Values::F64(v) => v.iter().position(|x| !x.is_finite()),
    };
    let Some(index) = first else { return Ok(()) };
    let (row, entry) = (
        index / split.input_shape.len(),
        index % split.input_shape.len(),
    );
    Err(
        Diagnostic::error("E0510", format!("an input of {what} is not finite"))
            .note(format!(
                "row {row} (the first being 0) has {} at entry {entry}",
                split.inputs.get(index)
            ))
            .into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Shape;

    fn split(inputs: Values, shape: &[usize], targets: Values) -> Split {
        let input_shape = Shape::new(shape);
        Split {
            len: inputs.len() / input_shape.len(),
            inputs,
            input_shape,
            targets,
            target_shape: Shape::default(),
        }
    }

    #[test]
    fn every_kind_of_value_gathers_the_same() {
        let bytes: Vec<u8> = (0..48).map(|i| i * 5).collect();
        let transform = Transform {
            offset: vec![1.5, 2.0],
            scale: vec![3.0, 0.7],
        };
        let all = [
            Values::U8(bytes.clone()),
            Values::F32(bytes.iter().map(|&b| f32::from(b)).collect()),
            Values::F64(bytes.iter().map(|&b| f64::from(b)).collect()),
        ];
        for values in all {
            let split = split(values, &[2, 2, 2], Values::U8(vec![0; 6]));
            let mut out = vec![9.0f32; 3];
            gather(&split, &[5, 0], &transform, &mut out);
            assert_eq!(out.len(), 16);
            assert_eq!(out[0], ((200.0 - 1.5) / 3.0) as f32);
            assert_eq!(out[9], ((5.0 - 2.0) / 0.7) as f32);
        }
        let wide = split(Values::U8(bytes), &[24], Values::U8(vec![0; 2]));
        let mut out = vec![];
        gather::<f64>(&wide, &[1], &Transform::identity(24), &mut out);
        assert_eq!(out, (24..48).map(|i| f64::from(i * 5)).collect::<Vec<_>>());
    }

    #[test]
    fn rows_of_one_channel_that_threads_share() {
        let numbers: Vec<u8> = (0..60).map(|i| 4 * i).collect();
        // more than one thread's share of rows, of every length about a vector
        for width in [1, 3, 20] {
            let split = split(Values::U8(numbers.clone()), &[width, 1], Values::U8(vec![]));
            let indices: Vec<usize> = (0..3 * SHARE).map(|i| (i * 7) % (60 / width)).collect();
            let transform = Transform {
                offset: vec![8.0],
                scale: vec![0.5],
            };
            let mut out = vec![0.0f32; 7];
            gather(&split, &indices, &transform, &mut out);
            assert_eq!(out.len(), indices.len() * width);
            for (place, &index) in indices.iter().enumerate() {
                for entry in 0..width {
                    let exact = f32::from(numbers[index * width + entry]) * 2.0 - 16.0;
                    assert_eq!(out[place * width + entry], exact, "{place} {entry}");
                }
            }
        }
    }

    #[test]
    fn labels_out_of_range_name_the_row() {
        let data = split(
            Values::U8(vec![0; 4]),
            &[1],
            Values::F64(vec![0.0, 2.0, 3.0, 1.5]),
        );
        let any: &dyn Fn(f64) -> Option<String> = &|_| None;
        let mut labels = vec![];
        gather_labels(&data, &[1, 0], TargetKind::Category(3), &mut labels).unwrap();
        assert_eq!(labels, [2, 0]);
        let message = check_targets(
            &data,
            TargetKind::Category(3),
            any,
            "the training part",
            None,
        )
        .unwrap_err();
        assert_eq!(
            message.diagnostics[0].title,
            "a label of the training part is out of range"
        );
        assert_eq!(
            message.diagnostics[0].notes,
            [
                "expected a whole number from 0 to 2, row 2 (the first being 0) has 3",
                "and 1 more of 4"
            ]
        );
        assert!(gather_labels(&data, &[3], TargetKind::Category(3), &mut labels).is_err());
        assert!(check_targets(&data, TargetKind::Binary, any, "it", None).is_err());
        assert!(check_targets(&data, TargetKind::Real(1), any, "it", None).is_ok());
        assert!(check_targets(&data, TargetKind::Real(2), any, "it", None).is_err());
    }

    #[test]
    fn labels_that_start_elsewhere_say_how_to_recode() {
        let any: &dyn Fn(f64) -> Option<String> = &|_| None;
        let told = |targets: &[f64], kind| {
            let data = split(
                Values::U8(vec![0; targets.len()]),
                &[1],
                Values::F64(targets.to_vec()),
            );
            let rows: Vec<usize> = (5..5 + targets.len()).collect();
            let failure = check_targets(&data, kind, any, "it", Some(&rows)).unwrap_err();
            let message = &failure.diagnostics[0];
            assert!(message.notes[0].contains("row 5 "), "{message:?}");
            message.helps[0].text.clone()
        };
        let three = TargetKind::Category(3);
        assert_eq!(
            told(&[3.0, 1.0, 2.0], three),
            "the labels are 1 to 3, and classes are counted from 0: subtract 1; or `category[4]` takes labels from 0 to 3"
        );
        assert_eq!(
            told(&[-1.0, 1.0], TargetKind::Binary),
            "the labels are -1 and 1: write 0 for -1"
        );
        assert_eq!(
            told(&[7.0, 0.0], three),
            "the labels are 0 to 7: `category[8]` takes labels from 0 to 7"
        );
        assert!(told(&[0.5, 1.0], three).contains("`real`"));
        let places = Axes::new(&[2]).unwrap();
        let of_places = [
            TargetKind::Categories { classes: 3, places },
            TargetKind::Binaries(places),
        ];
        for kind in of_places {
            let mut data = split(
                Values::U8(vec![0; 2]),
                &[1],
                Values::F64(vec![7.0, 0.0, 1.0, 2.0]),
            );
            data.target_shape = Shape::new(&[2]);
            let failure = check_targets(&data, kind, any, "it", None).unwrap_err();
            assert_eq!(
                failure.diagnostics[0].helps[0].text,
                "the labels are 0 to 7: `category[8][2]` takes labels from 0 to 7"
            );
        }
        assert!(told(&[0.5, 1.0], TargetKind::Count).contains("no whole numbers"));
        assert!(told(&[-3.0, 1.0], TargetKind::Count).contains("below 0"));
    }

    #[test]
    fn values_that_the_likelihood_refuses_are_told() {
        let data = split(
            Values::U8(vec![0; 3]),
            &[1],
            Values::F64(vec![2.0, 0.0, 5.0]),
        );
        let refuse = |y: f64| (y > 3.0).then(|| "a number up to 3".to_string());
        let found = check_targets(&data, TargetKind::Real(1), &refuse, "it", None);
        let message = &found.unwrap_err().diagnostics[0];
        assert_eq!(
            message.notes,
            ["expected a number up to 3, row 2 (the first being 0) has 5"]
        );
    }

    #[test]
    fn an_input_that_is_not_finite_names_its_row() {
        let data = split(
            Values::F32(vec![0.0, 1.0, 2.0, f32::NAN]),
            &[2],
            Values::U8(vec![0; 2]),
        );
        let message = check_inputs(&data, "the test part").unwrap_err();
        assert_eq!(
            message.diagnostics[0].notes,
            ["row 1 (the first being 0) has NaN at entry 1"]
        );
    }
}
