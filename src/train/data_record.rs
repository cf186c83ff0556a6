//! `data.json`: what a run knows of its data without reading them again.

use super::prepared::Prepared;
use super::rows;
use crate::data::Columns;
use crate::data::scaling::Transform;
use crate::diagnostic::Result;
use crate::examples::{Scales, fingerprint_of_targets};
use crate::ir::Model;
use serde::{Deserialize, Serialize};

/// What `data.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataRecord {
    /// As it was read: a name or a path.
    pub name: String,
    /// N: what is trained on, the validation part left out.
    pub training_examples: usize,
    /// Examples set aside.
    pub validation_examples: usize,
    /// Held-out examples of the data set.
    pub test_examples: Option<usize>,
    /// The names of the classes, where there are any.
    pub class_names: Vec<String>,
    /// The names of a table's columns; absent of other data, and of runs of before they were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Columns>,
    /// The least and the largest value of each input of a table among the rows trained on; none of images, and of
    /// runs of before they were kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_ranges: Vec<[f64; 2]>,
    /// A digest of how many times each row occurs, where a column says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<String>,
    /// How inputs and targets are scaled.
    #[serde(flatten)]
    pub scales: Scales,
    /// Of the training split, inputs and targets.
    pub fingerprint: String,
    /// Further targets of the same examples.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<TargetRecord>,
}

/// What `data.json` says of a further target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetRecord {
    /// Its name in the model.
    pub target: String,
    /// As [`DataRecord::class_names`].
    pub class_names: Vec<String>,
    /// As [`DataRecord::columns`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Columns>,
    /// How it is scaled.
    pub targets: Transform,
    /// Of it and the shape of the inputs.
    pub fingerprint: String,
}

impl DataRecord {
    /// Of data that is ready to train on.
    ///
    /// # Errors
    ///
    /// A file of stored inputs that cannot be read.
    pub fn of(prepared: &Prepared, model: &Model) -> Result<Self> {
        let all = prepared.rows.iter().flatten();
        Ok(DataRecord {
            name: prepared.data.name.clone(),
            training_examples: prepared.training.len(),
            validation_examples: prepared.validation.len(),
            test_examples: prepared.data.example_count(true),
            class_names: prepared.data.class_names.clone(),
            columns: prepared.data.columns.clone(),
            input_ranges: prepared.input_ranges.clone(),
            counts: rows::of_counts(&prepared.data, all)?,
            scales: prepared.scales.clone(),
            fingerprint: prepared.fingerprint.clone(),
            others: (prepared.others.iter().zip(&model.others))
                .map(|(other, (target, _))| TargetRecord {
                    target: target.name.clone(),
                    class_names: other.data.class_names.clone(),
                    columns: other.data.columns.clone(),
                    targets: other.scales.targets.clone(),
                    fingerprint: fingerprint_of_targets(&other.data.train),
                })
                .collect(),
        })
    }

    /// The text of `data.json`.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data") + "\n"
    }

    /// What it says of the target of this number alone, if it knows it.
    pub fn of_target(&self, number: usize) -> Option<DataRecord> {
        let Some(other) = number.checked_sub(1) else {
            return Some(DataRecord {
                others: vec![],
                ..self.clone()
            });
        };
        let own = self.others.get(other)?;
        Some(DataRecord {
            class_names: own.class_names.clone(),
            columns: own.columns.clone(),
            scales: Scales {
                targets: own.targets.clone(),
                ..self.scales.clone()
            },
            fingerprint: own.fingerprint.clone(),
            others: vec![],
            ..self.clone()
        })
    }
}
