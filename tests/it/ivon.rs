//! `inference ivon` as a user sees it: checked, trained, stopped and resumed, scored, refused.

use crate::cli::{MODEL, Place};
use safetensors::SafeTensors;
use std::collections::BTreeMap;

const TRAIN: &str = "--data t.csv --batch-size 20 --seed 3";

/// The tensors of a run's checkpoint, by name.
fn tensors(place: &Place, run: &str) -> BTreeMap<String, Vec<f32>> {
    let file = std::fs::read(place.path(run).join("checkpoint.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let numbers = |bytes: &[u8]| -> Vec<f32> {
        let words = bytes.chunks_exact(4);
        words
            .map(|word| f32::from_le_bytes(word.try_into().unwrap()))
            .collect()
    };
    tensors
        .iter()
        .map(|(name, view)| (name.to_owned(), numbers(view.data())))
        .collect()
}

#[test]
fn a_run_by_ivon_is_checked_trained_and_scored() {
    let place = Place::new();
    let said = place.ok("check line.bnn --data t.csv --inference ivon");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for told in [
        "-ELBO / N, minimised",
        "scale^2 = 1/(N (h + delta)), h a running mean of the curvature of the nll, 1 at first",
        "the update carries the prior: delta = 1/(N s^2)",
        "s is 1 everywhere",
        "`ivon` does not use `posterior = MeanField` and `estimator = reparameterization`",
        "of `[optimizer]` it uses `learning_rate` alone, 0.1 where none is said",
        "without prior and noise: `y.scale` takes the same step with h kept at hess_init",
    ] {
        assert!(said.contains(told), "no `{told}` in {said}");
    }
    // At the start the KL is that of scales 1/sqrt(N + 1): 60 rows, 33 weights.
    let answer = place.ok("check line.bnn --data t.csv --inference ivon --format json");
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let terms = answer["terms"].as_array().unwrap().iter();
    let initial: f64 = terms.filter_map(|term| term["initial"].as_f64()).sum();
    let n = answer["training_examples"].as_f64().unwrap();
    // loc ~ Normal(0, 0.1)
    let entry = 0.5 * ((n + 1.0).ln() + 1.0 / (n + 1.0) + 0.01 - 1.0);
    assert!((initial - 33.0 * entry).abs() < 1e-6, "{initial} {n}");

    let said = place.ok(&format!(
        "train line.bnn --inference ivon(beta2=0.99) {TRAIN} --epochs 60 --out run"
    ));
    assert!(
        said.contains("`ivon(") && said.contains("learning rate 0.1"),
        "{said}"
    );
    let kept = std::fs::read_to_string(place.path("run").join("run.toml")).unwrap();
    assert!(kept.contains("learning_rate = 0.1\n"), "{kept}");

    // The KL that is reported is the closed form at the checkpoint's loc and scale.
    let tensors = tensors(&place, "run");
    let mut kl = 0.0;
    for (name, locs) in tensors.iter().filter(|(name, _)| !name.contains('/')) {
        let Some(tensor) = name.strip_suffix(".loc") else {
            continue;
        };
        let rhos = &tensors[&format!("{tensor}.rho")];
        let h = &tensors[&format!("ivon.hessian/{name}")];
        for ((loc, rho), h) in locs.iter().zip(rhos).zip(h) {
            let [loc, rho, h] = [loc, rho, h].map(|x| f64::from(*x));
            kl += 0.5 * (loc * loc + (2.0 * rho).exp() - 1.0) - rho;
            // rho = ln σ, of N (h + 1/N)
            let sigma = (n * h + 1.0).powf(-0.5);
            assert!((rho.exp() / sigma - 1.0).abs() < 1e-4, "{name}: {rho} {h}");
        }
    }
    let answer = place.ok("evaluate run --data t.csv --format json");
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let terms = answer["elbo"]["terms"].as_array().unwrap().iter();
    let of_weights = terms.filter(|term| term["name"].as_str().unwrap().starts_with("kl("));
    let found: f64 = of_weights.map(|term| term["value"].as_f64().unwrap()).sum();
    assert!((found / kl - 1.0).abs() < 1e-4, "{found} {kl}");
    // y is linear in what the network sees: far below the spread of the targets, some 15.
    let said = place.ok("evaluate run --data t.csv");
    assert!(said.contains("-ELBO / N = "), "{said}");
    let rmse = answer["scores"]["rmse"].as_f64();
    assert!(rmse.is_none_or(|rmse| rmse < 5.0), "{answer}");
    place.ok("report run --out run.html");
    place.ok("predict run --data t.csv --samples 20 --out p.csv");
}

#[test]
fn a_run_by_ivon_goes_on_to_the_same_bits() {
    let place = Place::new();
    let train = format!("train line.bnn --inference ivon --learning-rate 0.05 {TRAIN}");
    place.ok(&format!("{train} --epochs 5 --out whole"));
    place.ok(&format!("{train} --epochs 2 --out parts"));
    place.ok("train line.bnn --out parts --resume --epochs 5");
    let [whole, parts] = ["whole", "parts"].map(|run| tensors(&place, run));
    assert_eq!(whole, parts);
    assert!(whole.contains_key("ivon.momentum/dense_1.kernel.loc"));
    let kept = std::fs::read_to_string(place.path("parts").join("run.toml")).unwrap();
    assert!(kept.contains("learning_rate = 0.05\n"), "{kept}");
}

#[test]
fn what_ivon_cannot_fit_is_refused() {
    let place = Place::new();
    let write = |from: &str, to: &str| {
        assert!(MODEL.contains(from));
        std::fs::write(place.path("other.bnn"), MODEL.replace(from, to)).unwrap();
    };
    for (from, to, told) in [
        (
            "Normal(0, 1),",
            "Laplace(0, 1),",
            "does not fit `dense_1.kernel` under `Laplace(0, 1)`",
        ),
        (
            "Normal(0, 1),",
            "Normal(0, learned(1)),",
            "does not fit `dense_1.kernel` under `Normal(0, learned(1))`",
        ),
        (
            "objective elbo",
            "inference ivon { annealing = linear(epochs = 2) }",
            "`annealing` changes it",
        ),
        (
            "objective elbo",
            "inference ivon { minibatch = blundell }",
            "`minibatch` changes it",
        ),
        (
            "prior = Normal(0, 1), posterior = MeanField, estimator = reparameterization",
            "kernel = deterministic, bias = deterministic",
            "no parameter has a prior",
        ),
    ] {
        write(from, to);
        let said = place.refused("check other.bnn --inference ivon");
        let said = match to.starts_with("inference") {
            true => place.refused("check other.bnn"),
            false => said,
        };
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("E0421") && said.contains(told), "{said}");
    }
    write(
        "default { prior = Normal(0, 1),",
        "latent tau ~ HalfNormal(1)\ndefault { prior = Normal(0, tau),",
    );
    let said = place.refused("check other.bnn --inference ivon");
    assert!(said.contains("latent variable `tau`"), "{said}");
    for flag in ["--clip-norm 1", "--ema-decay 0.9"] {
        let said = place.refused(&format!(
            "train line.bnn --inference ivon {TRAIN} --epochs 1 {flag} --out bad"
        ));
        assert!(
            said.contains("E0603") && said.contains("`ivon` takes its own"),
            "{said}"
        );
    }
}

/// What is more likely a mistake than a choice is so by what the method does with it.
#[test]
fn lints_go_by_the_method() {
    let place = Place::new();
    let warnings = |model: &str, method: &str| {
        let output = place.bnnc(&format!(
            "check {model} --data t.csv --inference {method} --pedantic"
        ));
        String::from_utf8(output.stderr).unwrap()
    };
    std::fs::write(
        place.path("line.toml"),
        "evaluation_samples = 1\n[optimizer]\nname = \"adamw\"\nweight_decay = 0.01\ndecays = \"kernels\"\n",
    )
    .unwrap();
    // Whether an optimizer's decay acts on weights under a prior, and whether one draw is all that predicts.
    for (method, decays, one_draw) in [
        ("map", true, false),
        ("ensemble", true, false),
        ("swag", true, true),
        ("laplace", true, true),
        ("mean_field", true, true),
        ("ivon", false, true),
    ] {
        let said = warnings("line.bnn", method);
        let found = ["weight-decay-beside-prior", "one-draw-evaluation"].map(|x| said.contains(x));
        assert_eq!(found, [decays, one_draw], "{method}: {said}");
    }
    std::fs::write(
        place.path("norm.bnn"),
        MODEL.replace("  tanh\n", "  batch_norm\n  tanh\n"),
    )
    .unwrap();
    // A member has the statistics of its own weights; a draw has those of others.
    for (method, warned) in [("map", false), ("ensemble", false), ("ivon", true)] {
        let said = warnings("norm.bnn", method);
        let found = said.contains("batch-statistics-of-draws");
        assert_eq!(found, warned, "{method}: {said}");
    }
}

#[test]
fn ivon_from_another_run_has_its_locs_and_scales_of_its_own() {
    let place = Place::new();
    place.ok(&format!("train line.bnn {TRAIN} --epochs 5 --out first"));
    place.ok(&format!(
        "train line.bnn --inference ivon --from first --learning-rate 1e-9 {TRAIN} --epochs 1 --out second"
    ));
    let [first, second] = ["first", "second"].map(|run| tensors(&place, run));
    let record: serde_json::Value = serde_json::from_str(
        &std::fs::read_to_string(place.path("second").join("data.json")).unwrap(),
    )
    .unwrap();
    let n = record["training_examples"].as_f64().unwrap();
    for name in ["dense_1.kernel", "dense_1.bias", "f.kernel", "f.bias"] {
        let [before, after] = [&first, &second].map(|run| &run[&format!("{name}.loc")]);
        assert!(before.iter().zip(after).all(|(a, b)| (a - b).abs() < 1e-6));
        // Three steps move h by some 1e-5 of itself.
        let start = (n + 1.0).powf(-0.5);
        let rhos = second[&format!("{name}.rho")].iter();
        assert!(
            rhos.clone()
                .all(|rho| (f64::from(*rho).exp() / start - 1.0).abs() < 0.01)
        );
    }

    // Its rho is the logarithm of a scale, another posterior's is not: the scales start as in any run.
    place.ok(&format!(
        "train line.bnn --from second {TRAIN} --epochs 0 --out third"
    ));
    place.ok(&format!(
        "train line.bnn --from first --inference map {TRAIN} --epochs 0 --out point"
    ));
    place.ok(&format!(
        "train line.bnn --from point {TRAIN} --epochs 0 --out fresh"
    ));
    let [third, fresh] = ["third", "fresh"].map(|run| tensors(&place, run));
    for (name, values) in third.iter().filter(|(name, _)| !name.contains('/')) {
        match name.ends_with("kernel.rho") || name.ends_with("bias.rho") {
            true => assert_eq!(values, &fresh[name], "{name}"),
            false => assert_eq!(values, &second[name], "{name}"),
        }
    }
}
