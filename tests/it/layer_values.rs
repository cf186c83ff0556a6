//! Layers against outputs of Keras and PyTorch, which `tests/fixtures/layers.py` writes.

use crate::support::plan;
use bnnc::layer::{Linear, Map, Operation};
use bnnc::tensor::Real;
use serde_json::Value;

/// As the script has them.
fn numbers(len: usize, salt: usize) -> Vec<f64> {
    let number = |i: usize| ((i * 7919 + salt * 104_729 + 13) % 10_007) as f64 / 5003.0 - 1.0;
    (0..len).map(number).collect()
}

fn sizes(of: &Value) -> Vec<usize> {
    let sizes = of.as_array().unwrap().iter();
    sizes.map(|n| n.as_u64().unwrap() as usize).collect()
}

/// The operation of a layer as a model has it.
fn operation(call: &str, input: &[usize]) -> Operation {
    let text = format!(
        "model test\ninput x: real{input:?}\ntarget y: real\ndefault {{ prior = Normal(0, 1), posterior = MeanField }}\n\
         network {{\n layer = {call}\n flatten\n f = dense(1)\n}}\nobserve y ~ Normal(loc = f, scale = 1)\nobjective elbo\n"
    );
    let plan = plan(&text);
    let mut nodes = plan.model.nodes.iter();
    let (_, node) = nodes.find(|(_, node)| node.name == "layer").unwrap();
    node.call.as_ref().unwrap().operation.clone()
}

fn check<T: Real>(operation: &Operation, case: &Value, tolerance: f64)
where
    dyn bnnc::layer::AnyMap: Map<T>,
    dyn bnnc::layer::AnyLinear: Linear<T>,
{
    let of = |values: Vec<f64>| values.into_iter().map(T::of).collect::<Vec<T>>();
    let (input, kernel) = (sizes(&case["input"]), sizes(&case["kernel"]));
    let x = of(numbers(input.iter().product(), 1));
    let expected = case["y"].as_array().unwrap();
    let mut y = vec![T::of(f64::NAN); expected.len()];
    match operation {
        Operation::Map(map) => Map::<T>::forward(&**map, &x, &mut y),
        Operation::Linear(linear) => {
            assert_eq!(linear.kernel().0, kernel, "{}", case["call"]);
            let w = of(numbers(kernel.iter().product(), 2));
            let mut scratch = vec![T::of(f64::NAN); linear.scratch(1)];
            Linear::<T>::apply(&**linear, &x, &w, &mut y, &mut scratch);
        }
        _ => panic!("{} is neither a map nor linear", case["call"]),
    }
    for (at, (y, expected)) in y.iter().zip(expected).enumerate() {
        let (y, expected) = (y.wide(), expected.as_f64().unwrap());
        assert!(
            (y - expected).abs() < tolerance * (1.0 + expected.abs()),
            "{} of {}, entry {at}: {y} for {expected}",
            case["source"],
            case["call"]
        );
    }
}

#[test]
fn layers_give_the_numbers_of_keras_and_pytorch() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/layers.json");
    let text = std::fs::read_to_string(path).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    let cases = all["cases"].as_array().unwrap();
    assert!(cases.len() > 40);
    for case in cases {
        let call = case["call"].as_str().unwrap();
        let operation = operation(call, &sizes(&case["input"]));
        assert_eq!(operation.output().0, sizes(&case["output"]), "{call}");
        let single = case["single"].as_bool().unwrap();
        check::<f64>(&operation, case, if single { 1e-6 } else { 1e-12 });
        check::<f32>(&operation, case, 2e-6);
    }
}
