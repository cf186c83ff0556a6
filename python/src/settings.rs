//! The settings of a fit, as keywords.

use crate::error::raised;
use bnnc::diagnostic::{Diagnostic, Failure, nearest};
use bnnc::optimizer::{OPTIMIZERS, SCHEDULES};
use bnnc::signature::Signature;
use bnnc::source::Source;
use bnnc::train::Config;
use bnnc::train::settings::SETTINGS;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// A keyword: its table in a run file, its key there, and what it says.
struct Keyword {
    name: &'static str,
    key: [&'static str; 2],
    help: String,
}

/// The tables of a run file that a keyword may give whole, as a dictionary.
const TABLES: [&str; 4] = ["augmentation", "data", "optimizer", "schedule"];

/// What settings say that have no flag of `bnnc train` of their own.
const WITHOUT_FLAG: [(&str, &str); 10] = [
    (
        "evaluation_samples",
        "Draws of the weights for the validation part at each epoch's end",
    ),
    (
        "log_every",
        "Steps between two lines of the log; 0 for a line an epoch",
    ),
    (
        "augmentation.crop_fill",
        "What the pixels beside a cropped image are: zero or reflect",
    ),
    ("data.directory", "The folder of the named data sets"),
    ("data.target", "The target column of a table, or several"),
    (
        "data.test_rows",
        "A file of the rows that are the test part",
    ),
    (
        "data.layout",
        "The order of the axes of images: nhwc, channels last, or nchw",
    ),
    (
        "data.stream",
        "When inputs stay in their files and are read as they are needed: auto, always or never",
    ),
    (
        "data.scaling",
        "How inputs are scaled: standardize, symmetric (-1 to 1), unit (0 to 1) or none",
    ),
    (
        "data.targets",
        "How real targets are scaled: standardize or none",
    ),
];

/// Every keyword, in the order of a run file.
fn keywords() -> Vec<Keyword> {
    let mut all: Vec<Keyword> = vec![];
    for setting in &SETTINGS {
        let key: [&str; 2] = setting.table().into();
        let default = setting.value(&Config::default());
        let default = default.map_or(String::new(), |value| format!(" [default: {value}]"));
        let without_flag = WITHOUT_FLAG.iter().find(|(key, _)| *key == setting.key);
        let help = match (&setting.flag, without_flag) {
            (Some(flag), _) => flag.help,
            (None, Some((_, help))) => help,
            (None, None) => "",
        };
        all.push(Keyword {
            name: match setting.key {
                "data.name" => "data",
                // A word of Python.
                "from" => "from_",
                _ => key[1],
            },
            key,
            help: format!("{help}{default}"),
        });
    }
    let optimizers = OPTIMIZERS.iter().map(|optimizer| optimizer.signature());
    all.extend(entries("optimizer", optimizers));
    let schedules = SCHEDULES.iter().map(|schedule| schedule.signature());
    all.extend(entries("schedule", schedules));
    let mut names = BTreeMap::new();
    all.retain(|keyword| names.insert(keyword.name, ()).is_none());
    all
}

/// The keywords of an optimizer or a schedule: its name, and the settings of each.
fn entries(
    table: &'static str,
    signatures: impl Iterator<Item = &'static Signature>,
) -> Vec<Keyword> {
    let signatures: Vec<_> = signatures.collect();
    let names: Vec<&str> = signatures.iter().map(|signature| signature.name).collect();
    let mut all = vec![Keyword {
        name: table,
        key: [table, "name"],
        help: format!("one of {}", names.join(", ")),
    }];
    for signature in signatures {
        for parameter in signature.parameters {
            all.push(Keyword {
                name: parameter.name,
                key: [table, parameter.name],
                help: format!("{}, of {}", parameter.summary, signature.name),
            });
        }
    }
    all
}

/// Every keyword of `fit`, its key in a run file, and what it says.
#[pyfunction]
pub fn settings() -> Vec<(&'static str, String, String)> {
    let all = keywords().into_iter();
    all.map(|keyword| {
        let [table, key] = keyword.key;
        let key = match table {
            "" => key.to_owned(),
            _ => format!("{table}.{key}"),
        };
        (keyword.name, key, keyword.help)
    })
    .collect()
}

/// What a run file says of the columns and rows of its data.
const OF_THE_FILES_DATA: [&str; 15] = [
    "name",
    "target",
    "test_rows",
    "test",
    "group",
    "weights",
    "sequence",
    "time",
    "window",
    "horizon",
    "inputs",
    "drop",
    "missing",
    "missing_values",
    "categories",
];

/// The settings that `given` says, over those of the run file at `file`, over the defaults. `of_arrays` is whether there
/// are arrays in memory: they, and data that `given` names, have none of the columns that the run file names.
pub fn config(
    py: Python,
    file: Option<&Path>,
    given: &Bound<PyDict>,
    of_arrays: bool,
) -> PyResult<Config> {
    let mut table = Table::new();
    if let Some(file) = file {
        let config = raised(py, Config::read(file))?;
        let text = std::fs::read_to_string(file)?;
        // It has been read once.
        table = text.parse().unwrap_or_default();
        absolute(&mut table, &config);
        let are_others = of_arrays || given.contains("data")?;
        if let (true, Some(Value::Table(data))) = (are_others, table.get_mut("data")) {
            data.retain(|key, _| !OF_THE_FILES_DATA.contains(&key));
        }
    }
    let keywords = keywords();
    for (name, value) in given {
        if value.is_none() {
            continue;
        }
        let name: String = name.extract()?;
        let value = toml(&name, &value)?;
        if let (true, Value::Table(entries)) = (TABLES.contains(&&name[..]), &value) {
            let own = entry(&mut table, &name);
            own.extend(entries.clone());
            continue;
        }
        let Some(keyword) = keywords.iter().find(|keyword| keyword.name == name) else {
            return raised(py, Err(unknown(&name, &keywords)));
        };
        let [of, key] = keyword.key;
        match of {
            "" => table.insert(key.into(), value),
            _ => entry(&mut table, of).insert(key.into(), value),
        };
    }
    let source = Source {
        name: "the settings of fit".into(),
        text: table.to_string(),
    };
    raised(py, Config::parse(source))
}

fn entry<'t>(table: &'t mut Table, name: &str) -> &'t mut Table {
    let own = table
        .entry(name)
        .or_insert_with(|| Value::Table(Table::new()));
    if !own.is_table() {
        *own = Value::Table(Table::new());
    }
    own.as_table_mut().expect("a table")
}

/// Paths that a run file says from its own folder.
fn absolute(table: &mut Table, config: &Config) {
    let text = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let paths = [
        ("", "from", text(&config.from)),
        ("", "tensorboard", text(&config.tensorboard)),
        ("data", "name", config.data.name.clone()),
        ("data", "test_rows", text(&config.data.test_rows)),
    ];
    for (of, key, path) in paths {
        if let Some(path) = path {
            let own = if of.is_empty() {
                &mut *table
            } else {
                entry(table, of)
            };
            own.insert(key.into(), Value::String(path));
        }
    }
}

fn unknown(name: &str, keywords: &[Keyword]) -> Failure {
    let message = Diagnostic::error("E0602", format!("`fit` has no setting `{name}`"));
    let names = || keywords.iter().map(|keyword| keyword.name);
    match nearest(name, names()) {
        Some(near) => message.help(format!("the nearest is `{near}`")),
        None => message.help("help(bnnc.Model.fit) lists all settings"),
    }
    .into()
}

/// A value as a run file has it.
fn toml(name: &str, value: &Bound<PyAny>) -> PyResult<Value> {
    let list = |items: Vec<Bound<PyAny>>| {
        let items = items.iter().map(|item| toml(name, item));
        items.collect::<PyResult<_>>().map(Value::Array)
    };
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(Value::Boolean(flag.is_true()));
    }
    if let Ok(number) = value.cast::<PyInt>() {
        return Ok(Value::Integer(number.extract()?));
    }
    if let Ok(number) = value.cast::<PyFloat>() {
        return Ok(Value::Float(number.extract()?));
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Value::String(text.extract()?));
    }
    if let Ok(items) = value.cast::<PyList>() {
        return list(items.iter().collect());
    }
    if let Ok(items) = value.cast::<PyTuple>() {
        return list(items.iter().collect());
    }
    if let Ok(entries) = value.cast::<PyDict>() {
        let mut table = Table::new();
        for (key, value) in entries {
            table.insert(key.extract()?, toml(name, &value)?);
        }
        return Ok(Value::Table(table));
    }
    // NumPy's numbers, and paths.
    if let Ok(number) = value.call_method0("__index__") {
        return toml(name, &number);
    }
    if let Ok(number) = value.call_method0("__float__") {
        return toml(name, &number);
    }
    if let Ok(path) = value.extract::<PathBuf>() {
        return Ok(Value::String(path.display().to_string()));
    }
    Err(PyTypeError::new_err(format!(
        "{name} is a number, a text, a path, a list or a dictionary, not {}",
        value.get_type().name()?
    )))
}
