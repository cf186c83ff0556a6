//! What tests of methods share: a table, and what a run on it is made of.

use crate::compile;
use crate::data::{Dataset, Seen, Split, Values};
use crate::ir::InferenceMethod;
use crate::plan::Plan;
use crate::source::Source;
use crate::tensor::Shape;
use crate::train::Config;
use crate::train::prepared::Prepared;
use std::sync::Arc;

/// A network of tanh units for [`data`].
pub const MODEL: &str = "model m\ninput x: real[2]\ntarget y: real\ndefault { prior = Normal(0, 1) }\n\
     network { dense(3), tanh, f = dense(1) }\nobserve y ~ Normal(f, 0.5)\nobjective map\n";

/// A table of 20 examples.
pub fn data() -> Dataset {
    let inputs = (0..40).map(|i| (0.7 * f64::from(i)).sin());
    let targets = (0..20).map(|i| (0.3 * f64::from(i)).cos());
    Dataset {
        name: "t".into(),
        train: Split {
            inputs: Values::F64(inputs.collect()),
            input_shape: Shape::new(&[2]),
            targets: Values::F64(targets.collect()),
            target_shape: Shape::new(&[]),
            len: 20,
        },
        test: None,
        class_names: vec![],
        file_rows: None,
        columns: None,
        seen: Seen::default(),
    }
}

/// What a run of a model by this method on [`data`] is made of.
pub fn prepared(model: &str, method: &str) -> (Prepared, Arc<Plan>, Config) {
    let source = Source {
        name: "m.bnn".into(),
        text: model.into(),
    };
    let inference = InferenceMethod::parse(method).unwrap();
    let compiled = compile::by_method(source, &[], Some(inference)).unwrap();
    let mut config = Config {
        epochs: Some(12),
        batch_size: Some(8),
        ..Config::default()
    };
    config.follow_method(&compiled.inference.method);
    let prepared = Prepared::new(data(), vec![], &compiled.inference, &mut config).unwrap();
    (prepared, Arc::new(Plan::new(compiled.inference)), config)
}
