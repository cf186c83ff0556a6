//! What the estimators promise: the same mean, less variance; the same bits on any number of threads.

use crate::support::{Examples, draw, plan, step};
use bnnc::exec::{Interpreter, Number};
use bnnc::ir::{Lengths, Position};

fn dense(estimator: &str) -> String {
    format!(
        "model test\ninput x: real[3]\ntarget y: real\n\
         default {{ prior = Normal(0, 1), posterior = MeanField(scale = 0.4), estimator = {estimator}, bias = deterministic }}\n\
         network {{ f = dense(1) }}\nobserve y ~ Normal(f, 0.5)\nobjective elbo\n"
    )
}

/// Mean and variance of each entry of the gradient over `draws` draws.
fn moments(text: &str, examples: &Examples<f64>, draws: u64) -> Vec<(f64, f64)> {
    let mut interpreter = Interpreter::<f64>::new(plan(text), examples.len);
    interpreter.initialize(1);
    let mut sums = vec![(0.0, 0.0); interpreter.variables().len()];
    for index in 0..draws {
        step(&mut interpreter, examples, &draw(17, index), 50);
        for ((sum, squares), &g) in sums.iter_mut().zip(interpreter.gradient()) {
            *sum += g;
            *squares += g * g;
        }
    }
    let n = draws as f64;
    sums.iter()
        .map(|(sum, squares)| (sum / n, squares / n - (sum / n).powi(2)))
        .collect()
}

#[test]
fn gradients_have_one_mean_and_the_variance_falls() {
    let draws = 20_000;
    // Many examples, so that averaging over them matters.
    let examples = Examples::new(32, 3, 0, 1);
    let plain = moments(&dense("reparameterization"), &examples, draws);
    for estimator in ["flipout", "local_reparameterization", "per_example"] {
        let other = moments(&dense(estimator), &examples, draws);
        for (i, (a, b)) in plain.iter().zip(&other).enumerate() {
            let z = (a.0 - b.0) / ((a.1 + b.1) / draws as f64).sqrt().max(1e-12);
            assert!(
                z.abs() < 5.0,
                "{estimator}: mean of entry {i} is {} instead of {}, z = {z}",
                b.0,
                a.0
            );
        }
        // The kernel's locs: the first three variables.
        let total = |m: &[(f64, f64)]| m[..3].iter().map(|m| m.1).sum::<f64>();
        let (a, b) = (total(&plain), total(&other));
        assert!(
            b < 0.5 * a,
            "{estimator}: variance {b} against reparameterization's {a}"
        );
    }
}

/// What is drawn once a minibatch or for every example: the same mean, and less variance.
#[test]
fn factors_masks_and_other_laws_have_one_mean_too() {
    let draws = 20_000;
    let examples = Examples::new(32, 3, 0, 1);
    for (posterior, better) in [
        ("Rank1(factor_scale = 0.4)", "per_example"),
        ("Dropout(0.3)", "per_example"),
        ("Laplace(scale = 0.3)", "per_example"),
        ("Laplace(scale = 0.3)", "flipout"),
    ] {
        let of = |estimator: &str| {
            let text = dense(estimator).replace("MeanField(scale = 0.4)", posterior);
            moments(&text, &examples, draws)
        };
        let (plain, other) = (of("reparameterization"), of(better));
        for (i, (a, b)) in plain.iter().zip(&other).enumerate() {
            let z = (a.0 - b.0) / ((a.1 + b.1) / draws as f64).sqrt().max(1e-9);
            assert!(z.abs() < 5.0, "{posterior}, {better}, entry {i}: z = {z}");
        }
        let total = |m: &[(f64, f64)]| m.iter().map(|m| m.1).sum::<f64>();
        let (a, b) = (total(&plain), total(&other));
        assert!(
            b < 0.7 * a,
            "{posterior}, {better}: variance {b} against {a}"
        );
    }
}

#[test]
fn local_reparameterization_is_finite_where_the_variance_is_zero() {
    let text = "model test\ninput x: real[3]\ntarget label: category[2]\n\
        default { estimator = local_reparameterization, bias = deterministic }\n\
        network { dense(4)\n relu\n logits = dense(2) }\nobserve label ~ Categorical(logits)\nobjective elbo\n";
    let mut examples = Examples::<f32>::new(4, 3, 2, 0);
    examples.inputs.fill(0.0);
    let mut interpreter = Interpreter::<f32>::new(plan(text), 4);
    interpreter.initialize(0);
    // A bias that relu cuts off, so that the second layer's input is zero as well.
    let bias = interpreter
        .plan()
        .variables
        .iter()
        .find(|v| v.name == "dense_1.bias.loc")
        .expect("a bias")
        .range
        .clone();
    interpreter.variables_mut()[bias].fill(-1.0);
    let report = step(&mut interpreter, &examples, &draw(0, 0), 10);
    assert!(report.loss.is_finite());
    assert!(interpreter.gradient().iter().all(|g| g.is_finite()));
}

const NETWORK: &str = "model test\ninput x: real[8, 8, 3]\ntarget label: category[4]\n\
    default { estimator = flipout }\n\
    network { conv2d(6, kernel = 3, padding = same)\n relu\n max_pool2d(2)\n conv2d(8, kernel = 3)\n relu\n flatten\n dense(300)\n relu\n logits = dense(4) }\n\
    observe label ~ Categorical(logits)\nobjective elbo\n";

/// A recurrence whose examples share a kernel, and one whose examples do not.
const RECURRENCES: &str = "model test\ninput x: real[16, 12, padded]\ntarget label: category[4]\n\
    default { estimator = reparameterization }\n\
    network { lstm(9, direction = both)\n gru(7, returns = last) { estimator = flipout }\n logits = dense(4) }\n\
    observe label ~ Categorical(logits)\nobjective elbo\n";

fn bits<T: Number>(network: &str, threads: usize) -> (f64, Vec<u64>) {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("a pool");
    pool.install(|| {
        let plan = plan(network);
        let row = plan.model.input.shape.len();
        let mut examples = Examples::<T>::new(37, row, 4, 0);
        for row in examples.inputs.chunks_exact_mut(row) {
            plan.model.admit(row, Lengths::Any);
        }
        let mut interpreter = Interpreter::<T>::new(plan, 40);
        interpreter.initialize(0);
        let report = step(&mut interpreter, &examples, &draw(1, 2), 100);
        (
            report.loss,
            interpreter
                .gradient()
                .iter()
                .map(|g| g.wide().to_bits())
                .collect(),
        )
    })
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for network in [NETWORK, RECURRENCES] {
        for threads in [2, 3, 7] {
            assert_eq!(bits::<f32>(network, 1), bits::<f32>(network, threads));
            assert_eq!(bits::<f64>(network, 1), bits::<f64>(network, threads));
        }
    }
}

#[test]
fn minibatches_add_up_to_the_full_loss() {
    // Deterministic but for the KL: the estimate's mean over an epoch, each batch weighted by its
    // examples, is the loss of the full batch, for both conventions and a ragged last batch.
    for minibatch in ["uniform", "blundell"] {
        let text = format!(
            "model test\ninput x: real[3]\ntarget y: real\n\
             default {{ prior = Normal(0, 1), posterior = MeanField(scale = 1e-12), bias = deterministic }}\n\
             network {{ dense(4)\n tanh\n f = dense(1) }}\nobserve y ~ Normal(f, 0.5)\n\
             objective elbo {{ minibatch = {minibatch} }}\n"
        );
        let (n, size) = (10, 4);
        let all = Examples::<f64>::new(n, 3, 0, 1);
        let mut interpreter = Interpreter::<f64>::new(plan(&text), n);
        interpreter.initialize(4);
        let full = step(&mut interpreter, &all, &draw(0, 0), n).loss;
        let mut mean = 0.0;
        for index in 0..3 {
            let rows = index * size..((index + 1) * size).min(n);
            let part = Examples {
                inputs: all.inputs[rows.start * 3..rows.end * 3].to_vec(),
                labels: vec![],
                reals: all.reals[rows.clone()].to_vec(),
                len: rows.len(),
            };
            let at = Position {
                training_examples: n,
                batch: part.len,
                batch_index: index,
                batches: 3,
                epoch: 1.0,
            };
            let loss = interpreter
                .step(&part.batch(), &draw(0, index as u64), &at)
                .loss;
            mean += loss * part.len as f64 / n as f64;
        }
        assert!(
            (mean / full - 1.0).abs() < 1e-9,
            "{minibatch}: {mean} over the minibatches, {full} at once"
        );
    }
}
