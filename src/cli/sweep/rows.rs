//! The rows that runs hold out, drawn and written into the sweep's folder.

use super::plan::{Planned, rows_file};
use super::write_once;
use crate::cli::width;
use crate::compile;
use crate::data::{self, Dataset};
use crate::diagnostic::{Diagnostic, Result};
use crate::likelihood::TargetKind;
use crate::sweep::{HeldOut, Rows, Split, Sweep, folds, random};
use std::collections::BTreeMap;
use std::path::Path;

/// Writes the rows of each drawn part, unless they are there.
///
/// # Errors
///
/// `E0508` of data that have a test part, `E0513` where no row is held out or all are; data that cannot be read.
pub(super) fn write(sweep: &Sweep, planned: &[Planned], out: &Path) -> Result<()> {
    // By file, so that each data set is read once.
    let mut files: BTreeMap<String, (&Planned, u64)> = BTreeMap::new();
    for planned in planned {
        if let HeldOut::Drawn(number) = planned.task.held_out {
            files.insert(rows_file(sweep, &planned.task, number), (planned, number));
        }
    }
    let mut read: Option<(String, Drawn)> = None;
    for (file, (planned, number)) in files {
        if out.join(&file).exists() {
            continue;
        }
        let name = &planned.task.data_name;
        if read.as_ref().is_none_or(|(of, _)| of != name) {
            read = Some((name.clone(), Drawn::of(sweep, planned)?));
        }
        let (_, drawn) = read.as_ref().expect("read now");
        let rows = drawn.rows(sweep, number)?;
        let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
        write_once(out, &file, text.as_bytes())?;
    }
    Ok(())
}

/// What is drawn from: the rows of a data set.
struct Drawn {
    count: usize,
    classes: Option<Vec<usize>>,
    groups: Option<Vec<u32>>,
    /// Where the split is into folds.
    folds: Vec<Vec<usize>>,
}

impl Drawn {
    fn of(sweep: &Sweep, planned: &Planned) -> Result<Drawn> {
        let mut config = planned.config.clone();
        config.data.test_rows = None;
        let source = compile::read(&planned.task.model)?;
        let request = config.request(None);
        width::fill(&source, &mut config.set, request)?;
        let compiled = compile::by_method(source, &config.set, config.inference)?;
        let request = config.request(Some(&compiled.inference));
        let request = request.ok_or_else(|| {
            let title = format!("no data are named for the run `{}`", planned.task.name);
            Diagnostic::error("E0603", title)
                .help("`data = \"t.csv\"` at the top of the sweep's file")
        })?;
        let (data, _) = data::load_all(&request)?;
        if data.test.is_some() {
            let title = format!("`{}` has a test part already", data.name);
            return Err(Diagnostic::error("E0508", title)
                .note("folds and random test parts are of data without one")
                .help("`[grid] data.validation` and `part = \"validation\"` score rows that are set aside from its training part")
                .into());
        }
        let mut drawn = Drawn {
            count: data.train.len,
            classes: classes(&data, &compiled.inference.target.kind),
            groups: data.groups().map(<[u32]>::to_vec),
            folds: vec![],
        };
        if let Split::Folds { count, seed } = sweep.split {
            drawn.folds = folds(drawn.all(), count, seed)?;
        }
        Ok(drawn)
    }

    fn all(&self) -> Rows<'_> {
        Rows {
            count: self.count,
            classes: self.classes.as_deref(),
            groups: self.groups.as_deref(),
        }
    }

    /// The rows of the part of this number, from 1.
    fn rows(&self, sweep: &Sweep, number: u64) -> Result<Vec<usize>> {
        match sweep.split {
            Split::Random { share, seed, .. } => random(self.all(), share, number, seed),
            _ => Ok(self.folds[number as usize - 1].clone()),
        }
    }
}

/// The class of each row, of a target that is one of several.
fn classes(data: &Dataset, kind: &TargetKind) -> Option<Vec<usize>> {
    match kind {
        TargetKind::Category(_) | TargetKind::Binary => {
            let label = |row| data.train.targets.get(row) as usize;
            Some((0..data.train.len).map(label).collect())
        }
        _ => None,
    }
}
