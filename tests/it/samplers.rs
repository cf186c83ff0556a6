//! Inference by `hmc`, `nuts`, `sgld` and `sghmc`, as a user sees it: posteriors against closed forms and NumPyro's, runs that
//! stop and go on, exports, verdicts, and what is refused.

use crate::cli::Place;
use bnnc::arrays::fit;
use bnnc::ir::InferenceMethod;
use bnnc::ndarray::{Array1, Array2};
use bnnc::sampler::diagnostics::{effective_sample_size, r_hat};
use bnnc::train::Config;
use safetensors::SafeTensors;

/// Linear regression with noise of standard deviation 0.5 under standard normal weights.
const LINEAR: &str = "model linear\ninput x: real[2]\ntarget y: real\ndefault { prior = Normal(0, 1) }\n\
     network { f = dense(1) }\nobserve y ~ Normal(f, 0.5)\ninference map\n";

/// Inputs and targets of 20 examples.
fn examples() -> (Array2<f64>, Array1<f64>) {
    let inputs = Array2::from_shape_fn((20, 2), |(i, column)| match column {
        0 => (0.7 * i as f64).sin() + 0.3,
        _ => (1.3 * i as f64).cos() + 0.6 * (0.7 * i as f64).sin(),
    });
    let targets = Array1::from_shape_fn(20, |i| {
        1.2 * inputs[[i, 0]] - 0.7 * inputs[[i, 1]] + 0.4 + 0.5 * (2.9 * i as f64).sin()
    });
    (inputs, targets)
}

/// Mean and covariance of the posterior of the two weights and the bias.
fn posterior() -> ([f64; 3], [[f64; 3]; 3]) {
    let (inputs, targets) = examples();
    let row = |i: usize| [inputs[[i, 0]], inputs[[i, 1]], 1.0];
    let mut augmented = [[0.0; 7]; 3];
    for (j, own) in augmented.iter_mut().enumerate() {
        for i in 0..20 {
            (0..3).for_each(|k| own[k] += row(i)[j] * row(i)[k] / 0.25);
            own[3] += row(i)[j] * targets[i] / 0.25;
        }
        own[j] += 1.0;
        own[4 + j] = 1.0;
    }
    // Gauss and Jordan, without pivots: the matrix is positive definite.
    for pivot in 0..3 {
        let by = augmented[pivot][pivot];
        augmented[pivot].iter_mut().for_each(|x| *x /= by);
        let own = augmented[pivot];
        for (j, other) in augmented
            .iter_mut()
            .enumerate()
            .filter(|(j, _)| *j != pivot)
        {
            let (_, factor) = (j, other[pivot]);
            other
                .iter_mut()
                .zip(own)
                .for_each(|(x, own)| *x -= factor * own);
        }
    }
    let mean = augmented.map(|row| row[3]);
    (mean, augmented.map(|row| [row[4], row[5], row[6]]))
}

/// Draws by chain, each of the two weights and the bias.
fn draws(model: &str, method: &str, epochs: usize, chains: usize) -> Vec<Vec<[f64; 3]>> {
    let (inputs, targets) = examples();
    let mut config = Config {
        epochs: Some(epochs),
        batch_size: Some(20),
        inference: Some(InferenceMethod::parse(method).expect("a method")),
        seed: 5,
        ..Config::default()
    };
    config.data.scaling = "none";
    config.data.targets = "none";
    let mut fitted = fit(model, inputs.view(), targets.view(), &config).expect("a fit");
    let variables = fitted.variables();
    let of = |name: String| {
        let found = variables.iter().find(|(own, _)| *own == name);
        let (_, values) = found.unwrap_or_else(|| panic!("no {name}"));
        values.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>()
    };
    let chain = |chain: usize| {
        let kernel = of(format!("chain.{chain}/f.kernel.loc"));
        let bias = of(format!("chain.{chain}/f.bias.loc"));
        let each = kernel.chunks(2).zip(bias);
        each.map(|(kernel, bias)| [kernel[0], kernel[1], bias])
            .collect()
    };
    (1..=chains).map(chain).collect()
}

/// Checks a mean over all draws, within 4 standard errors by the effective sample size.
fn check(draws: &[Vec<[f64; 3]>], f: impl Fn(&[f64; 3]) -> f64, expected: f64, what: &str) {
    let of = |chain: &Vec<[f64; 3]>| chain.iter().map(&f).collect();
    let values: Vec<Vec<f64>> = draws.iter().map(of).collect();
    let all = values.concat();
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    let variance = all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / all.len() as f64;
    let error = (variance / effective_sample_size(&values)).sqrt();
    assert!(
        (mean - expected).abs() < 4.0 * error,
        "{what}: {mean} for {expected}, with an error of {error}"
    );
}

fn check_posterior(draws: &[Vec<[f64; 3]>], what: &str) {
    let (mean, covariance) = posterior();
    for i in 0..3 {
        check(draws, |w| w[i], mean[i], &format!("{what}, mean {i}"));
        for j in 0..=i {
            let product = |w: &[f64; 3]| (w[i] - mean[i]) * (w[j] - mean[j]);
            check(
                draws,
                product,
                covariance[i][j],
                &format!("{what}, covariance {i} {j}"),
            );
        }
    }
}

#[test]
fn linear_regression_has_its_posterior() {
    for method in [
        "nuts(warmup = 200, draws = 400, chains = 2)",
        "hmc(trajectory = 0.2, warmup = 200, draws = 400, chains = 2)",
        "hmc(trajectory = 1.5, mass = diagonal, warmup = 200, draws = 400, chains = 2)",
        "hmc(trajectory = 0.2, step_size = 0.05, warmup = 50, draws = 400, chains = 2)",
    ] {
        check_posterior(&draws(LINEAR, method, 1, 2), method);
    }
}

#[test]
fn noisy_steps_have_the_posterior_as_they_become_small() {
    // On all examples nothing but the size of the steps is wrong: of order εa, some 1 to 3 % of the variance here.
    for (method, epochs) in [
        (
            "sghmc(step_size = 0.005, momentum = 0.9, draws = 500, chains = 2, burn_in = 0.1)",
            4000,
        ),
        (
            "sgld(step_size = 0.01, draws = 500, chains = 2, burn_in = 0.1)",
            6000,
        ),
    ] {
        check_posterior(&draws(LINEAR, method, epochs, 2), method);
    }
}

#[test]
fn a_temperature_scales_the_covariance() {
    let (mean, covariance) = posterior();
    let method = "nuts(warmup = 200, draws = 400, chains = 2, temperature = 0.25)";
    let draws = draws(LINEAR, method, 1, 2);
    for i in 0..3 {
        let square = |w: &[f64; 3]| (w[i] - mean[i]).powi(2);
        check(&draws, square, 0.25 * covariance[i][i], "variance");
    }
}

/// A place with a small regression.
fn place() -> Place {
    let place = Place::new();
    std::fs::write(place.path("linear.bnn"), LINEAR).unwrap();
    place
}

fn tensors(place: &Place, path: &str) -> Vec<(String, Vec<usize>, Vec<u8>)> {
    let file = std::fs::read(place.path(path)).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let own = tensors
        .iter()
        .map(|(name, view)| (name.to_owned(), view.shape().to_vec(), view.data().to_vec()));
    let mut all: Vec<_> = own.collect();
    all.sort();
    all
}

#[test]
fn a_run_has_draws_in_chains_and_says_whether_they_agree() {
    let place = place();
    let said = place.ok(
        "train linear.bnn --inference nuts(warmup=60,draws=40,chains=3) --data t.csv --out run --seed 2",
    );
    assert!(
        said.contains("100 epochs of 1 step of B = 60; `nuts("),
        "{said}"
    );
    assert!(said.contains("draws      120 in 3 chains"), "{said}");
    assert!(said.contains("sampled    acceptance 0."), "{said}");
    assert!(said.contains("R-hat      1."), "{said}");
    let scores = place.ok("evaluate run --format json");
    let scores: serde_json::Value = serde_json::from_str(&scores).unwrap();
    let r_hat = scores["said"]["R-hat"].as_str().unwrap();
    assert!(r_hat.starts_with("1."), "{r_hat}");
    let text = std::fs::read_to_string(place.path("run/metrics.jsonl")).unwrap();
    let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    for name in [
        "acceptance",
        "divergences",
        "energy",
        "leapfrogs",
        "step_size",
    ] {
        assert!(last["measured"][name].is_number(), "{name}: {last}");
    }

    // The number of threads makes no difference, and a second run has the same bits.
    place.ok(
        "train linear.bnn --inference nuts(warmup=60,draws=40,chains=3) --data t.csv --out again --seed 2 --threads 1",
    );
    let checkpoint = |run: &str| tensors(&place, &format!("{run}/checkpoint.safetensors"));
    assert_eq!(checkpoint("run"), checkpoint("again"));

    let said = place.refused("train linear.bnn --data t.csv --out run --resume --epochs 200");
    assert!(said.contains("`warmup` and `draws` say how many"), "{said}");

    // What is said at the end is said of its scores, too.
    let said = place.ok("evaluate run");
    assert!(said.contains("sampled    acceptance 0."), "{said}");

    // Predictions take turns among the chains; as many as there are, at most.
    let said = place.ok("evaluate run --samples 500");
    assert!(
        said.contains("draws      120 of the weights, averaged"),
        "{said}"
    );
    let said = place.ok("evaluate run --samples 10");
    assert!(
        said.contains("draws      12 of the weights, averaged"),
        "{said}"
    );
    place.ok("predict run --data t.csv --samples 30 --out p.csv");
    place.ok("report run --out r.html");
    let said = place.ok("explain run");
    let said: Vec<&str> = said.split_whitespace().collect();
    let said = said.join(" ");
    assert!(
        said.contains("No-U-Turn Sampler (Hoffman and Gelman, 2014)"),
        "{said}"
    );
    assert!(said.contains("What is sampled is the posterior"), "{said}");
    assert!(
        said.contains("From each of 3 chains 40 draws were kept"),
        "{said}"
    );

    // An export has the chains one after the other, each in the order in which it was sampled.
    place.ok("export run --out all.safetensors --samples 1000 --what weights");
    let exported = tensors(&place, "all.safetensors");
    let of = |all: &[(String, Vec<usize>, Vec<u8>)], name: &str| {
        let found = all.iter().find(|(own, ..)| own == name);
        found.unwrap_or_else(|| panic!("no {name}")).clone()
    };
    let kept: Vec<u8> = (1..=3)
        .flat_map(|chain| of(&checkpoint("run"), &format!("chain.{chain}/f.kernel.loc")).2)
        .collect();
    let (_, shape, bytes) = of(&exported, "f.kernel");
    assert_eq!((shape, bytes), (vec![120, 2, 1], kept));
    for (name, kept) in [
        ("energy", "energy"),
        ("lp", "lp"),
        ("step_size", "step_size"),
    ] {
        let all: Vec<u8> = (1..=3)
            .flat_map(|chain| of(&checkpoint("run"), &format!("sample_stats.{chain}/{kept}")).2)
            .collect();
        assert_eq!(of(&exported, &format!("sample_stats/{name}")).2, all);
    }
    let chains: Vec<u8> = (0..120i64)
        .flat_map(|draw| (draw / 40).to_le_bytes())
        .collect();
    assert_eq!(of(&exported, "sample_stats/chain").2, chains);
    place.ok("export run --out some.zarr --samples 30");
    let text = std::fs::read_to_string(place.path("some.zarr/sample_stats/diverging/zarr.json"));
    let array: serde_json::Value = serde_json::from_str(&text.unwrap()).unwrap();
    assert_eq!(array["shape"], serde_json::json!([3, 10]));
    assert_eq!(
        array["dimension_names"],
        serde_json::json!(["chain", "draw"])
    );
    assert_eq!(array["data_type"], "bool");
}

#[test]
fn chains_start_where_another_run_has_come_to() {
    let place = place();
    place.ok("train linear.bnn --data t.csv --epochs 100 --out point");
    let nll = |run: &str, method: &str, from: &str| {
        let train = "--data t.csv --epochs 3 --batch-size 60";
        place.ok(&format!(
            "train linear.bnn --inference {method} {train} {from} --out {run}"
        ));
        let text = std::fs::read_to_string(place.path(run).join("metrics.jsonl")).unwrap();
        let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        first["terms"][0]["scaled"].as_f64().unwrap()
    };
    for (name, method) in [
        (
            "hmc",
            "hmc(step_size=0.001,trajectory=0.001,warmup=1,draws=4,chains=2)",
        ),
        ("sgld", "sgld(step_size=1e-6,draws=2)"),
    ] {
        let far = nll(&format!("{name}-far"), method, "");
        let near = nll(&format!("{name}-near"), method, "--from point");
        assert!(near < far - 0.1, "{method}: {near} and {far}");
    }
}

#[test]
fn what_cannot_be_sampled_is_refused() {
    let place = Place::new();
    for method in ["hmc", "nuts", "sgld", "sghmc"] {
        let said = place.refused(&format!("check line.bnn --inference {method}"));
        assert!(
            said.contains("error[E0421]")
                && said.contains("cannot sample `y.scale`: it has no prior"),
            "{said}"
        );
    }
    let model = |network: &str, goal: &str| {
        let text = format!(
            "model m\ninput x: real[2]\ntarget y: real\ndefault {{ prior = Normal(0, 1) }}\n\
             network {{ {network} }}\nobserve y ~ Normal(f, 1)\n{goal}\n"
        );
        std::fs::write(place.path("m.bnn"), text).unwrap();
    };
    for (network, goal, told) in [
        (
            "dense(4), batch_norm, f = dense(1)",
            "inference nuts",
            "cannot sample a network with `batch_norm_1`",
        ),
        (
            "dense(4), dropout(0.1), f = dense(1)",
            "inference hmc",
            "cannot sample a network with `dropout_1`",
        ),
        (
            "f = dense(1, bias = deterministic)",
            "inference nuts",
            "cannot sample `f.bias`",
        ),
        (
            "f = dense(1)",
            "inference hmc { temperature = 0.5 }",
            "`temperature` changes the weight of the prior",
        ),
        (
            "f = dense(1)",
            "inference sgld { minibatch = blundell }",
            "`minibatch` changes the weight of the prior",
        ),
        (
            "f = dense(1)",
            "inference sgld(cycles = 2.5)",
            "`cycles` is 2.5",
        ),
        (
            "f = dense(1)",
            "inference sghmc(cycles = 9, draws = 8)",
            "`cycles` is 9",
        ),
    ] {
        model(network, goal);
        let said = place.refused("check m.bnn");
        assert!(
            said.contains("E0421") && said.contains(told),
            "{told}: {said}"
        );
    }
    std::fs::write(place.path("m.bnn"), LINEAR).unwrap();
    for flag in ["--clip-norm 1", "--ema-decay 0.9", "--early-stopping=3"] {
        let said = place.refused(&format!(
            "train m.bnn --inference nuts --data t.csv {flag} --out no"
        ));
        assert!(
            said.contains("E0603") && said.contains("changes what is sampled"),
            "{said}"
        );
    }
}

/// A message in one line.
fn one_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_run_without_a_draw_ends_with_an_error_and_predicts_with_a_point() {
    let place = place();
    let train = |method: &str, more: &str| {
        place.refused(&format!(
            "train linear.bnn --inference {method} --data t.csv {more}"
        ))
    };
    let said = train(
        "hmc(step_size=1e9,trajectory=1e9,warmup=2,draws=3,chains=2)",
        "--out stuck",
    );
    let said = one_line(said.as_bytes());
    assert!(
        said.contains("error[E0608]: `hmc` has kept no draw"),
        "{said}"
    );
    assert!(
        said.contains("chains 1 and 2 accepted no proposal"),
        "{said}"
    );
    assert!(said.contains("a smaller `step_size` than 1e9"), "{said}");
    // Its checkpoint has rejected draws: they are none.
    let said = train(
        "sgld(step_size=100)",
        "--epochs 40 --batch-size 20 --out gone",
    );
    assert!(
        said.contains("E0608") && said.contains("a smaller `step_size` of `sgld`, such as 10,"),
        "{said}"
    );
    assert!(!said.contains("learning rate"), "{said}");
    for run in ["stuck", "gone"] {
        let output = place.bnnc(&format!("evaluate {run}"));
        let (said, scores) = (one_line(&output.stderr), one_line(&output.stdout));
        assert!(
            said.contains("has no draws of the weights yet"),
            "{run}: {said}"
        );
        assert!(scores.contains("draws 1 of the weights"), "{run}: {scores}");
    }
    let output = place.bnnc("explain gone");
    assert!(one_line(&output.stderr).contains(
        "is not finished, after 0 of 40 epochs: what follows describes it as it will be then"
    ));
}

#[test]
fn a_chain_that_moved_in_its_warm_up_keeps_few_draws_without_a_move() {
    let place = place();
    let said = place.ok(
        "train linear.bnn --inference nuts(warmup=3,draws=1,chains=4) --data t.csv --out short --seed 1",
    );
    assert!(said.contains("draws      4 in 4 chains"), "{said}");
}

#[test]
fn a_chain_of_fewer_steps_than_draws_is_refused() {
    let place = place();
    for (method, told) in [
        (
            "sgld(draws=50)",
            "`sgld` is to keep 50 draws of each chain, and 12 steps leave 6 after the burn-in",
        ),
        (
            "sghmc(draws=5,cycles=3)",
            "12 steps leave 3 after the exploration of each cycle",
        ),
    ] {
        let said = place.refused(&format!(
            "train linear.bnn --inference {method} --data t.csv --epochs 4 --batch-size 20 --out no"
        ));
        let said = one_line(said.as_bytes());
        assert!(said.contains("E0603") && said.contains(told), "{said}");
    }
    // Draws that the cycles do not divide are all kept.
    let said = place.ok(
        "train linear.bnn --inference sghmc(draws=5,cycles=3) --data t.csv --epochs 20 --batch-size 20 --out run",
    );
    assert!(said.contains("draws      5 in 1 chain"), "{said}");
}

#[test]
fn a_run_starts_from_a_draw_and_chains_that_start_alike_are_named() {
    let place = place();
    place.ok(
        "train linear.bnn --inference nuts(warmup=30,draws=20,chains=2) --data t.csv --out run",
    );
    place.ok("train linear.bnn --data t.csv --from run --epochs 0 --out point");
    let numbers = |run: &str, name: &str| -> Vec<f64> {
        let all = tensors(&place, &format!("{run}/checkpoint.safetensors"));
        let (.., bytes) = all.into_iter().find(|(own, ..)| own == name).unwrap();
        match name.contains("sample_stats") {
            true => (bytes.chunks(8))
                .map(|x| f64::from_le_bytes(x.try_into().unwrap()))
                .collect(),
            false => (bytes.chunks(4))
                .map(|x| f64::from(f32::from_le_bytes(x.try_into().unwrap())))
                .collect(),
        }
    };
    let mut best = (f64::NEG_INFINITY, vec![]);
    for chain in 1..=2 {
        let weights = numbers("run", &format!("chain.{chain}/f.kernel.loc"));
        for (draw, lp) in numbers("run", &format!("sample_stats.{chain}/lp"))
            .into_iter()
            .enumerate()
        {
            if lp > best.0 {
                best = (lp, weights[2 * draw..][..2].to_vec());
            }
        }
    }
    assert_eq!(numbers("point", "f.kernel.loc"), best.1);
    for (method, out) in [
        ("nuts(warmup=5,draws=5,chains=2)", "again"),
        ("sgld(draws=5,chains=2)", "noisy"),
    ] {
        let said = place.ok(&format!(
            "train linear.bnn --inference {method} --data t.csv --from point --epochs 10 --batch-size 20 --out {out}"
        ));
        let said = one_line(said.as_bytes());
        assert!(
            said.contains("10 in 2 chains, all from one start"),
            "{said}"
        );
        let unused = "`nuts` does not use `--epochs` and `--batch-size`";
        assert_eq!(said.contains(unused), out == "again", "{said}");
    }
}

/// NumPyro's example: 50 examples, tanh layers of 5 and 5 units, noise of precision Gamma(3, 1).
#[test]
fn a_small_network_has_the_functions_of_numpyro() {
    let fixture: serde_json::Value =
        serde_json::from_str(include_str!("../fixtures/nuts.json")).unwrap();
    let rows =
        |name: &str| -> Vec<Vec<f64>> { serde_json::from_value(fixture[name].clone()).unwrap() };
    let (x, at) = (rows("x"), rows("at"));
    let y: Vec<f64> = serde_json::from_value(fixture["y"].clone()).unwrap();
    let model = "model small\ninput x: real[3]\ntarget y: real\nlatent precision ~ Gamma(3, 1)\n\
         default { prior = Normal(0, 1) }\n\
         network {\n  dense(5, bias = none)\n  tanh\n  dense(5, bias = none)\n  tanh\n  f = dense(1, bias = none)\n}\n\
         observe y ~ Normal(f, 1 / sqrt(precision))\n\
         inference nuts(warmup = 150, draws = 150, chains = 4, depth = 6)\n";
    let matrix = |rows: &[Vec<f64>]| Array2::from_shape_fn((rows.len(), 3), |(i, j)| rows[i][j]);
    let mut config = Config {
        seed: 1,
        ..Config::default()
    };
    config.data.scaling = "none";
    config.data.targets = "none";
    let y = Array1::from_vec(y);
    let mut fitted = fit(model, matrix(&x).view(), y.view(), &config).unwrap();
    let variables = fitted.variables();
    let of = |chain: usize, name: &str| -> Vec<f64> {
        let name = format!("chain.{chain}/{name}");
        let found = variables.iter().find(|(own, _)| *own == name);
        let (_, values) = found.unwrap_or_else(|| panic!("no {name}"));
        values.iter().map(|x| f64::from(*x)).collect()
    };
    let layers = ["dense_1.kernel.loc", "dense_2.kernel.loc", "f.kernel.loc"];
    let product = |x: &[f64], w: &[f64]| -> Vec<f64> {
        let units = w.len() / x.len();
        let unit = |o: usize| {
            x.iter()
                .enumerate()
                .map(|(i, x)| x * w[i * units + o])
                .sum()
        };
        (0..units).map(unit).collect()
    };
    let squashed = |x: Vec<f64>| -> Vec<f64> { x.into_iter().map(f64::tanh).collect() };
    let mut functions = vec![vec![]; at.len()];
    let mut precisions = vec![];
    for chain in 1..=4 {
        let [one, two, three] = layers.map(|name| of(chain, name));
        let draws = one.chunks(15).zip(two.chunks(25)).zip(three.chunks(5));
        functions.iter_mut().for_each(|all| all.push(vec![]));
        for ((one, two), three) in draws {
            for (all, x) in functions.iter_mut().zip(&at) {
                let hidden = squashed(product(&squashed(product(x, one)), two));
                all.last_mut().unwrap().push(product(&hidden, three)[0]);
            }
        }
        precisions.push(of(chain, "precision.loc").iter().map(|z| z.exp()).collect());
    }
    let check = |found: &[Vec<f64>], expected: &serde_json::Value, what: &str| {
        let all: Vec<f64> = found.concat();
        let number = |name: &str| expected[name].as_f64().unwrap();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let squares = |x: &f64| (x - number("mean")).powi(2);
        let variance = all.iter().map(squares).sum::<f64>() / all.len() as f64;
        assert!(r_hat(found) < 1.2, "{what}: R-hat {}", r_hat(found));
        let error = (variance / effective_sample_size(found))
            .sqrt()
            .hypot(number("mean_error"));
        assert!(
            (mean - number("mean")).abs() < 4.0 * error,
            "{what}: mean {mean}, {expected}"
        );
        // Of a normal quantity the error of the standard deviation is 1/√2 of the mean's; here tails are heavier.
        let (sd, error) = (variance.sqrt(), 1.5 * error);
        assert!(
            (sd - number("sd")).abs() < 4.0 * error,
            "{what}: sd {sd}, {expected}"
        );
    };
    // At the ends, far from the data, chains so short have not been everywhere.
    for (i, found) in functions.iter().enumerate().skip(1).take(7) {
        check(found, &fixture["f"][i], &format!("function at {i}"));
    }
    check(&precisions, &fixture["precision"], "precision");
}

/// Chains are judged by the predictions of every target, whichever was predicted last.
#[test]
fn chains_of_several_targets_are_judged_by_all_of_them() {
    let place = Place::new();
    let model = "model both\ninput x: real[2]\ntarget kind: category[3]\ntarget age: real\n\
                 default { prior = Normal(0, 1) }\n\
                 network {\n dense(3)\n body = tanh\n logits = dense(3)\n loc = dense(1) on body\n}\n\
                 observe kind ~ Categorical(logits = logits)\nobserve age ~ Normal(loc, 1)\ninference nuts\n";
    std::fs::write(place.path("both.bnn"), model).unwrap();
    let mut table = "a,b,kind,age\n".to_owned();
    for i in 0..40 {
        let [a, b] = [1.3, 2.1].map(|pace| (pace * f64::from(i)).sin());
        table += &format!("{a},{b},{},{}\n", i % 3, a - b);
    }
    std::fs::write(place.path("both.csv"), table).unwrap();
    let said = place.ok(
        "train both.bnn --data both.csv --validation 8 --inference nuts(warmup=20,draws=20,chains=2) --out run",
    );
    assert!(said.contains("R-hat"), "{said}");
}
