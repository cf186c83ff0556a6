//! What the settings of a run and its data say before anything is trained: for the numbers of the
//! scales, and for the lints.

use super::Config;
use crate::data;
use crate::ir::method::MovedBy;
use crate::ir::{self, Model};
use crate::show;
use crate::signature::{Constant, Constants, Signature};

/// Of a run of the model with these settings on data that holds `found`, the rows `aside` of it set aside.
pub fn facts(
    config: &Config,
    model: &Model,
    found: Option<&data::Facts>,
    others: &[data::Facts],
    aside: &[usize],
) -> ir::Facts {
    let counts = found.and_then(|found| found.counts.as_ref());
    let left = found.map(|found| found.left(aside));
    let aside_examples = found
        .zip(left)
        .map_or(0, |(found, left)| found.train - left);
    let column = found.and_then(|found| found.columns.as_ref()?.weights.clone());
    let counted = column.zip(counts).map(|(column, counts)| ir::Counted {
        rows: counts.len() - aside.len(),
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
        targets: first.targets,
        others: (1..)
            .zip(others)
            .map(|(number, found)| target(number, found))
            .collect(),
        initial_terms: vec![],
        data: found.map(|found| found.name.clone()),
        set: config.set.clone(),
        training: None,
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
