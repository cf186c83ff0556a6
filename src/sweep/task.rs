//! The runs of a sweep: every case, model, data set, draw, combination of the grid, and split.

use super::axis::Value;
use super::{Case, Seed, Split, Sweep, listed};
use crate::data::{Choices, catalog};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::source::{Source, Span};
use crate::train::Config;
use crate::train::config::is_path;
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
    let plain = |c: char| match c.is_alphanumeric() || ".+-_=".contains(c) {
        true => c,
        false => '-',
    };
    let parts = parts
        .iter()
        .map(|part| part.chars().map(plain).collect::<String>());
    let text = parts.collect::<Vec<_>>().join(",");
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

fn stem(path: &str) -> String {
    let stem = Path::new(path).file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

impl Task {
    /// The settings of the run: those of its run file under the sweep's, without the rows that are held out.
    ///
    /// # Errors
    ///
    /// As [`Config::read`]; `E0602` for a value that its setting does not take, with its place in the sweep's file.
    pub fn config(&self, sweep: &Sweep, data_dir: Option<&Path>) -> Result<Config> {
        let mut base = match &self.config {
            Some(path) => Config::read(path)?,
            None => Config::beside(&self.model)?.map_or_else(Config::default, |(_, config)| config),
        };
        if let Some(data) = &self.data {
            base.data.name = Some(data.clone());
            // What the run file says of columns and rows is said of its own data.
            base.data.target = None;
            base.data.test_rows = None;
            base.data.choices = Choices::default();
        }
        if self.target.is_some() {
            base.data.target = self.target.clone();
        }
        if self.held_out != HeldOut::AsGiven {
            base.data.test_rows = None;
            base.data.choices.test = None;
        }
        let mut keys = base.keys();
        let mut config = base;
        for (key, value) in &self.settings {
            put(&mut keys, key, &value.literal);
            config = parsed(&keys).map_err(|failure| refused(sweep, key, value, failure))?;
        }
        config.watch()?;
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or(path.to_owned());
        if let Some(name) = &mut config.data.name
            && is_path(name)
        {
            *name = absolute(Path::new(name)).display().to_string();
        }
        if let Some(folder) = data_dir {
            config.data.directory = Some(folder.to_owned());
        }
        config.data.directory = config.data.directory.as_deref().map(absolute);
        if self.settings.iter().any(|(key, _)| key == "tensorboard") {
            // A path of the sweep's file is from its folder.
            let written = config.tensorboard.take();
            config.tensorboard = written.map(|path| sweep.path(&path.to_string_lossy()));
        }
        config.tensorboard = config.tensorboard.as_deref().map(absolute);
        config.data.test_rows = config.data.test_rows.as_deref().map(absolute);
        if let HeldOut::Listed(file) = &self.held_out {
            config.data.test_rows = Some(absolute(file));
        }
        Ok(config)
    }
}

/// Sets a key. Settings of another optimizer or schedule than before go, but for the learning rate.
fn put(keys: &mut Vec<(String, String)>, key: &str, literal: &str) {
    if let Some((table, "name")) = key.split_once('.')
        && ["optimizer", "schedule"].contains(&table)
        && keys
            .iter()
            .any(|(own, value)| own == key && value != literal)
    {
        keys.retain(|(own, _)| {
            own == "optimizer.learning_rate" || own.split('.').next() != Some(table)
        });
    }
    match keys.iter_mut().find(|(own, _)| own == key) {
        Some((_, value)) => *value = literal.into(),
        None => keys.push((key.into(), literal.into())),
    }
}

/// The settings with these keys.
fn parsed(keys: &[(String, String)]) -> Result<Config> {
    let mut tables: Vec<(&str, String)> = vec![("", String::new())];
    for (key, value) in keys {
        let (table, name) = key.split_once('.').unwrap_or(("", key));
        if tables.iter().all(|(own, _)| *own != table) {
            tables.push((table, format!("\n[{table}]\n")));
        }
        let own = tables.iter_mut().find(|(own, _)| *own == table);
        own.expect("there now").1 += &format!("{name} = {value}\n");
    }
    Config::parse(Source {
        name: "settings".into(),
        text: tables.into_iter().map(|(_, text)| text).collect(),
    })
}

/// What is wrong with a setting, at its place in the sweep's file.
fn refused(sweep: &Sweep, key: &str, value: &Value, failure: Failure) -> Failure {
    let message = failure.diagnostics.into_iter().next();
    let title = message
        .as_ref()
        .map_or_else(|| format!("`{key}` does not fit"), |m| m.title.clone());
    let notes = message.map_or(vec![], |m| m.notes);
    let mut message =
        Diagnostic::error("E0602", title).at(value.place, format!("found {}", value.literal));
    message.notes = notes;
    Failure::new(vec![message], sweep.source.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(text: &str) -> Sweep {
        let source = Source {
            name: "sweep.toml".into(),
            text: format!("model = \"m.bnn\"\n{text}"),
        };
        Sweep::parse(source).unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics))
    }

    fn names(text: &str) -> Vec<String> {
        let all = tasks(&sweep(text), None).unwrap();
        all.into_iter().map(|task| task.name).collect()
    }

    #[test]
    fn a_grid_has_every_combination_under_its_name() {
        let found = names("folds = 2\n[grid]\nseed = [0, 1]\nset.width = [8, 16]\nepochs = 3\n");
        let expected = [
            "width=8,seed=0,fold=1",
            "width=8,seed=0,fold=2",
            "width=8,seed=1,fold=1",
            "width=8,seed=1,fold=2",
            "width=16,seed=0,fold=1",
            "width=16,seed=0,fold=2",
            "width=16,seed=1,fold=1",
            "width=16,seed=1,fold=2",
        ];
        assert_eq!(found, expected);
        let tasks = tasks(&sweep("folds = 2\n[grid]\nset.width = [8, 16]\n"), None).unwrap();
        let groups: Vec<&str> = tasks.iter().map(|task| &*task.group).collect();
        assert_eq!(groups, ["width=8", "width=8", "width=16", "width=16"]);
        assert_eq!(names(""), ["run"]);
        // More values may follow a list's only one, and more cases a file's only one: the names stay.
        assert_eq!(
            names("[grid]\nseed = [0]\nepochs = 3\n[[case]]\nname = \"small\"\n"),
            ["small,seed=0"]
        );
    }

    #[test]
    fn no_run_is_called_as_what_the_folder_holds_itself() {
        for name in ["rows", "sweep.toml"] {
            let sweep = sweep(&format!("[[case]]\nname = \"{name}\"\n"));
            let failure = tasks(&sweep, None).err().unwrap();
            assert!(failure.diagnostics[0].title.contains(name));
        }
    }

    #[test]
    fn paths_of_the_file_are_from_its_folder() {
        let source = Source {
            name: "there/sweep.toml".into(),
            text: "model = \"m.bnn\"\n[grid]\ntensorboard = \"tb\"\n".into(),
        };
        let sweep = Sweep::parse(source).unwrap_or_else(|f| panic!("{:?}", f.diagnostics));
        let task = &tasks(&sweep, None).unwrap()[0];
        let folder = task.config(&sweep, None).unwrap().tensorboard.unwrap();
        assert!(folder.ends_with("there/tb"), "{}", folder.display());
    }

    #[test]
    fn draws_stay_as_they_are_where_more_are_asked_for() {
        let text = |draws: usize| {
            format!(
                "[random]\ndraws = {draws}\nlearning_rate = {{ low = 0.001, high = 0.1, log = true }}\n"
            )
        };
        let of = |draws| tasks(&sweep(&text(draws)), None).unwrap();
        let (few, many) = (of(3), of(5));
        assert_eq!((few.len(), many.len()), (3, 5));
        for (a, b) in few.iter().zip(&many) {
            assert_eq!((&a.name, &a.settings), (&b.name, &b.settings));
        }
        assert_eq!(few[2].name, "draw=3");
    }

    #[test]
    fn settings_stand_over_those_of_the_run_file() {
        let sweep = sweep(
            "data = \"t.csv\"\n[grid]\noptimizer.name = [\"adam\", \"sgd\"]\nlearning_rate = 0.5\nvalidation = 0.2\n\
             set.width = \"2 * 3\"\n",
        );
        let all = tasks(&sweep, Some(Path::new("there"))).unwrap();
        let config = all[1].config(&sweep, None).unwrap();
        assert_eq!(config.optimizer.0.signature().name, "sgd");
        assert_eq!(config.learning_rate(), 0.5);
        assert_eq!(config.set, [("width".to_owned(), "2 * 3".to_owned())]);
        assert!(config.data.name.unwrap().ends_with("there/t.csv"));
        assert_eq!(all[1].name, "optimizer=sgd");
    }

    #[test]
    fn a_value_that_does_not_fit_is_told_at_its_place() {
        let text = "[grid]\nepochs = [1, 0]\n";
        let sweep = sweep(text);
        let all = tasks(&sweep, None).unwrap();
        assert!(all[0].config(&sweep, None).is_ok());
        let failure = all[1].config(&sweep, None).err().unwrap();
        let message = &failure.diagnostics[0];
        assert!(
            message.title.starts_with("`epochs` is a whole number"),
            "{}",
            message.title
        );
        let place = message.labels[0].span;
        assert_eq!(&sweep.source.text[place.start..place.end], "0");
    }

    #[test]
    fn names_are_those_of_folders() {
        assert_eq!(
            named(&["a/b".into(), "prior=N(0, 1)".into()]),
            "a-b,prior=N-0--1-"
        );
        let long = named(&["x".repeat(500)]);
        assert!(long.len() < 100 && long != named(&["x".repeat(501)]));
        assert_eq!(named(&["..".into()]).len(), 17);
    }
}
