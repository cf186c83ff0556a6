//! `bnnc diff` and `bnnc check --prior-predictive` as a user meets them.

use crate::cli::{MODEL, Place};
use crate::front_ir::compiled;
use crate::support::{plan, write_weights};
use bnnc::plan::Plan;
use bnnc::report::diff;
use std::path::Path;
use std::sync::Arc;

fn spec(name: &str) -> Arc<Plan> {
    let path = Path::new("specs").join(name).with_extension("bnn");
    Arc::new(Plan::new(compiled(&path).inference))
}

#[test]
fn differences_of_specs() {
    for (a, b) in [
        ("mnist_mlp", "mnist_mixture"),
        ("cifar10_flipout", "cifar10_two_convs"),
        ("concrete", "concrete_heteroscedastic"),
    ] {
        let diff = diff(&spec(a), &spec(b));
        for width in [80, 120] {
            let text = diff.text(width);
            assert!(
                text.lines().all(|line| line.chars().count() <= width),
                "{text}"
            );
        }
        insta::assert_snapshot!(format!("{a}_{b}"), diff.text(100));
    }
}

#[test]
fn exit_codes_and_constants() {
    let place = Place::new();
    std::fs::write(
        place.path("other.bnn"),
        MODEL.replace("dense(8)", "dense(9)"),
    )
    .unwrap();
    let comment = format!("# a comment\n{MODEL}");
    std::fs::write(place.path("same.bnn"), comment).unwrap();
    let code = |arguments: &str| place.bnnc(arguments).status.code();
    assert_eq!(
        place.ok("diff line.bnn same.bnn --exit-code"),
        "the same model\n"
    );
    assert_eq!(code("diff line.bnn other.bnn"), Some(0));
    assert_eq!(code("diff line.bnn other.bnn --exit-code"), Some(1));
    let json = place.ok("diff line.bnn other.bnn --format json");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["same"], false);
    assert_eq!(
        json["changes"][0],
        serde_json::json!({
            "section": "parameters", "what": "changed", "subject": "dense_1.kernel", "field": "shape",
            "before": "real[2, 8]", "after": "real[2, 9]"
        })
    );
    assert_eq!(
        json["totals"]["random_weights"],
        serde_json::json!([33, 37])
    );

    let with_constant = MODEL
        .replace("model line", "model line\nconst width = 8")
        .replace("dense(8)", "dense(width)");
    std::fs::write(place.path("constant.bnn"), with_constant).unwrap();
    assert_eq!(place.ok("diff line.bnn constant.bnn"), "the same model\n");
    let text = place.ok("diff constant.bnn constant.bnn --set width=5 --set-b width=6");
    assert!(text.contains("shape  real[B, 5] -> real[B, 6]"), "{text}");
    let text = place.refused("diff line.bnn constant.bnn --set width=5");
    assert!(text.contains("E0217"), "{text}");
}

#[test]
fn a_renamed_input_is_the_same_input() {
    let place = Place::new();
    let renamed = MODEL.replace("input  x:", "input  z:");
    std::fs::write(place.path("renamed.bnn"), &renamed).unwrap();
    let text = place.ok("diff line.bnn renamed.bnn");
    assert_eq!(text, "line -> line\n\nnames\n  x -> z\n");
    let wider = renamed.replace("real[2]", "real[3]");
    std::fs::write(place.path("wider.bnn"), wider).unwrap();
    let text = place.ok("diff line.bnn wider.bnn");
    assert!(text.contains("shape  real[B, 2] -> real[B, 3]"), "{text}");
    assert!(!text.contains("role"), "{text}");
}

#[test]
fn a_run_beside_its_file() {
    let place = Place::new();
    place.ok("train line.bnn --data t.csv --epochs 1 --samples 2 --batch-size 20 --out run");
    let text = place.ok("diff line.bnn run");
    assert!(text.contains("samples  1 -> 2"), "{text}");
    assert!(place.refused("diff line.bnn .").contains("E0604"));
}

#[test]
fn networks_of_the_prior_beside_data() {
    let place = Place::new();
    let found = |arguments: &str| -> serde_json::Value {
        let command = format!("check line.bnn --prior-predictive --format json {arguments}");
        serde_json::from_str(&place.ok(&command)).unwrap()
    };
    let json = found("--data t.csv --draws 50");
    assert_eq!(
        (&json["draws"], &json["examples"]),
        (&50.into(), &60.into())
    );
    // The targets are standardised, and of 60 numbers.
    let observed = &json["observed"];
    assert_eq!(
        (&observed["kind"], &observed["standardized"]),
        (&"real".into(), &true.into())
    );
    assert!((observed["sd"].as_f64().unwrap() - 1.0).abs() < 1e-9);
    assert!((json["inputs_rms"].as_f64().unwrap() - 1.0).abs() < 1e-9);
    // Two standardised inputs and a bias of standard deviation 1 each: √3 in the mean of networks.
    let sd = json["layers"][0]["pre_activations"]["sd"].as_f64().unwrap();
    assert!((sd / 3f64.sqrt() - 1.0).abs() < 0.15, "{sd}");
    assert_eq!(json["outputs"]["noise"], serde_json::json!([0.5, 0.5, 0.5]));
    assert!(found("")["observed"].is_null());

    let text = place.ok("check line.bnn --prior-predictive --draws 20");
    assert!(text.contains("256 standard normal inputs"), "{text}");
    let output = place.bnnc("check line.bnn --draws 20");
    assert_eq!(output.status.code(), Some(2));
    std::fs::write(
        place.path("improper.bnn"),
        MODEL.replace("prior = Normal(0, 1)", "prior = LogUniform"),
    )
    .unwrap();
    let text = place.refused("check improper.bnn --prior-predictive");
    assert!(
        text.contains("E0420") && text.contains("dense_1.kernel"),
        "{text}"
    );
}

/// A layer of every spec has its line, whatever the width.
#[test]
fn the_table_fits_the_terminal() {
    use bnnc::prior_predictive::{look, standard_inputs};
    for name in ["concrete", "mnist_mixture"] {
        let model = spec(name).inference.clone();
        let found = look(&model, &standard_inputs(&model, 8), None, 4).unwrap();
        for width in [70, 80, 120] {
            let text = found.text(width);
            assert!(
                text.lines().all(|line| line.chars().count() <= width),
                "{text}"
            );
            assert!(found.layers.iter().all(|layer| text.contains(&layer.name)));
        }
    }
}

#[test]
fn pretrained_weights_are_compared() {
    let write = |first: f32| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.safetensors");
        let entries = |of: f32, len: usize| (0..len).map(|i| of + i as f32).collect();
        let tensors = [
            ("f.kernel", vec![4, 1], entries(first, 4)),
            ("f.bias", vec![1], entries(0.5, 1)),
        ];
        let tensors = tensors.map(|(name, shape, of)| (name.to_string(), shape, of));
        write_weights(&path, tensors);
        (folder, path.display().to_string())
    };
    let model = |prior: &str| {
        plan(&format!(
            "model m\ninput x: real[4]\ntarget y: real\ndefault {{ {prior} }}\n\
             network {{ f = dense(1) }}\nobserve y ~ Normal(f, 0.5)\nobjective elbo\n"
        ))
    };
    let changes = |a: &str, b: &str| diff(&model(a), &model(b)).changes;
    let sections = |a: &str, b: &str| -> Vec<String> {
        let mut sections: Vec<String> = changes(a, b).into_iter().map(|c| c.section).collect();
        sections.dedup();
        sections
    };
    let ((_one, first), (_two, second)) = (write(1.0), write(2.0));
    let from = |file: &str| format!("prior = Normal(0, 1)\nfrom = {file:?}");
    let moped = |file: &str, delta: f64| format!("prior = MOPED(delta = {delta})\nfrom = {file:?}");
    let none = "prior = Normal(0, 1)";
    assert_eq!(sections(&from(&first), &from(&first)), [""; 0]);
    assert_eq!(sections(none, &from(&first)), ["pretrained", "parameters"]);
    // Another file of one name: its contents tell the two apart.
    let before = model(&from(&first));
    std::fs::copy(&second, &first).unwrap();
    let found = diff(&before, &model(&from(&first))).changes;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (&*found[0].section, &found[0].subject),
        ("pretrained", &first)
    );
    let deltas = changes(&moped(&first, 0.1), &moped(&first, 0.2));
    assert!(
        deltas
            .iter()
            .any(|c| c.subject == "f.kernel" && c.field == "start"),
        "{deltas:?}"
    );
}

#[test]
fn two_runs_are_compared_with_their_data_and_settings() {
    let place = Place::new();
    std::fs::write(place.path("rows.txt"), "1\n2\n").unwrap();
    let train = "train line.bnn --data t.csv --batch-size 20 --epochs";
    place.ok(&format!("{train} 1 --out a"));
    place.ok(&format!("{train} 1 --threads 1 --out b"));
    place.ok(&format!(
        "{train} 2 --target a --test-rows rows.txt --out c"
    ));
    assert_eq!(place.ok("diff a b --exit-code"), "the same model\n");
    let said = place.ok("diff a c");
    assert!(said.starts_with("the same model\n\nrun\n"), "{said}");
    for (subject, change) in [
        ("N", "60 -> 58"),
        ("target", "y -> a"),
        ("input columns", "a, b -> b, y"),
        ("epochs", "1 -> 2"),
        ("+ data.test_rows", "rows.txt"),
    ] {
        let line = said
            .lines()
            .find(|line| line.trim_start().starts_with(subject));
        assert!(line.is_some_and(|line| line.contains(change)), "{said}");
    }
    assert_eq!(
        place.bnnc("diff a c --exit-code").status.code(),
        Some(1),
        "runs that differ are told by the exit code"
    );
    let said: serde_json::Value =
        serde_json::from_str(&place.ok("diff a c --format json")).unwrap();
    assert_eq!(said["same"], true);
    assert_eq!(said["changes"][0]["section"], "run");
}
