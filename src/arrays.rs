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

use crate::data::{self, Dataset, Memory, Seen, Split, Values};
use crate::diagnostic::Result;
use crate::engine::{Engine, Numbers, Section};
use crate::evaluate;
use crate::examples::Part;
use crate::likelihood::Predictive;
use crate::source::Source;
use crate::tensor::Shape;
use crate::train::files::failed;
use crate::train::fit::Watch;
use crate::train::metrics::Line;
use crate::train::run_dir::RunDir;
use crate::train::start::{Start, settle, start};
use crate::train::{Config, fitting};
use ndarray::{Array2, ArrayView, ArrayViewD, Dimension, IxDyn};
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

/// A model fitted to arrays.
pub struct Fitted {
    engine: Box<dyn Engine>,
    start: Start,
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
/// channels last, `targets` `[N]` or `[N, entries]`; labels are the numbers 0, 1, …. It is a run of `bnnc train` with
/// these settings, in a temporary folder, and gives the same variables, bit for bit.
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
    let arrays = vec![
        array("x", inputs.into_dyn()),
        array("y", targets.into_dyn()),
    ];
    let mut config = config.clone();
    config.data.memory = Some(Memory::arrays(arrays));
    settle(&mut config, None)?;
    let source = Source {
        name: "the model".into(),
        text: model.into(),
    };
    let start = start(source, config, "a Rust program".into(), None)?;
    let mut engine = start.engine()?;
    let temporary = std::env::temp_dir();
    let folder = tempfile::tempdir().map_err(|e| failed(&temporary, "make a folder in", &e))?;
    let name = &start.compiled.inference.name;
    let (run, _lock) = RunDir::create(Some(folder.path()), name)?;
    let goes_on = AtomicBool::new(false);
    let mut training = start.training(&run, &mut *engine, &goes_on);
    let counters = start.begin(&mut training)?;
    training.train(counters, &mut Unwatched)?;
    Ok(Fitted { engine, start })
}

/// Shows nothing.
struct Unwatched;

impl Watch for Unwatched {
    fn epoch_begins(&mut self, _epoch: usize, _step_of_epoch: usize) {}
    fn step(&mut self, _step_of_epoch: usize, _line: &dyn Fn() -> Line) {}
    fn epoch_ends(&mut self, _epoch: usize, _line: &Line) {}
}

/// A named array, which outlives its view.
fn array(name: &str, view: ArrayViewD<f64>) -> data::Array {
    let bytes: Vec<u8> = view.iter().flat_map(|x| x.to_le_bytes()).collect();
    data::Array::new(
        name,
        "<f8",
        view.shape(),
        Box::new(move |take| take(&bytes)),
    )
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
        let data = dataset(inputs.into_dyn());
        let inference = &self.start.compiled.inference;
        fitting::check(&data, inference)?;
        let rows: Vec<usize> = (0..data.train.len).collect();
        let part = Part {
            split: &data.train,
            rows: &rows,
            target: 0,
            targets: None,
            others: &[],
            with_targets: false,
            ..self.start.prepared.training()
        };
        let draws = inference.draws(draws.get());
        let draws = self.engine.predictor().draws(draws).max(1);
        let seed = self.start.config.seed;
        let predicted = evaluate::predict(self.engine.predictor(), &part, draws, seed)?;
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

/// Inputs as a data set without targets.
fn dataset(inputs: ArrayViewD<f64>) -> Dataset {
    let train = Split {
        input_shape: Shape::new(inputs.shape().get(1..).unwrap_or_default()),
        len: inputs.shape().first().copied().unwrap_or(0),
        inputs: Values::F64(inputs.iter().copied().collect()),
        target_shape: Shape::new(&[0]),
        targets: Values::F64(vec![]),
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
