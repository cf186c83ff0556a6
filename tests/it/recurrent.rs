//! Recurrent layers: gradients with every estimator, padding, and the KL of a kernel that all steps share.

use crate::gradients::check;
use crate::support::{Examples, given, plan, step};
use bnnc::exec::{Draw, Interpreter};
use bnnc::ir::Lengths;
use bnnc::plan::Plan;
use serde_json::Value;
use std::sync::Arc;

/// A model of sequences of 3 numbers.
fn model(input: &str, default: &str, network: &str, target: &str) -> String {
    format!(
        "model test\ninput x: real{input}\ntarget y: real{target}\ndefault {{ {default} }}\n\
         network {{\n{network}\n f = dense(1)\n}}\nobserve y ~ Normal(loc = f, scale = 0.7)\nobjective elbo\n"
    )
}

/// Examples that the model takes: of any lengths, if it has such.
fn examples(plan: &Plan, len: usize, width: usize) -> Examples<f64> {
    let row = plan.model.input.shape.len();
    let mut examples = Examples::new(len, row, 0, width);
    for row in examples.inputs.chunks_exact_mut(row) {
        plan.model.admit(row, Lengths::Any);
    }
    examples
}

fn default(estimator: &str) -> String {
    format!("prior = Normal(0, 1), posterior = MeanField, estimator = {estimator}")
}

const NETWORKS: [(&str, &str, &str); 5] = [
    (
        "[5, 3]",
        "lstm(4)\n lstm(3, direction = backward, returns = last)",
        "",
    ),
    (
        "[5, 3, padded]",
        "lstm(4, direction = both)\n lstm(3, returns = last)",
        "",
    ),
    (
        "[4, 3, padded]",
        "gru(4)\n gru(3, direction = backward, returns = last)",
        "",
    ),
    ("[4, 3]", "gru(4, direction = both)\n tanh", "[4, 1]"),
    (
        "[4, 3, padded]",
        "a = rnn(4)\n b = rnn(4, direction = backward) on a\n add on (a, b)\n rnn(2, returns = last)",
        "",
    ),
];

#[test]
fn every_estimator_that_draws_weights_goes_through_the_steps() {
    for (input, network, target) in NETWORKS {
        for estimator in ["reparameterization", "flipout", "per_example"] {
            let text = model(input, &default(estimator), network, target);
            let plan = plan(&text);
            check(&text, &examples(&plan, 5, plan.model.target.kind.entries()));
        }
    }
}

/// Posteriors whose factors each example has of its own, and such that leave channels out.
#[test]
fn a_state_has_factors_of_its_channels() {
    for posterior in ["Rank1", "Dropout(rate = 0.3)"] {
        let default = format!("kernel: prior = Normal(0, 1), posterior = {posterior}");
        for network in ["lstm(4, returns = last)", "gru(3, returns = last)"] {
            let text = model("[4, 3, padded]", &default, network, "");
            check(&text, &examples(&plan(&text), 5, 1));
        }
    }
}

/// A network on given weights, without noise.
fn outputs(plan: &Arc<Plan>, examples: &Examples<f64>) -> Vec<f64> {
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), examples.len);
    for (i, value) in interpreter.variables_mut().iter_mut().enumerate() {
        *value = 0.6 * (i as f64).sin();
    }
    let draws = given(plan, examples.len, |_, _| 0.0);
    let draw = Draw {
        seed: 0,
        step: 0,
        given: Some(&draws),
    };
    step(&mut interpreter, examples, &draw, examples.len);
    interpreter.outputs().remove(0).2
}

#[test]
fn a_padded_minibatch_gives_what_its_sequences_give_one_by_one() {
    for (_, network, target) in NETWORKS {
        let [padded, own] = ["[7, 3, padded]", "[LENGTH, 3]"];
        let target = if target.is_empty() { "" } else { "[7, 1]" };
        let text = model(padded, &default("reparameterization"), network, target);
        let whole = plan(&text);
        let width = whole.model.target.kind.entries();
        let batch = examples(&whole, 40, width);
        let all = outputs(&whole, &batch);
        let rows = batch.inputs.chunks_exact(7 * 3 + 1);
        for (row, together) in rows.zip(all.chunks_exact(width)) {
            let length = row[21] as usize;
            let target = if target.is_empty() {
                String::new()
            } else {
                format!("[{length}, 1]")
            };
            let text = model(
                &own.replace("LENGTH", &length.to_string()),
                &default("reparameterization"),
                network,
                &target,
            );
            let alone = plan(&text);
            let width = alone.model.target.kind.entries();
            let mut one = Examples::new(1, length * 3, 0, width);
            one.inputs.copy_from_slice(&row[..length * 3]);
            let alone = outputs(&alone, &one);
            for (alone, together) in alone.iter().zip(together) {
                assert!(
                    (alone - together).abs() < 1e-13,
                    "{network}: {alone} {together}"
                );
            }
        }
    }
}

/// As `tests/fixtures/recurrent.py` has them.
fn numbers(len: usize, salt: usize) -> Vec<f64> {
    let number = |i: usize| ((i * 7919 + salt * 104_729 + 13) % 10_007) as f64 / 5003.0 - 1.0;
    (0..len).map(number).collect()
}

/// Values and gradients are those of Keras, of padded sequences too, and of PyTorch.
#[test]
fn values_and_gradients_are_those_of_keras_and_pytorch() {
    let fixture: Value = serde_json::from_str(include_str!("../fixtures/recurrent.json")).unwrap();
    let list = |of: &Value| -> Vec<f64> {
        let of = of.as_array().unwrap().iter();
        of.map(|x| x.as_f64().unwrap()).collect()
    };
    let lengths = list(&fixture["lengths"]);
    let close = |what: &str, found: &[f64], expected: &[f64]| {
        assert_eq!(found.len(), expected.len(), "{what}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-12,
                "{what}: {found} for {expected}"
            );
        }
    };
    for case in fixture["cases"].as_array().unwrap() {
        let cell = case["cell"].as_str().unwrap();
        let (last, padded) = (case["last"] == true, case["padded"] == true);
        let what = format!("{} {cell}, last {last}", case["source"]);
        let gates = match cell {
            "lstm" => 4,
            "gru" => 3,
            _ => 1,
        };
        let text = format!(
            "model test\ninput x: real[5, 2{}]\ntarget y: real{}\ndefault {{ posterior = deterministic }}\n\
             network {{\n f = {cell}(4, returns = {}{})\n}}\nobserve y ~ Normal(loc = f, scale = 1)\nobjective elbo\n",
            if padded { ", padded" } else { "" },
            if last { "[4]" } else { "[5, 4]" },
            if last { "last" } else { "steps" },
            if cell == "lstm" {
                ", forget_bias = 0"
            } else {
                ""
            },
        );
        let plan = plan(&text);
        let x = numbers(3 * 5 * 2, 1);
        let mut inputs = Vec::new();
        for (row, length) in x.chunks_exact(10).zip(&lengths) {
            inputs.extend(row);
            inputs.extend(padded.then_some(*length));
        }
        let expected = list(&case["y"]);
        // −ln Normal(y | f, 1) has the gradient f − y by f: targets that make it the weights of the fixture's loss.
        let weights = numbers(expected.len(), 5);
        let reals = expected.iter().zip(&weights).map(|(y, w)| y - w).collect();
        let examples = Examples {
            inputs,
            labels: vec![],
            reals,
            len: 3,
        };
        let mut interpreter = Interpreter::<f64>::new(plan.clone(), 3);
        for variable in &plan.variables {
            let len = variable.range.len();
            let values = match &variable.name {
                name if name.contains("input.kernel") => numbers(len, 2),
                name if name.contains("recurrent.kernel") => numbers(len, 3),
                name if name.contains("input.bias") => numbers(len, 4),
                _ => numbers(len, 6),
            };
            interpreter.variables_mut()[variable.range.clone()].copy_from_slice(&values);
        }
        let draw = Draw {
            seed: 0,
            step: 0,
            given: None,
        };
        step(&mut interpreter, &examples, &draw, 1);
        close(&what, &interpreter.outputs().remove(0).2, &expected);
        let of = |word: &str| {
            let mut variables = plan.variables.iter();
            let variable = variables
                .find(|variable| variable.name.contains(word))
                .unwrap();
            interpreter.gradient()[variable.range.clone()].to_vec()
        };
        // The loss is the mean over 3 examples of N = 1.
        let scaled = |gradient: Vec<f64>| gradient.iter().map(|d| 3.0 * d).collect::<Vec<f64>>();
        close(
            &what,
            &scaled(of("recurrent.kernel")),
            &list(&case["d_recurrent"]),
        );
        // dW = xᵀ·dz and dx = dz·Wᵀ have dz in common: Σ x·dx = Σ W·dW.
        let inner = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let by_kernel = inner(&numbers(2 * gates * 4, 2), &scaled(of("input.kernel")));
        close(&what, &[by_kernel], &[inner(&x, &list(&case["dx"]))]);
    }
}

/// One draw for a sequence, one term in the loss: edward2's semantics, where others add the KL at every step.
#[test]
fn the_kl_of_a_kernel_does_not_depend_on_the_number_of_steps() {
    let terms = |steps: usize| {
        let input = format!("[{steps}, 3]");
        let text = model(&input, &default("flipout"), "lstm(4, returns = last)", "");
        let plan = plan(&text);
        let examples = examples(&plan, 3, 1);
        let mut interpreter = Interpreter::<f64>::new(plan, 3);
        interpreter.initialize(5);
        let draw = Draw {
            seed: 1,
            step: 1,
            given: None,
        };
        let report = step(&mut interpreter, &examples, &draw, 10);
        let kls = report.terms.into_iter().skip(1);
        kls.map(|term| term.value).collect::<Vec<f64>>()
    };
    let one = terms(1);
    assert!(one.len() > 1 && one.iter().all(|kl| *kl > 1.0), "{one:?}");
    assert_eq!(one, terms(50));
}

#[test]
fn memory_grows_by_the_step() {
    let bytes = |steps: usize| {
        let input = format!("[{steps}, 3, padded]");
        let network = "lstm(8)\n gru(8, direction = both)\n rnn(4, returns = last)";
        let plan = plan(&model(&input, &default("flipout"), network, ""));
        bnnc::exec::memory(&plan, 16) as f64
    };
    let [one, two, four] = [1000, 2000, 4000].map(bytes);
    let growth = (four - two) / (two - one);
    assert!((growth - 2.0).abs() < 1e-3, "{growth}");
}

#[test]
fn local_reparameterization_is_refused_with_its_reason() {
    let text = model(
        "[4, 3]",
        &default("local_reparameterization"),
        "lstm(4, returns = last)",
        "",
    );
    let source = bnnc::source::Source {
        name: "test.bnn".into(),
        text,
    };
    let failure = bnnc::compile::source(source, &[]).err().unwrap();
    let said = &failure.diagnostics[0];
    assert_eq!(said.code, "E0404");
    assert!(
        said.title.contains("new weights at every step"),
        "{}",
        said.title
    );
}

/// The first message about a model.
fn said(text: &str) -> String {
    let source = bnnc::source::Source {
        name: "test.bnn".into(),
        text: text.into(),
    };
    let failure = bnnc::compile::source(source, &[]).err().unwrap();
    format!(
        "{}: {}",
        failure.diagnostics[0].code, failure.diagnostics[0].title
    )
}

#[test]
fn padding_takes_part_in_no_likelihood() {
    let observed = |inputs: &str, network: &str, target: &str, likelihood: &str| {
        said(&format!(
            "model test\n{inputs}\ntarget y: real{target}\nnetwork {{\n{network}\n}}\nobserve y ~ {likelihood}\nobjective elbo\n"
        ))
    };
    let two = observed(
        "input a: real[4, 2, padded]\ninput b: real[4, 2, padded]",
        "m = dense(1) on a\n s = dense(1) on b",
        "[4, 1]",
        "Normal(loc = m, scale = exp(s))",
    );
    assert!(two.starts_with("E0308: `observe` takes `m` and"), "{two}");
    let tokens = observed(
        "input words: token[4, vocabulary = 9]\ninput b: real[4, 1]",
        "m = dense(1) on b",
        "[4]",
        "Normal(loc = words, scale = 1)",
    );
    assert!(tokens.starts_with("E0309: `words` are tokens"), "{tokens}");
    let flat = observed(
        "input a: real[4, padded]",
        "m = dense(1) on a\n k = reshape([4]) on m\n n = multiply on (m, m)",
        "[2, 2]",
        "Normal(loc = n, scale = 1)",
    );
    assert!(
        flat.starts_with("E0305") || flat.starts_with("E0308"),
        "{flat}"
    );
}

/// Each refusal of Laplace says its own cause.
#[test]
fn laplace_says_why_a_layer_of_sequences_does_not_fit() {
    let refused = |input: &str, network: &str, method: &str| {
        let source = bnnc::source::Source {
            name: "test".into(),
            text: format!(
                "model test\ninput x: {input}\ntarget y: real\ndefault {{ prior = Normal(0, 1) }}\n\
                 network {{\n{network}\n f = dense(1)\n}}\nobserve y ~ Normal(loc = f, scale = 1)\ninference {method}\n"
            ),
        };
        let failure = bnnc::compile::source(source, &[]).err()?;
        // Of padding a bias is not in the way: its gradients there are 0.
        let [first] = &failure.diagnostics[..] else {
            panic!("{:?}", failure.diagnostics)
        };
        Some(format!(
            "{}: {}; {:?}",
            first.code, first.title, first.notes
        ))
    };
    let padded = ("real[4, 2, padded]", "h = dense(3)\n global_avg_pool1d");
    let tokens = (
        "token[4, vocabulary = 9]",
        "e = embedding(3)\n global_avg_pool1d",
    );
    let states = ("real[4, 2]", "lstm(3, returns = last)");
    for ((input, network), expected) in [
        (
            padded,
            ["`h.kernel` has no Kronecker factors", "count the padding"],
        ),
        (
            tokens,
            ["`e.kernel` has no Kronecker factors", "takes tokens"],
        ),
        (
            states,
            ["recurrence `lstm_1.recurrent`", "with the states between"],
        ),
    ] {
        let said = refused(input, network, "laplace").unwrap();
        assert!(said.starts_with("E0421"), "{said}");
        for expected in expected {
            assert!(said.contains(expected), "{said}");
        }
        // What the help says to do.
        assert_eq!(refused(input, network, "laplace(of = last_layer)"), None);
    }
    for (input, network) in [padded, tokens] {
        assert_eq!(
            refused(input, network, "laplace(structure = diagonal)"),
            None
        );
    }
}
