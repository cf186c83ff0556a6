//! How fast this machine trains and predicts: the measurements of `bnnc bench`.
//!
//! Rates are best of several slices, and a training step is all of it: draws, forward, nll + KL/N,
//! backward, optimizer. To be compared between machines they are given as a fraction too: of the rate of a
//! 2048³ float32 product of matrices beside them ([`Peak`]), on the operations of the deterministic network
//! ([`Plan::operations`]).

mod inputs;
mod peak;
mod text;

pub use peak::{Peak, Rate};
pub use text::text;

use crate::diagnostic::{Diagnostic, Result};
use crate::engine::Predictor;
use crate::evaluate::BATCH;
use crate::exec::{Draw, Interpreter, Profile, Update, memory};
use crate::ir::{Position, Role};
use crate::layer::Operation;
use crate::memory::refuse;
use crate::optimizer;
use crate::plan::{Plan, Segment, SegmentKind};
use crate::source::Source;
use crate::words::plural;
use inputs::Synthetic;
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Files of `benches/networks`, as [name, file].
macro_rules! networks {
    ($($name:literal),* $(,)?) => {
        &[$([$name, include_str!(concat!("../../benches/networks/", $name, ".bnn"))]),*]
    };
}

/// The networks that are measured where none is named, as [name, file].
pub static NETWORKS: &[[&str; 2]] = networks![
    "one_conv_flipout",
    "two_convs_flipout",
    "lenet_flipout",
    "two_convs_reparameterization",
    "mlp400_reparameterization",
    "mlp400_local",
    "mlp1200_reparameterization",
    "mlp1200_local",
    "one_conv_reparameterization",
    "lenet_reparameterization",
];

/// What is measured, and how long.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Settings {
    /// Examples a step.
    pub batch: usize,
    /// Seconds of training steps, and as many of predictions.
    pub seconds: f64,
    /// Examples that are predicted.
    pub examples: usize,
    /// Draws of the weights that each is predicted with.
    pub draws: usize,
}

/// One network's measurements.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The model's name.
    pub model: String,
    /// Its kernels' estimators.
    pub estimator: String,
    /// Operations an example of a training step of the deterministic network.
    pub operations: u64,
    /// Of its forward pass.
    pub forward_operations: u64,
    /// Training: examples a second.
    pub training: Rate,
    /// Bytes that training takes.
    pub memory: u64,
    /// Prediction: examples × draws a second.
    pub prediction: Rate,
    /// Where the time of a training step goes: parts of 1.
    pub parts: Vec<Share>,
}

/// A part of a training step.
#[derive(Debug, Clone, Serialize)]
pub struct Share {
    /// A layer, or what else a step does.
    pub name: String,
    /// `forward` or `backward` of a layer.
    pub pass: Option<&'static str>,
    /// Its part of a step's time.
    pub share: f64,
}

/// The built-in network called `name`, as a source.
pub fn source([name, text]: [&str; 2]) -> Source {
    Source {
        name: format!("{name}.bnn"),
        text: text.into(),
    }
}

/// Measures one network on the current rayon pool, on made-up examples.
///
/// # Errors
///
/// `E0613` for a minibatch that the memory does not hold; `E0608` if a loss is not finite: that would be measured, but of no use to anyone.
pub fn measure(plan: &Arc<Plan>, settings: &Settings, peak: &mut Peak) -> Result<Measured> {
    let memory = memory(plan, settings.batch);
    let what = format!("a step of {}", plural(settings.batch, "example"));
    refuse(&what, memory, "a smaller `--batch-size` takes less")?;
    let mut training = Training::new(plan, settings.batch);
    let length = Duration::from_secs_f64(settings.seconds);
    let rate = peak.beside(length, || {
        training.run();
        settings.batch
    });
    training.finite()?;
    let parts = training.parts(length / 4);
    let mut estimators: Vec<&str> = Vec::new();
    for (_, tensor) in plan.inference.all_fitted() {
        let name = tensor.estimator.map(|e| e.signature().name);
        estimators.extend(name.filter(|n| tensor.role == Role::Kernel && !estimators.contains(n)));
    }
    Ok(Measured {
        model: plan.model.name.clone(),
        estimator: estimators.join(", "),
        operations: plan.operations(),
        forward_operations: plan.forward_operations(),
        training: rate,
        memory,
        prediction: predictions(plan, settings, peak),
        parts,
    })
}

/// A network that is trained on made-up examples.
struct Training {
    interpreter: Interpreter<f32>,
    adam: optimizer::State<f32>,
    examples: Synthetic,
    batch: usize,
    step: u64,
    loss: f64,
    predictive: Vec<f32>,
}

impl Training {
    fn new(plan: &Arc<Plan>, batch: usize) -> Self {
        let mut interpreter = Interpreter::new(plan.clone(), batch);
        interpreter.initialize(0);
        let adam = optimizer::find("adam").expect("adam is an optimizer");
        let defaults = optimizer::defaults(adam.signature());
        let examples = Synthetic::new(plan, batch);
        Training {
            interpreter,
            adam: optimizer::State::new(adam, defaults, plan.trainable()),
            predictive: vec![0.0; batch * examples.columns],
            examples,
            batch,
            step: 0,
            loss: 0.0,
        }
    }

    /// One step.
    fn run(&mut self) {
        // Of a set of 50000 examples: the KL's scale is that of a common run.
        let at = Position {
            training_examples: 50_000,
            batch: self.batch,
            batch_index: 0,
            batches: 50_000 / self.batch,
            epoch: 0.0,
        };
        let draw = Draw {
            seed: 0,
            step: self.step,
            given: None,
        };
        self.step += 1;
        let update = Update {
            step: self.adam.begin(self.step, 1e-4),
            predictive: &mut self.predictive,
        };
        let trained = self
            .interpreter
            .train(&self.examples.batch(), &draw, &at, update);
        self.loss = trained.report.loss;
    }

    fn finite(&self) -> Result<()> {
        if self.loss.is_finite() {
            return Ok(());
        }
        let title = format!("the loss is {} after {} steps", self.loss, self.step);
        Err(Diagnostic::error("E0608", title)
            .note("the network was trained on made-up examples, standard normal inputs")
            .into())
    }

    /// Where the time goes, from steps of `length` in all.
    fn parts(&mut self, length: Duration) -> Vec<Share> {
        self.interpreter.measure();
        let begun = Instant::now();
        while begun.elapsed() < length {
            self.run();
        }
        let total = begun.elapsed();
        let profile = self.interpreter.profile().expect("it is measured");
        shares(self.interpreter.plan(), profile, total)
    }
}

/// A profile as parts of the whole.
fn shares(plan: &Plan, profile: &Profile, total: Duration) -> Vec<Share> {
    let share = |name: &str, pass, time: Duration| Share {
        name: name.to_owned(),
        pass,
        share: time.as_secs_f64() / total.as_secs_f64(),
    };
    let mut parts = vec![share("draws", None, profile.draw)];
    for (handle, node) in plan.model.nodes.iter() {
        let operation = node.call.as_ref().map(|call| &call.operation);
        // What goes with another layer is counted there.
        let with_another = |segment: &Segment| {
            segment.kind == SegmentKind::WholeBatch && segment.nodes[1..].contains(&handle)
        };
        if matches!(operation, None | Some(Operation::View(_)))
            || plan.segments.values().any(with_another)
        {
            continue;
        }
        let pass = |word, time| share(&node.name, Some(word), time);
        parts.push(pass("forward", profile.forward[handle]));
        parts.push(pass("backward", profile.backward[handle]));
    }
    parts.push(share("likelihood", None, profile.observe));
    parts.push(share("chunks added up", None, profile.add_up));
    parts.push(share("terms and optimizer", None, profile.terms));
    let known: f64 = parts.iter().map(|part| part.share).sum();
    let other = Share {
        share: (1.0 - known).max(0.0),
        ..share("other", None, Duration::ZERO)
    };
    parts.push(other);
    parts
}

/// Examples × draws a second, as [`crate::evaluate::predict`] makes them.
fn predictions(plan: &Arc<Plan>, settings: &Settings, peak: &mut Peak) -> Rate {
    let mut interpreter = Interpreter::<f32>::new(plan.clone(), BATCH);
    interpreter.initialize(0);
    let examples = Synthetic::new(plan, settings.examples);
    let width = plan.model.input.shape.len();
    // Of several targets each is predicted by itself.
    let summaries = plan.model.summaries();
    let rows: Vec<usize> = summaries.map(|summary| summary.row()).collect();
    let mut out = vec![0.0; BATCH * examples.columns];
    let mut draws = (0..settings.draws).cycle();
    peak.beside(Duration::from_secs_f64(settings.seconds), || {
        let draw = draws.next().expect("there is at least one draw");
        Predictor::draw_weights(&mut interpreter, draw, 0);
        for (target, row) in rows.iter().enumerate() {
            interpreter.predict_target(target);
            for inputs in examples.inputs.chunks(BATCH * width) {
                let count = inputs.len() / width;
                interpreter.predict_drawn(inputs, count, &mut out[..count * row], None);
            }
        }
        settings.examples
    })
}

/// The widest vectors that are used here.
pub fn vectors() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        use std::is_x86_feature_detected as has;
        if has!("avx512f") {
            return "AVX-512";
        }
        if has!("avx2") && has!("fma") {
            return "AVX2";
        }
    }
    "the target's own vectors"
}

impl Measured {
    /// Lower quartile, median and upper quartile of training's part of the peak.
    pub fn training_of_peak(&self) -> [f64; 3] {
        let operations = self.operations as f64;
        self.training.beside.map(|rate| rate * operations)
    }

    /// The same of prediction.
    pub fn prediction_of_peak(&self) -> [f64; 3] {
        let operations = self.forward_operations as f64;
        self.prediction.beside.map(|rate| rate * operations)
    }
}

/// All of it as JSON.
pub fn json(peak: &Peak, settings: &Settings, measured: &[Measured]) -> serde_json::Value {
    let row = |row: &Measured| {
        let ([low, median, high], predictions) = (row.training_of_peak(), row.prediction_of_peak());
        serde_json::json!({
            "model": row.model,
            "estimator": row.estimator,
            "operations": row.operations,
            "forward_operations": row.forward_operations,
            "examples_per_second": row.training.best,
            "gflops": row.training.best * row.operations as f64 / 1e9,
            "fraction_of_peak": median,
            "fraction_of_peak_quartiles": [low, high],
            "memory": row.memory,
            "predictions_per_second": row.prediction.best,
            "predictions_fraction_of_peak": predictions[1],
            "predictions_fraction_of_peak_quartiles": [predictions[0], predictions[2]],
            "parts": row.parts,
        })
    };
    let machine = serde_json::json!({
        "sgemm_gflops": peak.best,
        "threads": peak.threads,
        "vectors": vectors(),
    });
    let models: Vec<_> = measured.iter().map(row).collect();
    serde_json::json!({ "machine": machine, "settings": settings, "models": models })
}
