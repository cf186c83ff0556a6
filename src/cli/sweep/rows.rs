//! The rows that runs hold out, drawn and written into the sweep's folder.

use super::plan::{Planned, of_run, rows_file};
use super::write_once;
use crate::compile;
use crate::data::{self, Dataset};
use crate::diagnostic::{Diagnostic, Result};
use crate::likelihood::TargetKind;
use crate::sweep::{HeldOut, Rows, Split, Sweep, folds, random};
use crate::train::Config;
use crate::train::run_dir::RunDir;
use crate::train::width;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

/// Writes the rows of each drawn part that the chosen runs' data have, of all runs that are `planned`.
///
/// # Errors
///
/// `E0508` of data that have a test part, `E0513` where no row is held out or all are, `E0611` where runs hold out rows
/// that were drawn from other data; data that cannot be read.
pub(super) fn write(
    sweep: &Sweep,
    planned: &[Planned],
    chosen: &[&Planned],
    out: &Path,
) -> Result<()> {
    let drawn_from = |planned: &Planned| match planned.task.held_out {
        HeldOut::Drawn(number) => {
            // The first part's file stands for all parts of these data.
            let of = rows_file(sweep, &planned.task, &planned.config, 1);
            let file = rows_file(sweep, &planned.task, &planned.config, number);
            Some((of, file, number))
        }
        _ => None,
    };
    let asked: BTreeSet<String> = chosen
        .iter()
        .filter_map(|p| Some(drawn_from(p)?.0))
        .collect();
    // By data, so that each data set is read once.
    let mut files: BTreeMap<(String, String), (&Planned, u64)> = BTreeMap::new();
    for planned in planned {
        if let Some((of, file, number)) = drawn_from(planned)
            && asked.contains(&of)
        {
            files.entry((of, file)).or_insert((planned, number));
        }
    }
    let mut read: Option<(String, Drawn)> = None;
    for ((of, file), (planned, number)) in files {
        if read.as_ref().is_none_or(|(own, _)| *own != of) {
            read = Some((of, Drawn::of(sweep, planned)?));
        }
        let (_, drawn) = read.as_ref().expect("read now");
        let rows = drawn.rows(sweep, number)?;
        let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
        let is_other = std::fs::read(out.join(&file)).is_ok_and(|old| old != text.as_bytes());
        if is_other && let Some(run) = user(out, &file) {
            let title = format!(
                "the run in `{}` holds out rows that were drawn from other data",
                run.display()
            );
            return Err(Diagnostic::error("E0611", title)
                .note(format!(
                    "`{file}` has other rows than those that are drawn from the data now: the parts would overlap"
                ))
                .help("another `--out` begins the sweep anew; or remove the folders of its runs")
                .into());
        }
        write_once(out, &file, text.as_bytes())?;
    }
    Ok(())
}

/// A run of the sweep's folder that takes this file of rows.
fn user(out: &Path, file: &str) -> Option<PathBuf> {
    let name = Path::new(file).file_name();
    let takes = |folder: &PathBuf| {
        let config = RunDir::open(folder).and_then(|run| run.config());
        let rows = config.ok().and_then(|config| config.data.test_rows);
        rows.is_some_and(|rows| rows.file_name() == name)
    };
    let entries = std::fs::read_dir(out).ok()?.flatten();
    entries.map(|entry| entry.path()).find(takes)
}

/// Reads the data and the target of each run that is to be trained once, so that what is wrong with them is told before
/// the first.
///
/// # Errors
///
/// What reading them refuses.
pub(super) fn check(pending: &[&Planned]) -> Result<()> {
    // A run that is trained alone says so itself, at once.
    if pending.len() < 2 {
        return Ok(());
    }
    let mut seen = HashSet::new();
    for planned in pending {
        let data = &planned.config.data;
        let key = (
            &planned.task.model,
            &data.name,
            &data.target,
            &data.choices.group,
        );
        if seen.insert(key) {
            load(planned, &planned.config)
                .map_err(|failure| of_run(failure, &planned.task.name))?;
        }
    }
    Ok(())
}

/// The data of a run under these settings, and what its model expects of them.
fn load(planned: &Planned, config: &Config) -> Result<(Dataset, TargetKind)> {
    let mut config = config.clone();
    let source = compile::read(&planned.task.model)?;
    let request = config.request(None);
    width::fill(&source, &mut config.set, request)?;
    let compiled = compile::by_method(source, &config.set, config.inference.clone())?;
    let request = config.request(Some(&compiled.inference));
    let request = request.ok_or_else(|| {
        let title = format!("no data are named for the run `{}`", planned.task.name);
        Diagnostic::error("E0603", title).help("`data = \"t.csv\"` at the top of the sweep's file")
    })?;
    let (data, _) = data::load_all(&request)?;
    Ok((data, compiled.inference.target.kind))
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
        let (data, kind) = load(planned, &config)?;
        if data.test.is_some() {
            let title = format!("`{}` has a test part already", data.name);
            return Err(Diagnostic::error("E0508", title)
                .note("folds and random test parts are of data without one")
                .help("`[grid] data.validation` and `part = \"validation\"` score rows that are set aside from its training part")
                .into());
        }
        let mut drawn = Drawn {
            count: data.train.len,
            classes: classes(&data, &kind),
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
