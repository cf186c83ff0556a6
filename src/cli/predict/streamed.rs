//! Rows that are read some at a time: of a table with more rows than the run was trained on, and of one on standard
//! input. The first is read whole once before, so that all that is wrong with it is told before anything is predicted.

use super::super::beyond::FarInputs;
use super::super::open::{Chosen, Opened};
use super::making::{Chunk, Making};
use super::{PredictArgs, targets};
use crate::data::stream::{self, Found, STDIN, Stream, refuse_of_stdin};
use crate::data::{Dataset, Request};
use crate::diagnostic::Result;

/// A table that is read some rows at a time.
pub(super) struct Table {
    requests: Vec<Request>,
    /// How a file is read; nothing of standard input.
    found: Option<Found>,
}

/// The table that the arguments name, if it is read so. One that has the run's own rows is not: which of these were
/// trained on is known by looking at all. It has no more rows than the run.
pub(super) fn find(args: &PredictArgs, run: &Opened, alone: &[Opened]) -> Result<Option<Table>> {
    let Some(name) = args.data.data.as_deref() else {
        return Ok(None);
    };
    let requests = || -> Vec<Request> {
        let of = |own: &Opened| own.request(&args.data, false);
        alone.iter().map(of).collect()
    };
    if name == "-" {
        let flags = [
            ("`--split`", args.part.split.is_some()),
            ("`--allow-changed`", args.part.allow_changed),
            ("`--test-rows`", args.data.test_rows.is_some()),
            ("`--samples-out`", args.samples_out.is_some()),
        ];
        let flags = flags.iter().filter(|(_, given)| *given);
        let flags: Vec<&str> = flags.map(|(flag, _)| *flag).collect();
        let requests = requests();
        refuse_of_stdin(&requests, &flags)?;
        return Ok(Some(Table {
            requests,
            found: None,
        }));
    }
    let is_whole = args.part.split.is_some() || args.part.allow_changed;
    if is_whole || args.data.test_rows.is_some() || args.data.layout.is_some() {
        return Ok(None);
    }
    let own = run.rows.as_ref().map(|rows| rows.count());
    let Some(own) = own.filter(|_| !run.config.data.names(name)) else {
        return Ok(None);
    };
    let requests = requests();
    let found = stream::find(&requests).map_err(|failure| failure.within(&run.source))?;
    let found = found.filter(|found| found.rows() > own as u64);
    Ok(found.map(|found| Table {
        requests,
        found: Some(found),
    }))
}

impl Table {
    /// How many rows it has, if that is known.
    pub(super) fn rows(&self) -> Option<usize> {
        self.found.as_ref().map(|found| found.rows() as usize)
    }

    /// Predicts all rows: what the table is called, some of its rows with each of the run's targets, and how many there
    /// are.
    ///
    /// # Errors
    ///
    /// What is wrong with it; a prediction that is not finite.
    pub(super) fn predict(
        &self,
        run: &Opened,
        alone: &[Opened],
        mut making: Making,
        at_once: usize,
    ) -> Result<(String, Vec<Chosen>, usize)> {
        let within = |failure: crate::diagnostic::Failure| failure.within(&run.source);
        let mut far = FarInputs::new(&alone[0]);
        let mut stream = match &self.found {
            None => Stream::of_stdin(&self.requests).map_err(within)?,
            Some(found) => {
                let first = Stream::of_file(&self.requests, found).map_err(within)?;
                first
                    .check(at_once, &mut |data| {
                        let chosen = all(data, alone)?;
                        far.look(&alone[0], &chosen[0])
                    })
                    .map_err(within)?;
                Stream::of_file(&self.requests, found).map_err(within)?
            }
        };
        let mut last = vec![];
        while let Some(data) = stream.next(at_once).map_err(within)? {
            let chosen = all(data, alone)?;
            if self.found.is_none() {
                far.look(&alone[0], &chosen[0])?;
            }
            let rows = chosen[0].file_rows();
            let is_read = making.take(&Chunk {
                targets: &targets(alone, &chosen),
                rows: &rows,
                identifiers: chosen[0].identifiers(),
                at: &chosen[0].rows,
                of_steps: None,
            })?;
            last = chosen;
            if !is_read {
                break;
            }
        }
        // Before anything takes the place of an older file.
        let Some(first) = last.first() else {
            return Err(stream::no_rows(STDIN));
        };
        let count = making.finish(|| {
            far.warn(&alone[0]);
            Ok(())
        })?;
        Ok((first.name_of_all(count), last, count))
    }
}

/// All rows of these data, with each of the run's targets.
fn all(data: Vec<Dataset>, alone: &[Opened]) -> Result<Vec<Chosen>> {
    let pairs = data.into_iter().zip(alone);
    pairs.map(|(data, own)| Chosen::all(data, own)).collect()
}
