//! What a run needs before its first step: its settings, its model, its data.

use super::warm::Warm;
use super::{TrainArgs, no_data};
use crate::cli::lints::show;
use crate::cli::terminal::err;
use crate::compile::{self, Compiled};
use crate::data;
use crate::data::scaling::Transform;
use crate::diagnostic::{Diagnostic, Result};
use crate::examples::Scales;
use crate::ir::{Facts, Model};
use crate::plan::Plan;
use crate::pretrained;
use crate::train;
use crate::train::checkpoint::model_fingerprint;
use crate::train::config::{self, Config};
use crate::train::prepared::Prepared;
use crate::train::progress::number;
use crate::train::rows::{By, Rows};
use crate::train::run_dir::{DataRecord, RunDir};
use crate::train::settings::Given;
use std::path::Path;
use std::sync::Arc;

/// A run about to begin or to go on.
pub(in crate::cli) struct Start {
    pub(in crate::cli) config: Config,
    /// Where the settings are from, in words.
    pub(in crate::cli) settings_from: String,
    pub(in crate::cli) compiled: Compiled,
    pub(in crate::cli) prepared: Prepared,
    pub(in crate::cli) record: DataRecord,
    pub(in crate::cli) rows: Rows,
    /// What the model's text and the lints have to know of the run.
    pub(in crate::cli) facts: Facts,
    pub(in crate::cli) plan: Arc<Plan>,
    pub(in crate::cli) fingerprint: String,
    /// The run that goes on.
    pub(in crate::cli) resumed: Option<RunDir>,
    /// What a new run takes over from another.
    pub(in crate::cli) warm: Option<Warm>,
}

/// The settings: flags over the run file over the defaults; a run that goes on keeps its own.
pub(in crate::cli) fn settings(
    args: &TrainArgs,
    resumed: Option<&RunDir>,
) -> Result<(Config, String)> {
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
    let set_aside = config.watch()?;
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
    // The run directory is read from other places, too.
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or(path.to_owned());
    if let Some(name) = &mut config.data.name
        && config::is_path(name)
    {
        *name = absolute(Path::new(name)).display().to_string();
    }
    config.data.directory = config.data.directory.as_deref().map(absolute);
    config.tensorboard = config.tensorboard.as_deref().map(absolute);
    config.from = config.from.as_deref().map(absolute);
    config.data.test_rows = config.data.test_rows.as_deref().map(absolute);
    if let Some(run) = resumed {
        config.follow(&run.config()?);
    }
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

impl Start {
    /// The data that the run asks for.
    pub(in crate::cli) fn request(&self) -> data::Request {
        let request = self.config.request(Some(&self.compiled.inference));
        request.expect("a run has data")
    }
}

/// Reads and checks all that a run needs; writes nothing.
pub(in crate::cli) fn start(
    args: &TrainArgs,
    mut config: Config,
    settings_from: String,
    resumed: Option<RunDir>,
) -> Result<Start> {
    let source = compile::read(&args.model)?;
    let asked = config.request(None);
    let of_data = config.data.clone();
    let elsewhere = |failure| match &resumed {
        Some(_) => of_data.with_new_place(failure),
        None => failure,
    };
    crate::cli::width::fill(&source, &mut config.set, asked).map_err(elsewhere)?;
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
        None => compile::by_method(source, &config.set, config.inference.clone())?,
        // From the weights that the run keeps copies of, as it began.
        Some(run) => compile::within(run.path(), source, &config.set, config.inference.clone())?,
    };
    compiled.draw(config.samples);
    let method = &compiled.inference.method;
    config.follow_method(method);
    if let Some(run) = &resumed
        && method.entry.needs_epochs()
    {
        refuse_longer(run, &config, method.signature().name)?;
    }
    if let Some(run) = &resumed {
        same_weights(args, run, &compiled.inference)?;
    }
    let request = config.request(Some(&compiled.inference));
    let request = request.ok_or_else(|| no_data(&args.model))?;
    let (first, others) = data::load_all(&request).map_err(elsewhere)?;
    let mut prepared = Prepared::new(first, others, &compiled.inference, &mut config)
        .map_err(|failure| failure.within(&compiled.source))?;
    let record = DataRecord::of(&prepared, &compiled.inference);
    let rows = Rows::of(&prepared);
    if let Some(run) = &resumed {
        let of_run = run.data(&compiled.inference)?;
        let kept = run.rows()?;
        let same_test = kept.as_ref().is_none_or(|kept| *kept == rows);
        if of_run.fingerprint != record.fingerprint
            || of_run.training_examples != record.training_examples
            || of_run.counts != record.counts
            || of_run.others.len() != record.others.len()
            || (of_run.others.iter().zip(&record.others))
                .any(|(a, b)| a.fingerprint != b.fingerprint)
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
        for (other, of_run) in prepared.others.iter_mut().zip(of_run.others) {
            other.scales = Scales {
                inputs: prepared.scales.inputs.clone(),
                targets: of_run.targets,
            };
        }
    }
    let found = data::Facts::of(&prepared.data);
    let aside = &prepared.rows[1];
    let others = prepared.others.iter();
    let others: Vec<data::Facts> = others.map(|other| data::Facts::of(&other.data)).collect();
    let facts = train::facts(&config, &compiled.inference, Some(&found), &others, aside);
    show(args.lints.warnings(&compiled, &facts)?, &compiled);
    let remarks = prepared.data.seen.remarks.iter();
    for remark in remarks.chain(&prepared.lone) {
        err(&format!("warning: {remark}\n\n"));
    }
    if resumed.is_none() {
        warn_of_batch_norms(&compiled.inference);
        warn_of_other_scalings(&compiled.inference, &prepared.scales.inputs);
    }
    let plan = Arc::new(Plan::new(compiled.inference.clone()));
    let warm = match (&config.from, &resumed) {
        (Some(from), None) => Some(Warm::read(from, &plan, &prepared.scales, &rows)?),
        _ => None,
    };
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
        warm,
    })
}

/// Refuses more epochs of a run whose method goes by their number.
fn refuse_longer(run: &RunDir, config: &Config, method: &str) -> Result<()> {
    let epochs = run.config()?.epochs();
    if config.epochs() == epochs {
        return Ok(());
    }
    let title = format!(
        "the run in `{}` has epochs = {epochs}, not {}",
        run.path().display(),
        config.epochs()
    );
    Err(Diagnostic::error("E0607", title)
        .note(format!("`{method}` goes by the number of epochs"))
        .help("leave the setting out, or start a new run with another `--out`")
        .into())
}

/// Tells of batch norms in files of PyTorch, whose layers the model does not have.
fn warn_of_batch_norms(model: &Model) {
    for file in &model.pretrained {
        let mut unread = file.unread.iter();
        if let Some(norm) = unread.find_map(|name| name.strip_suffix(".running_mean")) {
            err(&format!(
                "warning: `{}` has a batch norm, `{norm}`, which the model does not have\n  \
                 its weights fit values that are normalized there: fold it into the layer before it\n\n",
                file.written
            ));
        }
    }
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
        warn_of_other_scaling(&file.written, "is of a run that ", "inputs", most, folder);
    }
}

/// Tells that `name` has weights of the run in `folder`, whose inputs or targets were scaled otherwise, by `most` of a
/// scale.
pub(super) fn warn_of_other_scaling(name: &str, is: &str, what: &str, most: f64, folder: &Path) {
    if most <= OTHER_SCALING {
        return;
    }
    let setting = if what == "inputs" { "scaling" } else { what };
    err(&format!(
        "warning: `{name}` {is}scaled its {what} otherwise, by up to {} of a scale\n  \
         its weights fit {what} scaled as in {}; `{setting}` of [data] in the run file, or the same \
         training data, makes them so\n\n",
        number(most),
        folder.join("data.json").display()
    ));
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
