//! The runs of a sweep with their settings and folders; every mistake of a model or a setting is found here.

use crate::compare::AS_GIVEN;
use crate::compile;
use crate::diagnostic::{Diagnostic, Failure, Result, nearest};
use crate::score;
use crate::sweep::{HeldOut, Split, Sweep, Task};
use crate::train::Config;
use crate::train::width;
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
/// Every mistake of a model, of its constants or of a setting; `E0602` where `sort` names no score.
pub(super) fn plan(
    sweep: &Sweep,
    tasks: Vec<Task>,
    out: &Path,
    data_dir: Option<&Path>,
) -> Result<Vec<Planned>> {
    let out = std::path::absolute(out).unwrap_or(out.to_owned());
    refuse_no_score(&sweep.sort)?;
    let mut compiled = HashSet::new();
    let mut planned = vec![];
    for (place, task) in tasks.into_iter().enumerate() {
        let mut config = task.config(sweep, data_dir)?;
        let source = compile::read(&task.model)?;
        let request = config.request(None);
        let method = config.inference.as_ref().map(|method| method.to_string());
        let key = (
            task.model.clone(),
            config.set.clone(),
            method,
            config.data.name.clone(),
        );
        if compiled.insert(key) {
            let mut set = config.set.clone();
            width::fill(&source, &mut set, request)
                .and_then(|()| compile::by_method(source.clone(), &set, config.inference.clone()))
                .map_err(|failure| of_run(failure, &task.name))?;
        }
        if let HeldOut::Drawn(number) = task.held_out {
            config.data.test_rows = Some(out.join(rows_file(sweep, &task, &config, number)));
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

/// Refuses to sort by what is no score of any model.
fn refuse_no_score(sort: &str) -> Result<()> {
    // Of one of several targets: `nll(kind)`.
    let plain = sort.split('(').next().unwrap_or(sort);
    let names = || score::ALL.iter().map(|score| score.about().name);
    if sort == AS_GIVEN || names().any(|name| name == plain) {
        return Ok(());
    }
    let message = Diagnostic::error("E0602", format!("`sort` names no score: `{sort}`"));
    let message = match nearest(plain, names()) {
        Some(near) => message.help(format!("the nearest is `{near}`")),
        None => message.help("`bnnc evaluate` of a run lists its scores; `none` keeps the order"),
    };
    Err(message.into())
}

/// The file of a drawn part's rows, within the sweep's folder. Its name says what it was drawn by, so that another split
/// is another file.
pub(super) fn rows_file(sweep: &Sweep, task: &Task, config: &Config, number: u64) -> String {
    let file = match sweep.split {
        Split::Folds { count, seed } => format!("fold_{number}_of_{count}_seed_{seed}.txt"),
        Split::Random { share, seed, .. } => format!("split_{number}_of_{share}_seed_{seed}.txt"),
        Split::AsGiven | Split::Files(_) => format!("{number}.txt"),
    };
    let plain = |text: &str| text.replace(['/', '\\'], "-");
    let file = match &config.data.choices.group {
        Some(group) => format!("by_{}_{file}", plain(group)),
        None => file,
    };
    match &*task.data_name {
        "" => format!("rows/{file}"),
        data => format!("rows/{}_{file}", plain(data)),
    }
}

/// Says which run of the sweep is meant.
pub(super) fn of_run(mut failure: Failure, name: &str) -> Failure {
    if let Some(message) = failure.diagnostics.first_mut() {
        message
            .notes
            .push(format!("in the run `{name}` of the sweep"));
    }
    failure
}
