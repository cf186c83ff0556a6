//! `bnnc bench`: that it measures what it says. How fast that is, is no test's business.

use crate::cli::Place;
use serde_json::Value;

#[test]
fn a_model_is_measured_layer_by_layer() {
    let place = Place::new();
    let arguments = "bench line.bnn --seconds 0.05 --batch-size 32 --threads 1";
    let json = place.ok(&format!("{arguments} --format json"));
    let json: Value = serde_json::from_str(&json).unwrap();
    let number = |value: &Value| value.as_f64().unwrap();
    let (machine, model) = (&json["machine"], &json["models"][0]);
    assert_eq!(
        (&machine["threads"], &model["model"]),
        (&1.into(), &"line".into())
    );
    assert_eq!(json["settings"]["batch"], 32);
    // 2 → 8 → 1: 24 products forward and 24 by the kernels, 8 by the hidden values
    assert_eq!(model["operations"], 2 * (24 + 24 + 8));
    assert_eq!(model["forward_operations"], 2 * 24);
    let rate = number(&model["examples_per_second"]);
    let gflops = rate * number(&model["operations"]) / 1e9;
    assert!((number(&model["gflops"]) / gflops - 1.0).abs() < 1e-12);
    assert!(number(&machine["sgemm_gflops"]) > 0.0);
    for fraction in ["fraction_of_peak", "predictions_fraction_of_peak"] {
        let quartiles = &model[format!("{fraction}_quartiles")];
        let [low, median, high] = [&quartiles[0], &model[fraction], &quartiles[1]].map(number);
        assert!(0.0 < low && low <= median && median <= high, "{fraction}");
    }
    let parts = model["parts"].as_array().unwrap();
    let sum: f64 = parts.iter().map(|part| number(&part["share"])).sum();
    assert!((sum - 1.0).abs() < 1e-6, "{sum}");
    // The activation goes with the layer before it.
    assert!(parts.iter().all(|part| part["name"] != "tanh_1"));
    for layer in ["dense_1", "f"] {
        for pass in ["forward", "backward"] {
            let found = parts
                .iter()
                .find(|p| p["name"] == layer && p["pass"] == pass);
            assert!(number(&found.unwrap()["share"]) > 0.0, "{layer} {pass}");
        }
    }
    let text = place.ok(arguments);
    assert!(
        text.contains("a step of line") && text.contains("1 thread"),
        "{text}"
    );
}

#[test]
fn a_network_that_is_brought_along_goes_by_its_name_unless_a_file_does() {
    let place = Place::new();
    let arguments = "bench mlp400_local --seconds 0.01 --batch-size 8 --format json";
    let measured = || -> Value { serde_json::from_str(&place.ok(arguments)).unwrap() };
    assert_eq!(measured()["models"][0]["operations"], 2_238_400);
    std::fs::copy(place.path("line.bnn"), place.path("mlp400_local")).unwrap();
    assert_eq!(measured()["models"][0]["model"], "line");
}

#[test]
fn mistakes_are_those_of_the_model() {
    let place = Place::new();
    assert!(place.refused("bench nowhere.bnn").contains("E0601"));
    let seconds = place.bnnc("bench line.bnn --seconds 0");
    assert_eq!(seconds.status.code(), Some(2));
}

#[test]
fn the_networks_that_are_brought_along_compile() {
    for network in bnnc::bench::NETWORKS {
        let compiled = bnnc::compile::source(bnnc::bench::source(*network), &[]).unwrap();
        assert_eq!(compiled.inference.name, network[0]);
        assert!(compiled.warnings.is_empty(), "{}", network[0]);
    }
}
