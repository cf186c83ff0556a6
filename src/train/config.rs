//! The run file: how a model is trained, every key with its default.
//!
//! ```toml
//! epochs = 10              # else chosen by the number of training examples, see `choice`
//! batch_size = 128          # the same
//! seed = 0
//! samples = 1               # Monte-Carlo samples of the weights a step; else the model's
//! threads = 2               # else every core
//! inference = "map"         # `bnnc list inference`; else the model's
//! from = "runs/a"           # the run whose variables it starts from; the path is from the run file's folder
//! evaluation_samples = 10   # draws for the validation part, and for the test part at the end
//! log_every = 100           # steps between two lines of metrics.jsonl; 0 for epochs only
//! tensorboard = "events"    # a folder for TensorBoard's event files, from the run file's folder
//! early_stopping = true     # ends once the validation nll falls no more; or a number of epochs
//! clip_norm = 1.0           # gradients whose norm is larger are shortened to it
//! ema_decay = 0.999         # predicts with an exponential moving average of the variables
//!
//! [optimizer]
//! name = "adam"             # `bnnc list optimizers` has them with their settings
//! learning_rate = 0.001
//!
//! [schedule]
//! name = "constant"         # or cosine, step, milestones: `bnnc list schedules`
//!
//! [augmentation]
//! flip = "horizontal"       # half of the training images are mirrored
//! crop_padding = 4          # pixels on each side before an image is cut out at random
//! crop_fill = "zero"        # or reflect: what these pixels are
//!
//! [data]
//! name = "cifar10"          # or a path, from the run file's folder; `--data` goes before it
//! test_rows = "test.txt"    # rows that are the test part; the path is from the run file's folder
//! test = 0.2                # or so many of a table's rows at random
//! drop = ["id", "name"]     # columns of a table, `docs/tables.md`; also inputs, missing, missing_values,
//! missing = "age=mean"      # categories and group
//! sequence = "patient"      # rows that are steps: of which sequence, `docs/sequences.md`; also time, window and horizon
//! layout = "nchw"           # of the images of an .npz whose channels come first
//! stream = "auto"           # whether inputs stay in their files: or "always", "never"
//! validation = 0.1          # a fraction of the training examples, or a number of them
//! scaling = "standardize"   # inputs: standardize, symmetric (-1 to 1), unit (0 to 1) or none
//! targets = "standardize"   # real targets: standardize or none
//!
//! [set]
//! width = 1200              # constants of the model file, as `--set width=1200`
//! ```

mod written;

use super::asked::asked_for;
use super::augmentation::Augmentation;
use super::settings::{SETTINGS, Setting};
use super::toml_table;
use crate::data::split::Validation;
use crate::data::{Choices, Memory, Request, Streaming, catalog};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::ir::{InferenceMethod, Model};
use crate::optimizer::{self, Optimizer, Schedule, schedule};
use crate::signature::{Constant, Constants};
use crate::source::Source;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a model is trained, every default filled in.
#[derive(Clone)]
pub struct Config {
    /// Passes over the training examples, if said or chosen already ([`Config::choose`]).
    pub epochs: Option<usize>,
    /// Examples a step, if said or chosen already.
    pub batch_size: Option<usize>,
    /// Of the initial values, the order of the examples and every draw.
    pub seed: u64,
    /// Monte-Carlo samples of the weights a step, if not the model's.
    pub samples: Option<usize>,
    /// Threads, if not one a core.
    pub threads: Option<usize>,
    /// The inference method, if not the model's.
    pub inference: Option<InferenceMethod>,
    /// The folder of the run that the variables start from, if they start from one.
    pub from: Option<PathBuf>,
    /// Draws for the validation part at each epoch's end, and for the test part at the end.
    pub evaluation_samples: usize,
    /// Steps between two lines of `metrics.jsonl`; 0 for epochs only.
    pub log_every: usize,
    /// The folder of TensorBoard's event files, if they are written.
    pub tensorboard: Option<PathBuf>,
    /// When a run ends before its last epoch.
    pub early_stopping: EarlyStopping,
    /// The norm that gradients are shortened to, if they are.
    pub clip_norm: Option<f64>,
    /// The decay of the average of the variables that predicts, if one does.
    pub ema_decay: Option<f64>,
    /// What moves the variables, with its settings.
    pub optimizer: (&'static dyn Optimizer, Constants),
    /// How the learning rate moves.
    pub schedule: (&'static dyn Schedule, Constants),
    /// How training images are changed at random.
    pub augmentation: Augmentation,
    /// What is trained on.
    pub data: DataConfig,
    /// Constants of the model file that are overridden.
    pub set: Vec<(String, String)>,
    /// What the model is fitted by: no setting, but what the model file and [`Config::inference`] come to.
    pub method: InferenceMethod,
    /// Whether the learning rate is said, and not a default.
    pub learning_rate_said: bool,
}

/// When a run ends before its last epoch, because the validation nll falls no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EarlyStopping {
    /// Never.
    Off,
    /// After a tenth of the epochs without a lower one, and five at least.
    On,
    /// After so many epochs without a lower one.
    After(usize),
}

/// The part of the training examples that is set aside to stop early by, where no other is said.
pub const WATCHED: f64 = 0.1;

/// `[data]`
#[derive(Debug, Clone, PartialEq)]
pub struct DataConfig {
    /// A name of the catalogue or a path.
    pub name: Option<String>,
    /// The data themselves, where a program has them in memory: they go before the name.
    pub memory: Option<Memory>,
    /// `--data-dir`.
    pub directory: Option<PathBuf>,
    /// The target column of a table.
    pub target: Option<String>,
    /// A file of the rows that are the test part.
    pub test_rows: Option<PathBuf>,
    /// What else is said of a table.
    pub choices: Choices,
    /// When inputs stay in their files: one of [`crate::data::STREAMINGS`].
    pub stream: &'static str,
    /// What is taken out of the training examples to watch the run with, if it is said.
    pub validation: Option<Validation>,
    /// How inputs are scaled: one of [`SCALINGS`].
    pub scaling: &'static str,
    /// How real targets are scaled: `standardize` or `none`.
    pub targets: &'static str,
}

impl DataConfig {
    /// What is taken out of the training examples to watch the run with.
    pub fn set_aside(&self) -> Validation {
        self.validation.unwrap_or(Validation::Count(0))
    }

    /// Whether `data`, as a flag says it, is the data that is named here.
    pub fn names(&self, data: &str) -> bool {
        let place = |path: &str| {
            let path = Path::new(path);
            path.canonicalize()
                .or_else(|_| std::path::absolute(path))
                .ok()
        };
        self.name.as_deref().is_some_and(|own| {
            own == data || is_path(own) && is_path(data) && place(own) == place(data)
        })
    }

    /// Whether it is a file that is not where it was.
    pub fn is_gone(&self) -> bool {
        let name = self.name.as_deref();
        name.is_some_and(|name| is_path(name) && !Path::new(name).exists())
    }

    /// Says how to name a file that is not where it was.
    pub fn with_new_place(&self, mut failure: Failure) -> Failure {
        let unread = |message: &&mut Diagnostic| message.code == "E0503";
        if self.is_gone()
            && let Some(message) = failure.diagnostics.iter_mut().find(unread)
        {
            let help = "`--data NEW_PATH` says where the data of the run is now";
            *message = message.clone().help(help);
        }
        failure
    }

    /// The data to ask for, if any is named.
    pub fn request(&self) -> Option<Request> {
        let memory = self.memory.as_ref().map(|memory| memory.name().to_owned());
        memory.or(self.name.clone()).map(|data| Request {
            data,
            memory: self.memory.clone(),
            data_dir: self.directory.clone(),
            target: self.target.clone(),
            test_rows: self.test_rows.clone(),
            choices: self.choices.clone(),
            stream: Streaming::of_word(self.stream),
            ..Request::default()
        })
    }
}

/// How inputs can be scaled.
pub const SCALINGS: &[&str] = &["standardize", "symmetric", "unit", "none"];
/// The orders of the axes of images.
pub const LAYOUTS: &[&str] = &["nhwc", "nchw"];
/// How real targets can be scaled.
pub const TARGET_SCALINGS: &[&str] = &["standardize", "none"];

impl Default for Config {
    fn default() -> Self {
        let optimizer = optimizer::OPTIMIZERS[0];
        let schedule = optimizer::SCHEDULES[0];
        Config {
            epochs: None,
            batch_size: None,
            seed: 0,
            samples: None,
            threads: None,
            inference: None,
            from: None,
            evaluation_samples: 10,
            log_every: 100,
            tensorboard: None,
            early_stopping: EarlyStopping::Off,
            clip_norm: None,
            ema_decay: None,
            optimizer: (optimizer, optimizer::defaults(optimizer.signature())),
            schedule: (schedule, optimizer::defaults(schedule.signature())),
            augmentation: Augmentation::default(),
            data: DataConfig {
                name: None,
                memory: None,
                directory: None,
                target: None,
                test_rows: None,
                choices: Choices::default(),
                stream: "auto",
                validation: None,
                scaling: "standardize",
                targets: "standardize",
            },
            set: vec![],
            method: InferenceMethod::mean_field(),
            learning_rate_said: false,
        }
    }
}

impl Config {
    /// Reads a run file.
    ///
    /// # Errors
    ///
    /// `E0601` where it cannot be read, `E0602` for every key that is unknown and every value that
    /// does not fit.
    pub fn read(path: &Path) -> Result<Config> {
        let text = crate::files::written(path).map_err(|error| {
            Diagnostic::error(
                "E0601",
                format!("the run file `{}` cannot be read", path.display()),
            )
            .note(error.to_string())
        })?;
        let mut config = Config::parse(Source {
            name: path.display().to_string(),
            text,
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        if let Some(name) = &mut config.data.name
            && catalog::entry(name).is_none()
            && (is_path(name) || folder.join(&*name).exists())
        {
            *name = folder.join(&*name).display().to_string();
        }
        let paths = [
            &mut config.data.test_rows,
            &mut config.tensorboard,
            &mut config.from,
        ];
        for path in paths.into_iter().flatten() {
            *path = folder.join(&*path);
        }
        Ok(config)
    }

    /// Reads the run file of the model's name beside it, if there is one.
    ///
    /// # Errors
    ///
    /// As [`Config::read`].
    pub fn beside(model: &Path) -> Result<Option<(PathBuf, Config)>> {
        let path = model.with_extension("toml");
        if !path.is_file() {
            return Ok(None);
        }
        Config::read(&path).map(|config| Some((path, config)))
    }

    /// Reads the text of a run file.
    pub fn parse(source: Source) -> Result<Config> {
        let source = Arc::new(source);
        let mut file = toml_table::parse(&source, "the run file")?;
        let mut config = Config::default();
        let mut mistakes = vec![];
        for setting in of_table("") {
            setting.read(&mut file, &mut config);
        }

        let mut table = file.table("optimizer");
        let names: Vec<_> = optimizer::OPTIMIZERS
            .iter()
            .map(|o| o.signature().name)
            .collect();
        if let Some(found) = table.choice("name", &names).and_then(optimizer::find) {
            config.optimizer.0 = found;
        }
        config.learning_rate_said = table.has("learning_rate");
        config.optimizer.1 = table.settings(config.optimizer.0.signature());
        mistakes.extend(table.finish());

        let mut table = file.table("schedule");
        let names: Vec<_> = optimizer::SCHEDULES
            .iter()
            .map(|s| s.signature().name)
            .collect();
        if let Some(found) = table.choice("name", &names).and_then(schedule::find) {
            config.schedule.0 = found;
        }
        config.schedule.1 = table.settings(config.schedule.0.signature());
        mistakes.extend(table.finish());

        for name in ["augmentation", "data"] {
            let mut table = file.table(name);
            for setting in of_table(name) {
                setting.read(&mut table, &mut config);
            }
            mistakes.extend(table.finish());
        }

        let mut table = file.table("set");
        config.set = table.texts();
        mistakes.extend(table.finish());
        mistakes.extend(file.finish());
        mistakes.sort_by_key(|m| m.labels.first().map(|l| l.span));
        if mistakes.is_empty() {
            Ok(config)
        } else {
            Err(Failure::new(mistakes, source))
        }
    }

    /// Puts what flags say over what the run file says.
    pub fn apply(&mut self, given: &[(&Setting, String)], set: &[(String, String)]) {
        if given.iter().any(|(setting, _)| setting.key == "data.name") {
            // What the file says of columns and rows is said of the file's data.
            self.data.target = None;
            self.data.test_rows = None;
            self.data.choices = Choices::default();
        }
        for (setting, text) in given {
            let taken = setting.set(self, text);
            taken.expect("a flag that was checked when it was read");
        }
        for (name, value) in set {
            self.set.retain(|(n, _)| n != name);
            self.set.push((name.clone(), value.clone()));
        }
    }

    /// The data to ask for, if any is named, for `model`.
    pub fn request(&self, model: Option<&Model>) -> Option<Request> {
        let request = self.data.request().map(|request| Request {
            validation: Some((self.data.set_aside(), self.seed)),
            ..request
        });
        match model {
            None => request,
            Some(model) => request.map(|request| asked_for(model, request)),
        }
    }

    /// Passes over the training examples; 10 where their number is neither said nor chosen yet.
    pub fn epochs(&self) -> usize {
        self.epochs.unwrap_or(10)
    }

    /// Those of all fits that follow each other.
    pub fn all_epochs(&self) -> usize {
        self.epochs() * self.method.rounds()
    }

    /// Examples a step; 128 where it is neither said nor chosen yet.
    pub fn batch_size(&self) -> usize {
        self.batch_size.unwrap_or(128)
    }

    /// Steps of an epoch of so many examples.
    pub fn steps(&self, examples: usize) -> usize {
        examples.div_ceil(self.batch_size())
    }

    /// Epochs without a lower validation nll after which the run ends, if it may end early.
    pub fn patience(&self) -> Option<usize> {
        match self.early_stopping {
            EarlyStopping::Off => None,
            EarlyStopping::On => Some((self.epochs() / 10).max(5)),
            EarlyStopping::After(epochs) => Some(epochs),
        }
    }

    /// Sets training examples aside where the run may end early and none are, and whether it did. Before the data are
    /// read: nothing is learned from these.
    ///
    /// # Errors
    ///
    /// `E0603` where it is said that none are.
    pub fn watch(&mut self) -> Result<bool> {
        let ends_early = self.early_stopping != EarlyStopping::Off;
        match self.data.validation {
            None if ends_early => {
                self.data.validation = Some(Validation::Fraction(WATCHED));
                Ok(true)
            }
            Some(Validation::Count(0)) if ends_early => {
                let title = "`early_stopping` goes by the validation nll, and `validation` is 0";
                let message = Diagnostic::error("E0603", title);
                Err(message
                    .help(
                        "leave `validation` out, which sets a tenth of the training examples aside, or say how many; \
                         or leave `early_stopping` out",
                    )
                    .into())
            }
            _ => Ok(false),
        }
    }

    /// Takes what is not said from the run that goes on.
    pub fn follow(&mut self, run: &Config) {
        self.epochs = self.epochs.or(run.epochs);
        self.batch_size = self.batch_size.or(run.batch_size);
        if self.early_stopping == EarlyStopping::On && run.early_stopping != EarlyStopping::Off {
            self.early_stopping = run.early_stopping;
        }
    }

    /// Takes what the inference method says of the run: the method's own learning rate where none is said; where each step
    /// takes all examples, how many steps there are, whatever else says the number of epochs.
    pub fn follow_method(&mut self, method: &InferenceMethod) {
        self.method = method.clone();
        if let Some(transitions) = method.transitions() {
            self.epochs = Some(transitions);
        }
        // Rust programs set the optimizer's.
        let is_said = self.learning_rate_said || self.learning_rate() != self.of_optimizer();
        if let (Some(rate), false) = (method.default_learning_rate(), is_said) {
            let rate = Constant::Number(rate);
            self.optimizer.1.set("learning_rate", rate);
        }
    }

    /// The learning rate where none is said.
    pub fn default_learning_rate(&self) -> f64 {
        let of_method = self.method.default_learning_rate();
        of_method.unwrap_or_else(|| self.of_optimizer())
    }

    /// The optimizer's default learning rate.
    fn of_optimizer(&self) -> f64 {
        optimizer::defaults(self.optimizer.0.signature()).number("learning_rate")
    }

    /// The learning rate, before the schedule.
    pub fn learning_rate(&self) -> f64 {
        self.optimizer.1.number("learning_rate")
    }
}

/// Whether `[data] name` is a path.
pub fn is_path(name: &str) -> bool {
    let path = Path::new(name);
    catalog::entry(name).is_none()
        && (path.extension().is_some() || path.components().count() > 1 || path.exists())
}

/// The settings of one table of a run file, of those that are not an optimizer's or a schedule's.
fn of_table(table: &'static str) -> impl Iterator<Item = &'static Setting> {
    let settings = SETTINGS.iter();
    settings.filter(move |setting| setting.table().0 == table)
}

#[cfg(test)]
mod tests;
