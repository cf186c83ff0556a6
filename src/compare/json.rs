//! A comparison for a program.

use super::settings::differing;
use super::{Comparison, Found, Run, State};
use serde_json::{Map, Value, json};

impl Comparison {
    /// As JSON.
    pub fn json(&self) -> Value {
        let settings = differing(self.runs.iter());
        let runs = self.runs.iter().enumerate().map(|(place, run)| {
            let mut answer = found(run);
            answer["run"] = json!(run.name);
            answer["state"] = json!(run.state.word());
            if let State::Diverged(why) | State::Failed(why) = &run.state {
                answer["message"] = json!(why);
            }
            let own = settings
                .iter()
                .map(|s| (s.key.clone(), json!(s.values[place])));
            answer["settings"] = Value::Object(own.collect());
            if let (Some((value, interval)), Some((first, _))) =
                (self.difference(place), self.reference())
            {
                let to = &self.runs[first].name;
                answer["difference"] =
                    json!({"score": self.shown, "to": to, "value": value, "interval": interval});
            }
            answer
        });
        json!({
            "sorted_by": self.by,
            "runs": runs.collect::<Vec<_>>(),
            "warnings": self.warnings,
        })
    }
}

fn found(run: &Run) -> Value {
    let Some(found) = &run.found else {
        return json!({});
    };
    let Found {
        scores,
        bound,
        cost,
        examples,
        ..
    } = found;
    let scores = scores.iter().map(|score| {
        let value = json!({"value": score.value, "interval": score.interval()});
        (score.name.clone(), value)
    });
    json!({
        "scores": scores.collect::<Map<_, _>>(),
        "elbo": {
            "quantity": bound.quantity,
            "value": bound.value,
            "training_examples": bound.training_examples,
        },
        "log_evidence": bound.log_evidence,
        "weights": cost.weights,
        "epochs": cost.epochs,
        "seconds": cost.seconds,
        "examples_per_second": cost.examples_per_second,
        "data": examples.name,
        "examples": examples.count,
    })
}
