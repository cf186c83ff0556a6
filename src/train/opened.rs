//! A trained run, opened to evaluate or predict with.

use super::asked::asked_for;
use super::checkpoint::{Counters, model_fingerprint};
use super::config::Config;
use super::data_record::DataRecord;
use super::fit::LEFT_OUT;
use super::method;
use super::progress::number;
use super::rows::Rows;
use super::run_dir::RunDir;
use crate::data::{Choices, Memory, Request, RunColumns, Split};
use crate::diagnostic::Result;
use crate::engine::Predictor;
use crate::evaluate::BATCH;
use crate::examples::Part;
use crate::ir::Inference;
use crate::plan::Plan;
use crate::source::Source;
use crate::words::plural;
use std::path::Path;
use std::sync::Arc;

/// A trained run.
pub struct Opened {
    /// Its settings.
    pub config: Config,
    /// What it was trained on.
    pub record: DataRecord,
    /// Its model.
    pub inference: Arc<Inference>,
    /// The model's text, which messages point into.
    pub source: Arc<Source>,
    /// How far the variables are that it predicts with.
    pub counters: Counters,
    /// Why training ended, where its loss diverged.
    pub diverged: Option<String>,
    /// What its method said at the end, a word and a text each.
    pub said: Vec<(String, String)>,
    /// The rows that it was trained on; none of a run of before they were kept.
    pub rows: Option<Rows>,
    /// Which of the model's targets it is looked at for.
    pub number: usize,
    /// Of one of several targets: where it is, and what the others are.
    pub of_target: Option<Request>,
}

/// Opens the run in `path`: it, and its model at the checkpoint's variables.
pub fn open(path: &Path) -> Result<(Opened, Box<dyn Predictor>)> {
    let run = RunDir::open(path)?;
    let mut config = run.config()?;
    let compiled = run.compile(&config)?;
    config.follow_method(&compiled.inference.method);
    let record = run.data(&compiled.inference)?;
    let plan = Arc::new(Plan::new(compiled.inference.clone()));
    let fingerprint = model_fingerprint(&compiled.source.text, &config.set, &plan.variables);
    let mut predictor = method::predictor(plan.clone(), &config, BATCH)?;
    let counters = run.load(&fingerprint, predictor.weights())?;
    Ok((
        Opened {
            config,
            record,
            inference: compiled.inference,
            source: compiled.source,
            counters,
            diverged: run.diverged(),
            said: run.said(),
            rows: run.rows()?,
            number: 0,
            of_target: None,
        },
        predictor,
    ))
}

impl Opened {
    /// The columns of the run's table, by whose names another table is read; none of other data.
    pub fn columns(&self, targets_needed: bool) -> Option<RunColumns> {
        let columns = self.record.columns.clone();
        columns.map(|columns| RunColumns {
            columns,
            targets_needed,
        })
    }

    /// Adds to a request for data what the model takes and predicts, and what the run's classes are. Where the run is
    /// one of several targets alone, the others are no inputs.
    pub fn complete(&self, request: Request) -> Request {
        let is_said = request.target.is_some() || request.columns.is_none();
        let request = asked_for(&self.inference, request);
        let request = Request {
            classes: Some(self.record.class_names.clone()),
            ..request
        };
        let Some(of_target) = &self.of_target else {
            return request;
        };
        let [inputs, _] = request.arrays;
        Request {
            others: of_target.others.clone(),
            arrays: [inputs, of_target.target.clone()],
            // The columns of a run are known by their names.
            target: of_target.target.clone().filter(|_| is_said),
            ..request
        }
    }

    /// A request for data that a program has in memory, to predict or to compare with.
    pub fn request_in_memory(&self, memory: Memory, targets_needed: bool) -> Request {
        let own = &self.config.data;
        self.complete(Request {
            data: memory.name().into(),
            memory: Some(memory),
            columns: self.columns(targets_needed),
            arrays: [own.choices.inputs.clone(), own.target.clone()],
            choices: Choices {
                layout: own.choices.layout.clone(),
                ..Choices::default()
            },
            ..Request::default()
        })
    }

    /// The run as one of each of its model's targets alone, in their order; `target` names what they are read from, if
    /// it is not what the run's settings name.
    ///
    /// # Errors
    ///
    /// `E0506` where another number of them is named.
    pub fn by_target(&self, target: Option<String>) -> Result<Vec<Opened>> {
        let data = &self.config.data;
        let request = Request {
            data: data.name.clone().unwrap_or_default(),
            target: target.or(data.target.clone()),
            targets: self.inference.several_targets(),
            ..Request::default()
        };
        let models = self.inference.of_targets().into_iter().enumerate();
        let of = |((number, inference), request): ((usize, Inference), Request)| {
            Some(Opened {
                config: self.config.clone(),
                record: self.record.of_target(number)?,
                inference: Arc::new(inference),
                source: self.source.clone(),
                counters: self.counters.clone(),
                diverged: self.diverged.clone(),
                said: self.said.clone(),
                rows: self.rows.clone(),
                number,
                of_target: Some(request).filter(|request| !request.others.is_empty()),
            })
        };
        Ok(models.zip(request.of_targets()?).filter_map(of).collect())
    }

    /// The examples `rows` of some data, scaled as the run's.
    pub fn examples<'a>(&'a self, split: &'a Split, rows: &'a [usize]) -> Part<'a> {
        Part {
            split,
            rows,
            scales: &self.record.scales,
            kind: self.inference.target.kind,
            summary: self.inference.summary(),
            target: self.number,
            targets: None,
            others: &[],
            with_targets: split.has_targets(),
        }
    }

    /// The names of the targets of a table.
    pub fn target_names(&self) -> &[String] {
        self.record.columns.as_ref().map_or(&[], |c| &c.targets)
    }

    /// What is to be known of the weights of a run whose loss diverged.
    pub fn divergence(&self) -> Option<String> {
        let why = self.diverged.as_ref()?;
        let step = self.counters.step;
        Some(format!(
            "training ended because {why}: these are the weights after step {step}"
        ))
    }

    /// Which members or chains do not predict, and why, if some do not.
    pub fn left_out(&self) -> Option<&str> {
        let told = self.said.iter().find(|(word, _)| word == LEFT_OUT);
        told.map(|(_, text)| &**text)
    }

    /// Epochs done, as text: `1 epoch`, `20 epochs`, `2.5 of 20 epochs`; and which they are where the run keeps those
    /// of the lowest validation nll.
    pub fn progress(&self) -> String {
        let n = self.record.training_examples;
        let done = self.counters.epochs(&self.config, n);
        let epochs = match done >= self.config.all_epochs() as f64 {
            true => plural(self.config.all_epochs(), "epoch"),
            false => format!(
                "{} of {}",
                (done * 100.0).round() / 100.0,
                plural(self.config.all_epochs(), "epoch")
            ),
        };
        match self.counters.best {
            Some(best) => format!(
                "{epochs}, those of the lowest validation nll, {}",
                number(best.nll)
            ),
            None => epochs,
        }
    }
}
