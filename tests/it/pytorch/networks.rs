//! Networks and likelihoods: every layer and every likelihood of the registries, against the interpreter.

use super::{compare, compare_made};
use crate::support::{Examples, plan};
use bnnc::layer::LAYERS;
use bnnc::likelihood::LIKELIHOODS;
use std::collections::BTreeSet;

/// A classifier whose last value is `logits`.
fn classifier(input: &str, estimator: &str, network: &str, objective: &str) -> String {
    let of = if input.starts_with('[') { "real" } else { "" };
    format!(
        "model test\ninput x: {of}{input}\ntarget y: category[3]\n\
         default {{ prior = Normal(0, 1), posterior = MeanField, estimator = {estimator} }}\n\
         network {{\n{network}\n logits = dense(3)\n}}\nobserve y ~ Categorical(logits = logits)\nobjective elbo {{ {objective} }}\n"
    )
}

/// Networks that have every layer of the registry, with the input of each.
const NETWORKS: [(&str, &str); 19] = [
    // Paddings that are not alike on both sides, and such that are.
    (
        "[7, 6, 2]",
        "conv2d(4, kernel = [3, 2], stride = 2, padding = same)\n tanh\n pad(1, after = 2)\n \
         conv2d(3, kernel = 3, padding = 2)\n conv2d(4, kernel = 3, dilation = 2, padding = same)\n \
         max_pool2d(3, stride = 2, padding = same)\n flatten",
    ),
    (
        "[9, 4]",
        "conv1d(4, kernel = 4, padding = causal)\n silu\n max_pool1d(2, padding = 1)\n \
         conv1d(6, kernel = 3, groups = 2, stride = 2, padding = 1)\n avg_pool1d(2, stride = 1, padding = same)\n \
         upsample1d(3)\n global_avg_pool1d",
    ),
    (
        "[3, 4, 3, 2]",
        "conv3d(3, kernel = 2, padding = same)\n softplus\n max_pool3d([1, 2, 2], padding = same)\n \
         avg_pool3d(2, stride = 1)\n upsample3d([2, 1, 2])\n global_max_pool3d",
    ),
    (
        "[3, 4, 2]",
        "conv_transpose2d(3, kernel = 3, stride = 2, padding = same)\n gelu\n crop([2, 1], after = 1)\n \
         conv_transpose2d(2, kernel = [2, 3], stride = [3, 2], padding = 1, output_padding = 1)\n \
         pad(1, after = 0, mode = reflect)\n upsample2d(3, interpolation = bilinear)\n avg_pool2d(2, padding = same)\n \
         global_avg_pool2d",
    ),
    (
        "[4, 3]",
        "conv_transpose1d(4, kernel = 2, stride = 3)\n conv_transpose1d(2, kernel = 3, dilation = 2, padding = 1)\n \
         gelu(approximate = tanh)\n global_max_pool1d",
    ),
    (
        "[2, 2, 3, 1]",
        "conv_transpose3d(2, kernel = 2, stride = 2)\n hard_swish\n conv_transpose3d(2, kernel = 3, padding = same)\n \
         global_avg_pool3d",
    ),
    (
        "[6, 5, 2]",
        "a = conv2d(4, kernel = 3, padding = same)\n group_norm(groups = 2)\n leaky_relu\n \
         b = conv2d(4, kernel = 3, padding = same)\n filter_response_norm\n c = spatial_dropout(0.3)\n add on (c, a)\n \
         instance_norm\n elu(alpha = 0.7)\n pad_channels(7, stride = 2)\n prelu\n upsample2d([1, 2])\n \
         global_max_pool2d\n sigmoid",
    ),
    (
        "[6, 6, 2]",
        "conv2d(4, kernel = 3)\n batch_norm\n relu\n residual {\n conv2d(4, kernel = 3, padding = same)\n \
         batch_norm(momentum = 0.9)\n }\n mish\n flatten\n dense(5)\n batch_norm\n dropout(0.4)",
    ),
    (
        "[8]",
        "a = dense(6)\n layer_norm\n b = exp\n c = dense(6) on x\n p = softmax\n d = multiply on (p, a)\n \
         q = log_softmax\n e = concat on (q, b)\n prelu",
    ),
    (
        "[4, 6]",
        "reshape([8, 3])\n dense(5)\n layer_norm\n relu\n reshape([5, 8])\n dense(2)\n flatten",
    ),
    (
        "[7, 3, padded]",
        "dense(4)\n tanh\n layer_norm\n conv1d(3, kernel = 3, padding = same)\n mask_padding\n flatten",
    ),
    (
        "[6, 3, padded]",
        "lstm(4)\n lstm(3, direction = both, forget_bias = 0.5)\n lstm(3, returns = last)",
    ),
    (
        "[5, 3]",
        "a = gru(4)\n gru(3, direction = backward)\n rnn(4, direction = both)\n rnn(2, returns = last)",
    ),
    (
        "[6, 3, padded]",
        "a = gru(4)\n b = global_avg_pool1d\n c = global_max_pool1d on a\n concat on (b, c)",
    ),
    // Names with a meaning in the program.
    (
        "[6, 6, 2]",
        "conv = conv2d(2, kernel = 3)\n F = softplus\n softplus = batch_norm\n lambda = max_pool2d(2)\n \
         noise = flatten\n self = dense(4)\n torch = tanh",
    ),
    (
        "[6, 4]",
        "positions\n a = dense(4)\n p = sinusoidal_positions\n b = dense(6) on x\n c = dot_product_attention(heads = 2, \
         causal = true) on (x, p, b)\n d = reshape([3, 12])\n e = dense(4)\n dot_product_attention on (a, e, d)\n flatten",
    ),
    (
        "token[5, vocabulary = 7]",
        "embedding(4)\n dense(3)\n flatten",
    ),
    (
        "[6, 4, padded]",
        "k = dense(4)\n dot_product_attention(heads = 2, causal = true) on (x, k, x)\n q = dense(4)\n \
         dot_product_attention on (q, k, x)\n flatten",
    ),
    (
        "[6, 6, 3]",
        "repeat 2 {\n residual {\n conv2d(3, kernel = 3, padding = same)\n relu\n }\n }\n global_avg_pool2d",
    ),
];

#[test]
fn every_layer_has_the_loss_of_the_interpreter() {
    let mut met = BTreeSet::new();
    for (input, network) in NETWORKS {
        for (estimator, objective) in [("reparameterization", ""), ("flipout", "samples = 2")] {
            let text = classifier(input, estimator, network, objective);
            compare_made(&text, None);
            let plan = plan(&text);
            let layers = plan
                .model
                .nodes
                .values()
                .filter_map(|node| node.call.as_ref()?.layer);
            met.extend(layers.map(|layer| layer.signature().name));
        }
    }
    let missing = LAYERS
        .iter()
        .filter(|layer| layer.block().is_none())
        .map(|layer| layer.signature().name)
        .filter(|name| !met.contains(name));
    assert_eq!(missing.collect::<Vec<_>>(), [""; 0]);
}

/// Whoever uses a likelihood may have its numbers from the network, fixed, learned or from a latent variable.
const OBSERVED: [(&str, usize, &str); 39] = [
    ("category[3]", 3, "Categorical(logits = f)"),
    ("category[3]", 4, "Categorical(logits = f[1:4])"),
    ("binary", 1, "Bernoulli(logits = f)"),
    ("real", 1, "Normal(loc = f, scale = 0.5)"),
    ("real", 2, "Normal(loc = f[0], scale = softplus(f[1]))"),
    ("real[2]", 4, "Normal(loc = f[2:], scale = exp(f[:2]))"),
    ("real[2]", 2, "Normal(f, [0.3, 0.8])"),
    ("real[2]", 2, "Normal(f, [learned(0.3), 0.8])"),
    ("real[2]", 2, "Normal(f, learned([0.3, 0.8]))"),
    (
        "real[2]",
        2,
        "Normal(f, softplus(tau) * learned([0.3, 0.8]))",
    ),
    (
        "real[2]",
        2,
        "Normal([learned(0.3), learned(-0.2)], softplus(f))",
    ),
    ("real", 1, "Laplace(f, learned(0.4))"),
    ("real", 1, "Laplace(f, 0.4)"),
    (
        "real",
        1,
        "StudentT(df = learned(4), loc = f, scale = learned(0.5))",
    ),
    ("real", 1, "StudentT(df = 4, loc = f, scale = 0.5)"),
    ("real", 1, "Cauchy(f, softplus(tau))"),
    ("real", 1, "Cauchy(f, 2)"),
    ("real", 1, "LogNormal(f, 0.6)"),
    ("real", 1, "LogNormal(f, learned(0.6))"),
    ("real", 2, "Gamma(softplus(f[0]), softplus(f[1]))"),
    ("real", 1, "Gamma(2.5, softplus(f))"),
    ("real", 1, "InverseGamma(learned(2.5), softplus(f))"),
    ("real", 1, "InverseGamma(softplus(f), 2)"),
    ("real", 1, "Exponential(softplus(f))"),
    ("real", 1, "Laplace(f, softplus(tau))"),
    ("real", 1, "StudentT(df = 4, loc = f, scale = exp(tau))"),
    (
        "real",
        6,
        "MixtureNormal(logits = f[0:2], loc = f[2:4], scale = softplus(f[4:6]))",
    ),
    (
        "real",
        6,
        "MixtureNormal(logits = f[0:3], loc = f[3:6], scale = 0.5)",
    ),
    (
        "real[2]",
        8,
        "MixtureNormal(logits = f[0:4], loc = f[4:8], scale = learned(0.5))",
    ),
    (
        "category[4]",
        1,
        "OrderedLogistic(eta = f, cutpoints = learned(0))",
    ),
    (
        "category[3]",
        1,
        "OrderedLogistic(eta = f, cutpoints = [tau, tau + 0.5])",
    ),
    (
        "category[2]",
        1,
        "OrderedLogistic(eta = f, cutpoints = [0.3])",
    ),
    (
        "count",
        2,
        "ZeroInflatedPoisson(gate_logits = f[0], log_rate = f[1])",
    ),
    (
        "count",
        1,
        "ZeroInflatedPoisson(gate_logits = learned(-1), log_rate = f)",
    ),
    ("count", 1, "Poisson(log_rate = f)"),
    (
        "count",
        1,
        "NegativeBinomial(log_mean = f, concentration = learned(2))",
    ),
    (
        "count",
        2,
        "NegativeBinomial(log_mean = f[0], concentration = softplus(f[1]))",
    ),
    (
        "count",
        1,
        "NegativeBinomial(log_mean = f, concentration = 2)",
    ),
    ("count", 1, "Binomial(trials = 6, logits = f)"),
];

#[test]
fn every_likelihood_has_the_loss_of_the_interpreter() {
    for (target, width, observe) in OBSERVED {
        let latent = match observe.contains("tau") {
            true => "latent tau ~ Normal(0, 1)",
            false => "",
        };
        let text = format!(
            "model test\ninput x: real[4]\ntarget y: {target}\n{latent}\n\
             default {{ prior = Normal(0, 1), posterior = MeanField, estimator = reparameterization }}\n\
             network {{\n dense(3)\n tanh\n f = dense({width})\n}}\nobserve y ~ {observe}\nobjective elbo\n"
        );
        compare_made(&text, None);
    }
    for likelihood in LIKELIHOODS {
        let name = likelihood.signature().name;
        let of = |(_, _, observe): &(&str, usize, &str)| observe.starts_with(&format!("{name}("));
        assert!(OBSERVED.iter().any(of), "{name}");
    }
}

#[test]
fn targets_at_the_places_of_an_image() {
    for (target, channels, observe) in [
        ("category[3][4, 5]", 3, "Categorical(logits = f)"),
        ("binary[4, 5, 1]", 1, "Bernoulli(logits = f)"),
        ("real[4, 5, 2]", 2, "Normal(loc = f, scale = 0.3)"),
        ("real[4, 5, 2]", 2, "Laplace(loc = f, scale = learned(0.3))"),
        (
            "real[4, 5, 1]",
            3,
            "MixtureNormal(logits = f, loc = f, scale = 0.5)",
        ),
        (
            "category[3][4, 5]",
            1,
            "OrderedLogistic(eta = f, cutpoints = learned([-1, 0.5]))",
        ),
    ] {
        let text = format!(
            "model test\ninput x: real[4, 5, 2]\ntarget y: {target}\n\
             default {{ prior = Normal(0, 1), posterior = MeanField, estimator = flipout }}\n\
             network {{\n f = conv2d({channels}, kernel = 3, padding = same)\n}}\nobserve y ~ {observe}\nobjective elbo\n"
        );
        compare_made(&text, None);
    }
}

/// Inputs lie in a row one after the other; each target has its likelihood.
#[test]
fn several_inputs_and_several_targets() {
    let text = "model test\ninput image: real[4, 4, 2]\ninput age: real\ntarget kind: category[3]\ntarget size: real\n\
                target ill: binary\ndefault { prior = Normal(0, 1), posterior = MeanField, estimator = flipout }\n\
                network {\n conv2d(3, kernel = 3) on image\n tanh\n features = flatten\n body = concat on (features, age)\n \
                kinds = dense(3)\n others = dense(3) on body\n}\n\
                observe kind ~ Categorical(logits = kinds)\n\
                observe size ~ Normal(loc = others[0], scale = softplus(others[1]))\n\
                observe ill ~ Bernoulli(logits = others[2])\nobjective elbo { samples = 2 }\n";
    compare_made(text, None);
}

/// Nothing in a network stops the compiler of PyTorch: one graph has all of it.
#[test]
fn a_compiled_network_has_the_loss_of_the_interpreter() {
    let network = "conv2d(4, kernel = 3, stride = 2, padding = same)\n batch_norm\n relu\n max_pool2d(2, padding = same)\n \
                   dropout(0.3)\n flatten\n dense(5)\n layer_norm\n softplus";
    let text = classifier("[6, 6, 2]", "flipout", network, "");
    compare_made(&text, Some("aot_eager"));
    compare(&text, &Examples::new(5, 72, 3, 0));
}
