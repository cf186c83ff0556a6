//! The numbers against exact ones.

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

fn inputs(values: &[f64], examples: usize) -> Inputs {
    Inputs {
        name: "some".into(),
        values: values.to_vec(),
        examples,
    }
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

#[test]
fn a_linear_layer_is_the_closed_form() {
    let prior = "prior = Normal(0, 0.7), bias = deterministic";
    let found = look(
        &regression(
            3,
            "",
            prior,
            "dense(40) { bias: prior = Normal(0, 2), posterior = MeanField }\nf = dense(1)",
        ),
        &inputs(&X, 1),
        None,
        1000,
    )
    .unwrap();
    let (first, second) = (&found.layers[0], &found.layers[1]);
    assert!((found.inputs_rms - (SQUARE / 3.0).sqrt()).abs() < 1e-12);
    assert_eq!((first.fan_in, second.fan_in), (3, 40));
    // 1000 networks of 40 units, normal: the variance of a square is 2 v².
    let v = 0.49 * SQUARE + 4.0;
    assert_variance(&first.pre_activations, v, 2.0 * v * v, 1000.0 * 40.0);
    // Given h it is normal with variance s²|h|², and |h|² has mean 40 v and second moment v²(40² + 80);
    // its bias starts as N(0, 0.1²).
    let (mean, second_moment) = (0.49 * 40.0 * v, 0.49f64.powi(2) * v * v * (1600.0 + 80.0));
    assert_variance(
        &second.pre_activations,
        mean + 0.01,
        3.0 * second_moment - mean * mean,
        1000.0,
    );
}

#[test]
fn a_latent_scale() {
    // ln of the scale is N(0, 0.3²): E s² = e^(2·0.09), E s⁴ = e^(8·0.09).
    let declarations = "latent tau ~ Normal(0, 0.3)";
    let prior = "prior = Normal(0, exp(tau)), bias = none";
    let found = look(
        &regression(3, declarations, prior, "f = dense(1)"),
        &inputs(&X, 1),
        None,
        4000,
    )
    .unwrap();
    let (squares, fourths) = ((0.18f64).exp() * SQUARE, (0.72f64).exp() * SQUARE * SQUARE);
    assert_variance(
        &found.layers[0].pre_activations,
        squares,
        3.0 * fourths - squares * squares,
        4000.0,
    );
    assert!(!found.layers[0].pre_activations.heavy);
    // A scale without a second moment is told as that.
    let heavy = look(
        &regression(3, "latent tau ~ StudentT(2)", prior, "f = dense(1)"),
        &inputs(&X, 1),
        None,
        50,
    )
    .unwrap();
    assert!(heavy.layers[0].pre_activations.heavy);
}

#[test]
fn a_learned_scale_is_taken_where_it_starts() {
    let prior = "prior = Normal(0, learned(0.7)), bias = none";
    let found = look(
        &regression(3, "", prior, "f = dense(1)"),
        &inputs(&X, 1),
        None,
        2000,
    )
    .unwrap();
    let v = 0.49 * SQUARE;
    assert_variance(&found.layers[0].pre_activations, v, 2.0 * v * v, 2000.0);
}

#[test]
fn a_heavy_tailed_prior_has_a_middle_and_no_standard_deviation() {
    // Σ x w of Cauchy w is Cauchy with scale Σ|x|, of which 68.27 % lie within tan(π·0.6827/2).
    let prior = "prior = StudentT(1), bias = none";
    let found = look(
        &regression(3, "", prior, "dense(200)\nf = dense(1)"),
        &inputs(&X, 1),
        None,
        100,
    )
    .unwrap();
    let spread = &found.layers[0].pre_activations;
    let exact = 3.5 * (std::f64::consts::PI * 0.682_689_5 / 2.0).tan();
    // 20,000 draws: p(q)·error(q) = √(0.16·0.84/20,000), p the density there; about 2.5 % at each end.
    assert!(
        spread.heavy && (spread.typical() / exact - 1.0).abs() < 0.07,
        "{spread:?}, {exact}"
    );
    // What it is multiplied with is as heavy, a bounded activation's values are not.
    assert!(found.layers[1].pre_activations.heavy);
    let bounded = "dense(200)\ntanh\nf = dense(1) { kernel: prior = Normal(0, 0.05) }";
    let found = look(
        &regression(3, "", prior, bounded),
        &inputs(&X, 1),
        None,
        100,
    )
    .unwrap();
    assert!(!found.layers[1].pre_activations.heavy);
}

#[test]
fn the_factors_of_a_kernel_multiply_it() {
    // (M ⊙ r sᵀ)ᵀx: E M² E r² E s² Σ x², with E r² = 1 + 0.5².
    let prior = "prior = Normal(0, 0.7), bias = none, posterior = Rank1(prior_scale = 0.5), estimator = per_example";
    let found = look(
        &regression(3, "", prior, "f = dense(1)"),
        &inputs(&X, 1),
        None,
        8000,
    )
    .unwrap();
    let exact = 0.49 * 1.25 * 1.25 * SQUARE;
    // E M⁴ E r⁴ E s⁴ = 3 σ⁴ (1 + 6·0.25 + 3/16)² bounds the fourth moment of each product.
    let fourth = 3.0 * 0.49f64.powi(2) * (1.0f64 + 1.5 + 0.1875).powi(2) * SQUARE * SQUARE;
    assert_variance(
        &found.layers[0].pre_activations,
        exact,
        fourth - exact * exact,
        8000.0,
    );
}

#[test]
fn a_prior_about_pretrained_weights() {
    let model = regression(
        3,
        "",
        "prior = Normal(0, 1e-9), bias = none",
        "f = dense(1)",
    );
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
        let model = classifier(prior, "relu", 1);
        let found = look(&model, &standard_inputs(&model, 50), None, 40).unwrap();
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
    let found = look(&binary, &standard_inputs(&binary, 20), None, 10).unwrap();
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
    let found = look(&model, &inputs(&[1.0], 1), None, 4000).unwrap();
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
fn a_deep_tanh_network_saturates_and_the_advice_ends_it() {
    let model = classifier("Normal(0, 1)", "tanh", 4);
    let found = look(&model, &standard_inputs(&model, 40), None, 40).unwrap();
    for layer in &found.layers[..4] {
        let then = layer.then.as_ref().unwrap();
        assert!(then.saturates && then.saturated.unwrap() > 0.4, "{layer:?}");
    }
    assert!(
        found
            .findings
            .iter()
            .any(|f| f.contains("tanh saturates in")),
        "{:?}",
        found.findings
    );
    let advice = found.advice.unwrap();
    let instead = "Normal(0, 1 / sqrt(fan_in))".to_string();
    assert_eq!(told(&advice), [("default".into(), instead)]);
    for layer in &advice.layers[..4] {
        assert!(
            layer.then.as_ref().unwrap().saturated.unwrap() < 0.02,
            "{layer:?}"
        );
    }
    // What is told is what such a model gives.
    let rewritten = classifier("Normal(0, 1 / sqrt(fan_in))", "tanh", 4);
    same(
        &advice,
        &look(&rewritten, &standard_inputs(&rewritten, 40), None, 40).unwrap(),
    );
}

/// Of what another prior is suggested, and which.
fn told(advice: &Advice) -> Vec<(String, String)> {
    let suggestions = advice.suggestions.iter();
    suggestions
        .map(|suggestion| (suggestion.of.clone(), suggestion.instead.clone()))
        .collect()
}

/// The model that follows an advice, parameter by parameter, measures as it says.
#[test]
fn what_is_measured_is_the_model_that_is_advised() {
    let layers = ["a", "b", "f"];
    let build = |default: &str, own: &dyn Fn(&str) -> String| {
        let [a, b, f] = layers.map(own);
        regression(
            100,
            "",
            default,
            &format!(
                "a = dense(50) {{ {a} }}\ntanh\nb = dense(50) {{ {b} }}\ntanh\nf = dense(1) {{ {f} }}"
            ),
        )
    };
    let mut by_layer = 0;
    for prior in [
        "",
        "prior = StudentT(1)",
        "prior = Cauchy(0, 1)",
        "prior = Horseshoe(1)",
        "prior = Normal(0, 3), bias: prior = Normal(0, 1)",
        "prior = Normal(0, 3), bias: prior = Normal(0, 2)",
        "bias: prior = Normal(0, 2)",
    ] {
        let model = build(prior, &|_| String::new());
        let inputs = standard_inputs(&model, 40);
        let advice = look(&model, &inputs, None, 100).unwrap().advice;
        let advice = advice.unwrap_or_else(|| panic!("{prior}"));
        let told = told(&advice);
        let of = |name: &str| {
            let mut found = told.iter().filter(|(of, _)| of == name);
            found.next().map(|(_, instead)| instead.as_str())
        };
        for suggestion in &advice.suggestions {
            assert_ne!(suggestion.written, suggestion.instead, "{prior}");
        }
        by_layer += usize::from(of("a.kernel").is_some());
        let (shared, biases) = prior.split_once(", bias: prior = ").unwrap_or((prior, ""));
        let (shared, biases) = match shared.strip_prefix("bias: prior = ") {
            Some(biases) => ("", biases),
            None => (shared, biases),
        };
        let mut default = match (of("default"), of("default kernel")) {
            (Some(both), _) => format!("prior = {both}"),
            (_, Some(kernel)) => format!("{shared}\nkernel: prior = {kernel}"),
            _ => shared.to_string(),
        };
        if let Some(biases) = of("default bias").or(Some(biases).filter(|b| !b.is_empty())) {
            default += &format!("\nbias: prior = {biases}");
        }
        let rewritten = build(&default, &|layer| {
            let kernel = of(&format!("{layer}.kernel"));
            kernel.map_or(String::new(), |kernel| format!("kernel: prior = {kernel}"))
        });
        let found = look(&rewritten, &standard_inputs(&rewritten, 40), None, 100).unwrap();
        same(&advice, &found);
    }
    assert!(by_layer > 0, "no advice is layer by layer");
}

/// Whether a model measures as an advice says it does.
#[track_caller]
fn same(advice: &Advice, found: &PriorPredictive) {
    for (told, layer) in advice.layers.iter().zip(&found.layers) {
        let (told, layer) = (
            told.pre_activations.typical(),
            layer.pre_activations.typical(),
        );
        assert!((told / layer - 1.0).abs() < 1e-9, "{told} {layer}");
    }
}

#[test]
fn advice_can_be_written_down() {
    for (declarations, prior, instead) in [
        ("", "Laplace(0, 1)", "Laplace(0, 0.707 / sqrt(fan_in))"),
        (
            "",
            "StudentT(4, scale = 2)",
            "StudentT(4, 0, 0.707 / sqrt(fan_in))",
        ),
        (
            "",
            "ScaleMixture(0.5, [1, 2])",
            "ScaleMixture(0.5, [0.632 / sqrt(fan_in), 1.26 / sqrt(fan_in)])",
        ),
        (
            "",
            "Normal(0, learned(2))",
            "Normal(0, learned(1 / sqrt(fan_in)))",
        ),
        (
            "latent tau ~ Normal(0, 0.1)",
            "Normal(0, exp(tau))",
            "Normal(0, exp(tau) / sqrt(fan_in))",
        ),
        (
            "latent tau ~ Normal(0, 0.1)",
            "Normal(0, 2 * exp(tau))",
            "Normal(0, 0.5 * (2 * exp(tau)) / sqrt(fan_in))",
        ),
    ] {
        let build = |prior: &str| {
            regression(
                30,
                declarations,
                &format!("prior = {prior}"),
                "dense(40)\nelu\nf = dense(1)",
            )
        };
        let model = build(prior);
        let advice = look(&model, &standard_inputs(&model, 40), None, 100)
            .unwrap()
            .advice;
        let advice = advice.unwrap_or_else(|| panic!("{prior}"));
        let told: Vec<&str> = advice
            .suggestions
            .iter()
            .map(|s| s.instead.as_str())
            .collect();
        assert_eq!(told, [instead]);
        let rewritten = build(instead);
        same(
            &advice,
            &look(&rewritten, &standard_inputs(&rewritten, 40), None, 100).unwrap(),
        );
    }
}

#[test]
fn a_rule_for_relu_where_values_shrink_from_layer_to_layer() {
    let bare = |prior: &str| classifier(&format!("{prior}, bias = none"), "relu", 8);
    let model = bare("Normal(0, 1 / sqrt(fan_in))");
    let found = look(&model, &standard_inputs(&model, 40), None, 60).unwrap();
    assert!(
        found.findings[0].contains("shrink from layer to layer"),
        "{:?}",
        found.findings
    );
    let advice = found.advice.unwrap();
    assert_eq!(advice.suggestions[0].instead, "Normal(0, sqrt(2 / fan_in))");
    let rewritten = bare("Normal(0, sqrt(2 / fan_in))");
    same(
        &advice,
        &look(&rewritten, &standard_inputs(&rewritten, 40), None, 60).unwrap(),
    );
}

#[test]
fn numbers_of_their_own_where_no_rule_will_do() {
    let build = |first: &str, second: &str| {
        let layers = format!(
            "dense(40) {{ prior = {first}, bias = none }}\nsoftplus\nf = dense(1) {{ prior = {second}, bias = none }}"
        );
        regression(30, "", "prior = Normal(0, 1)", &layers)
    };
    // Cauchy weights add up with the inputs' number, not with its root.
    let model = build("StudentT(1)", "StudentT(1)");
    let found = look(&model, &standard_inputs(&model, 40), None, 200).unwrap();
    let advice = found.advice.unwrap();
    for layer in &advice.layers {
        assert!(
            (0.3..3.0).contains(&layer.pre_activations.typical()),
            "{layer:?}"
        );
    }
    let [first, second] = &advice.suggestions[..] else {
        panic!("{:?}", advice.suggestions)
    };
    assert_eq!(
        (first.of.as_str(), second.of.as_str()),
        ("dense_1.kernel", "f.kernel")
    );
    let rewritten = build(&first.instead, &second.instead);
    same(
        &advice,
        &look(&rewritten, &standard_inputs(&rewritten, 40), None, 200).unwrap(),
    );
}

#[test]
fn inputs_out_of_scale_are_told_and_no_prior_is() {
    let model = regression(
        3,
        "",
        "prior = Normal(0, 0.5)",
        "dense(9)\nrelu\nf = dense(1)",
    );
    let found = look(&model, &inputs(&[100.0, 200.0, 300.0], 1), None, 40).unwrap();
    assert!(
        found.findings[0].starts_with("the inputs have a root mean square of 216"),
        "{:?}",
        found.findings
    );
    assert!(found.advice.is_none());
}

#[test]
fn a_quiet_prior_is_told_as_that() {
    let model = regression(
        30,
        "",
        "prior = Normal(0, 1 / sqrt(fan_in))",
        "dense(40)\ntanh\nf = dense(1)",
    );
    let found = look(&model, &standard_inputs(&model, 40), None, 60).unwrap();
    assert_eq!(
        found.findings,
        ["no layer saturates, and none makes values too large or too small"]
    );
    assert!(found.advice.is_none());
}

#[test]
fn networks_are_the_same_on_any_number_of_threads() {
    let model = classifier("Normal(0, 1)", "tanh", 2);
    let inputs = standard_inputs(&model, 20);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| look(&model, &inputs, None, 20).unwrap().json().to_string())
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
        len: 3,
    };
    let draw = Draw {
        seed: 0,
        step: 0,
        given: None,
    };
    interpreter.step(&batch, &draw, &Position::full_batch(3));
    let expected = interpreter
        .outputs()
        .into_iter()
        .find(|(name, ..)| *name == "loc")
        .unwrap()
        .2;
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
