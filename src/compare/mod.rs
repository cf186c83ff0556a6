//! Runs side by side: the settings that differ, scores with intervals and paired differences, the ELBO, the cost, and
//! what is not comparable.

mod bound;
mod cost;
mod csv;
mod json;
mod mean;
mod settings;
mod table;
mod text;
mod warnings;

pub use bound::Bound;
pub use cost::Cost;
pub use mean::{Group, Mean, Means};

use crate::diagnostic::{Diagnostic, Result, nearest};
use crate::score::{Better, Measured, Unit};
use crate::words::list;

/// A run, as it is compared.
pub struct Run {
    /// Its folder, as it is shown.
    pub name: String,
    /// Whether it has finished.
    pub state: State,
    /// The text of its model, to tell models of one name apart.
    pub model: String,
    /// Its settings: keys as in run files, values without quotes.
    pub settings: Vec<(String, String)>,
    /// What it was found to be worth; none where it could not be scored.
    pub found: Option<Found>,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// All of its epochs are done, or it has ended early.
    Finished,
    /// It was stopped, or is under way: `2 of 20 epochs`.
    Unfinished(String),
    /// Its loss diverged: the message.
    Diverged(String),
    /// It cannot be read or scored: the message.
    Failed(String),
}

impl State {
    /// In a word or two.
    pub fn word(&self) -> &str {
        match self {
            State::Finished => "finished",
            State::Unfinished(progress) => progress,
            State::Diverged(_) => "diverged",
            State::Failed(_) => "failed",
        }
    }
}

/// What a run was found to be worth.
pub struct Found {
    /// Its scores; of several targets each by its name, and `nll` of all.
    pub scores: Vec<Scored>,
    /// Its ELBO, or what stands in its place.
    pub bound: Bound,
    /// The largest R-hat of a sampler's chains.
    pub r_hat: Option<f64>,
    /// Whether members or chains do not predict.
    pub left_out: bool,
    /// What it took.
    pub cost: Cost,
    /// The examples that were scored.
    pub examples: Examples,
}

impl Found {
    /// The score of this name.
    pub fn score(&self, name: &str) -> Option<&Scored> {
        self.scores.iter().find(|score| score.name == name)
    }
}

/// The examples that a run was scored on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examples {
    /// `cifar10, test part of 10,000 examples`
    pub name: String,
    /// How many.
    pub count: usize,
    /// A digest of the places of their rows in their files.
    pub rows: String,
    /// A digest of their targets.
    pub targets: String,
    /// A digest of their inputs.
    pub inputs: String,
}

impl Examples {
    /// Whether the scores of two runs are of the same examples, so that their difference is paired: the same rows of the
    /// same data, whichever columns are inputs, or the same inputs wherever they are.
    pub fn are(&self, other: &Examples) -> bool {
        let same_rows = (&self.name, &self.rows) == (&other.name, &other.rows);
        self.targets == other.targets && (same_rows || self.inputs == other.inputs)
    }
}

/// One score of a run.
#[derive(Debug, Clone)]
pub struct Scored {
    /// `nll`, of one of several targets `nll(kind)`.
    pub name: String,
    /// What its number counts.
    pub unit: Unit,
    /// Which way is good.
    pub better: Better,
    /// Its value.
    pub value: f64,
    /// With its resamples; none where predictions are not kept.
    pub measured: Option<Measured>,
}

impl Scored {
    /// The interval of the bootstrap.
    pub fn interval(&self) -> Option<[f64; 2]> {
        self.measured.as_ref()?.interval()
    }

    /// This score less another run's of the same examples, with its paired interval.
    pub fn minus(&self, other: &Scored) -> (f64, Option<[f64; 2]>) {
        let both = self.measured.as_ref().zip(other.measured.as_ref());
        let interval = both.and_then(|(own, other)| own.minus(other).interval());
        (self.value - other.value, interval)
    }
}

/// Some runs, sorted.
pub struct Comparison {
    /// Those with the score first, the best in front; then those without.
    pub runs: Vec<Run>,
    /// The score that they are sorted by; none where they stay as they were given.
    pub by: Option<String>,
    /// The score whose intervals and differences are shown.
    pub shown: Option<String>,
    /// What is not comparable, a sentence each.
    pub warnings: Vec<String>,
}

/// The order in which runs were given.
pub const AS_GIVEN: &str = "none";

impl Comparison {
    /// Of these runs, sorted by the score of this name.
    ///
    /// # Errors
    ///
    /// `E0603` where no run has this score.
    pub fn new(mut runs: Vec<Run>, by: &str) -> Result<Comparison> {
        let names = names(&runs);
        known(by, &names)?;
        let value = |run: &Run| {
            let score = run.found.as_ref().and_then(|found| found.score(by));
            score.map_or(f64::INFINITY, |score| place(by, score.better, score.value))
        };
        if by != AS_GIVEN {
            runs.sort_by(|a, b| value(a).total_cmp(&value(b)));
        }
        let sorted = (by != AS_GIVEN && !names.is_empty()).then(|| by.to_owned());
        Ok(Comparison {
            warnings: warnings::of(&runs),
            shown: sorted.clone().or_else(|| names.first().cloned()),
            by: sorted,
            runs,
        })
    }

    /// The run that others are held against: the first that was scored.
    pub fn reference(&self) -> Option<(usize, &Found)> {
        let scored = self.runs.iter().enumerate();
        scored
            .filter_map(|(place, run)| Some((place, run.found.as_ref()?)))
            .next()
    }

    /// By how much the shown score of a run differs from the reference's, and the paired interval; none where they
    /// are of other examples.
    pub fn difference(&self, place: usize) -> Option<(f64, Option<[f64; 2]>)> {
        let (first, reference) = self.reference()?;
        let own = self.runs[place].found.as_ref()?;
        if place == first || !own.examples.are(&reference.examples) {
            return None;
        }
        let name = self.shown.as_deref()?;
        Some(own.score(name)?.minus(reference.score(name)?))
    }

    /// The scores that some run has, in the order in which they come first.
    pub fn scores(&self) -> Vec<String> {
        names(&self.runs)
    }
}

/// The level of a coverage, such as 0.9 of `coverage_90` or `coverage_90(y)`.
fn level(score: &str) -> Option<f64> {
    let rest = score.strip_prefix("coverage_")?;
    let digits = rest.split('(').next()?;
    Some(digits.parse::<f64>().ok()? / 100.0)
}

/// What a value of a score is sorted by, the lowest first: a coverage by how far it is from its level.
fn place(score: &str, better: Better, value: f64) -> f64 {
    match (better, level(score)) {
        _ if value.is_nan() => f64::INFINITY,
        (_, Some(level)) => (value - level).abs(),
        (Better::Higher, _) => -value,
        (Better::Lower | Better::Neither, _) => value,
    }
}

/// Which values of a score stand first.
fn first(score: &str, better: Better) -> String {
    match (better, level(score)) {
        (_, Some(level)) => format!("the nearest to {:.0} % first", 100.0 * level),
        (Better::Higher, _) => "the highest first".into(),
        (Better::Lower, _) => "the lowest first".into(),
        (Better::Neither, _) => "the lowest first, which is not the best".into(),
    }
}

/// The scores that some run has, in the order in which they come first.
fn names<'r>(runs: impl IntoIterator<Item = &'r Run>) -> Vec<String> {
    let found = runs.into_iter().filter_map(|run| run.found.as_ref());
    crate::words::distinct(found.flat_map(|found| found.scores.iter().map(|s| s.name.clone())))
}

/// Refuses to sort by a score that no run has.
fn known(by: &str, names: &[String]) -> Result<()> {
    if by == AS_GIVEN || names.is_empty() || names.iter().any(|name| name == by) {
        return Ok(());
    }
    let mut message = Diagnostic::error("E0603", format!("no run has a score `{by}`"));
    if let Some(near) = nearest(by, names.iter().map(String::as_str)) {
        message = message.help(format!("the nearest is `{near}`"));
    }
    Err(message
        .note(format!("their scores are {}", list(names)))
        .into())
}

#[cfg(test)]
mod tests;
