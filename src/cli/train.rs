//! `bnnc train`: from a model file and data to a run directory.

mod conclude;
mod introduce;

use super::arguments::{DataSource, Sets, SettingFlags, TableFlags, with_threads};
use super::lints::{LintFlags, show};
use super::terminal::{bar_width, err, out, say, width};
use crate::compile::{self, Compiled};
use crate::data;
use crate::data::scaling::Transform;
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::evaluate;
use crate::ir::{self, Facts, Model};
use crate::optimizer::State;
use crate::plan::Plan;
use crate::pretrained;
use crate::terms::Naming;
use crate::train;
use crate::train::checkpoint::{Counters, model_fingerprint};
use crate::train::config::{self, Config};
use crate::train::descent::Descent;
use crate::train::fit::{Outcome, Training};
use crate::train::lock::Lock;
use crate::train::prepared::Prepared;
use crate::train::progress::{Progress, Screen, duration, number};
use crate::train::rows::{By, Rows};
use crate::train::run_dir::{DataRecord, RunDir};
use crate::train::settings::Given;
use crate::words::{list, plural};
use clap::Args;
use conclude::{blind, conclude, warn_of_fit};
use introduce::introduce;
use std::io::IsTerminal;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

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
            "`--data NAME`, one of {}; or `--data PATH` of a .csv, .npz or .toml",
            list(&names)
        ))
        .into()
}

/// A run about to begin or to go on.
struct Start {
    config: Config,
    /// Where the settings are from, in words.
    settings_from: String,
    compiled: Compiled,
    prepared: Prepared,
    record: DataRecord,
    rows: Rows,
    /// What the model's text and the lints have to know of the run.
    facts: Facts,
    plan: Arc<Plan>,
    fingerprint: String,
    /// The run that goes on.
    resumed: Option<RunDir>,
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

/// The settings: flags over the run file over the defaults; a run that goes on keeps its own.
fn settings(args: &TrainArgs, resumed: Option<&RunDir>) -> Result<(Config, String)> {
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
    if let (Some(run), Some(data)) = (resumed, &args.data.data) {
        // Its own data under its name is no other setting: the run's column and rows are that data's.
        let own = run.config()?.data;
        if own.names(data) {
            config.data.name = own.name;
            config.data.target = args.data.target.clone().or(own.target);
            config.data.test_rows = args.data.test_rows.clone().or(own.test_rows);
            config.data.choices = config.data.choices.or(&own.choices);
        }
    }
    // The run directory is read from other places, too.
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or(path.to_owned());
    if let Some(name) = &mut config.data.name
        && config::is_path(name)
    {
        *name = absolute(Path::new(name)).display().to_string();
    }
    config.data.directory = config.data.directory.as_deref().map(absolute);
    config.data.test_rows = config.data.test_rows.as_deref().map(absolute);
    if let Some(run) = resumed
        && let Some((key, old, new)) = run.config()?.change(&config)
    {
        let title = format!(
            "the run in `{}` has {key} = {old}, not {new}",
            run.path().display()
        );
        let message =
            Diagnostic::error("E0607", title).note("a run goes on with the settings it began with");
        let schedule = run.config()?.schedule.0;
        let name = schedule.signature().name;
        return Err(match (key.as_str(), schedule.needs_epochs()) {
            ("epochs", true) => message
                .note(format!(
                    "its schedule, {name}, goes by the number of epochs"
                ))
                .help("leave the setting out, or start a new run with another `--out`"),
            ("epochs", false) => message.help("more epochs may be asked for, not fewer"),
            _ => message.help("leave the setting out, or start a new run in another `--out`"),
        }
        .into());
    }
    let given = flags(args);
    let from = if given.is_empty() {
        from
    } else {
        format!("{from}, then {given}")
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

/// Reads and checks all that a run needs; writes nothing.
fn start(
    args: &TrainArgs,
    mut config: Config,
    settings_from: String,
    resumed: Option<RunDir>,
) -> Result<Start> {
    let source = compile::read(&args.model)?;
    let asked = config.request(None);
    super::width::fill(&source, &mut config.set, asked)?;
    if let Some(run) = &resumed
        && run.source()? != source.text
    {
        let title = format!("the run in `{}` is of another model", run.path().display());
        return Err(Diagnostic::error("E0606", title)
            .note(format!(
                "its model.bnn differs from {}",
                args.model.display()
            ))
            .into());
    }
    let mut compiled = match &resumed {
        None => compile::by_method(source, &config.set, config.inference)?,
        // From the weights that the run keeps copies of, as it began.
        Some(run) => compile::within(run.path(), source, &config.set, config.inference)?,
    };
    compiled.draw(config.samples);
    if let Some(run) = &resumed {
        same_weights(args, run, &compiled.inference)?;
    }
    let request = config.request(Some(compiled.inference.target.kind));
    let request = request.ok_or_else(|| no_data(&args.model))?;
    let mut prepared = Prepared::new(data::load(&request)?, &compiled.inference, &config)
        .map_err(|failure| failure.within(&compiled.source))?;
    let record = DataRecord::of(&prepared);
    let rows = Rows::of(&prepared);
    if let Some(run) = &resumed {
        let of_run = run.data(&compiled.inference)?;
        let kept = run.rows()?;
        let same_test = kept.as_ref().is_none_or(|kept| *kept == rows);
        if of_run.fingerprint != record.fingerprint
            || of_run.training_examples != record.training_examples
            || !same_test
        {
            let title = format!(
                "the data of the run in `{}` has changed",
                run.path().display()
            );
            let mut message = Diagnostic::error("E0607", title).note(format!(
                "{} does not hold the numbers that the run began with",
                record.name
            ));
            let data = &prepared.data;
            let compared = kept.map(|kept| kept.compare(data, By::Row));
            message.notes.extend(compared.map_or(vec![], |compared| {
                compared.differences(data.file_rows.as_ref())
            }));
            return Err(message.into());
        }
        // As it began: what is fitted may have been fitted otherwise then.
        prepared.scales = of_run.scales;
    }
    let aside = record.validation_examples;
    let found = data::Facts::of(&prepared.data);
    let facts = train::facts(&config, &compiled.inference, Some(&found), aside);
    show(args.lints.warnings(&compiled, &facts)?, &compiled);
    for remark in &prepared.data.seen.remarks {
        err(&format!("warning: {remark}\n\n"));
    }
    if resumed.is_none() {
        warn_of_other_scalings(&compiled.inference, &prepared.scales.inputs);
    }
    let plan = Arc::new(Plan::new(compiled.inference.clone()));
    let fingerprint = model_fingerprint(&compiled.source.text, &config.set, &plan.variables);
    Ok(Start {
        config,
        settings_from,
        compiled,
        prepared,
        record,
        rows,
        facts,
        plan,
        fingerprint,
        resumed,
    })
}

/// Tells of pretrained weights whose own run saw inputs of another scaling.
fn warn_of_other_scalings(model: &Model, inputs: &Transform) {
    for file in &model.pretrained {
        let folder = file.path.parent().unwrap_or(Path::new(""));
        let record = RunDir::open(folder).and_then(|run| run.record());
        let Ok(record) = record else { continue };
        let Some(most) = inputs.distance(&record.scales.inputs) else {
            continue;
        };
        if most > OTHER_SCALING {
            err(&format!(
                "warning: `{}` is of a run that scaled its inputs otherwise, by up to {} of a scale\n  \
                 its weights fit inputs scaled as in {}; `scaling` of [data] in the run file, or the same \
                 training data, makes them so\n\n",
                file.written,
                number(most),
                folder.join("data.json").display()
            ));
        }
    }
}

/// By this part of a scale two scalings may differ before it is told: other rows of the same data.
const OTHER_SCALING: f64 = 0.05;

/// That the files which a run began from still hold the same, where they are still there.
fn same_weights(args: &TrainArgs, run: &RunDir, model: &Model) -> Result<()> {
    let folder = args.model.parent().unwrap_or(Path::new(""));
    for file in &model.pretrained {
        let original = pretrained::locate(folder, &file.written);
        let Ok(contents) = crate::files::read(&original) else {
            continue;
        };
        if pretrained::sha256(&contents) != file.sha256 {
            let title = format!("the run in `{}` is of another model", run.path().display());
            let note = format!(
                "it starts from a copy of `{}` that differs from {}",
                file.written,
                original.display()
            );
            return Err(Diagnostic::error("E0606", title).note(note).into());
        }
    }
    Ok(())
}

/// Set by the first Ctrl-C; a second ends the program at once.
static STOP: AtomicBool = AtomicBool::new(false);

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
    let (optimizer, settings) = config.optimizer.clone();
    let optimizer = State::new(optimizer, settings, plan.trainable());
    let capacity = config.batch_size.max(evaluate::BATCH);
    let mut engine = Descent::new(plan.clone(), optimizer, capacity)?;
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
        naming: Naming::new(inference, prepared.scales.log_scale()),
        run: &run,
        stop: &STOP,
        engine: &mut engine,
    };
    let steps = training.steps();
    let counters = match start.resumed {
        Some(_) => {
            let counters = training.load()?;
            if counters.step >= (config.epochs * steps) as u64 {
                let title = format!(
                    "the run in `{}` is finished: {} epochs",
                    run.path().display(),
                    config.epochs
                );
                let message = Diagnostic::error("E0607", title);
                let schedule = config.schedule.0;
                return Err(match schedule.needs_epochs() {
                    false => message.help(format!(
                        "`--epochs {}` trains it further",
                        2 * config.epochs
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
            run.write_config(config)?;
            counters
        }
        None => {
            let ir = ir::text(inference, facts);
            training.engine.initialize(config.seed);
            run.keep(&inference.pretrained)
                .and_then(|()| run.write(&compiled.source.text, config, record, rows, &ir))
                .and_then(|()| training.save(&Counters::default()))
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
    let mut progress = Progress::new((config.epochs, steps), inference.weights_label(), screen);
    let outcome = training.train(counters, &mut progress);
    progress.finish();
    let last = progress.last();
    match outcome? {
        Outcome::Interrupted { step } => {
            let (epoch, index) = (step / steps as u64, step % steps as u64);
            let (epochs, steps) = (
                plural(epoch as usize, "epoch"),
                plural(index as usize, "step"),
            );
            say!("\nstopped    after {epochs} and {steps}, saved");
            say!("go on      {}", resume_command(args, &run));
        }
        Outcome::Finished => {
            let time = duration(begun.elapsed());
            say!("\nfinished   {} in {time}", plural(config.epochs, "epoch"));
            if let Some(((nll, fit), blind)) = last.zip(blind(prepared))
                && blind.suspects(nll, fit)
            {
                warn_of_fit(&start, &mut engine, &blind)?;
            }
            conclude(&start, &run, &mut engine)?;
        }
    }
    Ok(())
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
