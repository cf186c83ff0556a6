//! How good predictive distributions are.

use super::MOST_PREDICTED;
use super::verdict::{Verdicts, judge};
use crate::diagnostic;
use crate::engine::Predictor;
use crate::examples::Part;
use crate::likelihood::{Detail, Score, ScoreValue, Tally};
use crate::score::Outcomes;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

/// Scores of some examples; every number is a mean over them.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// Number of examples.
    pub examples: usize,
    /// Draws of the weights that were averaged.
    pub draws: usize,
    /// The likelihood's scores; the first is the one that a training run shows.
    pub scores: Vec<Score>,
    /// −ln p(target) averaged over the draws: the ELBO's data term, per example.
    pub expected_nll: f64,
    /// What the scores say, in words.
    pub verdicts: Verdicts,
}

impl Scores {
    /// The scores of outcomes that are known.
    pub fn of(outcomes: &Outcomes) -> Scores {
        let (predicted, entries) = (&outcomes.predicted, outcomes.entries());
        let mut tally = outcomes.summary.tally();
        tally.add(predicted, &|place, entry| {
            outcomes.targets[place * entries + entry]
        });
        let expected_nll = predicted.expected_nll.iter().sum();
        Scores::of_sums(&tally, predicted.examples, predicted.draws, expected_nll)
    }

    fn of_sums(tally: &Tally, examples: usize, draws: usize, expected_nll: f64) -> Scores {
        let scores = tally.scores();
        Scores {
            examples,
            draws,
            verdicts: judge(tally, &scores),
            scores,
            expected_nll: expected_nll / examples as f64,
        }
    }

    /// The score of this name, where there is one and it is a single number.
    pub fn number(&self, name: &str) -> Option<f64> {
        let score = self.scores.iter().find(|score| score.name == name)?;
        match score.value {
            ScoreValue::Share(x) | ScoreValue::Number(x) => Some(x),
            ScoreValue::Entries(_) | ScoreValue::Shares(_) | ScoreValue::Coverage(_) => None,
        }
    }

    /// −ln of the averaged density or probability of the target.
    pub fn nll(&self) -> f64 {
        self.number("nll").unwrap_or(f64::NAN)
    }
}

/// The numbers of a score, as JSON has them.
fn value(score: &Score, verdicts: &Verdicts) -> Value {
    match &score.value {
        ScoreValue::Share(x) | ScoreValue::Number(x) => json!(x),
        ScoreValue::Entries(all) | ScoreValue::Shares(all) => json!(all),
        ScoreValue::Coverage(all) => all
            .iter()
            .zip(&verdicts.coverage)
            .map(|(c, verdict)| {
                json!({"interval": c.interval, "covered": c.covered, "verdict": verdict})
            })
            .collect(),
    }
}

impl Serialize for Scores {
    /// One object: `examples`, `draws`, each score by its name, `calibration` of classes, `expected_nll`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("examples", &self.examples)?;
        map.serialize_entry("draws", &self.draws)?;
        for score in &self.scores {
            map.serialize_entry(score.name, &value(score, &self.verdicts))?;
        }
        if let Some(calibration) = &self.verdicts.calibration {
            map.serialize_entry("calibration", calibration)?;
        }
        map.serialize_entry("expected_nll", &self.expected_nll)?;
        map.end()
    }
}

/// What is predicted of every example of a part, beside its targets where it has any.
///
/// # Errors
///
/// As [`super::predict_with`].
pub fn outcomes(
    predictor: &mut dyn Predictor,
    part: &Part,
    draws: usize,
    seed: u64,
    detail: Detail,
) -> diagnostic::Result<Outcomes> {
    let predicted = super::predict_with(predictor, part, draws, seed, detail)?;
    let entries = part.kind.entries() * usize::from(part.with_targets);
    let of_example = |place| (0..entries).map(move |entry| part.target(place, entry));
    Ok(Outcomes {
        summary: part.summary,
        targets: (0..part.len()).flat_map(of_example).collect(),
        predicted,
    })
}

/// Predicts every example of a part as [`super::predict_with`] does, and compares with the targets. Predictions of
/// images are not all kept.
///
/// # Errors
///
/// As [`super::predict_with`].
pub fn scored(
    predictor: &mut dyn Predictor,
    part: &Part,
    draws: usize,
    seed: u64,
    detail: Detail,
) -> diagnostic::Result<Scores> {
    let at_once = match part.kind.axes() {
        None => part.len(),
        Some(_) => MOST_PREDICTED / part.summary.row(),
    };
    let mut tally = part.summary.tally();
    let (mut examples, mut expected_nll) = (0, 0.0);
    for rows in part.rows.chunks(at_once.max(1)) {
        let part = Part { rows, ..*part };
        let predicted = match detail {
            Detail::Moments => super::predict(predictor, &part, draws, seed)?,
            _ => super::predict_with(predictor, &part, draws, seed, detail)?,
        };
        tally.add(&predicted, &|place, entry| part.target(place, entry));
        expected_nll += predicted.expected_nll.iter().sum::<f64>();
        examples += predicted.examples;
    }
    Ok(Scores::of_sums(&tally, examples, draws, expected_nll))
}

/// The scores of targets with a value at each of several places, and the sums of every example by itself, for resamples
/// of these.
///
/// # Errors
///
/// As [`super::predict_with`].
pub fn scored_by_example(
    predictor: &mut dyn Predictor,
    part: &Part,
    draws: usize,
    seed: u64,
) -> diagnostic::Result<(Scores, Vec<Tally>)> {
    let at_once = (MOST_PREDICTED / part.summary.row()).max(1);
    let mut whole = part.summary.tally();
    let (mut each, mut expected_nll) = (vec![], 0.0);
    for rows in part.rows.chunks(at_once) {
        let part = Part { rows, ..*part };
        let predicted = super::predict_with(predictor, &part, draws, seed, Detail::Levels)?;
        expected_nll += predicted.expected_nll.iter().sum::<f64>();
        for example in 0..predicted.examples {
            let mut tally = part.summary.tally();
            let of_example = predicted.example(example);
            tally.add(&of_example, &|_, entry| part.target(example, entry));
            whole.add_tally(&tally, 1);
            each.push(tally.compact());
        }
    }
    let scores = Scores::of_sums(&whole, each.len(), draws, expected_nll);
    Ok((scores, each))
}
