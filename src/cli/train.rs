//! `bnnc train`: from a model file and data to a run directory.

mod conclude;
mod introduce;

use super::arguments::{DataSource, Format, Sets, SettingFlags, TableFlags, with_threads};
use super::lints::{LintFlags, show};
use super::terminal::{
    answer, answers_alone, bar_width, draws_bars, err, is_quiet, note, say, tell, tell_wrapped,
    told, width,
};
use crate::compile;
use crate::diagnostic::{Failure, Result};
use crate::memory;
use crate::train;
use crate::train::config::{self, Config};
use crate::train::fit::Outcome;
use crate::train::lock::Lock;
use crate::train::prepared::Prepared;
use crate::train::progress::{Progress, Screen, duration};
use crate::train::run_dir::RunDir;
use crate::train::settings::Given;
use crate::train::start::{Start, absolute, settle};
use crate::words::{bytes, counted, plural, thousands};
use clap::Args;
use conclude::{blind, conclude, summarize, warn_of_fit};
use introduce::introduce;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// The arguments of `bnnc train`.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// The model file
    pub(super) model: PathBuf,
    #[command(flatten)]
    pub(super) data: DataSource,
    /// A run file; else the one of the model's name beside it, if there is one
    #[arg(long, value_name = "RUN.toml")]
    pub(super) config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) table: TableFlags,
    #[command(flatten)]
    pub(super) settings: SettingFlags,
    #[command(flatten)]
    pub(super) sets: Sets,
    #[command(flatten)]
    pub(super) lints: LintFlags,
    /// The run directory; else the first free of runs/MODEL-1, runs/MODEL-2, …
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Go on with the run in --out; more --epochs may be asked for
    #[arg(long, requires = "out")]
    pub(super) resume: bool,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

impl TrainArgs {
    /// Of one run among many, into the folder `out`; all settings are said elsewhere.
    pub(super) fn of_many(model: &Path, out: &Path) -> TrainArgs {
        TrainArgs {
            model: model.to_owned(),
            data: DataSource::default(),
            config: None,
            table: TableFlags::default(),
            settings: SettingFlags::default(),
            sets: Sets::default(),
            lints: LintFlags::default(),
            out: Some(out.to_owned()),
            resume: false,
            format: Format::Text,
        }
    }
}

/// Runs `bnnc train`.
pub fn run(args: &TrainArgs) -> Result<()> {
    if args.format == Format::Json {
        answers_alone();
    }
    let resumed = match (&args.out, args.resume) {
        (Some(out), true) => {
            let run = RunDir::open(out)?;
            let lock = run.lock()?;
            Some((run, lock))
        }
        (Some(out), false) => {
            // Before the data is read.
            RunDir::refuse_used(out)?;
            None
        }
        _ => None,
    };
    let (resumed, lock) = resumed.unzip();
    let (config, settings_from) = settings(args, resumed.as_ref())?;
    with_threads(config.threads, || {
        train(args, start(args, config, settings_from, resumed)?, lock)
    })
}

/// The settings: flags over the run file over the defaults; a run that goes on keeps its own. And where they are from, in
/// words.
pub(super) fn settings(args: &TrainArgs, resumed: Option<&RunDir>) -> Result<(Config, String)> {
    let (mut config, from) = match (&args.config, resumed) {
        (Some(path), _) => (Config::read(path)?, path.display().to_string()),
        (None, Some(run)) => (run.config()?, "the run".to_owned()),
        (None, None) => match Config::beside(&args.model)? {
            Some((path, config)) => (config, format!("{} (taken by its name)", path.display())),
            None => (Config::default(), "the defaults".to_owned()),
        },
    };
    let given: Given = [
        args.data.settings(),
        args.table.0.clone(),
        args.settings.0.clone(),
    ]
    .concat();
    config.apply(&given, &args.sets.set);
    // A file that is not where it was may be elsewhere; that it holds the same is looked at once it is read.
    let mut moved = None;
    if let (Some(run), Some(data)) = (resumed, &args.data.data) {
        // Its own data under its name is no other setting: the run's column and rows are that data's.
        let own = run.config()?.data;
        if own.is_gone() && config::is_path(data) {
            moved = Some(data);
        }
        if own.names(data) || moved.is_some() {
            config.data.name = own.name;
            config.data.target = args.data.target.clone().or(own.target);
            config.data.test_rows = args.data.test_rows.clone().or(own.test_rows);
            config.data.choices = config.data.choices.or(&own.choices);
        }
    }
    let set_aside = settle(&mut config, resumed)?;
    if let Some(data) = moved {
        config.data.name = Some(absolute(Path::new(data)).display().to_string());
    }
    let given = flags(args);
    let from = if given.is_empty() {
        from
    } else {
        format!("{from}, then {given}")
    };
    let from = match set_aside {
        true => format!("{from}; a tenth of the training examples set aside to stop early by"),
        false => from,
    };
    Ok((config, from))
}

/// The flags by which a result differs from that of the run file, data apart.
fn flags(args: &TrainArgs) -> String {
    let given = args
        .settings
        .0
        .iter()
        .filter(|(setting, _)| setting.key != "threads");
    let flags = given.filter_map(|(setting, _)| Some(format!("--{}", setting.flag.as_ref()?.name)));
    let flags = flags.chain(args.sets.given().map(Into::into));
    flags.collect::<Vec<_>>().join(" ")
}

/// Reads and checks all that a run needs, and tells what the user should know before it begins.
pub(super) fn start(
    args: &TrainArgs,
    config: Config,
    settings_from: String,
    resumed: Option<RunDir>,
) -> Result<Start> {
    let source = compile::read(&args.model)?;
    let start = train::start::start(source, config, settings_from, resumed)?;
    let lints = args.lints.warnings(&start.compiled, &start.facts)?;
    show(lints, &start.compiled);
    for warning in &start.warnings {
        err(&format!("warning: {warning}\n\n"));
    }
    Ok(start)
}

/// Set by the first Ctrl-C; a second ends the program at once.
pub(super) static STOP: AtomicBool = AtomicBool::new(false);

/// Sets [`STOP`] at the first Ctrl-C, which then finishes and saves the step under way of `what`.
pub(super) fn stop_at_ctrl_c(what: &str) {
    let handler = ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    if let Err(error) = handler {
        note(&format!(
            "Ctrl-C ends {what} at once, back to its last checkpoint: {error}\n"
        ));
    }
}

/// `lock`: that of the run that goes on.
fn train(args: &TrainArgs, start: Start, lock: Option<Lock>) -> Result<()> {
    let (config, prepared) = (&start.config, &start.prepared);
    let inference = &start.compiled.inference;
    let mut engine = start.engine()?;
    // Held until the end.
    let (run, _lock) = match (&start.resumed, lock) {
        (Some(run), Some(lock)) => (run.clone(), lock),
        _ => RunDir::create(args.out.as_deref(), &inference.name)?,
    };
    let mut training = start.training(&run, &mut *engine, &STOP);
    let steps = training.steps();
    let counters = start.begin(&mut training)?;
    introduce(args, &start, &run, steps, counters.step);
    stop_at_ctrl_c("this run");
    let begun = Instant::now();
    let mut print = |line: &str| told(format_args!("{line}\n"));
    let screen = Screen {
        print: &mut print,
        width: width(),
        bar: draws_bars().then_some(bar_width as fn() -> usize),
    };
    let mut progress = Progress::new(
        (config.all_epochs(), steps),
        inference.weights_label(),
        screen,
    );
    let outcome = training.train(counters, &mut progress);
    progress.finish();
    let last = progress.last();
    let seconds = begun.elapsed().as_secs_f64();
    let mut said_of_run = serde_json::json!({
        "run": run.path(),
        "model": inference.name,
        "training_examples": start.record.training_examples,
        "steps_per_epoch": steps,
        "seconds": seconds,
        "peak_memory": memory::peak(),
    });
    match outcome.map_err(|failure| with_cause(failure, prepared))? {
        Outcome::Interrupted { step } => {
            let (epoch, index) = (step / steps as u64, step % steps as u64);
            let (epochs, steps) = (
                plural(epoch as usize, "epoch"),
                plural(index as usize, "step"),
            );
            say!("\nstopped    after {epochs} and {steps}, saved");
            say!("go on      {}", resume_command(args, &run));
            said_of_run["state"] = "stopped".into();
            said_of_run["steps"] = step.into();
        }
        Outcome::Finished {
            epochs,
            best,
            clipped,
            said,
        } => {
            let time = duration(begun.elapsed());
            let memory = memory::peak().map_or(String::new(), |peak| {
                format!(", {} of memory at most", bytes(peak))
            });
            said_of_run["state"] = "finished".into();
            said_of_run["epochs"] = epochs.into();
            tell!("\nfinished   {} in {time}{memory}", plural(epochs, "epoch"));
            if let Some(most) = config.clip_norm {
                tell!(
                    "clipped    the gradient of {} of {}, to a norm of {most}",
                    thousands(clipped as usize),
                    counted(epochs * steps, "step", "steps")
                );
            }
            for (word, text) in said {
                tell_wrapped(&format!("{word:<11}"), &text);
                said_of_run["said"][word] = text.into();
            }
            let ended_early = best.is_some() && epochs < config.all_epochs();
            let mut warning = None;
            if let Some(((nll, fit), blind)) = last.zip(blind(prepared))
                && blind.suspects(nll, fit)
            {
                warning = warn_of_fit(&start, engine.predictor(), &blind)?;
            }
            let descends = !inference.method.is_sampler();
            if let Some(warning) = warning {
                said_of_run["warning"] = warning.into();
            } else if config.method.rounds() == 1 && descends {
                said_of_run["summary"] = summarize(config, &run, ended_early).into();
            }
            if let Some(scores) = conclude(&start, &run, engine.predictor())? {
                said_of_run["test"] = scores;
            }
        }
    }
    if args.format == Format::Json {
        answer(&said_of_run);
    }
    if is_quiet() {
        say!("directory  {}", run.path().display());
    }
    Ok(())
}

/// Adds to a fit that has diverged what stands out of its data.
fn with_cause(mut failure: Failure, prepared: &Prepared) -> Failure {
    if let Some(message) = failure.diagnostics.iter_mut().find(|m| m.code == "E0608") {
        message.notes.extend(prepared.lone.iter().cloned());
    }
    failure
}

/// The command that goes on with a run.
fn resume_command(args: &TrainArgs, run: &RunDir) -> String {
    format!(
        "bnnc train {} --out {} --resume",
        shell_word(&args.model),
        shell_word(run.path())
    )
}

/// A path as a shell takes it: in single quotes where it needs them.
pub(super) fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c) || c == MAIN_SEPARATOR;
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_where_a_shell_would_split_it() {
        for (path, word) in [
            ("runs/line-1", "runs/line-1"),
            ("my runs/a", "'my runs/a'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
        ] {
            assert_eq!(shell_word(Path::new(path)), word);
        }
    }
}
