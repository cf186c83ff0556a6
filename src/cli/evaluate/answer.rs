//! What `bnnc evaluate --format json` answers.

use super::super::calibrated::calibration_json;
use super::super::scored::{ScoredRun, ScoredTarget};
use super::several::{differences, verdict};
use crate::score::{Measured, baseline_says};
use serde_json::{Map, Value, json};

/// The scores of the only target at the top; of several each target's by its name in `targets`, and the nll of all.
pub fn of_run(run: &ScoredRun) -> Value {
    let targets = &run.targets[..];
    let mut answer = match targets {
        [only] => of_target(only),
        several => {
            let named = several.iter().map(|target| {
                let name = target.run.inference.target.name.clone();
                (name, of_target(target))
            });
            let nll: f64 = several.iter().map(|target| target.scores.nll()).sum();
            json!({
                "targets": named.collect::<Map<_, _>>(),
                "nll": nll,
                "examples": several[0].scores.examples,
                "draws": several[0].scores.draws,
            })
        }
    };
    answer["run"] = json!(run.path);
    answer["data"] = json!(targets[0].chosen.name);
    answer["split"] = json!(targets[0].chosen.split);
    answer["seed"] = json!(run.seed);
    answer["steps"] = json!(run.run.counters.step);
    answer["elbo"] = json!(run.elbo);
    if let Some(log_evidence) = run.log_evidence {
        answer["log_evidence"] = json!(log_evidence);
    }
    if let Some(factor) = run.prior_factor {
        answer["prior_factor"] = json!(factor);
    }
    // Such as whether a sampler's chains agree.
    if !run.run.said.is_empty() {
        let said = run.run.said.iter();
        answer["said"] = said
            .map(|(word, text)| (word.clone(), json!(text)))
            .collect();
    }
    answer
}

/// Each run, and how the others differ from the first.
pub fn of_runs(runs: &[ScoredRun]) -> Value {
    let mut all = vec![];
    for other in &runs[1..] {
        let mut answer = json!({ "run": other.path, "to": runs[0].path });
        for (target, found) in differences(&runs[0], other) {
            let scores: Map<String, Value> = found
                .iter()
                .map(|(name, difference)| {
                    let value = json!({
                        "difference": difference.value,
                        "interval": difference.interval(),
                        "verdict": verdict(difference),
                    });
                    (name.clone(), value)
                })
                .collect();
            match runs[0].targets.len() {
                1 => answer["scores"] = json!(scores),
                _ => answer["targets"][target] = json!(scores),
            }
        }
        all.push(answer);
    }
    json!({
        "runs": runs.iter().map(of_run).collect::<Vec<_>>(),
        "differences": all,
    })
}

fn of_target(target: &ScoredTarget) -> Value {
    let mut answer = json!(target.scores);
    if let Some(columns) = target.chosen.columns() {
        answer["target"] = json!(columns.targets);
        answer["run_target"] = json!(target.run.target_names());
        answer["left_out"] = json!(columns.left_out);
    }
    for measured in &target.measured {
        let about = measured.about;
        answer[about.name] = json!(measured.value);
        answer["intervals"][about.name] = json!(measured.interval());
        if let Some(scheme) = about.scheme {
            answer[format!("{}_scheme", about.name)] = json!(scheme);
        }
    }
    if let Some(first) = target.by_entry.first() {
        for (place, measured) in first.iter().enumerate() {
            let all = || target.by_entry.iter().map(|entry| &entry[place]);
            let name = format!("{}_by_entry", measured.about.name);
            answer["intervals"][&name] = all().map(|m| json!(m.interval())).collect();
            answer[&name] = all().map(|m| json!(m.value)).collect();
        }
    }
    if !target.baseline.is_empty() {
        let says = baseline_says(&target.run.inference.summary());
        let of = |m: &Measured| (m.about.name.to_owned(), json!(m.value));
        let mut baseline: Map<String, Value> = target.baseline.iter().map(of).collect();
        baseline.insert("is".into(), json!(says));
        answer["baseline"] = json!(baseline);
    }
    let calibrated = calibration_json(&target.calibration, target.outcomes.as_ref());
    if !calibrated.is_null() {
        answer["calibrated"] = calibrated;
    }
    let resamples = target.measured.first().map_or(0, |m| m.replicates.len());
    answer["resamples"] = json!(resamples);
    if !target.ood.is_empty() {
        answer["ood"] = target
            .ood
            .iter()
            .map(|ood| of_ood(&ood.name, ood))
            .collect();
    }
    answer
}

fn of_ood(name: &str, ood: &super::super::scored::OutOfDistribution) -> Value {
    let mut answer = json!({ "data": name, "examples": ood.outcomes.examples() });
    for detection in &ood.detections {
        let mut by = json!({});
        for measured in &detection.scores {
            let about = measured.about;
            by[about.name] = json!(measured.value);
            by["intervals"][about.name] = json!(measured.interval());
            by[format!("{}_scheme", about.name)] = json!(about.scheme);
        }
        answer[detection.by.name] = by;
    }
    answer
}
