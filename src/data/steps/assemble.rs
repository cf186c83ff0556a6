//! From the numbers of rows to those of examples.

use super::Layout;
use crate::data::npz::in_rows;
use crate::data::sequences::{Unpadded, of_places, targets_of_steps};
use crate::data::{Request, SequenceInput, Split, TargetKind, Values};
use crate::diagnostic::{Diagnostic, Result};
use crate::memory;
use crate::tensor::Shape;
use crate::words::counted;
use std::path::Path;

/// One of the model's inputs, of so many numbers of each row.
struct Piece<'a> {
    width: usize,
    kind: Kind<'a>,
}

enum Kind<'a> {
    /// A sequence with a length.
    Sequence(&'a SequenceInput),
    /// As many steps in each example.
    Steps,
    /// What no model has said anything of: the longest example says how many steps there are.
    Unknown,
    /// The same in all rows of an example.
    Once(&'a str),
}

/// The numbers that a row of the table has of each of several inputs.
pub(in crate::data) fn inputs_of_a_row(
    request: &Request,
    window: Option<usize>,
) -> Vec<(String, Shape)> {
    let pieces = pieces(request, window, 0);
    let names = request.inputs.iter().map(|(name, _)| name.clone());
    names
        .zip(pieces.iter().map(|piece| Shape::new(&[piece.width])))
        .collect()
}

/// The model's inputs; the only one takes all `width` numbers of a row.
fn pieces(request: &Request, window: Option<usize>, width: usize) -> Vec<Piece<'_>> {
    if request.inputs.len() < 2 {
        let kind = match request.sequence(0) {
            Some(of) => Kind::Sequence(of),
            None if request.inputs.is_empty() => Kind::Unknown,
            None => Kind::Steps,
        };
        return vec![Piece { width, kind }];
    }
    let inputs = request.inputs.iter().enumerate();
    let pieces = inputs.map(|(place, (name, shape))| match request.sequence(place) {
        Some(of) => Piece {
            width: of.width,
            kind: Kind::Sequence(of),
        },
        None => match (window, &shape.0[..]) {
            (Some(window), [steps, axes @ ..]) if *steps == window => Piece {
                width: axes.iter().product(),
                kind: Kind::Steps,
            },
            _ => Piece {
                width: shape.len(),
                kind: Kind::Once(name),
            },
        },
    });
    pieces.collect()
}

impl Layout {
    /// The examples of which `rows` has the numbers of each row, for the model that `request` knows.
    ///
    /// # Errors
    ///
    /// `E0507` for rows of other numbers than the model's steps; `E0514` for sequences that it does not take; `E0515` for
    /// what is to be the same in all rows of a sequence and is not.
    pub(in crate::data) fn assemble(
        &self,
        path: &Path,
        rows: &Split,
        request: &Request,
    ) -> Result<Split> {
        let width = rows.input_shape.len();
        let pieces = pieces(request, self.steps.window, width);
        let found: usize = pieces.iter().map(|piece| piece.width).sum();
        if found != width {
            let title = format!(
                "a row of `{}` has {}",
                path.display(),
                counted(width, "number", "numbers")
            );
            return Err(Diagnostic::error("E0507", title)
                .note(format!("a step of the model's inputs takes {found}"))
                .into());
        }
        let lengths: Vec<usize> = (0..self.len())
            .map(|example| self.rows(example).len())
            .collect();
        let (mut all, mut shapes, mut start) = (vec![], vec![], 0);
        for piece in &pieces {
            let (values, shape) = self.input(path, rows, piece, start, &lengths)?;
            all.push(values);
            shapes.push(shape);
            start += piece.width;
        }
        let (targets, target_shape) = self.targets(path, rows, request, &lengths)?;
        let is_one = all.len() == 1;
        Ok(Split {
            inputs: match is_one {
                true => all.remove(0),
                false => in_rows(&all, self.len()),
            },
            input_shape: match is_one {
                true => shapes.remove(0),
                false => Shape::new(&[shapes.iter().map(Shape::len).sum()]),
            },
            targets,
            target_shape,
            len: self.len(),
        })
    }

    /// The values of one input, whose numbers begin at `start` of each row.
    fn input(
        &self,
        path: &Path,
        rows: &Split,
        piece: &Piece,
        start: usize,
        lengths: &[usize],
    ) -> Result<(Values, Shape)> {
        let of_row = |row: usize| {
            let first = row * rows.input_shape.len() + start;
            first..first + piece.width
        };
        if let Kind::Once(name) = piece.kind {
            let mut values = vec![];
            for example in 0..self.len() {
                let own = self.rows(example);
                let numbers = |row: usize| of_row(row).map(|at| rows.inputs.get(at));
                let other = own.iter().find(|row| !numbers(**row).eq(numbers(own[0])));
                // The input of a window is what is known at its end.
                let row = match (self.steps.window, other) {
                    (Some(_), _) => own[own.len() - 1],
                    (None, None) => own[0],
                    (None, Some(_)) => {
                        let what = format!("the input `{name}`");
                        return Err(self.changes(path, example, &what).into());
                    }
                };
                values.extend(numbers(row));
            }
            return Ok((Values::F64(values), Shape::new(&[piece.width])));
        }
        let longest = lengths.iter().copied().max().unwrap_or(0);
        if let Kind::Sequence(of) = piece.kind {
            if of.width != piece.width {
                let title = format!(
                    "a step of `{}` has {}, and the input `{}` takes {}",
                    path.display(),
                    counted(piece.width, "number", "numbers"),
                    of.name,
                    of.width
                );
                return Err(Diagnostic::error("E0507", title)
                    .help(
                        "`--inputs` names the columns of a step, and `--drop` those that are none",
                    )
                    .into());
            }
            let longest = (0..lengths.len()).max_by_key(|example| lengths[*example]);
            if let Some(example) = longest.filter(|example| lengths[*example] > of.steps) {
                let what = format!("{} of `{}`", self.name(example), path.display());
                of.takes(&what, lengths[example])?;
            }
        }
        let numbers = (self.len() as u64).saturating_mul((longest * piece.width) as u64);
        memory::refuse(
            "the steps of all examples",
            numbers.saturating_mul(8),
            "take a shorter `window`, or fewer rows",
        )?;
        let mut values = Vec::with_capacity(self.len() * longest * piece.width);
        for example in 0..self.len() {
            for row in self.rows(example) {
                values.extend(of_row(*row).map(|at| rows.inputs.get(at)));
            }
            let whole = (example + 1) * longest * piece.width;
            values.resize(whole, 0.0);
        }
        let values = Values::F64(values);
        match piece.kind {
            Kind::Sequence(of) => {
                let stored = Unpadded {
                    what: &format!("`{}`", path.display()),
                    values: &values,
                    steps: longest,
                    width: piece.width,
                    lengths: Some(lengths),
                    places: None,
                    names: Some(&|example| self.name(example)),
                };
                Ok((stored.rows(of)?, Shape::new(&[of.row_len()])))
            }
            _ => match lengths.iter().min() {
                Some(shortest) if *shortest < longest && !matches!(piece.kind, Kind::Unknown) => {
                    let title = format!(
                        "the sequences of `{}` have from {shortest} to {}",
                        path.display(),
                        counted(longest, "row", "rows")
                    );
                    Err(Diagnostic::error("E0515", title)
                        .note("the model's input has no lengths, so that all sequences are to be as long")
                        .help(format!(
                            "`input x: real[{longest}, {}, padded]` is one whose examples have lengths",
                            piece.width
                        ))
                        .into())
                }
                _ => Ok((values, Shape::new(&[longest, piece.width]))),
            },
        }
    }

    fn targets(
        &self,
        path: &Path,
        rows: &Split,
        request: &Request,
        lengths: &[usize],
    ) -> Result<(Values, Shape)> {
        let width = rows.target_shape.len();
        let of_row = |row: usize| (row * width..(row + 1) * width).map(|at| rows.targets.get(at));
        let none = (Values::F64(vec![]), Shape::new(&[0]));
        if !rows.has_targets() {
            return Ok(none);
        }
        if self.steps.window.is_some() {
            // Where all are yet to come there are none to compare predictions with.
            let Some(known) = (0..self.len()).find_map(|example| self.target(example)) else {
                return Ok(none);
            };
            // Another one stands where a target is yet to come: `Seen::to_come` says so.
            let targets = (0..self.len()).map(|example| self.target(example).unwrap_or(known));
            let values = targets.flat_map(of_row).collect();
            return Ok((Values::F64(values), rows.target_shape.clone()));
        }
        if let Some(steps) = steps_of_targets(request) {
            let longest = lengths.iter().copied().max().unwrap_or(0);
            let mut values = vec![];
            for example in 0..self.len() {
                values.extend(self.rows(example).iter().flat_map(|row| of_row(*row)));
                values.resize((example + 1) * longest * width, 0.0);
            }
            let sizes = [longest, steps.max(longest), width];
            let values = targets_of_steps(&Values::F64(values), sizes, Some(lengths));
            let axes = [&[sizes[1]], &rows.target_shape.0[..]].concat();
            return Ok((values, of_places(request.predicts, Shape::new(&axes))));
        }
        let mut values = vec![];
        for example in 0..self.len() {
            let own = self.rows(example);
            if own.iter().any(|row| !of_row(*row).eq(of_row(own[0]))) {
                return Err(self
                    .changes(path, example, "the target")
                    .note("the model has one target a sequence")
                    .into());
            }
            values.extend(of_row(own[0]));
        }
        Ok((Values::F64(values), rows.target_shape.clone()))
    }

    fn changes(&self, path: &Path, example: usize, what: &str) -> Diagnostic {
        let title = format!(
            "{what} of {} of `{}` changes",
            self.name(example),
            path.display()
        );
        Diagnostic::error("E0515", title).help(
            "write the same in all rows of a sequence; `category[k][T]` and `real[T, 1]` are targets of each step",
        )
    }
}

/// T, where the model has a target at each of T steps, or may have one as far as it is known.
fn steps_of_targets(request: &Request) -> Option<usize> {
    if request.inputs.is_empty() {
        return Some(0);
    }
    if let Some(name) = request.follows() {
        let of = request.sequences.iter().find(|of| of.name == name)?;
        return Some(of.steps);
    }
    let axes = request.predicts.and_then(TargetKind::axes)?;
    axes.sizes().first().copied()
}
