//! What `bnnc check` prints.

use crate::front_ir::compiled;
use bnnc::ir::{Factor, Facts, Position, Scale};
use bnnc::plan::Plan;
use bnnc::report::{Check, check};
use std::path::Path;

fn checked(spec: &str, examples: usize, data: &str) -> Check {
    let model = compiled(&Path::new("specs").join(spec)).inference;
    let plan = std::sync::Arc::new(Plan::new(model));
    let facts = Facts {
        training_examples: Some(examples),
        batch: Some(128),
        data: Some(data.into()),
        ..Facts::default()
    };
    let memory = bnnc::exec::memory(&plan, 128);
    check(&plan, &facts, 128, memory)
}

/// Memory depends on the number of cores.
fn text(check: &Check) -> String {
    let mut check = check.clone();
    check.step.memory = 100 << 20;
    for width in [80, 100, 120] {
        for line in check.text(width).lines() {
            assert!(line.chars().count() <= width, "{line}");
        }
    }
    check.text(100)
}

#[test]
fn reports() {
    insta::assert_snapshot!("lenet", text(&checked("mnist_lenet.bnn", 60_000, "mnist")));
    insta::assert_snapshot!(
        "mixture",
        text(&checked("mnist_mixture.bnn", 60_000, "mnist"))
    );
    insta::assert_snapshot!(
        "concrete",
        text(&checked("concrete.bnn", 927, "concrete.csv"))
    );
}

/// The numbers that the README works out for N = 50 000.
#[test]
fn the_readme_has_the_numbers_of_check() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let check = checked("cifar10_flipout.bnn", 50_000, "cifar10");
    let per_example = format!("{:.3}", check.initial.kl_per_example.unwrap());
    assert_eq!(per_example, "8.536");
    assert!(readme.contains(&per_example));
    for term in &check.terms[1..] {
        let nats = format!("{:.0}", term.initial.unwrap());
        let (thousands, rest) = nats.split_at(nats.len() - 3);
        let row = format!(
            "| {thousands} {rest} nats | {:.3} |",
            term.initial_per_example.unwrap()
        );
        assert!(readme.contains(&row), "{row}");
    }
}

/// The tfp example's KL at its seed 0 is 22.9998 nats an example.
#[test]
fn the_initial_kl_is_that_of_tfp() {
    let kl = checked("mnist_lenet.bnn", 60_000, "mnist")
        .initial
        .kl_per_example
        .unwrap();
    assert!((kl / 22.9998 - 1.0).abs() < 1e-3, "{kl}");
}

/// Over an epoch the KL's weights add up to one KL a data set: examples times 1/N, or Σ π_i.
#[test]
fn an_epoch_holds_the_kl_once() {
    for (n, b) in [(50_000, 128), (96, 96), (97, 32), (5, 8)] {
        let batches = usize::div_ceil(n, b);
        for factor in [Factor::PerExample, Factor::Blundell] {
            let scale = Scale(vec![factor]);
            let whole: f64 = (0..batches)
                .map(|i| {
                    let batch = b.min(n - i * b);
                    let at = Position {
                        training_examples: n,
                        batch,
                        batch_index: i,
                        batches,
                        epoch: 0.0,
                    };
                    // The step's loss is a mean over its examples.
                    scale.value(&at) * batch as f64
                })
                .sum();
            assert!((whole - 1.0).abs() < 1e-12, "{factor:?}: {whole}");
        }
    }
}

/// The report of a model under an objective, N = 1599.
fn report(objective: &str, examples: Option<usize>) -> String {
    let text = format!(
        "model m\ninput  x: real[8]\ntarget y: real\nnetwork {{ h = dense(3)\n relu\n f = dense(1) }}\n\
         observe y ~ Normal(loc = f, scale = 1)\nobjective elbo {objective}\n"
    );
    let source = bnnc::source::Source {
        name: "model.bnn".into(),
        text,
    };
    let model = bnnc::compile::source(source, &[]).unwrap().inference;
    let plan = std::sync::Arc::new(Plan::new(model));
    let facts = Facts {
        training_examples: examples,
        ..Facts::default()
    };
    check(&plan, &facts, 128, 0).text(200)
}

/// The numbers of a report's line that begins with `head`.
fn numbers(report: &str, head: &str) -> Vec<f64> {
    let line = report.lines().find(|line| line.trim().starts_with(head));
    let words = line.unwrap_or_default().split([' ', ';']);
    words
        .filter_map(|word| word.trim_end_matches(',').replace(',', "").parse().ok())
        .collect()
}

/// The last column of the terms is their share of an example, the last rows are their sums.
#[test]
fn the_terms_add_up() {
    let plain = report("", Some(1599));
    let [first, second] = ["kl(h.kernel)", "kl(f.kernel)"].map(|term| numbers(&plain, term));
    let sum = numbers(&plain, "sum of KLs");
    let ([.., first, _], [.., second, _], [nats, per_example]) =
        (&first[..], &second[..], &sum[..])
    else {
        panic!("{plain}")
    };
    assert!(((first + second) / nats - 1.0).abs() < 1e-3, "{plain}");
    assert!((per_example * 1599.0 / nats - 1.0).abs() < 1e-3, "{plain}");
    assert!(!plain.contains("  start "), "{plain}");
    let unknown = report("", None);
    assert_eq!(numbers(&unknown, "sum of KLs"), [*nats], "{unknown}");
}

/// A temperature is in an example's share, and said as an equation.
#[test]
fn the_equation_at_the_start_has_the_temperature() {
    let kl = numbers(&report("", Some(1599)), "sum of KLs")[0];
    let cold = report("{ temperature = 0.5 }", Some(1599));
    let [value, t, same, ..] = numbers(&cold, "start")[..] else {
        panic!("{cold}")
    };
    assert_eq!((t, same), (0.5, kl), "{cold}");
    assert!((value * 1599.0 / (t * kl) - 1.0).abs() < 1e-3, "{cold}");
    assert_eq!(numbers(&cold, "sum of KLs"), [kl, value], "{cold}");
    assert!(cold.contains("with T = 0.5"), "{cold}");
    let both = "{ temperature = 0.5, annealing = linear(epochs = 10) }";
    let both = report(both, Some(1599));
    assert!(both.contains("with T = 0.5 and a taken as 1"), "{both}");
    let unknown = report("{ temperature = 0.5 }", None);
    assert!(unknown.contains("nats / N, once N is known"), "{unknown}");
}

/// The documented network's KLs are the sum that Keras's `model.losses` has.
#[test]
fn the_nats_are_those_of_the_whole_data_set() {
    let check = checked("cifar10_flipout.bnn", 50_000, "cifar10");
    let text = check.text(80);
    assert!(
        numbers(&text, "kl(conv1.kernel)").ends_with(&[12_147.0, 0.2429]),
        "{text}"
    );
    assert!(
        numbers(&text, "kl(logits.kernel)").ends_with(&[414_631.0, 8.293]),
        "{text}"
    );
    assert_eq!(numbers(&text, "sum of KLs"), [426_779.0, 8.536]);
    // ln 10 for each of 50,000.
    assert!(text.contains("541,908         10.84\n"), "{text}");
    assert!(text.lines().count() <= 45, "{text}");
}

/// Two priors that begin alike, and an estimator with a remark, at 80 columns.
#[test]
fn long_priors_can_be_told_apart_at_80_columns() {
    let text = "model m\ninput  x: real[8]\ntarget y: real\nlatent tau ~ HalfCauchy(1)\n\
                default { estimator = local_reparameterization }\nnetwork {\n\
                first_layer = dense(500) { prior = Normal(0, tau / sqrt(fan_in)) }\n\
                second_layer = dense(500) { prior = Normal(0, tau / sqrt(fan_in + fan_out)) }\n\
                f = dense(1) { estimator = reparameterization }\n}\n\
                observe y ~ Normal(loc = f, scale = 1)\nobjective elbo\n";
    let source = bnnc::source::Source {
        name: "model.bnn".into(),
        text: text.into(),
    };
    let model = bnnc::compile::source(source, &[]).unwrap().inference;
    let plan = std::sync::Arc::new(Plan::new(model));
    let text = check(&plan, &Facts::default(), 128, 0).text(80);
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    for prior in ["Normal(0, tau / 2.82843)", "Normal(0, tau / 31.6228)"] {
        assert!(text.contains(prior), "{text}");
    }
    assert!(
        text.contains("local_r") && text.contains("reparam"),
        "{text}"
    );
}
