//! Which rows of some data were trained on, so that no command calls a row held out that was not.

use super::open::{Opened, Which};
use crate::data::Dataset;
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::train::rows::{By, Compared, Relation, Use, relate};
use clap::Args;

/// Which part of the data a command takes.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct PartArgs {
    /// Which part of the data; else the test part, else what was set aside, else all of it
    #[arg(long, value_enum)]
    pub split: Option<Which>,
    /// Take a table that has changed since it was trained on: without --split, the rows that were never trained on
    /// nor set aside. Also take another named data set than the run's
    #[arg(long)]
    pub allow_changed: bool,
}

/// The rows of some data, by what the run did with them.
pub(super) enum Parts {
    /// The run's data, in whatever order: the rows of the training part that were trained on and set aside.
    Own {
        training: Vec<usize>,
        validation: Vec<usize>,
    },
    /// Data of which the run had no row.
    Other,
    /// Some rows are the run's; it is said that this may be so.
    Changed(Compared),
}

impl Opened {
    /// How `data` and the run's data are related. `own`: it is what the run's settings name.
    ///
    /// # Errors
    ///
    /// `E0611` where it has changed since, or is another named data set, unless that is allowed.
    pub(super) fn parts(
        &self,
        data: &Dataset,
        own: bool,
        args: PartArgs,
        judged: bool,
    ) -> Result<Parts> {
        if judged && !args.allow_changed {
            self.refuse_other_classes(data)?;
        }
        let of_run = self.target_names();
        let read = data
            .columns
            .as_ref()
            .map_or(of_run, |columns| &columns.targets);
        let by = match data.train.has_targets() && read == of_run {
            true => By::Row,
            false => By::Inputs,
        };
        let rows = self.rows.as_ref();
        let compared = match relate(rows, &self.record, &self.config, data, by)? {
            Relation::Own {
                training,
                validation,
            } => {
                return Ok(Parts::Own {
                    training,
                    validation,
                });
            }
            Relation::Unknown if own && judged => return Err(self.unknown(data)),
            Relation::Unknown => return Ok(Parts::Other),
            Relation::Compared(compared) => compared,
        };
        if args.allow_changed {
            return Ok(Parts::Changed(compared));
        }
        let told = || compared.overlaps() && rows.is_some_and(|rows| rows.distinct(by));
        match judged && (own || told()) {
            true => Err(self.changed(data, &compared)),
            false => Ok(Parts::Other),
        }
    }

    /// Refuses labels that mean other things than those of the run: digits against clothes.
    fn refuse_other_classes(&self, data: &Dataset) -> Result<()> {
        let (run, read) = (&self.record.class_names, &data.class_names);
        let differ = run.iter().zip(read).position(|(a, b)| a != b);
        let Some(label) = differ else { return Ok(()) };
        let title = format!("the classes of `{}` are not those of the run", data.name);
        Err(Diagnostic::error("E0611", title)
            .note(format!(
                "the run was trained on {}: label {label} is `{}` there and `{}` here",
                self.record.name, run[label], read[label]
            ))
            .help("`--allow-changed` takes the labels as numbers, whatever they mean")
            .into())
    }

    /// The data is no more what the run was trained on.
    fn changed(&self, data: &Dataset, compared: &Compared) -> Failure {
        let title = format!(
            "`{}` is not the data that the run was trained on",
            data.name
        );
        let mut message = Diagnostic::error("E0611", title);
        message.notes = compared.differences(data.file_rows.as_ref());
        let all = || compared.train.iter().chain(&compared.test);
        let trained = all().filter(|used| **used == Use::Training).count();
        if trained > 0 {
            message = message.note(format!(
                "{trained} of its {} rows were trained on: they are not held out",
                all().count()
            ));
        }
        message
            .help("`--allow-changed` takes the rows that were never trained on, and only these")
            .into()
    }

    /// The data is no more what the run was trained on, and the run does not know its rows.
    fn unknown(&self, data: &Dataset) -> Failure {
        let title = format!(
            "`{}` is not the data that the run was trained on",
            data.name
        );
        Diagnostic::error("E0611", title)
            .note("the run was made before runs kept a digest of each row, so which rows it was trained on is unknown")
            .help("train again, or name data that the run has never had with `--data`")
            .into()
    }
}
