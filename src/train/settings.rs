//! Every setting of a run, once: its key in a run file, its flag, what it means, and its place in [`Config`].
//!
//! Reading and writing run files, the flags of `bnnc train`, `--resume` and `bnnc diff` all follow from [`SETTINGS`].
//! The settings of an optimizer or a schedule are those of its signature.

use super::augmentation::{FILLS, FLIPS};
use super::config::{Config, EarlyStopping, LAYOUTS, SCALINGS, TARGET_SCALINGS};
use super::toml_table::Table;
use crate::data::STREAMINGS;
use crate::data::split::Validation;
use crate::ir::InferenceMethod;
use crate::signature::{Constant, Constants, Domain};
use std::path::PathBuf;

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// As in a run file, with its table: `epochs`, `data.validation`.
    pub key: &'static str,
    /// Its flag, if it has one of its own.
    pub flag: Option<Flag>,
    place: fn(&mut Config) -> Place<'_>,
}

/// A flag of `bnnc train`.
#[derive(Debug)]
pub struct Flag {
    /// `batch-size`
    pub name: &'static str,
    /// What stands for its value.
    pub value: &'static str,
    /// What it is, without the default.
    pub help: &'static str,
    /// What it is set to where the flag stands without a value; a value is then behind `=`.
    pub alone: Option<&'static str>,
}

/// Settings that are given as flags, as they were typed.
pub type Given = Vec<(&'static Setting, String)>;

const fn flag(name: &'static str, value: &'static str, help: &'static str) -> Option<Flag> {
    Some(Flag {
        name,
        value,
        help,
        alone: None,
    })
}

/// A flag that also stands alone, and then means `true`.
const fn switch(name: &'static str, value: &'static str, help: &'static str) -> Option<Flag> {
    Some(Flag {
        name,
        value,
        help,
        alone: Some("true"),
    })
}

const fn setting(
    key: &'static str,
    flag: Option<Flag>,
    place: fn(&mut Config) -> Place<'_>,
) -> Setting {
    Setting { key, flag, place }
}

/// All settings, in the order of a run file.
pub static SETTINGS: [Setting; 38] = [
    setting(
        "epochs",
        flag(
            "epochs",
            "N",
            "Passes over the training examples; else chosen by their number. 0 where --from says what is kept",
        ),
        |config| Place::MaybeWhole(&mut config.epochs),
    ),
    setting(
        "batch_size",
        flag(
            "batch-size",
            "B",
            "Examples a step; else chosen by the number of training examples",
        ),
        |config| Place::MaybeCount(&mut config.batch_size),
    ),
    setting(
        "seed",
        flag(
            "seed",
            "SEED",
            "Of the initial values, the order of the examples and every draw",
        ),
        |config| Place::Seed(&mut config.seed),
    ),
    setting(
        "samples",
        flag(
            "samples",
            "S",
            "Monte-Carlo samples of the weights a step; else the model's",
        ),
        |config| Place::MaybeCount(&mut config.samples),
    ),
    setting(
        "threads",
        flag(
            "threads",
            "N",
            "Threads; else one a core. A run has the same bits with any number",
        ),
        |config| Place::MaybeCount(&mut config.threads),
    ),
    setting(
        "inference",
        flag(
            "inference",
            "METHOD",
            "The inference method, `bnnc list inference`; else the model's",
        ),
        |config| Place::Method(&mut config.inference),
    ),
    setting(
        "from",
        flag(
            "from",
            "RUN",
            "Start where the run in this folder has come to, parameter by parameter by their names; else as the model says",
        ),
        |config| Place::Path(&mut config.from),
    ),
    setting("evaluation_samples", None, |config| {
        Place::Count(&mut config.evaluation_samples)
    }),
    setting("log_every", None, |config| {
        Place::Whole(&mut config.log_every)
    }),
    setting(
        "tensorboard",
        flag(
            "tensorboard",
            "DIR",
            "Write the loss's parts as event files, too, into DIR/NAME, NAME being that of the run's folder: \
             `tensorboard --logdir DIR` shows them",
        ),
        |config| Place::Path(&mut config.tensorboard),
    ),
    setting(
        "early_stopping",
        switch(
            "early-stopping",
            "EPOCHS",
            "End once the validation nll has not fallen for so many epochs (a tenth of all where no number is said), \
             and keep the variables of its lowest",
        ),
        |config| Place::Stopping(&mut config.early_stopping),
    ),
    setting(
        "clip_norm",
        flag(
            "clip-norm",
            "NORM",
            "Shorten gradients whose norm over all variables is larger; else none are",
        ),
        |config| Place::MaybeNumber(&mut config.clip_norm, Domain::Positive),
    ),
    setting(
        "ema_decay",
        flag(
            "ema-decay",
            "DECAY",
            "Predict with an exponential moving average of the variables over the steps, 0.999 for one of some 1,000; \
             else with the last ones",
        ),
        |config| Place::MaybeNumber(&mut config.ema_decay, Domain::OpenUnit),
    ),
    setting(
        "optimizer.learning_rate",
        flag(
            "learning-rate",
            "RATE",
            "Of the optimizer, before the schedule",
        ),
        |config| Place::LearningRate(&mut config.optimizer.1, &mut config.learning_rate_said),
    ),
    setting(
        "augmentation.flip",
        Some(Flag {
            name: "flip",
            value: "WAY",
            help: "Mirror half of the training images: horizontal, which `--flip` alone means, or none",
            alone: Some("horizontal"),
        }),
        |config| Place::Word(&mut config.augmentation.flip, FLIPS),
    ),
    setting(
        "augmentation.crop_padding",
        flag(
            "crop-padding",
            "PIXELS",
            "Cut training images at random out of themselves with so many pixels more on each side",
        ),
        |config| Place::Whole(&mut config.augmentation.crop_padding),
    ),
    setting("augmentation.crop_fill", None, |config| {
        Place::Word(&mut config.augmentation.crop_fill, FILLS)
    }),
    setting("data.name", None, |config| {
        Place::Text(&mut config.data.name)
    }),
    setting("data.directory", None, |config| {
        Place::Path(&mut config.data.directory)
    }),
    setting("data.target", None, |config| {
        Place::Names(&mut config.data.target)
    }),
    setting("data.test_rows", None, |config| {
        Place::Path(&mut config.data.test_rows)
    }),
    setting(
        "data.test",
        flag(
            "test",
            "PART",
            "Rows of a table to hold out at random, a number or a fraction; else those of --test-rows",
        ),
        |config| Place::Share(&mut config.data.choices.test),
    ),
    setting(
        "data.group",
        flag(
            "group",
            "COLUMN",
            "The column of a table whose values go whole to one part, as patients do",
        ),
        |config| Place::Names(&mut config.data.choices.group),
    ),
    setting(
        "data.weights",
        flag(
            "weights",
            "COLUMN",
            "The column of a table that says how many times a row occurs: N is their sum",
        ),
        |config| Place::Names(&mut config.data.choices.weights),
    ),
    setting(
        "data.sequence",
        flag(
            "sequence",
            "COLUMN",
            "The column of a table that says which sequence, or time series, a row is a step of",
        ),
        |config| Place::Names(&mut config.data.choices.sequence),
    ),
    setting(
        "data.time",
        flag(
            "time",
            "COLUMN",
            "The column of a table that says the order of steps, numbers or dates; else that of the rows",
        ),
        |config| Place::Names(&mut config.data.choices.time),
    ),
    setting(
        "data.window",
        flag(
            "window",
            "ROWS",
            "Cut windows of so many rows out of a table of time series: each is an example",
        ),
        |config| Place::Rows(&mut config.data.choices.window),
    ),
    setting(
        "data.horizon",
        flag(
            "horizon",
            "ROWS",
            "How many rows behind its window a target stands; else 1",
        ),
        |config| Place::Rows(&mut config.data.choices.horizon),
    ),
    setting(
        "data.inputs",
        flag(
            "inputs",
            "COLUMNS",
            "The input columns of a table, with commas between; else all that are nothing else",
        ),
        |config| Place::Names(&mut config.data.choices.inputs),
    ),
    setting(
        "data.drop",
        flag(
            "drop",
            "COLUMNS",
            "Columns of a table to leave out, with commas between",
        ),
        |config| Place::Names(&mut config.data.choices.drop),
    ),
    setting(
        "data.missing",
        flag(
            "missing",
            "RULES",
            "What stands for missing values: mean, median, category, indicator or refuse, or COLUMN=RULE, with commas between",
        ),
        |config| Place::Names(&mut config.data.choices.missing),
    ),
    setting(
        "data.missing_values",
        flag(
            "missing-values",
            "CELLS",
            "Cells that mean a missing value, as -999, beside empty ones, NA and the like",
        ),
        |config| Place::Names(&mut config.data.choices.missing_values),
    ),
    setting(
        "data.categories",
        flag(
            "categories",
            "COLUMNS",
            "Columns that are categories whatever they look like: COLUMN, COLUMN=ordinal or COLUMN=low<high",
        ),
        |config| Place::Names(&mut config.data.choices.categories),
    ),
    setting("data.layout", None, |config| {
        Place::MaybeWord(&mut config.data.choices.layout, LAYOUTS)
    }),
    setting("data.stream", None, |config| {
        Place::Word(&mut config.data.stream, STREAMINGS)
    }),
    setting(
        "data.validation",
        flag(
            "validation",
            "PART",
            "Training examples to set aside and watch the run with, a number or a fraction",
        ),
        |config| Place::Part(&mut config.data.validation),
    ),
    setting("data.scaling", None, |config| {
        Place::Word(&mut config.data.scaling, SCALINGS)
    }),
    setting("data.targets", None, |config| {
        Place::Word(&mut config.data.targets, TARGET_SCALINGS)
    }),
];

/// The setting with this key.
pub fn find(key: &str) -> &'static Setting {
    let found = SETTINGS.iter().find(|setting| setting.key == key);
    found.unwrap_or_else(|| panic!("there is no setting {key}"))
}

impl Setting {
    /// Its table in a run file, empty at the top, and its key there.
    pub fn table(&self) -> (&'static str, &'static str) {
        self.key.split_once('.').unwrap_or(("", self.key))
    }

    /// Its value as a run file has it; `None` where it is not set.
    pub fn value(&self, config: &Config) -> Option<String> {
        (self.place)(&mut config.clone()).text()
    }

    /// Takes its value from a table of a run file, if it is there.
    pub(super) fn read(&self, table: &mut Table, config: &mut Config) {
        (self.place)(config).read(table, self.table().1);
    }

    /// Sets it to what a flag says.
    ///
    /// # Errors
    ///
    /// What was expected instead.
    pub fn set(&self, config: &mut Config, text: &str) -> Result<(), String> {
        (self.place)(config).set(text)
    }
}

/// Where a setting is kept, which says what it takes.
enum Place<'a> {
    Count(&'a mut usize),
    MaybeCount(&'a mut Option<usize>),
    /// A count, or 0.
    MaybeWhole(&'a mut Option<usize>),
    Whole(&'a mut usize),
    Seed(&'a mut u64),
    MaybeNumber(&'a mut Option<f64>, Domain),
    Text(&'a mut Option<String>),
    Path(&'a mut Option<PathBuf>),
    /// A list of names.
    Names(&'a mut Option<String>),
    /// A number of rows or a fraction of them.
    Share(&'a mut Option<String>),
    /// A number of rows.
    Rows(&'a mut Option<String>),
    /// None is none set aside.
    Part(&'a mut Option<Validation>),
    Word(&'a mut &'static str, &'static [&'static str]),
    MaybeWord(&'a mut Option<String>, &'static [&'static str]),
    Method(&'a mut Option<InferenceMethod>),
    /// `true`, `false` or a number of epochs.
    Stopping(&'a mut EarlyStopping),
    LearningRate(&'a mut Constants, &'a mut bool),
}

impl Place<'_> {
    fn text(self) -> Option<String> {
        Some(match self {
            Place::Count(n) | Place::Whole(n) => n.to_string(),
            Place::MaybeCount(n) | Place::MaybeWhole(n) => (*n)?.to_string(),
            Place::Seed(n) => n.to_string(),
            Place::MaybeNumber(x, _) => format!("{:?}", (*x)?),
            Place::Text(text) | Place::Names(text) | Place::MaybeWord(text, _) => {
                quoted(text.as_ref()?)
            }
            Place::Share(share) => share.clone()?,
            Place::Rows(rows) => rows.clone()?,
            Place::Path(path) => quoted(&path.as_ref()?.display().to_string()),
            Place::Part(None) => "0".into(),
            Place::Part(Some(Validation::Count(n))) => n.to_string(),
            Place::Part(Some(Validation::Fraction(x))) => format!("{x:?}"),
            Place::Word(word, _) => quoted(word),
            Place::Method(method) => quoted(&method.as_ref()?.to_string()),
            Place::Stopping(EarlyStopping::Off) => "false".into(),
            Place::Stopping(EarlyStopping::On) => "true".into(),
            Place::Stopping(EarlyStopping::After(epochs)) => epochs.to_string(),
            Place::LearningRate(settings, _) => format!("{:?}", settings.number("learning_rate")),
        })
    }

    fn read(self, table: &mut Table, key: &'static str) {
        match self {
            Place::Count(n) => put(n, table.count(key)),
            Place::MaybeCount(n) => *n = table.count(key),
            Place::MaybeWhole(n) => *n = table.count_or_0(key),
            Place::Whole(n) => put(n, table.whole(key).map(|n| n as usize)),
            Place::Seed(n) => put(n, table.whole(key)),
            Place::MaybeNumber(x, domain) => *x = table.number(key, domain),
            Place::Text(text) => *text = table.text(key),
            Place::Names(names) => *names = table.names(key),
            Place::Share(share) => {
                *share = table.share(key).map(|part| match part {
                    Validation::Count(n) => n.to_string(),
                    Validation::Fraction(x) => format!("{x:?}"),
                });
            }
            Place::Rows(rows) => *rows = table.count(key).map(|n| n.to_string()),
            Place::Path(path) => *path = table.text(key).map(PathBuf::from),
            Place::Part(part) => *part = table.share(key),
            Place::Word(word, words) => put(word, table.choice(key, words)),
            Place::MaybeWord(word, words) => *word = table.choice(key, words).map(Into::into),
            Place::Method(method) => {
                *method = table.called(key, InferenceMethod::parse);
            }
            Place::Stopping(stopping) => {
                let written = table.flag_or_count(key).map(|text| early_stopping(&text));
                put(stopping, written.and_then(Result::ok));
            }
            // The optimizer's signature has it, too.
            Place::LearningRate(..) => {}
        }
    }

    fn set(self, text: &str) -> Result<(), String> {
        match self {
            Place::Count(n) => *n = count(text)?,
            Place::MaybeCount(n) => *n = Some(count(text)?),
            Place::MaybeWhole(n) if text == "0" => *n = Some(0),
            Place::MaybeWhole(n) => *n = Some(count(text)?),
            Place::Whole(n) => *n = seed(text)? as usize,
            Place::Seed(n) => *n = seed(text)?,
            Place::MaybeNumber(x, domain) => {
                let number = text.parse().ok().filter(|x| domain.holds(*x));
                let expected = || format!("expected {}", domain.describe());
                *x = Some(number.ok_or_else(expected)?);
            }
            Place::Text(value) | Place::Names(value) => *value = Some(text.into()),
            Place::Share(share) => {
                validation(text)?;
                *share = Some(text.into());
            }
            Place::Rows(rows) => *rows = Some(count(text)?.to_string()),
            Place::Path(path) => *path = Some(text.into()),
            Place::Part(part) => *part = Some(validation(text)?),
            Place::Method(method) => {
                *method = Some(InferenceMethod::parse(text)?);
            }
            Place::Stopping(stopping) => *stopping = early_stopping(text)?,
            Place::Word(word, words) => *word = one_of(words, text)?,
            Place::MaybeWord(word, words) => *word = Some(one_of(words, text)?.into()),
            Place::LearningRate(settings, said) => {
                settings.set("learning_rate", Constant::Number(positive(text)?));
                *said = true;
            }
        }
        Ok(())
    }
}

fn one_of(words: &[&'static str], text: &str) -> Result<&'static str, String> {
    let found = words.iter().find(|word| **word == text);
    let expected = || format!("expected one of {}", crate::words::list(words));
    found.copied().ok_or_else(expected)
}

fn put<V>(place: &mut V, value: Option<V>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// Text as TOML has it.
pub(crate) fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}

/// The most that a run counts of examples a step, epochs, samples, draws: with any more, products of sizes
/// need not fit a number, and no machine would end.
pub const LARGEST_COUNT: usize = 1 << 24;

/// What a count is, in words.
pub(super) fn a_count() -> String {
    format!("a whole number from 1 to {LARGEST_COUNT}")
}

/// A whole number of at least 1, and at most [`LARGEST_COUNT`].
pub fn count(text: &str) -> Result<usize, String> {
    let number = text.parse().ok();
    let number = number.filter(|n| (1..=LARGEST_COUNT).contains(n));
    number.ok_or_else(|| format!("expected {}", a_count()))
}

/// Where random numbers start.
pub fn seed(text: &str) -> Result<u64, String> {
    let expected = |_| {
        format!(
            "expected a whole number of at least 0 and at most {}",
            u64::MAX
        )
    };
    text.parse().map_err(expected)
}

/// A number above 0.
pub fn positive(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    let number = number.filter(|x| *x > 0.0 && x.is_finite());
    number.ok_or_else(|| "expected a number above 0".into())
}

/// `true`, `false` or a number of epochs.
fn early_stopping(text: &str) -> Result<EarlyStopping, String> {
    match text {
        "true" => Ok(EarlyStopping::On),
        "false" => Ok(EarlyStopping::Off),
        _ => count(text)
            .map(EarlyStopping::After)
            .map_err(|expected| format!("{expected}, true or false")),
    }
}

/// What is set aside: a number of examples, or a fraction of them.
fn validation(text: &str) -> Result<Validation, String> {
    Validation::parse(text)
        .ok_or_else(|| "expected a number of examples, or a fraction above 0 and below 1".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_sets_what_the_run_file_then_says() {
        let mut config = Config::default();
        for (key, text, value) in [
            ("epochs", "3", "3"),
            ("epochs", "0", "0"),
            ("from", "runs/a", "\"runs/a\""),
            ("samples", "2", "2"),
            ("inference", "map", "\"map\""),
            ("optimizer.learning_rate", "0.1", "0.1"),
            ("clip_norm", "2", "2.0"),
            ("augmentation.flip", "horizontal", "\"horizontal\""),
            ("augmentation.crop_padding", "4", "4"),
            ("ema_decay", "0.99", "0.99"),
            ("data.name", "a.csv", "\"a.csv\""),
            ("data.validation", "0.25", "0.25"),
            ("data.scaling", "none", "\"none\""),
        ] {
            find(key).set(&mut config, text).unwrap();
            assert_eq!(find(key).value(&config).as_deref(), Some(value), "{key}");
        }
        for (key, text) in [
            ("epochs", "-1"),
            ("inference", "maps"),
            ("optimizer.learning_rate", "-1"),
            ("clip_norm", "0"),
            ("augmentation.flip", "up"),
            ("augmentation.crop_padding", "-4"),
            ("ema_decay", "1"),
            ("data.validation", "1.5"),
            ("data.scaling", "all"),
        ] {
            let expected = find(key).set(&mut config, text).unwrap_err();
            assert!(expected.starts_with("expected "), "{key}: {expected}");
        }
    }
}
