//! Which rows a run was trained on, told by their content: `rows.safetensors`.
//!
//! A table changes after a run: rows are added, removed, sorted or corrected. A row's place then says nothing about
//! whether the run was trained on it. So a run keeps two digests of each row, 8 bytes each: the start of the SHA-256
//! of its inputs and targets as they were read, and the same of its inputs alone, for tables with other targets or
//! none. Among a million different rows, two have the same digest with a probability of 3·10⁻⁸. The file has the
//! arrays `training`, `validation` and `test` of shape `[rows, 2]`, of unsigned 64-bit integers.

use super::config::Config;
use super::files::{failed, write_whole};
use super::prepared::Prepared;
use super::run_dir::DataRecord;
use crate::data::split::take_validation;
use crate::data::{Dataset, Split, Values};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::examples::fingerprint;
use crate::words::count;
use rayon::prelude::*;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The parts of a run's data.
const PARTS: [&str; 3] = ["training", "validation", "test"];

/// The most rows that a message names.
const NAMED: usize = 5;

/// The digests of a run's rows, by part: each of the whole row, and of its inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows([Vec<[u64; 2]>; 3]);

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
/// As [`take_validation`].
pub fn relate(
    rows: Option<&Rows>,
    record: &DataRecord,
    config: &Config,
    data: &Dataset,
    by: By,
) -> Result<Relation> {
    if by == By::Row && fingerprint(&data.train) == record.fingerprint {
        // By place: of equal rows each is what it was. The data may name other groups than the run had.
        let (part, groups) = (config.data.validation, data.groups());
        let (training, validation) = take_validation(data.train.len, groups, part, config.seed)?;
        if rows.is_none_or(|rows| rows.in_place(data, &training, &validation)) {
            return Ok(Relation::Own {
                training,
                validation,
            });
        }
    }
    Ok(match rows.map(|rows| rows.compare(data, by)) {
        None => Relation::Unknown,
        Some(compared) if compared.same() => Relation::Own {
            training: compared.places(Use::Training),
            validation: compared.places(Use::Validation),
        },
        Some(compared) => Relation::Compared(compared),
    })
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
    /// Of data that is ready to train on.
    pub fn of(prepared: &Prepared) -> Rows {
        let train = digests(&prepared.data.train);
        let pick = |rows: &[usize]| rows.iter().map(|row| train[*row]).collect();
        let test = prepared.data.test.as_ref().map_or(vec![], digests);
        Rows([pick(&prepared.training), pick(&prepared.validation), test])
    }

    /// Whether a row can be told by its content: fewer than one in ten is equal to another. Of measurements all
    /// differ; of a table of a few categories many are the same, and a new row that looks like one that was trained
    /// on need not be it.
    pub fn distinct(&self, by: By) -> bool {
        let all = || self.0.iter().flatten().map(|digest| digest[by as usize]);
        let different: HashSet<u64> = all().collect();
        (all().count() - different.len()) * 10 < all().count()
    }

    /// Whether `data`, divided into these places of its training part, has the run's rows in the run's order; its test
    /// part holds none but rows that the run held out.
    fn in_place(&self, data: &Dataset, training: &[usize], validation: &[usize]) -> bool {
        let [kept_training, kept_validation, kept_test] = &self.0;
        if [kept_training.len(), kept_validation.len()] != [training.len(), validation.len()] {
            return false;
        }
        let train = digests(&data.train);
        let mut pairs = kept_training
            .iter()
            .zip(training)
            .chain(kept_validation.iter().zip(validation));
        let known: HashSet<_> = kept_test.iter().collect();
        let test = data.test.as_ref().map_or(vec![], digests);
        pairs.all(|(kept, place)| *kept == train[*place])
            && test.iter().all(|row| known.contains(row))
    }

    /// What the run did with each row of `data`. Rows that are equal are one row of the run each, as long as there
    /// are any left; then they are what the first of them was.
    pub fn compare(&self, data: &Dataset, by: By) -> Compared {
        // By digest: how many rows of each part the run has, and how many of these have not been met.
        let mut known: HashMap<u64, [[usize; 2]; 3]> = HashMap::new();
        for (part, digests) in self.0.iter().enumerate() {
            for digest in digests {
                let counts = &mut known.entry(digest[by as usize]).or_default()[part];
                counts[0] += 1;
                counts[1] += 1;
            }
        }
        let mut look = |split: &Split, first: [usize; 3]| -> Vec<Use> {
            let used = digests(split).into_iter().map(|digest| {
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
        let test = data
            .test
            .as_ref()
            .map_or(vec![], |test| look(test, [2, 0, 1]));
        let train = look(&data.train, [0, 1, 2]);
        let gone = known.values().flatten().map(|[_, left]| left).sum();
        Compared { train, test, gone }
    }

    /// Writes them to the file at `path`.
    ///
    /// # Errors
    ///
    /// `E0601` where it cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let bytes = self.0.each_ref().map(|part| {
            let bytes = part
                .iter()
                .flatten()
                .flat_map(|digest| digest.to_le_bytes());
            bytes.collect::<Vec<u8>>()
        });
        let view = |part: usize| {
            TensorView::new(Dtype::U64, vec![self.0[part].len(), 2], &bytes[part])
                .expect("sixteen bytes a row")
        };
        let views = (0..3).map(|part| (PARTS[part], view(part)));
        let file = safetensors::serialize(views, None).expect("three arrays");
        write_whole(path, &file)
    }

    /// Reads them from the file at `path`; none of a run of before they were kept.
    ///
    /// # Errors
    ///
    /// `E0601` where it cannot be read, `E0605` where it is damaged.
    pub(crate) fn read(path: &Path) -> Result<Option<Rows>> {
        let file = match crate::files::read(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|error| failed(path, "read", &error))?,
        };
        let damaged = |fact: String| -> Failure {
            let title = format!("`{}` is damaged", path.display());
            Diagnostic::error("E0605", title).note(fact).into()
        };
        let tensors = SafeTensors::deserialize(&file).map_err(|e| damaged(e.to_string()))?;
        let part = |name: &str| -> Result<Vec<[u64; 2]>> {
            let view = tensors.tensor(name);
            match view.map_err(|e| damaged(e.to_string()))? {
                view if view.dtype() == Dtype::U64 && matches!(view.shape(), [_, 2]) => {
                    let rows = view.data().chunks_exact(16);
                    Ok(rows.map(|row| [first(row), first(&row[8..])]).collect())
                }
                _ => Err(damaged(format!("`{name}` has no digests of rows"))),
            }
        };
        Ok(Some(Rows([
            part(PARTS[0])?,
            part(PARTS[1])?,
            part(PARTS[2])?,
        ])))
    }
}

impl Compared {
    /// Whether the data has the same rows in the same parts as the run; those set aside may be anywhere among those
    /// trained on.
    fn same(&self) -> bool {
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

/// The number in the first eight bytes.
fn first(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"))
}

/// The digests of every row of `split`.
fn digests(split: &Split) -> Vec<[u64; 2]> {
    let widths = (split.input_shape.len(), split.target_shape.len());
    let row = |bytes: &mut Vec<u8>, row: usize| {
        bytes.clear();
        take(&split.inputs, row, widths.0, bytes);
        let mut hash = Sha256::new_with_prefix(&bytes);
        let inputs = first(&hash.clone().finalize());
        bytes.clear();
        take(&split.targets, row, widths.1, bytes);
        hash.update(&bytes);
        [first(&hash.finalize()), inputs]
    };
    (0..split.len)
        .into_par_iter()
        .map_init(Vec::new, row)
        .collect()
}

/// The bytes of a row, the same whatever type its numbers were read in: one byte a number where all are whole
/// numbers from 0 to 255, else float64.
fn take(values: &Values, row: usize, width: usize, out: &mut Vec<u8>) {
    let range = row * width..(row + 1) * width;
    let wide = |numbers: &mut dyn Iterator<Item = f64>, out: &mut Vec<u8>| {
        let start = out.len();
        out.push(8);
        let mut bytes = true;
        for number in numbers {
            bytes &= number == f64::from(number as u8);
            // -0 is 0.
            out.extend((number + 0.0).to_le_bytes());
        }
        if bytes {
            out[start] = 1;
            for entry in 0..width {
                let at = start + 1 + 8 * entry;
                let number = f64::from_bits(first(&out[at..]));
                out[start + 1 + entry] = number as u8;
            }
            out.truncate(start + 1 + width);
        }
    };
    match values {
        Values::U8(v) => {
            out.push(1);
            out.extend(&v[range]);
        }
        Values::F32(v) => wide(&mut v[range].iter().map(|x| f64::from(*x)), out),
        Values::F64(v) => wide(&mut v[range].iter().copied(), out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Shape;

    fn split(rows: &[(f64, f64)]) -> Split {
        Split {
            inputs: Values::F64(rows.iter().map(|row| row.0).collect()),
            input_shape: Shape::new(&[1]),
            targets: Values::F64(rows.iter().map(|row| row.1).collect()),
            target_shape: Shape::default(),
            len: rows.len(),
        }
    }

    fn data(train: &[(f64, f64)], test: &[(f64, f64)]) -> Dataset {
        Dataset {
            name: "t.csv".into(),
            train: split(train),
            test: (!test.is_empty()).then(|| split(test)),
            class_names: vec![],
            file_rows: None,
            columns: None,
            seen: crate::data::Seen::default(),
        }
    }

    const A: (f64, f64) = (1.0, 10.5);
    const B: (f64, f64) = (2.0, 20.5);
    const C: (f64, f64) = (3.0, 30.5);
    const D: (f64, f64) = (4.0, 40.5);

    /// A run that was trained on A and A again, set B aside and held C out.
    fn run() -> Rows {
        let part = |rows: &[(f64, f64)]| digests(&split(rows));
        Rows([part(&[A, A]), part(&[B]), part(&[C])])
    }

    #[test]
    fn rows_are_known_by_content_wherever_they_stand() {
        let compared = run().compare(&data(&[B, A, A], &[C]), By::Row);
        assert!(compared.same());
        assert_eq!(
            compared.train,
            [Use::Validation, Use::Training, Use::Training]
        );
        for (train, test, facts) in [
            (vec![A, B], vec![C], "1 row is gone that the run had"),
            (
                vec![A, A, B, D],
                vec![C],
                "1 row is new: row 3 (the first being 0)",
            ),
            (
                vec![A, B, C],
                vec![A],
                "1 row of the test part was trained on or set aside: row 0 (the first being 0); \
                 1 row was held out and is in the training part now: row 2 (the first being 0)",
            ),
            // A third copy of what was trained on was trained on.
            (
                vec![A, B, A],
                vec![C, A],
                "1 row of the test part was trained on or set aside: row 1 (the first being 0)",
            ),
            // The same inputs with another target are another row.
            (
                vec![A, A, (2.0, 20.0)],
                vec![C],
                "1 row is new: row 2 (the first being 0); 1 row is gone that the run had",
            ),
        ] {
            let compared = run().compare(&data(&train, &test), By::Row);
            assert!(!compared.same(), "{facts}");
            assert_eq!(compared.differences(None).join("; "), facts);
        }
        assert!(!run().compare(&data(&[D], &[]), By::Row).overlaps());
    }

    #[test]
    fn inputs_alone_tell_rows_whose_targets_are_others() {
        let other = data(&[(1.0, 0.0), (2.0, 0.0), (1.0, 5.0)], &[(3.0, 7.0)]);
        assert!(!run().compare(&other, By::Row).overlaps());
        assert!(run().compare(&other, By::Inputs).same());
    }

    #[test]
    fn rows_of_which_many_are_equal_are_not_told_by_content() {
        let run = |n: usize, different: usize| {
            let rows: Vec<_> = (0..n).map(|i| ((i % different) as f64, 0.5)).collect();
            Rows([digests(&split(&rows)), vec![], vec![]])
        };
        assert!(run(100, 91).distinct(By::Row));
        assert!(!run(100, 90).distinct(By::Row));
    }

    #[test]
    fn a_digest_does_not_depend_on_the_type_of_the_numbers() {
        let of = |inputs| {
            let split = Split {
                inputs,
                input_shape: Shape::new(&[2]),
                targets: Values::U8(vec![1, 2]),
                target_shape: Shape::default(),
                len: 2,
            };
            digests(&split)
        };
        let bytes = of(Values::U8(vec![0, 255, 3, 4]));
        assert_eq!(bytes, of(Values::F32(vec![-0.0, 255.0, 3.0, 4.0])));
        assert_eq!(bytes, of(Values::F64(vec![0.0, 255.0, 3.0, 4.0])));
        let wide = of(Values::F64(vec![0.5, 256.0, 3.0, -4.0]));
        assert_eq!(wide, of(Values::F32(vec![0.5, 256.0, 3.0, -4.0])));
        let all = [bytes, wide].concat();
        assert!((0..4).all(|i| (0..i).all(|j| all[i] != all[j])), "{all:?}");
    }

    #[test]
    fn digests_come_back_from_their_file_or_it_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.safetensors");
        assert_eq!(Rows::read(&path).unwrap(), None);
        run().write(&path).unwrap();
        assert_eq!(Rows::read(&path).unwrap(), Some(run()));
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        assert_eq!(Rows::read(&path).unwrap_err().diagnostics[0].code, "E0605");
    }
}
