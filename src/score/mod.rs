//! Scores: how good predictive distributions are, a file a score.
//!
//! A score is a number of weighted examples. The value that is told has every weight 1; the bootstrap draws the
//! weights (`bootstrap`), so whatever has a value has an interval, and two runs that are scored on the same examples
//! have a paired difference.

mod baseline;
mod bootstrap;
mod classes;
pub mod curves;
mod nll;
mod numbers;
pub mod ood;
mod outcomes;
mod places;
mod reference;

pub use baseline::{baseline, says as baseline_says};
pub use bootstrap::{RESAMPLES, Resamples};
pub use outcomes::Outcomes;
pub use places::{baseline_of_places, measure_tallies};
pub use reference::{OF_A_REFERENCE, measure_against};

/// What a score is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// Its name, in JSON and in tables.
    pub name: &'static str,
    /// What it is, in a line.
    pub what: &'static str,
    /// How it is computed, where definitions differ.
    pub scheme: Option<&'static str>,
    /// The paper that defines it: its authors and year.
    pub source: &'static str,
    /// What its number counts.
    pub unit: Unit,
    /// Which way is good.
    pub better: Better,
}

/// What a score's number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A share of the examples, from 0 to 1.
    Share,
    /// Nats an example.
    Nats,
    /// The target's own unit.
    Target,
    /// Something else.
    Plain,
}

impl Unit {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Unit::Share => "share",
            Unit::Nats => "nats",
            Unit::Target => "the target's",
            Unit::Plain => "none",
        }
    }
}

/// Which way of a score is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Larger numbers.
    Higher,
    /// Smaller numbers.
    Lower,
    /// Neither: it describes.
    Neither,
}

impl Better {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Better::Higher => "higher",
            Better::Lower => "lower",
            Better::Neither => "-",
        }
    }
}

/// A score of some outcomes for any weights of their examples.
pub type Weighted<'a> = Box<dyn Fn(&[f64]) -> f64 + Sync + 'a>;

/// A score: what it is, and how it is computed.
pub trait Score: Sync {
    /// What it is.
    fn about(&self) -> &'static About;
    /// The score of these outcomes, ready for any weights; what does not depend on these is done once. `None` where
    /// it is none of such predictions.
    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>>;
}

/// Every score, in the order in which they are told.
pub const ALL: &[&dyn Score] = &[
    &classes::accuracy::Accuracy,
    &places::MeanIou,
    &numbers::rmse::Rmse,
    &numbers::mae::Mae,
    &nll::Nll,
    &classes::brier::Brier,
    &classes::ece::Ece,
    &classes::ece_equal_mass::EceEqualMass,
    &classes::classwise_ece::ClasswiseEce,
    &classes::entropy::CONFIDENCE,
    &classes::entropy::ENTROPY,
    &classes::entropy::ALEATORIC,
    &classes::entropy::MUTUAL_INFORMATION,
    &classes::selective::Aurc,
    &classes::selective::Augrc,
    &classes::selective::AccuracyAt80,
    &numbers::crps::Crps,
    &numbers::coverage::Coverage(0),
    &numbers::coverage::Coverage(1),
    &numbers::coverage::Coverage(2),
    &numbers::width::Width(0),
    &numbers::width::Width(1),
    &numbers::width::Width(2),
    &numbers::interval_score::IntervalScore,
    &numbers::sharpness::Sharpness,
    &numbers::pit::PitDistance,
    &numbers::calibration::RmsCalibrationError,
    &numbers::calibration::MiscalibrationArea,
];

/// A score, measured.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Which score.
    pub about: &'static About,
    /// Its value.
    pub value: f64,
    /// Its values on resampled examples; empty where none were drawn. Runs that are scored on the same examples have
    /// the same resamples, so that differences of these are paired.
    pub replicates: Vec<f64>,
}

impl Measured {
    /// The central 95 % interval of the bootstrap, about the value.
    pub fn interval(&self) -> Option<[f64; 2]> {
        bootstrap::interval(self.value, &self.replicates)
    }

    /// The difference to another run's score of the same examples.
    pub fn minus(&self, other: &Measured) -> Measured {
        let pairs = self.replicates.iter().zip(&other.replicates);
        Measured {
            about: self.about,
            value: self.value - other.value,
            replicates: pairs.map(|(a, b)| a - b).collect(),
        }
    }
}

/// Measures every score that these outcomes have, on them and on so many resamples of their examples.
pub fn measure(outcomes: &Outcomes, resamples: usize) -> Vec<Measured> {
    let ready: Vec<_> = (ALL.iter())
        .filter_map(|score| Some((score.about(), score.of(outcomes)?)))
        .collect();
    measure_ready(&ready, outcomes.examples(), resamples)
}

/// Measures scores that are ready for any weights of so many examples.
fn measure_ready(
    ready: &[(&'static About, Weighted)],
    examples: usize,
    resamples: usize,
) -> Vec<Measured> {
    let whole = vec![1.0; examples];
    let resamples = Resamples::new(examples, resamples);
    let mut replicates = resamples.values(ready, |(_, score), weights| score(weights));
    ready
        .iter()
        .zip(&mut replicates)
        .map(|((about, score), replicates)| Measured {
            about,
            value: score(&whole),
            replicates: std::mem::take(replicates),
        })
        .collect()
}

/// As [`measure`], of each entry of the targets by itself; of no entry where targets have one.
pub fn measure_entries(outcomes: &Outcomes, resamples: usize) -> Vec<Vec<Measured>> {
    match outcomes.entries() {
        1 => vec![],
        entries => (0..entries)
            .map(|entry| measure(&outcomes.entry(entry), resamples))
            .collect(),
    }
}

/// The weighted mean of what each example has.
fn mean<'a>(each: Vec<f64>) -> Weighted<'a> {
    Box::new(move |weights| {
        let sum: f64 = each.iter().zip(weights).map(|(x, w)| x * w).sum();
        sum / weights.iter().sum::<f64>()
    })
}

#[cfg(test)]
mod tests;
