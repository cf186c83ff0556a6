//! Attention against values and gradients of PyTorch, and values of Keras: `tests/fixtures/attention.py` makes them.

use bnnc::layer::{self, Function, Operation, Reads, Towards};
use bnnc::signature::{Constant, Constants};
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
