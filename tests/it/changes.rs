//! `bnnc diff`: each kind of change gives its lines and no others.

use crate::support::plan as model;
use bnnc::report::diff;

const BASE: &str = "model base
const width = 8
input  x: real[4]
target y: real
latent tau ~ Laplace(1, 0.5), posterior = MeanField(loc = 1, scale = 0.1)
default {
  prior = Normal(0, 1)
  posterior = MeanField(loc = Normal(0, 0.1), scale = Softplus(Normal(-3, 0.1)))
  estimator = reparameterization
}
network {
  first = dense(width)
  relu
  dense(6) {
    kernel: prior = Normal(tau, 1 / sqrt(fan_in))
  }
  relu
  f = dense(1)
}
observe y ~ Normal(loc = f, scale = learned(0.5))
objective elbo
";

/// `BASE` with each of the replacements, every one of which must change it.
fn with(replacements: &[(&str, &str)]) -> String {
    let replace = |text: String, (from, to): &(&str, &str)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    };
    replacements.iter().fold(BASE.to_owned(), replace)
}

/// Each second model's differences from `BASE`, below what was done to it.
fn shown(seconds: &[(&str, String)]) -> String {
    let texts = seconds.iter().map(|(what, second)| {
        let text = diff(&model(BASE), &model(second)).text(100);
        format!("## {what}\n{text}")
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// A layer `f` with these settings.
fn with_layer(settings: &str) -> String {
    with(&[(
        "  f = dense(1)",
        &format!("  f = dense(1) {{ {settings} }}"),
    )])
}

/// Section, subject and field of each difference.
fn places(a: &str, b: &str) -> Vec<String> {
    let changes = diff(&model(a), &model(b)).changes.into_iter();
    let place = changes.map(|change| [change.section, change.subject, change.field].join(" "));
    place.map(|place| place.trim_end().to_owned()).collect()
}

#[test]
fn what_a_fit_does_not_depend_on_is_no_difference() {
    for replacements in [
        &[("model base", "# another comment\nmodel   base")][..],
        &[("model base", "model renamed")],
        &[("dense(width)", "dense(units = 2 * 4)")],
        &[("const width = 8\n", ""), ("dense(width)", "dense(8)")],
        &[("Normal(0, 1)", "Normal(loc = 0,   scale = sqrt(1))")],
        // What the default says, said of one layer.
        &[("  f = dense(1)", "  f = dense(1) { prior = Normal(0, 1) }")],
        &[(
            "objective elbo",
            "objective elbo { kl = auto, samples = 1 }",
        )],
        &[("0.1), scale = Softplus", "0.1), scale =\n    Softplus")],
    ] {
        assert_eq!(places(BASE, &with(replacements)), [""; 0]);
    }
    let same = |other: &str| diff(&model(BASE), &model(other)).text(80);
    assert_eq!(same(BASE), "the same model\n");
    let renamed = same(&with(&[("model base", "model other")]));
    assert_eq!(renamed, "the same model, under two names: base and other\n");
}

#[test]
fn numbers_are_compared_to_their_last_digit() {
    let other = with_layer("kernel: prior = Normal(0, 1.00000001)");
    let changes = diff(&model(BASE), &model(&other)).changes;
    let prior = changes
        .iter()
        .find(|change| change.field == "prior")
        .unwrap();
    assert_eq!(prior.before.as_deref(), Some("Normal(0.0, 1.0)"));
    assert_eq!(prior.after.as_deref(), Some("Normal(0.0, 1.00000001)"));
}

#[test]
fn data_and_layers() {
    let cases = [
        ("another input", with(&[("x: real[4]", "z: real[5]")])),
        (
            "another target",
            with(&[("target y", "target t"), ("observe y", "observe t")]),
        ),
        (
            "more units",
            with(&[("const width = 8", "const width = 9")]),
        ),
        (
            "a layer less",
            with(&[("  relu\n  dense(6)", "  dense(6)")]),
        ),
        ("another layer", with(&[("  relu\n  f", "  tanh\n  f")])),
    ];
    insta::assert_snapshot!("data_and_layers", shown(&cases));
}

#[test]
fn a_layer_between_others_renumbers_and_changes_none() {
    let cases = [(
        "two layers more",
        with(&[("  first", "  dense(4)\n  relu\n  first")]),
    )];
    insta::assert_snapshot!("a_layer_between_others", shown(&cases));
}

#[test]
fn names_follow_their_layers() {
    let one = |from: &str, to: &str| places(BASE, &with(&[(from, to)]));
    assert_eq!(one("first", "hidden"), ["names hidden"]);
    assert_eq!(one("  dense(6)", "  second = dense(6)"), ["names second"]);
    assert_eq!(one("tau", "sigma"), ["names sigma"]);
    let two = "model m\ninput x: real[4]\ntarget y: real\ndefault { prior = Normal(0, 1) }
        network {\n a = dense(4)\n b = dense(4)\n f = dense(1) }
        observe y ~ Normal(f, 1)\nobjective elbo\n";
    let swapped = two.replace("a = dense(4)\n b = dense(4)", "b = dense(4)\n a = dense(4)");
    let inputs = ["graph b layer", "graph a layer", "graph f layer"];
    assert_eq!(places(two, &swapped), inputs);
}

#[test]
fn settings_of_parameters() {
    let cases = [
        ("another prior", with_layer("kernel: prior = Laplace(0, 1)")),
        ("a point", with_layer("bias: posterior = Delta(loc = 0)")),
        (
            "another estimator",
            with_layer("kernel: estimator = flipout"),
        ),
        (
            "a learned scale",
            with_layer("bias: prior = Normal(0, learned(0.3))"),
        ),
    ];
    insta::assert_snapshot!("settings_of_parameters", shown(&cases));
}

#[test]
fn what_posteriors_take() {
    let rank = |rank: usize| with_layer(&format!("kernel: posterior = LowRank(rank = {rank})"));
    assert_eq!(places(&rank(1), &rank(2))[0], "parameters f.kernel options");
    let rank1 = |arguments: &str| {
        let posterior = format!("kernel: posterior = Rank1({arguments}), estimator = per_example");
        with_layer(&posterior)
    };
    let found = places(&rank1(""), &rank1("prior_scale = 0.2, factor_loc = 0.9"));
    for place in ["f.kernel.r prior", "f.kernel.r start", "f.kernel options"] {
        assert!(found.contains(&format!("parameters {place}")), "{found:?}");
    }
    // A gradient by rho depends on the transform, whatever the scale is.
    let scale = |scale: &str| with(&[("Softplus(Normal(-3, 0.1))", scale)]);
    let found = places(&scale("Exp(0)"), &scale("1"));
    assert_eq!(
        found[..2],
        ["posterior", "start"].map(|field| format!("parameters first.kernel {field}"))
    );
}

#[test]
fn the_likelihood_and_what_it_reads() {
    let reads = |arguments: &str| {
        with(&[
            ("f = dense(1)", "f = dense(4)"),
            ("loc = f, scale = learned(0.5)", arguments),
        ])
    };
    let learned = with(&[("learned(0.5)", "learned(0.6)")]);
    assert_eq!(places(BASE, &learned), ["parameters y.scale start"]);
    let cases = [
        ("a number", with(&[("learned(0.5)", "0.5")])),
        ("two outputs", reads("f[0], softplus(f[3])")),
    ];
    insta::assert_snapshot!("the_likelihood", shown(&cases));
    let two = reads("f[0], softplus(f[1])");
    let renamed = two.replace("f = ", "g = ").replace("f[", "g[");
    assert_eq!(places(&two, &renamed), ["names g"]);
}

#[test]
fn the_objective_and_the_loss() {
    let option = |option: &str| {
        let objective = format!("objective elbo {{ {option} }}");
        with(&[("objective elbo", &objective)])
    };
    let cases = [
        ("a temperature", option("temperature = 0.1")),
        ("annealing", option("annealing = linear(epochs = 5)")),
        ("more draws", option("samples = 3")),
        ("blundell", option("minibatch = blundell")),
    ];
    insta::assert_snapshot!("the_objective", shown(&cases));
    let path = places(BASE, &option("kl = monte_carlo(gradient = path)"));
    assert_eq!(path[0], "objective kl");
}

#[test]
fn sums_over_the_models() {
    let totals = |b: &str| diff(&model(BASE), &model(b)).totals;
    // 1 latent, 4·8 + 8, 8·6 + 6, 6 + 1; each with loc and rho, and one learned number.
    let found = totals(&with(&[("  f = dense(1)", "  f = dense(1, bias = none)")]));
    assert_eq!(found.random_weights, [102, 101]);
    assert_eq!(found.trainable, [205, 203]);
    let [a, b] = found.initial_kl.map(Option::unwrap);
    // The README's 2.53071 nats a weight.
    assert!((a - b - 2.53071).abs() < 1e-5, "{a} {b}");
    let tempered = with(&[("objective elbo", "objective elbo { temperature = 0.5 }")]);
    assert_eq!(totals(&tempered).lambda, [1.0, 0.5]);
}
