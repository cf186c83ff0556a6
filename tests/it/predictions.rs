//! Predictions are averaged over functions: draw s gives every example the same weights, whatever its place, the other
//! examples and the estimators of training.

use crate::support::{Examples, compiles, draw, plan, step};
use bnnc::arrays::fit;
use bnnc::estimator::ESTIMATORS;
use bnnc::exec::{Interpreter, Number, Update};
use bnnc::ir::Position;
use bnnc::ndarray::{Array1, Array2, Axis, s};
use bnnc::optimizer::{self, State};
use bnnc::posterior::POSTERIORS;
use bnnc::train::Config;
use std::collections::BTreeMap;

/// The predictive distributions of `examples` inputs under one draw of the weights, `row` numbers each.
fn predict<T: Number>(
    interpreter: &mut Interpreter<T>,
    inputs: &[T],
    examples: usize,
    row: usize,
) -> Vec<T> {
    let mut out = vec![T::zero(); examples * row];
    interpreter.predict_drawn(inputs, examples, &mut out, None);
    out
}

/// Rows of `width` entries, the last first.
fn reversed(values: &[f32], width: usize) -> Vec<f32> {
    values.chunks(width).rev().flatten().copied().collect()
}

/// Compares what a table of examples is predicted with what each of some rows alone is, and the rows in
/// other orders and numbers. To the bit.
fn rows_are_alone(text: &str, input: usize, row: usize) {
    const ROWS: usize = 150;
    let inputs = Examples::<f32>::new(ROWS, input, 0, 0).inputs;
    let mut interpreter = Interpreter::<f32>::new(plan(text), ROWS);
    interpreter.initialize(3);
    for sample in 0..2 {
        interpreter.draw_weights(7, sample);
        let table = predict(&mut interpreter, &inputs, ROWS, row);
        assert!(table.iter().all(|x| x.is_finite()), "{text}");
        assert!(
            table.chunks(row).any(|other| *other != table[..row]),
            "{text}"
        );
        let turned = predict(&mut interpreter, &reversed(&inputs, input), ROWS, row);
        assert_eq!(reversed(&turned, row), table, "{text}");
        for start in [0, 1, 63, 64, 65, 127, 128, ROWS - 1] {
            // Drawn anew, as for another chunk or file.
            interpreter.draw_weights(7, sample);
            for count in [1, 2, 5, 64, 65, 86] {
                let rows = start..(start + count).min(ROWS);
                let x = &inputs[rows.start * input..rows.end * input];
                let few = predict(&mut interpreter, x, rows.len(), row);
                let expected = &table[rows.start * row..rows.end * row];
                assert_eq!(few, expected, "rows {rows:?} of\n{text}");
            }
        }
        interpreter.draw_weights(7, sample + 2);
        let other = predict(&mut interpreter, &inputs, ROWS, row);
        let is_random = !text.contains("= Delta") && !text.contains("= deterministic");
        assert_eq!(other != table, is_random, "{text}");
    }
}

fn network(prior: &str, posterior: &str, estimator: &str) -> String {
    format!(
        "model test\ninput x: real[6, 6, 2]\ntarget y: real[3]\n\
         default {{ {prior}posterior = {posterior}{estimator} }}\n\
         network {{ conv2d(3, kernel = 3)\n relu\n max_pool2d(2)\n flatten\n dense(5)\n softplus\n f = dense(3) }}\n\
         observe y ~ Normal(f, 0.5)\nobjective elbo\n"
    )
}

/// Every posterior with each estimator that it takes, and that of its own.
/// A norm of the minibatch takes what it has kept, and a dropout layer leaves nothing out.
#[test]
fn rows_are_alone_behind_norms_and_dropout() {
    for norm in [
        "filter_response_norm",
        "batch_norm",
        "group_norm(groups = 3)",
        "instance_norm",
        "layer_norm\n spatial_dropout(0.5)",
    ] {
        let text = format!(
            "model test\ninput x: real[6, 6, 2]\ntarget y: real[3]\n\
             default {{ prior = Normal(0, 1), estimator = flipout\n gain: prior = Normal(1, 0.2) }}\n\
             network {{ conv2d(9, kernel = 3)\n {norm}\n prelu\n flatten\n dropout(0.5)\n f = dense(3) }}\n\
             observe y ~ Normal(f, 1)\nobjective elbo\n"
        );
        rows_are_alone(&text, 72, 6);
    }
}

#[test]
fn a_row_is_predicted_alone_as_in_any_table() {
    let mut estimators = vec![String::new()];
    estimators.extend(
        ESTIMATORS
            .iter()
            .map(|e| format!(", estimator = {}", e.signature().name)),
    );
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for posterior in POSTERIORS {
        let name = posterior.signature().name;
        for estimator in &estimators {
            // Fewer masks leave all of a layer out.
            let posterior = if name == "Dropout" {
                "Dropout(0.1)"
            } else {
                name
            };
            let of = |prior| network(prior, posterior, estimator);
            let priors = [
                "Normal(0, 1)",
                "LogNormal(0, 1)",
                "Uniform(0, 1)",
                "Cauchy(0, 1)",
            ];
            let priors = priors.map(|prior| format!("prior = {prior}, "));
            // None, for a parameter that can have none.
            let mut texts = priors.iter().map(String::as_str).chain([""]).map(of);
            if let Some(text) = texts.find(|text| compiles(text)) {
                rows_are_alone(&text, 72, 6);
                *found.entry(name).or_default() += 1;
            }
        }
    }
    assert_eq!(found.len(), POSTERIORS.len(), "{found:?}");
    assert_eq!(found["MeanField"], 1 + ESTIMATORS.len());
    assert_eq!((found["Dropout"], found["Rank1"]), (3, 3));
}

/// Long sums are added up in blocks, which must not depend on the number of rows.
#[test]
fn a_row_is_predicted_alone_through_wide_layers() {
    for (input, network) in [
        (784, "f = dense(10)"),
        (1, "dense(600)\n relu\n f = dense(1)"),
        (2, "dense(64)\n relu\n dense(65)\n relu\n f = dense(2)"),
        (
            520,
            "dense(600)\n relu\n dense(65)\n relu\n dense(1300)\n relu\n dense(64)\n relu\n f = dense(3)",
        ),
    ] {
        let width = network.trim_end_matches(')').rsplit('(').next().unwrap();
        let text = format!(
            "model test\ninput x: real[{input}]\ntarget y: real[{width}]\n\
             default {{ estimator = flipout }}\nnetwork {{ {network} }}\nobserve y ~ Normal(f, 0.5)\nobjective elbo\n"
        );
        rows_are_alone(&text, input, 2 * width.parse::<usize>().unwrap());
    }
}

/// Through all that `evaluate` and `predict` do, in more rows than one chunk has.
#[test]
fn tables_and_rows_agree_on_a_fitted_model() {
    let x = Array2::from_shape_fn((2100, 3), |(i, j)| (0.1 * (i * (j + 2)) as f64).sin());
    let y: Array1<f64> = x.map_axis(Axis(1), |row| 3.0 + row[0] * 2.0 - row[2]);
    let config = Config {
        epochs: Some(1),
        batch_size: Some(256),
        ..Config::default()
    };
    let draws = 5.try_into().unwrap();
    for estimator in ESTIMATORS {
        let name = estimator.signature().name;
        let model = format!(
            "model one_row\ninput x: real[3]\ntarget y: real\n\
             default {{ prior = Normal(0, 1 / sqrt(fan_in)), posterior = MeanField, estimator = {name} }}\n\
             network {{ dense(50), relu, f = dense(1) }}\n\
             observe y ~ Normal(loc = f, scale = learned(0.5))\nobjective elbo\n"
        );
        let mut fitted = fit(&model, x.view(), y.view(), &config).unwrap();
        let table = fitted.predict(x.view(), draws).unwrap();
        let turned = fitted.predict(x.slice(s![..;-1, ..]), draws).unwrap();
        assert_eq!(turned.mean.slice(s![..;-1, ..]), table.mean, "{name}");
        assert_eq!(turned.between.slice(s![..;-1, ..]), table.between, "{name}");
        for row in [0, 127, 128, 2047, 2048, 2099] {
            let alone = fitted.predict(x.slice(s![row..=row, ..]), draws).unwrap();
            assert_eq!(
                alone.mean[[0, 0]],
                table.mean[[row, 0]],
                "{name}, row {row}"
            );
            assert_eq!(
                alone.between[[0, 0]],
                table.between[[row, 0]],
                "{name}, row {row}"
            );
        }
    }
}

/// Mean, variance and covariance over `draws` of what two inputs are predicted, each with its standard error.
fn moments(text: &str, x: &[f64; 6], draws: u64) -> [[f64; 2]; 4] {
    let mut interpreter = Interpreter::<f64>::new(plan(text), 2);
    interpreter.initialize(1);
    let mut samples = Vec::new();
    for index in 0..draws {
        interpreter.draw_weights(17, index);
        let out = predict(&mut interpreter, x, 2, 2);
        samples.push([out[0], out[2]]);
    }
    let n = draws as f64;
    let estimate = |f: &dyn Fn(&[f64; 2]) -> f64| {
        let mean = samples.iter().map(f).sum::<f64>() / n;
        let square = samples.iter().map(|s| (f(s) - mean).powi(2)).sum::<f64>() / n;
        [mean, (square / n).sqrt()]
    };
    let means = [0, 1].map(|row| estimate(&|s| s[row]));
    let product =
        |a: usize, b: usize| estimate(&|s: &[f64; 2]| (s[a] - means[a][0]) * (s[b] - means[b][0]));
    [means[0], means[1], product(0, 0), product(0, 1)]
}

/// f(x) = x·w: its mean is x·E w, and the covariance of f(a) and f(b) is aᵀ Cov(w) b. Were the weights of two rows
/// drawn apart, they would not covary.
#[test]
fn a_linear_model_has_the_moments_of_its_weights() {
    let x = [0.8, -1.1, 0.4, 1.3, 0.7, -0.6];
    let (a, b) = (&x[..3], &x[3..]);
    let text = |posterior: &str, estimator: &str| {
        format!(
            "model test\ninput x: real[3]\ntarget y: real\n\
             default {{ prior = Normal(0, 1), posterior = {posterior}, estimator = {estimator}, bias = deterministic }}\n\
             network {{ f = dense(1) }}\nobserve y ~ Normal(f, 0.5)\nobjective elbo\n"
        )
    };
    let (scale, rate, factor) = (0.4, 0.3, 0.2);
    let dot = |f: &dyn Fn(usize) -> f64| (0..3).map(f).sum::<f64>();
    let names = ESTIMATORS.iter().map(|e| e.signature().name);
    let all = names.flat_map(|name| {
        [
            "MeanField(scale = 0.4)",
            "Laplace(scale = 0.4)",
            "Dropout(0.3)",
            "Rank1(factor_scale = 0.2)",
        ]
        .map(|posterior| (posterior, name))
    });
    let mut compared = 0;
    for (posterior, estimator) in all {
        let text = text(posterior, estimator);
        if !compiles(&text) {
            continue;
        }
        compared += 1;
        let mut interpreter = Interpreter::<f64>::new(plan(&text), 1);
        interpreter.initialize(1);
        let variables = interpreter.variables();
        let start = |name: &str| {
            let all = &interpreter.plan().variables;
            let variable = all.iter().find(|variable| variable.name == name);
            variable.expect(name).range.start
        };
        let (loc, bias) = (
            &variables[start("f.kernel.loc")..][..3],
            variables[start("f.bias.loc")],
        );
        let m = |x: &[f64]| dot(&|i| x[i] * loc[i]);
        let together = |x: &[f64], y: &[f64]| dot(&|i| x[i] * y[i] * loc[i] * loc[i]);
        // E w/loc, and the covariance of f at two inputs
        type Covariance<'a> = Box<dyn Fn(&[f64], &[f64]) -> f64 + 'a>;
        let (kept, covariance): (f64, Covariance) = match &posterior[..4] {
            "Mean" => (1.0, Box::new(|x, y| scale * scale * dot(&|i| x[i] * y[i]))),
            "Lapl" => (
                1.0,
                Box::new(|x, y| 2.0 * scale * scale * dot(&|i| x[i] * y[i])),
            ),
            "Drop" => (
                1.0 - rate,
                Box::new(|x, y| rate * (1.0 - rate) * together(x, y)),
            ),
            // s² r_i r_j with variances v about 1
            _ => (
                1.0,
                Box::new(|x, y| {
                    let v: f64 = factor * factor;
                    (1.0 + v) * (m(x) * m(y) + v * together(x, y)) - m(x) * m(y)
                }),
            ),
        };
        let expected = [
            kept * m(a) + bias,
            kept * m(b) + bias,
            covariance(a, a),
            covariance(a, b),
        ];
        let found = moments(&text, &x, 40_000);
        for (what, (found, expected)) in found.iter().zip(expected).enumerate() {
            let z = (found[0] - expected) / found[1];
            assert!(
                z.abs() < 4.5,
                "{posterior}, {estimator}, moment {what}: {} for {expected}, z = {z}",
                found[0]
            );
        }
    }
    assert_eq!(compared, 4 + 3 + 2 + 2);
}

/// With any estimator the weights are those that `reparameterization` trains with at a step of the same number.
#[test]
fn a_prediction_is_what_a_step_makes_of_the_same_draw() {
    const MANY: usize = 300;
    let text = |estimator: &str| {
        format!(
            "model prediction\ninput x: real[9, 8, 2]\ntarget y: category[3]\n\
             default {{ prior = Normal(0, 1), estimator = {estimator} }}\n\
             network {{ conv2d(5, kernel = 3)\n relu\n max_pool2d(2)\n conv2d(4, kernel = 2)\n tanh\n flatten\n \
             dense(20)\n relu\n logits = dense(3) }}\n\
             observe y ~ Categorical(logits = logits)\nobjective elbo\n"
        )
    };
    let examples = Examples::<f32>::new(MANY, 9 * 8 * 2, 3, 0);
    let mut stepped = vec![0.0; MANY * 3];
    let mut interpreter = Interpreter::<f32>::new(plan(&text("reparameterization")), MANY);
    interpreter.initialize(3);
    step(&mut interpreter, &examples, &draw(5, 7), MANY);
    interpreter.last_predictive(&mut stepped);
    for estimator in ESTIMATORS {
        let name = estimator.signature().name;
        let mut interpreter = Interpreter::<f32>::new(plan(&text(name)), MANY);
        interpreter.initialize(3);
        interpreter.draw_weights(5, 7);
        let predicted = predict(&mut interpreter, &examples.inputs, MANY, 3);
        assert_eq!(stepped, predicted, "{name}");
    }
}

/// Predictions share arrays with training steps, and leave their bits as they are.
#[test]
fn predictions_between_steps_change_no_step() {
    let examples = Examples::<f32>::new(6, 72, 0, 3);
    let mut estimators: Vec<_> = ESTIMATORS
        .iter()
        .map(|e| ("MeanField", e.signature().name))
        .collect();
    estimators.extend([
        ("Rank1", "per_example"),
        ("Dropout", "per_example"),
        ("LowRank", "reparameterization"),
    ]);
    for (posterior, estimator) in estimators {
        for prior in ["Normal(0, 1)", "Normal(0.1, 0.5)", "Horseshoe(1)"] {
            let prior = format!("prior = {prior}, ");
            let estimator = format!(", estimator = {estimator}");
            let text = network(&prior, posterior, &estimator);
            if !compiles(&text) {
                continue;
            }
            let plan = plan(&text);
            let trained = |predicts: bool| {
                let mut interpreter = Interpreter::<f32>::new(plan.clone(), 6);
                interpreter.initialize(3);
                let adam = optimizer::find("adam").unwrap();
                let settings = optimizer::defaults(adam.signature());
                let mut adam = State::<f32>::new(adam, settings, plan.trainable());
                for index in 0..4 {
                    if predicts {
                        interpreter.draw_weights(9, 1 << 40);
                        predict(&mut interpreter, &examples.inputs, 6, 6);
                    }
                    let update = Update {
                        step: adam.begin(index + 1, 0.01),
                        predictive: &mut [],
                    };
                    let at = Position::full_batch(6);
                    interpreter.train(&examples.batch(), &draw(5, index), &at, update);
                }
                interpreter
                    .variables()
                    .iter()
                    .map(|x| x.to_bits())
                    .collect::<Vec<_>>()
            };
            assert_eq!(trained(false), trained(true), "{text}");
        }
    }
}
