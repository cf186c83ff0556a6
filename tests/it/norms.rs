//! Norms and activations against numbers of Keras and PyTorch: `tests/fixtures/norms.py` makes them.

use crate::support::{Examples, draw, plan};
use bnnc::exec::Interpreter;
use bnnc::ir::Position;
use bnnc::layer::{self, Function, Map, Moments, Operation, Reads, Statistics};
use bnnc::signature::{Constant, Constants};
use bnnc::tensor::Shape;
use serde_json::Value;

struct Fixture(Value);

impl Fixture {
    fn read() -> Self {
        let text = include_str!("../fixtures/norms.json");
        Fixture(serde_json::from_str(text).expect("a fixture"))
    }

    fn numbers(value: &Value) -> Vec<f64> {
        let numbers = value.as_array().expect("numbers").iter();
        numbers.map(|x| x.as_f64().expect("a number")).collect()
    }

    fn of(&self, name: &str) -> Vec<f64> {
        Self::numbers(&self.0[name])
    }

    fn shape(&self) -> Shape {
        Shape(self.of("shape").iter().map(|n| *n as usize).collect())
    }

    fn operation(&self, name: &str, arguments: &[(&'static str, Constant)]) -> Operation {
        let layer = layer::find(name).expect("a layer");
        let built = layer.build(&Constants(arguments.to_vec()), &self.shape());
        built.unwrap_or_else(|error| panic!("{name}: {}", error.expected))
    }

    /// What the layer gives of all examples.
    fn values(
        &self,
        name: &str,
        arguments: &[(&'static str, Constant)],
        rows: &[&[f64]],
    ) -> Vec<f64> {
        let operation = self.operation(name, arguments);
        let (x, len) = (self.of("x"), self.shape().len());
        let mut y = vec![f64::NAN; x.len()];
        for (x, y) in x.chunks(len).zip(y.chunks_mut(len)) {
            match &operation {
                Operation::Map(map) => Map::<f64>::forward(&**map, x, y),
                Operation::Function(function) => {
                    let mut saved = vec![f64::NAN; function.saved()];
                    let reads = Reads {
                        x: &[x],
                        parameters: rows,
                        mask: &[],
                    };
                    Function::<f64>::forward(&**function, reads, y, &mut saved);
                }
                _ => panic!("{name}: of one example"),
            }
        }
        y
    }

    fn agrees(&self, name: &str, found: &[f64]) {
        let programs = self.0[name].as_object().expect("programs").iter();
        let programs =
            programs.filter(|(who, _)| ["keras", "torch", "numpy"].contains(&who.as_str()));
        let mut compared = 0;
        for (who, expected) in programs {
            close(&format!("{name} of {who}"), found, &Self::numbers(expected));
            compared += 1;
        }
        assert!(compared > 0, "{name}");
    }
}

fn close(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() < 1e-10,
            "{what}: {found} for {expected}"
        );
    }
}

#[test]
fn norms_of_one_example_are_those_of_keras_and_pytorch() {
    let fixture = Fixture::read();
    let [gain, shift] = ["gain", "shift"].map(|name| fixture.of(name));
    let epsilon = ("epsilon", Constant::Number(1e-3));
    for (name, arguments) in [
        ("layer_norm", vec![epsilon.clone()]),
        (
            "group_norm",
            vec![("groups", Constant::Count(2)), epsilon.clone()],
        ),
        ("instance_norm", vec![epsilon]),
    ] {
        let found = fixture.values(name, &arguments, &[&gain, &shift]);
        fixture.agrees(name, &found);
    }
    let threshold = fixture.of("threshold");
    let epsilon = ("epsilon", Constant::Number(1e-6));
    let rows = [&gain[..], &shift, &threshold];
    let found = fixture.values("filter_response_norm", &[epsilon], &rows);
    fixture.agrees("filter_response_norm", &found);
}

#[test]
fn activations_are_those_of_keras_and_pytorch() {
    let fixture = Fixture::read();
    for name in ["softmax", "log_softmax", "hard_swish", "mish"] {
        fixture.agrees(name, &fixture.values(name, &[], &[]));
    }
    let slope = fixture.of("slope");
    fixture.agrees("prelu", &fixture.values("prelu", &[], &[&slope]));
}

/// In training, what is kept after two steps, and with what is kept.
#[test]
fn batch_norm_is_that_of_keras() {
    let fixture = Fixture::read();
    let arguments = [
        ("momentum", Constant::Number(0.99)),
        ("epsilon", Constant::Number(1e-3)),
    ];
    let Operation::Statistics(norm) = fixture.operation("batch_norm", &arguments) else {
        panic!("statistics")
    };
    let [gain, shift] = ["gain", "shift"].map(|name| fixture.of(name));
    let (mut kept, momentum) = ([vec![0.0; 4], vec![1.0; 4]], norm.momentum());
    let x = fixture.of("x");
    for (step, name) in ["x", "second"].into_iter().enumerate() {
        let (mut mean, mut variance) = (vec![f64::NAN; 4], vec![f64::NAN; 4]);
        let mut y = vec![f64::NAN; x.len()];
        let into = Moments {
            mean: &mut mean,
            variance: &mut variance,
        };
        Statistics::<f64>::forward(&*norm, &fixture.of(name), [&gain, &shift], into, &mut y);
        if step == 0 {
            fixture.agrees("batch_norm", &y);
        }
        for (kept, moment) in kept.iter_mut().zip([mean, variance]) {
            for (kept, moment) in kept.iter_mut().zip(moment) {
                *kept = momentum * *kept + (1.0 - momentum) * moment;
            }
        }
    }
    let expected = &fixture.0["batch_norm"];
    for (at, kept) in kept.iter().enumerate() {
        close(
            "what is kept",
            kept,
            &Fixture::numbers(&expected["kept"][at]),
        );
    }
    let mut y = vec![f64::NAN; x.len()];
    let len = fixture.shape().len();
    for (x, y) in x.chunks(len).zip(y.chunks_mut(len)) {
        let reads = Reads {
            x: &[x],
            parameters: &[&gain, &shift, &kept[0], &kept[1]],
            mask: &[],
        };
        Function::<f64>::forward(norm.settled(), reads, y, &mut []);
    }
    close("settled", &y, &Fixture::numbers(&expected["settled"]));
}

/// What is kept moves once a step, towards the mean over its samples: here all have the same moments, those of the
/// inputs.
#[test]
fn what_is_kept_moves_once_a_step_however_many_samples_it_has() {
    let kept = |samples: usize| {
        let plan = plan(&format!(
            "model m\ninput x: real[4]\ntarget label: category[3]\n\
             default {{ prior = Normal(0, 1), posterior = MeanField, estimator = reparameterization }}\n\
             network {{\n  norm = batch_norm\n  logits = dense(3)\n}}\n\
             observe label ~ Categorical(logits = logits)\nobjective elbo {{ samples = {samples} }}\n"
        ));
        let examples = Examples::<f64>::new(6, 4, 3, 0);
        let mut interpreter = Interpreter::<f64>::new(plan.clone(), 6);
        interpreter.initialize(1);
        let at = Position::full_batch(6);
        interpreter.step_before_update(&examples.batch(), &draw(0, 0), &at);
        let states = ["norm.mean", "norm.variance"].map(|name| {
            let mut all = plan.variables.iter();
            let variable = all.find(|variable| variable.name.starts_with(name));
            let range = variable.expect("a state").range.clone();
            interpreter.variables()[range].to_vec()
        });
        states.concat()
    };
    let once = kept(1);
    assert!(once.iter().any(|x| *x != 0.0 && *x != 1.0));
    for (several, once) in kept(3).iter().zip(&once) {
        assert!((several - once).abs() < 1e-14, "{several} {once}");
    }
}
