//! What a model asks of data.

use crate::data::{Request, SequenceInput, Split};
use crate::diagnostic::Result;
use crate::ir::{Input, Model, Target};

/// A request for data to which it is added what `model` takes and predicts.
pub fn asked_for(model: &Model, request: Request) -> Request {
    let steps_of = |target: &Target| {
        let input = &model.inputs[target.steps_of?];
        Some(input.name.clone())
    };
    Request {
        predicts: Some(model.target.kind),
        input: Some(model.input.shape.clone()),
        inputs: model.named_inputs(),
        sequences: model.inputs.iter().filter_map(sequence).collect(),
        targets: model
            .observed()
            .map(|(target, _)| (target.name.clone(), target.kind))
            .collect(),
        steps_of: model
            .observed()
            .map(|(target, _)| steps_of(target))
            .collect(),
        ..request
    }
}

/// An input as the data's readers know it, if it is a sequence whose examples have lengths.
pub fn sequence(input: &Input) -> Option<SequenceInput> {
    let sequence = input.sequence?;
    let [steps, axes @ ..] = &input.shape.0[..] else {
        return None;
    };
    Some(SequenceInput {
        name: input.name.clone(),
        steps: *steps,
        width: axes.iter().product(),
        vocabulary: sequence.vocabulary,
    })
}

/// Where the length stands, in a row of inputs, of the sequence whose steps are predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceOfLength {
    /// T, the most steps.
    pub steps: usize,
    /// The place in the row.
    pub place: usize,
}

impl PlaceOfLength {
    /// The lengths of these rows of a split.
    ///
    /// # Errors
    ///
    /// A file of stored inputs that cannot be read.
    pub fn lengths(&self, split: &Split, rows: &[usize]) -> Result<Vec<usize>> {
        let width = split.input_shape.len();
        let values = split.inputs.of_rows(rows, width)?;
        let length = |row: usize| values.get(row * width + self.place) as usize;
        Ok((0..rows.len()).map(length).collect())
    }
}

/// Where the length is of the sequence whose steps `model` predicts; `None` where some target has other places.
pub fn place_of_length(model: &Model) -> Option<PlaceOfLength> {
    let mut with_places = model.observed().map(|(target, _)| target);
    let first = with_places.find(|target| target.kind.axes().is_some())?;
    let of_same =
        |target: &Target| target.steps_of == first.steps_of || target.kind.axes().is_none();
    let input = first.steps_of?;
    if !with_places.all(of_same) {
        return None;
    }
    let before = model.inputs[..input].iter().map(Input::row_len);
    let of = &model.inputs[input];
    Some(PlaceOfLength {
        steps: *of.shape.0.first()?,
        place: before.sum::<usize>() + of.shape.len(),
    })
}
