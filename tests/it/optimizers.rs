//! Optimizers against the steps that Keras's take (`tests/fixtures/optimizers.py`).

use bnnc::optimizer::{self, State};
use bnnc::signature::Constant;
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    let values = value.as_array().expect("a list").iter();
    values.map(|x| x.as_f64().expect("a number")).collect()
}

#[test]
fn steps_are_keras_own() {
    let fixture: Value = serde_json::from_str(include_str!("../fixtures/optimizers.json")).unwrap();
    let start = numbers(&fixture["start"]);
    let rate = fixture["learning_rate"].as_f64().unwrap();
    let gradients: Vec<_> = fixture["gradients"]
        .as_array()
        .unwrap()
        .iter()
        .map(numbers)
        .collect();
    let cases = fixture["cases"].as_array().unwrap();
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let found = optimizer::find(name).unwrap();
        let mut settings = optimizer::defaults(found.signature());
        for (key, value) in case["settings"].as_object().unwrap() {
            let signature = found.signature().parameters.iter();
            let key = signature.map(|p| p.name).find(|name| name == key).unwrap();
            settings.set(
                key,
                match value.as_f64() {
                    Some(x) => Constant::Number(x),
                    None => Constant::Word("true"),
                },
            );
        }
        let mut state = State::<f64>::new(found, settings, start.len());
        if state.decays().is_some() {
            state.decay(std::iter::once(0..start.len()).collect());
        }
        let mut w = start.clone();
        let expected = case["variables"].as_array().unwrap().iter().map(numbers);
        for ((t, gradient), expected) in (1..).zip(&gradients).zip(expected) {
            state.step(t, rate, &mut w, gradient);
            for (found, expected) in w.iter().zip(&expected) {
                let what = format!(
                    "{name} {} at step {t}: {found} {expected}",
                    case["settings"]
                );
                assert!((found - expected).abs() < 1e-12, "{what}");
            }
        }
    }
    let tested = |name: &str| cases.iter().any(|case| case["name"] == name);
    assert!(
        optimizer::OPTIMIZERS
            .iter()
            .all(|o| tested(o.signature().name))
    );
}
