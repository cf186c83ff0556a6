//! What `bnnc check` prints.

use crate::front_ir::compiled;
use bnnc::ir::{Factor, Facts, Position, Scale};
use bnnc::plan::Plan;
use bnnc::report::{Check, check};
use std::path::Path;

fn checked(spec: &str, examples: usize, data: &str) -> Check {
    let model = compiled(&Path::new("specs").join(spec)).model;
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
