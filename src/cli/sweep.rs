//! `bnnc sweep`: many runs from one file.

mod fit;
mod plan;
mod progress;
mod rows;
mod show;
mod standing;
mod workers;

use super::compare::TableFormat;
use super::terminal::{err, here, quietly, say, say_wrapped, tell};
use super::train::{STOP, shell_word, stop_at_ctrl_c};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::sweep::{Sweep, tasks};
use crate::train::files::write_whole;
use crate::train::fit::Outcome;
use crate::train::progress::duration;
use crate::train::settings::count;
use crate::words::plural;
use clap::Args;
use plan::Planned;
use progress::Shown;
use standing::{Standing, standing};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The arguments of `bnnc sweep`.
#[derive(Debug, Args)]
pub struct SweepArgs {
    /// The file that says what is varied
    #[arg(value_name = "SWEEP.toml")]
    file: PathBuf,
    /// The folder of its runs; else runs/NAME, the file's name
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Runs at once; else one a core. The numbers do not depend on it
    #[arg(long, value_name = "J", value_parser = count, allow_negative_numbers = true)]
    jobs: Option<usize>,
    /// Train one run alone: that of this number, the first being 1 (`--dry-run` lists them)
    #[arg(long, value_name = "K", value_parser = count, allow_negative_numbers = true, conflicts_with = "jobs")]
    task: Option<usize>,
    /// Only the runs that have this among the parts of their names, as `fold=2`; given several times, all of them
    #[arg(long, value_name = "PART")]
    only: Vec<String>,
    /// Where the paths of data begin, and the folder of the named data sets; else the file's folder, and BNNC_DATA
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// List the runs with their numbers, and train none
    #[arg(long)]
    dry_run: bool,
    /// How to show the table
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: TableFormat,
}

/// Runs `bnnc sweep`.
///
/// # Errors
///
/// Every mistake of the file, of its models and of their settings before the first run; then what a run failed by.
/// One that diverges is no failure of the sweep.
pub fn run(args: &SweepArgs) -> Result<()> {
    let sweep = Sweep::read(&args.file)?;
    let out = args.out.clone().unwrap_or_else(|| {
        let stem = args.file.file_stem().unwrap_or_default();
        Path::new("runs").join(stem)
    });
    let all = tasks(&sweep, args.data_dir.as_deref())?;
    let total = all.len();
    refuse_file(&out)?;
    let every = plan::plan(&sweep, all, &out, args.data_dir.as_deref())?;
    let planned = chosen(args, &every)?;
    let standings: Vec<Standing> = (planned.iter())
        .map(|planned| standing(planned))
        .collect::<Result<_>>()?;
    let done = standings
        .iter()
        .filter(|standing| standing.is_over())
        .count();
    let text = args.format == TableFormat::Text;
    if text {
        let into = here(&out.display().to_string());
        tell!(
            "sweep      {} of {}, into {into}",
            plural(planned.len(), "run"),
            args.file.display()
        );
        if done > 0 {
            tell!("           {done} done before");
        }
    }
    if args.dry_run {
        show::list(&planned, &standings, args.format);
        return Ok(());
    }
    write_once(&out, "sweep.toml", sweep.source.text.as_bytes())?;
    rows::write(&sweep, &every, &planned, &out)?;
    let pending: Vec<&Planned> = planned
        .iter()
        .zip(&standings)
        .filter(|(_, standing)| !standing.is_over())
        .map(|(planned, _)| *planned)
        .collect();
    rows::check(&pending)?;
    let failures = train(args, &pending, text)?;
    if args.task.is_none() && !STOP.load(Ordering::Relaxed) {
        show::table(&sweep, &planned, &failures, args)?;
    }
    if STOP.load(Ordering::Relaxed) {
        stopped(args, &out, &planned)?;
    } else if args.task.is_some() && text && done == planned.len() {
        tell!(
            "           nothing is left to do for {}",
            planned[0].task.name
        );
    }
    match failed(failures, total) {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

/// Refuses a file where the folder of the sweep is to be.
fn refuse_file(out: &Path) -> Result<()> {
    match out.is_file() {
        false => Ok(()),
        true => {
            let title = format!("`{}` is a file, not the folder of a sweep", out.display());
            Err(Diagnostic::error("E0604", title)
                .help("`--out` names a folder, which is made where there is none")
                .into())
        }
    }
}

/// The runs that flags ask for.
fn chosen<'p>(args: &SweepArgs, planned: &'p [Planned]) -> Result<Vec<&'p Planned>> {
    let total = planned.len();
    let wanted = |planned: &&Planned| {
        let name = format!(",{},", planned.task.name);
        let has = |part: &String| name.contains(&format!(",{part},"));
        let named = args.only.iter().all(has);
        named && args.task.is_none_or(|task| task == planned.number)
    };
    let chosen: Vec<&Planned> = planned.iter().filter(wanted).collect();
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let (title, help) = match args.task {
        Some(task) if task > total => (
            format!("the sweep has no run {task}"),
            format!("its runs are 1 to {total}: an array of jobs counts from 1"),
        ),
        _ => (
            "no run of the sweep has such a name".into(),
            "`--dry-run` without `--only` lists them all".into(),
        ),
    };
    Err(Diagnostic::error("E0603", title).help(help).into())
}

/// Trains the runs that are left, several at once; what failed, by the names of the runs.
fn train(args: &SweepArgs, pending: &[&Planned], text: bool) -> Result<Vec<(String, Failure)>> {
    stop_at_ctrl_c("the runs");
    let shown = Shown::new(pending.len(), text);
    let failures = Mutex::new(vec![]);
    let jobs = match args.task {
        Some(_) => Some(1),
        None => args.jobs,
    };
    workers::each(jobs, pending.len(), |place| {
        if STOP.load(Ordering::Relaxed) {
            return;
        }
        let (planned, begun) = (pending[place], Instant::now());
        let fit = || fit::fit(planned, &mut shown.own(place));
        // What is unusual in one is in all of its model and data.
        let of = |planned: &Planned| (planned.task.model.clone(), planned.config.data.name.clone());
        let is_first = !pending[..place]
            .iter()
            .any(|other| of(other) == of(planned));
        let outcome = if is_first { fit() } else { quietly(fit) };
        let name = &planned.task.name;
        let time = duration(begun.elapsed());
        match outcome {
            Ok(Outcome::Finished { .. }) => shown.done(place, &format!("{name}  {time}")),
            Ok(Outcome::Interrupted { .. }) => {}
            Err(failure) if failure.diagnostics.iter().any(|m| m.code == "E0608") => {
                shown.done(place, &format!("{name}  {time}, diverged"));
            }
            Err(failure) => {
                shown.done(place, &format!("{name}  failed"));
                let mut failures = failures
                    .lock()
                    .unwrap_or_else(|poisoned| poisoned.into_inner());
                failures.push((name.clone(), failure));
            }
        }
    })?;
    shown.finish();
    Ok(failures
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner()))
}

/// The failure of a sweep some of whose runs failed: that of the first, and how many others.
fn failed(mut failures: Vec<(String, Failure)>, total: usize) -> Option<Failure> {
    if failures.is_empty() {
        return None;
    }
    let others = failures.len() - 1;
    let (name, mut failure) = failures.swap_remove(0);
    if let Some(message) = failure.diagnostics.first_mut() {
        message
            .notes
            .push(format!("the run `{name}` of the sweep failed by it"));
        if others > 0 {
            message
                .notes
                .push(format!("{others} others of {total} failed, too"));
        }
    }
    Some(failure)
}

/// What Ctrl-C has left, and how to go on.
fn stopped(args: &SweepArgs, out: &Path, planned: &[&Planned]) -> Result<()> {
    let standings: Vec<Standing> = (planned.iter())
        .map(|planned| standing(planned))
        .collect::<Result<_>>()?;
    let count = |is: fn(&Standing) -> bool| standings.iter().filter(|s| is(s)).count();
    let done = count(Standing::is_over);
    let begun = count(|standing| matches!(standing, Standing::Begun));
    err("\n");
    let state = format!(
        "stopped    {done} of {} done, {begun} under way and saved\n",
        plural(planned.len(), "run")
    );
    let mut command = format!(
        "bnnc sweep {} --out {}",
        shell_word(&args.file),
        shell_word(out)
    );
    if let Some(folder) = &args.data_dir {
        command += &format!(" --data-dir {}", shell_word(folder));
    }
    if let Some(task) = args.task {
        command += &format!(" --task {task}");
    }
    for part in &args.only {
        command += &format!(" --only {}", shell_word(Path::new(part)));
    }
    if let Some(jobs) = args.jobs {
        command += &format!(" --jobs {jobs}");
    }
    match args.format {
        TableFormat::Text => {
            say!("{}", state.trim_end());
            say_wrapped("go on      ", &command);
        }
        // Standard output is a program's.
        _ => err(&format!("{state}go on      {command}\n")),
    }
    Ok(())
}

/// How often the writing of a file is tried.
const TRIES: usize = 20;

/// Writes a file of the sweep's folder unless it is there with the same contents: of an array of jobs each would.
fn write_once(folder: &Path, name: &str, contents: &[u8]) -> Result<()> {
    let path = folder.join(name);
    let is_there = || std::fs::read(&path).is_ok_and(|found| found == contents);
    if is_there() {
        return Ok(());
    }
    let place = path.parent().unwrap_or(folder);
    std::fs::create_dir_all(place).map_err(|error| {
        Diagnostic::error(
            "E0601",
            format!("cannot make the folder `{}`", place.display()),
        )
        .note(error.to_string())
    })?;
    // Another job of the array may write the same file at the same moment, and take the file beside it away.
    let mut tries = 0;
    loop {
        match write_whole(&path, contents) {
            Err(_) if is_there() => return Ok(()),
            Err(_) if tries < TRIES => std::thread::sleep(Duration::from_millis(50)),
            result => return result,
        }
        tries += 1;
    }
}
