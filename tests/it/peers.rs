//! Mistakes found in published code, each as a test that would catch it here. (The closed forms' own, as a
//! log-uniform term of the wrong sign, stand beside the forms.)

use crate::support::{Examples, draw, given, plan, step};
use bnnc::exec::{Draw, Interpreter};
use bnnc::ir::Position;
use std::collections::BTreeMap;

fn classifier(default: &str, network: &str, objective: &str) -> String {
    format!(
        "model test\ninput x: real[4, 4, 2]\ntarget label: category[3]\ndefault {{ {default} }}\n\
         network {{ {network} }}\nobserve label ~ Categorical(logits)\nobjective elbo {{ {objective} }}\n"
    )
}

const CONVOLUTION: &str = "c = conv2d(3, kernel = 1)\n flatten\n logits = dense(3)";

/// The weights' terms of one step: name and unscaled value.
fn terms(text: &str, batch: usize) -> BTreeMap<String, (f64, f64)> {
    let plan = plan(text);
    let examples = Examples::<f64>::new(batch, 32, 3, 0);
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), batch);
    interpreter.initialize(2);
    let report = step(&mut interpreter, &examples, &draw(1, 1), 100);
    let terms = plan.inference.loss.terms.iter().zip(&report.terms);
    terms
        .filter(|(term, _)| term.kind.tensor().is_some())
        .map(|(term, value)| (term.kind.name(&plan.model), (value.value, value.scale)))
        .collect()
}

/// A KL summed over a convolution's positions, over examples, or once for every call of the layer.
#[test]
fn a_kernel_is_charged_once_whatever_it_is_used_for() {
    let text = |samples: usize| {
        let objective = format!("samples = {samples}");
        classifier("estimator = flipout", CONVOLUTION, &objective)
    };
    let once = terms(&text(1), 1);
    assert_eq!(once.len(), 2, "a term for each kernel, none for the biases");
    assert_eq!(once, terms(&text(1), 16), "many examples");
    assert_eq!(once, terms(&text(5), 16), "many draws");
    // 2·3 weights at 16 positions: the sum over 6.
    let (value, scale) = once["kl(c.kernel)"];
    assert!(value > 6.0 * 1.5 && value < 6.0 * 4.0, "{value}");
    assert_eq!(scale, 1.0 / 100.0);
}

/// bayesian-torch: the mean over a tensor's entries in place of the sum.
#[test]
fn a_kl_is_a_sum_over_entries() {
    let value = |units: usize| {
        let default = "posterior = MeanField(loc = 0.2, scale = 0.5), bias = none";
        let network = format!("flatten\n h = dense({units})\n logits = dense(3)");
        terms(&classifier(default, &network, ""), 2)["kl(h.kernel)"].0
    };
    let entry: f64 = -(0.5f64).ln() + 0.5 * (0.25 + 0.04) - 0.5;
    for units in [1, 10] {
        let exact = 32.0 * units as f64 * entry;
        assert!((value(units) / exact - 1.0).abs() < 1e-12, "{units} units");
    }
}

/// PyTorch-BayesianCNN: KL(p ‖ q). torch-uncertainty: a constant of half a nat a weight is lost.
#[test]
fn the_kl_is_of_the_posterior_against_the_prior_constants_included() {
    let default = "prior = Normal(0, 2), posterior = MeanField(loc = 0, scale = 0.5), bias = none";
    for kl in ["closed_form", "quadrature"] {
        let objective = format!("kl = {kl}");
        let text = classifier(default, "flatten\n logits = dense(3)", &objective);
        let value = terms(&text, 2)["kl(logits.kernel)"].0 / 96.0;
        let right = (2.0f64 / 0.5).ln() + 0.5 * (0.25 / 4.0) - 0.5;
        let reversed = (0.5f64 / 2.0).ln() + 0.5 * (4.0 / 0.25) - 0.5;
        assert!((value - right).abs() < 1e-9, "{kl}: {value}, not {right}");
        assert!((value - reversed).abs() > 1.0);
    }
}

/// bayesian-torch's ImageNet example: `kl.data[0]`, a KL without a gradient.
#[test]
fn the_kl_moves_loc_and_scale() {
    // The data term does not depend on weights whose inputs are 0.
    let text = classifier("bias = none", "flatten\n logits = dense(3)", "");
    let plan = plan(&text);
    let mut examples = Examples::<f64>::new(2, 32, 3, 0);
    examples.inputs.fill(0.0);
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), 2);
    interpreter.initialize(2);
    step(&mut interpreter, &examples, &draw(1, 1), 10);
    for variable in &plan.variables {
        let range = variable.range.clone();
        for (g, x) in interpreter.gradient()[range.clone()]
            .iter()
            .zip(&interpreter.variables()[range])
        {
            // by loc: loc/N; by rho: (s - 1/s)·ds/drho/N
            let s = f64::EPSILON + x.exp().ln_1p();
            let exact = match variable.name.ends_with("loc") {
                true => x / 10.0,
                false => (s - 1.0 / s) / (1.0 + (-x).exp()) / 10.0,
            };
            assert!((g - exact).abs() < 1e-12, "{}: {g}, {exact}", variable.name);
        }
    }
}

/// BLiTZ's Flipout samples loc + scale·ε where scale·ε is meant: loc would come twice.
#[test]
fn flipouts_signs_flip_the_perturbation_alone() {
    let text = classifier(
        "estimator = flipout, bias = none",
        "flatten\n logits = dense(3)",
        "",
    );
    let plan = plan(&text);
    let examples = Examples::<f64>::new(3, 32, 3, 0);
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), 3);
    interpreter.initialize(2);
    let mut logits = |sign: f64, noise: f64| {
        let given = given(&plan, 3, |name, i| {
            match (name.ends_with("noise"), name.ends_with("sign_out")) {
                (true, _) => noise * ((i * 7 % 11) as f64 - 5.0) / 3.0,
                (_, true) => sign,
                _ => 1.0,
            }
        });
        let draw = Draw {
            seed: 0,
            step: 0,
            given: Some(&given),
        };
        step(&mut interpreter, &examples, &draw, 10);
        interpreter.outputs().remove(0).2
    };
    let (plus, minus, mean) = (logits(1.0, 1.0), logits(-1.0, 1.0), logits(1.0, 0.0));
    assert!(plus != minus);
    for ((plus, minus), mean) in plus.iter().zip(&minus).zip(&mean) {
        assert!((0.5 * (plus + minus) - mean).abs() < 1e-12);
    }
}

/// bayesian-torch and BLiTZ draw Flipout's signs anew at every position: one kernel is no longer shared
/// within an example.
#[test]
fn one_kernel_serves_all_positions_of_an_example() {
    for estimator in ["flipout", "per_example", "reparameterization"] {
        let default = format!("estimator = {estimator}");
        // A 1x1 convolution of a constant image; its output's mean is any of its positions.
        let text = |tail: &str| {
            let network = format!("c = conv2d(3, kernel = 1)\n {tail}");
            classifier(&default, &network, "")
        };
        let run = |tail: &str| {
            let plan = plan(&text(tail));
            let mut examples = Examples::<f64>::new(2, 32, 3, 0);
            examples.inputs.fill(0.7);
            let mut interpreter = Interpreter::<f64>::new(plan, 2);
            interpreter.initialize(4);
            step(&mut interpreter, &examples, &draw(3, 3), 10);
            interpreter.outputs().remove(0).2
        };
        let mean = run("logits = global_avg_pool2d");
        let largest = run("max_pool2d(4)\n logits = flatten");
        for (mean, largest) in mean.iter().zip(&largest) {
            assert!((mean - largest).abs() < 1e-12, "{estimator}");
        }
    }
}

/// edward2's README and others average logits; tfp's example draws each sample on other images.
#[test]
fn predictions_average_probabilities_of_the_same_examples() {
    let text = classifier(
        "posterior = MeanField(scale = 1), estimator = flipout",
        "flatten\n logits = dense(3)",
        "",
    );
    let examples = Examples::<f32>::new(4, 32, 3, 0);
    let mut interpreter = Interpreter::<f32>::new(plan(&text), 4);
    interpreter.initialize(2);
    let (mut mean, mut mean_logits) = ([0.0; 12], [0.0; 12]);
    let draws = 20;
    for index in 0..draws {
        let mut out = [0.0f32; 12];
        interpreter.draw_weights(1, index);
        interpreter.predict_drawn(&examples.inputs, 4, &mut out, None);
        for (row, out) in out.chunks(3).enumerate() {
            let total: f32 = out.iter().sum();
            assert!((total - 1.0).abs() < 1e-5, "probabilities, example {row}");
        }
        for i in 0..12 {
            mean[i] += f64::from(out[i]) / draws as f64;
            // A row of logits up to a number, which the softmax forgets.
            mean_logits[i] += f64::from(out[i]).ln() / draws as f64;
        }
    }
    // They differ, so that the test could fail.
    let softmax: Vec<f64> = mean_logits
        .chunks(3)
        .flat_map(|row| {
            let total: f64 = row.iter().map(|x| x.exp()).sum();
            row.iter().map(move |x| x.exp() / total)
        })
        .collect();
    assert!(mean.iter().zip(&softmax).any(|(a, b)| (a - b).abs() > 0.02));
}

/// uncertainty-baselines trains on 95 % of the data and divides by all of them; others divide by the
/// number of batches, or by the batch size.
#[test]
fn a_kl_carries_one_over_the_number_of_training_examples() {
    let plan = plan(&classifier("", CONVOLUTION, ""));
    let kl = &plan.inference.loss.terms[1];
    for (batch, batches) in [(1, 47_500), (128, 372), (47_500, 1)] {
        let at = Position {
            training_examples: 47_500,
            batch,
            batch_index: 0,
            batches,
            epoch: 0.5,
        };
        assert_eq!(kl.scale.value(&at), 1.0 / 47_500.0);
        assert_eq!(
            plan.inference.loss.terms[0].scale.value(&at),
            1.0 / batch as f64
        );
    }
}
