//! `--tensorboard`: TensorBoard itself reads what `metrics.jsonl` has, each step once.

use crate::cli::Place;
use std::process::Command;

/// Prints every scalar as JSON, by TensorBoard's own reader.
const READ: &str = r#"
import json, sys, warnings
warnings.simplefilter("ignore")
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
events.Reload()
scalars = {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
print(json.dumps(scalars))
"#;

#[test]
fn tensorboard_reads_each_step_of_a_resumed_run_once() {
    let python = std::env::var("BNNC_PYTHON").unwrap_or_else(|_| "python3".into());
    let has = Command::new(&python)
        .args(["-c", "import tensorboard"])
        .output();
    if !has.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "SKIPPED: `{python}` has no tensorboard: no event file was read by it (BNNC_PYTHON names another)"
        );
        return;
    }
    let place = Place::new();
    std::fs::write(
        place.path("c.toml"),
        "log_every = 2\ntensorboard = 'events'\n",
    )
    .unwrap();
    let train = "train line.bnn --data t.csv --batch-size 16 --config c.toml --validation 10";
    place.ok(&format!("{train} --epochs 2 --out parts"));
    place.ok("train line.bnn --epochs 4 --out parts --resume");
    let output = Command::new(python)
        .args(["-c", READ, "events/parts"])
        .current_dir(place.path(""))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let scalars: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = std::fs::read_to_string(place.path("parts/metrics.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let of = |kind: &str, number: &dyn Fn(&serde_json::Value) -> f64| -> serde_json::Value {
        let lines = lines.iter().filter(|line| line["kind"] == kind);
        lines
            .map(|line| serde_json::json!([line["step"], f64::from(number(line) as f32)]))
            .collect()
    };
    let at = |pointer: &'static str| {
        move |line: &serde_json::Value| line.pointer(pointer).unwrap().as_f64().unwrap()
    };
    for (tag, kind, pointer) in [
        ("epoch/loss", "epoch", "/loss"),
        ("epoch/rmse", "epoch", "/rmse"),
        (
            "epoch_scaled/kl(dense_1.kernel)",
            "epoch",
            "/terms/1/scaled",
        ),
        (
            "epoch_unscaled/kl(dense_1.kernel)",
            "epoch",
            "/terms/1/value",
        ),
        ("validation/nll", "epoch", "/validation/nll"),
        ("batch/loss", "step", "/loss"),
        ("batch_unscaled/nll", "step", "/terms/0/value"),
    ] {
        assert_eq!(scalars[tag], of(kind, &at(pointer)), "{tag}");
    }
    assert_eq!(scalars["epoch/loss"].as_array().unwrap().len(), 4);
    let refused = place.refused(&format!("{train} --epochs 2 --out other/parts"));
    assert!(
        refused.contains("E0604") && refused.contains("events of another run"),
        "{refused}"
    );
    assert!(!place.path("other/parts").exists());
}
