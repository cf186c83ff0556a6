//! The file of a sweep.

use super::axis::{self, Axis, Range, Value};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::files;
use crate::signature::Domain;
use crate::source::{Source, Span};
use crate::train::toml_table::{self, Table};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A sweep, as its file says it; paths are from the file's folder.
#[derive(Debug)]
pub struct Sweep {
    /// The file, which messages point into.
    pub source: Arc<Source>,
    /// The models, where cases do not name them.
    pub models: Vec<String>,
    /// The run file; else the one of each model's name beside it.
    pub config: Option<String>,
    /// The data, where neither cases nor run files name them.
    pub data: Vec<String>,
    /// The target column.
    pub target: Option<String>,
    /// Which rows are held out.
    pub split: Split,
    /// How many files of test rows are taken at most.
    pub most: Option<usize>,
    /// The part that the table's scores are of: `test`, `validation` or `train`; else as `evaluate` takes it.
    pub part: Option<&'static str>,
    /// Draws that the table's scores are averaged over.
    pub samples: usize,
    /// The score that the table is sorted by.
    pub sort: String,
    /// Every combination of these.
    pub grid: Vec<Axis>,
    /// Whether each run's seed is the number of its split.
    pub seed: Seed,
    /// What is drawn.
    pub random: Option<Random>,
    /// Settings that go together; one without any where the file has none.
    pub cases: Vec<Case>,
}

/// What a run's seed is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seed {
    /// The grid's, or else the run file's.
    Said,
    /// The number of its split.
    OfSplit,
}

/// Which rows are held out.
#[derive(Debug, Clone, PartialEq)]
pub enum Split {
    /// As the run file or the data have it.
    AsGiven,
    /// Each row once, in one of so many parts.
    Folds {
        /// How many.
        count: usize,
        /// Of the order in which rows are shared out.
        seed: u64,
    },
    /// Rows at random, so many times: a number of them, or a fraction.
    Random {
        /// A number of rows, or below 1 a fraction of them.
        share: f64,
        /// How many times.
        count: usize,
        /// Of the draws.
        seed: u64,
    },
    /// The rows that files list: their path, `*` in the place of a number.
    Files(String),
}

/// Settings that are drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Random {
    /// How many draws.
    pub draws: usize,
    /// Of the draws.
    pub seed: u64,
    /// Each setting with what it is drawn from.
    pub ranges: Vec<(String, Range)>,
}

/// Settings that go together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Case {
    /// What runs are called by; empty where the file has no cases.
    pub name: String,
    /// The models, in place of the file's.
    pub models: Vec<String>,
    /// The run file, in place of the file's.
    pub config: Option<String>,
    /// The data, in place of the file's.
    pub data: Option<String>,
    /// The target column, in place of the file's.
    pub target: Option<String>,
    /// The files of test rows, in place of the file's.
    pub test_rows: Option<String>,
    /// Settings of runs.
    pub settings: Vec<(String, Value)>,
}

impl Sweep {
    /// Reads the file at `path`.
    ///
    /// # Errors
    ///
    /// `E0601` where it cannot be read, `E0602` for everything in it that does not fit.
    pub fn read(path: &Path) -> Result<Sweep> {
        let text = files::written(path).map_err(|error| {
            let title = format!("the sweep file `{}` cannot be read", path.display());
            Diagnostic::error("E0601", title).note(error.to_string())
        })?;
        Sweep::parse(Source {
            name: path.display().to_string(),
            text,
        })
    }

    /// Reads the text of a sweep file.
    ///
    /// # Errors
    ///
    /// `E0602` for everything in it that does not fit.
    pub fn parse(source: Source) -> Result<Sweep> {
        let source = Arc::new(source);
        let mut file = toml_table::parse(&source, "the sweep file")?;
        let mut mistakes = vec![];
        let models = file.text_or_texts("model");
        let config = file.text("config");
        let data = file.text_or_texts("data");
        let target = file.names("target");
        let (mut cases, mut of_cases) = (vec![], vec![]);
        for mut table in file.tables("case") {
            cases.push(case(&mut table));
            of_cases.extend(table.finish());
        }
        let listed = cases.iter().any(|case: &Case| case.test_rows.is_some());
        let (split, most) = split(&mut file, listed);
        let part = file.choice("part", &["test", "validation", "train"]);
        let samples = file.count("samples").unwrap_or(50);
        let sort = file.text("sort").unwrap_or_else(|| "nll".into());
        let mut table = file.table("grid");
        let mut grid = axis::grid(&mut table);
        mistakes.extend(table.finish());
        let mut table = file.table("random");
        let (draws, seed) = (table.count("draws"), table.whole("seed").unwrap_or(0));
        let ranges = axis::ranges(&mut table);
        let wrong = table.finish();
        let is_wrong = !wrong.is_empty();
        mistakes.extend(wrong);
        let random = match (draws, ranges.is_empty()) {
            _ if is_wrong => None,
            (None, true) => None,
            (Some(draws), false) => Some(Random {
                draws,
                seed,
                ranges,
            }),
            (draws, _) => {
                let lacks = if draws.is_none() {
                    "`draws`, their number"
                } else {
                    "a setting to draw"
                };
                mistakes.push(Diagnostic::error(
                    "E0602",
                    format!("[random] lacks {lacks}"),
                ));
                None
            }
        };
        mistakes.extend(of_cases);
        mistakes.extend(names(&cases));
        let of_file = file.finish();
        // A key that does not fit may have been the model's.
        let is_known = of_file.is_empty();
        mistakes.extend(of_file);
        let of_split =
            |axis: &Axis| axis.key == "seed" && axis.values.iter().any(|v| v.shown() == "split");
        let seed = match grid.iter().any(of_split) {
            true => Seed::OfSplit,
            false => Seed::Said,
        };
        if seed == Seed::OfSplit {
            let beside = grid
                .iter()
                .find(|axis| of_split(axis) && axis.values.len() > 1);
            if let Some(value) = beside.and_then(|axis| axis.values.first()) {
                mistakes.push(
                    Diagnostic::error("E0602", "`\"split\"` stands alone, without other seeds")
                        .at(value.place, "")
                        .help("`seed = \"split\"`, or a list of numbers"),
                );
            }
            grid.retain(|axis| !of_split(axis));
            if split == Split::AsGiven && cases.iter().all(|case| case.test_rows.is_none()) {
                mistakes.push(
                    Diagnostic::error("E0602", "`seed = \"split\"` needs splits")
                        .help("`folds`, `splits` or `test_rows` make them"),
                );
            }
        }
        mistakes.extend(twice(&grid, random.as_ref(), &cases));
        if is_known
            && models.is_empty()
            && (cases.is_empty() || cases.iter().any(|case| case.models.is_empty()))
        {
            mistakes.push(
                Diagnostic::error("E0602", "the sweep file names no model")
                    .help("`model = \"line.bnn\"` at its top; the path is from the file's folder"),
            );
        }
        mistakes.sort_by_key(|m| m.labels.first().map(|l| l.span));
        if !mistakes.is_empty() {
            return Err(Failure::new(mistakes, source));
        }
        if cases.is_empty() {
            cases.push(Case::default());
        }
        Ok(Sweep {
            source,
            models,
            config,
            data,
            target,
            split,
            most,
            part,
            samples,
            sort,
            grid,
            seed,
            random,
            cases,
        })
    }

    /// A path of the file, from the file's folder.
    pub fn path(&self, written: &str) -> PathBuf {
        let folder = Path::new(&self.source.name).parent();
        folder.unwrap_or(Path::new("")).join(written)
    }
}

/// Which rows are held out: by folds, at random, or as files list them; and how many files are taken at most. `listed`:
/// some case has files of test rows.
fn split(file: &mut Table, listed: bool) -> (Split, Option<usize>) {
    let folds = file.count("folds");
    let test = file.number("test", Domain::Positive);
    let splits = file.count("splits");
    let pattern = file.text("test_rows");
    let seed = file.whole("split_seed");
    let said = [folds.is_some(), test.is_some(), pattern.is_some()];
    let said = said.iter().filter(|said| **said).count();
    let mistake = match test {
        _ if said > 1 => Some((
            "`folds`, `test` and `test_rows` each say which rows are held out",
            "leave all but one of them out",
        )),
        _ if folds == Some(1) => {
            Some(("one fold leaves no row to train on", "take 2 folds or more"))
        }
        _ if folds.is_some() && splits.is_some() => Some((
            "`folds` and `splits` both say how many times rows are held out",
            "leave one of them out",
        )),
        Some(share) if share >= 1.0 && share.fract() != 0.0 => Some((
            "`test` is a number of rows, or a fraction below 1",
            "`test = 0.2` holds a fifth of the rows out",
        )),
        _ if seed.is_some() && folds.is_none() && test.is_none() => Some((
            "`split_seed` is of rows that are held out at random, and none are",
            "`folds = 5` or `test = 0.2` hold rows out",
        )),
        _ if splits.is_some() && said == 0 && !listed => Some((
            "`splits` needs `test`, the part of the rows that is held out",
            "`test = 0.2` holds a fifth of them out",
        )),
        _ => None,
    };
    if let Some((title, help)) = mistake {
        file.refuse(Diagnostic::error("E0602", title).help(help));
        return (Split::AsGiven, None);
    }
    let seed = seed.unwrap_or(0);
    match (folds, test, pattern) {
        (Some(count), ..) => (Split::Folds { count, seed }, None),
        (_, Some(share), _) => {
            let count = splits.unwrap_or(1);
            (Split::Random { share, count, seed }, None)
        }
        (.., Some(pattern)) => (Split::Files(pattern), splits),
        _ => (Split::AsGiven, splits),
    }
}

fn case(table: &mut Table) -> Case {
    Case {
        name: table.text("name").unwrap_or_default(),
        models: table.text_or_texts("model"),
        config: table.text("config"),
        data: table.text("data"),
        target: table.names("target"),
        test_rows: table.text("test_rows"),
        settings: axis::case(table),
    }
}

/// Cases without a name, and names that two have.
fn names(cases: &[Case]) -> Vec<Diagnostic> {
    let mut mistakes = vec![];
    for (place, case) in cases.iter().enumerate() {
        if case.name.is_empty() {
            let title = format!("[[case]] {} has no name", place + 1);
            mistakes.push(
                Diagnostic::error("E0602", title)
                    .help("`name = \"small\"`: its runs are called by it"),
            );
        } else if cases[..place].iter().any(|other| other.name == case.name) {
            let title = format!("two cases are called `{}`", case.name);
            mistakes.push(Diagnostic::error("E0602", title).help("give each a name of its own"));
        }
    }
    mistakes
}

/// Settings that stand in two of the grid, what is drawn and a case.
fn twice(grid: &[Axis], random: Option<&Random>, cases: &[Case]) -> Vec<Diagnostic> {
    let grid = grid
        .iter()
        .map(|axis| (&axis.key, axis.values.first().map(|v| v.place)));
    let drawn = random.iter().flat_map(|random| &random.ranges);
    let varied: Vec<(&String, Option<Span>)> =
        grid.chain(drawn.map(|(key, _)| (key, None))).collect();
    let mut mistakes = vec![];
    let mut refuse = |key: &str, place: Option<Span>| {
        let title = format!("`{key}` is said twice");
        let message = Diagnostic::error("E0602", title);
        let message = match place {
            Some(place) => message.at(place, ""),
            None => message,
        };
        mistakes.push(message.help("a setting stands in one of [grid], [random] and [[case]]"));
    };
    for (index, (key, place)) in varied.iter().enumerate() {
        if varied[..index].iter().any(|(other, _)| other == key) {
            refuse(key, *place);
        }
    }
    for (key, value) in cases.iter().flat_map(|case| &case.settings) {
        if varied.iter().any(|(other, _)| *other == key) {
            refuse(key, Some(value.place));
        }
    }
    mistakes
}

#[cfg(test)]
mod tests;
