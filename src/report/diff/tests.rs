//! Each kind of change gives its facts and no others.

use super::*;
use crate::compile;
use crate::source::Source;

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

fn model(text: &str) -> Arc<Plan> {
    let source = Source {
        name: "m.bnn".into(),
        text: text.into(),
    };
    let compiled = compile::source(source, &[]);
    Arc::new(Plan::new(
        compiled
            .unwrap_or_else(|failure| panic!("{failure}\n{text}"))
            .inference,
    ))
}

/// `BASE` with each of the replacements, every one of which must change it.
fn with(replacements: &[(&str, &str)]) -> String {
    replacements
        .iter()
        .fold(BASE.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        })
}

fn facts(a: &str, b: &str) -> Vec<String> {
    let fact = |change: &Change| {
        let (section, subject, field) = (change.section, &change.subject, change.field);
        match (change.what, &change.before, &change.after) {
            (What::Added, None, Some(after)) => format!("{section:?} + {subject}: {after}"),
            (What::Removed, Some(before), None) => format!("{section:?} - {subject}: {before}"),
            (What::Changed, Some(before), Some(after)) => {
                format!("{section:?} {subject} {field}: {before} -> {after}")
            }
            _ => panic!("{change:?}"),
        }
    };
    diff(&model(a), &model(b))
        .changes
        .iter()
        .map(fact)
        .collect()
}

#[track_caller]
fn gives(replacements: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(facts(BASE, &with(replacements)), expected);
}

/// A gradient by rho depends on how the scale comes out of it, whatever the scale is.
#[test]
fn a_transform_is_a_difference_where_the_start_is_not() {
    let with_scale = |scale: &str| with(&[("Softplus(Normal(-3, 0.1))", scale)]);
    let layers = ["first", "dense_1", "f"];
    let parameters = layers.map(|layer| ["kernel", "bias"].map(|of| format!("{layer}.{of}")));
    let expected = parameters.as_flattened().iter();
    let expected = expected.map(|name| format!("Parameters {name} start of scale: Exp(0) -> 1"));
    assert_eq!(
        facts(&with_scale("Exp(0)"), &with_scale("1")),
        expected.collect::<Vec<_>>()
    );
}

/// What `observe` reads is the likelihood's, entry by entry and by its text.
#[test]
fn entries_that_the_likelihood_reads_are_told_with_it() {
    let reads = |arguments: &str| {
        with(&[
            ("f = dense(1)", "f = dense(4)"),
            ("loc = f, scale = learned(0.5)", arguments),
        ])
    };
    let two = reads("f[0], softplus(f[1])");
    for (other, expected) in [
        ("f[1], softplus(f[0])", "Normal(y | f[1], softplus(f[0]))"),
        ("f[0], softplus(f[3])", "Normal(y | f[0], softplus(f[3]))"),
        ("f[0], sigmoid(f[1])", "Normal(y | f[0], sigmoid(f[1]))"),
    ] {
        let expected = format!("Likelihood y : Normal(y | f[0], softplus(f[1])) -> {expected}");
        assert_eq!(facts(&two, &reads(other)), [expected]);
    }
    let renamed = two.replace("f = ", "g = ").replace("f[", "g[");
    assert_eq!(facts(&two, &renamed), ["Network g name: f -> g"]);
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
        gives(replacements, &[]);
    }
    let same = |other: &str| diff(&model(BASE), &model(other)).text(80);
    assert_eq!(same(BASE), "the same model\n");
    let renamed = same(&with(&[("model base", "model other")]));
    assert_eq!(renamed, "the same model, under two names: base and other\n");
}

#[test]
fn data() {
    gives(
        &[("x: real[4]", "z: real[5]")],
        &[
            "Data z name: x -> z",
            "Data z shape: [4] -> [5]",
            "Parameters first.kernel shape: [4, 8] -> [5, 8]",
        ],
    );
    // Learned numbers are known by the target, whatever its name.
    gives(
        &[("target y", "target t"), ("observe y", "observe t")],
        &["Data t name: y -> t"],
    );
}

#[test]
fn an_argument_of_a_layer() {
    gives(
        &[("const width = 8", "const width = 9")],
        &[
            "Network first units: 8 -> 9",
            "Parameters first.kernel shape: [4, 8] -> [4, 9]",
            "Parameters first.bias shape: [8] -> [9]",
            "Parameters dense_1.kernel shape: [8, 6] -> [9, 6]",
            "Parameters dense_1.kernel prior: Normal(tau, 0.353553) -> Normal(tau, 0.333333)",
        ],
    );
}

#[test]
fn a_layer_between_others_renumbers_and_changes_none() {
    gives(
        &[("  first", "  dense(4)\n  relu\n  first")],
        &[
            "Network + dense_1: dense(4) after x",
            "Network + relu_1: relu after dense_1",
            "Network relu_2 number: relu_1 -> relu_2",
            "Network dense_2 number: dense_1 -> dense_2",
            "Network relu_3 number: relu_2 -> relu_3",
            "Parameters + dense_1.kernel: [4, 4]  Normal(0, 1), MeanField, reparameterization",
            "Parameters + dense_1.bias: [4]  Normal(0, 1), MeanField, reparameterization",
            "Loss + dense_1.kernel: KL, closed form, Normal || Normal, times 1/N",
            "Loss + dense_1.bias: KL, closed form, Normal || Normal, times 1/N",
        ],
    );
}

#[test]
fn a_layer_taken_out_or_of_another_kind() {
    gives(
        &[("  relu\n  f", "  f")],
        &["Network - relu_2: relu after dense_1"],
    );
    gives(
        &[("  relu\n  f", "  tanh\n  f")],
        &[
            "Network - relu_2: relu after dense_1",
            "Network + tanh_1: tanh after dense_1",
        ],
    );
    // A name stays with its layer.
    gives(
        &[
            ("first = dense(width)", "first = leaky_relu"),
            ("  relu\n  dense(6)", "  dense(6)"),
        ],
        &[
            "Network first layer: dense(8) -> leaky_relu",
            "Network - relu_1: relu after first",
            "Network relu_1 number: relu_2 -> relu_1",
            "Parameters - first.kernel: [4, 8]  Normal(0, 1), MeanField, reparameterization",
            "Parameters - first.bias: [8]  Normal(0, 1), MeanField, reparameterization",
            "Parameters dense_1.kernel shape: [8, 6] -> [4, 6]",
            "Parameters dense_1.kernel prior: Normal(tau, 0.353553) -> Normal(tau, 0.5)",
            "Loss - first.kernel: KL, closed form, Normal || Normal, times 1/N",
            "Loss - first.bias: KL, closed form, Normal || Normal, times 1/N",
        ],
    );
}

#[test]
fn a_layer_under_another_name() {
    gives(
        &[("first", "hidden")],
        &["Network hidden name: first -> hidden"],
    );
    gives(
        &[("  dense(6)", "  second = dense(6)")],
        &["Network second name: dense_1 -> second"],
    );
    // Under another name, and not the same: one goes, another comes.
    let found = facts(
        BASE,
        &with(&[("first = dense(width)", "hidden = dense(9)")]),
    );
    assert_eq!(
        found[..2],
        [
            "Network - first: dense(8) after x",
            "Network + hidden: dense(9) after x"
        ]
    );
}

#[test]
fn layers_in_another_order() {
    let two = "model m\ninput x: real[4]\ntarget y: real\ndefault { prior = Normal(0, 1) }
        network {\n a = dense(4)\n b = dense(4)\n f = dense(1) }
        observe y ~ Normal(f, 1)\nobjective elbo\n";
    let swapped = two.replace("a = dense(4)\n b = dense(4)", "b = dense(4)\n a = dense(4)");
    assert_eq!(
        facts(two, &swapped),
        [
            "Network b input: a -> x",
            "Network a input: x -> b",
            "Network f input: b -> a"
        ]
    );
}

#[test]
fn priors() {
    gives(
        &[(
            "  f = dense(1)",
            "  f = dense(1) { kernel: prior = Normal(0, 2) }",
        )],
        &["Parameters f.kernel prior: Normal(0, 1) -> Normal(0, 2)"],
    );
    // As it is written, where numbers would hide that it is one rule.
    gives(
        &[(
            "  prior = Normal(0, 1)",
            "  prior = Normal(0, 1 / sqrt(fan_in))",
        )],
        &[
            "Parameters first.kernel prior: Normal(0, 1) -> Normal(0, 1 / sqrt(fan_in))",
            "Parameters first.bias prior: Normal(0, 1) -> Normal(0, 1 / sqrt(fan_in))",
            "Parameters dense_1.bias prior: Normal(0, 1) -> Normal(0, 1 / sqrt(fan_in))",
            "Parameters f.kernel prior: Normal(0, 1) -> Normal(0, 1 / sqrt(fan_in))",
            "Parameters f.bias prior: Normal(0, 1) -> Normal(0, 1 / sqrt(fan_in))",
        ],
    );
    // In full, where six digits would not tell them apart.
    gives(
        &[(
            "  f = dense(1)",
            "  f = dense(1) { kernel: prior = Normal(0, 1.00000001) }",
        )],
        &["Parameters f.kernel prior: Normal(0.0, 1.0) -> Normal(0.0, 1.00000001)"],
    );
    gives(
        &[(
            "  f = dense(1)",
            "  f = dense(1) { kernel: prior = Laplace(0, 1) }",
        )],
        &[
            "Parameters f.kernel prior: Normal(0, 1) -> Laplace(0, 1)",
            "Loss f.kernel form: closed form, Normal || Normal -> closed form, Normal || Laplace",
        ],
    );
    gives(
        &[(
            "  f = dense(1)",
            "  f = dense(1) { kernel: prior = StudentT(3) }",
        )],
        &[
            "Parameters f.kernel prior: Normal(0, 1) -> StudentT(3, 0, 1)",
            "Loss f.kernel form: closed form, Normal || Normal -> quadrature, Normal || StudentT",
        ],
    );
}

#[test]
fn posteriors_starts_and_estimators() {
    gives(
        &[(
            "  f = dense(1)",
            "  f = dense(1) { bias: posterior = Delta(loc = 0) }",
        )],
        &[
            "Parameters f.bias posterior: MeanField(loc = Normal(0, 0.1), scale = Softplus(Normal(-3, 0.1))) \
             -> Delta(loc = 0)",
            "Parameters f.bias estimator: reparameterization -> none",
            "Loss minimised : -ELBO / N, minimised; all constants kept -> -(ELBO + log prior of the point \
             estimates) / N, minimised; all constants kept",
            "Loss f.bias term: KL, closed form, Normal || Normal, times 1/N -> penalty -log p, no KL, times 1/N",
        ],
    );
    gives(
        &[("  f = dense(1)", "  f = dense(1, bias = deterministic)")],
        &[
            "Parameters f.bias prior: Normal(0, 1) -> none",
            "Parameters f.bias posterior: MeanField(loc = Normal(0, 0.1), scale = Softplus(Normal(-3, 0.1))) \
             -> deterministic(loc = Normal(0, 0.1))",
            "Parameters f.bias estimator: reparameterization -> none",
            "Loss f.bias term: KL, closed form, Normal || Normal, times 1/N -> absent: deterministic, no prior",
        ],
    );
    gives(
        &[("  f = dense(1)", "  f = dense(1, bias = none)")],
        &[
            "Parameters - f.bias: [1]  Normal(0, 1), MeanField, reparameterization",
            "Loss - f.bias: KL, closed form, Normal || Normal, times 1/N",
        ],
    );
    gives(
        &[(
            "  f = dense(1)",
            "  f = dense(1) { kernel: posterior = MeanField(loc = 0, scale = 0.05) }",
        )],
        &[
            "Parameters f.kernel start of loc: Normal(0, 0.1) -> 0",
            "Parameters f.kernel start of scale: Softplus(Normal(-3, 0.1)) -> 0.05",
        ],
    );
    gives(
        &[(
            "  f = dense(1)",
            "  f = dense(1) { kernel: estimator = flipout }",
        )],
        &["Parameters f.kernel estimator: reparameterization -> flipout"],
    );
    let low_rank = |rank: usize| {
        let layer = format!("  f = dense(1) {{ kernel: posterior = LowRank(rank = {rank}) }}");
        with(&[("  f = dense(1)", &layer)])
    };
    assert_eq!(
        facts(&low_rank(1), &low_rank(2)),
        ["Parameters f.kernel posterior: LowRank(rank = 1) -> LowRank(rank = 2)"]
    );
}

#[test]
fn the_factors_of_a_kernel() {
    let rank1 = |arguments: &str| {
        let layer =
            "  f = dense(1) { kernel: posterior = Rank1(ARGUMENTS), estimator = per_example }";
        with(&[("  f = dense(1)", &layer.replace("ARGUMENTS", arguments))])
    };
    let both = facts(&rank1(""), &rank1("prior_scale = 0.2, factor_loc = 0.9"));
    assert_eq!(
        both,
        [
            "Parameters f.kernel.r prior: Normal(1, 0.1) -> Normal(1, 0.2)",
            "Parameters f.kernel.r start of loc: 1 -> 0.9",
            "Parameters f.kernel.s prior: Normal(1, 0.1) -> Normal(1, 0.2)",
            "Parameters f.kernel.s start of loc: 1 -> 0.9",
            "Parameters f.kernel posterior: Rank1(factor = normal, prior_scale = 0.1) \
             -> Rank1(factor = normal, prior_scale = 0.2)",
        ]
    );
    // They follow their kernel's layer to its new name.
    let renamed = rank1("")
        .replace("  f =", "  g =")
        .replace("loc = f", "loc = g");
    assert_eq!(facts(&rank1(""), &renamed), ["Network g name: f -> g"]);
}

#[test]
fn latent_variables() {
    gives(&[("tau", "sigma")], &["Latents sigma name: tau -> sigma"]);
    gives(
        &[(
            "Laplace(1, 0.5), posterior = MeanField(loc = 1, ",
            "Normal(1, 0.5), posterior = MeanField(loc = 2, ",
        )],
        &[
            "Latents tau prior: Laplace(1, 0.5) -> Normal(1, 0.5)",
            "Latents tau start of loc: 1 -> 2",
            "Loss tau form: closed form, Normal || Laplace -> closed form, Normal || Normal",
        ],
    );
    gives(
        &[(
            "Normal(tau, 1 / sqrt(fan_in))",
            "Normal(2 * tau, 1 / sqrt(fan_in))",
        )],
        &[
            "Parameters dense_1.kernel prior: Normal(tau, 1 / sqrt(fan_in)) -> Normal(2 * tau, 1 / sqrt(fan_in))",
        ],
    );
    let without = with(&[
        (
            "latent tau ~ Laplace(1, 0.5), posterior = MeanField(loc = 1, scale = 0.1)\n",
            "",
        ),
        ("Normal(tau, ", "Normal(1, "),
    ]);
    assert_eq!(
        facts(BASE, &without),
        [
            "Latents - tau: Laplace(1, 0.5), MeanField",
            "Parameters dense_1.kernel prior: Normal(tau, 1 / sqrt(fan_in)) -> Normal(1, 1 / sqrt(fan_in))",
            "Loss - tau: KL, closed form, Normal || Laplace, times 1/N",
            "Loss dense_1.kernel mean over: tau -> none",
        ]
    );
}

#[test]
fn learned_numbers_and_the_likelihood() {
    gives(
        &[("learned(0.5)", "learned(0.6)")],
        &["Learned y.scale start: 0.5 -> 0.6"],
    );
    gives(
        &[("learned(0.5)", "0.5")],
        &[
            "Learned - y.scale: learned(0.5), a number above 0",
            "Likelihood y : Normal(y | f, y.scale) -> Normal(y | f, 0.5)",
        ],
    );
    gives(
        &[(
            "  f = dense(1)",
            "  f = dense(1) { bias: prior = Normal(0, learned(0.3)) }",
        )],
        &[
            "Parameters f.bias prior: Normal(0, 1) -> Normal(0, learned(0.3))",
            "Learned + f.bias.prior.scale: learned(0.3), a number above 0",
        ],
    );
    let learned = with(&[(
        "  f = dense(1)",
        "  f = dense(1) { bias: prior = Normal(0, learned(0.3)) }",
    )]);
    assert_eq!(
        facts(&learned, &learned.replace("learned(0.3)", "learned(0.4)")),
        ["Learned f.bias.prior.scale start: 0.3 -> 0.4"]
    );
}

#[test]
fn the_objective() {
    gives(
        &[(
            "objective elbo",
            "objective elbo { kl = monte_carlo(gradient = path), samples = 3 }",
        )],
        &[
            "Objective kl : auto -> monte_carlo(gradient = path)",
            "Objective samples : 1 -> 3",
            "Loss tau form: closed form, Normal || Laplace -> Monte Carlo, gradient along the path, Normal || Laplace",
            "Loss first.kernel form: closed form, Normal || Normal -> Monte Carlo, gradient along the path, Normal || Normal",
            "Loss first.bias form: closed form, Normal || Normal -> Monte Carlo, gradient along the path, Normal || Normal",
            "Loss dense_1.kernel form: closed form, Normal || Normal -> Monte Carlo, gradient along the path, Normal || Normal",
            "Loss dense_1.bias form: closed form, Normal || Normal -> Monte Carlo, gradient along the path, Normal || Normal",
            "Loss f.kernel form: closed form, Normal || Normal -> Monte Carlo, gradient along the path, Normal || Normal",
            "Loss f.bias form: closed form, Normal || Normal -> Monte Carlo, gradient along the path, Normal || Normal",
        ],
    );
    let every = |field: &str, change: &str| -> Vec<String> {
        [
            "tau",
            "first.kernel",
            "first.bias",
            "dense_1.kernel",
            "dense_1.bias",
            "f.kernel",
            "f.bias",
        ]
        .map(|name| format!("Loss {name} {field}: {change}"))
        .to_vec()
    };
    let expected = |head: &[&str], change: &str| -> Vec<String> {
        let head = head.iter().map(ToString::to_string);
        head.chain(every("scale", change)).collect()
    };
    let found = |option: &str| {
        let objective = format!("objective elbo {{ {option} }}");
        facts(BASE, &with(&[("objective elbo", &objective)]))
    };
    let minimised = "Loss minimised : -ELBO / N, minimised; all constants kept -> the expected -log likelihood \
                     and weighted KLs, minimised; all constants kept";
    assert_eq!(
        found("temperature = 0.1"),
        expected(
            &["Objective temperature : 1 -> 0.1", minimised],
            "1/N -> T/N, T = 0.1"
        )
    );
    assert_eq!(
        found("annealing = linear(epochs = 5)"),
        expected(
            &[
                "Objective annealing : none -> linear(epochs = 5)",
                minimised
            ],
            "1/N -> a/N, a to 1 over 5 epochs"
        )
    );
    assert_eq!(
        found("minibatch = blundell"),
        expected(
            &["Objective minibatch : uniform -> blundell"],
            "1/N -> π_i/B"
        )
    );
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
    assert_eq!(
        totals(&with(&[(
            "objective elbo",
            "objective elbo { temperature = 0.5 }"
        )]))
        .lambda,
        [1.0, 0.5]
    );
}
