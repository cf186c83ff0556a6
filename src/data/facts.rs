//! What a data set holds, as a model has to know it.

use super::missing::may_be_missing;
use super::{Columns, Dataset, InTime, Values, same_but_for_ones};
use crate::likelihood::{Axes, Observed, TargetKind};
use crate::tensor::Shape;
use std::fmt;

/// What a data set holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// `cifar10`, or the path.
    pub name: String,
    /// Number of examples to learn from.
    pub train: usize,
    /// Number of held-out examples, where the data set names them.
    pub test: Option<usize>,
    /// The names of a table's columns.
    pub columns: Option<Columns>,
    /// The shape of one example's input.
    pub input_shape: Shape,
    /// The names and shapes of the inputs that it holds one after the other, where there are several.
    pub inputs: Vec<(String, Shape)>,
    /// What the targets are.
    pub target: TargetFacts,
    /// What each entry of the training targets is like, where they are not labels.
    pub observed: Vec<Observed>,
    /// The names of the classes, in the order of their labels, where the data set has them.
    pub class_names: Vec<String>,
    /// What is odd about a table.
    pub remarks: Vec<String>,
    /// Which arrays of an `.npz` are taken, a line each.
    pub taken: Vec<String>,
    /// Where the inputs are read from as they are needed, if they are not in memory.
    pub streamed: Option<String>,
    /// Labels below the largest that no training example has, where whole numbers may be labels without names.
    pub absent: Vec<usize>,
    /// Of each input of tokens, those that no example of the training part has.
    pub unseen_tokens: Vec<(String, Vec<usize>)>,
    /// The number of each training example's group, where a column names groups.
    pub groups: Option<Vec<u32>>,
    /// Where the training part's windows lie in their time series.
    pub in_time: Option<InTime>,
    /// How many times each row of the training part occurs, where a column says so: `train` is their sum.
    pub counts: Option<Vec<u32>>,
}

/// What the targets of a data set are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetFacts {
    /// The shape of one target; `[]` for a label or a single number.
    pub shape: Shape,
    /// One more than the largest label, where every entry of a target is a whole number, 0 or above; the
    /// number of classes where the data set names them.
    pub classes: Option<usize>,
    /// Whether the data set means labels; false where whole numbers may as well be measurements.
    pub labels: bool,
}

/// The largest number of classes that whole-numbered targets are taken for.
const MOST_CLASSES: f64 = 1_000_000.0;

impl Facts {
    /// The facts of a data set in memory.
    pub fn of(data: &Dataset) -> Facts {
        let labels = !data.class_names.is_empty();
        let splits = [Some(&data.train), data.test.as_ref()];
        let found = splits
            .into_iter()
            .flatten()
            .map(|split| classes(&split.targets, split.target_shape.rank() > 0));
        let found = found
            .reduce(|a, b| a.zip(b).map(|(a, b)| a.max(b)))
            .flatten();
        let rank = data.train.target_shape.rank();
        let width = data.train.target_shape.len();
        // Those of each example, where a column says how many times a row occurs.
        let repeated = data
            .counts(false)
            .map(|_| data.train.targets.rows(&data.all_examples(false), width));
        let targets = repeated.as_ref().unwrap_or(&data.train.targets);
        Facts {
            name: data.name.clone(),
            train: data.example_count(false).unwrap_or(0),
            test: data.example_count(true),
            columns: data.columns.clone(),
            input_shape: data.train.input_shape.clone(),
            inputs: data.seen.inputs.clone(),
            target: TargetFacts {
                shape: data.train.target_shape.clone(),
                classes: if labels {
                    Some(data.class_names.len())
                } else {
                    found
                },
                labels,
            },
            observed: match labels {
                true => vec![],
                // All entries of images together.
                false => observed(targets, if rank > 1 { 1 } else { width }),
            },
            class_names: data.class_names.clone(),
            remarks: data.seen.remarks.clone(),
            taken: data.seen.taken.clone(),
            streamed: data.seen.streamed.clone(),
            absent: match found {
                Some(classes) if rank != 1 && !labels => absent(targets, classes, rank > 0),
                _ => vec![],
            },
            unseen_tokens: data.seen.unseen_tokens.clone(),
            groups: data.groups().map(<[u32]>::to_vec),
            in_time: data.in_time().cloned(),
            counts: data.counts(false).map(<[u32]>::to_vec),
        }
    }

    /// The rows of the training part: as many as examples, unless a column counts these.
    pub fn rows(&self) -> usize {
        self.counts.as_ref().map_or(self.train, Vec::len)
    }

    /// How many examples these rows of the training part are.
    pub fn examples(&self, rows: &[usize]) -> usize {
        match &self.counts {
            None => rows.len(),
            Some(counts) => rows.iter().map(|row| counts[*row] as usize).sum(),
        }
    }

    /// Images with labels.
    pub(crate) fn images(
        name: &str,
        [train, test]: [usize; 2],
        shape: &[usize],
        class_names: &[&str],
    ) -> Facts {
        Facts {
            name: name.into(),
            train,
            test: Some(test),
            columns: None,
            input_shape: Shape::new(shape),
            inputs: vec![],
            target: TargetFacts {
                shape: Shape::default(),
                classes: Some(class_names.len()),
                labels: true,
            },
            observed: vec![],
            class_names: class_names.iter().map(|s| s.to_string()).collect(),
            remarks: vec![],
            taken: vec![],
            streamed: None,
            absent: vec![],
            unseen_tokens: vec![],
            groups: None,
            in_time: None,
            counts: None,
        }
    }
}

/// One more than the largest value, if all are whole numbers that may be labels; of targets with several places
/// (`of_places`) all that are there.
pub(crate) fn classes(targets: &Values, of_places: bool) -> Option<usize> {
    let mut largest = 0.0;
    for index in 0..targets.len() {
        let value = targets.get(index);
        if of_places && may_be_missing(targets, value) {
            continue;
        }
        if !(0.0..MOST_CLASSES).contains(&value) || value.fract() != 0.0 {
            return None;
        }
        largest = value.max(largest);
    }
    (!targets.is_empty()).then_some(largest as usize + 1)
}

/// More classes than these are not looked through for absent ones.
const MOST_LISTED: usize = 10_000;

/// The labels below `classes` that none of the targets, whole numbers, is; `of_places` as for [`classes`].
fn absent(targets: &Values, classes: usize, of_places: bool) -> Vec<usize> {
    if classes > MOST_LISTED {
        return vec![];
    }
    let mut seen = vec![false; classes];
    for label in (0..targets.len()).map(|index| targets.get(index)) {
        if !(of_places && may_be_missing(targets, label)) {
            seen[label as usize] = true;
        }
    }
    (0..classes).filter(|label| !seen[*label]).collect()
}

/// What each of a target's `width` entries is like.
pub(crate) fn observed(targets: &Values, width: usize) -> Vec<Observed> {
    let of_entry = |entry: usize| {
        let places = (entry..targets.len()).step_by(width);
        Observed::of(places.map(|place| targets.get(place)))
    };
    (0..width).filter_map(of_entry).collect()
}

impl TargetFacts {
    /// How many numbers one target is.
    pub fn width(&self) -> usize {
        self.shape.len()
    }

    /// Whether a model that predicts `kind` can learn from these targets; why not, in words.
    ///
    /// A category of more classes than the data has is accepted: not every label need occur.
    pub fn accepts(&self, kind: TargetKind) -> Result<(), String> {
        let classes = self.classes.filter(|_| self.shape.rank() == 0);
        let is_of = |axes: Axes| same_but_for_ones(&self.shape.0, axes.sizes());
        match kind {
            TargetKind::Real(width)
                if width == self.width() && self.shape.rank() < 2 && !self.labels =>
            {
                Ok(())
            }
            TargetKind::Category(k) if classes.is_some_and(|found| found <= k) => Ok(()),
            TargetKind::Reals(axes) if is_of(axes) && !self.labels => Ok(()),
            TargetKind::Categories { classes: k, places }
                if is_of(places) && self.classes.is_some_and(|n| n <= k) =>
            {
                Ok(())
            }
            TargetKind::Binaries(axes) if is_of(axes) && self.classes.is_some_and(|n| n <= 2) => {
                Ok(())
            }
            TargetKind::Count if self.width() == 1 && !self.labels => Ok(()),
            TargetKind::Binary if classes.is_some_and(|found| found <= 2) => Ok(()),
            _ => Err(format!("the model predicts {kind}, the data has {self}")),
        }
    }
}

impl fmt::Display for TargetFacts {
    /// `labels from 0 to 9`, `1 real number`
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match (self.classes, self.width()) {
            (Some(k), 1) if self.labels => write!(f, "labels from 0 to {}", k - 1),
            (Some(k), _) if self.labels => {
                write!(
                    f,
                    "labels from 0 to {} at each place of {}",
                    k - 1,
                    self.shape
                )
            }
            (Some(k), _) if self.shape.rank() > 1 => {
                write!(
                    f,
                    "whole numbers from 0 to {} at each place of {}",
                    k - 1,
                    self.shape
                )
            }
            (None, _) if self.shape.rank() > 1 => {
                write!(f, "{} of real numbers a target", self.shape)
            }
            (Some(k), 1) => write!(f, "whole numbers from 0 to {}", k - 1),
            (None, 1) => write!(f, "1 real number a target"),
            (_, width) => write!(f, "{width} real numbers a target"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_may_be_labels() {
        let of = |values: &[f64], of_places| classes(&Values::F64(values.to_vec()), of_places);
        assert_eq!(of(&[0.0, 3.0, 1.0], false), Some(4));
        assert_eq!(of(&[0.0, 3.5], false), None);
        assert_eq!(of(&[-1.0, 3.0], false), None);
        assert_eq!(of(&[f64::NAN], false), None);
        assert_eq!(classes(&Values::U8(vec![]), false), None);
        // Of several places some may have no label.
        assert_eq!(of(&[-1.0, 3.0, f64::NAN], true), Some(4));
        assert_eq!(of(&[-2.0, 3.0], true), None);
        assert_eq!(classes(&Values::U8(vec![2, 255]), true), Some(3));
        assert_eq!(classes(&Values::U8(vec![2, 255]), false), Some(256));
    }

    #[test]
    fn each_entry_of_a_target_is_looked_at_by_itself() {
        let found = observed(&Values::F64(vec![1.0, -5.0, 3.0, -5.0]), 2);
        assert_eq!((found[0].mean, found[0].deviation), (2.0, 1.0));
        assert_eq!((found[1].low, found[1].high), (-5.0, -5.0));
    }

    #[test]
    fn a_model_must_predict_what_the_data_has() {
        let labels = TargetFacts {
            shape: Shape::default(),
            classes: Some(10),
            labels: true,
        };
        assert!(labels.accepts(TargetKind::Category(10)).is_ok());
        assert_eq!(
            labels.accepts(TargetKind::Category(3)).unwrap_err(),
            "the model predicts category[3], the data has labels from 0 to 9"
        );
        assert!(labels.accepts(TargetKind::Real(1)).is_err());
        let whole = TargetFacts {
            labels: false,
            classes: Some(2),
            ..labels
        };
        for kind in [
            TargetKind::Binary,
            TargetKind::Category(2),
            TargetKind::Real(1),
        ] {
            assert!(whole.accepts(kind).is_ok());
        }
        assert!(whole.accepts(TargetKind::Real(2)).is_err());
    }
}
