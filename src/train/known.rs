//! What the settings of a run and its data say before anything is trained: for the numbers of the
//! scales, and for the lints.

use super::Config;
use super::config::is_path;
use super::data_record::DataRecord;
use super::fitting::{self, input_mismatch, inputs_mismatch, order_of_classes};
use super::prepared::batch_fits;
use crate::compile::Compiled;
use crate::data::{self, split};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::ir::method::MovedBy;
use crate::ir::{self, Model};
use crate::show;
use crate::signature::{Constant, Constants, Signature};
use crate::syntax::ast::OF_DATA;

/// What is known of a run before it begins.
pub struct Known {
    /// For the numbers of the scales, and for the lints.
    pub facts: ir::Facts,
    /// What the data hold, with each of the model's targets; empty where no data are named.
    pub found: Vec<data::Facts>,
    /// What was chosen of the settings, in words.
    pub chosen: Option<String>,
    /// What is odd about the data, a sentence each.
    pub remarks: Vec<String>,
}

/// Looks at the data that the settings name and holds them against the model.
///
/// # Errors
///
/// Data that cannot be read or does not fit the model; a batch larger than the training part.
pub fn known(config: &mut Config, compiled: &Compiled) -> Result<Known> {
    config.follow_method(&compiled.inference.method);
    let Some(request) = config.request(Some(&compiled.inference)) else {
        return Ok(Known {
            facts: facts(config, &compiled.inference, None, &[], [&[]; 2]),
            found: vec![],
            chosen: None,
            remarks: vec![],
        });
    };
    let (mut of_targets, mut remarks) = (vec![], vec![]);
    for (request, alone) in request
        .of_targets()?
        .iter()
        .zip(compiled.inference.of_targets())
    {
        let found = data::facts(request)?;
        remarks.extend_from_slice(&found.remarks);
        if let Some(message) = mismatch(&alone, &found) {
            if message.code == "E0509" && is_path(&request.data) {
                // The rows of a file say which of them does not fit.
                fitting::check(&data::load(request)?, &alone)
                    .map_err(|failure| failure.within(&compiled.source))?;
            }
            return Err(Failure::new(vec![message], compiled.source.clone()));
        }
        remarks.extend(order_of_classes(
            &found.class_names,
            found.columns.as_ref(),
            &config.data.choices,
            &alone,
        ));
        of_targets.push(found);
    }
    let (found, others) = of_targets.split_first().expect("a model has a target");
    let (part, groups) = (config.data.set_aside(), found.groups.as_deref());
    let in_time = found.in_time.as_ref();
    let parts = split::set_aside(found.rows(), groups, in_time, part, config.seed)?;
    let n = found.examples(&parts.0);
    let chosen = config.choose(n, &compiled.inference).words(config, n);
    batch_fits(config.batch_size(), n)?;
    Ok(Known {
        facts: facts(
            config,
            &compiled.inference,
            Some(found),
            others,
            [&parts.0, &parts.1],
        ),
        found: of_targets,
        chosen,
        remarks,
    })
}

/// Why the model cannot learn from the data.
fn mismatch(model: &Model, found: &data::Facts) -> Option<Diagnostic> {
    let columns = found.columns.as_ref();
    if let Some(message) = inputs_mismatch(&found.inputs, model, &found.name) {
        return Some(message);
    }
    if let Some(message) = input_mismatch(
        &found.input_shape,
        columns,
        &found.taken,
        model,
        &found.name,
    ) {
        return Some(message);
    }
    let why = found.target.accepts(model.target.kind).err()?;
    let title = format!("the targets of {} do not fit: {why}", found.name);
    Some(Diagnostic::error("E0509", title).at(model.observe.span, ""))
}

/// Of a run of the model with these settings on data that holds `found`: which rows of it are trained on, and which are
/// set aside.
pub fn facts(
    config: &Config,
    model: &Model,
    found: Option<&data::Facts>,
    others: &[data::Facts],
    [trained, aside]: [&[usize]; 2],
) -> ir::Facts {
    let left = found.map(|found| found.examples(trained));
    let aside_examples = found.map_or(0, |found| found.examples(aside));
    let column = found.and_then(|found| found.columns.as_ref()?.weights.clone());
    let is_counted = found.is_some_and(|found| found.counts.is_some());
    let counted = column.filter(|_| is_counted).map(|column| ir::Counted {
        rows: trained.len(),
        column,
    });
    let target =
        |number: usize, found: &data::Facts| of_target(config, &model.of_target(number), found);
    let first = found.map(|found| target(0, found)).unwrap_or_default();
    ir::Facts {
        training_examples: left,
        counted,
        validation_examples: aside_examples,
        batch: Some(left.map_or(config.batch_size(), |n| config.batch_size().min(n))),
        epochs: config.epochs,
        warm_up: warm_up(config),
        augmented: config.augmentation.is_on(),
        decay: {
            let (optimizer, settings) = &config.optimizer;
            let decay = optimizer.decay(settings, 1.0);
            let is_used = config.method.entry.moved_by() == MovedBy::Optimizer;
            decay.filter(|decay| decay.rate > 0.0 && is_used)
        },
        evaluation_samples: Some(config.evaluation_samples),
        classes: first.classes,
        absent_classes: first.absent_classes,
        unseen_tokens: found.map_or(vec![], |found| found.unseen_tokens.clone()),
        targets: first.targets,
        others: (1..)
            .zip(others)
            .map(|(number, found)| target(number, found))
            .collect(),
        initial_terms: vec![],
        made_of: found.and_then(|found| Some(found.columns.as_ref()?.steps.as_ref()?.sentence())),
        data: found.map(|found| found.name.clone()),
        // The width that the data have stands in the input's shape; nobody set it.
        set: (config.set.iter())
            .filter(|(name, _)| name != OF_DATA)
            .cloned()
            .collect(),
        prior_factor: None,
        left_out: vec![],
        training: None,
    }
}

/// Of a run that is opened, for its methods section.
pub fn facts_of_run(config: &Config, record: &DataRecord, model: &Model) -> ir::Facts {
    let n = record.training_examples;
    let columns = record.columns.as_ref();
    ir::Facts {
        training_examples: Some(n),
        validation_examples: record.validation_examples,
        batch: Some(config.batch_size().min(n)),
        made_of: columns.and_then(|columns| Some(columns.steps.as_ref()?.sentence())),
        data: Some(record.name.clone()),
        training: Some(training(config)),
        ..facts(config, model, None, &[], [&[]; 2])
    }
}

/// What is known of the model's only target.
fn of_target(config: &Config, model: &Model, found: &data::Facts) -> ir::TargetFacts {
    let heavy_tailed = model.summary().heavy_tailed();
    let of_model = model.target.kind.axes().is_some() || found.target.shape.rank() == 0;
    let observed = found.observed.iter();
    ir::TargetFacts {
        classes: found.target.classes.filter(|_| of_model),
        absent_classes: found.absent.clone(),
        targets: match config.data.targets {
            "standardize" => observed.map(|o| o.standardized(heavy_tailed)).collect(),
            _ => observed.copied().collect(),
        },
    }
}

/// How a run with these settings is trained, for [`ir::Facts::training`].
pub fn training(config: &Config) -> ir::Training {
    let method = |signature: &Signature, settings: &Constants| ir::Method {
        name: signature.name,
        settings: settings
            .0
            .iter()
            .map(|(name, value)| (*name, shown(value)))
            .collect(),
    };
    ir::Training {
        inputs: config.data.scaling,
        targets_standardized: config.data.targets == "standardize",
        epochs: config.epochs(),
        optimizer: match config.method.default_learning_rate() {
            None => method(config.optimizer.0.signature(), &config.optimizer.1),
            Some(_) => {
                let own = &config.method;
                let rate = ("learning_rate", show(config.learning_rate()));
                let mut own = method(own.signature(), &own.arguments);
                own.settings.insert(0, rate);
                own
            }
        },
        schedule: method(config.schedule.0.signature(), &config.schedule.1),
        clip_norm: config.clip_norm,
        ema_decay: config.ema_decay,
        augmentation: config.augmentation.words(),
        from_a_run: config.from.is_some(),
    }
}

fn shown(value: &Constant) -> String {
    match value {
        Constant::Number(x) => show(*x),
        Constant::Count(n) => n.to_string(),
        Constant::Word(word) => (*word).into(),
        Constant::Pair(_)
        | Constant::Triple(_)
        | Constant::Cells(_)
        | Constant::Counts(_)
        | Constant::Names(_) => value.to_string(),
    }
}

/// The schedule's `warmup_epochs`, if it has them.
fn warm_up(config: &Config) -> Option<f64> {
    let mut settings = config.schedule.1.0.iter();
    match settings.find(|(name, _)| *name == "warmup_epochs") {
        Some((_, Constant::Number(epochs))) => Some(*epochs),
        _ => None,
    }
}
