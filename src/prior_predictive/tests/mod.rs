//! The numbers against exact ones.

mod advice;

use super::*;
use crate::compile;
use crate::exec::{Batch, Draw, ExampleWise, Interpreter, Kernels, Mode, Network};
use crate::ir::Position;
use crate::likelihood::Targets;
use crate::plan::{Graph, Plan};
use crate::source::Source;
use crate::tensor::Stream;
use std::sync::Arc;

fn model(text: &str) -> Arc<Inference> {
    let source = Source {
        name: "m.bnn".into(),
        text: text.into(),
    };
    compile::source(source, &[])
        .unwrap_or_else(|failure| panic!("{failure}\n{text}"))
        .inference
}

/// A regression of `inputs` numbers.
fn regression(inputs: usize, declarations: &str, default: &str, layers: &str) -> Arc<Inference> {
    model(&format!(
        "model m\ninput x: real[{inputs}]\ntarget y: real\n{declarations}\ndefault {{ {default} }}\n\
         network {{\n{layers}\n}}\nobserve y ~ Normal(loc = f, scale = 0.1)\nobjective elbo\n"
    ))
}

/// `draws` networks on one example.
fn look_at(model: &Inference, example: &[f64], draws: usize) -> PriorPredictive {
    let inputs = Inputs {
        name: "some".into(),
        values: example.to_vec(),
        examples: 1,
    };
    look(model, &inputs, None, draws).unwrap()
}

/// `draws` networks on standard normal examples.
fn look_at_normal(model: &Inference, examples: usize, draws: usize) -> PriorPredictive {
    look(model, &standard_inputs(model, examples), None, draws).unwrap()
}

/// Whether the mean of squares of `count` numbers is the expected one: by four of its standard errors.
#[track_caller]
fn assert_variance(spread: &Spread, expected: f64, of_squares: f64, count: f64) {
    let error = (of_squares / count).sqrt();
    let z = (spread.sd * spread.sd - expected) / error;
    assert!(
        z.abs() < 4.0,
        "sd {}, exactly {}: z = {z}",
        spread.sd,
        expected.sqrt()
    );
    assert!(
        error < 0.06 * expected,
        "a test that tells something: {error} of {expected}"
    );
}

const X: [f64; 3] = [1.0, -2.0, 0.5];
/// Σ x²
const SQUARE: f64 = 5.25;

/// The layers of a regression of [`X`] with this default prior and no biases.
fn layers(declarations: &str, prior: &str, layers: &str, draws: usize) -> Vec<Layer> {
    let default = format!("prior = {prior}, bias = none");
    look_at(&regression(3, declarations, &default, layers), &X, draws).layers
}

#[test]
fn a_linear_layer_is_the_closed_form() {
    let prior = "prior = Normal(0, 0.7), bias = deterministic";
    let hidden = "dense(40) { bias: prior = Normal(0, 2), posterior = MeanField }\nf = dense(1)";
    let found = look_at(&regression(3, "", prior, hidden), &X, 1000);
    let (first, second) = (&found.layers[0], &found.layers[1]);
    assert!((found.inputs_rms - (SQUARE / 3.0).sqrt()).abs() < 1e-12);
    assert_eq!((first.fan_in, second.fan_in), (3, 40));
    // 1000 networks of 40 units, normal: the variance of a square is 2 v².
    let v = 0.49 * SQUARE + 4.0;
    assert_variance(&first.pre_activations, v, 2.0 * v * v, 1000.0 * 40.0);
    // Given h it is normal with variance s²|h|², and |h|² has mean 40 v and second moment v²(40² + 80);
    // its bias starts as N(0, 0.1²).
    let (mean, second_moment) = (0.49 * 40.0 * v, 0.49f64.powi(2) * v * v * (1600.0 + 80.0));
    let of_squares = 3.0 * second_moment - mean * mean;
    assert_variance(&second.pre_activations, mean + 0.01, of_squares, 1000.0);
}

#[test]
fn one_unit_of_each_kind_of_prior_is_the_closed_form() {
    let latent = "latent tau ~ Normal(0, 0.3)";
    let factors = "Normal(0, 0.7), posterior = Rank1(prior_scale = 0.5), estimator = per_example";
    // E of the square and of the fourth power of a pre-activation, each over that of Σ x².
    for (declarations, prior, square, fourth, draws) in [
        // A learned scale is taken where it starts.
        (
            "",
            "Normal(0, learned(0.7))",
            0.49,
            3.0 * 0.49f64.powi(2),
            2000,
        ),
        // ln of a latent scale is N(0, 0.3²): E s² = e^(2·0.09), E s⁴ = e^(8·0.09).
        (
            latent,
            "Normal(0, exp(tau))",
            0.18f64.exp(),
            3.0 * 0.72f64.exp(),
            4000,
        ),
        // (M ⊙ r sᵀ)ᵀx: E M² E r² E s² Σ x², with E r² = 1 + 0.5². E M⁴ E r⁴ E s⁴ =
        // 3 σ⁴ (1 + 6·0.25 + 3/16)² bounds the fourth moment of each product.
        (
            "",
            factors,
            0.49 * 1.25 * 1.25,
            3.0 * 0.49f64.powi(2) * (1.0f64 + 1.5 + 0.1875).powi(2),
            8000,
        ),
    ] {
        let found = &layers(declarations, prior, "f = dense(1)", draws)[0].pre_activations;
        let (square, fourth) = (square * SQUARE, fourth * SQUARE * SQUARE);
        assert_variance(found, square, fourth - square * square, draws as f64);
        assert!(!found.heavy, "{prior}");
    }
    // A scale without a second moment is told as that.
    let latent = "latent tau ~ StudentT(2)";
    let found = layers(latent, "Normal(0, exp(tau))", "f = dense(1)", 50);
    assert!(found[0].pre_activations.heavy);
}

#[test]
fn a_heavy_tailed_prior_has_a_middle_and_no_standard_deviation() {
    // Σ x w of Cauchy w is Cauchy with scale Σ|x|, of which 68.27 % lie within tan(π·0.6827/2).
    let found = layers("", "StudentT(1)", "dense(200)\nf = dense(1)", 100);
    let spread = &found[0].pre_activations;
    let exact = 3.5 * (std::f64::consts::PI * 0.682_689_5 / 2.0).tan();
    // 20,000 draws: p(q)·error(q) = √(0.16·0.84/20,000), p the density there; about 2.5 % at each end.
    assert!(
        spread.heavy && (spread.typical() / exact - 1.0).abs() < 0.07,
        "{spread:?}, {exact}"
    );
    // What it is multiplied with is as heavy, a bounded activation's values are not.
    assert!(found[1].pre_activations.heavy);
    let bounded = "dense(200)\ntanh\nf = dense(1) { kernel: prior = Normal(0, 0.05) }";
    assert!(
        !layers("", "StudentT(1)", bounded, 100)[1]
            .pre_activations
            .heavy
    );
}

#[test]
fn a_prior_about_pretrained_weights() {
    let prior = "prior = Normal(0, 1e-9), bias = none";
    let model = regression(3, "", prior, "f = dense(1)");
    let handle = model.tensors.handles().next().unwrap();
    let mut model = Arc::unwrap_or_clone(model);
    let prior = &mut Arc::make_mut(&mut model.model).tensors[handle].prior;
    prior.as_mut().unwrap().anchor = Some([3.0, -1.0, 2.0].into());
    let weights = draw::network(&model, 0);
    for (w, anchor) in weights[handle].iter().zip([3.0, -1.0, 2.0]) {
        assert!((w - anchor).abs() < 1e-7, "{w} {anchor}");
    }
}

/// A classifier of some width.
fn classifier(prior: &str, activation: &str, layers: usize) -> Arc<Inference> {
    let hidden = format!("dense(64)\n{activation}\n").repeat(layers);
    model(&format!(
        "model m\ninput x: real[16]\ntarget label: category[5]\ndefault {{ prior = {prior} }}\n\
         network {{\n{hidden}logits = dense(5)\n}}\nobserve label ~ Categorical(logits)\nobjective elbo\n"
    ))
}

#[test]
fn the_entropy_of_a_prior_that_knows_nothing_and_of_one_that_knows_all() {
    let entropy = |prior: &str| {
        let found = look_at_normal(&classifier(prior, "relu", 1), 50, 40);
        let Outputs::Classes {
            classes,
            entropy,
            sure,
            commonest,
        } = found.outputs
        else {
            panic!("classes")
        };
        assert_eq!(classes, 5);
        (entropy, sure, commonest)
    };
    let (entropy_small, sure, commonest) = entropy("Normal(0, 1e-7)");
    assert!((entropy_small - 5f64.ln()).abs() < 1e-9 && sure == 0.0);
    // The likeliest of five classes has a fifth of the inputs at least.
    assert!((0.2..=1.0).contains(&commonest));
    let (entropy_large, sure, _) = entropy("Normal(0, 100)");
    assert!(
        entropy_large < 0.02 && sure > 0.97,
        "{entropy_large} {sure}"
    );
}

#[test]
fn binary_targets_and_what_data_has() {
    let binary = model(
        "model m\ninput x: real[16]\ntarget y: binary\ndefault { prior = Normal(0, 1e-7) }\n\
         network { f = dense(1) }\nobserve y ~ Bernoulli(f)\nobjective elbo\n",
    );
    let found = look_at_normal(&binary, 20, 10);
    let Outputs::Classes {
        classes: 2,
        entropy,
        ..
    } = found.outputs
    else {
        panic!("{:?}", found.outputs)
    };
    assert!((entropy - 2f64.ln()).abs() < 1e-9);
}

#[test]
fn predictions_and_noise_of_a_regression() {
    // f ~ N(0, 2²) at one input of 1; the noise is e^tau of a normal tau.
    let model = model(
        "model m\ninput x: real[1]\ntarget y: real\nlatent tau ~ Normal(-1, 0.5)\n\
         default { prior = Normal(0, 2), bias = none }\nnetwork { f = dense(1) }\n\
         observe y ~ Normal(loc = f, scale = exp(tau))\nobjective elbo\n",
    );
    let found = look_at(&model, &[1.0], 4000);
    let Outputs::Real { mean, noise } = found.outputs else {
        panic!("real numbers")
    };
    assert_variance(&mean, 4.0, 2.0 * 16.0, 4000.0);
    for (noise, z) in noise.iter().zip([-1.644_854, 0.0, 1.644_854]) {
        // The error of a 5th percentile of 4000 normals is 2.12/√4000, in standard deviations.
        assert!(
            (noise.ln() - (-1.0 + 0.5 * z)).abs() < 4.0 * 0.5 * 2.12 / 4000f64.sqrt(),
            "{noise}"
        );
    }
}

#[test]
fn networks_are_the_same_on_any_number_of_threads() {
    let model = classifier("Normal(0, 1)", "tanh", 2);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let found = || look_at_normal(&model, 20, 20).json().to_string();
        pool.build().unwrap().install(found)
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn weights_that_are_given_run_as_those_of_the_interpreter() {
    let model = model(
        "model m\ninput x: real[7, 6, 2]\ntarget y: real[2]\n\
         default { posterior = deterministic(loc = Normal(0, 0.5)), bias = deterministic }\n\
         network {\n conv2d(3, kernel = 3, padding = same)\n relu\n max_pool2d(2)\n conv2d(4, kernel = 2)\n \
         tanh\n flatten\n dense(5)\n silu\n f = dense(2)\n}\n\
         observe y ~ Normal(loc = f, scale = 1)\nobjective elbo\n",
    );
    let plan = Arc::new(Plan::new(model.clone()));
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), 3);
    interpreter.initialize(7);
    let mut x = vec![0.0; 3 * 84];
    Stream::new(5, 0, 0, 0).fill_normal(0, &mut x);
    let batch = Batch {
        inputs: &x,
        targets: Targets::Reals(&[0.0; 6]),
        others: &[],
        len: 3,
    };
    let draw = Draw {
        seed: 0,
        step: 0,
        given: None,
    };
    interpreter.step(&batch, &draw, &Position::full_batch(3));
    let mut outputs = interpreter.outputs().into_iter();
    let expected = outputs.find(|(name, ..)| *name == "loc").unwrap().2;
    let locs = model.tensors.iter().map(|(_, tensor)| {
        let name = format!("{}.loc", tensor.name);
        let variable = plan.variables.iter().find(|v| v.name == name).unwrap();
        interpreter.variables()[variable.range.clone()].to_vec()
    });
    let weights: Vec<f64> = locs.flatten().collect();
    let graph = Arc::new(Graph::of_weights(model.model.clone()));
    let kernels = Kernels {
        graph: &graph,
        variables: &weights,
        first: &[],
        second: &[],
        example_wise: &ExampleWise::default(),
        numbers: &[0.0, 1.0],
    };
    let mut network = Network::<f64>::new(graph.clone(), 3);
    network.forward(&kernels, &x, 3, Mode::Predict, None);
    let mut nodes = model.nodes.iter();
    let f = nodes.find(|(_, node)| node.name == "f").unwrap().0;
    let found = network.values(f).unwrap();
    assert_eq!(found.len(), 6);
    for (found, expected) in found.iter().zip(expected.iter()) {
        assert!(
            (found - expected).abs() < 1e-9 * (1.0 + expected.abs()),
            "{found} {expected}"
        );
    }
}
