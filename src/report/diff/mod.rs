//! `bnnc diff`: two models are compared as their printed IR, place by place.
//!
//! The IR names every part and prints every value that a fit depends on. A place is a section, a subject and a field
//! of it: `parameters`, `hidden.kernel`, `prior`. Layout, comments, constants and who supplied a setting are not in
//! the compared lines, so they make no difference.

mod names;
mod text;

use crate::data::{Columns, shortened};
use crate::ir::{self, Facts, Inference};
use crate::plan::Plan;
use crate::report::initial::initial_terms;
use crate::train::config::Config;
use crate::train::data_record::DataRecord;
use crate::words::distinct;
use serde::Serialize;
use std::sync::Arc;

/// Two models beside each other.
#[derive(Debug, Clone, Serialize)]
pub struct Diff {
    /// The names of the two.
    pub models: [String; 2],
    /// Whether the models are the same but for their names. Settings and data of runs do not count.
    pub same: bool,
    /// Each difference.
    pub changes: Vec<Change>,
    /// Sums over the whole models.
    pub totals: Totals,
    /// What the second model's terms are beside the data's, or else the first's: `KL`, `penalty`.
    #[serde(skip)]
    weighted: Vec<&'static str>,
}

/// A value that differs between the two.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The section of the printed IR; `names` for layers under other names, `run` for settings and data of runs.
    pub section: String,
    /// Whether the value is there in both.
    pub what: What,
    /// A layer, parameter, term or option, by its name in the second model.
    pub subject: String,
    /// What of it: `prior`, `shape`, `scale`. Empty where the subject has one value.
    pub field: String,
    /// In the first model.
    pub before: Option<String>,
    /// In the second.
    pub after: Option<String>,
}

/// Whether something is there in both models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// Only in the second.
    Added,
    /// Only in the first.
    Removed,
    /// In both, with different values.
    Changed,
}

/// Sums over each of two models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Totals {
    /// Entries of parameters that are drawn.
    pub random_weights: [usize; 2],
    /// Numbers that are trained.
    pub trainable: [usize; 2],
    /// All terms but the data's before the first step, expected, in nats.
    pub initial_kl: [Option<f64>; 2],
    /// The weight of these terms against the ELBO's, once annealing is over.
    pub lambda: [f64; 2],
}

/// How the second model differs from the first.
pub fn diff(first: &Arc<Plan>, second: &Arc<Plan>) -> Diff {
    let (a, b): (&Inference, &Inference) = (&first.inference, &second.inference);
    let (renamed, names) = names::under_names_of(a, b);
    let names = names.iter();
    let names =
        names.map(|(before, after)| Change::new(["names", after, ""], Some(before), Some(after)));
    let mut changes: Vec<Change> = names.collect();
    changes.extend(compare(&entries(&renamed), &entries(b)));
    let of_b = Some(b.weighted()).filter(|words| !words.is_empty());
    Diff {
        models: [a.name.clone(), b.name.clone()],
        same: changes.is_empty(),
        changes,
        totals: totals(first, second),
        weighted: of_b.unwrap_or_else(|| a.weighted()),
    }
}

impl Change {
    fn new(
        [section, subject, field]: [&str; 3],
        before: Option<&str>,
        after: Option<&str>,
    ) -> Self {
        Change {
            section: section.into(),
            what: match (before, after) {
                (None, _) => What::Added,
                (_, None) => What::Removed,
                _ => What::Changed,
            },
            subject: subject.into(),
            field: field.into(),
            before: before.map(Into::into),
            after: after.map(Into::into),
        }
    }
}

/// Section, subject and field.
type Place = [String; 3];

/// A value of the printed IR and its place.
#[derive(Clone, PartialEq)]
struct Entry {
    place: Place,
    value: String,
    /// The value with all digits of its numbers.
    exact: String,
}

impl Entry {
    fn new(place: [&str; 3], value: &str) -> Self {
        Entry {
            place: place.map(Into::into),
            value: value.into(),
            exact: value.into(),
        }
    }
}

/// What the columns of a section's lines are called.
const COLUMNS: [(&str, [&str; 2]); 3] = [
    ("data", ["shape", "role"]),
    ("parameters", ["shape", FANS]),
    ("graph", ["shape", "layer"]),
];
/// Fans follow from shapes.
const FANS: &str = "fans";
/// Who supplied a setting.
const FROM: &str = "from";

/// The printed model's values, each with its place.
fn entries(model: &Inference) -> Vec<Entry> {
    let text = || lines(&ir::text(model, &Facts::default()));
    let all = text().into_iter().zip(crate::with_all_digits(text));
    let entries = all.map(|(short, exact)| Entry {
        exact: exact.value,
        ..short
    });
    entries.collect()
}

/// Splits the printed IR: sections begin at the margin, subjects are indented by 2, their fields by 4.
fn lines(text: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = vec![];
    let [mut section, mut subject, mut field] = [""; 3];
    for line in text.lines().skip_while(|line| !line.is_empty()) {
        let inner = line.trim_start();
        let (word, value) = inner.split_once(' ').unwrap_or((inner, ""));
        match line.len() - inner.len() {
            0 => [section, subject, field] = [word, word, ""],
            2 if word == "term" => [subject, field] = [value, ""],
            2 => [subject, field] = [word, ""],
            4 => field = word,
            // A value that goes on.
            _ => {}
        }
        let value = match line.len() - inner.len() {
            2 if word == "term" => "",
            0..=4 => value.trim(),
            _ => inner,
        };
        let names = COLUMNS.iter().find(|(of, _)| *of == section);
        match names.filter(|_| field.is_empty()) {
            Some((_, names)) => {
                let columns = value.split("  ").map(str::trim).filter(|c| !c.is_empty());
                let cells = names.iter().zip(columns);
                entries
                    .extend(cells.map(|(name, cell)| Entry::new([section, subject, name], cell)));
            }
            None if value.is_empty() => {}
            None => entries.push(Entry::new([section, subject, field], value)),
        }
    }
    entries.retain(|entry| entry.place[2] != FROM && entry.place[2] != FANS);
    entries
}

/// Each difference between two lists of values, in the order of both.
fn compare<'a>(a: &'a [Entry], b: &'a [Entry]) -> Vec<Change> {
    let [of_a, of_b] = [a, b].map(|entries| distinct(entries.iter().map(|entry| &entry.place)));
    let only_a = |places: &[&'a Place]| {
        let mut places = places.to_vec();
        places.retain(|place| !of_b.contains(place));
        places
    };
    let (mut order, mut rest) = (vec![], &of_a[..]);
    for place in &of_b {
        // What only the first has goes before the next place that both have.
        if let Some(at) = rest.iter().position(|other| other == place) {
            order.extend(only_a(&rest[..at]));
            rest = &rest[at + 1..];
        }
        order.push(*place);
    }
    order.extend(only_a(rest));
    order
        .into_iter()
        .flat_map(|place| at(place, a, b))
        .collect()
}

/// The differences at one place. A place that is printed several times, such as a remark, has several values.
fn at(place: &Place, a: &[Entry], b: &[Entry]) -> Vec<Change> {
    let alone = |entries: &[Entry], others: &[Entry]| -> Vec<Entry> {
        let here = |entry: &&Entry| entry.place == *place;
        let mut alone: Vec<Entry> = entries.iter().filter(here).cloned().collect();
        alone.retain(|entry| {
            !others
                .iter()
                .filter(here)
                .any(|other| other.exact == entry.exact)
        });
        alone
    };
    let (before, after) = (alone(a, b), alone(b, a));
    let place = place.each_ref().map(String::as_str);
    let change = |index: usize| match (before.get(index), after.get(index)) {
        // All digits, where six do not tell the two apart.
        (Some(x), Some(y)) if x.value == y.value => {
            Change::new(place, Some(&x.exact), Some(&y.exact))
        }
        (x, y) => Change::new(place, x.map(|x| &*x.value), y.map(|y| &*y.value)),
    };
    (0..before.len().max(after.len())).map(change).collect()
}

/// Sums over the two models.
fn totals(a: &Arc<Plan>, b: &Arc<Plan>) -> Totals {
    let both = [a, b];
    let lambda = |plan: &Arc<Plan>| {
        let first = plan.inference.loss.of_weights().next();
        first.map_or(1.0, |(.., term)| term.scale.lambda())
    };
    let initial = |plan: &Arc<Plan>| {
        let data_terms = plan.inference.loss.data_terms();
        let terms = initial_terms(plan, None).into_iter().skip(data_terms);
        terms.sum::<Option<f64>>().filter(|kl| kl.is_finite())
    };
    let random = |plan: &Arc<Plan>| {
        let tensors = plan.inference.all_fitted().map(|(_, tensor)| tensor);
        let drawn = tensors.filter(|tensor| tensor.posterior.family.entries().is_random());
        drawn.map(|tensor| tensor.shape.len()).sum()
    };
    Totals {
        random_weights: both.map(random),
        trainable: both.map(|plan| plan.trainable()),
        initial_kl: both.map(initial),
        lambda: both.map(lambda),
    }
}

/// Settings that stand elsewhere among the changes, or on which no result depends.
const ELSEWHERE: [&str; 7] = [
    "threads",
    "tensorboard",
    "inference",
    "samples",
    "data.name",
    "data.directory",
    "data.target",
];

/// A run: its settings, and what it was trained on.
pub type Run<'a> = (&'a Config, &'a DataRecord);

impl Diff {
    /// Adds how the run of the second model differs from that of the first.
    pub fn add_runs(&mut self, a: Run, b: Run) {
        self.changes.extend(compare(&run(a), &run(b)));
    }

    /// Whether the runs differ.
    pub fn runs_differ(&self) -> bool {
        self.changes.iter().any(|change| change.section == RUN)
    }

    /// As JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("plain data")
    }
}

const RUN: &str = "run";

/// A run's data and settings.
fn run((config, record): Run) -> Vec<Entry> {
    let columns = record.columns.as_ref();
    let others = record.others.iter();
    let all = columns
        .into_iter()
        .chain(others.clone().filter_map(|other| other.columns.as_ref()));
    let targets: Vec<String> = all
        .map(|columns: &Columns| columns.targets.join(", "))
        .collect();
    let targets = (!targets.is_empty()).then(|| targets.join(", "));
    let fingerprints = [&record.fingerprint].into_iter();
    let fingerprints = fingerprints.chain(others.map(|other| &other.fingerprint));
    let fingerprints: Vec<&str> = fingerprints.map(String::as_str).collect();
    let facts = [
        ("data", Some(record.name.clone())),
        (
            "fingerprint of the training data",
            Some(fingerprints.join(" ")),
        ),
        ("N", Some(record.training_examples.to_string())),
        ("target", targets.or(config.data.target.clone())),
        (
            "input columns",
            columns.map(|columns| shortened(&columns.inputs)),
        ),
    ];
    let facts = facts.map(|(name, value)| (name.to_owned(), value));
    let settings = config.keys().into_iter().filter(|(key, _)| {
        // Constants of the model are in the model.
        !ELSEWHERE.contains(&&**key) && !key.starts_with("set.")
    });
    let settings = settings.map(|(key, value)| (key, Some(value)));
    let all = facts.into_iter().chain(settings);
    all.filter_map(|(name, value)| Some(Entry::new([RUN, &name, ""], &value?)))
        .collect()
}
