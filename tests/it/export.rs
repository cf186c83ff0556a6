//! `bnnc export`: its draws are those that `predict` and `evaluate` average over, and other programs read them.

use crate::cli::Place;
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// A tensor as float64, with its shape.
type Tensor = (Vec<usize>, Vec<f64>);

/// Every tensor of a safetensors file.
fn tensors(path: &Path) -> BTreeMap<String, Tensor> {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let numbers = |kind, bytes: &[u8]| -> Vec<f64> {
        match kind {
            Dtype::U8 => bytes.iter().map(|x| f64::from(*x)).collect(),
            Dtype::F32 => (bytes.chunks(4))
                .map(|x| f64::from(f32::from_le_bytes(x.try_into().unwrap())))
                .collect(),
            Dtype::F64 => (bytes.chunks(8))
                .map(|x| f64::from_le_bytes(x.try_into().unwrap()))
                .collect(),
            Dtype::I64 => (bytes.chunks(8))
                .map(|x| i64::from_le_bytes(x.try_into().unwrap()) as f64)
                .collect(),
            other => panic!("{other:?}"),
        }
    };
    (file.tensors().into_iter())
        .map(|(name, found)| {
            let values = numbers(found.dtype(), found.data());
            (name, (found.shape().to_vec(), values))
        })
        .collect()
}

/// The columns of a table of numbers.
fn table(path: &Path) -> BTreeMap<String, Vec<f64>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = lines.next().unwrap();
    let rows: Vec<Vec<&str>> = lines.collect();
    let column = |k: usize| rows.iter().map(|row| row[k].parse().unwrap()).collect();
    let columns = names.iter().enumerate();
    columns
        .map(|(k, name)| (name.to_string(), column(k)))
        .collect()
}

/// The mean over the draws, the first axis, of each of the other entries.
fn mean_of_draws((shape, values): &Tensor, of: impl Fn(f64) -> f64) -> Vec<f64> {
    let each = values.len() / shape[0];
    let entry = |entry| {
        values
            .iter()
            .skip(entry)
            .step_by(each)
            .map(|x| of(*x))
            .sum::<f64>()
    };
    (0..each).map(|k| entry(k) / shape[0] as f64).collect()
}

fn assert_near(found: &[f64], expected: &[f64], most: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let off = (found - expected).abs();
        assert!(
            off <= most * (1.0 + expected.abs()),
            "{found} and {expected}"
        );
    }
}

const CLASSES: &str = "model kinds
input x: real[2]
target kind: category[3]
latent tau ~ HalfNormal(1)
default { prior = Normal(0, tau), posterior = MeanField, estimator = flipout }
network {
  dense(5)
  tanh
  logits = dense(3)
}
observe kind ~ Categorical(logits = logits)
objective elbo
";

/// A folder with a run `kinds` on classes with names and a run `line` on numbers.
fn place() -> Place {
    let place = Place::new();
    std::fs::write(place.path("kinds.bnn"), CLASSES).unwrap();
    let mut rows = String::from("a,b,kind\n");
    for i in 0..60 {
        let (a, b) = ((0.7 * f64::from(i)).sin(), (0.3 * f64::from(i)).cos());
        let kind = ["low", "middle", "high"][usize::from(a > b) + usize::from(a + b > 0.5)];
        writeln!(rows, "{a},{b},{kind}").unwrap();
    }
    std::fs::write(place.path("k.csv"), rows).unwrap();
    let train = "--batch-size 20 --epochs 30 --seed 3 --learning-rate 0.02";
    place.ok(&format!(
        "train kinds.bnn --data k.csv {train} --test 0.5 --out kinds"
    ));
    place.ok(&format!("train line.bnn --data t.csv {train} --out line"));
    place
}

#[test]
fn draws_average_to_what_predict_writes() {
    let place = place();
    for run in ["kinds", "line"] {
        place.ok(&format!(
            "predict {run} --samples 30 --seed 8 --out {run}.csv"
        ));
        place.ok(&format!(
            "export {run} --samples 30 --seed 8 --out {run}.safetensors"
        ));
    }
    let (file, columns) = (
        tensors(&place.path("kinds.safetensors")),
        table_with_names(&place.path("kinds.csv")),
    );
    let probabilities = &file["posterior_predictive/kind_probability"];
    assert_eq!(probabilities.0, [30, 30, 3]);
    let names = ["high", "low", "middle"].map(|name| &columns[&format!("probability_{name}")]);
    let expected: Vec<f64> = (0..30)
        .flat_map(|i| names.map(|column| column[i]))
        .collect();
    assert_near(&mean_of_draws(probabilities, |p| p), &expected, 1e-7);
    // The label that is drawn has its probability: the mean of probability less draw is near 0.
    let drawn = &file["posterior_predictive/kind"].1;
    for class in 0..3 {
        let hits = drawn
            .iter()
            .filter(|label| **label == f64::from(class))
            .count() as f64;
        let sure: f64 = probabilities.1.iter().skip(class as usize).step_by(3).sum();
        let n = drawn.len() as f64;
        assert!(
            (hits - sure).abs() < 4.0 * (n * 0.25).sqrt(),
            "{hits} and {sure} of {n}"
        );
    }
    let (file, columns) = (
        tensors(&place.path("line.safetensors")),
        table(&place.path("line.csv")),
    );
    let means = &file["posterior_predictive/y_mean"];
    assert_near(&mean_of_draws(means, |m| m), &columns["mean"], 1e-12);
    let squares = mean_of_draws(means, |m| m * m).into_iter();
    let of_weights = squares
        .zip(&columns["mean"])
        .map(|(square, mean)| (square - mean * mean).sqrt());
    assert_near(
        &of_weights.collect::<Vec<_>>(),
        &columns["epistemic_std"],
        1e-6,
    );
    let density = mean_of_draws(&file["log_likelihood/y"], f64::exp).into_iter();
    assert_near(
        &density.map(f64::ln).collect::<Vec<_>>(),
        &columns["log_density"],
        1e-9,
    );
    assert_eq!(file["observed_data/y"].1, columns["target"]);
    assert_eq!(file["constant_data/row"].1, columns["row"]);
    let (drawn, n) = (&file["posterior_predictive/y"].1, (30 * 60) as f64);
    // Their squared distance from the means is the noise's variance.
    let noise = drawn
        .iter()
        .zip(&means.1)
        .map(|(y, m)| (y - m).powi(2))
        .sum::<f64>()
        / n;
    let expected = columns["aleatoric_std"][0].powi(2);
    assert!(
        (noise / expected - 1.0).abs() < 5.0 * (2.0 / n).sqrt(),
        "{noise} and {expected}"
    );
}

/// As [`table`], without the column of names.
fn table_with_names(path: &Path) -> BTreeMap<String, Vec<f64>> {
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text.lines().map(|line| {
        let cells = line.split(',');
        let cells = cells.map(
            |cell| match cell.parse::<f64>().is_ok() || cell.contains('_') {
                true => cell,
                false => match cell {
                    "row" | "entropy" => cell,
                    _ => "0",
                },
            },
        );
        cells.collect::<Vec<_>>().join(",")
    });
    let beside = path.with_extension("numbers.csv");
    std::fs::write(&beside, rows.collect::<Vec<_>>().join("\n")).unwrap();
    table(&beside)
}

/// The weights of a draw are those that its predictions were made with, whatever the estimator of training, and have the
/// posterior's moments.
#[test]
fn weights_are_those_of_the_predictions_and_have_their_moments() {
    let place = Place::new();
    let model = std::fs::read_to_string(place.path("line.bnn")).unwrap();
    let model = model.replace("  dense(8)\n  tanh\n", "");
    std::fs::write(
        place.path("flat.bnn"),
        model.replace("reparameterization", "flipout"),
    )
    .unwrap();
    let train = "--batch-size 20 --epochs 40 --seed 1 --learning-rate 0.05 --out flat";
    place.ok(&format!("train flat.bnn --data t.csv {train}"));
    place.ok(
        "export flat --samples 2000 --out d.safetensors --what weights,latent,predictions,inputs",
    );
    let file = tensors(&place.path("d.safetensors"));
    let (kernel, bias, means) = (
        &file["f.kernel"],
        &file["f.bias"],
        &file["posterior_predictive/y_mean"],
    );
    assert_eq!(
        (&kernel.0[..], &bias.0[..]),
        (&[2000, 2, 1][..], &[2000, 1][..])
    );
    let record = std::fs::read_to_string(place.path("flat/data.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    let scale = |of: &str, what: &str, k: usize| record[of][what][k].as_f64().unwrap();
    let inputs = &file["constant_data/x"].1;
    for (s, weights) in kernel.1.chunks(2).enumerate() {
        let expected = inputs.chunks(2).map(|x| {
            let scaled = |k| (x[k] - scale("inputs", "offset", k)) / scale("inputs", "scale", k);
            let f = scaled(0) * weights[0] + scaled(1) * weights[1] + bias.1[s];
            f * scale("targets", "scale", 0) + scale("targets", "offset", 0)
        });
        let expected: Vec<f64> = expected.collect();
        assert_near(&means.1[s * 60..][..60], &expected, 1e-6);
    }
    let run = tensors(&place.path("flat/checkpoint.safetensors"));
    for name in ["f.kernel", "f.bias"] {
        let (found, n) = (&file[name], 2000.0_f64);
        let mean = mean_of_draws(found, |w| w);
        let square = mean_of_draws(found, |w| w * w);
        for (k, rho) in run[&format!("{name}.rho")].1.iter().enumerate() {
            let (loc, sd) = (run[&format!("{name}.loc")].1[k], rho.exp().ln_1p());
            assert!(
                (mean[k] - loc).abs() < 5.0 * sd / n.sqrt(),
                "{} and {loc}",
                mean[k]
            );
            let found = (square[k] - mean[k] * mean[k]).sqrt();
            assert!(
                (found / sd - 1.0).abs() < 5.0 / (2.0 * n).sqrt(),
                "{found} and {sd}"
            );
        }
    }
    // A learned number has no draws of its own: each is what was learned.
    let noise = &file["y.scale"];
    let raw = run["y.scale.rho"].1[0];
    assert_near(&noise.1, &[raw.exp().ln_1p(); 2000], 1e-5);
}

#[test]
fn a_store_has_what_the_specification_asks_for_and_is_replaced_whole() {
    let place = place();
    place.ok("export line --samples 3 --out line.zarr --what weights,log_likelihood");
    let text = |file: &str| std::fs::read_to_string(place.path("line.zarr").join(file)).unwrap();
    insta::assert_snapshot!("array", text("log_likelihood/y/zarr.json"));
    let root: serde_json::Value = serde_json::from_str(&text("zarr.json")).unwrap();
    let metadata = root["consolidated_metadata"]["metadata"]
        .as_object()
        .unwrap();
    for (name, metadata) in metadata {
        let own: serde_json::Value =
            serde_json::from_str(&text(&format!("{name}/zarr.json"))).unwrap();
        assert_eq!(own, *metadata, "{name}");
    }
    let chunk = std::fs::read(place.path("line.zarr/log_likelihood/y/c/0/0/0")).unwrap();
    place.ok("export line --samples 3 --out l.safetensors --what log_likelihood");
    let same = tensors(&place.path("l.safetensors"));
    let bytes = same["log_likelihood/y"]
        .1
        .iter()
        .flat_map(|x| x.to_le_bytes());
    assert_eq!(chunk, bytes.collect::<Vec<_>>());
    // Folders beside it are somebody's.
    for name in ["line.zarr.old", "line.zarr.part"] {
        std::fs::create_dir(place.path(name)).unwrap();
    }
    place.ok("export line --samples 2 --out line.zarr --what weights --parameters dense_1.*");
    let groups = std::fs::read_dir(place.path("line.zarr")).unwrap();
    let mut groups: Vec<_> = groups.map(|entry| entry.unwrap().file_name()).collect();
    groups.sort();
    assert_eq!(groups, ["posterior", "zarr.json"]);
    let left = std::fs::read_dir(place.path("")).unwrap();
    let left = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut left: Vec<String> = left.filter(|name| name.contains("zarr")).collect();
    left.sort();
    assert_eq!(left, ["line.zarr", "line.zarr.old", "line.zarr.part"]);
}

#[test]
fn a_point_estimate_is_one_draw_and_priors_have_theirs() {
    let place = place();
    place.ok("train line.bnn --data t.csv --batch-size 20 --epochs 1 --inference map --out map");
    let said = place.ok("export map --out map.safetensors");
    assert!(said.contains("1: every weight is a point"), "{said}");
    let file = tensors(&place.path("map.safetensors"));
    let run = tensors(&place.path("map/checkpoint.safetensors"));
    assert_eq!(file["dense_1.kernel"].0, [1, 2, 8]);
    assert_eq!(file["dense_1.kernel"].1, run["dense_1.kernel.loc"].1);
    // tau is half-normal, and a kernel normal with tau's scale: E tau² = 1, E w² = 1.
    place.ok("export kinds --samples 4000 --what prior,weights,latent --out p.safetensors");
    let file = tensors(&place.path("p.safetensors"));
    for name in ["prior/tau", "prior/dense_1.kernel"] {
        let squares = mean_of_draws(&file[name], |w| w * w);
        let mean = squares.iter().sum::<f64>() / squares.len() as f64;
        assert!((mean - 1.0).abs() < 0.15, "{name}: {mean}");
    }
    let learned = tensors(&place.path("p.safetensors"));
    assert_eq!(learned["tau"].0, [4000]);
    assert!(learned["tau"].1.iter().all(|tau| *tau > 0.0));
}

#[test]
fn what_cannot_be_exported_is_refused_before_anything_is_written() {
    let place = place();
    std::fs::create_dir(place.path("full.zarr")).unwrap();
    std::fs::write(place.path("full.zarr/mine"), "").unwrap();
    std::fs::write(place.path("x.csv"), "a,b\n0.1,0.2\n0.3,0.4\n").unwrap();
    let improper = std::fs::read_to_string(place.path("line.bnn")).unwrap();
    let improper = improper.replace("prior = Normal(0, 1)", "prior = LogUniform");
    std::fs::write(place.path("improper.bnn"), improper).unwrap();
    place.ok("train improper.bnn --data t.csv --batch-size 20 --epochs 1 --out improper");
    for (arguments, told) in [
        ("line --out l.h5", "E0601 .safetensors, .npz and .zarr"),
        (
            "line --out full.zarr",
            "E0601 it is a Zarr store that `bnnc export` wrote",
        ),
        ("line --out line --format npz", "E0601 it is a folder"),
        (
            "line --out t.csv --format npz",
            "E0601 the data to predict for is read from it",
        ),
        (
            "line --out line/model.bnn --format npz",
            "E0601 draws are not written over `line/model.bnn`",
        ),
        (
            "line --out l.npz --what latent --parameters f.kernel",
            "E0603 the model has nothing of what is to be exported",
        ),
        (
            "line --out l.npz --parameters dense_1.kernal",
            "E0609 did you mean `dense_1.kernel`?",
        ),
        (
            "line --out l.npz --data x.csv --what log_likelihood",
            "E0603 no targets to take a log-likelihood of",
        ),
        (
            "improper --out l.npz --what prior,weights",
            "E0603 `LogUniform` has no draws",
        ),
    ] {
        let text = place.refused(&format!("export {arguments}"));
        let (code, told) = told.split_once(' ').unwrap();
        assert!(text.contains(code), "{arguments}\n{text}");
        let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(one_line.contains(told), "{arguments}\n{text}");
    }
    assert!(place.path("full.zarr/mine").exists() && !place.path("l.npz").exists());
    // How much memory there is is known on Linux alone.
    #[cfg(target_os = "linux")]
    {
        std::fs::write(
            place.path("many.csv"),
            format!("a,b\n{}", "1,2\n".repeat(4000)),
        )
        .unwrap();
        let what = "--data many.csv --what predictions --samples 16777216";
        let text = place.refused(&format!("export line --out l.npz {what}"));
        assert!(
            text.contains("E0613") && text.contains("fewer `--samples`"),
            "{text}"
        );
    }
    // Without targets there are predictions all the same.
    let said = place.ok("export line --data x.csv --samples 2 --out x.npz");
    assert!(
        said.contains("posterior_predictive") && !said.contains("log_likelihood"),
        "{said}"
    );
}

/// Of the prior alone are weights and latent variables both, and every bit of the seed says which.
#[test]
fn priors_alone_are_of_weights_and_latent_variables() {
    let place = place();
    let of = |seed: &str| {
        let out = "--what prior --samples 3 --out prior.safetensors";
        place.ok(&format!("export kinds {out} --seed {seed}"));
        tensors(&place.path("prior.safetensors"))
    };
    let found = of("0");
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    let expected = [
        "prior/dense_1.bias",
        "prior/dense_1.kernel",
        "prior/logits.bias",
        "prior/logits.kernel",
        "prior/tau",
    ];
    assert_eq!(names, expected);
    assert_eq!(found["prior/tau"].0, [3]);
    assert_ne!(found["prior/tau"], of("4294967296")["prior/tau"]);
}

/// What one target's arrays are called may be another's name, or that of an axis.
#[test]
fn names_that_meet_are_told_apart_in_every_format() {
    let place = Place::new();
    let model = "model clash\ninput x: real[1]\ntarget age: real\ntarget age_mean: real\ntarget draw: real\n\
                 network {\n  out = dense(3)\n}\nobserve age ~ Normal(loc = out[0], scale = 1)\n\
                 observe age_mean ~ Normal(loc = out[1], scale = 1)\nobserve draw ~ Normal(loc = out[2], scale = 1)\n\
                 objective elbo\n";
    std::fs::write(place.path("clash.bnn"), model).unwrap();
    let row = |i: u32| format!("{i},{},{},{}\n", i * i, 3 * i % 7, i % 5);
    let rows: String = (0..20).map(row).collect();
    std::fs::write(
        place.path("clash.csv"),
        format!("a,age,age_mean,draw\n{rows}"),
    )
    .unwrap();
    place.ok("train clash.bnn --data clash.csv --batch-size 10 --epochs 1 --out clash");
    let export = "export clash --samples 2 --what predictions,log_likelihood";
    for ending in ["npz", "safetensors", "zarr"] {
        place.ok(&format!("{export} --out c.{ending}"));
    }
    let found = tensors(&place.path("c.safetensors"));
    let group = "posterior_predictive/";
    let names: Vec<&str> = (found.keys())
        .filter_map(|name| name.strip_prefix(group))
        .collect();
    let expected = [
        "age",
        "age_mean",
        "age_mean_",
        "age_mean_mean",
        "draw_",
        "draw_mean",
    ];
    assert_eq!(names, expected);
    assert!(found.contains_key("observed_data/age_mean"));
    assert!(place.path("c.zarr/log_likelihood/draw_").is_dir());
}

/// The Python that has ArviZ of at least version 1, or `None`, said aloud.
fn python(modules: &str) -> Option<String> {
    let python = std::env::var("BNNC_PYTHON").unwrap_or_else(|_| "python3".into());
    let has = format!("import arviz, {modules}; assert int(arviz.__version__.split('.')[0]) >= 1");
    let output = Command::new(&python)
        .args(["-W", "ignore", "-c", &has])
        .output();
    if output.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    eprintln!(
        "SKIPPED: `{python}` has no arviz 1 with {modules}: no export was opened by ArviZ (BNNC_PYTHON names another)"
    );
    None
}

/// Reads the three formats of one export, compares them, and prints what ArviZ makes of the store.
const OPEN: &str = r#"
import json, warnings
warnings.simplefilter("ignore")
import arviz as az, numpy as np, zarr
tree = az.from_zarr("d.zarr")
archive = np.load("d.npz")
compared = 0
for name in archive.files:
    group, _, own = name.partition("/") if "/" in name else ("posterior", "", name)
    found = tree[group].dataset[own].values
    found = found if group in ("observed_data", "constant_data") else found[0]
    assert found.dtype == archive[name].dtype, name
    np.testing.assert_array_equal(found, archive[name])
    compared += 1
summary = az.summary(tree, var_names=["tau"], round_to="none")
loo = az.loo(tree)
print(json.dumps({
    "compared": compared,
    "groups": sorted(tree.children),
    "dims": list(tree["posterior_predictive"].dataset["kind_probability"].dims),
    "labels": tree["observed_data"].dataset["kind"].attrs["labels"],
    "mean": float(summary.loc["tau", "mean"]),
    "numpy_mean": float(archive["tau"].mean()),
    "loo": float(loo.elpd),
    "points": int(loo.n_data_points),
    "lppd": float(np.log(np.exp(archive["log_likelihood/kind"]).mean(0)).sum()),
}))
"#;

#[test]
fn arviz_opens_the_store_and_works_with_it() {
    let Some(python) = python("zarr, numpy") else {
        return;
    };
    let place = place();
    let what =
        "--what weights,latent,predictions,log_likelihood,inputs,prior --split train --samples 100";
    place.ok(&format!("export kinds {what} --out d.zarr"));
    place.ok(&format!("export kinds {what} --out d.npz"));
    let output = Command::new(python)
        .args(["-c", OPEN])
        .current_dir(place.path(""))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let found: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let groups = [
        "constant_data",
        "log_likelihood",
        "observed_data",
        "posterior",
        "posterior_predictive",
        "prior",
    ];
    assert_eq!(found["groups"], serde_json::json!(groups));
    assert_eq!(found["compared"], 5 + 2 + 1 + 1 + 2 + 5);
    let dims = ["chain", "draw", "example", "kind_class"];
    assert_eq!(found["dims"], serde_json::json!(dims));
    assert_eq!(
        found["labels"],
        serde_json::json!(["high", "low", "middle"])
    );
    let number = |key: &str| found[key].as_f64().unwrap();
    assert_near(&[number("mean")], &[number("numpy_mean")], 1e-6);
    assert_eq!(number("points"), 30.0);
    // Leaving an example out predicts it a little worse than keeping it.
    let (loo, lppd) = (number("loo"), number("lppd"));
    assert!(loo < lppd && loo > 1.5 * lppd - 10.0, "{loo} and {lppd}");
}
