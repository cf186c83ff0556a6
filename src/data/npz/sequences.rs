//! Arrays of sequences: those that say how many steps of each are there, and the rows that a model takes.

use super::archive::Archive;
use super::choose;
use super::inputs::Inputs;
use super::{Contents, Values, Wanted};
use crate::data::SequenceInput;
use crate::data::npy::Header;
use crate::data::sequences::{Told, Unpadded, targets_of_steps};
use crate::data::stored::{Kind, Source, Stored};
use crate::diagnostic::{Diagnostic, Result};
use crate::tensor::Shape;
use crate::words::plural;
use std::io::{Read, Seek};
use std::sync::Arc;

/// What the name of an array ends with that says how many steps of each sequence are there, and whether it is a mask.
const ENDINGS: [(&str, bool); 4] = [
    ("length", false),
    ("lengths", false),
    ("mask", true),
    ("masks", true),
];

/// An array of sequences, and what is known of them.
pub(super) struct OfSequences {
    pub(super) of: SequenceInput,
    /// The array that says their lengths, and whether it is a mask.
    pub(super) told_by: Option<(String, bool)>,
    /// Further arrays that say the same.
    pub(super) said_again: Vec<String>,
    steps: usize,
    lengths: Option<Arc<Vec<usize>>>,
}

/// Whether an array says how many steps of sequences are there, by its name.
pub(super) fn says_lengths(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut words = name.split(['_', '-', '.', ' ']);
    words.any(|word| ENDINGS.iter().any(|(ending, _)| *ending == word))
}

/// The names that an array of the lengths of the sequences in `array` may have, which are those of the input `input`:
/// `x_length` beside `x`, `x_length_test` or `length_test` beside `x_test`. Of several sequences, a name says of which.
fn names(array: &str, input: &str, several: bool) -> Vec<(String, bool)> {
    let parts = ["train", "test", "training", "testing"];
    let part = parts.iter().find_map(|part| {
        let stem = array
            .strip_suffix(&format!("_{part}"))
            .or_else(|| array.strip_prefix(&format!("{part}_")))?;
        Some((stem, *part))
    });
    let mut all = vec![];
    for (ending, is_mask) in ENDINGS {
        let mut add = |name: String| all.push((name, is_mask));
        add(format!("{array}_{ending}"));
        match part {
            None => {
                add(format!("{input}_{ending}"));
                if !several {
                    add(ending.to_owned());
                }
            }
            Some((stem, part)) => {
                add(format!("{stem}_{ending}_{part}"));
                add(format!("{part}_{stem}_{ending}"));
                add(format!("{input}_{ending}_{part}"));
                if !several {
                    add(format!("{ending}_{part}"));
                    add(format!("{part}_{ending}"));
                }
            }
        }
    }
    all
}

impl<R: Read + Seek> Archive<'_, R> {
    /// What is odd about an array `name` of an input without lengths, beside which one says lengths.
    ///
    /// # Errors
    ///
    /// `E0514` of arrays in memory, which nobody would put there for nothing.
    pub(super) fn unread_lengths(&self, name: &str, wanted: &Wanted) -> Result<Option<String>> {
        let is_of = |(by, _): &(String, bool)| self.names.contains(by);
        let mut told = names(name, name, true).into_iter();
        let Some((by, _)) = told
            .find(is_of)
            .filter(|_| !wanted.request.inputs.is_empty())
        else {
            return Ok(None);
        };
        let title = format!("`{by}` says lengths, and the model's input has none");
        let help = "`input x: real[T, C, padded]`, or `token[T, vocabulary = V]`, is one that has";
        match self.is_of_a_program() {
            true => Err(Diagnostic::error("E0514", title).help(help).into()),
            false => Ok(Some(format!("{title}: {help}"))),
        }
    }

    /// The sequences in the array `name`, where the input is one.
    pub(super) fn sequences(
        &mut self,
        name: &str,
        header: &Header,
        of: &SequenceInput,
        wanted: &Wanted,
    ) -> Result<OfSequences> {
        let what = format!("`{name}` of `{}`", self.path.display());
        let (examples, steps, width) = match header.shape[..] {
            [n] => (n, 1, 1),
            [n, steps] => (n, steps, 1),
            [n, steps, ref axes @ ..] => (n, steps, axes.iter().product()),
            [] => (0, 0, 0),
        };
        if width != of.width {
            let (found, input) = (Shape::new(&header.shape[1..]), &of.name);
            let expected = match of.vocabulary {
                Some(_) => format!("a token a step: [{examples}, {}]", of.steps),
                None => format!("[{examples}, {}, {}]", of.steps, of.width),
            };
            let fact = format!("does not fit: `{name}` is {found} an example");
            return Err(self
                .fault(&fact)
                .note(format!("the model's input `{input}` takes {expected}"))
                .into());
        }
        of.takes(&what, steps)?;
        let several = wanted.request.sequences.len() > 1;
        let told = names(name, &of.name, several).into_iter();
        let told: Vec<_> = told.filter(|(name, _)| self.names.contains(name)).collect();
        let sizes = [examples, steps];
        let mut first: Option<((String, bool), Vec<usize>)> = None;
        let mut said_again = vec![];
        for (by, is_mask) in told {
            let lengths = self.lengths_in(&by, is_mask, name, sizes)?;
            match &first {
                None => first = Some(((by, is_mask), lengths)),
                Some(((other, _), known)) => {
                    self.same_lengths([other, &by], [known, &lengths])?;
                    said_again.push(by);
                }
            }
        }
        let (told_by, lengths) = first.unzip();
        Ok(OfSequences {
            of: of.clone(),
            told_by,
            said_again,
            steps,
            lengths: lengths.map(Arc::new),
        })
    }

    /// The lengths of the sequences in `array` that the array `by` says.
    fn lengths_in(
        &mut self,
        by: &str,
        is_mask: bool,
        array: &str,
        sizes: [usize; 2],
    ) -> Result<Vec<usize>> {
        let found = self.array(by)?;
        let Contents::Numbers(values) = &found.contents else {
            let fact = format!("holds text in `{by}`, which says the lengths of `{array}`");
            return Err(self.fault(&fact).into());
        };
        let told = Told {
            what: &format!("`{by}` of `{}`", self.path.display()),
            is_mask,
            shape: &found.header.shape,
            values,
        };
        Ok(told.lengths(&format!("`{array}`"), sizes)?)
    }

    /// # Errors
    ///
    /// `E0514` where two arrays say different lengths of the same sequences.
    fn same_lengths(&self, [a, b]: [&str; 2], of: [&[usize]; 2]) -> Result<()> {
        let Some(row) = (0..of[0].len()).find(|row| of[0][*row] != of[1][*row]) else {
            return Ok(());
        };
        let title = format!(
            "`{a}` and `{b}` of `{}` say different lengths",
            self.path.display()
        );
        Err(Diagnostic::error("E0514", title)
            .note(format!(
                "row {row} (the first being 0) has {} in `{a}`, and {} in `{b}`",
                plural(of[0][row], "step"),
                of[1][row]
            ))
            .help("leave the array out that does not belong to the sequences")
            .into())
    }

    /// # Errors
    ///
    /// `E0514` where an array says the lengths of one part's sequences, and none those of the other's, so that the padding
    /// there would be read as steps.
    pub(super) fn lengths_of_both(&self, [train, test]: [&Inputs; 2]) -> Result<()> {
        let pairs = train.sequences.iter().zip(&test.sequences);
        let arrays = train.names().zip(test.names());
        for ((train, test), [of_train, of_test]) in pairs.zip(arrays.map(<[&str; 2]>::from)) {
            let (Some(train), Some(test)) = (train, test) else {
                continue;
            };
            let ((by, is_mask), [has, lacks], expected) = match (&train.told_by, &test.told_by) {
                (Some(told), None) => (told, [of_train, of_test], choose::of_test(&told.0)),
                (None, Some(told)) => {
                    let ending = if told.1 { "mask" } else { "length" };
                    (told, [of_test, of_train], format!("{of_train}_{ending}"))
                }
                _ => continue,
            };
            let (what, path) = (
                if *is_mask { "mask" } else { "lengths" },
                self.path.display(),
            );
            let title = format!("`{path}` has the {what} of `{has}`, and none of `{lacks}`");
            return Err(Diagnostic::error("E0514", title)
                .note(format!("`{by}` says which steps of `{has}` are there"))
                .note(format!("expected an array `{expected}` beside `{lacks}`, whose padding would be read as steps"))
                .help("where all steps of one part are there, its lengths are all the number of steps")
                .into());
        }
        Ok(())
    }
}

impl OfSequences {
    /// The rows that the model takes of the values of the array `name` in `path`.
    pub(super) fn rows(&self, name: &str, path: &str, values: &Values) -> Result<Values> {
        let sequences = Unpadded {
            what: &format!("`{name}` of `{path}`"),
            values,
            steps: self.steps,
            width: self.of.width,
            lengths: self.lengths.as_deref().map(Vec::as_slice),
            places: None,
            names: None,
        };
        Ok(sequences.rows(&self.of)?)
    }

    /// The same of an array that stays in its file.
    ///
    /// # Errors
    ///
    /// `E0514` for what is no token: all are looked at.
    pub(super) fn stored(&self, name: &str, path: &str, array: Stored) -> Result<Stored> {
        let rows = Stored::new(Rows {
            what: format!("`{name}` of `{path}`"),
            array,
            of: self.of.clone(),
            steps: self.steps,
            lengths: self.lengths.clone(),
        });
        // What is none is told before a run begins.
        if self.of.vocabulary.is_some() {
            rows.show(&mut |_| ())?;
        }
        Ok(rows)
    }
}

/// The rows that a model takes of sequences in a file.
struct Rows {
    what: String,
    array: Stored,
    of: SequenceInput,
    steps: usize,
    lengths: Option<Arc<Vec<usize>>>,
}

impl Source for Rows {
    fn rows(&self) -> usize {
        self.array.rows()
    }

    fn width(&self) -> usize {
        self.of.row_len()
    }

    fn kind(&self) -> Kind {
        self.of.kind(self.array.kind())
    }

    fn read(&self, rows: &[usize]) -> Result<Values> {
        let values = self.array.read(rows)?;
        let lengths = self.lengths.as_ref();
        let lengths = lengths.map(|all| rows.iter().map(|row| all[*row]).collect::<Vec<_>>());
        let sequences = Unpadded {
            what: &self.what,
            values: &values,
            steps: self.steps,
            width: self.of.width,
            lengths: lengths.as_deref(),
            places: Some(rows),
            names: None,
        };
        Ok(sequences.rows(&self.of)?)
    }
}

impl Inputs {
    /// Targets of each step of an input, padded as it is; others as they are. `name` is their array in `path`.
    ///
    /// # Errors
    ///
    /// `E0514` where they have other steps than the input's array.
    pub(super) fn targets(
        &self,
        follows: Option<&str>,
        [name, path]: [&str; 2],
        shape: &Shape,
        values: Values,
    ) -> Result<(Shape, Values)> {
        let of_steps = self.sequences.iter().flatten();
        let mut of_steps = of_steps.filter(|found| Some(&found.of.name[..]) == follows);
        let Some(found) = of_steps.next() else {
            return Ok((shape.clone(), values));
        };
        let [steps, ref axes @ ..] = shape.0[..] else {
            return Ok((shape.clone(), values));
        };
        if steps != found.steps {
            let title = format!(
                "`{name}` of `{path}` has {steps} steps, and the sequences of `{}` have {}",
                found.of.name, found.steps
            );
            return Err(Diagnostic::error("E0514", title)
                .note("the model has a target at each step of its input")
                .into());
        }
        let width = axes.iter().product();
        let sizes = [steps, found.of.steps, width];
        let lengths = found.lengths.as_deref().map(Vec::as_slice);
        let values = targets_of_steps(&values, sizes, lengths);
        let shape = Shape::new(&[&[found.of.steps], axes].concat());
        Ok((shape, values))
    }
}

#[cfg(test)]
mod tests;
