//! The settings of one run of a sweep: those of its run file under the sweep's.

use super::axis::Value;
use super::{HeldOut, Sweep, Task};
use crate::data::Choices;
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::source::Source;
use crate::train::Config;
use crate::train::config::is_path;
use std::path::Path;

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
        if !base.learning_rate_said {
            // Each inference method has its own where none is said.
            keys.retain(|(key, _)| key != "optimizer.learning_rate");
        }
        let mut config = base;
        // What an optimizer or a schedule is called comes before its own settings.
        let mut settings: Vec<&(String, Value)> = self.settings.iter().collect();
        settings.sort_by_key(|(key, _)| !key.ends_with(".name"));
        for (key, value) in settings {
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
