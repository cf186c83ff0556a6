//! `bnnc train`: from a model file and data to a run directory.

mod conclude;
mod introduce;
mod start;

use super::arguments::{DataSource, Sets, SettingFlags, TableFlags, with_threads};
use super::lints::LintFlags;
use super::terminal::{bar_width, err, out, say, width};
use crate::data;
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::evaluate;
use crate::ir;
use crate::memory;
use crate::terms::Naming;
use crate::train::Config;
use crate::train::checkpoint::Counters;
use crate::train::descent::Descent;
use crate::train::fit::{Outcome, Training};
use crate::train::lock::Lock;
use crate::train::prepared::Prepared;
use crate::train::progress::{Progress, Screen, duration, number};
use crate::train::run_dir::RunDir;
use crate::train::tensorboard::Events;
use crate::words::{bytes, counted, list, plural, thousands};
use clap::Args;
use conclude::{blind, conclude, summarize, warn_of_fit};
use introduce::introduce;
use start::{Start, settings, start};
use std::io::IsTerminal;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The arguments of `bnnc train`.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// The model file
    model: PathBuf,
    #[command(flatten)]
    data: DataSource,
    /// A run file; else the one of the model's name beside it, if there is one
    #[arg(long, value_name = "RUN.toml")]
    config: Option<PathBuf>,
    #[command(flatten)]
    table: TableFlags,
    #[command(flatten)]
    settings: SettingFlags,
    #[command(flatten)]
    sets: Sets,
    #[command(flatten)]
    lints: LintFlags,
    /// The run directory; else the first free of runs/MODEL-1, runs/MODEL-2, …
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on with the run in --out; more --epochs may be asked for
    #[arg(long, requires = "out")]
    resume: bool,
}

/// No data is named.
pub fn no_data(model: &Path) -> Failure {
    let title = format!("no data is named to use `{}` with", model.display());
    let names: Vec<_> = data::catalog::CATALOG.iter().map(|e| e.name()).collect();
    Diagnostic::error("E0603", title)
        .help(format!(
            "`--data NAME`, one of {}; or `--data PATH` of a table, an .npz, IDX, a .toml or a folder of images",
            list(&names)
        ))
        .into()
}

/// Runs `bnnc train`.
pub fn run(args: &TrainArgs) -> Result<()> {
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

/// Set by the first Ctrl-C; a second ends the program at once.
static STOP: AtomicBool = AtomicBool::new(false);

/// No checkpoint is made sooner after another.
const BETWEEN_SAVES: Duration = Duration::from_millis(200);

/// `lock`: that of the run that goes on.
fn train(args: &TrainArgs, start: Start, lock: Option<Lock>) -> Result<()> {
    let Start {
        config,
        compiled,
        prepared,
        record,
        rows,
        facts,
        plan,
        fingerprint,
        ..
    } = &start;
    let inference = &compiled.inference;
    let capacity = config.batch_size().max(evaluate::BATCH);
    let mut engine = Descent::new(plan.clone(), config, capacity)?;
    // Held until the end.
    let (run, _lock) = match (&start.resumed, lock) {
        (Some(run), Some(lock)) => (run.clone(), lock),
        _ => RunDir::create(args.out.as_deref(), &inference.name)?,
    };
    let mut training = Training {
        fingerprint,
        config,
        part: prepared.training(),
        validation: prepared.validation(),
        naming: Naming::new(inference, prepared.training().log_scales()),
        run: &run,
        events: None,
        stop: &STOP,
        between_saves: BETWEEN_SAVES,
        engine: &mut engine,
    };
    let steps = training.steps();
    let counters = match start.resumed {
        Some(_) => {
            let counters = training.load()?;
            if training.is_over(&counters) {
                return Err(over(&run, config, &counters));
            }
            if counters.step >= (config.epochs() * steps) as u64 {
                let title = format!(
                    "the run in `{}` is finished: {} epochs",
                    run.path().display(),
                    config.epochs()
                );
                let message = Diagnostic::error("E0607", title);
                let schedule = config.schedule.0;
                return Err(match schedule.needs_epochs() {
                    false => message.help(format!(
                        "`--epochs {}` trains it further",
                        2 * config.epochs()
                    )),
                    true => message
                        .note(format!(
                            "its schedule, {}, goes by the number of epochs and has ended",
                            schedule.signature().name
                        ))
                        .help("to train for longer, start a new run with another `--out`"),
                }
                .into());
            }
            training.events = events(config, &run, Some(counters.step))?;
            run.write_config(config)?;
            counters
        }
        None => {
            let ir = ir::text(inference, facts);
            training.engine.initialize(config.seed);
            run.keep(&inference.pretrained)
                .and_then(|()| run.write(&compiled.source.text, config, record, rows, &ir))
                .and_then(|()| events(config, &run, None))
                .and_then(|events| {
                    training.events = events;
                    training.save(&Counters::default())
                })
                // Without its first checkpoint it is no run: the next try finds its place free.
                .inspect_err(|_| run.remove_unbegun())?;
            Counters::default()
        }
    };
    introduce(args, &start, &run, steps, counters.step);
    let handler = ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    if let Err(error) = handler {
        err(&format!(
            "Ctrl-C ends this run at once, back to its last checkpoint: {error}\n"
        ));
    }
    let begun = Instant::now();
    let mut print = |line: &str| out(format_args!("{line}\n"));
    let screen = Screen {
        print: &mut print,
        width: width(),
        bar: std::io::stderr()
            .is_terminal()
            .then_some(bar_width as fn() -> usize),
    };
    let mut progress = Progress::new((config.epochs(), steps), inference.weights_label(), screen);
    let outcome = training.train(counters, &mut progress);
    progress.finish();
    let last = progress.last();
    match outcome.map_err(|failure| with_cause(failure, prepared))? {
        Outcome::Interrupted { step } => {
            let (epoch, index) = (step / steps as u64, step % steps as u64);
            let (epochs, steps) = (
                plural(epoch as usize, "epoch"),
                plural(index as usize, "step"),
            );
            say!("\nstopped    after {epochs} and {steps}, saved");
            say!("go on      {}", resume_command(args, &run));
        }
        Outcome::Finished {
            epochs,
            best,
            clipped,
        } => {
            let time = duration(begun.elapsed());
            let memory = memory::peak().map_or(String::new(), |peak| {
                format!(", {} of memory at most", bytes(peak))
            });
            say!("\nfinished   {} in {time}{memory}", plural(epochs, "epoch"));
            if let Some(most) = config.clip_norm {
                say!(
                    "clipped    the gradient of {} of {}, to a norm of {most}",
                    thousands(clipped as usize),
                    counted(epochs * steps, "step", "steps")
                );
            }
            if best.is_some() {
                training.restore_best()?;
            }
            let mut warned = false;
            if let Some(((nll, fit), blind)) = last.zip(blind(prepared))
                && blind.suspects(nll, fit)
            {
                warned = warn_of_fit(&start, &mut engine, &blind)?;
            }
            if !warned {
                summarize(config, &run, epochs < config.epochs());
            }
            conclude(&start, &run, &mut engine)?;
        }
    }
    Ok(())
}

/// Where TensorBoard reads of a run that begins, or goes on after so many steps, if it is to.
fn events(config: &Config, run: &RunDir, goes_on: Option<u64>) -> Result<Option<Events>> {
    let Some(folder) = &config.tensorboard else {
        return Ok(None);
    };
    let path = run.path().canonicalize().unwrap_or(run.path().into());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Events::open(folder, &name, goes_on).map(Some)
}

/// A run that has ended early does not go on.
fn over(run: &RunDir, config: &Config, counters: &Counters) -> Failure {
    let title = format!(
        "the run in `{}` has ended early: it does not go on",
        run.path().display()
    );
    let patience = plural(config.patience().unwrap_or(0), "epoch");
    let best = counters.best.map_or(String::new(), |best| {
        format!(
            "its validation nll was lowest after epoch {}, {}, and ",
            best.epoch,
            number(best.nll)
        )
    });
    Diagnostic::error("E0607", title)
        .note(format!("{best}has not fallen for {patience}"))
        .help("a new run in another `--out` with a larger `--early-stopping=EPOCHS`, or without, goes on for longer")
        .into()
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
fn shell_word(path: &Path) -> String {
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
