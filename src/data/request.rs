//! Which data are asked for, and what is known of the model or run that takes them.

use super::{Choices, Memory, RunColumns, SequenceInput, Streaming, TargetKind, split};
use crate::tensor::Shape;
use std::path::PathBuf;

/// Which data, and where to look for it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// A name of the catalogue, or the path of a table, an `.npz`, IDX, a `.toml` or a folder of images.
    pub data: String,
    /// The data themselves, where a program has them in memory: `data` is what messages call them.
    pub memory: Option<Memory>,
    /// `--data-dir`, looked in before `BNNC_DATA` and the user's data directory.
    pub data_dir: Option<PathBuf>,
    /// `--target`: the target column of a table, or several with commas between.
    pub target: Option<String>,
    /// `--test-rows`: a file of the rows that are the test part.
    pub test_rows: Option<PathBuf>,
    /// The columns of a table that a run takes by their names; else the target is what `target` names or
    /// the last column, and all others are inputs.
    pub columns: Option<RunColumns>,
    /// What else is said of a table.
    pub choices: Choices,
    /// What is taken out of the training part later, and by which seed: nothing is learned from it.
    pub validation: Option<(split::Validation, u64)>,
    /// What the model predicts, where that is known: labels are then what its classes are made of.
    pub predicts: Option<TargetKind>,
    /// The shape of the model's input, where that is known: images are to be of its size.
    pub input: Option<Shape>,
    /// The names and shapes of the model's inputs, where they are known.
    pub inputs: Vec<(String, Shape)>,
    /// Those of the model's inputs that are sequences, which have a length.
    pub sequences: Vec<SequenceInput>,
    /// Of each target that has a value a step, the input whose lengths it has: what stands behind these is missing.
    pub steps_of: Vec<Option<String>>,
    /// The names of the model's targets and what they are: [`Request::of_targets`] asks for each.
    pub targets: Vec<(String, TargetKind)>,
    /// The columns or arrays of a model's other targets, and of how many numbers they are: no inputs.
    pub others: Vec<(String, usize)>,
    /// The classes of a run, by which labels of an `.npz` are read, and whose labels images of these classes have; none
    /// in the list where its labels are numbers from 0 on, `None` where there is no run.
    pub classes: Option<Vec<String>>,
    /// What a run said of its own `.npz`: the array of inputs and that of targets, taken of another one, too, if it has
    /// them.
    pub arrays: [Option<String>; 2],
    /// When inputs stay in their files.
    pub stream: Streaming,
    /// Whether the inputs are of no interest: of a table that is larger than the memory they are written nowhere.
    pub without_inputs: bool,
    /// Windows of time series alone whose targets are yet to come.
    pub to_come: bool,
}

impl Request {
    /// The input whose lengths the target has, of one with a value a step.
    pub(super) fn follows(&self) -> Option<&str> {
        self.steps_of.first()?.as_deref()
    }

    /// The sequence that the model's input at `place` is, if it is one.
    pub(super) fn sequence(&self, place: usize) -> Option<&SequenceInput> {
        let (name, _) = self.inputs.get(place)?;
        self.sequences.iter().find(|of| of.name == *name)
    }
}
