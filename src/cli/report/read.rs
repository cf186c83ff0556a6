//! What is known of the runs of a page.

use super::super::material;
use super::super::open::{Opened, open};
use super::super::scored::{Asked, ScoredRun, score_run};
use super::super::terminal::err;
use super::ReportArgs;
use crate::diagnostic::Result;
use crate::plot::log::Log;
use crate::plot::parameters::Parameter;
use crate::plot::pruned::Pruned;
use crate::report::{self, Check};
use crate::score::RESAMPLES;
use crate::train::checkpoint::Counters;
use crate::train::files::read_text;
use crate::train::run_dir::RunDir;
use crate::{exec, ir};
use std::path::{Path, PathBuf};

/// A run; of what is not known, the reason.
pub struct Read {
    /// Its directory.
    pub path: PathBuf,
    /// What it is called beside the others.
    pub name: String,
    /// What it wrote while it was trained.
    pub log: std::result::Result<Log, String>,
    /// The run.
    pub opened: std::result::Result<Opened, String>,
    /// How far its fit is, which may be farther than its weights.
    pub last: Option<Counters>,
    /// What `bnnc check` says of it.
    pub check: Option<Check>,
    /// The text of its settings.
    pub settings: Option<String>,
    /// Its parameters.
    pub parameters: std::result::Result<Vec<Parameter>, String>,
    /// Its scores.
    pub scored: std::result::Result<ScoredRun, String>,
    /// What pruning costs.
    pub pruned: std::result::Result<Pruned, String>,
}

/// Faults of the run, not of what was asked for: the page says so.
const OF_THE_RUN: [&str; 3] = ["E0605", "E0606", "E0612"];

/// Reads and scores the runs.
///
/// # Errors
///
/// What is no run; data that was named and cannot be read.
pub fn all(args: &ReportArgs) -> Result<Vec<Read>> {
    let names = names(&args.runs);
    let runs = args.runs.iter().zip(names);
    runs.map(|(path, name)| one(args, path, name)).collect()
}

/// The last part of each path; the whole where two would have the same name.
fn names(runs: &[PathBuf]) -> Vec<String> {
    let last = |path: &PathBuf| {
        let name = path.file_name().unwrap_or(path.as_os_str());
        name.to_string_lossy().into_owned()
    };
    let all: Vec<String> = runs.iter().map(last).collect();
    let is_alone = |name: &String| all.iter().filter(|other| *other == name).count() == 1;
    match all.iter().all(is_alone) {
        true => all,
        false => runs.iter().map(|path| path.display().to_string()).collect(),
    }
}

fn one(args: &ReportArgs, path: &Path, name: String) -> Result<Read> {
    let log = material::log(path).map_err(|failure| {
        let is_none = failure.diagnostics.iter().any(|m| m.code == "E0604");
        if is_none {
            Err(failure)
        } else {
            Ok(material::reason(&failure))
        }
    });
    let log = match log {
        Ok(log) => Ok(log),
        Err(Ok(why)) => Err(why),
        Err(Err(failure)) => return Err(failure),
    };
    let settings = read_text(&path.join("run.toml")).ok();
    let mut read = Read {
        path: path.into(),
        name,
        log,
        opened: Err(String::new()),
        check: None,
        last: None,
        settings,
        parameters: Err(String::new()),
        scored: Err(String::new()),
        pruned: Err(String::new()),
    };
    match told(args, open(path))? {
        Err(why) => {
            read.parameters = Err(why.clone());
            read.scored = Err(why.clone());
            read.pruned = Err(why.clone());
            read.opened = Err(why);
        }
        Ok((run, mut predictor)) => {
            let seed = args.draws.seed.unwrap_or(run.config.seed);
            let found = material::parameters(&run, &mut *predictor, args.draws.samples, seed);
            read.parameters = Ok(found);
            read.check = Some(check(&run, predictor.centre()));
            read.last = RunDir::open(path)?.last().ok();
            read.opened = Ok(run);
            drop(predictor);
            let asked = Asked {
                data: &args.data,
                part: args.part,
                ood: &args.ood,
                bar: true,
                draws: args.draws,
                resamples: RESAMPLES,
                calibration: Default::default(),
                reference: None,
            };
            read.scored = told(args, score_run(path, asked))?;
            read.pruned = match &read.scored {
                Err(why) => Err(why.clone()),
                Ok(scored) => told(args, material::pruned(scored))?.and_then(|found| found),
            };
        }
    }
    Ok(read)
}

/// What the page can do without is a reason; what was asked for by name is an error.
fn told<T>(args: &ReportArgs, result: Result<T>) -> Result<std::result::Result<T, String>> {
    let asked = !args.data.given().is_empty()
        || !args.ood.is_empty()
        || args.part.split.is_some()
        || args.part.allow_changed;
    match result {
        Ok(found) => Ok(Ok(found)),
        Err(failure) => {
            let of_the_run = |code: &str| OF_THE_RUN.contains(&code);
            if asked && !failure.diagnostics.iter().all(|m| of_the_run(m.code)) {
                return Err(failure);
            }
            let why = material::reason(&failure);
            err(&format!("warning: {why}\n\n"));
            Ok(Err(why))
        }
    }
}

/// What `bnnc check` says of the run's model and its data.
fn check(run: &Opened, interpreter: &exec::Interpreter<f32>) -> Check {
    let (n, batch) = (run.record.training_examples, run.config.batch_size());
    let facts = ir::Facts {
        training_examples: Some(n),
        validation_examples: run.record.validation_examples,
        batch: Some(batch.min(n)),
        data: Some(run.record.name.clone()),
        set: run.config.set.clone(),
        ..ir::Facts::default()
    };
    let plan = interpreter.plan();
    report::check(plan, &facts, batch.min(n), exec::memory(plan, batch))
}
