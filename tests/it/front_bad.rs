//! Every file of `tests/corpus/bad` holds one idea of a mistake: its message, with the source.

use bnnc::compile;
use bnnc::diagnostic::render;
use bnnc::source::Source;

fn messages(text: &str, sets: &[(&str, &str)]) -> String {
    let source = Source {
        name: "model.bnn".into(),
        text: text.into(),
    };
    let sets: Vec<(String, String)> = sets
        .iter()
        .map(|(n, v)| (n.to_string(), v.to_string()))
        .collect();
    match compile::source(source, &sets) {
        Ok(compiled) => {
            let warnings = render(&compiled.warnings, Some(&compiled.source), false);
            format!("accepted\n{warnings}")
        }
        Err(failure) => render(&failure.diagnostics, failure.source_file.as_deref(), false),
    }
}

#[test]
fn messages_of_bad_files() {
    insta::glob!("../corpus/bad", "*.bnn", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        insta::assert_snapshot!(messages(&text, &[]));
    });
}

#[test]
fn an_unknown_parameter_is_answered_with_the_layers_own() {
    let layer = "f = dense(1) { kernels: prior = Normal(0, 1) }";
    let said = messages(&MODEL.replace("f = dense(1)", layer), &[]);
    assert!(
        said.contains("error[E0212]: `dense` has no parameter `kernels`"),
        "{said}"
    );
    assert!(said.contains("parameters: kernel, bias"), "{said}");
    assert!(said.contains("there is `kernel`"), "{said}");
}

const MODEL: &str = "model m
const width = 4
const depth = width * 2
input  x: real[8]
target y: real
network {
  dense(width)
  f = dense(1)
}
observe y ~ Normal(loc = f, scale = 1)
objective elbo
";

#[test]
fn a_constant_can_be_set() {
    insta::assert_snapshot!("set_unknown", messages(MODEL, &[("widht", "8")]));
    insta::assert_snapshot!(
        "set_no_number",
        messages(MODEL, &[("width", "8 +"), ("depth", "w")])
    );
    insta::assert_snapshot!("set_too_small", messages(MODEL, &[("width", "0")]));
    assert!(messages(MODEL, &[("width", "2 ^ 4"), ("depth", "width / 2")]).starts_with("accepted"));
}

#[test]
fn a_temperature_is_warned_about() {
    let cold = MODEL.replace("objective elbo", "objective elbo { temperature = 0.1 }");
    insta::assert_snapshot!("cold", messages(&cold, &[]));
}

/// A layer's setting for its kernel and bias together, under defaults that leave the bias without use for it.
#[test]
fn a_setting_for_both_is_the_kernels_where_the_bias_has_no_use_for_it() {
    let with = |default: &str, layer: &str| {
        let text = MODEL.replace("network {", &format!("default {{ {default} }}\nnetwork {{"));
        messages(&text.replace("dense(1)", layer), &[])
    };
    for default in [
        "bias = deterministic",
        "bias = none",
        "bias: posterior = deterministic",
    ] {
        for layer in [
            "dense(1) { prior = Normal(0, 1 / sqrt(fan_in)) }",
            "dense(1) { estimator = flipout }",
            "dense(1) { prior = Laplace(0, 1), estimator = flipout, kernel: posterior = MeanField }",
        ] {
            let said = with(default, layer);
            assert!(said.starts_with("accepted"), "{default}, {layer}: {said}");
        }
    }
    // The kernel's own goes before it, so that the bias alone would have it.
    let own = "dense(1) { prior = Normal(0, 2), kernel: prior = Normal(0, 3) }";
    let said = with("bias = deterministic", own);
    assert!(
        said.contains("no effect: `f.bias` is deterministic"),
        "{said}"
    );
    let neither = "dense(1) { prior = Normal(0, 2), posterior = deterministic }";
    let said = with("bias = deterministic", neither);
    assert!(
        said.contains("`f.kernel` and `f.bias` are deterministic"),
        "{said}"
    );
    let own = "dense(1) { bias: prior = Normal(0, 2), posterior = deterministic }";
    assert!(with("prior = Normal(0, 1)", own).contains("`f.bias` is deterministic"));
}

#[test]
fn a_latent_variable_that_is_wrong_is_not_wrong_again_where_it_is_used() {
    let text = MODEL
        .replace(
            "network {",
            "latent s ~ HalfNormal(1), posterior = MeanField\nnetwork {",
        )
        .replace("scale = 1", "scale = s");
    let said = messages(&text, &[]);
    assert!(
        said.contains("E0401") && said.contains("LogNormal"),
        "{said}"
    );
    assert!(!said.contains("E0408"), "{said}");
}

/// Words of Keras, PyTorch and other probabilistic languages, and what is said of each.
#[test]
fn words_of_other_tools_are_told_what_they_are_here() {
    for (ours, theirs, told) in [
        (
            "dense(width)",
            "dense(width, activation = relu)",
            "a layer of its own",
        ),
        (
            "dense(width)",
            "batchnorm2d",
            "here it is called `batch_norm`",
        ),
        ("elbo", "elbo { kl_weight = 0.1 }", "temperature = 0.1"),
        ("elbo", "elbo { beta = 0.1 }", "temperature = 0.1"),
        ("elbo", "elbo { annealing = 10 }", "linear(epochs = 10)"),
        ("elbo", "elbo { lr = 0.1 }", "--learning-rate"),
        (
            "network {",
            "default { weight_decay = 0.1 }\nnetwork {",
            "posterior = Delta",
        ),
        (
            "network {",
            "default { estimator = reparam }\nnetwork {",
            "estimator = reparameterization",
        ),
        (
            "network {",
            "default { prior = Normal(0, sigma = 1) }\nnetwork {",
            "scale = 1",
        ),
        (
            "network {",
            "default { prior = none }\nnetwork {",
            "posterior = deterministic",
        ),
        (
            "network {",
            "default { bias = Normal(0, 1) }\nnetwork {",
            "`bias: prior = Normal(0, 1)`",
        ),
        (
            "dense(width)",
            "dense(width, bias = Normal(0, 1))",
            "`bias: prior = Normal(0, 1)`",
        ),
    ] {
        let text = MODEL.replacen(ours, theirs, 1);
        assert_ne!(text, MODEL);
        let said = messages(&text, &[]);
        assert!(said.contains(told), "{theirs}: {said}");
    }
    let two = MODEL
        .replace("target y: real", "target y: category[2]")
        .replace("Normal(loc = f, scale = 1)", "Bernoulli(logits = f)");
    let said = messages(&two, &[]);
    assert!(said.contains("`target y: binary`"), "{said}");
}

/// A default that every parameter has a nearer setting for is no parameter's.
#[test]
fn a_delta_that_no_parameter_has_needs_no_prior() {
    let with = |layer: &str| {
        let text = MODEL.replace("network {", "default { bias = Delta }\nnetwork {");
        messages(&text.replace("  dense(width)\n  f = dense(1)", layer), &[])
    };
    for layer in [
        "f = dense(1) { posterior = MeanField }",
        "f = dense(1, bias = none)",
        "f = dense(1) { bias = deterministic }",
        "f = dense(1) { bias: posterior = MeanField }",
    ] {
        let said = with(layer);
        assert!(said.starts_with("accepted"), "{layer}: {said}");
    }
    for layer in [
        "f = dense(1)",
        "f = dense(1) { kernel: posterior = MeanField }",
        "dense(2) { posterior = MeanField }\n f = dense(1)",
        "f = dense(1) { posterior = Delta }",
    ] {
        assert!(with(layer).contains("E0402"), "{layer}");
    }
}

/// Where the words of other tools are most often written, each with the one help that is about it.
#[test]
fn words_of_other_tools_say_what_is_written_here() {
    let whole = |from: &str, to: &str, wanted: &str| {
        let said = messages(&MODEL.replace(from, to), &[]);
        assert!(said.contains(wanted), "{to}: {said}");
        let helps = said.matches("help: ").count();
        assert_eq!(helps, 1, "{to}: {said}");
    };
    for (layer, wanted) in [
        ("dense(1) { activation = tanh }", "a layer of its own"),
        ("dense(1, relu)", "a layer of its own"),
        (
            "dense(1) { kl_weight = 0.1 }",
            "objective elbo { temperature = 0.1 }",
        ),
        ("dense(1) { dropout = 0.1 }", "posterior = Dropout(rate"),
        ("dense(1) { use_bias = false }", "`bias = none`"),
        ("dense(1, use_bias = false)", "`bias = none`"),
        ("dense(1, bias = True)", "`bias = none`"),
    ] {
        whole("dense(1)", layer, wanted);
    }
    for (objective, wanted) in [
        ("{ lambda = 0.1 }", "objective elbo { temperature = 0.1 }"),
        ("{ kl = analytic }", "objective elbo { kl = closed_form }"),
        ("{ kl = mc }", "objective elbo { kl = monte_carlo }"),
        ("{ lr = 0.1 }", "--learning-rate"),
        ("{ epochs = 3 }", "--epochs"),
        ("{ batch_size = 32 }", "--batch-size"),
        ("{ optimizer = adam }", "[optimizer]"),
        ("{ seed = 1 }", "--seed"),
    ] {
        let objective = format!("objective elbo {objective}");
        whole("objective elbo", &objective, wanted);
    }
    for (line, wanted) in [
        ("lr = 0.1", "--learning-rate"),
        ("optimizer adam", "[optimizer]"),
        ("kl_weight = 0.1", "objective elbo { temperature = 0.1 }"),
    ] {
        whole("model m\n", &format!("model m\n{line}\n"), wanted);
    }
}

/// A factor of 1/N beside the KL, which other tools need and which is in the loss here already.
#[test]
fn a_share_of_the_kl_is_told_to_go() {
    let delete = "delete this line: bnnc scales the KL by 1/N itself";
    for (options, mended) in [
        ("elbo { kl_weight = 1 / N }", "objective elbo"),
        ("elbo { kl_weight = 1 / 60000 }", "objective elbo"),
        ("elbo { kl_scale = 1.67e-5 }", "objective elbo"),
        ("elbo { beta = 60000 }", "objective elbo"),
        ("elbo { temperature = 1 / N }", "objective elbo"),
        (
            "elbo { temperature = batch_size / n_train }",
            "objective elbo",
        ),
        (
            "elbo { samples = 2, kl_weight = 1 / N }",
            "objective elbo { samples = 2 }",
        ),
        (
            "elbo { kl_weight = 1 / N, samples = 2 }",
            "objective elbo { samples = 2 }",
        ),
        (
            "elbo {\n  kl_weight = 1 / N  # mean\n  samples = 2\n}",
            "objective elbo {\n  samples = 2\n}",
        ),
    ] {
        let text = MODEL
            .replace("elbo", options)
            .replace("network {", "default { prior = Normal(0, 1) }\nnetwork {");
        let source = Source {
            name: "model.bnn".into(),
            text: text.clone(),
        };
        let failure = compile::source(source, &[]).err().expect(options);
        let [message] = &failure.diagnostics[..] else {
            panic!("{options}: {failure}")
        };
        let [help] = &message.helps[..] else {
            panic!("{options}: {message:?}")
        };
        assert_eq!(help.text, delete, "{options}");
        let (place, with) = help.patch.as_ref().expect(options);
        let mut edited = text;
        edited.replace_range(place.start..place.end, with);
        assert!(
            edited.ends_with(&format!("{mended}\n")),
            "{options}: {edited}"
        );
        let said = messages(&edited, &[]);
        assert!(said.starts_with("accepted"), "{options}: {said}");
    }
    for layer in [
        "dense(1, kl_weight = 1 / N)",
        "dense(1) { kl_weight = 1 / N }",
    ] {
        let said = messages(&MODEL.replace("dense(1)", layer), &[]);
        assert!(said.contains("delete this: bnnc scales the KL"), "{said}");
    }
}
