//! The gradient of a whole step against central differences in float64: every layer, prior,
//! posterior, estimator, likelihood and KL form, in the models that join them.

use crate::pretrained;
use crate::pytorch;
use crate::support::{Examples, compiles, draw, plan, step};
use bnnc::exec::Interpreter;

/// Checks a spread of entries of every variable, as they start.
pub fn check(text: &str, examples: &Examples<f64>) {
    check_near(text, examples, 0.0);
}

/// Checks a spread of entries of every variable, up to `away` from where it starts.
fn check_near(text: &str, examples: &Examples<f64>, away: f64) {
    let plan = plan(text);
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), examples.len);
    interpreter.initialize(5);
    for (index, value) in interpreter.variables_mut().iter_mut().enumerate() {
        *value += away * (index as f64).sin();
    }
    pytorch::compare_at(text, examples, interpreter.variables());
    let draw = draw(3, 9);
    let n = 11;
    step(&mut interpreter, examples, &draw, n);
    let gradient = interpreter.gradient().to_vec();
    assert!(
        gradient.iter().any(|&g| g != 0.0),
        "no gradient at all in\n{text}"
    );
    for variable in &plan.variables {
        let len = variable.range.len();
        for entry in variable.range.clone().step_by(len.div_ceil(12)) {
            let at = interpreter.variables()[entry];
            let h = 1e-5;
            let mut loss = |x: f64| {
                interpreter.variables_mut()[entry] = x;
                step(&mut interpreter, examples, &draw, n).loss
            };
            let difference = (loss(at + h) - loss(at - h)) / (2.0 * h);
            interpreter.variables_mut()[entry] = at;
            let error = (gradient[entry] - difference).abs() / (1e-3 + difference.abs());
            assert!(
                error < 2e-5,
                "{} entry {}: gradient {}, difference {difference} in\n{text}",
                variable.name,
                entry - variable.range.start,
                gradient[entry]
            );
        }
    }
}

fn classifier(default: &str, network: &str, objective: &str) -> String {
    format!(
        "model test\ninput x: real[6, 6, 2]\ntarget label: category[3]\ndefault {{ {default} }}\n\
         network {{\n{network}\n}}\nobserve label ~ Categorical(logits = logits)\nobjective elbo {{ {objective} }}\n"
    )
}

fn regression(
    default: &str,
    network: &str,
    target: &str,
    observe: &str,
    objective: &str,
) -> String {
    format!(
        "model test\ninput x: real[4]\ntarget y: {target}\ndefault {{ {default} }}\n\
         network {{\n{network}\n}}\nobserve y ~ {observe}\nobjective elbo {{ {objective} }}\n"
    )
}

const CONVOLUTIONAL: &str = "conv2d(3, kernel = 3, padding = same)\n tanh\n max_pool2d(2)\n conv2d(4, kernel = 2)\n softplus\n flatten\n dense(5)\n tanh\n logits = dense(3)";

#[test]
fn every_estimator_through_convolutions_and_dense_layers() {
    for estimator in bnnc::estimator::ESTIMATORS {
        let name = estimator.signature().name;
        for bias in [
            "posterior = MeanField",
            "posterior = MeanField, bias = deterministic",
        ] {
            let default = format!("prior = Normal(0, 1), {bias}, estimator = {name}");
            for samples in [1, 2] {
                let text = classifier(&default, CONVOLUTIONAL, &format!("samples = {samples}"));
                check(&text, &Examples::new(5, 72, 3, 0));
            }
        }
    }
}

/// Kernels in groups, whose signs are of all channels; convolutions over one axis and three; transposed ones; dense
/// layers of the last axis.
#[test]
fn every_estimator_through_every_convolution_and_positions() {
    let grouped = "conv2d(6, kernel = 3, padding = same, groups = 2)\n tanh\n conv2d(6, kernel = 2, groups = 6)\n tanh\n \
                   conv2d(4, kernel = 3, stride = 2, padding = 1, groups = 2)\n flatten\n logits = dense(3)";
    let sequence = "reshape([12, 6])\n conv1d(4, kernel = 3, padding = causal)\n tanh\n avg_pool1d(2)\n \
                    conv1d(6, kernel = 2, groups = 2, stride = 2)\n max_pool1d(2, stride = 1)\n flatten\n logits = dense(3)";
    let volume = "reshape([3, 4, 3, 2])\n conv3d(3, kernel = 2, padding = same)\n tanh\n max_pool3d([1, 2, 2])\n \
                  conv3d(4, kernel = [2, 1, 1])\n tanh\n global_avg_pool3d\n logits = dense(3)";
    let larger = "conv_transpose2d(3, kernel = 3, stride = 2, padding = same)\n tanh\n crop([2, 1], after = 3)\n \
                  conv_transpose2d(2, kernel = 2, padding = 1)\n pad(1, after = 0, mode = reflect)\n \
                  upsample2d(2, interpolation = bilinear)\n max_pool2d(3)\n flatten\n logits = dense(3)";
    let positions = "reshape([8, 9])\n dense(5)\n tanh\n dense(40)\n tanh\n global_avg_pool1d\n logits = dense(3)";
    for estimator in bnnc::estimator::ESTIMATORS {
        let name = estimator.signature().name;
        let default = format!("prior = Normal(0, 1), posterior = MeanField, estimator = {name}");
        for network in [grouped, sequence, volume, larger, positions] {
            check_near(
                &classifier(&default, network, ""),
                &Examples::new(5, 72, 3, 0),
                0.3,
            );
        }
    }
}

/// A bias and a relu before a pool of maxima are worked out after it.
#[test]
fn biases_and_relus_around_maxima() {
    let network = "conv2d(3, kernel = 3, padding = same)\n relu\n max_pool2d(3, stride = 2)\n \
                   conv2d(4, kernel = 2)\n max_pool2d(1)\n relu\n flatten\n logits = dense(3)";
    let default = |estimator: &str| {
        format!("prior = Normal(0, 1), posterior = MeanField, estimator = {estimator}")
    };
    for estimator in bnnc::estimator::ESTIMATORS {
        let text = classifier(&default(estimator.signature().name), network, "");
        check_near(&text, &Examples::new(5, 72, 3, 0), 0.4);
    }
    // Another one after the pool has a place of its own.
    for last in [
        "sigmoid\n flatten",
        "softplus\n flatten",
        "flatten\n sigmoid",
    ] {
        let network = format!(
            "conv2d(3, kernel = 3, padding = same)\n relu\n max_pool2d(2)\n {last}\n logits = dense(3)"
        );
        let text = classifier(&default("flipout"), &network, "");
        check_near(&text, &Examples::new(5, 72, 3, 0), 0.4);
    }
}

/// Where a kernel is larger than its inputs and outputs, those are turned over for the gradient by the input. An
/// interpreter for more examples, for which that does not hold, has no room for it and does what is held to
/// differences elsewhere.
#[test]
fn gradients_by_the_inputs_of_large_kernels() {
    let network = "flatten\n dense(110)\n tanh\n dense(100)\n tanh\n logits = dense(3)";
    let examples = Examples::new(40, 72, 3, 0);
    for estimator in ["reparameterization", "local_reparameterization", "flipout"] {
        let text = classifier(
            &format!("prior = Normal(0, 1), estimator = {estimator}"),
            network,
            "",
        );
        let [fitting, roomy] = [40, 200].map(|capacity| {
            let mut interpreter = Interpreter::<f64>::new(plan(&text), capacity);
            interpreter.initialize(5);
            step(&mut interpreter, &examples, &draw(3, 9), 11);
            interpreter.gradient().to_vec()
        });
        for (a, b) in fitting.iter().zip(&roomy) {
            assert!(
                (a - b).abs() < 1e-10 * (1.0 + b.abs()),
                "{estimator}: {a} {b}"
            );
        }
    }
}

/// A layer for the whole minibatch takes so many examples in several parts.
#[test]
fn more_examples_than_a_layer_takes_at_once() {
    // Of the first layer, more rows of biases than are made at once, too.
    let network = "flatten\n dense(16)\n tanh\n logits = dense(3)";
    let examples = Examples::new(300, 72, 3, 0);
    for of in [
        "estimator = reparameterization",
        "estimator = local_reparameterization",
        "estimator = flipout",
        "estimator = flipout, bias = deterministic",
        "estimator = per_example",
        "posterior = Rank1(factor_scale = 0.4), estimator = per_example",
        "posterior = Rank1(factor_scale = 0.4), estimator = reparameterization",
        "posterior = Dropout(0.3), estimator = per_example",
    ] {
        let default = format!("prior = Normal(0, 1), {of}");
        check(&classifier(&default, network, ""), &examples);
    }
}

/// Its kernel is wider than its channels, though its output is one position.
#[test]
fn a_convolution_over_all_of_its_input() {
    let network =
        "max_pool2d(2)\n tanh\n conv2d(4, kernel = 3)\n tanh\n reshape([4])\n logits = dense(3)";
    for estimator in bnnc::estimator::ESTIMATORS {
        let default = format!("estimator = {}", estimator.signature().name);
        check(
            &classifier(&default, network, ""),
            &Examples::new(4, 72, 3, 0),
        );
    }
}

#[test]
fn every_activation_in_a_network() {
    for layer in [
        "relu",
        "leaky_relu",
        "elu",
        "gelu",
        "silu",
        "tanh",
        "sigmoid",
        "softplus",
    ] {
        let network = format!(
            "conv2d(3, kernel = 3)\n {layer}\n flatten\n dense(5)\n {layer}\n logits = dense(3)"
        );
        check(
            &classifier("estimator = flipout", &network, ""),
            &Examples::new(4, 72, 3, 0),
        );
    }
}

/// Rows of norms and slopes, drawn for each example or for all, and as points; what a dropout layer leaves out is the
/// same at both ends of a difference.
#[test]
fn rows_under_every_estimator() {
    let groups = "gain: prior = Normal(1, 0.2)\n shift: prior = Normal(0, 1)\n \
                  threshold: prior = Normal(0, 1)\n slope: posterior = MeanField(scale = 0.1)";
    for norm in [
        "filter_response_norm",
        "layer_norm",
        "group_norm(groups = 2)",
        "instance_norm { gain: posterior = Delta, prior = Normal(1, 0.2) }",
        "batch_norm",
        "filter_response_norm(threshold = none, gain = none)",
        "prelu\n spatial_dropout(0.3)",
    ] {
        let network = format!(
            "conv2d(4, kernel = 3)\n {norm}\n tanh\n flatten\n dense(5)\n prelu\n dropout(0.2)\n \
             logits = dense(3)"
        );
        let default = "prior = Normal(0, 1), posterior = MeanField";
        for estimator in bnnc::estimator::ESTIMATORS {
            let name = estimator.signature().name;
            let text = classifier(
                &format!("{default}, estimator = {name}\n {groups}"),
                &network,
                "",
            );
            check(&text, &Examples::new(5, 72, 3, 0));
        }
        check(
            &classifier(default, &network, ""),
            &Examples::new(5, 72, 3, 0),
        );
    }
}

/// A table of positions is added as a bias is; the products of attention have no weights, and read a value twice.
#[test]
fn every_estimator_through_attention_and_positions() {
    let network = "reshape([9, 8])\n a = dense(6)\n p = positions\n sinusoidal_positions\n q = dense(6)\n \
                   s = dot_product_attention(heads = 2, causal = true) on (q, p, p)\n m = dense(4) on a\n \
                   k = reshape([6, 6]) on m\n c = dot_product_attention(heads = 3) on (s, k, k)\n layer_norm\n \
                   flatten\n logits = dense(3)";
    for estimator in bnnc::estimator::ESTIMATORS {
        let name = estimator.signature().name;
        let default = format!(
            "prior = Normal(0, 1), posterior = MeanField, estimator = {name}\n table: prior = Normal(0, 0.5)"
        );
        check_near(
            &classifier(&default, network, ""),
            &Examples::new(5, 72, 3, 0),
            0.3,
        );
    }
}

#[test]
fn pools_views_strides_and_dilation() {
    for network in [
        "conv2d(3, kernel = 3, stride = 2, padding = same)\n global_avg_pool2d\n logits = dense(3)",
        "conv2d(3, kernel = [3, 2], dilation = 2)\n flatten\n logits = dense(3)",
        "conv2d(4, kernel = 3, padding = same)\n avg_pool2d(2)\n reshape([6, 6])\n flatten\n logits = dense(3)",
        "max_pool2d(2)\n conv2d(4, kernel = 2, padding = same)\n relu\n conv2d(3, kernel = 3)\n reshape([3])\n logits = dense(3)",
        "flatten\n relu\n logits = dense(3)",
    ] {
        check(
            &classifier("estimator = reparameterization", network, ""),
            &Examples::new(4, 72, 3, 0),
        );
    }
}

#[test]
fn every_prior_form_and_posterior() {
    let priors = [
        "Normal(0.1, 0.7)",
        "Laplace(0.1, 0.4)",
        "StudentT(4, 0.1, 0.5)",
        "ScaleMixture(weight = 0.4, scales = [1, 0.2])",
        "Normal(learned(0.1), learned(0.6))",
        "Laplace(0, learned(0.5))",
        "StudentT(learned(3), 0, learned(0.5))",
        "ScaleMixture(weight = learned(0.3), scales = [learned(1), 0.2])",
    ];
    for prior in priors {
        for kl in ["auto", "quadrature", "monte_carlo"] {
            for estimator in ["reparameterization", "flipout", "local_reparameterization"] {
                let default =
                    format!("prior = {prior}, posterior = MeanField, estimator = {estimator}");
                let text = regression(
                    &default,
                    "dense(3)\n tanh\n f = dense(1)",
                    "real",
                    "Normal(f, 0.5)",
                    &format!("kl = {kl}"),
                );
                check(&text, &Examples::new(4, 4, 0, 1));
            }
        }
        let default = format!("prior = {prior}, posterior = Delta");
        let text = regression(
            &default,
            "dense(3)\n tanh\n f = dense(1)",
            "real",
            "Normal(f, 0.5)",
            "",
        );
        check(&text, &Examples::new(4, 4, 0, 1));
    }
}

/// Under `Exp` the scale's slope is the scale; a start of -1 puts it where softplus has another.
#[test]
fn scales_by_exp() {
    for estimator in bnnc::estimator::ESTIMATORS {
        for kl in ["auto", "quadrature", "monte_carlo"] {
            let default = format!(
                "prior = StudentT(4, 0.1, learned(0.5)), posterior = MeanField(scale = Exp(Normal(-1, 0.3))), estimator = {}",
                estimator.signature().name
            );
            let text = regression(
                &default,
                "dense(3)\n tanh\n f = dense(1)",
                "real",
                "Normal(f, 0.5)",
                &format!("kl = {kl}").replace("kl = auto", ""),
            );
            check(&text, &Examples::new(4, 4, 0, 1));
        }
    }
}

#[test]
fn every_likelihood() {
    let two = "dense(3)\n tanh\n out = dense(2)";
    let reals = |width| Examples::new(5, 4, 0, width);
    check(
        &regression("", two, "real[2]", "Normal(out, 0.3)", ""),
        &reals(2),
    );
    // Numbers for each entry of a target, and for all.
    for observe in [
        "Normal(out, learned(0.3))",
        "Normal(out, learned(0.3, shared))",
        "Normal(out, learned([0.3, 0.8]))",
        "Normal(out, 0.1 + learned(0.3) ^ 2)",
        "Normal(out, [learned(0.3), 0.8])",
        "Normal([learned(0.3), learned(-0.2)], softplus(out))",
        "StudentT(df = learned([3, 5]), loc = out, scale = learned(0.3, shared))",
        "Normal(out, exp(out))",
    ] {
        check_near(&regression("", two, "real[2]", observe, ""), &reals(2), 0.2);
    }
    let four = "dense(3)\n tanh\n out = dense(4)";
    for observe in [
        "Normal(loc = out[0:2], scale = softplus(out[2:4]))",
        "Normal(loc = out[2:], scale = exp(out[:2]))",
        "Normal(loc = out[1:3], scale = exp(out[1:3]))",
        "Laplace(loc = out[1:3], scale = [0.4, learned(0.4)])",
    ] {
        let text = regression("", &format!("{four}\n"), "real[2]", observe, "");
        check_near(&text, &reals(2), 0.2);
    }
    let latents = "latent n1 ~ HalfNormal(1)\nlatent n2 ~ HalfNormal(1)\ndefault";
    let text = regression("", two, "real[2]", "Normal(out, [n1, 2 * n2 + n1])", "");
    check(&text.replacen("default", latents, 1), &reals(2));
    // A scale that is learned or latent, of each noise that has one.
    let latent = "latent tau ~ HalfNormal(1)\ndefault";
    for observe in [
        "StudentT(df = 4, loc = out, scale = tau)",
        "StudentT(df = 1 + tau, loc = out, scale = learned(0.5))",
        "Laplace(loc = out, scale = tau)",
        "Laplace(loc = out, scale = learned(0.5))",
        "Cauchy(loc = out, scale = tau)",
    ] {
        let text = regression("", two, "real[2]", observe, "");
        check_near(&text.replacen("default", latent, 1), &reals(2), 0.2);
    }
    // Mixtures: with scales of their own, a learned one and a latent one.
    for (target, width, observe) in [
        (
            "real",
            9,
            "MixtureNormal(out[0:3], out[3:6], softplus(out[6:9]))",
        ),
        (
            "real[2]",
            8,
            "MixtureNormal(out[0:4], out[4:8], learned(0.5))",
        ),
        ("real[2]", 8, "MixtureNormal(out[0:4], out[4:8], tau)"),
    ] {
        let network = format!("dense(3)\n tanh\n out = dense({width})");
        let text = regression("", &network, target, observe, "");
        let entries = if target == "real" { 1 } else { 2 };
        check_near(&text.replacen("default", latent, 1), &reals(entries), 0.2);
    }
    // Cutpoints: learned, known, and latent with distances above 0.
    let latents =
        "latent c ~ Normal(0, 1)\nlatent d ~ HalfNormal(1)\nlatent e ~ HalfNormal(1)\ndefault";
    for cutpoints in [
        "learned(0)",
        "learned([-1, 0.5, 2])",
        "[-1, 0.5, 2]",
        "[c, c + d, c + d + e]",
        "[-1, 0, learned(0.3) ^ 2 + 0.1]",
    ] {
        let observe = format!("OrderedLogistic(eta = out, cutpoints = {cutpoints})");
        let network = "dense(3)\n tanh\n out = dense(1)";
        let text = regression("", network, "category[4]", &observe, "");
        let examples = Examples::new(6, 4, 4, 0);
        check_near(&text.replacen("default", latents, 1), &examples, 0.2);
    }
    let counts = Examples {
        reals: vec![0.0, 3.0, 1.0, 0.0, 7.0],
        ..Examples::new(5, 4, 0, 1)
    };
    for observe in [
        "ZeroInflatedPoisson(gate_logits = out[0], log_rate = out[1])",
        "ZeroInflatedPoisson(gate_logits = learned(-1), log_rate = out[1])",
    ] {
        check_near(&regression("", two, "count", observe, ""), &counts, 0.2);
    }
    check(
        &regression(
            "",
            two,
            "real",
            "Normal(loc = out[0], scale = softplus(out[1]))",
            "",
        ),
        &reals(1),
    );
    check(
        &regression(
            "",
            "dense(3)\n tanh\n f = dense(1)",
            "binary",
            "Bernoulli(logits = f)",
            "",
        ),
        &Examples::new(5, 4, 2, 0),
    );
}

#[test]
fn the_objectives_options_scale_the_terms() {
    for objective in [
        "temperature = 0.3",
        "minibatch = blundell",
        "annealing = linear(epochs = 4)",
        "samples = 3, kl = monte_carlo",
    ] {
        let text = regression("", "f = dense(1)", "real", "Normal(f, 0.5)", objective);
        check(&text, &Examples::new(4, 4, 0, 1));
    }
}

#[test]
fn points_by_the_method() {
    for prior in [
        "Normal(0, learned(0.5))",
        "StudentT(3, 0, 1)",
        "Horseshoe(1)",
    ] {
        let default = format!("prior = {prior}, estimator = flipout");
        let text = regression(
            &default,
            "dense(3)\n tanh\n f = dense(1)",
            "real",
            "Normal(f, 0.5)",
            "",
        )
        .replace("objective elbo", "inference map");
        check(&text, &Examples::new(4, 4, 0, 1));
    }
}

/// A regression with latent variables `declared` before everything that uses them.
fn hierarchy(declared: &str, default: &str, observe: &str, objective: &str) -> String {
    let text = regression(
        default,
        "dense(3)\n tanh\n f = dense(1)",
        "real",
        observe,
        objective,
    );
    text.replace("default {", &format!("{declared}\ndefault {{"))
}

/// Priors of points that depend on other points: nothing is drawn, and each gradient passes through a term of
/// another tensor.
#[test]
fn chains_of_points_by_the_method() {
    let declared = "latent a ~ Normal(0, 1)\nlatent b ~ Normal(a, exp(a))";
    for prior in ["Normal(b, 1)", "Laplace(a, softplus(b))"] {
        let default = format!("prior = {prior}");
        let text = hierarchy(declared, &default, "Normal(f, softplus(a))", "")
            .replace("objective elbo", "inference map");
        check(&text, &Examples::new(4, 4, 0, 1));
    }
}

#[test]
fn latent_variables_in_priors_and_likelihood() {
    let tau = "latent noise ~ Normal(0, 1)\nlatent tau ~ Normal(0, exp(noise)), posterior = MeanField(loc = 0.2, scale = 0.3)";
    for prior in [
        "Normal(tau, exp(tau) / sqrt(fan_in))",
        "Laplace(0, softplus(tau - 1) * learned(0.5))",
        "StudentT(4, 0, (1 + tau ^ 2) / 2)",
    ] {
        for kl in ["auto", "quadrature", "monte_carlo"] {
            for samples in [1, 3] {
                let default =
                    format!("prior = {prior}, posterior = MeanField, estimator = flipout");
                let objective = format!("kl = {kl}, samples = {samples}");
                let text = hierarchy(tau, &default, "Normal(f, softplus(noise))", &objective);
                check(&text, &Examples::new(4, 4, 0, 1));
            }
        }
        let default = format!("prior = {prior}, posterior = Delta");
        let text = hierarchy(tau, &default, "Normal(f, softplus(noise))", "");
        check(&text, &Examples::new(4, 4, 0, 1));
    }
    // Numbers of a likelihood for each entry of a target, of latent and learned ones.
    for scale in [
        "[softplus(noise), learned(0.3)]",
        "softplus(noise) * learned([0.3, 0.8])",
    ] {
        let observe = format!("Normal(f, {scale})");
        let text = hierarchy(
            tau,
            "prior = Normal(0, 1), posterior = MeanField",
            &observe,
            "samples = 2",
        )
        .replace("y: real", "y: real[2]")
        .replace("f = dense(1)", "f = dense(2)");
        check(&text, &Examples::new(4, 4, 0, 2));
    }
}

const FAMILIES: [&str; 15] = [
    "MeanField",
    "FullRank",
    "LowRank(rank = 2, factor = Normal(0, 0.3))",
    "MatrixNormal",
    "Radial",
    "Rank1",
    "Dropout(0.3)",
    "LogNormal(loc = Normal(0, 0.2))",
    "LogitNormal",
    "Laplace",
    "Cauchy",
    "FullRank(scale = Exp(-1))",
    "LowRank(loc = Orthogonal, scale = Exp(Normal(-1, 0.3)), factor = GlorotNormal)",
    "MatrixNormal(loc = HeNormal, scale = Exp(-1))",
    "Radial(scale = Exp(-1))",
];

#[test]
fn every_posterior_under_every_estimator_that_it_allows() {
    for family in FAMILIES {
        let mut tried = 0;
        for estimator in bnnc::estimator::ESTIMATORS {
            let name = estimator.signature().name;
            // Under the language's own prior the KL of a Cauchy is infinite.
            let prior = match family {
                "Cauchy" => "StudentT(3, 0, 1)",
                _ => "Normal(0, 1)",
            };
            let kernel = format!("kernel: prior = {prior}, posterior = {family}");
            let default = format!("estimator = {name}\n bias = none\n {kernel}");
            let text = classifier(&default, CONVOLUTIONAL, "samples = 2");
            if compiles(&text) {
                check(&text, &Examples::new(3, 72, 3, 0));
                tried += 1;
            }
        }
        assert!(tried > 0, "{family}");
    }
}

#[test]
fn every_posterior_in_every_form_of_its_term() {
    for family in FAMILIES {
        for prior in [
            "Normal(0.1, learned(0.6))",
            "StudentT(4, 0, tau)",
            "Normal(0, 0.7)",
            "Horseshoe(tau, local = unit)",
        ] {
            for kl in ["auto", "quadrature", "monte_carlo"] {
                let default = format!("prior = {prior}, posterior = {family}");
                let tau = "latent noise ~ Normal(0, 1)\nlatent tau ~ StudentT(3), posterior = LogNormal(loc = -0.3, scale = 0.2)";
                let objective = format!("kl = {kl}, samples = 2");
                let text = hierarchy(tau, &default, "Normal(f, softplus(noise))", &objective);
                if compiles(&text) {
                    check(&text, &Examples::new(4, 4, 0, 1));
                } else {
                    let light = family == "Cauchy" && !prior.starts_with("StudentT");
                    assert!(
                        light || kl == "quadrature" || family.starts_with("Dropout"),
                        "{text}"
                    );
                }
            }
        }
    }
}

/// Away from the pretrained weights, so that the prior's distance from them has a gradient.
#[test]
fn a_prior_about_pretrained_weights() {
    let folder = tempfile::tempdir().unwrap();
    let file = pretrained::written(folder.path());
    for estimator in ["reparameterization", "flipout", "local_reparameterization"] {
        for kl in ["auto", "quadrature", "monte_carlo"] {
            let default = format!(
                "from = \"{file}\", prior = MOPED(delta = 0.3, scale = 0.4), estimator = {estimator}"
            );
            let text = pretrained::model(&default, "", &format!("kl = {kl}"));
            check_near(&text, &Examples::new(5, 4, 0, 1), 0.3);
        }
    }
}

/// The steps of training are in float32, whose kernels are others: without maxima, which a rounding can
/// move, they are those of float64 but for roundings.
#[test]
fn float32_gradients_are_those_of_float64() {
    let networks = [
        "conv2d(64, kernel = 5, padding = same)\ntanh\navg_pool2d(2)\nconv2d(33, kernel = [3, 2])\n\
         tanh\nflatten\nlogits = dense(3)",
        "conv2d(6, kernel = 3, stride = 2)\ntanh\nflatten\ndense(40)\nsoftplus\nlogits = dense(3)",
    ];
    for estimator in [
        "reparameterization",
        "flipout",
        "local_reparameterization",
        "per_example",
    ] {
        for network in networks {
            let text = format!(
                "model test\ninput x: real[16, 14, 3]\ntarget label: category[3]\n\
                 default {{ prior = Normal(0, 1)\nposterior = MeanField(scale = 0.05)\nestimator = {estimator} }}\n\
                 network {{\n{network}\n}}\nobserve label ~ Categorical(logits = logits)\nobjective elbo\n"
            );
            let plan = plan(&text);
            let mut exact = Interpreter::<f64>::new(plan.clone(), 9);
            let mut interpreter = Interpreter::<f32>::new(plan.clone(), 9);
            interpreter.initialize(5);
            let variables = exact
                .variables_mut()
                .iter_mut()
                .zip(interpreter.variables());
            variables.for_each(|(exact, &x)| *exact = f64::from(x));
            let draw = draw(3, 9);
            let (narrow, wide) = (
                Examples::<f32>::new(9, 16 * 14 * 3, 3, 0),
                Examples::<f64>::new(9, 16 * 14 * 3, 3, 0),
            );
            let (got, expected) = (
                step(&mut interpreter, &narrow, &draw, 100).loss,
                step(&mut exact, &wide, &draw, 100).loss,
            );
            assert!((got / expected - 1.0).abs() < 1e-5, "{got} {expected}");
            for variable in &plan.variables {
                let got = &interpreter.gradient()[variable.range.clone()];
                let expected = &exact.gradient()[variable.range.clone()];
                let size = expected.iter().map(|x| x * x).sum::<f64>() / expected.len() as f64;
                for (got, expected) in got.iter().zip(expected) {
                    let error = (f64::from(*got) - expected).abs() / size.sqrt();
                    assert!(
                        error < 1e-4,
                        "{}: {got} {expected} in\n{text}",
                        variable.name
                    );
                }
            }
        }
    }
}

/// A class, 0 or 1, or a number at each place of an image.
#[test]
fn targets_that_are_images() {
    for estimator in ["reparameterization", "flipout", "local_reparameterization"] {
        for (target, channels, observe) in [
            ("category[3][6, 6]", 3, "Categorical(logits = f)"),
            ("binary[6, 6, 1]", 1, "Bernoulli(logits = f)"),
            ("real[6, 6, 1]", 1, "Normal(loc = f, scale = learned(0.3))"),
            ("real[6, 6, 2]", 2, "Laplace(loc = f, scale = learned(0.3))"),
        ] {
            let text = format!(
                "model test\ninput x: real[6, 6, 2]\ntarget y: {target}\n\
                 default {{ posterior = MeanField, estimator = {estimator} }}\n\
                 network {{ conv2d(3, kernel = 3, padding = same)\n tanh\n \
                 f = conv2d({channels}, kernel = 3, padding = same) }}\n\
                 observe y ~ {observe}\nobjective elbo\n"
            );
            let mut examples = Examples::new(
                4,
                72,
                1,
                if target.starts_with("real") {
                    36 * channels
                } else {
                    0
                },
            );
            let classes = if channels == 3 { 3 } else { 2 };
            examples.labels = (0..4 * 36).map(|i: u32| (i * i + 1) % classes).collect();
            check(&text, &examples);
        }
    }
}
