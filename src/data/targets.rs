//! Several targets of one data set: a column or an array for each, read as if it were the only one.

use super::names::{Item, items};
use super::{Dataset, Request, Values, catalog, is_table, load};
use crate::diagnostic::{Diagnostic, Result};
use crate::likelihood::TargetKind;
use crate::words::{count, join};
use std::path::Path;

impl Request {
    /// A request for each of the model's targets, in their order. A target is read from what has its name, or from
    /// what `--target A,B` names in its place; of a table, several numbers are numbered columns of its name, as several
    /// inputs are.
    ///
    /// # Errors
    ///
    /// `E0506` for another number of names, and for data that has one target.
    pub fn of_targets(&self) -> Result<Vec<Request>> {
        if self.targets.len() < 2 {
            return Ok(vec![self.clone()]);
        }
        let path = Path::new(&self.data);
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        let has_names = is_table(path) || matches!(ending.as_deref(), Some("npz" | "toml"));
        if catalog::entry(&self.data).is_some() || path.is_dir() || !has_names && path.exists() {
            let names = self.targets.iter().map(|(name, _)| format!("`{name}`"));
            let title = format!("`{}` has one target", self.data);
            return Err(Diagnostic::error("E0506", title)
                .note(format!(
                    "the model has {}: {}",
                    count(self.targets.len(), "target", "targets"),
                    join(names.collect(), "and")
                ))
                .help("a table has columns, and an .npz arrays, of their names")
                .into());
        }
        let said = self.target.as_deref().or(self.arrays[1].as_deref());
        let said = said.map(items);
        if let Some(said) = &said {
            self.refuse_names(said)?;
        }
        let name = |(place, (name, kind)): (usize, &(String, TargetKind))| match &said {
            Some(said) => (said[place].list(), 1),
            None => (name.clone(), kind.axes().map_or(kind.entries(), |_| 1)),
        };
        let names: Vec<(String, usize)> = self.targets.iter().enumerate().map(name).collect();
        let of = |(place, (_, kind)): (usize, &(String, TargetKind))| Request {
            // The columns of a run are known by their names.
            target: (self.columns.is_none()).then(|| names[place].0.clone()),
            predicts: Some(*kind),
            others: (0..names.len())
                .filter(|other| *other != place)
                .map(|other| names[other].clone())
                .collect(),
            targets: vec![],
            steps_of: self.steps_of.get(place).cloned().into_iter().collect(),
            ..self.clone()
        };
        Ok(self.targets.iter().enumerate().map(of).collect())
    }

    /// As many names are said as there are targets, each once.
    fn refuse_names(&self, said: &[Item]) -> Result<()> {
        let again = said.iter().enumerate();
        let mut again = again.filter(|(place, item)| said[..*place].contains(item));
        let title = match again.next() {
            Some((_, item)) => format!("`{}` is said for two targets", item.name),
            None if said.len() != self.targets.len() => format!(
                "{} for {} targets",
                count(said.len(), "name is said", "names are said"),
                self.targets.len()
            ),
            None => return Ok(()),
        };
        Err(Diagnostic::error("E0506", title)
            .help(
                "`--target A,B` names one for each target, in their order, several columns as `y*` or `y1..y3`; without \
                 it, each has its own name",
            )
            .into())
    }
}

/// Reads the data of every target that `request` names: whole of the first; of others without the inputs.
///
/// # Errors
///
/// As [`load`]; `E0506` where the targets are not of the same examples.
pub fn load_all(request: &Request) -> Result<(Dataset, Vec<Dataset>)> {
    let mut first: Option<Dataset> = None;
    let mut others = vec![];
    for request in request.of_targets()? {
        let mut data = load(&Request {
            without_inputs: first.is_some(),
            ..request.clone()
        })?;
        let Some(first) = &first else {
            first = Some(data);
            continue;
        };
        if first.lengths() != data.lengths() {
            let name = request.target.as_deref().unwrap_or_default();
            return Err(of_other_examples(name, &data, first).into());
        }
        for split in [Some(&mut data.train), data.test.as_mut()]
            .into_iter()
            .flatten()
        {
            split.inputs = Values::U8(vec![]);
        }
        others.push(data);
    }
    Ok((first.expect("a model has a target"), others))
}

impl Dataset {
    /// Rows of the training part, and of the test part if there is one.
    pub fn lengths(&self) -> [Option<usize>; 2] {
        [Some(&self.train), self.test.as_ref()].map(|split| split.map(|split| split.len))
    }
}

/// The message about a target that is not of the examples of the first.
pub fn of_other_examples(name: &str, data: &Dataset, first: &Dataset) -> Diagnostic {
    let has = |data: &Dataset| {
        let test = data.test.as_ref();
        let test = test.map_or("no test part".into(), |test| {
            format!("{} in the test part", test.len)
        });
        format!("{} examples and {test}", data.train.len)
    };
    let title = format!(
        "the target `{name}` of {} is of other examples than the first",
        data.name
    );
    Diagnostic::error("E0506", title)
        .note(format!("it has {}, the first {}", has(data), has(first)))
        .help("a row of a table, an entry along an array's first axis, holds all targets of an example")
}
