//! Runs by `inference laplace`: their posterior, predictions and evidence, and what is refused.

use crate::cli::Place;
use safetensors::SafeTensors;
use serde_json::Value;
use std::fmt::Write as _;

/// A linear model of known noise, and what is exact of it on the table beside: a tenth of `a`, `b` and 1 with noise of a
/// deterministic kind.
const LINEAR: &str = "model linear\ninput x: real[2]\ntarget y: real\ndefault { prior = Normal(0, 2) }\n\
    network {\n f = dense(1)\n}\nobserve y ~ Normal(f, 0.5)\ninference map\n";

/// Three classes by two numbers.
const CLASSES: &str = "model classes\ninput x: real[2]\ntarget y: category[3]\ndefault { prior = Normal(0, 1) }\n\
    network {\n dense(6)\n tanh\n f = dense(3)\n}\nobserve y ~ Categorical(f)\ninference map\n";

/// Noise that depends on the input.
const NOISY: &str = "model noisy\ninput x: real[2]\ntarget y: real\ndefault { prior = Normal(0, 1) }\n\
    network {\n h = dense(6)\n tanh\n f = dense(1)\n s = dense(1) on tanh_1\n scale = softplus\n}\n\
    observe y ~ Normal(f, scale)\ninference map\n";

const SETTINGS: &str = "batch_size = 30\nepochs = 400\n[optimizer]\nname = \"adam\"\nlearning_rate = 0.02\n\
    [schedule]\nname = \"cosine\"\n[data]\nscaling = \"none\"\ntargets = \"none\"\n";

/// A folder with the models and their tables of 30 rows.
fn place() -> Place {
    let place = Place::new();
    let (mut numbers, mut classes) = (String::from("a,b,y\n"), String::from("a,b,y\n"));
    for i in 0..30 {
        let t = f64::from(i);
        let (a, b) = ((0.7 * t).sin(), (0.3 * t).cos());
        let y = 0.8 * a - 1.3 * b + 0.4 + 0.5 * (17.0 * t).sin();
        writeln!(numbers, "{a},{b},{y}").unwrap();
        let class = if y < 0.0 {
            "low"
        } else if a > 0.3 {
            "high"
        } else {
            "middle"
        };
        writeln!(classes, "{a},{b},{class}").unwrap();
    }
    for (name, text) in [
        ("numbers.csv", &numbers[..]),
        ("classes.csv", &classes),
        ("linear.bnn", LINEAR),
        ("classes.bnn", CLASSES),
        ("noisy.bnn", NOISY),
        ("run.toml", SETTINGS),
    ] {
        std::fs::write(place.path(name), text).unwrap();
    }
    place
}

/// Trains a model of the folder by `laplace` with these arguments; what is said.
fn train(place: &Place, model: &str, arguments: &str, more: &str) -> String {
    let table = if model == "classes" {
        "classes"
    } else {
        "numbers"
    };
    place.ok(&format!(
        "train {model}.bnn --config run.toml --data {table}.csv --seed 3 --inference laplace({arguments}) {more}"
    ))
}

/// A column of what a run predicts of a table.
fn predicted(place: &Place, run: &str, table: &str, more: &str, column: &str) -> Vec<f64> {
    place.ok(&format!(
        "predict {run} --data {table} --out {run}.csv {more}"
    ));
    let text = std::fs::read_to_string(place.path(&format!("{run}.csv"))).unwrap();
    let head = text.lines().next().unwrap();
    let at = head.split(',').position(|name| name == column);
    let at = at.unwrap_or_else(|| panic!("no {column} in {head}"));
    text.lines()
        .skip(1)
        .map(|line| line.split(',').nth(at).unwrap().parse().unwrap())
        .collect()
}

fn evaluated(place: &Place, run: &str) -> Value {
    serde_json::from_str(&place.ok(&format!("evaluate {run} --format json"))).unwrap()
}

fn rows(place: &Place) -> Vec<[f64; 3]> {
    let text = std::fs::read_to_string(place.path("numbers.csv")).unwrap();
    let row = |line: &str| {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        [cells[0], cells[1], cells[2]]
    };
    text.lines().skip(1).map(row).collect()
}

/// Gauss's elimination of a symmetric positive definite matrix: x with M x = b, and ln det M.
#[allow(clippy::needless_range_loop)] // indices are those of the formulas
fn solve(mut m: Vec<Vec<f64>>, mut b: Vec<f64>) -> (Vec<f64>, f64) {
    let n = b.len();
    let mut log_det = 0.0;
    for k in 0..n {
        log_det += m[k][k].ln();
        for i in k + 1..n {
            let factor = m[i][k] / m[k][k];
            for j in k..n {
                m[i][j] -= factor * m[k][j];
            }
            b[i] -= factor * b[k];
        }
    }
    for k in (0..n).rev() {
        let rest: f64 = (k + 1..n).map(|j| m[k][j] * b[j]).sum();
        b[k] = (b[k] - rest) / m[k][k];
    }
    (b, log_det)
}

/// The whole posterior of a linear model is normal: the variance of predictions and the evidence are known.
#[test]
fn linear_regression_is_exact() {
    let place = place();
    let said = train(&place, "linear", "full,predictive=probit", "--out exact");
    assert!(said.contains("curvature  of 3 entries"), "{said}");
    assert!(!said.contains("no optimum"), "{said}");
    let rows = rows(&place);
    let features: Vec<[f64; 3]> = rows.iter().map(|row| [row[0], row[1], 1.0]).collect();
    let (noise, prior) = (0.25, 4.0);
    let precision: Vec<Vec<f64>> = (0..3)
        .map(|i| {
            let entry = |j: usize| {
                let sum: f64 = features.iter().map(|x| x[i] * x[j]).sum();
                sum / noise + if i == j { 1.0 / prior } else { 0.0 }
            };
            (0..3).map(entry).collect()
        })
        .collect();
    let deviations = predicted(&place, "exact", "numbers.csv", "", "std");
    for (x, deviation) in features.iter().zip(&deviations) {
        let (half, _) = solve(precision.clone(), x.to_vec());
        let variance: f64 = x.iter().zip(&half).map(|(x, h)| x * h).sum();
        let exact = (noise + variance).sqrt();
        assert!((deviation - exact).abs() < 1e-4, "{deviation} {exact}");
    }
    // The noise is in the data, and the rest in the weights.
    let aleatoric = predicted(&place, "exact", "numbers.csv", "", "aleatoric_std");
    let epistemic = predicted(&place, "exact", "numbers.csv", "", "epistemic_std");
    for ((x, aleatoric), epistemic) in features.iter().zip(&aleatoric).zip(&epistemic) {
        let (half, _) = solve(precision.clone(), x.to_vec());
        let variance: f64 = x.iter().zip(&half).map(|(x, h)| x * h).sum();
        assert!((aleatoric - 0.5).abs() < 1e-4, "{aleatoric}");
        assert!((epistemic - variance.sqrt()).abs() < 1e-4, "{epistemic}");
    }
    // Weights are drawn, though predictions need no draws.
    place.ok("export exact --samples 2000 --what weights,predictions --out exact.safetensors");
    let file = std::fs::read(place.path("exact.safetensors")).unwrap();
    let bias = SafeTensors::deserialize(&file).unwrap();
    let bias = bias.tensor("f.bias").unwrap();
    let bias: Vec<f64> = (bias.data().chunks_exact(4))
        .map(|x| f64::from(f32::from_le_bytes(x.try_into().unwrap())))
        .collect();
    assert_eq!(bias.len(), 2000);
    let mean = bias.iter().sum::<f64>() / 2000.0;
    let variance = bias.iter().map(|b| (b - mean).powi(2)).sum::<f64>() / 2000.0;
    let (column, _) = solve(precision.clone(), vec![0.0, 0.0, 1.0]);
    assert!((variance / column[2] - 1.0).abs() < 0.1, "{variance}");
    let n = rows.len();
    let covariance: Vec<Vec<f64>> = features
        .iter()
        .enumerate()
        .map(|(i, x)| {
            let entry = |(j, z): (usize, &[f64; 3])| {
                let dot: f64 = x.iter().zip(z).map(|(a, b)| a * b).sum();
                prior * dot + if i == j { noise } else { 0.0 }
            };
            features.iter().enumerate().map(entry).collect()
        })
        .collect();
    let y: Vec<f64> = rows.iter().map(|row| row[2]).collect();
    let (weighted, log_det) = solve(covariance, y.clone());
    let square: f64 = y.iter().zip(&weighted).map(|(y, w)| y * w).sum();
    let exact = -0.5 * (square + log_det + n as f64 * std::f64::consts::TAU.ln());
    let found = evaluated(&place, "exact")["log_evidence"].as_f64().unwrap();
    assert!((found - exact).abs() < 2e-3, "{found} {exact}");

    // Draws of a linear model are their own linearisation, and average to the same.
    train(&place, "linear", "full", "--out drawn");
    let drawn = predicted(&place, "drawn", "numbers.csv", "--samples 400", "std");
    for (drawn, exact) in drawn.iter().zip(&deviations) {
        assert!((drawn / exact - 1.0).abs() < 0.03, "{drawn} {exact}");
    }
}

/// Every structure and predictive, of all layers and of the last: probit lies near the average over linearised draws, and
/// a row's prediction does not depend on the others.
#[test]
fn predictives_agree() {
    let place = place();
    let text = std::fs::read_to_string(place.path("classes.csv")).unwrap();
    let few: String = text
        .lines()
        .take(4)
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(place.path("few.csv"), few).unwrap();
    for structure in ["diagonal", "kronecker", "full"] {
        for of in ["all", "last_layer", "[f]"] {
            let of = of.replace(' ', "");
            let mut all = vec![];
            for predictive in ["linearised", "probit", "sampled"] {
                let run = format!("{structure}-{}-{predictive}", of.trim_matches(['[', ']']));
                let arguments = format!("{structure},of={of},predictive={predictive}");
                let said = train(
                    &place,
                    "classes",
                    &arguments,
                    &format!("--epochs 60 --out {run}"),
                );
                assert!(said.contains("evidence   log p(D) is about -"), "{said}");
                let high = predicted(
                    &place,
                    &run,
                    "classes.csv",
                    "--samples 200",
                    "probability_high",
                );
                let alone = predicted(&place, &run, "few.csv", "--samples 200", "probability_high");
                assert_eq!(high[..3], alone[..], "{run}");
                all.push((run, high));
            }
            let (probit, linearised) = (&all[1].1, &all[0].1);
            let differences = probit.iter().zip(linearised).map(|(a, b)| (a - b).abs());
            let mean = differences.sum::<f64>() / probit.len() as f64;
            assert!(mean < 0.05, "{structure} of {of}: {mean}");
            let same = all[0].1 == all[2].1;
            assert_eq!(same, of != "all", "the last layer is linear in its weights");
        }
    }
    let said = place.ok("compare full-all-probit diagonal-all-probit kronecker-f-probit");
    assert!(said.contains("log evidence"), "{said}");
    assert!(
        said.contains("the log evidences are not comparable"),
        "{said}"
    );
    // No draws disagree: what part of the uncertainty is in the weights is not known, and is not said to be 0.
    let text = std::fs::read_to_string(place.path("full-all-probit.csv")).unwrap();
    assert!(!text.lines().next().unwrap().contains("mutual_information"));
    let found = evaluated(&place, "full-all-probit");
    assert!(found["entropy"].as_f64().is_some(), "{found}");
    assert!(found.get("mutual_information").is_none(), "{found}");
    assert!(found.get("aleatoric_entropy").is_none(), "{found}");
    let said = place.ok("explain full-all-probit");
    assert!(!said.contains("no uncertainty of the weights"), "{said}");
    let said = place.ok("evaluate full-all-probit");
    assert!(
        said.contains("none: the average over the weights in closed form"),
        "{said}"
    );
    assert!(said.contains("log evidence = -"), "{said}");
    place.ok("report full-all-linearised --out report.html");
    let page = std::fs::read_to_string(place.path("report.html")).unwrap();
    assert!(page.contains("log p(D) of the 30 training examples"));
    place.ok("export full-all-linearised --samples 3 --out draws.npz");
    let said = place.ok("explain full-all-linearised");
    assert!(
        said.contains("a Laplace approximation (MacKay, 1992"),
        "{said}"
    );
    assert!(said.contains("(Immer et al., 2021)"), "{said}");
}

/// A scale that the network predicts stays above 0 however far a draw lies.
#[test]
fn scales_are_linearised_in_their_logarithm() {
    let place = place();
    train(&place, "noisy", "diagonal", "--epochs 20 --out noisy");
    let found = evaluated(&place, "noisy");
    assert!(found["nll"].as_f64().unwrap().is_finite(), "{found}");
    let refused = place.refused(
        "train noisy.bnn --config run.toml --data numbers.csv --inference laplace(predictive=probit) --out none",
    );
    assert!(
        refused.contains("E0421") && refused.contains("comes from the network"),
        "{refused}"
    );
}

/// The tensors of a run's checkpoint.
fn tensors(place: &Place, run: &str) -> Vec<(String, Vec<u8>)> {
    let file = std::fs::read(place.path(run).join("checkpoint.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let all = tensors.iter();
    let mut all: Vec<_> = all
        .map(|(name, view)| (name.to_owned(), view.data().to_vec()))
        .collect();
    all.sort();
    all
}

#[test]
fn its_point_is_that_of_map_and_it_goes_on_to_the_same_bits() {
    let place = place();
    let with = "--epochs 8 --seed 3 --data classes.csv --batch-size 10";
    let laplace = "--inference laplace(prior=evidence)";
    place.ok(&format!(
        "train classes.bnn --inference map {with} --out map"
    ));
    place.ok(&format!("train classes.bnn {laplace} {with} --out whole"));
    let variables = |run: &str| {
        let all = tensors(&place, run).into_iter();
        let own =
            |(name, _): &(String, Vec<u8>)| !name.contains(['/']) && !name.starts_with("laplace");
        all.filter(own).collect::<Vec<_>>()
    };
    assert_eq!(variables("map"), variables("whole"));
    place.ok(&format!(
        "train classes.bnn {laplace} {} --out parts",
        with.replace("--epochs 8", "--epochs 5")
    ));
    let before = evaluated(&place, "parts")["log_evidence"].clone();
    let said = place.ok("train classes.bnn --out parts --resume --epochs 8");
    assert!(said.contains("prior      scales times"), "{said}");
    let factor = evaluated(&place, "parts")["prior_factor"].as_f64().unwrap();
    assert!(factor > 0.0 && factor != 1.0);
    let said = place.ok("evaluate parts");
    assert!(said.contains("under the priors of the file"), "{said}");
    let said = place.ok("explain parts");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let digits = format!("It is {factor:.2}");
    assert!(
        said.contains(&digits) && said.contains("times the scale that was given above"),
        "{factor}: {said}"
    );
    assert_eq!(tensors(&place, "parts"), tensors(&place, "whole"));
    assert_ne!(evaluated(&place, "parts")["log_evidence"], before);
}

/// Without any training of its own it is what a run of its own comes to at the same point.
#[test]
fn a_run_that_is_there_gets_a_posterior() {
    let place = place();
    let train = "train linear.bnn --config run.toml --data numbers.csv --seed 3";
    place.ok(&format!("{train} --inference map --out map"));
    place.ok(&format!("{train} --inference laplace(full) --out own"));
    let from = "--inference laplace(full) --epochs 0 --out from --from";
    let said = place.ok(&format!("{train} {from} map"));
    assert!(said.contains("curvature  of 3 entries"), "{said}");
    let evidence = |run: &str| evaluated(&place, run)["log_evidence"].clone();
    assert_eq!(evidence("from"), evidence("own"));

    // The locs of a mean-field run, which are no optimum after a step.
    place.ok(&format!(
        "{train} --inference mean_field --epochs 1 --out field"
    ));
    let said = place.ok(&format!(
        "{train} --inference laplace --epochs 0 --out far --from field"
    ));
    assert!(said.contains("it is no optimum yet"), "{said}");
}

/// Under a prior whose scale is a latent variable the joint density has no maximum; draws of it there are.
#[test]
fn a_scale_that_is_latent_is_warned_of() {
    let place = place();
    let model = LINEAR.replace(
        "default { prior = Normal(0, 2)",
        "latent tau ~ HalfCauchy(1)\ndefault { prior = Normal(0, tau)",
    );
    std::fs::write(place.path("scale.bnn"), model).unwrap();
    for method in [
        "map",
        "ensemble",
        "swag",
        "laplace(full)",
        "nuts",
        "mean_field",
    ] {
        let output = place.bnnc(&format!("check scale.bnn --inference {method}"));
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let warned = said.contains("the weights and `tau` go to 0 together");
        assert_eq!(warned, !["nuts", "mean_field"].contains(&method), "{said}");
    }
}

#[test]
fn what_it_cannot_fit_is_refused() {
    let place = place();
    let check = |model: &str, arguments: &str| {
        std::fs::write(
            place.path("m.bnn"),
            model.replace("inference map", &format!("inference laplace({arguments})")),
        )
        .unwrap();
        place.refused("check m.bnn")
    };
    let prior = |prior: &str| LINEAR.replace("Normal(0, 2)", prior);
    for (said, told) in [
        (
            check(LINEAR, "of = [g]"),
            "no layer with parameters is called `g`",
        ),
        (check(&prior("Laplace(0, 1)"), ""), "nowhere convex"),
        (
            check(&prior("StudentT(3, 0, 1)"), ""),
            "`structure = kronecker` takes one precision for all entries of `f.kernel`",
        ),
        (
            check(&prior("Horseshoe(1, local = unit)"), "diagonal"),
            "by its local scales",
        ),
        (
            check(&prior("StudentT(3, 0, 1)"), "prior = evidence"),
            "`prior = evidence` scales normal priors",
        ),
        (
            check(
                &LINEAR.replace("prior = Normal(0, 2)", "posterior = deterministic"),
                "",
            ),
            "none of these layers has a prior",
        ),
        (
            check(
                &LINEAR.replace("Normal(f, 0.5)", "StudentT(3, f, 0.5)"),
                "predictive = probit",
            ),
            "has no closed form",
        ),
    ] {
        assert!(said.contains("E0421") && said.contains(told), "{said}");
    }
    let said = check(LINEAR, "of = 3");
    assert!(
        said.contains("`of` is `all`, `last_layer` or names in brackets"),
        "{said}"
    );
    let told = place.ok("check linear.bnn --inference laplace(full)");
    assert!(
        told.contains("the prior's precision P₀ has 3 entries: 0.25 (`f.kernel` and `f.bias`)"),
        "{told}"
    );
}
