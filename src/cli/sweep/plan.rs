//! The runs of a sweep with their settings and folders; every mistake of a model or a setting is found here.

use crate::cli::width;
use crate::compile;
use crate::diagnostic::{Failure, Result};
use crate::sweep::{HeldOut, Split, Sweep, Task};
use crate::train::Config;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// A run of a sweep.
pub(super) struct Planned {
    /// Its number, from 1.
    pub number: usize,
    /// What the sweep says of it.
    pub task: Task,
    /// Its settings.
    pub config: Config,
    /// Its folder.
    pub path: PathBuf,
    /// The text of its model.
    pub model: String,
}

/// Plans the runs of a sweep, whose folders are in `out`.
///
/// # Errors
///
/// Every mistake of a model, of its constants or of a setting.
pub(super) fn plan(
    sweep: &Sweep,
    tasks: Vec<Task>,
    out: &Path,
    data_dir: Option<&Path>,
) -> Result<Vec<Planned>> {
    let out = std::path::absolute(out).unwrap_or(out.to_owned());
    let mut compiled = HashSet::new();
    let mut planned = vec![];
    for (place, task) in tasks.into_iter().enumerate() {
        let mut config = task.config(sweep, data_dir)?;
        let source = compile::read(&task.model)?;
        let request = config.request(None);
        let method = config.inference.map(|method| method.signature().name);
        let key = (
            task.model.clone(),
            config.set.clone(),
            method,
            config.data.name.clone(),
        );
        if compiled.insert(key) {
            let mut set = config.set.clone();
            width::fill(&source, &mut set, request)
                .and_then(|()| compile::by_method(source.clone(), &set, config.inference))
                .map_err(|failure| of_run(failure, &task.name))?;
        }
        if let HeldOut::Drawn(number) = task.held_out {
            config.data.test_rows = Some(out.join(rows_file(sweep, &task, number)));
        }
        planned.push(Planned {
            number: place + 1,
            path: out.join(&task.name),
            model: source.text,
            task,
            config,
        });
    }
    Ok(planned)
}

/// The file of a drawn part's rows, within the sweep's folder. Its name says what it was drawn by, so that another split
/// is another file.
pub(super) fn rows_file(sweep: &Sweep, task: &Task, number: u64) -> String {
    let file = match sweep.split {
        Split::Folds { count, seed } => format!("fold_{number}_of_{count}_seed_{seed}.txt"),
        Split::Random { share, seed, .. } => format!("split_{number}_of_{share}_seed_{seed}.txt"),
        Split::AsGiven | Split::Files(_) => format!("{number}.txt"),
    };
    match &*task.data_name {
        "" => format!("rows/{file}"),
        data => format!("rows/{}_{file}", data.replace(['/', '\\'], "-")),
    }
}

/// Says which run of the sweep is meant.
fn of_run(mut failure: Failure, name: &str) -> Failure {
    if let Some(message) = failure.diagnostics.first_mut() {
        message
            .notes
            .push(format!("in the run `{name}` of the sweep"));
    }
    failure
}
