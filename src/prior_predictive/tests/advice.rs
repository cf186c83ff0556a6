//! What is found and advised, against the models that follow the advice.

use super::*;

#[test]
fn a_deep_tanh_network_saturates_and_the_advice_ends_it() {
    let found = look_at_normal(&classifier("Normal(0, 1)", "tanh", 4), 40, 40);
    for layer in &found.layers[..4] {
        let then = layer.then.as_ref().unwrap();
        assert!(then.saturates && then.saturated.unwrap() > 0.4, "{layer:?}");
    }
    let mut findings = found.findings.iter();
    assert!(findings.any(|finding| finding.contains("tanh saturates in")));
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
    same(&advice, &rewritten, 40);
}

/// A kernel that has 1/√fan_in by itself is no part of the advice for those that have it not.
#[test]
fn a_prior_that_follows_the_rule_is_left_as_it_is() {
    let own = "Normal(0, 1 / sqrt(fan_in))";
    let build = |default: &str| {
        let layers = format!(
            "dense(100)\ntanh\nb = dense(100) {{ kernel: prior = {own} }}\ntanh\ndense(100)\ntanh\nf = dense(1)"
        );
        regression(40, "", &format!("prior = {default}"), &layers)
    };
    let advice = look_at_normal(&build("Normal(0, 1)"), 40, 60)
        .advice
        .unwrap();
    assert_eq!(told(&advice), [("default".into(), own.into())]);
    same(&advice, &build(own), 60);
}

/// It is the numbers that count, not how they are written: √(2/50) is 0.2.
#[test]
fn a_prior_with_the_numbers_of_the_rule_is_left_as_it_is() {
    let rule = "Normal(0, sqrt(2 / fan_in))";
    let build = |default: &str| {
        let hidden = "dense(50)\nrelu\n".repeat(4);
        let layers = format!(
            "{hidden}b = dense(50) {{ kernel: prior = Normal(0, 0.2) }}\nrelu\n{hidden}f = dense(1)"
        );
        regression(50, "", &format!("prior = {default}, bias = none"), &layers)
    };
    let found = look_at_normal(&build("Normal(0, 1 / sqrt(fan_in))"), 40, 60);
    let advice = found.advice.unwrap();
    assert_eq!(told(&advice), [("default".into(), rule.into())]);
    same(&advice, &build(rule), 60);
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
        let advice = look_at_normal(&model, 40, 100).advice;
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
        same(&advice, &rewritten, 100);
    }
    assert!(by_layer > 0, "no advice is layer by layer");
}

/// Whether a model measures as an advice says it does, with as many networks on 40 examples.
#[track_caller]
fn same(advice: &Advice, rewritten: &Inference, draws: usize) {
    let found = look_at_normal(rewritten, 40, draws);
    for (told, layer) in advice.layers.iter().zip(&found.layers) {
        let [told, found] = [told, layer].map(|layer| layer.pre_activations.typical());
        assert!((told / found - 1.0).abs() < 1e-9, "{told} {found}");
    }
}

#[test]
fn advice_can_be_written_down() {
    let tau = "latent tau ~ Normal(0, 0.1)";
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
            tau,
            "Normal(0, exp(tau))",
            "Normal(0, exp(tau) / sqrt(fan_in))",
        ),
        (
            tau,
            "Normal(0, 2 * exp(tau))",
            "Normal(0, 0.5 * (2 * exp(tau)) / sqrt(fan_in))",
        ),
    ] {
        let build = |prior: &str| {
            let default = format!("prior = {prior}");
            regression(30, declarations, &default, "dense(40)\nelu\nf = dense(1)")
        };
        let advice = look_at_normal(&build(prior), 40, 100).advice;
        let advice = advice.unwrap_or_else(|| panic!("{prior}"));
        assert_eq!(told(&advice), [("default".into(), instead.into())]);
        same(&advice, &build(instead), 100);
    }
}

#[test]
fn a_rule_for_relu_where_values_shrink_from_layer_to_layer() {
    let bare = |prior: &str| classifier(&format!("{prior}, bias = none"), "relu", 8);
    let found = look_at_normal(&bare("Normal(0, 1 / sqrt(fan_in))"), 40, 60);
    let finding = &found.findings[0];
    assert!(finding.contains("shrink from layer to layer"), "{finding}");
    let advice = found.advice.unwrap();
    let instead = "Normal(0, sqrt(2 / fan_in))";
    assert_eq!(advice.suggestions[0].instead, instead);
    same(&advice, &bare(instead), 60);
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
    let found = look_at_normal(&build("StudentT(1)", "StudentT(1)"), 40, 200);
    let advice = found.advice.unwrap();
    for layer in &advice.layers {
        let spread = layer.pre_activations.typical();
        assert!((0.3..3.0).contains(&spread), "{layer:?}");
    }
    let [first, second] = &advice.suggestions[..] else {
        panic!("{:?}", advice.suggestions)
    };
    assert_eq!([&first.of, &second.of], ["dense_1.kernel", "f.kernel"]);
    same(&advice, &build(&first.instead, &second.instead), 200);
}

#[test]
fn inputs_out_of_scale_are_told_and_no_prior_is() {
    let layers = "dense(9)\nrelu\nf = dense(1)";
    let model = regression(3, "", "prior = Normal(0, 0.5)", layers);
    let found = look_at(&model, &[100.0, 200.0, 300.0], 40);
    let finding = &found.findings[0];
    assert!(
        finding.starts_with("the inputs have a root mean square of 216"),
        "{finding}"
    );
    assert!(found.advice.is_none());
}

#[test]
fn a_quiet_prior_is_told_as_that() {
    let layers = "dense(40)\ntanh\nf = dense(1)";
    let model = regression(30, "", "prior = Normal(0, 1 / sqrt(fan_in))", layers);
    let found = look_at_normal(&model, 40, 60);
    assert_eq!(
        found.findings,
        ["no layer saturates, and none makes values too large or too small"]
    );
    assert!(found.advice.is_none());
}

/// What a block or a repeat writes out several times has one prior, which is told of the block's own line.
#[test]
fn layers_of_blocks_are_told_as_the_file_has_them() {
    let build = |own: &str, second: &str, f: &str| {
        let kernel = |prior: &str| match prior {
            "" => String::new(),
            prior => format!("{{ kernel: prior = {prior} }}"),
        };
        let [own, second, f] = [own, second, f].map(kernel);
        let block = format!("block hidden {{ h = dense(40) {own}, tanh }}");
        let narrow = "dense(2) { kernel: prior = Normal(0, 0.1) }";
        let layers = format!(
            "repeat 3 {{ hidden }}\nrepeat 2 {{ dense(40) {second}, tanh }}\n{narrow}\ntanh\nf = dense(1) {f}"
        );
        regression(30, &block, "bias = none, prior = StudentT(1)", &layers)
    };
    let found = look_at_normal(&build("Normal(0, 3)", "", ""), 40, 60);
    let advice = found.advice.unwrap();
    let [own, second, f] = &told(&advice)[..] else {
        panic!("{:?}", advice.suggestions)
    };
    let of = [&own.0, &second.0, &f.0];
    assert_eq!(
        of,
        ["hidden's h.kernel", "repeat_2's dense_1.kernel", "f.kernel"]
    );
    same(&advice, &build(&own.1, &second.1, &f.1), 60);
}
