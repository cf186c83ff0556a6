//! In what two runs differ besides their models: data, columns, N, and settings.

use super::{Change, Diff, Section};
use crate::data::{Columns, shortened};
use crate::train::config::Config;
use crate::train::run_dir::DataRecord;

/// Settings that stand elsewhere among the changes, or on which no result depends.
const ELSEWHERE: [&str; 5] = [
    "threads",
    "samples",
    "data.name",
    "data.directory",
    "data.target",
];

/// A run: its settings, and what it was trained on.
pub type Run<'a> = (&'a Config, &'a DataRecord);

impl Diff {
    /// Adds in what the run of the second model differs from that of the first.
    pub fn add_runs(&mut self, (a, of_a): Run, (b, of_b): Run) {
        let mut facts: Vec<(String, Option<String>, Option<String>)> = vec![];
        let mut fact = |subject: &str, before: Option<String>, after: Option<String>| {
            if before != after {
                facts.push((subject.into(), before, after));
            }
        };
        let both = |of: &dyn Fn(&DataRecord) -> String| (Some(of(of_a)), Some(of(of_b)));
        let (before, after) = both(&|record| record.name.clone());
        let other_numbers = of_a.fingerprint != of_b.fingerprint;
        fact("data", before, after);
        if other_numbers {
            let (before, after) = both(&|record| record.fingerprint.clone());
            fact("fingerprint of the training data", before, after);
        }
        let (before, after) = both(&|record| record.training_examples.to_string());
        fact("N", before, after);
        let names = |of: &dyn Fn(&Columns) -> String| {
            (of_a.columns.as_ref().map(of), of_b.columns.as_ref().map(of))
        };
        // Runs of before have kept no names.
        match (&of_a.columns, &of_b.columns) {
            (Some(_), Some(_)) => {
                let (before, after) = names(&|columns| columns.targets.join(", "));
                fact("target", before, after);
                if of_a.columns.as_ref().map(|c| &c.inputs)
                    != of_b.columns.as_ref().map(|c| &c.inputs)
                {
                    let (before, after) = names(&|columns| shortened(&columns.inputs));
                    fact("input columns", before, after);
                }
            }
            _ => fact("target", a.data.target.clone(), b.data.target.clone()),
        }
        for (key, before, after) in a.differences(b) {
            // Constants of the model are in the model.
            if !ELSEWHERE.contains(&&*key) && !key.starts_with("set.") {
                fact(&key, before, after);
            }
        }
        self.changes
            .extend(facts.into_iter().map(|(subject, before, after)| Change {
                before: Some(before.unwrap_or("none".into())),
                after: Some(after.unwrap_or("none".into())),
                ..Change::new(Section::Run, &subject, "")
            }));
    }

    /// Whether the runs differ.
    pub fn runs_differ(&self) -> bool {
        self.changes
            .iter()
            .any(|change| change.section == Section::Run)
    }
}
