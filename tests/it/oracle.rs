//! One training step of TensorFlow Probability's own layers, number by number.

use crate::support::{given, plan, shared};
use bnnc::exec::{Batch, Draw, Interpreter, Number};
use bnnc::ir::Position;
use bnnc::likelihood::Targets;
use bnnc::plan::Plan;
use bnnc::posterior::{LEAST_SCALE, rho_from_scale};
use serde_json::Value;
use std::sync::Arc;

fn model(name: &str, estimator: &str) -> String {
    let (input, network) = match name {
        "cifar1" => (
            "real[32, 32, 3]",
            "conv2d(64, kernel = 5, padding = same)\n relu\n max_pool2d(2, padding = same)\n flatten\n logits = dense(10)",
        ),
        "mlp400" => (
            "real[784]",
            "dense(400)\n relu\n dense(400)\n relu\n logits = dense(10)",
        ),
        other => panic!("no model {other}"),
    };
    let estimator = if estimator == "rp" {
        "reparameterization"
    } else {
        estimator
    };
    format!(
        "model oracle\ninput x: {input}\ntarget label: category[10]\n\
         default {{\n prior = Normal(0, 1)\n posterior = MeanField\n estimator = {estimator}\n bias = deterministic\n}}\n\
         network {{\n {network}\n}}\nobserve label ~ Categorical(logits = logits)\nobjective elbo\n"
    )
}

/// The patterns that the oracle's `patterns` field states.
fn set_variables<T: Number>(interpreter: &mut Interpreter<T>, plan: &Plan) {
    for variable in &plan.variables {
        for (i, x) in interpreter.variables_mut()[variable.range.clone()]
            .iter_mut()
            .enumerate()
        {
            let i = i as f64;
            *x = T::of(
                match variable.name.rsplit_once('.').expect("a dotted name") {
                    (tensor, "loc") if tensor.ends_with("bias") => 0.01 * i.cos(),
                    (_, "loc") => 0.05 * (i + 1.0).sin(),
                    (_, "rho") => rho_from_scale(0.02 + 0.01 * i.cos().powi(2), LEAST_SCALE),
                    other => panic!("unexpected variable {other:?}"),
                },
            );
        }
    }
}

fn close(what: &str, got: f64, expected: f64, tolerance: f64, size: f64) {
    let error = (got - expected).abs() / size.max(expected.abs());
    assert!(
        error < tolerance,
        "{what}: got {got}, TFP has {expected}, relative error {error:e}"
    );
}

/// Compares one step. `exact` is the oracle's float64 entry of the same step. In float32 a rounding moves
/// a maximum here and there, and its gradient with it: TFP's own stray by up to 2e-4 from its float64 ones,
/// and so may ours (`gradients` compares the two types without maxima); logits, loss and KL are held
/// against TFP's float32 ones.
fn compare<T: Number>(step: &Value, exact: &Value, tolerance: f64) {
    let text = |key: &str| step[key].as_str().expect("a string");
    let number = |key: &str| step[key].as_f64().expect("a number");
    let batch = step["batch"].as_u64().expect("a number") as usize;
    let name = format!("{} {} {}", text("model"), text("estimator"), text("dtype"));
    let plan: Arc<Plan> = plan(&model(text("model"), text("estimator")));
    let mut interpreter = Interpreter::<T>::new(plan.clone(), batch);
    set_variables(&mut interpreter, &plan);
    let noise = given(&plan, batch, |name, i| {
        if name.ends_with("noise") {
            1.5 * (0.7 * i as f64 + 0.3).sin()
        } else if (7 * i + 3) % 5 < 3 {
            1.0
        } else {
            -1.0
        }
    });
    let len = batch * plan.model.input.shape.len();
    let inputs: Vec<T> = (0..len).map(|i| T::of((0.01 * i as f64).cos())).collect();
    let labels: Vec<u32> = (0..batch as u32).map(|b| b % 10).collect();
    let at = Position {
        training_examples: number("n_train") as usize,
        batch,
        batch_index: 0,
        batches: 1,
        epoch: 1.0,
    };
    let draw = Draw {
        seed: 0,
        step: 0,
        given: Some(&noise),
    };
    let batch = Batch {
        inputs: &inputs,
        targets: Targets::Labels(&labels),
        others: &[],
        len: batch,
    };
    let report = interpreter.step(&batch, &draw, &at);

    close(
        &format!("{name} nll"),
        report.terms[0].scaled,
        number("nll"),
        tolerance,
        0.0,
    );
    close(
        &format!("{name} loss"),
        report.loss,
        number("loss"),
        tolerance,
        0.0,
    );
    for (term, kl) in report.terms[1..]
        .iter()
        .zip(step["kl"].as_array().expect("a list"))
    {
        close(
            &format!("{name} kl"),
            term.value,
            kl.as_f64().expect("a number"),
            tolerance.max(1e-12),
            0.0,
        );
    }
    let logits = &interpreter.outputs()[0].2;
    let expected: Vec<f64> = step["logits"]
        .as_array()
        .expect("rows")
        .iter()
        .flat_map(|r| r.as_array().expect("a row"))
        .map(|x| x.as_f64().expect("a number"))
        .collect();
    assert_eq!(logits.len(), expected.len());
    for (got, expected) in logits.iter().zip(expected) {
        close(
            &format!("{name} logits"),
            got.wide(),
            expected,
            tolerance,
            1.0,
        );
    }
    // A maximum that moves takes a gradient with it, which most of all the sum over a kernel shows.
    let tolerance = match T::NAME {
        "float32" => 50.0 * tolerance,
        _ => tolerance,
    };
    for gradient in exact["grads"].as_array().expect("a list") {
        let layer = gradient["layer"].as_u64().expect("a number") as usize;
        let parameter = gradient["param"].as_str().expect("a string");
        let suffix = if parameter == "bias" {
            "bias.loc".to_string()
        } else {
            format!("kernel.{parameter}")
        };
        let variable = plan
            .variables
            .iter()
            .filter(|v| v.name.ends_with(&suffix))
            .nth(layer)
            .expect("as many layers as the oracle");
        let got: Vec<f64> = interpreter.gradient()[variable.range.clone()]
            .iter()
            .map(|x| x.wide())
            .collect();
        let sum_of_squares: f64 = got.iter().map(|x| x * x).sum();
        let of = |key: &str| gradient[key].as_f64().expect("a number");
        let typical = (of("sumsq") / got.len() as f64).sqrt();
        let what = |part: &str| format!("{name} gradient by {}, {part}", variable.name);
        close(
            &what("sum of squares"),
            sum_of_squares,
            of("sumsq"),
            tolerance,
            0.0,
        );
        close(
            &what("sum"),
            got.iter().sum(),
            of("sum"),
            tolerance,
            typical * (got.len() as f64).sqrt(),
        );
        for (part, entries) in [("first", &got[..4]), ("last", &got[got.len() - 4..])] {
            for (&got, expected) in entries
                .iter()
                .zip(gradient[part].as_array().expect("four numbers"))
            {
                close(
                    &what(part),
                    got,
                    expected.as_f64().expect("a number"),
                    tolerance,
                    typical,
                );
            }
        }
    }
}

#[test]
fn training_steps_are_those_of_tfp_layers() {
    let Some(folder) = shared("oracles") else {
        return;
    };
    let text = std::fs::read_to_string(folder.join("tfp_train_step.json"))
        .expect("the oracle can be read");
    let oracle: Value = serde_json::from_str(&text).expect("the oracle is JSON");
    let steps = oracle["steps"].as_array().expect("a list of steps");
    assert_eq!(steps.len(), 8);
    for step in steps {
        let same = |key: &str, other: &Value| step[key] == other[key];
        let exact = steps.iter().find(|other| {
            other["dtype"] == "float64" && same("model", other) && same("estimator", other)
        });
        let exact = exact.expect("a float64 entry of each step");
        match step["dtype"].as_str() {
            Some("float64") => compare::<f64>(step, exact, 1e-9),
            _ => compare::<f32>(step, exact, 1e-4),
        }
    }
}
