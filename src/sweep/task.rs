//! The runs of a sweep: every case, model, data set, draw, combination of the grid, and split.

use super::axis::Value;
use super::{Case, Seed, Split, Sweep, listed};
use crate::data::catalog;
use crate::diagnostic::{Diagnostic, Result};
use crate::source::Span;
use std::path::{Path, PathBuf};

/// One run of a sweep.
#[derive(Debug, Clone)]
pub struct Task {
    /// What it and its folder are called: `width=8,seed=1,fold=2`.
    pub name: String,
    /// The same without seed and split: runs of one group are averaged.
    pub group: String,
    /// The model file.
    pub model: PathBuf,
    /// The run file, if one is named.
    pub config: Option<PathBuf>,
    /// The data, if the sweep names them.
    pub data: Option<String>,
    /// What the data are called, where there are several.
    pub data_name: String,
    /// The target column, if the sweep names it.
    pub target: Option<String>,
    /// Settings beyond those of the run file.
    pub settings: Vec<(String, Value)>,
    /// Which rows are held out.
    pub held_out: HeldOut,
}

/// The rows that a run holds out.
#[derive(Debug, Clone, PartialEq)]
pub enum HeldOut {
    /// As its run file and its data have it.
    AsGiven,
    /// Those that a file of the user lists.
    Listed(PathBuf),
    /// Those of the fold, or of the random part, of this number.
    Drawn(u64),
}

/// A part of a run's name: what it is, its text, and whether runs that differ in it alone are averaged.
struct Part {
    text: String,
    averaged: bool,
}

impl Part {
    fn of(key: &str, value: &str) -> Part {
        Part {
            text: format!("{key}={value}"),
            averaged: key == "seed",
        }
    }
}

/// What has been chosen of a run so far.
#[derive(Default)]
struct Chosen {
    parts: Vec<Part>,
    settings: Vec<(String, Value)>,
}

/// What a sweep's folder holds beside its runs.
const OWN: [&str; 2] = ["rows", "sweep.toml"];

/// The runs of a sweep, in the order of their numbers. `folder` is where paths of data begin; else the sweep's folder.
///
/// # Errors
///
/// As [`listed`]; `E0602` where two runs have one name.
pub fn tasks(sweep: &Sweep, folder: Option<&Path>) -> Result<Vec<Task>> {
    let mut all: Vec<Task> = vec![];
    for case in &sweep.cases {
        let models = if case.models.is_empty() {
            &sweep.models
        } else {
            &case.models
        };
        let data: Vec<Option<&String>> = match (&case.data, &sweep.data[..]) {
            (Some(own), _) => vec![Some(own)],
            (None, []) => vec![None],
            (None, several) => several.iter().map(Some).collect(),
        };
        for data in &data {
            for model in models {
                let mut chosen = Chosen::default();
                let word = |text: &str| Part {
                    text: text.into(),
                    averaged: false,
                };
                if !case.name.is_empty() {
                    chosen.parts.push(word(&case.name));
                }
                if let (Some(data), 2..) = (data, sweep.data.len()) {
                    chosen.parts.push(word(&stem(data)));
                }
                let data_name = chosen.parts.iter().map(|part| part.text.clone());
                let data_name = data_name.collect::<Vec<_>>().join(",");
                if models.len() > 1 {
                    chosen.parts.push(word(&stem(model)));
                }
                chosen.settings.extend(case.settings.iter().cloned());
                let place = |path: &str| {
                    folder.map_or_else(|| sweep.path(path), |folder| folder.join(path))
                };
                let config = case.config.as_ref().or(sweep.config.as_ref());
                let task = Task {
                    name: String::new(),
                    group: String::new(),
                    model: sweep.path(model),
                    config: config.map(|config| sweep.path(config)),
                    data: data.map(|data| match catalog::entry(data) {
                        Some(_) => data.clone(),
                        None => place(data).display().to_string(),
                    }),
                    data_name: if !case.name.is_empty() || sweep.data.len() > 1 {
                        data_name
                    } else {
                        String::new()
                    },
                    target: case.target.clone().or(sweep.target.clone()),
                    settings: vec![],
                    held_out: HeldOut::AsGiven,
                };
                let splits = splits(sweep, case, &place)?;
                for chosen in combinations(sweep, chosen) {
                    all.extend(
                        splits
                            .iter()
                            .map(|split| with_split(sweep, &task, &chosen, split)),
                    );
                }
            }
        }
    }
    if let Some(task) = all.iter().find(|task| OWN.contains(&&*task.name)) {
        let title = format!("a run of the sweep would be called `{}`", task.name);
        return Err(Diagnostic::error("E0602", title)
            .note("the sweep's folder has a file or a folder of this name itself")
            .help("give the case, the model or the data another name")
            .into());
    }
    let mut names = std::collections::HashSet::new();
    if let Some(task) = all.iter().find(|task| !names.insert(task.name.clone())) {
        let title = format!("two runs of the sweep are called `{}`", task.name);
        return Err(Diagnostic::error("E0602", title)
            .help("runs are called by the values that differ: each may be there once")
            .into());
    }
    Ok(all)
}

/// Each split's name, number and rows; a single one without a name where nothing is split.
fn splits(
    sweep: &Sweep,
    case: &Case,
    place: &dyn Fn(&str) -> PathBuf,
) -> Result<Vec<(Option<&'static str>, u64, HeldOut)>> {
    let files = |pattern: &str| -> Result<Vec<_>> {
        let files = listed(&place(pattern))?.into_iter();
        let name = pattern.contains('*').then_some("split");
        let all = files.map(|(number, file)| (name, number, HeldOut::Listed(file)));
        Ok(all.take(sweep.most.unwrap_or(usize::MAX)).collect())
    };
    let drawn = |name, count: usize| {
        let numbers = 1..=count as u64;
        numbers
            .map(|number| (Some(name), number, HeldOut::Drawn(number)))
            .collect()
    };
    match (&case.test_rows, &sweep.split) {
        (Some(pattern), _) | (None, Split::Files(pattern)) => files(pattern),
        (None, Split::Folds { count, .. }) => Ok(drawn("fold", *count)),
        (None, Split::Random { count, .. }) => Ok(drawn("split", *count)),
        (None, Split::AsGiven) => Ok(vec![(None, 0, HeldOut::AsGiven)]),
    }
}

/// Every draw with every combination of the grid, seeds last.
fn combinations(sweep: &Sweep, begun: Chosen) -> Vec<Chosen> {
    let mut all = vec![begun];
    let extended = |all: Vec<Chosen>, choices: &dyn Fn(&Chosen) -> Vec<Chosen>| {
        all.iter().flat_map(choices).collect::<Vec<_>>()
    };
    let copy = |chosen: &Chosen| Chosen {
        parts: chosen
            .parts
            .iter()
            .map(|part| Part {
                text: part.text.clone(),
                ..*part
            })
            .collect(),
        settings: chosen.settings.clone(),
    };
    if let Some(random) = &sweep.random {
        all = extended(all, &|chosen| {
            let draws = 1..=random.draws as u64;
            let draw = |draw: u64| {
                let mut with = copy(chosen);
                with.parts.push(Part::of("draw", &draw.to_string()));
                let ranges = random.ranges.iter();
                let values =
                    ranges.map(|(key, range)| (key.clone(), range.draw(random.seed, key, draw)));
                with.settings.extend(values);
                with
            };
            draws.map(draw).collect()
        });
    }
    let short = |key: &str| key.rsplit('.').next().unwrap_or(key).to_owned();
    let title = |key: &str| {
        let alike = sweep
            .grid
            .iter()
            .filter(|axis| short(&axis.key) == short(key));
        match (alike.count(), key.split_once('.')) {
            (_, Some((table, "name"))) => table.to_owned(),
            (1, _) => short(key),
            _ => key.to_owned(),
        }
    };
    let (seeds, others): (Vec<_>, Vec<_>) = sweep.grid.iter().partition(|axis| axis.key == "seed");
    for axis in others.into_iter().chain(seeds) {
        all = extended(all, &|chosen| {
            let with = |value: &Value| {
                let mut with = copy(chosen);
                if axis.listed {
                    with.parts.push(Part::of(&title(&axis.key), value.shown()));
                }
                with.settings.push((axis.key.clone(), value.clone()));
                with
            };
            axis.values.iter().map(with).collect()
        });
    }
    all
}

fn with_split(
    sweep: &Sweep,
    task: &Task,
    chosen: &Chosen,
    (name, number, held_out): &(Option<&'static str>, u64, HeldOut),
) -> Task {
    let parts = |all: bool| -> Vec<String> {
        let parts = chosen.parts.iter().filter(|part| all || !part.averaged);
        parts.map(|part| part.text.clone()).collect()
    };
    let mut own = parts(true);
    own.extend(name.map(|name| format!("{name}={number}")));
    let mut settings = chosen.settings.clone();
    if sweep.seed == Seed::OfSplit {
        let value = Value {
            literal: number.to_string(),
            place: Span::new(0, 0),
        };
        settings.push(("seed".into(), value));
    }
    Task {
        name: named(&own),
        group: named(&parts(false)),
        settings,
        held_out: held_out.clone(),
        ..task.clone()
    }
}

/// The longest name of a folder that every file system takes, with room for what is written beside it.
const LONGEST: usize = 120;

/// A name that a folder can have.
fn named(parts: &[String]) -> String {
    if parts.is_empty() {
        return "run".into();
    }
    let whole = parts.join(",");
    let text = parts.iter().map(|part| plain(part)).collect::<Vec<_>>();
    let text = text.join(",");
    // Nothing that is no folder's own name, and no hidden one.
    let text = text.trim_start_matches('.').to_owned();
    match text.len() > LONGEST || text.is_empty() {
        false => text,
        true => {
            let hash = whole.bytes().fold(0u64, |hash, byte| {
                crate::data::random::mix(hash ^ u64::from(byte))
            });
            let kept: String = text.chars().take(LONGEST / 2).collect();
            format!("{kept}-{hash:016x}")
        }
    }
}

/// A part as a folder can be called: `ensemble(members = 3)` is `ensemble-members=3`.
fn plain(part: &str) -> String {
    let kept = |c: char| match c.is_alphanumeric() || ".+-_=".contains(c) {
        true => c,
        false => ' ',
    };
    let spaced: String = part.chars().map(kept).collect();
    let mut text = String::new();
    for word in spaced.split_whitespace() {
        let joined = text.is_empty() || text.ends_with('=') || word.starts_with('=');
        if !joined {
            text.push('-');
        }
        text += word;
    }
    text
}

fn stem(path: &str) -> String {
    let stem = Path::new(path).file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
