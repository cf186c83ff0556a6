//! Embeddings and attention: gradients and padding. Attention against values and gradients of PyTorch, and values of Keras: `tests/fixtures/attention.py` makes them.

use crate::gradients::check;
use crate::support::{Examples, draw, given, plan, step};
use bnnc::exec::{Draw, Interpreter};
use bnnc::layer::{self, Function, Operation, Reads, Towards};
use bnnc::signature::{Constant, Constants};
use bnnc::source::Source;
use bnnc::tensor::Shape;
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    let numbers = value.as_array().expect("numbers").iter();
    numbers.map(|x| x.as_f64().expect("a number")).collect()
}

fn close(what: &str, tolerance: f64, found: &[f64], expected: &Value) {
    let expected = numbers(expected);
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(&expected) {
        assert!(
            (found - expected).abs() < tolerance,
            "{what}: {found} for {expected}"
        );
    }
}

#[test]
fn values_and_gradients_are_those_of_pytorch_and_keras() {
    let text = include_str!("../fixtures/attention.json");
    let fixture: Value = serde_json::from_str(text).expect("a fixture");
    let cases = fixture["cases"].as_array().expect("cases");
    let of_keras = cases.iter().filter(|case| !case["keras"].is_null());
    assert!(of_keras.count() > 1);
    for case in cases {
        let heads = case["heads"].as_u64().expect("a count") as usize;
        let causal = if case["causal"] == true {
            "true"
        } else {
            "false"
        };
        let shapes = case["shapes"].as_array().expect("shapes").iter();
        let shapes = shapes.map(|axes| numbers(axes).iter().map(|n| *n as usize).collect());
        let mut shapes: Vec<Shape> = shapes.map(Shape).collect();
        let mut x: Vec<Vec<f64>> = case["inputs"]
            .as_array()
            .expect("arrays")
            .iter()
            .map(numbers)
            .collect();
        if let Some(length) = case["length"].as_f64() {
            shapes.push(Shape(vec![1]));
            x.push(vec![length]);
        }
        let arguments = vec![
            ("heads", Constant::Count(heads)),
            ("causal", Constant::Word(causal)),
        ];
        let layer = layer::find("dot_product_attention").expect("a layer");
        let Ok(Operation::Function(attention)) = layer.join(&Constants(arguments), &shapes) else {
            panic!("a function of {shapes:?}")
        };
        let inputs: Vec<&[f64]> = x.iter().map(|x| &x[..]).collect();
        let reads = Reads {
            x: &inputs,
            parameters: &[],
            mask: &[],
        };
        let mut y = vec![f64::NAN; attention.output().len()];
        let mut saved = vec![f64::NAN; attention.saved()];
        Function::<f64>::forward(&*attention, reads, &mut y, &mut saved);
        close("torch", 1e-10, &y, &case["torch"]);
        if !case["keras"].is_null() {
            // It has the scale 1/√D in float32.
            close("keras", 1e-6, &y, &case["keras"]);
        }
        let mut dx: Vec<Vec<f64>> = x.iter().map(|x| vec![f64::NAN; x.len()]).collect();
        let mut towards: Vec<Towards<f64>> =
            dx.iter_mut().map(|dx| Towards { dx, add: false }).collect();
        let dy = numbers(&case["dy"]);
        Function::<f64>::backward(&*attention, reads, &saved, &dy, &mut towards, &mut []);
        for (found, expected) in dx
            .iter()
            .zip(case["gradients"].as_array().expect("gradients"))
        {
            close("gradient", 1e-10, found, expected);
        }
    }
}

/// Keras's layer with its weights: its kernels by head are ours in their order.
#[test]
fn a_layer_with_its_weights_is_that_of_keras() {
    let text = include_str!("../fixtures/attention.json");
    let fixture: Value = serde_json::from_str(text).expect("a fixture");
    let layer = &fixture["layer"];
    let count = |name: &str| layer[name].as_u64().expect("a count");
    let [heads, steps, memory, width] = ["heads", "steps", "memory", "width"].map(count);
    let text = format!(
        "model test\ninput x: real[{steps}, {width}]\ninput m: real[{memory}, {width}]\n\
         target y: real[{}]\ndefault {{ posterior = deterministic }}\n\
         network {{\n attention(heads = {heads}) on (x, m)\n f = flatten\n}}\n\
         observe y ~ Normal(f, 1)\nobjective elbo\n",
        steps * width
    );
    let plan = plan(&text);
    let mut interpreter = Interpreter::<f64>::new(plan, 1);
    interpreter
        .variables_mut()
        .copy_from_slice(&numbers(&layer["weights"]));
    let mut examples = Examples::new(1, 0, 0, (steps * width) as usize);
    examples.inputs = numbers(&layer["inputs"]);
    step(&mut interpreter, &examples, &draw(0, 0), 1);
    close(
        "keras",
        1e-6,
        &interpreter.outputs().remove(0).2,
        &layer["keras"],
    );
}

/// Memory that grows with the steps, not with their square.
#[test]
fn what_attention_keeps_grows_with_the_steps() {
    let kept = |steps: usize| {
        let arguments = vec![
            ("heads", Constant::Count(4)),
            ("causal", Constant::Word("false")),
        ];
        let layer = layer::find("dot_product_attention").expect("a layer");
        let shapes = vec![Shape(vec![steps, 32]); 3];
        match layer.join(&Constants(arguments), &shapes) {
            Ok(Operation::Function(attention)) => attention.saved(),
            _ => panic!("a function"),
        }
    };
    assert_eq!(kept(4000), 10 * kept(400));
}

/// Examples of a model of tokens, of lengths of their own.
fn of_tokens(text: &str, len: usize) -> Examples<f64> {
    let plan = plan(text);
    let row = plan.model.input.shape.len();
    let mut examples = Examples::new(len, row, 3, 0);
    for row in examples.inputs.chunks_exact_mut(row) {
        plan.model.admit(row, bnnc::ir::Lengths::Any);
    }
    examples
}

/// Rows of the kernel by token, with signs, variances and noise of their own; a decoder that reads another sequence.
#[test]
fn every_estimator_looks_tokens_up() {
    let model = |default: &str| {
        format!(
            "model test\ninput read: token[7, vocabulary = 11]\ninput words: token[5, vocabulary = 6]\n\
             target label: category[3]\ndefault {{ prior = Normal(0, 1), {default} }}\n\
             network {{\n memory = embedding(6) on read\n embedding(6) on words\n own = positions\n\
             before = dot_product_attention(heads = 2, causal = true) on (own, own, own)\n\
             attention(heads = 3, units = 9, channels = 4) on (before, memory) {{ value: prior = Normal(0, 0.3) }}\n layer_norm\n flatten\n logits = dense(3)\n}}\n\
             observe label ~ Categorical(logits = logits)\nobjective elbo\n"
        )
    };
    let estimators = bnnc::estimator::ESTIMATORS.iter();
    let estimators =
        estimators.map(|estimator| format!("estimator = {}", estimator.signature().name));
    let others = ["posterior = Dropout(0.3)", "posterior = LowRank(rank = 2)"];
    for default in estimators.chain(others.map(String::from)) {
        let text = model(&default);
        check(&text, &of_tokens(&text, 5));
    }
    let (name, text) = ("model.bnn".into(), model("posterior = Rank1"));
    let failure = bnnc::compile::source(Source { name, text }, &[])
        .err()
        .expect("refused");
    let failure = failure.to_string();
    assert!(
        failure.contains("is looked up by tokens, and Rank1"),
        "{failure}"
    );
}

/// What a model gives at each step of the first example, of `steps` steps of which `length` are there.
fn of_steps(steps: usize, length: usize) -> Vec<f64> {
    let text = format!(
        "model test\ninput words: token[{steps}, vocabulary = 9]\ntarget label: category[3][{steps}]\n\
         default {{ prior = Normal(0, 1) }}\n\
         network {{\n embedding(4)\n sinusoidal_positions\n dense(4)\n a = layer_norm\n\
         dot_product_attention(heads = 2) on (a, a, a)\n logits = dense(3)\n}}\n\
         observe label ~ Categorical(logits = logits)\nobjective elbo\n"
    );
    let plan = plan(&text);
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), 1);
    for (i, value) in interpreter.variables_mut().iter_mut().enumerate() {
        *value = (i as f64).sin();
    }
    let tokens = (0..steps).map(|step| {
        if step < length {
            (step * 4 % 9 + 1) as f64
        } else {
            0.0
        }
    });
    let examples = Examples {
        inputs: tokens.chain([length as f64]).collect(),
        labels: vec![0; steps],
        reals: vec![],
        len: 1,
    };
    let draws = given(&plan, 1, |_, _| 0.0);
    let draw = Draw {
        seed: 0,
        step: 0,
        given: Some(&draws),
    };
    step(&mut interpreter, &examples, &draw, 5);
    interpreter.outputs().remove(0).2
}

#[test]
fn padding_changes_nothing() {
    let alone = of_steps(4, 4);
    let padded = of_steps(7, 4);
    for (alone, padded) in alone.iter().zip(&padded) {
        assert!((alone - padded).abs() < 1e-14, "{alone} {padded}");
    }
    let longer = of_steps(7, 7);
    assert!((alone[0] - longer[0]).abs() > 1e-6);
}
