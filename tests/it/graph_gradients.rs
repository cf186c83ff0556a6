//! Graphs: the gradient of a whole step against central differences in float64, and one step of TensorFlow
//! Probability's own layers, number by number.

use crate::gradients::check;
use crate::support::{Examples, given, plan, step};
use bnnc::exec::{Batch, Draw, Interpreter};
use bnnc::ir::Position;
use bnnc::likelihood::Targets;
use bnnc::posterior::{LEAST_SCALE, rho_from_scale};
use serde_json::Value;

fn classifier(default: &str, network: &str) -> String {
    format!(
        "model test\ninput x: real[6, 6, 2]\ntarget label: category[3]\ndefault {{ {default} }}\n\
         network {{\n{network}\n}}\nobserve label ~ Categorical(logits = logits)\nobjective elbo\n"
    )
}

/// With every estimator: values read by several layers, sums over a value that others read or that is an input, a
/// value joined with itself, a view of one beside it, and layers that are used again.
#[test]
fn every_estimator_through_joins_and_layers_used_again() {
    let networks = [
        "conv2d(3, kernel = 3, padding = same)\n tanh\n residual {\n conv2d(3, kernel = 3, padding = same)\n tanh\n \
         conv2d(3, kernel = 3, padding = same)\n }\n tanh\n residual(shortcut = conv2d(4, kernel = 1, stride = 2)) {\n \
         conv2d(4, kernel = 3, stride = 2, padding = same)\n softplus\n }\n global_avg_pool2d\n logits = dense(3)",
        "a = conv2d(3, kernel = 1)\n b = conv2d(3, kernel = 1) on x\n c = multiply on (a, b)\n d = add on (c, c)\n \
         e = multiply on (d, d)\n f = concat on (e, a, x)\n g = flatten\n h = dense(4)\n i = tanh\n \
         j = dense(4) on g\n k = add on (h, j, i, i)\n logits = dense(3)",
        "one = conv2d(2, kernel = 3, padding = same)\n tanh\n two = reuse one\n max_pool2d(2)\n three = reuse one\n \
         flatten\n first = dense(18)\n tanh\n second = reuse first\n sum = add on (second, first)\n logits = dense(3)",
    ];
    for estimator in bnnc::estimator::ESTIMATORS {
        let name = estimator.signature().name;
        for network in networks {
            let default =
                format!("prior = Normal(0, 1), posterior = MeanField, estimator = {name}");
            check(&classifier(&default, network), &Examples::new(5, 72, 3, 0));
        }
    }
}

/// The likelihood's argument at some examples, without noise in the weights.
fn logits(network: &str) -> Vec<f64> {
    let default = "prior = Normal(0, 1), posterior = MeanField, estimator = reparameterization";
    let plan = plan(&classifier(default, network));
    let examples = Examples::new(5, 72, 3, 0);
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), examples.len);
    for (i, value) in interpreter.variables_mut().iter_mut().enumerate() {
        *value = (i as f64).sin();
    }
    let draws = given(&plan, examples.len, |_, _| 0.0);
    let draw = Draw {
        seed: 0,
        step: 0,
        given: Some(&draws),
    };
    step(&mut interpreter, &examples, &draw, 5);
    interpreter.outputs().remove(0).2
}

/// A value joined with itself, or with a view of itself, alone and beside another.
#[test]
fn a_value_may_stand_several_times_in_a_join() {
    let start = "flatten\n dense(4)\n tanh\n c = dense(3)\n d = dense(3) on c\n";
    let of = |joins: &str| logits(&format!("{start}{joins}"));
    for (repeated, apart) in [
        (
            "logits = add on (d, d)",
            "e = reuse d on c\n logits = add on (d, e)",
        ),
        (
            "logits = add on (c, d, d)",
            "e = reuse d on c\n logits = add on (c, d, e)",
        ),
        (
            "logits = add on (d, c, c, d)",
            "e = reuse d on c\n logits = add on (d, c, c, e)",
        ),
        (
            "e = reshape([3]) on d\n logits = add on (d, e)",
            "e = reuse d on c\n logits = add on (d, e)",
        ),
        (
            "e = reshape([3]) on d\n logits = add on (e, d, e)",
            "e = reuse d on c\n logits = add on (d, e, e)",
        ),
        (
            "logits = multiply on (d, d)",
            "e = reuse d on c\n logits = multiply on (d, e)",
        ),
    ] {
        let (repeated_is, apart_is) = (of(repeated), of(apart));
        for (one, other) in repeated_is.iter().zip(&apart_is) {
            assert!(
                (one - other).abs() < 1e-12,
                "{repeated}: {one}, {apart}: {other}"
            );
        }
    }
}

const NETWORK: &str = "conv1 = conv2d(4, kernel = 3, padding = same)
  NORM1
  first = relu
  residual {
    conv2 = conv2d(4, kernel = 3, padding = same)
    NORM2
    relu
    conv3 = conv2d(4, kernel = 3, padding = same)
    NORM3
  }
  second = relu
  conv4 = conv2d(6, kernel = 3, stride = 2, padding = same)
  NORM4
  relu
  conv5 = conv2d(6, kernel = 3, padding = same)
  body = NORM5
  conv6 = conv2d(6, kernel = 1, stride = 2, padding = same) on second
  add on (body, conv6)
  relu
  global_avg_pool2d
  logits = dense(3)";

fn text(step: &Value) -> String {
    let estimator = step["estimator"].as_str().expect("a string");
    let mut network = NETWORK.to_string();
    for i in 1..=5 {
        let (mark, norm) = (format!("NORM{i}"), format!("norm{i} = batch_norm"));
        network = match (step["norms"].as_bool().expect("a truth"), i) {
            (true, 5) => network
                .replace("body = NORM5", &norm)
                .replace("(body,", "(norm5,"),
            (true, _) => network.replace(&mark, &norm),
            (false, 5) => network
                .replace("body = NORM5", "")
                .replace("(body,", "(conv5,"),
            (false, _) => network.replace(&mark, ""),
        };
    }
    format!(
        "model oracle\ninput x: real[8, 8, 2]\ntarget label: category[3]\n\
         default {{\n prior = Normal(0, 1)\n posterior = MeanField\n estimator = {estimator}\n bias = deterministic\n}}\n\
         network {{\n {network}\n}}\nobserve label ~ Categorical(logits = logits)\nobjective elbo\n"
    )
}

/// The patterns of `tests/fixtures/tfp_graph.py`.
fn pattern(variable: &str, i: f64) -> f64 {
    let (tensor, part) = variable.rsplit_once('.').expect("a dotted name");
    match (tensor.rsplit_once('.').expect("a layer's").1, part) {
        ("kernel", "loc") => 0.05 * (i + 1.0).sin(),
        ("kernel", "rho") => rho_from_scale(0.02 + 0.01 * i.cos().powi(2), LEAST_SCALE),
        ("bias" | "shift", _) => 0.01 * i.cos(),
        ("gain", _) => 1.0 + 0.1 * i.sin(),
        ("mean", _) => 0.0,
        ("variance", _) => 1.0,
        other => panic!("unexpected variable {other:?}"),
    }
}

#[test]
fn residual_networks_and_batch_norm_are_those_of_tensorflow_probability() {
    let fixture: Value =
        serde_json::from_str(include_str!("../fixtures/tfp_graph.json")).expect("the fixture");
    let number = |value: &Value| value.as_f64().expect("a number");
    let (n, len) = (
        number(&fixture["n"]) as usize,
        number(&fixture["batch"]) as usize,
    );
    for expected in fixture["steps"].as_array().expect("steps") {
        let plan = plan(&text(expected));
        let mut interpreter = Interpreter::<f64>::new(plan.clone(), len);
        for variable in &plan.variables {
            let values = &mut interpreter.variables_mut()[variable.range.clone()];
            for (i, value) in values.iter_mut().enumerate() {
                *value = pattern(&variable.name, i as f64);
            }
        }
        let draws = given(&plan, len, |name, i| match name.ends_with("noise") {
            true => 1.5 * (0.7 * i as f64 + 0.3).sin(),
            false if (7 * i + 3) % 5 < 3 => 1.0,
            false => -1.0,
        });
        let inputs: Vec<f64> = (0..len * 128).map(|i| (0.1 * i as f64).cos()).collect();
        let labels: Vec<u32> = (0..len as u32).map(|b| b % 3).collect();
        let batch = Batch {
            inputs: &inputs,
            targets: Targets::Labels(&labels),
            others: &[],
            len,
        };
        let draw = Draw {
            seed: 0,
            step: 0,
            given: Some(&draws),
        };
        let at = Position {
            training_examples: n,
            batch: len,
            batch_index: 0,
            batches: 1,
            epoch: 1.0,
        };
        let report = interpreter.step(&batch, &draw, &at);
        let close = |what: &str, got: f64, expected: f64, size: f64| {
            let error = (got - expected).abs() / size.max(expected.abs());
            assert!(
                error < 1e-9,
                "{what}: got {got}, TFP has {expected}: {error:e}"
            );
        };
        close("nll", report.terms[0].scaled, number(&expected["nll"]), 0.0);
        close("loss", report.loss, number(&expected["loss"]), 0.0);
        let kl = report.terms[1..].iter().map(|term| term.value).sum();
        close("kl", kl, number(&expected["kl"]), 0.0);
        let logits = expected["logits"].as_array().expect("numbers");
        for (got, expected) in interpreter.outputs()[0].2.iter().zip(logits) {
            close("logits", *got, number(expected), 1.0);
        }
        let gradients = expected["gradients"].as_array().expect("gradients");
        assert_eq!(
            gradients.len(),
            if expected["norms"] == true { 31 } else { 21 }
        );
        for gradient in gradients {
            let name = gradient["name"].as_str().expect("a name");
            let variable = plan.variables.iter().find(|v| v.name == name);
            let range = variable.unwrap_or_else(|| panic!("{name}")).range.clone();
            let got = &interpreter.gradient()[range];
            let squares = number(&gradient["sumsq"]);
            let typical = (squares / got.len() as f64).sqrt().max(1e-6);
            close(name, got.iter().map(|x| x * x).sum(), squares, 1e-12);
            close(
                name,
                got.iter().sum(),
                number(&gradient["sum"]),
                typical * got.len() as f64,
            );
            let ends = [("first", &got[..3]), ("last", &got[got.len() - 3..])];
            for (part, entries) in ends {
                let all = gradient[part].as_array().expect("three numbers");
                for (got, expected) in entries.iter().zip(all) {
                    close(&format!("{name} {part}"), *got, number(expected), typical);
                }
            }
        }
    }
}
