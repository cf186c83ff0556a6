//! What people write who come from Keras, TensorFlow Probability, PyTorch or Pyro: each message has the edit
//! that mends it.

use bnnc::compile;
use bnnc::diagnostic::{Failure, render};
use bnnc::source::Source;

const MODEL: &str = "model m
input x: real[28, 28, 1]
target y: category[10]
default { prior = Normal(0, 1 / sqrt(fan_in)) }
network {
  conv2d(6, kernel = 5)
  relu
  flatten
  logits = dense(10)
}
observe y ~ Categorical(logits = logits)
objective elbo
";

fn failure(text: &str) -> Option<Failure> {
    let source = Source {
        name: "model.bnn".into(),
        text: text.into(),
    };
    compile::source(source, &[]).err()
}

/// The text once every replacement that a message offers first is made, until none is left.
fn mended(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..8 {
        let Some(failure) = failure(&text) else {
            return text;
        };
        let patch = failure
            .diagnostics
            .iter()
            .flat_map(|m| &m.helps)
            .find_map(|h| h.patch.clone());
        let Some((place, with)) = patch else {
            let said = render(&failure.diagnostics, failure.source_file.as_deref(), false);
            panic!("no edit is offered in\n{text}\n{said}");
        };
        text.replace_range(place.start..place.end, &with);
    }
    panic!("it never ends:\n{text}")
}

#[test]
fn an_edit_leads_to_the_model_that_was_meant() {
    for (ours, theirs) in [
        ("kernel = 5", "kernel = (5, 5)"),
        ("[28, 28, 1]", "[None, 28, 28, 1]"),
        ("[28, 28, 1]", "[-1, 28, 28, 1]"),
        ("[28, 28, 1]", "[1, 28, 28]"),
        ("[28, 28, 1]", "(28, 28, 1)"),
        ("real[28, 28, 1]", "float32[28, 28, 1]"),
        ("dense(10)", "dense(10)(x)"),
        ("dense(10)", "dense(10, activation = softmax)"),
        ("dense(10)", "dense(10, activation = \"softmax\")"),
        ("dense(10)", "dense(10, activation = 'linear')"),
        ("5)\n  relu", "5, activation = relu)"),
        ("5)\n  relu", "5, activation = 'relu')"),
        ("model m", "model \"m\""),
        ("kernel = 5", "kernel = 5, padding = 'valid'"),
        ("category[10]", "categorical[10]"),
        ("category[10]", "categorical(10)"),
        ("category[10]", "category(10)"),
        ("logits = dense", "dense"),
        ("(logits = logits)", ""),
        ("(logits = logits)", "()"),
        ("conv2d(6", "Conv2DFlipout(6"),
        ("conv2d(6", "Convolution2DFlipout(filters = 6"),
        (
            "conv2d(6, kernel = 5)",
            "Conv2DReparameterization(6, kernel_size = 5)",
        ),
        ("conv2d(6, kernel = 5)", "Conv2dFlipout(1, 6, 5)"),
        ("dense(10)", "DenseFlipout(10)"),
        ("dense(10)", "DenseReparameterization(units = 10)"),
        ("dense(10)", "DenseLocalReparameterization(10)"),
        (
            "dense(10)",
            "LinearReparameterization(3456, 10, prior_mean = 0)",
        ),
        (
            "dense(10)",
            "BayesLinear(prior_mu = 0, prior_sigma = 0.1, in_features = 3456, out_features = 10)",
        ),
        (
            "dense(10)",
            "DenseVariational(10, make_posterior_fn = posterior, make_prior_fn = prior, kl_weight = 1 / N)",
        ),
        ("dense(10)", "DenseFlipout(10) { bias = none }"),
        ("dense(10)", "dense(10, kernel_posterior_fn = posterior)"),
        (
            "dense(10)",
            "dense(10, kernel_prior_fn = prior, bias_prior_fn = prior)",
        ),
        ("dense(10)", "dense(10, kernel_divergence_fn = divergence)"),
        ("dense(10)", "dense(kl_weight = 1 / N, units = 10)"),
        ("flatten", "Flatten"),
        ("relu", "ReLU"),
    ] {
        let text = MODEL.replacen(ours, theirs, 1);
        assert_ne!(text, MODEL, "{theirs}");
        let mended = mended(&text);
        for kept in ["conv2d(", "flatten", "10)", "relu"] {
            assert!(mended.contains(kept), "{theirs}:\n{mended}");
        }
    }
}

/// An edit of a line keeps all that the line says: the other tool's estimator, the bias, the prior, the activation.
#[test]
fn an_edit_keeps_what_the_line_says() {
    for (theirs, ours) in [
        (
            "logits = DenseFlipout(10)",
            "logits = dense(10) { estimator = flipout }",
        ),
        (
            "logits = DenseLocalReparameterization(10)",
            "logits = dense(10) { estimator = local_reparameterization }",
        ),
        (
            "logits = LinearReparameterization(3456, 10)",
            "logits = dense(10) { estimator = reparameterization }",
        ),
        (
            "logits = DenseFlipout(10) { bias = none }",
            "logits = dense(10) { estimator = flipout, bias = none }",
        ),
        (
            "logits = DenseFlipout(10) { estimator = flipout }",
            "logits = dense(10) { estimator = flipout }",
        ),
        (
            "logits = DenseFlipout(10, estimator = flipout) { bias = none }",
            "logits = dense(10) { estimator = flipout, bias = none }",
        ),
        (
            "logits = Linear(10, bias = none, prior = Normal(0, 0.1))",
            "logits = dense(10, bias = none) { prior = Normal(0, 0.1) }",
        ),
        (
            "logits = Linear(3456, 10, bias = False)",
            "logits = dense(10, bias = none)",
        ),
        (
            "logits = Linear(3456, 10, False)",
            "logits = dense(10, bias = none)",
        ),
        (
            "logits = Dense(10, use_bias = False)",
            "logits = dense(10, bias = none)",
        ),
        (
            "logits = Linear(in_features = 3456, out_features = 10, bias = True)",
            "logits = dense(units = 10)",
        ),
        (
            "logits = Linear(10, activation = relu)",
            "dense(10), logits = relu",
        ),
        (
            "logits = Linear(10, activation = 'ReLU')",
            "dense(10), logits = relu",
        ),
        (
            "logits = DenseFlipout(10, Swish) { bias = none }",
            "dense(10) { estimator = flipout, bias = none }, logits = silu",
        ),
        (
            "logits = dense(10, activation = leaky_relu(0.2))",
            "dense(10), logits = leaky_relu(0.2)",
        ),
        (
            "logits = Dense(10, activation = LeakyReLU(alpha = 0.2))",
            "dense(10), logits = leaky_relu(slope = 0.2)",
        ),
        (
            "logits = dense(10, activation = ReLU)",
            "dense(10), logits = relu",
        ),
        (
            "logits = Linear(10, activation = softmax, bias = none)",
            "logits = dense(10, bias = none)",
        ),
        // A prior in the words of another tool goes with a message of its own.
        (
            "logits = BayesLinear(prior_mu = 0, in_features = 3456, out_features = 10)",
            "logits = dense(units = 10) { estimator = reparameterization }",
        ),
    ] {
        let line = "logits = dense(10)";
        assert_eq!(
            mended(&MODEL.replace(line, theirs)),
            MODEL.replace(line, ours)
        );
    }
    for theirs in [
        "Conv2d(1, 6, 5)",
        "Conv2d(1, 6, kernel_size = 5)",
        "Conv2D(6, 5, 1, valid)",
    ] {
        let mended = mended(&MODEL.replace("conv2d(6, kernel = 5)", theirs));
        assert!(mended.contains("conv2d(6, kernel = 5"), "{mended}");
    }
    let mended = mended(&MODEL.replace("category[10]", "real()").replace(
        "Categorical(logits = logits)",
        "Normal(loc = logits[0], scale = 1)",
    ));
    assert!(mended.contains("target y: real\n"), "{mended}");
}

/// Where an edit would have to guess, the message says what to do and offers none.
#[test]
fn no_edit_is_offered_for_a_guess() {
    for (theirs, told) in [
        (
            "dense(10, activation = snake)",
            "no layer is called `snake`",
        ),
        (
            "dense(10, activation = 'snake')",
            "no layer is called `snake`",
        ),
        (
            "Linear(10, activation = snake)",
            "no layer is called `snake`",
        ),
        (
            "DenseFlipout(10) { estimator = reparameterization }",
            "`estimator = reparameterization` is another",
        ),
        (
            "LinearReparameterization(3456, 10, 0)",
            "write its arguments by name",
        ),
    ] {
        let failure = failure(&MODEL.replace("dense(10)", theirs)).expect(theirs);
        let said = render(&failure.diagnostics, failure.source_file.as_deref(), false);
        assert!(said.contains(told), "{theirs}: {said}");
        let helps = failure.diagnostics.iter().flat_map(|m| &m.helps);
        assert_eq!(
            helps.filter(|help| help.patch.is_some()).count(),
            0,
            "{said}"
        );
    }
}

#[test]
fn words_of_libraries_are_answered_where_a_file_does_not_parse() {
    for (line, told) in [
        ("model.losses", "in the loss already"),
        ("model.add_loss(kl)", "in the loss already"),
        (
            "pyro.sample(\"w\", Normal(0, 1))",
            "latent s ~ HalfNormal(1)",
        ),
        ("pyro.plate(\"data\", 10)", "delete this"),
        ("plate", "delete this"),
        ("Trace_ELBO()", "objective elbo"),
        ("AutoNormal(model)", "`MeanField`"),
    ] {
        let failure = failure(&format!("{MODEL}{line}\n")).expect(line);
        let said = render(&failure.diagnostics, failure.source_file.as_deref(), false);
        assert!(said.contains(told), "{line}: {said}");
    }
}

#[test]
fn words_of_other_tools_have_a_page() {
    for (word, told) in [
        ("DenseFlipout", "dense(…) { estimator = flipout }"),
        ("Convolution2DFlipout", "conv2d(…) { estimator = flipout }"),
        ("Conv2DReparameterization", "estimator = reparameterization"),
        (
            "DenseLocalReparameterization",
            "estimator = local_reparameterization",
        ),
        ("DenseVariational", "dense(…)"),
        ("BayesLinear", "dense(…)"),
        ("LinearReparameterization", "dense(…)"),
        ("Conv2dFlipout", "conv2d(…)"),
        ("kernel_posterior_fn", "posterior = MeanField"),
        ("kernel_prior_fn", "prior = Normal(0, 1)"),
        ("kernel_divergence_fn", "1/N itself"),
        ("kl_weight", "1/N itself"),
        ("add_loss", "in the loss already"),
        ("model.losses", "in the loss already"),
        ("pyro.sample", "latent s"),
        ("PyroModule", "network"),
        ("AutoNormal", "MeanField"),
        ("Trace_ELBO", "objective elbo"),
        ("plate", "delete this"),
    ] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_bnnc"))
            .args(["explain", word])
            .output()
            .unwrap();
        let page = String::from_utf8(output.stdout).unwrap();
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            output.status.success() && page.contains(told),
            "{word}: {page}"
        );
    }
}
