//! For a Rust program that has its data in memory: `ndarray`'s views in, its arrays out.
//!
//! ```
//! use bnnc::arrays::fit;
//! use bnnc::ndarray::{Array, Axis};
//! use bnnc::train::Config;
//!
//! let model = "
//!     model line
//!     input x: real[1]
//!     target y: real
//!     default { prior = Normal(0, 1) }
//!     network { mean = dense(1) }
//!     observe y ~ Normal(loc = mean, scale = 0.1)
//!     objective elbo";
//! let x = Array::linspace(-1.0, 1.0, 64).insert_axis(Axis(1)); // [64, 1]
//! let y = 3.0 * &x + 2.0;
//! let config = Config {
//!     epochs: Some(300),
//!     batch_size: Some(16),
//!     ..Config::default()
//! };
//!
//! let mut line = fit(model, x.view(), y.view(), &config)?;
//! let predicted = line.predict(x.view(), 100.try_into().unwrap())?;
//! assert_eq!(predicted.mean.dim(), (64, 1));
//! let error = (&predicted.mean - &y).mapv(f64::abs);
//! assert!(error.mean().unwrap() < 0.3);
//! for (name, values) in line.variables() {
//!     println!("{name} {:?}", values.shape()); // mean.kernel.loc [1, 1]
//! }
//! # Ok::<(), bnnc::diagnostic::Failure>(())
//! ```

use crate::compile;
use crate::data::{Dataset, Seen, Split, Values};
use crate::diagnostic::{Diagnostic, Result};
use crate::engine::{Engine, Numbers, Section};
use crate::evaluate;
use crate::examples::Part;
use crate::likelihood::Predictive;
use crate::plan::Plan;
use crate::source::Source;
use crate::tensor::Shape;
use crate::train::method;
use crate::train::prepared::Prepared;
use crate::train::{Config, fitting, in_memory};
use ndarray::{Array2, ArrayView, ArrayViewD, Dimension, IxDyn};
use std::num::NonZeroUsize;
use std::sync::Arc;

/// A model fitted to arrays.
pub struct Fitted {
    engine: Box<dyn Engine>,
    plan: Arc<Plan>,
    prepared: Prepared,
    seed: u64,
}

/// Predictive distributions of N examples, averaged over draws of the weights.
#[derive(Debug, Clone)]
pub struct Predictions {
    /// Numbers: the mean, `[N, entries]`, in the target's units. Classes: the probabilities,
    /// `[N, classes]`; of a binary target, `[N, 1]`, that of the label 1.
    pub mean: Array2<f64>,
    /// Numbers: the variance within the draws, which is noise, `[N, entries]`. Classes: the mean entropy of the
    /// draws, `[N, 1]`, in nats.
    pub within: Array2<f64>,
    /// Numbers: the variance of the draws' means, which more data would lower, `[N, entries]`. Classes: `[N, 0]`.
    pub between: Array2<f64>,
}

/// Fits the model of this text to N examples: `inputs` is `[N, …]` with the axes of the model's input behind,
/// channels last, `targets` `[N]` or `[N, entries]`; labels are the numbers 0, 1, …. It trains as `bnnc train` does
/// with these settings and gives the same variables, bit for bit.
///
/// # Errors
///
/// Whatever is wrong with the text; `E0507`, `E0509` and `E0510` for arrays that do not fit the model; `E0603` for
/// settings that do not fit the number of examples; `E0608` where the fit diverges.
pub fn fit<D: Dimension, E: Dimension>(
    model: &str,
    inputs: ArrayView<f64, D>,
    targets: ArrayView<f64, E>,
    config: &Config,
) -> Result<Fitted> {
    let examples = |axes: &[usize]| axes.first().copied();
    let (n, of_targets) = (examples(inputs.shape()), examples(targets.shape()));
    if n.is_none() || n != of_targets || targets.len() < of_targets.unwrap_or(0) {
        let title = format!(
            "inputs of the shape {:?} and targets of the shape {:?}: no target for each example",
            inputs.shape(),
            targets.shape()
        );
        return Err(Diagnostic::error("E0510", title)
            .help("the first axis of both is the examples'")
            .into());
    }
    let source = Source {
        name: "the model".into(),
        text: model.into(),
    };
    let mut compiled = compile::by_method(source, &config.set, config.inference.clone())?;
    compiled.draw(config.samples);
    let data = dataset(inputs, Some(targets));
    let mut config = config.clone();
    config.follow_method(&compiled.inference.method);
    let prepared = Prepared::new(data, vec![], &compiled.inference, &mut config)
        .map_err(|failure| failure.within(&compiled.source))?;
    let plan = Arc::new(Plan::new(compiled.inference));
    let capacity = config.batch_size().max(evaluate::BATCH);
    let mut engine = method::engine(plan.clone(), &config, capacity)?;
    in_memory(&mut *engine, &prepared, &config)?;
    if let Some(section) = engine
        .predictor()
        .weights()
        .iter()
        .find(|section| !section.is_finite())
    {
        let title = format!("the fit has diverged: {} is not finite", section.name);
        return Err(Diagnostic::error("E0608", title)
            .help("a lower `learning_rate` is the first thing to try")
            .into());
    }
    Ok(Fitted {
        engine,
        plan,
        prepared,
        seed: config.seed,
    })
}

impl Fitted {
    /// Predicts N examples with `draws` draws of the weights. `inputs` are as [`fit`] takes them.
    ///
    /// # Errors
    ///
    /// `E0507` and `E0509` for arrays that do not fit the model.
    pub fn predict<D: Dimension>(
        &mut self,
        inputs: ArrayView<f64, D>,
        draws: NonZeroUsize,
    ) -> Result<Predictions> {
        let data = dataset(inputs, None::<ArrayView<f64, D>>);
        fitting::check(&data, &self.plan.inference)?;
        let rows: Vec<usize> = (0..data.train.len).collect();
        let part = Part {
            split: &data.train,
            rows: &rows,
            target: 0,
            targets: None,
            others: &[],
            with_targets: false,
            ..self.prepared.training()
        };
        let draws = self.plan.inference.draws(draws.get());
        let draws = self.engine.predictor().draws(draws).max(1);
        let predicted = evaluate::predict(self.engine.predictor(), &part, draws, self.seed)?;
        Ok(Predictions::of(predicted))
    }

    /// The trained variables by their names in a checkpoint, such as `mean.kernel.loc`.
    pub fn variables(&mut self) -> Vec<(String, ArrayViewD<'_, f32>)> {
        fn view<'a>(section: Section<'a>) -> Option<(String, ArrayViewD<'a, f32>)> {
            let values: &'a [f32] = match section.values {
                Numbers::F32(values) => values,
                Numbers::F64(_) => return None,
            };
            let view = ArrayView::from_shape(IxDyn(&section.shape.0), values);
            Some((section.name, view.expect("a section has its shape")))
        }
        self.engine
            .predictor()
            .weights()
            .into_iter()
            .filter_map(view)
            .collect()
    }
}

impl Predictions {
    fn of(predicted: Predictive) -> Self {
        let rows = |values: Vec<f64>| {
            let width = values.len() / predicted.examples.max(1);
            Array2::from_shape_vec((predicted.examples, width), values).expect("whole rows")
        };
        Predictions {
            mean: rows(predicted.mean),
            within: rows(predicted.within),
            between: rows(predicted.between),
        }
    }
}

/// Arrays as a data set without a test part.
fn dataset<D: Dimension, E: Dimension>(
    inputs: ArrayView<f64, D>,
    targets: Option<ArrayView<f64, E>>,
) -> Dataset {
    let shape = |axes: &[usize]| Shape::new(axes.get(1..).unwrap_or_default());
    let train = Split {
        input_shape: shape(inputs.shape()),
        len: inputs.shape().first().copied().unwrap_or(0),
        inputs: Values::F64(inputs.iter().copied().collect()),
        // `[0]`: there is none
        target_shape: (targets.as_ref()).map_or(Shape::new(&[0]), |targets| shape(targets.shape())),
        targets: Values::F64(targets.map_or(vec![], |targets| targets.iter().copied().collect())),
    };
    Dataset {
        name: "the arrays".into(),
        train,
        test: None,
        class_names: vec![],
        file_rows: None,
        columns: None,
        seen: Seen::default(),
    }
}
