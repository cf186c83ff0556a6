//! Against laplace-torch, against what is exact of linear regression, and Jacobians against central differences.

use super::evidence::{Evidence, best_scale};
use super::prior::LocalPrior;
use super::*;
use crate::compile;
use crate::exec::{Batch, Draw, Interpreter};
use crate::ir::{Loss, Position, Table, Tensor};
use crate::likelihood::{OwnedTargets, Storage, TargetKind, Targets};
use crate::plan::Plan;
use crate::source::Source;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The plan of a model whose parameters are points.
fn plan(text: &str) -> Arc<Plan> {
    let source = Source {
        name: "m.bnn".into(),
        text: format!("{text}inference map\n"),
    };
    let compiled = compile::source(source, &[]).unwrap_or_else(|failure| {
        let file = failure.source_file.as_deref();
        panic!(
            "{}",
            crate::diagnostic::render(&failure.diagnostics, file, false)
        )
    });
    Arc::new(Plan::new(compiled.inference))
}

/// The interpreter at these variables, ready to predict.
fn at(plan: &Arc<Plan>, variables: &[f64], capacity: usize) -> Interpreter<f64> {
    let mut interpreter = Interpreter::new(plan.clone(), capacity);
    interpreter.variables_mut().copy_from_slice(variables);
    interpreter.draw_weights(0, 0);
    interpreter
}

fn covers(plan: &Plan, which: impl Fn(&str) -> bool) -> Table<Tensor, bool> {
    plan.model.tensors.map(|_, tensor| which(&tensor.name))
}

/// H over minibatches of `batch` examples.
fn curvature(
    structure: Structure,
    linearized: &mut Linearized<f64>,
    interpreter: &Interpreter<f64>,
    inputs: &[f64],
    [examples, batch]: [usize; 2],
) -> Curvature {
    let mut curvature = Curvature::new(structure, linearized).expect("a structure");
    let graph = linearized.graph().clone();
    let kernels = interpreter.kernels_for(&graph);
    let width = inputs.len() / examples;
    // The information is expected over targets: any will do that are there.
    let model = linearized.graph().model.clone();
    let any = |kind: TargetKind| match kind.storage() {
        Storage::Labels { .. } => OwnedTargets::Labels(vec![0; batch * kind.entries()]),
        Storage::Reals => OwnedTargets::Reals(vec![0.0; batch * kind.entries()]),
    };
    let targets: Vec<_> = model
        .observed()
        .map(|(target, _)| any(target.kind))
        .collect();
    for inputs in inputs.chunks(batch * width) {
        let batch = Batch {
            inputs,
            targets: targets[0].targets(),
            others: &targets[1..],
            len: inputs.len() / width,
        };
        curvature
            .add(linearized, &kernels, &batch)
            .expect("a known likelihood");
    }
    curvature
}

/// J of one example, a row for each entry of the first target's arguments.
fn jacobian(
    linearized: &mut Linearized<f64>,
    interpreter: &Interpreter<f64>,
    input: &[f64],
) -> Vec<Vec<f64>> {
    let graph = linearized.graph().clone();
    let kernels = interpreter.kernels_for(&graph);
    linearized.forward(&kernels, input, 1);
    let entries = linearized.entries_of(0);
    let rows = entries.into_iter().map(|direction| {
        linearized.backward(&kernels, input, direction);
        let mut row = vec![0.0; linearized.entries()];
        for parameter in linearized.parameters() {
            let row = &mut row[parameter.range.clone()];
            linearized.gradients(&kernels, input, parameter, 0..1, row);
        }
        row
    });
    rows.collect()
}

fn assert_near(found: f64, expected: f64, what: &str) {
    let error = (found - expected).abs() / (1.0 + expected.abs());
    assert!(error < 1e-9, "{what}: {found}, not {expected}");
}

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    weights: Vec<Vec<f64>>,
    scales: Vec<f64>,
    inputs: Vec<f64>,
    targets: Vec<f64>,
    at: Vec<f64>,
    found: BTreeMap<String, Found>,
}

#[derive(Deserialize)]
struct Found {
    log_likelihood: f64,
    log_det: f64,
    evidence: f64,
    mean: Vec<f64>,
    covariance: Vec<f64>,
    probit: Option<Vec<f64>>,
    best_scale: f64,
}

impl Case {
    fn model(&self) -> String {
        let [first, bias, second, other] = &self.scales[..] else {
            panic!("two layers")
        };
        let settings = |kernel: &f64, bias: &f64| {
            format!("{{ prior = Normal(0, {kernel}), bias: prior = Normal(0, {bias}) }}")
        };
        let (first, second) = (settings(first, bias), settings(second, other));
        let (input, target, layer, units, observe) = match &self.name[..] {
            "regression" => ("3", "real[2]", "dense(4)", 2, "Normal(f, 0.4)"),
            "classes" => ("3", "category[3]", "dense(4)", 3, "Categorical(f)"),
            _ => (
                "5, 5, 2",
                "category[3]",
                "conv2d(3, kernel = [3, 2], stride = [2, 1])",
                3,
                "Categorical(f)",
            ),
        };
        format!(
            "model m\ninput x: real[{input}]\ntarget y: {target}\nnetwork {{\n hidden = {layer} {first}\n tanh\n flatten\n \
             f = dense({units}) {second}\n}}\nobserve y ~ {observe}\n"
        )
    }

    fn targets(&self) -> OwnedTargets<f64> {
        match &self.name[..] {
            "regression" => OwnedTargets::Reals(self.targets.clone()),
            _ => OwnedTargets::Labels(self.targets.iter().map(|y| *y as u32).collect()),
        }
    }
}

/// ln p(D) at the interpreter's variables.
fn log_likelihood(
    interpreter: &mut Interpreter<f64>,
    inputs: &[f64],
    targets: Targets<f64>,
    len: usize,
) -> f64 {
    let batch = Batch {
        inputs,
        targets,
        others: &[],
        len,
    };
    let draw = Draw {
        seed: 0,
        step: 0,
        given: None,
    };
    let report = interpreter.step(&batch, &draw, &Position::full_batch(len));
    -report.terms[Loss::nll(0).index()].value
}

/// laplace-torch 0.3: every structure of all layers and of the last: log likelihood, ln det P, the evidence and its best
/// scale, the function's covariance and the probit approximation.
#[test]
fn are_those_of_laplace_torch() {
    let fixture: Fixture =
        serde_json::from_str(include_str!("../../tests/fixtures/laplace_torch.json")).unwrap();
    for case in &fixture.cases {
        let plan = plan(&case.model());
        let variables: Vec<f64> = case.weights.concat();
        assert_eq!(variables.len(), plan.trainable());
        let mut interpreter = at(&plan, &variables, 12);
        let targets = case.targets();
        let log_likelihood = log_likelihood(&mut interpreter, &case.inputs, targets.targets(), 12);
        interpreter.draw_weights(0, 0);
        for (of, found) in &case.found {
            let what = format!("{}, {of}", case.name);
            let (subset, structure) = of.split_once(' ').unwrap();
            let structure = match structure {
                "diag" => Structure::Diagonal,
                "kron" => Structure::Kronecker,
                _ => Structure::Full,
            };
            let covers = covers(&plan, |name| subset == "all" || name.starts_with("f."));
            let mut linearized = Linearized::new(&plan, &covers, 5);
            let curvature = curvature(
                structure,
                &mut linearized,
                &interpreter,
                &case.inputs,
                [12, 5],
            );
            let prior = LocalPrior::at(&interpreter, linearized.parameters()).unwrap();
            let precision = curvature.precision(&prior.precision).unwrap();
            assert_near(log_likelihood, found.log_likelihood, &what);
            assert_near(precision.log_det(), found.log_det, &what);
            let evidence = Evidence {
                log_likelihood,
                log_prior: prior.log_density,
                log_det: precision.log_det(),
                entries: linearized.entries(),
            };
            assert_near(evidence.log(), found.evidence, &what);
            let relative = curvature.relative(&prior.precision).unwrap();
            let scale = best_scale(&relative, prior.distance.unwrap()).unwrap();
            // Theirs is the largest value that a search found.
            assert!(
                (scale / found.best_scale - 1.0).abs() < 1e-6,
                "{what}: {scale}, not {}",
                found.best_scale
            );
            check_predictions(
                case,
                found,
                &plan,
                &mut linearized,
                &interpreter,
                &*precision,
                &what,
            );
        }
    }
}

fn check_predictions(
    case: &Case,
    found: &Found,
    plan: &Arc<Plan>,
    linearized: &mut Linearized<f64>,
    interpreter: &Interpreter<f64>,
    precision: &dyn Precision,
    what: &str,
) {
    let width = case.at.len() / 3;
    let k = found.mean.len() / 3;
    for (example, input) in case.at.chunks(width).enumerate() {
        let j = jacobian(linearized, interpreter, input);
        let whitened: Vec<Vec<f64>> = j
            .iter()
            .map(|j| {
                let mut u = vec![0.0; j.len()];
                precision.whiten(j, &mut u);
                u
            })
            .collect();
        let graph = linearized.graph().clone();
        let kernels = interpreter.kernels_for(&graph);
        let rows = linearized.network().arguments_of(&kernels, input, 0);
        let mut arguments = vec![rows[0].values[..k].to_vec()];
        let mut variances = vec![vec![]];
        for a in 0..k {
            assert_near(arguments[0][a], found.mean[example * k + a], what);
            for b in 0..k {
                let covariance: f64 = whitened[a]
                    .iter()
                    .zip(&whitened[b])
                    .map(|(x, y)| x * y)
                    .sum();
                let expected = found.covariance[(example * k + a) * k + b];
                assert_near(covariance, expected, what);
                if a == b {
                    variances[0].push(covariance);
                }
            }
        }
        if let Some(probit) = &found.probit {
            let likelihood = plan.model.observe.likelihood;
            likelihood.averaged(&mut arguments, &variances).unwrap();
            let logits = &arguments[0];
            let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
            for (class, logit) in logits.iter().enumerate() {
                assert_near(logit.exp() / sum, probit[example * k + class], what);
            }
        }
    }
}

/// Of every kind of parameter, and in the order of the arguments: dense layers and convolutions, biases, the rows of
/// norms, a layer that is applied twice, batch norms by what they keep, two targets.
const EVERYTHING: &str = "model m\ninput x: real[6, 6, 2]\ntarget y: real[2]\ntarget z: category[3]\n\
    default { prior = Normal(0, 1) }\n\
    network {\n a = conv2d(3, kernel = 3, padding = same)\n batch_norm\n silu\n b = conv2d(3, kernel = 3, padding = same)\n \
    add on (a, b)\n filter_response_norm\n conv2d(4, kernel = 3, groups = 1)\n max_pool2d(2)\n tanh\n flatten\n \
    dense(5)\n tanh\n e = dense(5)\n tanh\n again = reuse e\n h = layer_norm\n f = dense(2)\n s = dense(2) on h\n \
    scale = softplus\n logits = dense(3) on h\n}\n\
    observe y ~ Normal(f, scale)\nobserve z ~ Categorical(logits)\n";

/// Numbers without a pattern, about 1 in size.
fn numbers(len: usize, salt: usize) -> Vec<f64> {
    let at = |i: usize| ((i * 7919 + salt * 104_729) % 1000) as f64 / 500.0 - 1.0;
    (0..len).map(|i| at(i) + 0.3 * (i as f64).sin()).collect()
}

/// Rows of the Jacobian, by every parameter, against central differences of the outputs.
#[test]
fn jacobians_are_those_of_central_differences() {
    let plan = plan(EVERYTHING);
    let mut variables = numbers(plan.trainable(), 1);
    variables.iter_mut().for_each(|w| *w *= 0.4);
    for variable in &plan.variables {
        if variable.name.contains("variance") {
            let kept = &mut variables[variable.range.clone()];
            kept.iter_mut().for_each(|v| *v = 1.0 + v.abs());
        }
    }
    let is_trained = |name: &str| !name.ends_with(".mean") && !name.ends_with(".variance");
    let covers = covers(&plan, is_trained);
    let mut linearized = Linearized::<f64>::new(&plan, &covers, 2);
    let graph = linearized.graph().clone();
    let inputs = numbers(2 * 72, 3);
    let outputs = |variables: &[f64], linearized: &mut Linearized<f64>| -> Vec<Vec<f64>> {
        let interpreter = at(&plan, variables, 2);
        let kernels = interpreter.kernels_for(&graph);
        linearized.forward(&kernels, &inputs, 2);
        let rows = (0..2).flat_map(|target| {
            let rows = linearized.network().arguments_of(&kernels, &inputs, target);
            rows.iter()
                .map(|rows| rows.values.to_vec())
                .collect::<Vec<_>>()
        });
        rows.collect()
    };
    let moved = |by: f64, at: usize| {
        let mut moved = variables.clone();
        moved[at] += by;
        moved
    };
    let step = 1e-5;
    let parameters = linearized.parameters().to_vec();
    let slopes: Vec<Vec<Vec<f64>>> = parameters
        .iter()
        .flat_map(|parameter| parameter.loc.clone())
        .map(|place| {
            let up = outputs(&moved(step, place), &mut linearized);
            let down = outputs(&moved(-step, place), &mut linearized);
            let pairs = up.iter().zip(&down);
            let slope = |(up, down): (&Vec<f64>, &Vec<f64>)| {
                let entries = up.iter().zip(down);
                entries.map(|(a, b)| (a - b) / (2.0 * step)).collect()
            };
            pairs.map(slope).collect()
        })
        .collect();
    let interpreter = at(&plan, &variables, 2);
    let kernels = interpreter.kernels_for(&graph);
    linearized.forward(&kernels, &inputs, 2);
    let v = numbers(linearized.entries(), 9);
    let tangents = linearized.tangents(&inputs, &v);
    let directions: Vec<Direction> = [0, 1]
        .iter()
        .flat_map(|target| linearized.entries_of(*target))
        .collect();
    assert_eq!(directions.len(), 7);
    for direction in directions {
        let Direction::Entry { argument, entry } = direction else {
            panic!("an entry")
        };
        linearized.backward(&kernels, &inputs, direction);
        let mut along = vec![0.0; 2];
        linearized.along(&tangents, &kernels, &inputs, &v, &mut along);
        let mut expected = [0.0; 2];
        for parameter in &parameters {
            let len = parameter.range.len();
            let mut rows = vec![f64::NAN; 2 * len];
            linearized.gradients(&kernels, &inputs, parameter, 0..2, &mut rows);
            for (at, found) in rows.iter().enumerate() {
                let (example, at) = (at / len, parameter.range.start + at % len);
                let slope = &slopes[at][argument];
                let slope = slope[example * (slope.len() / 2) + entry];
                let error = (found - slope).abs() / (1.0 + slope.abs());
                assert!(error < 1e-7, "{}: {found}, not {slope}", parameter.name);
                expected[example] += found * v[at];
            }
        }
        for (found, expected) in along.iter().zip(expected) {
            assert_near(*found, expected, "J v");
        }
    }
}

/// y = x·w + b + noise: the posterior is normal, and its mean, covariance and evidence are known.
#[test]
fn is_exact_of_linear_regression() {
    let (n, inputs) = (9, 2);
    let (noise, scales) = (0.5, [0.8, 0.8, 2.0]);
    let plan = plan(
        "model m\ninput x: real[2]\ntarget y: real\nnetwork {\n f = dense(1) { prior = Normal(0, 0.8), \
         bias: prior = Normal(0.3, 2) }\n}\nobserve y ~ Normal(f, 0.5)\n",
    );
    let (x, y) = (numbers(n * inputs, 1), numbers(n, 2));
    let rows: Vec<[f64; 3]> = x.chunks(2).map(|x| [x[0], x[1], 1.0]).collect();
    // P w = X'y/σ² + P₀ μ₀ and the density of y ~ N(X μ₀, σ² + X P₀⁻¹ X'), both by elimination.
    let mut normal = vec![0.0; 9];
    let mut right = [0.0, 0.0, 0.3 / 4.0];
    for (row, y) in rows.iter().zip(&y) {
        for i in 0..3 {
            right[i] += row[i] * y / (noise * noise);
            for j in 0..3 {
                normal[i * 3 + j] += row[i] * row[j] / (noise * noise);
            }
        }
    }
    for (i, scale) in scales.iter().enumerate() {
        normal[i * 4] += 1.0 / (scale * scale);
    }
    let lower = matrix::cholesky(&normal, 3).unwrap();
    let mut mean = right;
    matrix::solve_lower(&lower, &mut mean);
    matrix::solve_upper(&lower, &mut mean);
    let mut marginal = vec![0.0; n * n];
    for (i, a) in rows.iter().enumerate() {
        for (j, b) in rows.iter().enumerate() {
            let prior = (0..3).map(|k| a[k] * b[k] * scales[k] * scales[k]);
            marginal[i * n + j] = prior.sum::<f64>() + if i == j { noise * noise } else { 0.0 };
        }
    }
    let lower = matrix::cholesky(&marginal, n).unwrap();
    let mut residual: Vec<f64> = y.iter().map(|y| y - 0.3).collect();
    matrix::solve_lower(&lower, &mut residual);
    let log_det: f64 = (0..n).map(|i| 2.0 * lower[i * n + i].ln()).sum();
    let square: f64 = residual.iter().map(|r| r * r).sum();
    let exact = -0.5 * (n as f64 * std::f64::consts::TAU.ln() + log_det + square);

    let mut interpreter = at(&plan, &mean, n);
    let log_likelihood = log_likelihood(&mut interpreter, &x, Targets::Reals(&y), n);
    interpreter.draw_weights(0, 0);
    let mut linearized = Linearized::new(&plan, &covers(&plan, |_| true), n);
    let whole = curvature(Structure::Full, &mut linearized, &interpreter, &x, [n, n]);
    let prior = LocalPrior::at(&interpreter, linearized.parameters()).unwrap();
    let precision = whole.precision(&prior.precision).unwrap();
    let evidence = Evidence {
        log_likelihood,
        log_prior: prior.log_density,
        log_det: precision.log_det(),
        entries: 3,
    };
    assert_near(evidence.log(), exact, "the evidence");
    // The covariance of draws is P⁻¹: the columns of its root, one for each unit vector.
    let lower = matrix::cholesky(&normal, 3).unwrap();
    let mut covariance = [0.0; 9];
    for k in 0..3 {
        let (mut unit, mut draw) = ([0.0; 3], [0.0; 3]);
        unit[k] = 1.0;
        precision.draw(&unit, &mut draw);
        for at in 0..9 {
            covariance[at] += draw[at / 3] * draw[at % 3];
        }
    }
    for j in 0..3 {
        let mut column = [0.0; 3];
        column[j] = 1.0;
        matrix::solve_lower(&lower, &mut column);
        matrix::solve_upper(&lower, &mut column);
        for i in 0..3 {
            assert_near(covariance[i * 3 + j], column[i], "the covariance");
        }
    }
    // At another scale of the priors, that is other evidence: at the best one it is the largest nearby.
    let relative = whole.relative(&prior.precision).unwrap();
    let best = best_scale(&relative, prior.distance.unwrap()).unwrap();
    let at_scale = |scale: f64| {
        let settled: f64 = relative
            .iter()
            .map(|mu| (1.0 + scale * scale * mu).ln())
            .sum();
        -0.5 * (settled + prior.distance.unwrap() / (scale * scale))
    };
    assert!(at_scale(best) > at_scale(best * 1.001) && at_scale(best) > at_scale(best / 1.001));
}

/// Draws and whitened vectors of every structure belong to the same matrix: |u|² is the variance of jᵀ draw.
#[test]
fn draws_and_variances_agree() {
    let plan = plan(EVERYTHING);
    let mut variables = numbers(plan.trainable(), 1);
    for variable in &plan.variables {
        if variable.name.contains("variance") {
            variables[variable.range.clone()].fill(1.5);
        }
    }
    let interpreter = at(&plan, &variables, 4);
    let inputs = numbers(4 * 72, 3);
    for structure in Structure::ALL {
        let covers = covers(&plan, |name| {
            name.starts_with("a.") || name.starts_with("f.")
        });
        let mut linearized = Linearized::new(&plan, &covers, 4);
        let curvature = curvature(structure, &mut linearized, &interpreter, &inputs, [4, 4]);
        let d = linearized.entries();
        let precision = curvature.precision(&vec![0.7; d]).unwrap();
        let j = numbers(d, 5);
        let mut u = vec![0.0; d];
        precision.whiten(&j, &mut u);
        let variance: f64 = u.iter().map(|u| u * u).sum();
        // The variance of a linear function of z is the sum of its squared coefficients.
        let (mut unit, mut draw) = (vec![0.0; d], vec![0.0; d]);
        let mut expected = 0.0;
        for at in 0..d {
            unit[at] = 1.0;
            precision.draw(&unit, &mut draw);
            unit[at] = 0.0;
            let product: f64 = j.iter().zip(&draw).map(|(j, w)| j * w).sum();
            expected += product * product;
        }
        assert_near(variance, expected, structure.word());
    }
}

/// A direction that neither data nor prior settles, and priors that a structure does not hold.
#[test]
fn what_is_no_posterior_is_refused() {
    let plan = plan(EVERYTHING);
    let variables = vec![0.0; plan.trainable()];
    let interpreter = at(&plan, &variables, 2);
    let inputs = numbers(2 * 72, 3);
    for structure in Structure::ALL {
        let covers = covers(&plan, |name| name.starts_with("f."));
        let mut linearized = Linearized::new(&plan, &covers, 2);
        let curvature = curvature(structure, &mut linearized, &interpreter, &inputs, [2, 2]);
        let mut prior = vec![0.0; linearized.entries()];
        let refusal = curvature.precision(&prior).err().expect("a refusal");
        assert!(refusal.title.contains("singular"), "{}", refusal.title);
        prior.fill(1.0);
        prior[1] = 2.0;
        let several = curvature.precision(&prior).err();
        assert_eq!(several.is_some(), structure == Structure::Kronecker);
    }
}

/// Student's t has a precision near its centre and none far out.
#[test]
fn other_priors_have_the_precision_of_the_point() {
    let plan = plan(
        "model m\ninput x: real[1]\ntarget y: real\nnetwork {\n f = dense(1) { prior = StudentT(3, 0, 2), bias = none }\n}\n\
         observe y ~ Normal(f, 0.5)\n",
    );
    let linearized = Linearized::<f64>::new(&plan, &covers(&plan, |_| true), 1);
    let (df, scale) = (3.0f64, 2.0f64);
    for w in [0.0, 0.3, -1.2] {
        let prior = LocalPrior::at(&at(&plan, &[w], 1), linearized.parameters()).unwrap();
        let square = df * scale * scale;
        let exact = (df + 1.0) * (square - w * w) / (square + w * w).powi(2);
        assert!((prior.precision[0] - exact).abs() < 1e-8, "{w}");
        assert_eq!(prior.distance, None);
    }
    let refusal = LocalPrior::at(&at(&plan, &[9.0], 1), linearized.parameters()).unwrap_err();
    assert!(refusal.title.contains("`f.kernel`"), "{}", refusal.title);
}
