//! How good predictions are.

use bnnc::diagnostic::Result;
use bnnc::engine::Predictor;
use bnnc::evaluate::{Scores, outcomes, scored_by_example};
use bnnc::examples::Part;
use bnnc::likelihood::Detail;
use bnnc::score::{Measured, baseline, measure, measure_tallies};
use serde_json::{Map, Value, json};

/// The scores of some examples with their 95 % intervals, and those of predictions without the inputs.
pub(super) fn score(
    predictor: &mut dyn Predictor,
    part: &Part,
    (draws, seed): (usize, u64),
    resamples: usize,
) -> Result<Value> {
    let (scores, measured, known) = match part.kind.axes() {
        Some(_) => {
            let (scores, tallies) = scored_by_example(predictor, part, draws, seed)?;
            (scores, measure_tallies(&tallies, resamples), vec![])
        }
        None => {
            let found = outcomes(predictor, part, draws, seed, Detail::Scores)?;
            let known = baseline(&found).map_or(vec![], |known| measure(&known, 0));
            (Scores::of(&found), measure(&found, resamples), known)
        }
    };
    // In the order of the scores, which an object would not keep.
    let of = |all: &[Measured]| -> Value {
        let named = all.iter().map(|m| json!([m.about.name, m.value]));
        named.collect()
    };
    let mut intervals = Map::new();
    let mut about = Map::new();
    for m in &measured {
        intervals.insert(m.about.name.into(), json!(m.interval()));
        about.insert(m.about.name.into(), json!(m.about.what));
    }
    Ok(json!({
        "scores": of(&measured),
        "intervals": intervals,
        "about": about,
        "baseline": of(&known),
        "examples": scores.examples,
        "draws": scores.draws,
        "expected_nll": scores.expected_nll,
    }))
}
