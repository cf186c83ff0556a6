//! A run with several targets, looked at as one of each of them.

use super::arguments::DataSource;
use super::open::{Chosen, Opened, Which};
use super::parts::PartArgs;
use crate::data::{self, Dataset, Request};
use crate::diagnostic::{Diagnostic, Result};
use crate::examples::{fingerprint, fingerprint_of_targets};
use crate::train::fitting;
use clap::ValueEnum;

impl Opened {
    /// The run as one of each of its model's targets alone, in their order, each read from what `source` names for it.
    ///
    /// # Errors
    ///
    /// `E0506` where it names another number of them.
    pub fn of_targets(&self, source: &DataSource) -> Result<Vec<Opened>> {
        self.by_target(source.target.clone())
    }

    /// For programs: the examples with which `bnnc evaluate` scores a run, of its own data or of that called `data`, for each
    /// of its targets. `part` is `test`, `validation` or `train`.
    ///
    /// # Errors
    ///
    /// As [`Opened::choose_all`].
    pub fn to_score(
        &self,
        alone: &[Opened],
        data: Option<String>,
        part: Option<&str>,
    ) -> Result<Vec<Chosen>> {
        let source = DataSource {
            data,
            ..DataSource::default()
        };
        let part = PartArgs {
            split: part.and_then(|word| Which::from_str(word, false).ok()),
            allow_changed: false,
        };
        self.choose_all(alone, &source, part, true)
    }

    /// As [`Opened::choose`], the same rows with each of the model's targets; `alone` are [`Opened::of_targets`].
    ///
    /// # Errors
    ///
    /// As [`Opened::choose`]; `E0611` where a further target is not what the run was trained on.
    pub fn choose_all(
        &self,
        alone: &[Opened],
        source: &DataSource,
        part: PartArgs,
        targets_needed: bool,
    ) -> Result<Vec<Chosen>> {
        let mut all: Vec<Chosen> = vec![];
        for own in alone {
            let chosen = match all.first() {
                None => own.choose(source, part, targets_needed)?,
                Some(first) => own
                    .beside(first, &alone[0], source, part, targets_needed)
                    .map_err(|failure| failure.within(&self.source))?,
            };
            all.push(chosen);
        }
        Ok(all)
    }

    /// The rows of a choice with this target, which may be there or not where it is not needed.
    fn beside(
        &self,
        first: &Chosen,
        of_first: &Opened,
        source: &DataSource,
        part: PartArgs,
        targets_needed: bool,
    ) -> Result<Chosen> {
        let request = match (&source.data, first.moved) {
            (Some(data), true) => self.moved_request(source, data, targets_needed),
            _ => self.request(source, targets_needed),
        };
        let request = Request {
            to_come: part.split == Some(Which::Future),
            ..request
        };
        let without = match !targets_needed && part.split.is_none() {
            true => data::inputs_alone(&request, &self.inference.input.shape)?,
            false => None,
        };
        let data = match without {
            Some(data) => data,
            None => data::load(&request)?,
        };
        self.of_the_same_examples(&first.data, &data)?;
        let is_own = fingerprint(&first.data.train)? == of_first.record.fingerprint;
        if is_own && !part.allow_changed {
            self.same_numbers(&data)?;
        }
        let chosen = Chosen {
            moved: first.moved,
            test: first.test,
            rows: first.rows.clone(),
            name: first.name.clone(),
            split: first.split,
            with_targets: data.train.has_targets() && data.seen.to_come.is_empty(),
            data,
        };
        fitting::check_part(&chosen.data, chosen.test, &self.inference)?;
        Ok(chosen)
    }

    /// Whether the target's data have as many examples in each part as the first's.
    fn of_the_same_examples(&self, first: &Dataset, data: &Dataset) -> Result<()> {
        if data.lengths() == first.lengths() {
            return Ok(());
        }
        Err(data::of_other_examples(&self.inference.target.name, data, first).into())
    }

    /// Whether the target is still what the run was trained on, where the first and all inputs are: the digests of rows
    /// are of these alone.
    fn same_numbers(&self, data: &Dataset) -> Result<()> {
        let train = &data.train;
        if !train.has_targets() || fingerprint_of_targets(train) == self.record.fingerprint {
            return Ok(());
        }
        let title = format!(
            "the target `{}` of {} is not what the run was trained on",
            self.inference.target.name, data.name
        );
        Err(Diagnostic::error("E0611", title)
            .note("the inputs and the first target are")
            .help("`--allow-changed` takes it as it is")
            .into())
    }
}
