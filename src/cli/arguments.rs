//! Arguments that several commands take.

use super::lints::{warn_of_divergence, warn_of_missing_draws, warn_of_one_draw};
use super::open::Opened;
use super::terminal::note;
use crate::data::{Choices, Request, Streaming};
use crate::diagnostic::{Diagnostic, Result};
use crate::engine::Predictor;
use crate::ir::InferenceMethod;
use crate::train::Config;
use crate::train::settings::{self, Given, SETTINGS, Setting};
use crate::words::{join, plural};
use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, ValueEnum};
use std::path::{Path, PathBuf};

/// Which data.
#[derive(Debug, Clone, Default, Args)]
pub struct DataSource {
    /// A named data set (`bnnc list data`), or the path of a table (.csv, .tsv, .jsonl, .xlsx, .parquet), an .npz, IDX, a
    /// .toml or a folder of images
    #[arg(long, value_name = "NAME|PATH")]
    pub data: Option<String>,
    /// The folder of the named data sets; else BNNC_DATA, else the user's data directory
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The target column of a table, or several with commas between, as `y1,y2`, `y*` or `y0..y9`; else its last column.
    /// Of an .npz, the array of targets; else the one whose name says so
    #[arg(long, value_name = "COLUMN")]
    pub target: Option<String>,
    /// A file of the rows that are the test part, one number a line, the first row of the data being 0
    #[arg(long, value_name = "FILE")]
    pub test_rows: Option<PathBuf>,
    /// The order of the axes of an .npz's images: nhwc, channels last, or nchw, channels first; else nhwc
    #[arg(long, value_name = "ORDER", value_parser = layout)]
    pub layout: Option<String>,
    /// Whether inputs stay in their files and are read as they are needed: always, never, or auto, where they would take
    /// more than a quarter of the free memory; else auto. Nothing else depends on it
    #[arg(long, value_name = "WHEN", value_parser = stream)]
    pub stream: Option<String>,
}

/// How predictions are averaged.
#[derive(Debug, Clone, Copy, Args)]
pub struct DrawArgs {
    /// Draws of the weights to average over
    #[arg(long, value_name = "S", default_value_t = 50, value_parser = settings::count, allow_negative_numbers = true)]
    pub samples: usize,
    /// Of the draws; else the run's
    #[arg(long, value_parser = settings::seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Threads; else one a core. The result does not depend on it
    #[arg(long, value_name = "N", value_parser = settings::count, allow_negative_numbers = true)]
    pub threads: Option<usize>,
}

impl DrawArgs {
    /// How many draws of the run in `path` are averaged, one where nothing is random or drawn yet, and their seed. What is
    /// to be known of the weights and of so few draws is told.
    pub fn of(&self, path: &Path, run: &Opened, predictor: &dyn Predictor) -> (usize, u64) {
        warn_of_divergence(path, run);
        let asked = run.inference.draws(self.samples);
        let made = predictor.draws(asked);
        if made < asked {
            warn_of_missing_draws(path, run, made, asked);
        }
        let samples = made.max(1);
        if made > 0 && (made == asked || run.left_out().is_some()) {
            warn_of_one_draw(&run.inference, samples);
        }
        (samples, self.seed.unwrap_or(run.config.seed))
    }
}

impl DataSource {
    /// Those of the flags that are given.
    pub fn given(&self) -> Vec<&'static str> {
        let flags = [
            ("--data", self.data.is_some()),
            ("--data-dir", self.data_dir.is_some()),
            ("--target", self.target.is_some()),
            ("--test-rows", self.test_rows.is_some()),
            ("--layout", self.layout.is_some()),
            ("--stream", self.stream.is_some()),
        ];
        flags
            .iter()
            .filter(|(_, given)| *given)
            .map(|(flag, _)| *flag)
            .collect()
    }

    /// Those that are given, as settings of a run.
    pub fn settings(&self) -> Given {
        let text = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let all = [
            ("data.name", self.data.clone()),
            ("data.directory", text(&self.data_dir)),
            ("data.target", self.target.clone()),
            ("data.test_rows", text(&self.test_rows)),
            ("data.layout", self.layout.clone()),
            ("data.stream", self.stream.clone()),
        ];
        let given = all
            .into_iter()
            .filter_map(|(key, text)| Some((settings::find(key), text?)));
        given.collect()
    }

    /// When inputs stay in their files, if it is said.
    pub fn streaming(&self) -> Option<Streaming> {
        self.stream.as_deref().map(Streaming::of_word)
    }

    /// The request, if data is named.
    pub fn request(&self) -> Option<Request> {
        self.data.clone().map(|data| Request {
            data,
            data_dir: self.data_dir.clone(),
            target: self.target.clone(),
            test_rows: self.test_rows.clone(),
            choices: Choices {
                layout: self.layout.clone(),
                ..Choices::default()
            },
            stream: self.streaming().unwrap_or_default(),
            ..Request::default()
        })
    }
}

/// The flags of [`SETTINGS`].
#[derive(Debug, Clone, Default)]
pub struct SettingFlags(pub Given);

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        Ok(SettingFlags(given(matches, |setting| !of_tables(setting))))
    }

    fn update_from_arg_matches(
        &mut self,
        matches: &ArgMatches,
    ) -> std::result::Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        augment(command, |setting| !of_tables(setting))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// The flags of [`SETTINGS`] that say what is taken of a table, and how.
#[derive(Debug, Clone, Default)]
pub struct TableFlags(pub Given);

impl TableFlags {
    /// Those that are given.
    pub fn given(&self) -> Vec<&'static str> {
        let name = |setting: &Setting| TABLE_FLAGS.iter().find(|(key, _)| *key == setting.key);
        let given = self.0.iter().filter_map(|(setting, _)| name(setting));
        given.map(|(_, flag)| *flag).collect()
    }
}

/// The flags of the settings of tables, by their keys.
const TABLE_FLAGS: [(&str, &str); 12] = [
    ("data.test", "--test"),
    ("data.group", "--group"),
    ("data.weights", "--weights"),
    ("data.sequence", "--sequence"),
    ("data.time", "--time"),
    ("data.window", "--window"),
    ("data.horizon", "--horizon"),
    ("data.inputs", "--inputs"),
    ("data.drop", "--drop"),
    ("data.missing", "--missing"),
    ("data.missing_values", "--missing-values"),
    ("data.categories", "--categories"),
];

impl FromArgMatches for TableFlags {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        Ok(TableFlags(given(matches, of_tables)))
    }

    fn update_from_arg_matches(
        &mut self,
        matches: &ArgMatches,
    ) -> std::result::Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for TableFlags {
    fn augment_args(command: Command) -> Command {
        augment(command, of_tables)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// Whether a setting is about a table, as `check` needs it, too.
fn of_tables(setting: &Setting) -> bool {
    TABLE_FLAGS.iter().any(|(key, _)| *key == setting.key)
}

/// The settings that are given by flags of their own.
fn given(matches: &ArgMatches, wanted: impl Fn(&Setting) -> bool) -> Given {
    let flagged = SETTINGS.iter().filter(|s| s.flag.is_some() && wanted(s));
    let text = |key| matches.get_one::<String>(key).cloned();
    let given = flagged.filter_map(|setting| Some((setting, text(setting.key)?)));
    given.collect()
}

/// Adds the flags of settings.
fn augment(mut command: Command, wanted: impl Fn(&Setting) -> bool) -> Command {
    for setting in SETTINGS.iter().filter(|setting| wanted(setting)) {
        let Some(flag) = &setting.flag else { continue };
        let help = match setting.value(&Config::default()) {
            Some(default) => format!("{} [default: {default}]", flag.help),
            None => flag.help.into(),
        };
        let checked = |text: &str| -> std::result::Result<String, String> {
            setting.set(&mut Config::default(), text)?;
            Ok(text.into())
        };
        let arg = Arg::new(setting.key).long(flag.name).value_name(flag.value);
        let arg = arg.help(help).value_parser(checked);
        let arg = match flag.alone {
            // Behind a blank it could as well be the model file.
            Some(alone) => arg
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value(alone),
            None => arg,
        };
        command = command.arg(arg.allow_negative_numbers(true));
    }
    command
}

/// Constants of the model file.
#[derive(Debug, Clone, Default, Args)]
pub struct Sets {
    /// Override a constant of the model file; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub set: Vec<(String, String)>,
}

impl Sets {
    /// Whether the flag is given.
    pub fn given(&self) -> Option<&'static str> {
        (!self.set.is_empty()).then_some("--set")
    }
}

/// Ends the command where flags would be ignored without a word, as clap does where arguments do not go
/// together: with exit code 2.
pub fn without_use(flags: &[&str], why: &str) {
    if !flags.is_empty() {
        let text = format!(
            "{} cannot be used: {why}\n",
            join(flags.iter().map(|f| format!("'{f}'")).collect(), "and")
        );
        clap::Error::raw(ErrorKind::ArgumentConflict, text).exit()
    }
}

/// `NAME=VALUE`
pub fn pair(text: &str) -> std::result::Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// The order of the axes of images.
fn layout(text: &str) -> std::result::Result<String, String> {
    settings::find("data.layout").set(&mut Config::default(), text)?;
    Ok(text.into())
}

/// When inputs stay in their files.
fn stream(text: &str) -> std::result::Result<String, String> {
    settings::find("data.stream").set(&mut Config::default(), text)?;
    Ok(text.into())
}

/// The name of an inference method.
pub fn method(text: &str) -> std::result::Result<InferenceMethod, String> {
    InferenceMethod::parse(text)
}

/// How a command answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For a person
    #[default]
    Text,
    /// For a program
    Json,
}

/// Runs `work` on `threads` threads; on one a core without a number, and where more than that are asked for: they
/// would wait for each other.
///
/// # Errors
///
/// `E0603` where the threads cannot be started.
pub fn with_threads<R: Send>(
    threads: Option<usize>,
    work: impl FnOnce() -> Result<R> + Send,
) -> Result<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let given = threads.unwrap_or(0);
    if given > cores {
        let cores = plural(cores, "core");
        note(&format!(
            "note: {given} threads are more than this machine has cores: one runs on each of its {cores}\n"
        ));
    }
    let threads = given.min(cores);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| {
        let title = format!("{threads} threads cannot be started");
        Diagnostic::error("E0603", title).note(error.to_string())
    })?;
    pool.install(work)
}
