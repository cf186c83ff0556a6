//! Which of some data's rows a run was trained on, set aside and held out.

use super::{Rows, digests, digests_of};
use crate::data::Dataset;
use crate::data::split::set_aside;
use crate::diagnostic::Result;
use crate::examples::Fingerprint;
use crate::train::config::Config;
use crate::train::data_record::DataRecord;
use crate::words::count;
use std::collections::{HashMap, HashSet};

/// The most rows that a message names.
const NAMED: usize = 5;

/// What of a row is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Inputs and targets.
    Row,
    /// Inputs alone: the targets are others, or there are none.
    Inputs,
}

/// What a run did with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It was trained on.
    Training,
    /// It was set aside for validation.
    Validation,
    /// It was held out.
    Test,
    /// The run did not have it.
    New,
}

const USES: [Use; 3] = [Use::Training, Use::Validation, Use::Test];

/// How the rows of some data and those of a run are related.
pub enum Relation {
    /// They are the same, in whatever order: the places in the training part that were trained on and set aside.
    Own {
        /// Those trained on.
        training: Vec<usize>,
        /// Those set aside.
        validation: Vec<usize>,
    },
    /// Some differ, or all.
    Compared(Compared),
    /// They differ, and the run is of before it kept digests.
    Unknown,
}

/// Finds the rows of a run, of which `rows` are the digests, in `data`.
///
/// # Errors
///
/// As [`set_aside`]; a file of stored inputs that cannot be read.
pub fn relate(
    rows: Option<&Rows>,
    record: &DataRecord,
    config: &Config,
    data: &Dataset,
    by: By,
) -> Result<Relation> {
    // One look at the inputs for all that is asked of them.
    let mut train = vec![];
    let mut fingerprint = Fingerprint::begin(&data.train)?;
    data.train.inputs.show(data.train.len, &mut |piece| {
        fingerprint.look(piece);
        if rows.is_some() {
            digests_of(&data.train, piece, &mut train);
        }
    })?;
    let test = match (rows, &data.test) {
        (Some(_), Some(test)) => digests(test)?,
        _ => vec![],
    };
    if by == By::Row && fingerprint.finish() == record.fingerprint {
        // By place: of equal rows each is what it was. The data may name other groups than the run had.
        let (part, groups) = (config.data.set_aside(), data.groups());
        let (training, validation) =
            set_aside(data.train.len, groups, data.in_time(), part, config.seed)?;
        let is_own = |rows: &Rows| rows.in_place([&train, &test], &training, &validation);
        if rows.is_none_or(is_own) {
            return Ok(Relation::Own {
                training,
                validation,
            });
        }
    }
    Ok(
        match rows.map(|rows| rows.compare_digests([&train, &test], by)) {
            None => Relation::Unknown,
            Some(compared) if compared.same() => Relation::Own {
                training: compared.places(Use::Training),
                validation: compared.places(Use::Validation),
            },
            Some(compared) => Relation::Compared(compared),
        },
    )
}

/// The rows of some data beside those of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// What the run did with each row of the training part.
    pub train: Vec<Use>,
    /// What the run did with each row of the test part; empty where there is none.
    pub test: Vec<Use>,
    /// How many rows of the run are in neither.
    pub gone: usize,
}

impl Rows {
    /// Whether a row can be told by its content: fewer than one in ten is equal to another. Of measurements all
    /// differ; of a table of a few categories many are the same, and a new row that looks like one that was trained
    /// on need not be it.
    pub fn distinct(&self, by: By) -> bool {
        let all = || self.0.iter().flatten().map(|digest| digest[by as usize]);
        let different: HashSet<u64> = all().collect();
        (all().count() - different.len()) * 10 < all().count()
    }

    /// Whether data with these digests, divided into these places of its training part, has the run's rows in the run's
    /// order; its test part holds none but rows that the run held out.
    fn in_place(
        &self,
        [train, test]: [&[[u64; 2]]; 2],
        training: &[usize],
        validation: &[usize],
    ) -> bool {
        let [kept_training, kept_validation, kept_test] = &self.0;
        if [kept_training.len(), kept_validation.len()] != [training.len(), validation.len()] {
            return false;
        }
        let mut pairs = kept_training
            .iter()
            .zip(training)
            .chain(kept_validation.iter().zip(validation));
        let known: HashSet<_> = kept_test.iter().collect();
        pairs.all(|(kept, place)| *kept == train[*place])
            && test.iter().all(|row| known.contains(row))
    }

    /// What the run did with each row of `data`. Rows that are equal are one row of the run each, as long as there
    /// are any left; then they are what the first of them was.
    ///
    /// # Errors
    ///
    /// A file of stored inputs that cannot be read.
    pub fn compare(&self, data: &Dataset, by: By) -> Result<Compared> {
        let test = data.test.as_ref().map_or(Ok(vec![]), digests)?;
        Ok(self.compare_digests([&digests(&data.train)?, &test], by))
    }

    fn compare_digests(&self, [train, test]: [&[[u64; 2]]; 2], by: By) -> Compared {
        // By digest: how many rows of each part the run has, and how many of these have not been met.
        let mut known: HashMap<u64, [[usize; 2]; 3]> = HashMap::new();
        for (part, digests) in self.0.iter().enumerate() {
            for digest in digests {
                let counts = &mut known.entry(digest[by as usize]).or_default()[part];
                counts[0] += 1;
                counts[1] += 1;
            }
        }
        let mut look = |digests: &[[u64; 2]], first: [usize; 3]| -> Vec<Use> {
            let used = digests.iter().map(|digest| {
                let Some(counts) = known.get_mut(&digest[by as usize]) else {
                    return Use::New;
                };
                if let Some(part) = first.into_iter().find(|part| counts[*part][1] > 0) {
                    counts[part][1] -= 1;
                    return USES[part];
                }
                let part = (0..3).find(|part| counts[*part][0] > 0);
                part.map_or(Use::New, |part| USES[part])
            });
            used.collect()
        };
        let test = look(test, [2, 0, 1]);
        let train = look(train, [0, 1, 2]);
        let gone = known.values().flatten().map(|[_, left]| left).sum();
        Compared { train, test, gone }
    }
}

impl Compared {
    /// Whether the data has the same rows in the same parts as the run; those set aside may be anywhere among those
    /// trained on.
    pub(super) fn same(&self) -> bool {
        let training = |used: &Use| matches!(used, Use::Training | Use::Validation);
        self.gone == 0
            && self.train.iter().all(training)
            && self.test.iter().all(|used| *used == Use::Test)
    }

    /// The places in the training part of the rows that the run used so.
    pub fn places(&self, used: Use) -> Vec<usize> {
        let found = self
            .train
            .iter()
            .enumerate()
            .filter(|(_, found)| **found == used);
        found.map(|(place, _)| place).collect()
    }

    /// Whether the run has any of the rows.
    pub fn overlaps(&self) -> bool {
        let mut all = self.train.iter().chain(&self.test);
        all.any(|used| *used != Use::New)
    }

    /// What differs from the run's data, a fact each: `file_rows` says which rows of the file the two parts are.
    pub fn differences(&self, file_rows: Option<&[Vec<usize>; 2]>) -> Vec<String> {
        let row = |part: usize, place: usize| file_rows.map_or(place, |rows| rows[part][place]);
        let find = |part: usize, wanted: fn(Use) -> bool| {
            let used = [&self.train, &self.test][part].iter().enumerate();
            used.filter(move |(_, used)| wanted(**used))
                .map(move |(place, _)| row(part, place))
                .collect::<Vec<usize>>()
        };
        let mut new = [find(0, |u| u == Use::New), find(1, |u| u == Use::New)].concat();
        new.sort_unstable();
        let mut facts = vec![];
        let mut add = |rows: &[usize], one: &str, many: &str| {
            if !rows.is_empty() {
                let what = count(rows.len(), one, many);
                facts.push(format!("{what}: {}", named(rows)));
            }
        };
        add(&new, "row is new", "rows are new");
        add(
            &find(1, |used| matches!(used, Use::Training | Use::Validation)),
            "row of the test part was trained on or set aside",
            "rows of the test part were trained on or set aside",
        );
        add(
            &find(0, |used| used == Use::Test),
            "row was held out and is in the training part now",
            "rows were held out and are in the training part now",
        );
        if self.gone > 0 {
            facts.push(format!(
                "{} gone that the run had",
                count(self.gone, "row is", "rows are")
            ));
        }
        facts
    }
}

/// `row 3`, `rows 3, 5 and 8 others`.
fn named(rows: &[usize]) -> String {
    let shown: Vec<String> = rows.iter().take(NAMED).map(|row| row.to_string()).collect();
    let shown = shown.join(", ");
    let several = if rows.len() == 1 { "row" } else { "rows" };
    match rows.len().saturating_sub(NAMED) {
        0 => format!("{several} {shown} (the first being 0)"),
        more => format!("{several} {shown} and {more} more (the first being 0)"),
    }
}
