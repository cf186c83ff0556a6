//! What has been done of a run already.

use super::plan::Planned;
use crate::diagnostic::{Diagnostic, Result};
use crate::sweep::HeldOut;
use crate::syntax::ast::OF_DATA;
use crate::train::Config;
use crate::train::run_dir::RunDir;

/// How far a run of a sweep is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Not begun.
    New,
    /// Begun, with epochs left.
    Begun,
    /// All epochs are done, or it has ended early.
    Finished,
    /// Its loss diverged, and would again.
    Diverged,
}

impl Standing {
    /// Whether there is nothing left to do.
    pub(super) fn is_over(&self) -> bool {
        matches!(self, Standing::Finished | Standing::Diverged)
    }

    /// In a word or two.
    pub(super) fn word(self) -> &'static str {
        match self {
            Standing::New => "to do",
            Standing::Begun => "begun",
            Standing::Finished => "finished",
            Standing::Diverged => "diverged",
        }
    }
}

/// How far a run is.
///
/// # Errors
///
/// `E0607` where the run in its folder has other settings, `E0606` where it is of another model; a damaged run.
pub(super) fn standing(planned: &Planned) -> Result<Standing> {
    if RunDir::refuse_used(&planned.path).is_ok() {
        return Ok(Standing::New);
    }
    let run = RunDir::open(&planned.path)?;
    let own = run.config()?;
    let asked = asked(planned, &own);
    let shown = run.path().display();
    let elsewhere = "another `--out` begins the sweep anew; or remove the folder of this run";
    if let Some((key, old, new)) = own.change(&asked) {
        let title = format!("the run in `{shown}` has {key} = {old}, not {new}");
        return Err(Diagnostic::error("E0607", title)
            .note("it was made by the sweep as it was before")
            .help(elsewhere)
            .into());
    }
    if run.source()? != planned.model {
        let title = format!("the run in `{shown}` is of another model");
        return Err(Diagnostic::error("E0606", title)
            .note(format!(
                "its model.bnn differs from {}",
                planned.task.model.display()
            ))
            .help(elsewhere)
            .into());
    }
    if run.diverged().is_some() {
        return Ok(Standing::Diverged);
    }
    let examples = run.record()?.training_examples;
    Ok(match run.last()?.are_over(&asked, examples) {
        true => Standing::Finished,
        false => Standing::Begun,
    })
}

/// The settings that the sweep asks for, with those that the run in the folder has chosen by its data.
pub(super) fn asked(planned: &Planned, own: &Config) -> Config {
    let mut asked = planned.config.clone();
    asked.follow(own);
    let width = own.set.iter().find(|(name, _)| name == OF_DATA);
    if let Some(width) = width
        && asked.set.iter().all(|(name, _)| name != OF_DATA)
    {
        asked.set.push(width.clone());
    }
    // A folder that was moved holds its rows still.
    if let HeldOut::Drawn(_) = planned.task.held_out
        && let Some(rows) = &own.data.test_rows
        && rows.file_name()
            == asked
                .data
                .test_rows
                .as_deref()
                .and_then(|rows| rows.file_name())
    {
        asked.data.test_rows = own.data.test_rows.clone();
    }
    asked
}
