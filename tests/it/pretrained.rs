//! Parameters that start from a pretrained network, and MOPED, a prior about it.

use crate::cli::Place;
use crate::support::{draw, plan, write_weights};
use bnnc::diagnostic::Failure;
use bnnc::exec::Interpreter;
use bnnc::source::Source;
use std::path::Path;
use std::sync::Arc;

/// Weights of a network 4-3-1 that are not of one sign or size; one is 0.
fn weights(len: usize, first: f32) -> Vec<f32> {
    let entry = |i: usize| {
        if i == 1 {
            0.0
        } else {
            first * (1.3 * i as f32 + 0.4).cos()
        }
    };
    (0..len).map(entry).collect()
}

pub fn written(folder: &Path) -> String {
    let path = folder.join("net.safetensors");
    let tensors = [
        ("h.kernel", vec![4, 3], weights(12, 0.9)),
        ("h.bias.loc", vec![3], weights(3, -0.2)),
        ("f.kernel", vec![3, 1], weights(3, 2.0)),
        ("f.bias", vec![1], weights(1, 0.3)),
    ];
    write_weights(
        &path,
        tensors.map(|(name, shape, of)| (name.to_string(), shape, of)),
    );
    path.display().to_string()
}

pub fn model(default: &str, last: &str, objective: &str) -> String {
    format!(
        "model m\ninput x: real[4]\ntarget y: real\ndefault {{ {default} }}\n\
         network {{ h = dense(3)\ntanh\nf = dense(1) {last} }}\n\
         observe y ~ Normal(f, 0.5)\nobjective elbo {{ {objective} }}\n"
    )
}

/// The values of a variable before the first step, in float64.
fn start(text: &str, variable: &str) -> Vec<f64> {
    let plan = plan(text);
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), 1);
    interpreter.initialize(1);
    let found = plan.variables.iter().find(|v| v.name == variable);
    let range = found
        .unwrap_or_else(|| panic!("no {variable}"))
        .range
        .clone();
    interpreter.variables()[range].to_vec()
}

fn wide(values: Vec<f32>) -> Vec<f64> {
    values.into_iter().map(f64::from).collect()
}

fn codes(text: &str) -> Vec<&'static str> {
    let source = Source {
        name: "m.bnn".into(),
        text: text.into(),
    };
    let compiled = bnnc::compile::source(source, &[]).map(|_| ());
    let failure: Failure = compiled.expect_err("a mistake");
    failure.diagnostics.iter().map(|d| d.code).collect()
}

/// The mistake of `MOPED_` in BLiTZ, which moves the posterior and leaves the prior at 0: then the KL
/// at the start has a part w²/2s² for each weight.
#[test]
fn moped_moves_the_prior_with_the_posterior() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path());
    for (kl, scale) in [("auto", 1.0), ("auto", 0.3), ("quadrature", 0.3)] {
        let default = format!("from = \"{file}\", prior = MOPED(delta = 0.2, scale = {scale})");
        let plan = plan(&model(&default, "", &format!("kl = {kl}")));
        let mut interpreter = Interpreter::<f64>::new(plan.clone(), 1);
        interpreter.initialize(3);
        let terms = interpreter.weight_terms(&draw(1, 0));
        let shown = bnnc::report::initial::initial_terms(&plan, None);
        for (index, weights) in [
            weights(12, 0.9),
            weights(3, -0.2),
            weights(3, 2.0),
            weights(1, 0.3),
        ]
        .into_iter()
        .enumerate()
        {
            let expected: f64 = wide(weights)
                .iter()
                .map(|w| {
                    let s = (0.2 * w.abs()).max(1e-6) / scale;
                    (1.0 / s).ln() + 0.5 * s * s - 0.5
                })
                .sum();
            for value in [terms[index + 1], shown[index + 1]] {
                let value: f64 = value.unwrap();
                assert!(
                    (value - expected).abs() < 1e-6 * expected,
                    "{kl} {scale}, parameter {index}: {value} is not {expected}"
                );
            }
        }
    }
}

#[test]
fn loc_starts_at_the_weights_and_moped_sets_the_scale_by_their_size() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path());
    let moped = model(
        &format!("from = \"{file}\", prior = MOPED(delta = 0.2)"),
        "",
        "",
    );
    assert_eq!(start(&moped, "h.kernel.loc"), wide(weights(12, 0.9)));
    assert_eq!(start(&moped, "h.bias.loc"), wide(weights(3, -0.2)));
    let rho = start(&moped, "f.kernel.rho");
    for (rho, w) in rho.into_iter().zip(wide(weights(3, 2.0))) {
        // softplus(rho) = delta |w|: rho = ln(e^s - 1) (Krishnan et al. 2020)
        let scale = rho.exp().ln_1p();
        let expected = if w == 0.0 { 1e-6 } else { 0.2 * w.abs() };
        assert!((scale - expected).abs() < 1e-9, "{scale} is not {expected}");
    }
    // Without MOPED every family starts loc there, and nothing else.
    for family in [
        "MeanField",
        "MeanField(scale = 0.3)",
        "FullRank",
        "LowRank(1)",
        "MatrixNormal",
        "Radial",
        "Laplace",
        "Rank1",
        "Dropout",
        "Delta",
        "deterministic",
    ] {
        let prior = if family == "deterministic" {
            ""
        } else {
            ", prior = Normal(0, 1)"
        };
        let of = |from: &str| {
            model(
                &format!("{from}kernel = {family}, bias = none{prior}"),
                "",
                "",
            )
        };
        let (with, without) = (of(&format!("from = \"{file}\", ")), of(""));
        assert_eq!(
            start(&with, "f.kernel.loc"),
            wide(weights(3, 2.0)),
            "{family}"
        );
        for variable in &plan(&with).variables {
            if !variable.name.ends_with(".kernel.loc") {
                let name = &variable.name;
                assert_eq!(
                    start(&with, name),
                    start(&without, name),
                    "{family}: {name}"
                );
            }
        }
    }
}

#[test]
fn the_nearest_setting_says_what_a_parameter_starts_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path());
    let from = format!("from = \"{file}\"");
    // A layer's own `none`, and its own loc, are nearer than the default.
    let last = "{ from = none }";
    let text = model(&from, last, "");
    assert_eq!(start(&text, "h.kernel.loc"), wide(weights(12, 0.9)));
    let fresh = model("", "", "");
    assert_eq!(start(&text, "f.kernel.loc"), start(&fresh, "f.kernel.loc"));
    let text = model(&from, "{ kernel: posterior = MeanField(loc = 7) }", "");
    assert_eq!(start(&text, "f.kernel.loc"), [7.0; 3]);
    assert_eq!(start(&text, "f.bias.loc"), wide(weights(1, 0.3)));
    let text = model(
        "kernel = MeanField(7)",
        &format!("{{ kernel: {from} }}"),
        "",
    );
    assert_eq!(start(&text, "f.kernel.loc"), wide(weights(3, 2.0)));
    assert_eq!(start(&text, "h.kernel.loc"), [7.0; 12]);
    let text = model(&format!("{from}, posterior = MeanField(7)"), "", "");
    assert_eq!(codes(&text), ["E0418"]);
    // MOPED in a layer overrides the default's posterior; one that is nearer does not go with it.
    let moped = format!("{{ {from}, prior = MOPED }}");
    let text = model("prior = Normal(0, 1), posterior = FullRank", &moped, "");
    assert_eq!(start(&text, "f.kernel.loc"), wide(weights(3, 2.0)));
    assert!(
        plan(&text)
            .variables
            .iter()
            .any(|v| v.name == "f.kernel.rho")
    );
    let text = model(
        &format!("{from}, prior = MOPED"),
        "{ posterior = Delta }",
        "",
    );
    assert_eq!(codes(&text), ["E0419"]);
    // Frees the biases of the default's prior; they start from the file all the same.
    let text = model(
        &format!("{from}, prior = MOPED, bias = deterministic"),
        "",
        "",
    );
    assert_eq!(start(&text, "f.bias.loc"), wide(weights(1, 0.3)));
    assert!(plan(&text).variables.iter().all(|v| v.name != "f.bias.rho"));
}

#[test]
fn the_fingerprint_sees_the_weights() {
    let folder = tempfile::tempdir().unwrap();
    let text = model(&format!("from = \"{}\"", written(folder.path())), "", "");
    let of = |text: &str| {
        let plan: Arc<_> = plan(text);
        bnnc::train::checkpoint::model_fingerprint(text, &[], &plan.variables)
    };
    let before = of(&text);
    assert_eq!(before, of(&text));
    let path = folder.path().join("net.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert_ne!(before, of(&text));
}

const PLAIN: &str = "model plain

input  x: real[2]
target y: real

default { kernel = deterministic, bias = deterministic }

network {
  h = dense(8)
  tanh
  f = dense(1)
}

observe y ~ Normal(loc = f, scale = learned(0.5))
objective elbo
";

#[test]
fn a_run_keeps_the_weights_that_it_starts_from() {
    let place = Place::new();
    std::fs::write(place.path("plain.bnn"), PLAIN).unwrap();
    place.ok("train plain.bnn --data t.csv --batch-size 20 --epochs 3 --out plain");
    let nets = place.path("nets");
    std::fs::create_dir(&nets).unwrap();
    let pretrained = place.path("plain/checkpoint.safetensors");
    std::fs::copy(&pretrained, nets.join("plain.safetensors")).unwrap();
    let settings = "default { from = \"nets/plain.safetensors\", prior = MOPED(delta = 0.1) }";
    let text = PLAIN
        .replace(
            "default { kernel = deterministic, bias = deterministic }",
            settings,
        )
        .replace("model plain", "model bayes");
    std::fs::write(place.path("bayes.bnn"), text).unwrap();

    let checked = place.ok("check bayes.bnn --data t.csv --batch-size 20");
    assert!(checked.contains("Normal(pretrained, 1)"), "{checked}");
    assert!(
        checked.contains("h.kernel, h.bias, f.kernel, f.bias start from nets/plain.safetensors"),
        "{checked}"
    );
    place.ok("train bayes.bnn --data t.csv --batch-size 20 --epochs 4 --out whole");
    place.ok("train bayes.bnn --data t.csv --batch-size 20 --epochs 2 --out run");
    let ir = std::fs::read_to_string(place.path("run/ir.txt")).unwrap();
    assert!(
        ir.contains("loc from nets/plain.safetensors: h.kernel.loc"),
        "{ir}"
    );

    // Another file in its place is noticed, and none at all is not needed.
    let other = place.path("whole/checkpoint.safetensors");
    std::fs::copy(&other, nets.join("plain.safetensors")).unwrap();
    let resume = "train bayes.bnn --data t.csv --batch-size 20 --epochs 4 --out run --resume";
    let text = place.refused(resume);
    assert!(
        text.contains("E0606") && text.contains("differs from"),
        "{text}"
    );
    std::fs::remove_dir_all(&nets).unwrap();
    std::fs::remove_dir_all(place.path("plain")).unwrap();
    place.ok(resume);
    let bytes = |run: &str| std::fs::read(place.path(run).join("checkpoint.safetensors")).unwrap();
    assert_eq!(bytes("run"), bytes("whole"), "resumed without the original");
    let scores = place.ok("evaluate run --samples 5");
    assert!(scores.contains("60 examples"), "{scores}");
    place.ok("predict run --out p.csv");
    place.ok("check run/model.bnn");
    // A run moves with all that it needs.
    std::fs::rename(place.path("run"), place.path("moved")).unwrap();
    assert_eq!(
        place
            .ok("evaluate moved --samples 5")
            .replace("moved", "run"),
        scores
    );

    // The copy that a run keeps is part of it.
    let mut kept = std::fs::read_dir(place.path("moved/pretrained")).unwrap();
    let kept = kept.next().unwrap().unwrap().path();
    std::fs::copy(place.path("whole/checkpoint.safetensors"), &kept).unwrap();
    let text = place.refused("evaluate moved");
    assert!(text.contains("E0605"), "{text}");
    place.changed("moved", kept.file_name().unwrap().to_str().unwrap());
    let text = place.refused("evaluate moved");
    assert!(text.contains("E0606"), "{text}");
    std::fs::remove_file(&kept).unwrap();
    let text = place.refused("evaluate moved");
    assert!(text.contains("E0415"), "{text}");
}

#[test]
fn weights_of_a_run_that_scaled_its_inputs_otherwise_are_warned_of() {
    let place = Place::new();
    std::fs::write(place.path("plain.bnn"), PLAIN).unwrap();
    place.ok("train plain.bnn --data t.csv --batch-size 20 --epochs 1 --out plain");
    let settings = "default { from = \"plain/checkpoint.safetensors\" }";
    let text = PLAIN
        .replace(
            "default { kernel = deterministic, bias = deterministic }",
            settings,
        )
        .replace("model plain", "model bayes");
    std::fs::write(place.path("bayes.bnn"), text).unwrap();
    let checked = place.ok("check bayes.bnn --data t.csv --batch-size 20");
    assert!(
        checked.contains("y.scale: learned, from its own start; no file is read for it"),
        "{checked}"
    );
    let said = |table: &str, out: &str| {
        let train =
            format!("train bayes.bnn --data {table} --batch-size 20 --epochs 1 --out {out}");
        let output = place.bnnc(&train);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{text}");
        text
    };
    let warning = "plain/checkpoint.safetensors` is of a run that scaled its inputs otherwise";
    assert!(!said("t.csv", "same").contains(warning));
    let table = std::fs::read_to_string(place.path("t.csv")).unwrap();
    let moved = table.lines().enumerate().map(|(index, line)| match index {
        0 => format!("{line}\n"),
        _ => format!("1{}\n", line.trim_start_matches('-')),
    });
    std::fs::write(place.path("u.csv"), moved.collect::<String>()).unwrap();
    let text = said("u.csv", "other");
    assert!(text.contains(warning), "{text}");
}
