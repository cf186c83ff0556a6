//! Sequences that stand in a row of a table, a column a number of a step: what is empty at the end of a row is padding.

use super::{SequenceInput, TargetKind, Unpadded, of_places, targets_of_steps};
use crate::data::npz::in_rows;
use crate::data::{Request, Split, Values};
use crate::diagnostic::{Diagnostic, Result};
use crate::tensor::Shape;
use crate::words::counted;
use std::path::Path;

/// What to do where a table that is read as sequences in rows is none of that kind.
pub(in crate::data) const ARE_ROWS_STEPS: &str = "a row is read as a whole sequence, a column a number of a step; `--sequence COLUMN` names the column that says which \
     sequence a row is of, if a row is a step; `--inputs COLUMN` names the only one, if that holds texts whose words are tokens";

/// The rows of a table as a model takes them, some of whose inputs are sequences; `rows` has NaN for empty cells, and
/// `lines` says where each row stands in the file.
///
/// # Errors
///
/// `E0507` for other columns than the inputs have numbers; `E0514` for sequences that are empty, have gaps, are longer than
/// the model takes or hold no tokens.
pub(in crate::data) fn rows(
    path: &Path,
    lines: &[u32],
    rows: Split,
    request: &Request,
) -> Result<Split> {
    let width = rows.input_shape.len();
    let (mut all, mut start, mut of_steps) = (vec![], 0, None);
    for place in 0..request.inputs.len() {
        let shape = &request.inputs[place].1;
        let columns = match request.inputs.len() {
            1 => width,
            _ => shape.len().min(width - start),
        };
        let numbers = Columns {
            path,
            lines,
            rows: &rows,
            start,
            columns,
        };
        all.push(match request.sequence(place) {
            Some(of) => {
                let (values, lengths) = numbers.sequences(of)?;
                if request.follows() == Some(&of.name) {
                    of_steps = Some((of.steps, lengths));
                }
                values
            }
            None => Values::F64(numbers.each().collect()),
        });
        start += columns;
    }
    if start != width {
        let title = format!(
            "a row of `{}` has {}, and the model's inputs take {start}",
            path.display(),
            counted(width, "number", "numbers")
        );
        return Err(Diagnostic::error("E0507", title)
            .help(ARE_ROWS_STEPS)
            .into());
    }
    let inputs = match all.len() {
        1 => all.remove(0),
        _ => in_rows(&all, rows.len),
    };
    let rows = match of_steps.filter(|_| rows.has_targets()) {
        None => rows,
        Some((steps, lengths)) => with_steps(path, rows, steps, &lengths, request)?,
    };
    Ok(Split {
        input_shape: Shape::new(&[inputs.len() / rows.len.max(1)]),
        inputs,
        ..rows
    })
}

/// The same with a target at each of `steps` steps, a column a number of one.
fn with_steps(
    path: &Path,
    rows: Split,
    steps: usize,
    lengths: &[usize],
    request: &Request,
) -> Result<Split> {
    let axes = request.predicts.and_then(TargetKind::axes);
    let width = axes.map_or(1, |axes| axes.sizes()[1..].iter().product::<usize>());
    let columns = rows.target_shape.len();
    let longest = lengths.iter().copied().max().unwrap_or(0);
    if columns < longest * width || columns > steps * width {
        let title = format!(
            "`{}` has {} of targets, and its sequences have up to {}",
            path.display(),
            counted(columns, "column", "columns"),
            counted(longest, "step", "steps")
        );
        return Err(Diagnostic::error("E0514", title)
            .note("the model has a target at each step")
            .help("`--target y1..y9` names a column for each step; a table with a row a step needs `--sequence COLUMN`")
            .into());
    }
    let sizes = [columns / width, steps, width];
    let shape = Shape::new(&[steps, width]);
    Ok(Split {
        targets: targets_of_steps(&rows.targets, sizes, Some(lengths)),
        target_shape: of_places(request.predicts, shape),
        ..rows
    })
}

/// Some columns of a table that are one input.
struct Columns<'a> {
    path: &'a Path,
    lines: &'a [u32],
    rows: &'a Split,
    start: usize,
    columns: usize,
}

impl Columns<'_> {
    fn each(&self) -> impl Iterator<Item = f64> {
        let width = self.rows.input_shape.len();
        let rows = 0..self.rows.len;
        rows.flat_map(move |row| {
            let first = row * width + self.start;
            (first..first + self.columns).map(|at| self.rows.inputs.get(at))
        })
    }

    fn fault(&self, row: usize, what: &str) -> Diagnostic {
        let title = format!("{}:{}: {what}", self.path.display(), self.lines[row]);
        Diagnostic::error("E0514", title)
    }

    /// # Errors
    ///
    /// `E0514` with the rows that have no step.
    fn refuse_empty(&self, of: &SequenceInput, values: &[f64]) -> Result<()> {
        const SHOWN: usize = 5;
        let rows = values.chunks_exact(self.columns.max(1)).enumerate();
        let is_empty = |numbers: &[f64]| numbers.iter().all(|x| x.is_nan());
        let empty: Vec<usize> = rows
            .filter(|(_, numbers)| is_empty(numbers))
            .map(|(row, _)| row)
            .collect();
        let [first, others @ ..] = &empty[..] else {
            return Ok(());
        };
        let mut message = self.fault(*first, "a sequence has no step").note(format!(
            "what stands there for `{}` is empty, or marked as missing",
            of.name
        ));
        if !others.is_empty() {
            let shown = others.iter().take(SHOWN);
            let shown: Vec<String> = shown.map(|row| self.lines[*row].to_string()).collect();
            let more = if others.len() > SHOWN { ", …" } else { "" };
            message = message.note(format!(
                "so is it in {}: {} {}{more}",
                counted(others.len(), "other row", "other rows"),
                if others.len() == 1 { "line" } else { "lines" },
                shown.join(", ")
            ));
        }
        let help = "leave such rows out: there is nothing to learn from or to predict with";
        Err(message.help(help).into())
    }

    /// The rows that a model takes, and their lengths.
    fn sequences(&self, of: &SequenceInput) -> Result<(Values, Vec<usize>)> {
        let what = format!("`{}`", self.path.display());
        if !self.columns.is_multiple_of(of.width) {
            let title = format!(
                "{what} has {} for the input `{}`, which takes {} a step",
                counted(self.columns, "column", "columns"),
                of.name,
                of.width
            );
            return Err(Diagnostic::error("E0507", title)
                .help(ARE_ROWS_STEPS)
                .into());
        }
        let steps = self.columns / of.width;
        of.takes(&what, steps)?;
        let values: Vec<f64> = self.each().collect();
        self.refuse_empty(of, &values)?;
        let mut lengths = vec![];
        for (row, numbers) in values.chunks_exact(self.columns.max(1)).enumerate() {
            let there = numbers
                .iter()
                .rposition(|x| !x.is_nan())
                .map_or(0, |last| last + 1);
            let gap = numbers[..there].iter().position(|x| x.is_nan());
            if gap.is_some() || there % of.width != 0 {
                let step = gap.unwrap_or(there) / of.width;
                return Err(self
                    .fault(row, &format!("step {step} (the first being 0) of a sequence is missing"))
                    .note("empty cells stand for padding, and only behind the last step")
                    .help("leave the step out, so that what is there stands together, or write what stands for it")
                    .into());
            }
            lengths.push(there / of.width);
        }
        let stored = Unpadded {
            what: &what,
            values: &Values::F64(values),
            steps,
            width: of.width,
            lengths: Some(&lengths),
            places: None,
            names: Some(&|row| format!("line {}", self.lines[row])),
        };
        Ok((stored.rows(of)?, lengths))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(numbers: &[f64], width: usize) -> Split {
        Split {
            len: numbers.len() / width,
            inputs: Values::F64(numbers.to_vec()),
            input_shape: Shape::new(&[width]),
            targets: Values::F64(vec![]),
            target_shape: Shape::new(&[0]),
        }
    }

    fn request(width: usize, vocabulary: Option<usize>) -> Request {
        let of = SequenceInput {
            name: "x".into(),
            steps: 3,
            width,
            vocabulary,
        };
        Request {
            inputs: vec![("x".into(), Shape::new(&[3, width]))],
            sequences: vec![of],
            ..Request::default()
        }
    }

    #[test]
    fn empty_cells_at_the_end_are_padding() {
        const NONE: f64 = f64::NAN;
        let of = |numbers: &[f64], columns, request: Request| {
            rows(
                Path::new("t.csv"),
                &[2, 3, 4],
                split(numbers, columns),
                &request,
            )
        };
        let found = of(&[4.0, NONE, 0.0, 1.0], 2, request(1, Some(5))).unwrap();
        assert_eq!(
            found.inputs,
            Values::F32(vec![5.0, 0.0, 0.0, 1.0, 1.0, 2.0, 0.0, 2.0])
        );
        assert_eq!(found.input_shape.0, [4]);
        let found = of(
            &[0.5, 1.5, NONE, NONE, 1.0, 2.0, 3.0, 4.0],
            4,
            request(2, None),
        )
        .unwrap();
        let expected = [
            [0.5, 1.5, 0.0, 0.0, 0.0, 0.0, 1.0],
            [1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 2.0],
        ];
        assert_eq!(found.inputs, Values::F64(expected.concat()));
        let failure = of(&[NONE, 1.0, NONE], 1, request(1, None)).unwrap_err();
        let message = &failure.diagnostics[0];
        assert_eq!(message.title, "t.csv:2: a sequence has no step");
        assert_eq!(message.notes[1], "so is it in 1 other row: line 4",);
        for (numbers, columns, width, title) in [
            (
                &[1.0, 2.0, NONE, NONE][..],
                2,
                1,
                "t.csv:3: a sequence has no step",
            ),
            (
                &[1.0, 2.0, NONE, 3.0],
                2,
                1,
                "t.csv:3: step 0 (the first being 0) of a sequence is missing",
            ),
            (
                &[1.0, 2.0, 1.0, NONE],
                2,
                2,
                "t.csv:3: step 0 (the first being 0) of a sequence is missing",
            ),
            (
                &[1.0; 8],
                4,
                1,
                "`t.csv` has 4 steps, and the input `x` takes 3",
            ),
        ] {
            let failure = of(numbers, columns, request(width, None)).unwrap_err();
            let message = &failure.diagnostics[0];
            assert_eq!((message.code, &message.title[..]), ("E0514", title));
        }
    }
}
