//! What a run needs before its first step: its settings, its model, its data.

use super::checkpoint::model_fingerprint;
use super::config::{self, Config};
use super::data_record::DataRecord;
use super::fitting::order_of_classes;
use super::prepared::Prepared;
use super::progress::number;
use super::rows::{By, Rows};
use super::run_dir::RunDir;
use super::warm_start::Warm;
use super::width;
use crate::compile::{self, Compiled};
use crate::data;
use crate::data::scaling::Transform;
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::examples::Scales;
use crate::ir::{Facts, Model};
use crate::plan::Plan;
use crate::pretrained::{self, File};
use crate::source::Source;
use crate::syntax::ast::OF_DATA;
use crate::words::list;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A run about to begin or to go on.
pub struct Start {
    /// The settings, all of them filled in.
    pub config: Config,
    /// Where the settings are from, in words.
    pub settings_from: String,
    /// The model.
    pub compiled: Compiled,
    /// The data.
    pub prepared: Prepared,
    /// What the run keeps of the data.
    pub record: DataRecord,
    /// The digests of its rows.
    pub rows: Rows,
    /// What the model's text and the lints have to know of the run.
    pub facts: Facts,
    /// What is run.
    pub plan: Arc<Plan>,
    /// What tells the model from other models.
    pub fingerprint: String,
    /// The run that goes on.
    pub resumed: Option<RunDir>,
    /// What a new run takes over from another.
    pub warm: Option<Warm>,
    /// What the user should know before the run begins, beside what the lints say.
    pub warnings: Vec<String>,
}

/// Completes the settings of a run before its data are read: paths are made absolute, a run that goes on keeps what is
/// not said anew. Whether training examples are set aside because the run may end early.
///
/// # Errors
///
/// `E0603` where a run may end early and no examples may be set aside; `E0607` where a run would go on with other
/// settings.
pub fn settle(config: &mut Config, resumed: Option<&RunDir>) -> Result<bool> {
    let set_aside = config.watch()?;
    // The run directory is read from other places, too.
    if let Some(name) = &mut config.data.name
        && config::is_path(name)
    {
        *name = absolute(Path::new(name)).display().to_string();
    }
    config.data.directory = config.data.directory.as_deref().map(absolute);
    config.tensorboard = config.tensorboard.as_deref().map(absolute);
    config.from = config.from.as_deref().map(absolute);
    config.data.test_rows = config.data.test_rows.as_deref().map(absolute);
    let Some(run) = resumed else {
        return Ok(set_aside);
    };
    let own = run.config()?;
    // The width that the run has read off its data.
    let is_width = |(name, _): &&(String, String)| name == OF_DATA;
    if !config.set.iter().any(|set| is_width(&set)) {
        config.set.extend(own.set.iter().find(is_width).cloned());
    }
    config.follow(&own);
    if let Some((key, old, new)) = run.config()?.change(config) {
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
    Ok(set_aside)
}

/// A path that is right from any folder.
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or(path.to_owned())
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

impl Start {
    /// The data that the run asks for.
    pub fn request(&self) -> data::Request {
        let request = self.config.request(Some(&self.compiled.inference));
        request.expect("a run has data")
    }
}

/// Reads and checks all that a run needs; writes nothing. The name of `source` is the model file's path, beside which
/// the files are that it names.
///
/// # Errors
///
/// Every mistake of the model and the settings; data that cannot be read or does not fit the model; a run that cannot go
/// on with them.
pub fn start(
    source: Source,
    mut config: Config,
    settings_from: String,
    resumed: Option<RunDir>,
) -> Result<Start> {
    let model = PathBuf::from(&source.name);
    let mut warnings = vec![];
    let asked = config.request(None);
    let of_data = config.data.clone();
    let elsewhere = |failure| match &resumed {
        Some(_) => of_data.with_new_place(failure),
        None => failure,
    };
    width::fill(&source, &mut config.set, asked).map_err(elsewhere)?;
    if let Some(run) = &resumed
        && run.source()? != source.text
    {
        let title = format!("the run in `{}` is of another model", run.path().display());
        return Err(Diagnostic::error("E0606", title)
            .note(format!("its model.bnn differs from {}", model.display()))
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
        same_weights(&model, run, &compiled.inference)?;
    }
    let request = config.request(Some(&compiled.inference));
    let request = request.ok_or_else(|| no_data(&model))?;
    let (first, others) = data::load_all(&request).map_err(elsewhere)?;
    let mut prepared = Prepared::new(first, others, &compiled.inference, &mut config)
        .map_err(|failure| failure.within(&compiled.source))?;
    let record = DataRecord::of(&prepared, &compiled.inference)?;
    let rows = prepared.digests()?;
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
            let compared = kept.map(|kept| kept.compare(data, By::Row)).transpose()?;
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
    let parts = prepared.rows.each_ref().map(Vec::as_slice);
    let others = prepared.others.iter();
    let others: Vec<data::Facts> = others.map(|other| data::Facts::of(&other.data)).collect();
    let facts = super::facts(&config, &compiled.inference, Some(&found), &others, parts);
    warnings.extend_from_slice(&prepared.data.seen.remarks);
    warnings.extend_from_slice(&prepared.lone);
    if resumed.is_none() {
        let (classes, columns) = (&found.class_names, found.columns.as_ref());
        let choices = &config.data.choices;
        warnings.extend(order_of_classes(
            classes,
            columns,
            choices,
            &compiled.inference,
        ));
    }
    if resumed.is_none() {
        warnings.extend(batch_norms(&compiled.inference));
        warnings.extend(other_scalings(&compiled.inference, &prepared.scales.inputs));
    }
    let plan = Arc::new(Plan::new(compiled.inference.clone()));
    let warm = match (&config.from, &resumed) {
        (Some(from), None) => Some(Warm::read(from, &plan, &prepared.scales, &rows)?),
        _ => None,
    };
    warnings.extend(warm.iter().flat_map(|warm| warm.warnings.iter().cloned()));
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
        warnings,
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

/// Batch norms in files of PyTorch, whose layers the model does not have.
fn batch_norms(model: &Model) -> Vec<String> {
    let norm = |file: &File| {
        let mut unread = file.unread.iter();
        let norm = unread.find_map(|name| name.strip_suffix(".running_mean"))?;
        Some(format!(
            "`{}` has a batch norm, `{norm}`, which the model does not have\n  \
             its weights fit values that are normalized there: fold it into the layer before it",
            file.written
        ))
    };
    model.pretrained.iter().filter_map(norm).collect()
}

/// Pretrained weights whose own run saw inputs of another scaling.
fn other_scalings(model: &Model, inputs: &Transform) -> Vec<String> {
    let other = |file: &File| {
        let folder = file.path.parent().unwrap_or(Path::new(""));
        let record = RunDir::open(folder).and_then(|run| run.record()).ok()?;
        let most = inputs.distance(&record.scales.inputs)?;
        of_other_scaling(&file.written, "is of a run that ", "inputs", most, folder)
    };
    model.pretrained.iter().filter_map(other).collect()
}

/// The warning that `name` has weights of the run in `folder`, whose inputs or targets were scaled otherwise, by `most`
/// of a scale; none where that is little.
pub(super) fn of_other_scaling(
    name: &str,
    is: &str,
    what: &str,
    most: f64,
    folder: &Path,
) -> Option<String> {
    if most <= OTHER_SCALING {
        return None;
    }
    let setting = if what == "inputs" { "scaling" } else { what };
    Some(format!(
        "`{name}` {is}scaled its {what} otherwise, by up to {} of a scale\n  \
         its weights fit {what} scaled as in {}; `{setting}` of [data] in the run file, or the same \
         training data, makes them so",
        number(most),
        folder.join("data.json").display()
    ))
}

/// Two scalings may differ by this part of a scale without a warning: other rows of the same data do.
const OTHER_SCALING: f64 = 0.05;

/// That the files which a run began from still hold the same, where they are still there.
fn same_weights(of_model: &Path, run: &RunDir, model: &Model) -> Result<()> {
    let folder = of_model.parent().unwrap_or(Path::new(""));
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
