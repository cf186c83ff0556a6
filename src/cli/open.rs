//! The data to evaluate an opened run on, or to predict.

mod chosen;

pub use chosen::Chosen;
use chosen::name_of_all;

use super::arguments::DataSource;
use super::parts::{PartArgs, Parts};
use crate::data::{self, Choices, Columns, Dataset, Request, Streaming};
use crate::diagnostic::{Diagnostic, Result};
use crate::examples::Part;
use crate::train::config::is_path;
use crate::train::fitting;
pub use crate::train::opened::{Opened, open};
use crate::train::rows::{self, By, Relation, Use, relate};
use crate::train::run_dir::RunDir;
use crate::words::counted;
use clap::ValueEnum;
use std::path::{Path, PathBuf};

/// A part of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Which {
    /// What the data set holds out
    Test,
    /// What was trained on; of other data all rows that are not held out
    Train,
    /// What was set aside while training
    Validation,
    /// Of time series the windows whose target is yet to come
    Future,
}

impl Opened {
    /// The data that is asked for: the run's own unless another is named. The columns of a table are the
    /// run's, by their names; of a run that has kept none, the target is the one that was named to it.
    pub(super) fn request(&self, source: &DataSource, targets_needed: bool) -> Request {
        let own = &self.config.data;
        let columns = self.columns(targets_needed);
        let of_run = || Streaming::of_word(own.stream);
        let stream = source.streaming().unwrap_or_else(of_run);
        let mut request = match &source.data {
            Some(data) if !own.names(data) => Request {
                data: data.clone(),
                data_dir: source.data_dir.clone(),
                target: source.target.clone(),
                test_rows: source.test_rows.clone(),
                columns,
                arrays: [own.choices.inputs.clone(), own.target.clone()],
                choices: Choices {
                    layout: source.layout.clone().or(own.choices.layout.clone()),
                    ..Choices::default()
                },
                stream,
                ..Request::default()
            },
            _ => Request {
                data: own.name.clone().unwrap_or_default(),
                data_dir: source.data_dir.clone().or(own.directory.clone()),
                target: source.target.clone(),
                test_rows: source.test_rows.clone().or(own.test_rows.clone()),
                columns,
                choices: Choices {
                    test: own
                        .choices
                        .test
                        .clone()
                        .filter(|_| source.test_rows.is_none()),
                    layout: source.layout.clone().or(own.choices.layout.clone()),
                    ..own.choices.clone()
                },
                stream,
                ..Request::default()
            },
        };
        let is_own = source.data.as_deref().is_none_or(|data| own.names(data));
        if request.columns.is_none() && (data::is_table(Path::new(&request.data)) || is_own) {
            request.target = request.target.or(own.target.clone());
        }
        self.complete(request)
    }

    /// Whether a file of predictions may go to `out`: not over what is read, nor over what the run in `run`
    /// is made of or was trained on.
    ///
    /// # Errors
    ///
    /// `E0601` where it would.
    pub fn refuse_own(
        &self,
        [what, flag]: [&str; 2],
        out: &Path,
        run: &Path,
        source: &DataSource,
    ) -> Result<()> {
        let read = self.request(source, false);
        let own = &self.config.data;
        let own_name = own.name.as_deref().unwrap_or_default();
        let files = [
            (
                "the data to predict for is read from it",
                data::files(&read.data, read.test_rows.as_deref()),
            ),
            (
                "the run was trained on the data in it",
                data::files(own_name, own.test_rows.as_deref()),
            ),
            (
                "it is part of the run",
                RunDir::open(run).map_or(vec![], |run| run.files()),
            ),
        ];
        refuse_over(what, flag, out, &files)
    }

    /// Reads data and picks the part: the one asked for, else the test part, else the validation part
    /// of the run's own data, else all rows. Without `--data` it is the run's own.
    ///
    /// # Errors
    ///
    /// Data that cannot be read or does not fit the model; without targets, where they are needed.
    pub fn choose(
        &self,
        source: &DataSource,
        part: PartArgs,
        targets_needed: bool,
    ) -> Result<Chosen> {
        self.pick(source, part, targets_needed)
            .map_err(|failure| match source.data {
                None => self.config.data.with_new_place(failure),
                Some(_) => failure,
            })
            .map_err(|failure| failure.within(&self.source))
    }

    /// The run's own data, if they are not where they were and `data` are the same in another place: with the run's
    /// test part, which a file of other data would not have.
    fn moved(&self, source: &DataSource, data: &str, targets_needed: bool) -> Option<Dataset> {
        if !self.config.data.is_gone() || !is_path(data) {
            return None;
        }
        let found = data::load(&self.moved_request(source, data, targets_needed)).ok()?;
        let rows = self.rows.as_ref();
        let related = relate(rows, &self.record, &self.config, &found, By::Row).ok()?;
        matches!(related, Relation::Own { .. }).then_some(found)
    }

    /// The run's own data, asked for in another place.
    pub(super) fn moved_request(
        &self,
        source: &DataSource,
        data: &str,
        targets_needed: bool,
    ) -> Request {
        let own = DataSource {
            data: None,
            ..source.clone()
        };
        Request {
            data: data.into(),
            ..self.request(&own, targets_needed)
        }
    }

    fn pick(&self, source: &DataSource, part: PartArgs, targets_needed: bool) -> Result<Chosen> {
        if source.data.is_none() && self.config.data.name.is_none() {
            let title = format!("the run was trained on {}", self.record.name);
            return Err(Diagnostic::error("E0603", title)
                .note("a program had them in its memory, and the run keeps no copy")
                .help("`--data PATH` names data: an .npz or a table")
                .into());
        }
        if part.split == Some(Which::Future) {
            return self.to_come(source, targets_needed);
        }
        let request = self.request(source, targets_needed);
        let named = source.data.as_deref();
        let moved = named.and_then(|data| self.moved(source, data, targets_needed));
        let is_moved = moved.is_some();
        let own = is_moved || named.is_none_or(|data| self.config.data.names(data));
        let without = match moved.is_none() && !targets_needed && part.split.is_none() {
            true => data::inputs_alone(&request, &self.inference.input.shape)?,
            false => None,
        };
        let data = match moved.or(without) {
            Some(data) => data,
            None => data::load(&request)?,
        };
        let parts = self.parts(&data, own, part, targets_needed || own)?;
        let all = || (0..data.train.len).collect::<Vec<_>>();
        let (training, validation) = match &parts {
            Parts::Own {
                training,
                validation,
            } => (training.clone(), validation.clone()),
            Parts::Other => (all(), vec![]),
            Parts::Changed(compared) => (
                compared.places(Use::Training),
                compared.places(Use::Validation),
            ),
        };
        if let (true, true, Parts::Own { .. }) = (own, targets_needed, &parts) {
            self.same_counts(&data, training.iter().chain(&validation))?;
        }
        let which = match part.split {
            None if data.test.is_some() => Some(Which::Test),
            None if matches!(parts, Parts::Changed(_)) => None,
            None if !validation.is_empty() => Some(Which::Validation),
            None => Some(Which::Train),
            which => which,
        };
        let unseen = |used: &[Use]| {
            let used = used.iter().enumerate();
            let unseen = used.filter(|(_, used)| matches!(used, Use::Test | Use::New));
            unseen.map(|(place, _)| place).collect()
        };
        let (test, rows, split) = match (which, &parts) {
            (None, Parts::Changed(compared)) => (false, unseen(&compared.train), "unseen"),
            (Some(Which::Test), Parts::Changed(compared)) if data.test.is_some() => {
                (true, unseen(&compared.test), "test")
            }
            (Some(Which::Test), _) => {
                let len = data.test.as_ref().map_or(0, |test| test.len);
                (true, (0..len).collect(), "test")
            }
            (Some(Which::Validation), _) => (false, validation, "validation"),
            (_, Parts::Other) => (false, training, "all"),
            _ => (false, training, "train"),
        };
        if rows.is_empty() {
            let (what, why) = match (split, &parts) {
                ("test", _) if data.test.is_none() => (
                    "no test part",
                    "the data names no held-out rows; `--test-rows FILE` does",
                ),
                ("validation", Parts::Other) => {
                    ("no validation part", "the run was trained on other data")
                }
                ("validation", Parts::Own { .. }) => {
                    ("no validation part", "the run set none aside")
                }
                ("validation", _) => ("no validation part", "none of its rows was set aside"),
                ("train", _) => ("no row that was trained on", "all of its rows are new"),
                _ => ("no row to take", "each was trained on or set aside"),
            };
            let title = format!("{} has {what}", data.name);
            return Err(Diagnostic::error("E0603", title).note(why).into());
        }
        // Scores are over examples, a prediction is of a row.
        let rows = match targets_needed {
            true => data.examples(test, &rows),
            false => rows,
        };
        let with_targets = data.train.has_targets() && data.seen.to_come.is_empty();
        let count = counted(rows.len(), "example", "examples");
        let name = match split {
            _ if !with_targets || split == "all" => name_of_all(&data, rows.len()),
            "train" => format!("{}, the {count} it was trained on", data.name),
            "unseen" => format!("{}, the {count} that were never trained on", data.name),
            _ => format!("{}, {split} part of {count}", data.name),
        };
        let chosen = Chosen {
            data,
            moved: is_moved,
            test,
            rows,
            name,
            split,
            with_targets,
        };
        fitting::check_part(&chosen.data, test, &self.inference)?;
        Ok(chosen)
    }

    /// The windows of a time series whose targets are yet to come.
    fn to_come(&self, source: &DataSource, targets_needed: bool) -> Result<Chosen> {
        let columns = self.record.columns.as_ref();
        let steps = columns.and_then(|columns| columns.steps.as_ref());
        if steps.is_none_or(|steps| steps.window.is_none()) {
            let title = "`--split future` is for windows of time series";
            return Err(Diagnostic::error("E0603", title)
                .note("the run was trained without a `window`")
                .into());
        }
        if targets_needed {
            let title = "targets that are yet to come are compared with nothing";
            return Err(Diagnostic::error("E0603", title)
                .help("`bnnc predict RUN --split future --out FILE` predicts them")
                .into());
        }
        let data = data::load(&Request {
            to_come: true,
            ..self.request(source, false)
        })?;
        let chosen = Chosen::all(data, self)?;
        let count = counted(chosen.rows.len(), "window", "windows");
        let name = &chosen.data.name;
        Ok(Chosen {
            name: format!("{name}, {count} whose target is yet to come"),
            split: "future",
            ..chosen
        })
    }

    /// Whether the rows of the run's table occur as often as when it was trained.
    ///
    /// # Errors
    ///
    /// `E0607` where they do not.
    fn same_counts<'r>(&self, data: &Dataset, rows: impl Iterator<Item = &'r usize>) -> Result<()> {
        if rows::of_counts(data, rows)? == self.record.counts {
            return Ok(());
        }
        let columns = self.record.columns.as_ref();
        let column = columns.and_then(|columns| columns.weights.as_deref());
        let title = format!(
            "the counts in the column `{}` of {} have changed",
            column.unwrap_or_default(),
            data.name
        );
        Err(Diagnostic::error("E0607", title)
            .note(
                "the rows are those that the run was trained on, and they occurred otherwise then",
            )
            .help("train anew, or give the changed table another name and `evaluate --data NAME`")
            .into())
    }

    /// The examples of a choice, scaled as the run was.
    pub fn part<'a>(&'a self, chosen: &'a Chosen) -> Part<'a> {
        Part {
            with_targets: chosen.with_targets,
            ..self.examples(chosen.split(), &chosen.rows)
        }
    }

    /// The names of the targets, each with the column it is compared with where that has another name.
    pub fn compared(&self, columns: Option<&Columns>) -> Vec<String> {
        let own = self.target_names().iter();
        let read = columns.map_or(&[][..], |c| &c.targets);
        own.enumerate()
            .map(|(entry, name)| match read.get(entry) {
                Some(column) if column != name => format!("{name}, against the column {column}"),
                _ => name.clone(),
            })
            .collect()
    }
}

/// Refuses to write `what` over a file that is read. Each list of files is behind the reason why it is not written to.
///
/// # Errors
///
/// `E0601` where `out`, which the flag `option` names, is one of them.
pub(super) fn refuse_over(
    what: &str,
    option: &str,
    out: &Path,
    files: &[(&str, Vec<PathBuf>)],
) -> Result<()> {
    // What is not there is not written over.
    let Ok(place) = out.canonicalize() else {
        return Ok(());
    };
    let is_out = |file: &PathBuf| file.canonicalize().is_ok_and(|file| file == place);
    let Some((why, _)) = files.iter().find(|(_, files)| files.iter().any(is_out)) else {
        return Ok(());
    };
    let title = format!("{what} are not written over `{}`", out.display());
    Err(Diagnostic::error("E0601", title)
        .note(*why)
        .help(format!("name another file with `{option}`"))
        .into())
}
